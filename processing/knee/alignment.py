"""Alignment: when a file of markers began in a session, by the squats that both show.

Cameras and plates that share no line have no common time. Both see the body go down and up, so the speed of the legs' markers
is slid along the speed of the centre of mass, and the shift with both most alike is taken, if no other is nearly as good.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import signal

from hardware.arrays import Floats
from hardware.errors import SquatscopeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acquisition.rig import Marker

RATE_HZ = 100.0
LEAST_ALIKE = 0.97
"""A worse coefficient of correlation is no match (*design*)."""
CLEARLY = 0.02
"""Another shift must be worse by so much, else one repetition can be taken for another (*design*)."""
APART_S = 0.5
"""Shifts that are nearer are the same match."""
LOW_PASS_HZ = 1.5
"""Squats are slower, and the hips of somebody who walks go up and down faster."""
LEAST_S = 3.0
TINY = 1e-6
SHARED = 0.7
"""Shifts count at which one of the two shows so much of the other's movement, at least."""


class AlignmentError(SquatscopeError):
    """Markers can't be aligned with a session; the text is a full sentence."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """When the first frame was, in s of the session, and how alike both are there: 1 = the same."""

    starts_s: float
    alike: float


def align(
    time_s: Floats,
    height_mm: Floats,
    repetitions_s: Sequence[tuple[float, float]],
    marker_height_mm: Floats,
    marker_rate_hz: float,
) -> Alignment:
    """Return when markers began in a session; raises AlignmentError where no shift is clearly the best.

    `height_mm` is that of the centre of mass by force, at `time_s`; it counts in repetitions alone, from start to end, since
    between them it is corrected, and force shows steps that no hip does. `marker_height_mm` is a height of the body by markers,
    at an even rate. NaN stands for unknown. Only shapes count, not sizes.
    """
    at_s = np.arange(time_s[0], time_s[-1], 1.0 / RATE_HZ)
    force = _speed(at_s, time_s, height_mm)
    squatting = np.zeros(len(at_s), dtype=np.bool_)
    for start_s, end_s in repetitions_s:
        squatting |= (at_s >= start_s) & (at_s <= end_s)
    force[~squatting] = 0.0
    marker_s = np.arange(len(marker_height_mm)) / marker_rate_hz
    markers = _speed(np.arange(0.0, marker_s[-1], 1.0 / RATE_HZ), marker_s, marker_height_mm)
    if min(len(force), len(markers)) < LEAST_S * RATE_HZ or not force.any() or not markers.any():
        raise AlignmentError(
            "Markers or forces are too short, or show no squat, by which they could be aligned; give --starts-s."
        )
    alike = _alike(force, markers)
    best = int(np.argmax(alike))
    elsewhere = alike.copy()
    near = round(APART_S * RATE_HZ)
    elsewhere[max(0, best - near) : best + near + 1] = -1.0
    if alike[best] < LEAST_ALIKE:
        raise AlignmentError(
            f"The squats of the markers are nowhere like those of the forces (at best by {alike[best]:.2f}; {LEAST_ALIKE:g} is "
            "needed): are both of the same session? If so, give --starts-s."
        )
    if elsewhere.max() > alike[best] - CLEARLY:
        other_s = (int(np.argmax(elsewhere)) - best) / RATE_HZ
        raise AlignmentError(
            f"The markers fit the forces at two times nearly as well, {abs(other_s):.1f} s from each other: a repetition may "
            "be taken for another. Give --starts-s."
        )
    return Alignment(float(time_s[0]) + (_peak(alike, best) - (len(markers) - 1)) / RATE_HZ, float(alike[best]))


def leg_height_mm(markers: Sequence[Marker], samples: Floats) -> Floats:
    """Return a height of the body by its leg markers: that of the hips, else of the pelvis in front, NaN where hidden.

    `samples` (frames, 3 for each marker), z last. A knee moves too little, and not as the body does. Raises AlignmentError
    where there is neither.
    """
    for point in ("hip", "asis"):
        heights = [samples[:, 3 * k + 2] for k, marker in enumerate(markers) if marker.point == point]
        if heights:
            return np.asarray(np.mean(heights, axis=0))
    raise AlignmentError("Markers on the knees and below can't be aligned with a session, only hips can; give --starts-s.")


def _speed(at_s: Floats, time_s: Floats, height_mm: Floats) -> Floats:
    """Return the speed at even times, low-passed, 0 where the height is unknown."""
    known = np.isfinite(height_mm)
    if known.sum() < 2 or len(at_s) < LEAST_S * RATE_HZ:
        return np.zeros(len(at_s))
    heights = np.interp(at_s, time_s[known], height_mm[known])
    low_pass = signal.butter(2, LOW_PASS_HZ, fs=RATE_HZ, output="sos")
    return np.asarray(np.gradient(signal.sosfiltfilt(low_pass, heights)))


def _alike(force: Floats, markers: Floats) -> Floats:
    """Return the coefficient of correlation at every shift, -1 where too little of either is seen; shift 0 is the earliest."""
    products = signal.correlate(force, markers)
    force_power = signal.correlate(force**2, np.ones(len(markers)))
    marker_power = signal.correlate(np.ones(len(force)), markers**2)
    enough = (force_power > SHARED * np.sum(force**2)) | (marker_power > SHARED * np.sum(markers**2))
    enough &= (force_power > TINY * np.sum(force**2)) & (marker_power > TINY * np.sum(markers**2))
    found = np.full(len(products), -1.0)
    found[enough] = products[enough] / np.sqrt(force_power[enough] * marker_power[enough])
    return found


def _peak(values: Floats, at: int) -> float:
    """Return where the parabola through a greatest value and its neighbours has its top."""
    if not 0 < at < len(values) - 1:
        return float(at)
    a, b, c = values[at - 1 : at + 2]
    return float(at + 0.5 * (a - c) / (a - 2.0 * b + c))
