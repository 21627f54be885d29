"""Quiet stance: the first second in which the lifter stands still on both plates; it gives the weight and the references.

The search is causal and works on frames, not on raw samples. The mean over a frame takes out the plate's noise (3.4 % of body
weight at 1 kHz on one real plate with a person at rest, 0.3 % after the mean over 10 ms), and leaves sway and movement. Once
found, a stance is kept, so that the references don't move under the lifter, and a recording gives offline what it gave live.
A foot that leaves its plate loses its reference, since no one steps back onto the same millimetre, and gets a new one in the
next quiet stance. The other foot keeps its reference, and the weight stays that of the first stance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from acquisition.rig.judgement import StillSettings
from hardware.arrays import Floats

OFF_S = 0.1
"""A foot has left its plate once it has been off it for so long."""

_STATE = np.dtype(
    [
        ("standing", np.int64),  # frames without a break in which both feet stood on their plates
        ("left_off", np.int64),  # frames in a row in which that foot was off its plate
        ("right_off", np.int64),
        ("last_sample", np.int64),
        ("found_sample", np.int64),  # last sample of the newest window, -1 before the first is found
        ("body_weight_N", np.float64),
        ("left_mm", np.float64),
        ("right_mm", np.float64),
    ]
)


class StanceColumns(NamedTuple):
    """Where in a frame's row stands what the search needs, and what it refers.

    It needs the last raw `sample` and the vertical forces in N. It refers, in place, the net centre of pressure and that of
    each foot, in mm along the medial-lateral axis with + = right before; and puts the body weight, in N, into its column.
    """

    sample: int
    fz_left: int
    fz_right: int
    fz_total: int
    net: int
    left: int
    right: int
    body_weight: int


@dataclass(frozen=True, slots=True)
class Stance:
    """Quiet stance: the last raw sample of the newest window, the mean total force of the first, and where each foot stood.

    `left_mm` and `right_mm` are mean centres of pressure along the medial-lateral axis in the lab axes, + = right; NaN for a
    foot that has left its plate, until the next quiet stance.
    """

    last_sample: int
    body_weight_N: float
    left_mm: float
    right_mm: float


class QuietStance:
    """The search for quiet stance, and what refers to it: `refer` is given one series of frames after the other.

    `frame_samples` raw samples of `rate_hz` make a frame. A window of `settings.window_s` counts as quiet where the total
    vertical force has a standard deviation (divisor n) below `settings.sd_pct` of its mean, that mean is above
    `settings.least_N`, and no frame is missing or without a centre of pressure under either foot. A foot is off its plate
    where its vertical force is not above `contact_N`.
    """

    def __init__(
        self, settings: StillSettings, contact_N: float, rate_hz: float, frame_samples: int, columns: StanceColumns
    ) -> None:
        frames = max(2, round(settings.window_s * rate_hz / frame_samples))
        self._window = np.zeros((frames, 3))
        self._state = np.array([(0, 0, 0, -1, -1, math.nan, math.nan, math.nan)], dtype=_STATE)
        off_frames = max(1.0, OFF_S * rate_hz / frame_samples)
        # Plain arrays, since numba looks into a tuple anew at every call.
        self._limits = np.array([settings.sd_pct / 100.0, settings.least_N, contact_N, off_frames, frame_samples])
        self._columns = np.array(columns, dtype=np.int64)

    def refer(self, rows: Floats) -> None:
        """Look for quiet stance in these frames (n, columns), and refer them to it, in place; NaN until it is found.

        After that the net centre of pressure is told against the middle of the stance (+ = right), each foot's against its own
        place at rest (+ = medial).
        """
        _refer(rows, self._columns, self._window, self._state, self._limits)

    @property
    def found(self) -> Stance | None:
        """The newest stance, None until the first is found."""
        state = self._state[0]
        if state["found_sample"] < 0:
            return None
        return Stance(*(state[name].item() for name in ("found_sample", "body_weight_N", "left_mm", "right_mm")))


@njit(nogil=True, cache=True, error_model="numpy")
def _watch(
    window: Floats, state: NDArray[np.void], limits: Floats, sample: int, total_N: float, left_mm: float, right_mm: float
) -> None:
    """Take one frame into the window, and keep the stance if the window is full and quiet."""
    sd_share, least_N, _, _, frame_samples = limits
    stance = state[0]
    stands = math.isfinite(total_N + left_mm + right_mm)
    if not stands or sample - stance.last_sample != frame_samples:
        stance.standing = 0
    stance.last_sample = sample
    if not stands:
        return
    frames = len(window)
    i = stance.standing % frames
    window[i, 0] = total_N
    window[i, 1] = left_mm
    window[i, 2] = right_mm
    stance.standing += 1
    if stance.standing < frames:
        return
    total = 0.0
    left = 0.0
    right = 0.0
    for i in range(frames):
        total += window[i, 0]
        left += window[i, 1]
        right += window[i, 2]
    mean = total / frames
    squares = 0.0
    for i in range(frames):
        squares += (window[i, 0] - mean) ** 2
    if mean > least_N and math.sqrt(squares / frames) < sd_share * mean:
        if stance.found_sample < 0:
            stance.body_weight_N = mean
        stance.found_sample = sample
        if math.isnan(stance.left_mm):
            stance.left_mm = left / frames
        if math.isnan(stance.right_mm):
            stance.right_mm = right / frames


@njit(nogil=True, cache=True, error_model="numpy")
def _refer(rows: Floats, columns: NDArray[np.int64], window: Floats, state: NDArray[np.void], limits: Floats) -> None:
    sample, fz_left, fz_right, fz_total, net, left, right, body_weight = columns
    contact_N, off_frames = limits[2], limits[3]
    stance = state[0]
    for n in range(len(rows)):
        left_mm, right_mm = rows[n, left], rows[n, right]
        # A force that is no number tells nothing of the foot.
        stance.left_off = stance.left_off + 1 if rows[n, fz_left] <= contact_N else 0
        stance.right_off = stance.right_off + 1 if rows[n, fz_right] <= contact_N else 0
        if stance.left_off >= off_frames:
            stance.left_mm = math.nan
        if stance.right_off >= off_frames:
            stance.right_mm = math.nan
        if math.isnan(stance.left_mm + stance.right_mm):
            _watch(window, state, limits, int(rows[n, sample]), rows[n, fz_total], left_mm, right_mm)
        rows[n, net] -= 0.5 * (stance.left_mm + stance.right_mm)
        rows[n, left] = left_mm - stance.left_mm
        rows[n, right] = stance.right_mm - right_mm
        rows[n, body_weight] = stance.body_weight_N
