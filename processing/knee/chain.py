"""The knee chain: from the places of markers to frames of how far each knee is over its foot.

Lengths are in mm, angles in degrees, z up. Where x and y point does not matter: each foot's axis and the lifter's right are
taken from the markers themselves, frame by frame. What a hidden marker is needed for is NaN in that frame.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from numpy.typing import NDArray

from acquisition.rig import SIDES, UNITS_TO_MM, Rig
from acquisition.rig.leg_parts import Part, knee_over_foot, parts_of
from hardware.arrays import Floats, Samples
from processing.formulas import Metric, frame_samples, metric

if TYPE_CHECKING:
    from acquisition.rig import Point, Side

LEAST_SHOWN = 0.25
"""A thigh or shank of which the frontal plane shows a smaller share has no frontal projection angle (*design*)."""

_OUTSIDE, _KNEE, _ANKLE, _HIP, _HEEL, _TOES, _INSIDE = (int(part) for part in Part)  # numba takes these as constants
_COLUMNS = 8
_SAMPLE, _MARGIN, _OFF_AXIS, _KASR, _FRONTAL = 0, 1, 3, 5, 6


class KneeChain:
    """Raw blocks of the markers' stream in, frames of `metrics` out, live and offline alike; no rule is on them.

    A frame is the mean place of each marker over `frame_samples` raw samples. Without a marker on a foot's inner edge its width
    gives it; without either there is no margin.
    """

    def __init__(self, rig: Rig) -> None:
        """Prepare all buffers; raises ValueError where the markers can't tell any knee over its foot."""
        points = {side: [marker.point for marker in rig.marker if marker.side == side] for side in SIDES}
        if not any(map(knee_over_foot, points.values())):
            raise ValueError(
                f"The markers of the rig {rig.name!r} tell no knee over its foot: of a leg they must be on the knee, the heel, "
                "and the toes or both edges of the forefoot."
            )
        parts = {side: parts_of(points[side]) for side in SIDES}
        self.stream = rig.marker[0].stream
        settings = rig.stream_named(self.stream)
        self.frame_samples = frame_samples(settings.rate_hz)
        widths = {foot.side: foot.width_mm for foot in rig.foot}
        no_marker = {side: Part.INSIDE not in parts[side] for side in SIDES}
        self._half_mm = np.array([(widths.get(side) or math.nan) / 2 if no_marker[side] else math.nan for side in SIDES])
        self.metrics = _metrics(parts)
        columns = {(m.side, m.point): [rig.column(self.stream, name) for name in m.channels] for m in rig.marker}
        self._to_mm = UNITS_TO_MM[settings.stream().channels[rig.column(self.stream, rig.marker[0].channels[0])].unit]
        self._columns = np.full((2, len(Part), 2, 3), -1, dtype=np.int64)
        for k, side in enumerate(SIDES):
            for part, stand_for in parts[side].items():
                self._columns[k, part] = [columns[side, stand_for[0]], columns[side, stand_for[-1]]]
        self._sums = np.zeros((2, len(Part), 3))
        self._position = np.array([-1, 0], dtype=np.int64)
        self._rows = np.empty((1, _COLUMNS))

    def process(self, samples: Samples, first_index: int) -> Floats:
        """Return the frames (n, columns of `metrics`) that end within this block (T, C): a view, valid until the next call.

        `first_index` is the index of the block's first sample; where it doesn't follow the block before, the open frame is
        dropped, and the next one begins at the next multiple of `frame_samples`.
        """
        most = len(samples) // self.frame_samples + 1
        if most > len(self._rows):
            self._rows = np.empty((most, _COLUMNS))
        n = _frames_of_block(
            samples,
            first_index,
            self.frame_samples,
            self._position,
            self._sums,
            self._columns,
            self._half_mm,
            self._to_mm,
            self._rows,
        )
        return self._rows[:n]

    def finish(self) -> Floats:
        """Return no frames: none waits."""
        return self._rows[:0]


def _metrics(parts: dict[Side, dict[Part, tuple[Point, ...]]]) -> tuple[Metric, ...]:
    """Return the columns, each with the formula by which it is told on its side."""
    knee = {side: "centre" if parts[side].get(Part.OUTSIDE) == ("knee",) else "lateral" for side in SIDES}
    edge = {side: "marker" if Part.INSIDE in parts[side] else "width" for side in SIDES}
    hip = {side: "asis" if parts[side].get(Part.HIP) == ("asis",) else "hip" for side in SIDES}
    return (
        metric("frame.last_sample"),
        *(metric(f"knee_margin.{knee[side]}_to_{edge[side]}", side=side) for side in SIDES),
        *(metric(f"knee_off_axis.{knee[side]}", side=side) for side in SIDES),
        metric("knee_ankle_ratio.lifter_axis"),
        *(metric(f"frontal_angle.{hip[side]}", side=side) for side in SIDES),
    )


@njit(nogil=True, cache=True, error_model="numpy")
def _frames_of_block(
    samples: Samples,
    first_index: int,
    frame_samples: int,
    position: NDArray[np.int64],
    sums: Floats,
    columns: NDArray[np.int64],
    half_mm: Floats,
    to_mm: float,
    rows: Floats,
) -> int:
    """Fill `rows` and return how many; `position` keeps the index expected next and the samples in the open frame."""
    if first_index != position[0]:
        position[1] = 0
    start = 0 if position[1] > 0 else min(-first_index % frame_samples, len(samples))
    n = 0
    for t in range(start, len(samples)):
        if position[1] == 0:
            sums[:] = 0.0
        _add(samples, t, columns, sums)
        position[1] += 1
        if position[1] == frame_samples:
            position[1] = 0
            rows[n, _SAMPLE] = first_index + t
            _frame(sums, to_mm / frame_samples, half_mm, rows, n)
            n += 1
    position[0] = first_index + len(samples)
    return n


@njit(nogil=True, cache=True, error_model="numpy")
def _add(samples: Samples, t: int, columns: NDArray[np.int64], sums: Floats) -> None:
    """Add the places of all parts in one sample; a part without a marker becomes NaN."""
    for k in range(columns.shape[0]):
        for part in range(columns.shape[1]):
            for i in range(3):
                a, b = columns[k, part, 0, i], columns[k, part, 1, i]
                sums[k, part, i] += 0.5 * (samples[t, a] + samples[t, b]) if a >= 0 else math.nan


@njit(nogil=True, cache=True, error_model="numpy")
def _frame(sums: Floats, scale: float, half_mm: Floats, rows: Floats, n: int) -> None:
    """Fill row `n` from the sums of places over a frame; `scale` brings them to mean places in mm."""
    axis_x = (_axis(sums, 0, 0), _axis(sums, 1, 0))
    axis_y = (_axis(sums, 0, 1), _axis(sums, 1, 1))
    for k in range(2):
        # The right foot's medial is to the left of its axis, and the left foot's to the right of its own.
        mirror = 1.0 if k == 1 else -1.0
        medial_x, medial_y = -mirror * axis_y[k], mirror * axis_x[k]
        x, y = sums[k, _OUTSIDE, 0], sums[k, _OUTSIDE, 1]
        off_mm = scale * ((x - sums[k, _HEEL, 0]) * medial_x + (y - sums[k, _HEEL, 1]) * medial_y)
        edge_mm = scale * ((sums[k, _INSIDE, 0] - x) * medial_x + (sums[k, _INSIDE, 1] - y) * medial_y)
        rows[n, _OFF_AXIS + k] = off_mm
        rows[n, _MARGIN + k] = edge_mm if math.isnan(half_mm[k]) else half_mm[k] - off_mm
    # Forward lies between the two feet's axes, and right is square to it.
    ahead_x, ahead_y = axis_x[0] + axis_x[1], axis_y[0] + axis_y[1]
    length = math.sqrt(ahead_x * ahead_x + ahead_y * ahead_y)
    right_x, right_y = ahead_y / length, -ahead_x / length
    knees = _across(sums, _KNEE, right_x, right_y)
    ankles = _across(sums, _ANKLE, right_x, right_y)
    rows[n, _KASR] = knees / ankles if ankles > 0.0 else math.nan
    for k in range(2):
        outwards = 1.0 if k == 1 else -1.0
        rows[n, _FRONTAL + k] = _frontal_deg(sums, k, outwards * right_x, outwards * right_y)


@njit(nogil=True, cache=True, error_model="numpy")
def _axis(sums: Floats, k: int, i: int) -> float:
    """Return component `i` of the horizontal unit vector from heel to toes."""
    x, y = sums[k, _TOES, 0] - sums[k, _HEEL, 0], sums[k, _TOES, 1] - sums[k, _HEEL, 1]
    length = math.sqrt(x * x + y * y)
    if length <= 0.0:
        return math.nan
    return float(x / length) if i == 0 else float(y / length)


@njit(nogil=True, cache=True, error_model="numpy")
def _across(sums: Floats, part: int, right_x: float, right_y: float) -> float:
    """Return how far the right one of a part is to the right of the left one."""
    x, y = sums[1, part, 0] - sums[0, part, 0], sums[1, part, 1] - sums[0, part, 1]
    return float(x * right_x + y * right_y)


@njit(nogil=True, cache=True, error_model="numpy")
def _frontal_deg(sums: Floats, k: int, out_x: float, out_y: float) -> float:
    """Return 180 degrees less the angle hip, knee, ankle in the frontal plane, + = the knee is medial of hip and ankle."""
    thigh_out, thigh_up, thigh_shown = _from_knee(sums, k, _HIP, out_x, out_y)
    shank_out, shank_up, shank_shown = _from_knee(sums, k, _ANKLE, out_x, out_y)
    if not (thigh_shown > LEAST_SHOWN and shank_shown > LEAST_SHOWN):
        return math.nan
    # Seen from a knee that is medial, hip and ankle are both further out: from the one to the other is clockwise.
    turned = math.degrees(math.atan2(thigh_out * shank_up - thigh_up * shank_out, thigh_out * shank_out + thigh_up * shank_up))
    return 180.0 + turned if turned < 0.0 else turned - 180.0


@njit(nogil=True, cache=True, error_model="numpy")
def _from_knee(sums: Floats, k: int, part: int, out_x: float, out_y: float) -> tuple[float, float, float]:
    """Return the way from the knee to a part, outwards and upwards, and the share of it that the frontal plane shows."""
    x, y = sums[k, part, 0] - sums[k, _KNEE, 0], sums[k, part, 1] - sums[k, _KNEE, 1]
    out, up = x * out_x + y * out_y, sums[k, part, 2] - sums[k, _KNEE, 2]
    return out, up, math.sqrt((out * out + up * up) / (x * x + y * y + up * up))
