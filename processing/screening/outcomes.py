"""Outcomes: what is compared between conditions, fixed beforehand, one number for each repetition of a set; worse is larger."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from acquisition.rig import GLUTES, HAMSTRINGS, QUADRICEPS, SIDES
from processing.findings.findings import habits
from processing.lifter import DYNAMIC
from processing.repetition.phases import Doubt
from processing.repetition.table import BOTH, BOTTOM, LOWERING, RISING, WHOLE, doubt_in_words
from processing.screening.condition import Condition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acquisition.rig import Electrode, Side
    from processing.repetition.muscles import MuscleResult
    from processing.repetition.table import PhaseResult, RepetitionResult
    from processing.results import Results


class Outcome(NamedTuple):
    """What is compared: in words, its unit, the standard deviation between repetitions that is known beforehand."""

    words: str
    unit: str
    spread: float


OUTCOMES: dict[str, Outcome] = {
    "knee": Outcome("way of the knee towards the foot's inner edge", "mm", 4.0),
    "knee_axis": Outcome("way of the knee inwards of the foot's axis", "mm", 4.0),
    "fall": Outcome("way that the knee comes in within a repetition", "mm", 3.0),
    "load": Outcome("load shift", "%", 1.75),
    "beyond": Outcome("load shift beyond that of quiet stance", "%", 1.75),
    "qh": Outcome("ln of Q:H", "1", 0.13),
    "qh_dynamic": Outcome("ln of Q:H, each muscle in % of the first light set", "1", 0.13),
    "glutes": Outcome("ln of quadriceps and hamstrings over glutes", "1", 0.15),
    **{muscle: Outcome(f"ln of quadriceps and hamstrings over {muscle}", "1", 0.15) for muscle in sorted(GLUTES)},
    **{f"late_{muscle}": Outcome(f"onset of {muscle} after the start", "s", 0.10) for muscle in sorted(GLUTES)},
    "moment": Outcome("free moment outwards at the bottom", "N m", 1.5),
    "push": Outcome("push outwards", "%", 1.5),
}
"""By name; the key of a repetition's number is the name and the side. Spreads: `docs/screening.md` says from where."""
HEEL_PLATES_KG = 10.0
"""What lies under lifted heels stands on the force plates, too, and may weigh so much (*design*)."""
_NO_SQUAT = Doubt.SHALLOW | Doubt.BROKEN


@dataclass(frozen=True, slots=True)
class RepetitionOutcome:
    """One repetition: its numbers by outcome and side, what markers say of each knee, and a coach's rating, if any.

    Words and ratings are `none`, `slight` or `past`, or empty.
    """

    numbers: Mapping[str, float] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    rating: str = ""


@dataclass(frozen=True, slots=True)
class SetOutcome:
    """One set: its place in the session, counted from 1, its condition and bar, the coach's rating, and its repetitions.

    `system_N` is what the plates weighed of lifter and bar, NaN where nobody squatted. `placement`: for the how-manieth time
    electrodes had been placed.
    """

    number: int
    condition: Condition
    bar_kg: float
    repetitions: tuple[RepetitionOutcome, ...]
    rating: str = ""
    system_N: float = math.nan
    placement: int = 1


def set_outcome(
    results: Results,
    number: int,
    condition: Condition,
    bar_kg: float,
    rating: str = "",
    ratings: Mapping[int, str] | None = None,
    *,
    between_s: tuple[float, float] = (-math.inf, math.inf),
    placement: int = 1,
    dynamic_uV: Mapping[tuple[str, str], float] = MappingProxyType({}),
) -> SetOutcome:
    """Return what the recording of one set tells, or, of one with more sets, the repetitions that began between two times.

    `ratings`: a coach's, by the repetition's number, counted from 1. `dynamic_uV`: what each muscle and side did in a light set
    of the lifter's own (`processing.lifter.dynamic_reference`), for Q:H by that beside the one by maximal contractions.
    Repetitions that are too shallow for a squat, or within which the force was lost, are left out.
    """
    phases = {(row.repetition, row.phase, row.side): row for row in results.phases}
    muscles: dict[tuple[int, str], list[MuscleResult]] = {}
    for muscle in results.muscles:
        muscles.setdefault((muscle.repetition, muscle.side), []).append(muscle)
    standing = habits(results, "load_shift_pct")
    none = {doubt_in_words(doubt) for doubt in Doubt if doubt & _NO_SQUAT}
    found = []
    here = [row for row in results.repetitions if between_s[0] <= row.start_s < between_s[1]]
    for row in here:
        if any(word in row.doubt for word in none):
            continue
        numbers = _load(phases, row.number, standing.get(row.set, 0.0)) | {"depth": row.depth_m}
        for side in SIDES:
            of_muscles = muscles.get((row.number, side), [])
            numbers |= _of_side(phases, of_muscles, row.number, side)
            numbers[f"qh_dynamic_{side}"] = _dynamic_qh(results.rig.emg, of_muscles, row, dynamic_uV)
        words: dict[str, str] = {side: phases[row.number, WHOLE, side].knee for side in SIDES}
        found.append(RepetitionOutcome(numbers, words, (ratings or {}).get(row.number, "")))
    weights = [row.weight_N for row in here]
    system_N = weights[0] if weights else math.nan
    return SetOutcome(number, condition, bar_kg, tuple(found), rating, system_N, placement)


def _load(phases: Mapping[tuple[int, str, str], PhaseResult], number: int, habit_pct: float) -> dict[str, float]:
    """Return how far the load goes to each side, in the phase in which it goes farthest."""
    shifts = [phases[number, phase, BOTH].load_shift_mean_pct for phase in (LOWERING, BOTTOM, RISING)]
    known = [shift for shift in shifts if math.isfinite(shift)]
    right, left = max(known, default=math.nan), max((-shift for shift in known), default=math.nan)
    return {"load_right": right, "load_left": left, "beyond_right": right - habit_pct, "beyond_left": left + habit_pct}


def _of_side(
    phases: Mapping[tuple[int, str, str], PhaseResult], muscles: list[MuscleResult], number: int, side: Side
) -> dict[str, float]:
    whole, bottom, lowering = (phases[number, phase, side] for phase in (WHOLE, BOTTOM, LOWERING))
    quads, hams = (_ln(getattr(whole, f"{group}_mean_pct")) for group in ("quads", "hams"))
    thigh = (quads + hams) / 2.0
    numbers = {
        "knee": -float(np.fmin(lowering.knee_margin_min_mm, bottom.knee_margin_min_mm)),
        "knee_axis": bottom.knee_off_axis_mean_mm,
        "fall": whole.knee_fall_mm,
        "qh": _ln(whole.qh_ratio),
        "glutes": _ln(whole.qg_ratio) - _ln(whole.qh_ratio) / 2.0,  # against the mean of both, where all are known
        "moment": bottom.free_moment_mean_Nm,
        "push": bottom.outward_push_mean_pct,
    }
    for row in muscles:
        if row.muscle in GLUTES:
            numbers[row.muscle] = thigh - _ln((row.lowering_mean_pct + row.rising_mean_pct) / 2.0)
            numbers[f"late_{row.muscle}"] = row.onset_s
    return {f"{name}_{side}": value for name, value in numbers.items()}


def _dynamic_qh(
    electrodes: Sequence[Electrode],
    muscles: Sequence[MuscleResult],
    row: RepetitionResult,
    dynamic_uV: Mapping[tuple[str, str], float],
) -> float:
    """Return ln Q:H with each muscle in % of a set of the lifter's own, where its maximal contraction is known, too."""
    mvc_uV = {(e.muscle, e.side): e.mvc_uV for e in electrodes if e.mvc_uV is not None and DYNAMIC not in e.mvc_trial}
    spans_s = (row.lowering_s, row.pause_s, row.rising_s)
    groups: dict[bool, list[float]] = {True: [], False: []}
    for muscle in muscles:
        key = (muscle.muscle, muscle.side)
        if muscle.muscle not in (*QUADRICEPS, *HAMSTRINGS):
            continue
        if key not in mvc_uV or key not in dynamic_uV:
            return math.nan
        means_pct = (muscle.lowering_mean_pct, muscle.bottom_mean_pct, muscle.rising_mean_pct)
        whole_pct = sum(mean * span for mean, span in zip(means_pct, spans_s, strict=True) if span > 0.0) / sum(spans_s)
        groups[muscle.muscle in QUADRICEPS].append(whole_pct * mvc_uV[key] / dynamic_uV[key])
    quads, hams = (float(np.mean(of)) if of else math.nan for of in groups.values())
    return _ln(quads / hams) if hams > 0.0 else math.nan


def _ln(value: float) -> float:
    return math.log(value) if value > 0.0 else math.nan
