"""Feet that were moved between two stances: which place was true in each repetition in between, and its numbers by that.

Where no stance comes between repetitions, a foot that was moved keeps its place until the next one tells. Then it is known
where the foot came to; at both ends of each repetition before, standing, its pressure is near the one place or the other.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

import numpy as np

from acquisition.rig import SIDES
from processing.force.still import MOVED_MM, StanceKind
from processing.repetition.table import BOTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acquisition.rig import Side
    from acquisition.rig.lifter_axes import LifterAxes
    from hardware.arrays import Floats
    from processing.repetition.table import Frames, PhaseResult, RepetitionResult

TOP_S = 0.1
"""A repetition's ends are taken so long before and after each."""


class Resting(Protocol):
    """A quiet stance as results have it: when, of which kind, where the feet were, and how far they had moved."""

    @property
    def at_s(self) -> float:
        """Session time."""

    @property
    def kind(self) -> str:
        """The word of a `StanceKind`."""

    @property
    def left_x_mm(self) -> float:
        """Place of the left foot in the lab axes."""

    @property
    def left_y_mm(self) -> float:
        """Place of the left foot in the lab axes."""

    @property
    def right_x_mm(self) -> float:
        """Place of the right foot in the lab axes."""

    @property
    def right_y_mm(self) -> float:
        """Place of the right foot in the lab axes."""

    @property
    def left_moved_mm(self) -> float:
        """How far it stands from its place before."""

    @property
    def right_moved_mm(self) -> float:
        """How far it stands from its place before."""


def judge_by_true_places(
    phases: Sequence[PhaseResult],
    repetitions: Sequence[RepetitionResult],
    stances: Sequence[Resting],
    frames: Frames,
    axes: LifterAxes,
) -> None:
    """Refer what rests on a foot's place, in these phases, to the place that was true then; NaN where it moved meanwhile.

    `frames` are those of the force.
    """
    times = [stance.at_s for stance in stances]
    for repetition in repetitions:
        k = int(np.searchsorted(times, repetition.start_s, side="right"))
        if not 0 < k < len(stances) or stances[k].kind in (StanceKind.STEPPED_ON.word, StanceKind.WAS_LOW.word):
            continue
        before, after = stances[k - 1], stances[k]
        moved: dict[Side, Floats] = {}
        moved_mm = {"left": after.left_moved_mm, "right": after.right_moved_mm}
        for side in SIDES:
            if moved_mm[side] > MOVED_MM:
                at = np.array([_place_mm(before, side), _place_mm(after, side)])
                moved[side] = _moved_by(frames, side, at, repetition)
        if any(way.any() for way in moved.values()):
            _refer([row for row in phases if row.repetition == repetition.number], moved, axes)


def _place_mm(stance: Resting, side: Side) -> tuple[float, float]:
    return (stance.left_x_mm, stance.left_y_mm) if side == "left" else (stance.right_x_mm, stance.right_y_mm)


def _moved_by(frames: Frames, side: Side, at_mm: Floats, repetition: RepetitionResult) -> Floats:
    """Return how far the foot had been moved in a repetition, (2,): nothing, the whole way, or NaN where that is not clear."""
    columns = [frames.at(f"cop_{side}_{axis}_mm") for axis in "xy"]
    nearer = []
    for top_s in (repetition.start_s, repetition.end_s):
        first, last = np.searchsorted(frames.time_s, [top_s - TOP_S, top_s + TOP_S])
        place = (
            np.array([frames.frames[first:last, column].mean() for column in columns]) if last > first else np.full(2, math.nan)
        )
        far = np.linalg.norm(at_mm - place, axis=1)
        nearer.append(int(far.argmin()) if np.isfinite(far).all() else -1)
    if nearer[0] != nearer[1] or nearer[0] < 0:
        return np.full(2, math.nan)
    return np.asarray((at_mm[1] - at_mm[0]) * nearer[0])


def _refer(phases: Sequence[PhaseResult], moved: dict[Side, Floats], axes: LifterAxes) -> None:
    for row in phases:
        if row.side == BOTH:
            right = 0.5 + row.load_shift_mean_pct / 200.0
            for side, share in zip(SIDES, (1.0 - right, right), strict=True):
                row.cop_beyond_load_mm -= share * float(axes.right @ moved[side]) if side in moved else 0.0
        for side in SIDES:
            if row.side == side and side in moved:
                inwards_mm = float(axes.medial[side] @ moved[side])
                row.medial_mean_mm -= inwards_mm
                row.medial_worst_mm -= inwards_mm
                row.medial_change_worst_mm -= inwards_mm
                row.force_line_mean_mm -= inwards_mm
                if math.isnan(inwards_mm):  # what varies holds the way itself
                    row.cop_ml_range_mm = row.cop_ml_sd_mm = math.nan
