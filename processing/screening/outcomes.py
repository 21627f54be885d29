"""Outcomes of a set: of each of them, fixed beforehand, one number for each repetition; worse is larger."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import PlainValidator

from acquisition.rig import GLUTES, HAMSTRINGS, QUADRICEPS, SIDES
from processing.findings.findings import habits
from processing.repetition.phases import Doubt
from processing.repetition.table import BOTH, BOTTOM, LOWERING, RISING, WHOLE, doubt_in_words
from processing.screening.condition import Condition
from processing.screening.outcome import DEPTH, Measure, Outcome, outcome_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acquisition.rig import Electrode, Side
    from processing.repetition.muscles import MuscleResult
    from processing.repetition.table import PhaseResult, RepetitionResult
    from processing.results import Results


HEEL_PLATES_KG = 10.0
"""What lies under lifted heels stands on the force plates, too, and may weigh so much (*design*)."""
Numbers = Mapping[Annotated[Outcome, PlainValidator(outcome_of)], float]
"""By outcome, whose text stands in files."""
_NO_SQUAT = Doubt.SHALLOW | Doubt.BROKEN


@dataclass(frozen=True, slots=True)
class RepetitionOutcome:
    """One repetition: its numbers by outcome, what markers say of each knee, and a coach's rating, if any.

    Words and ratings are `none`, `slight` or `past`, or empty.
    """

    numbers: Numbers = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    rating: str = ""


@dataclass(frozen=True, slots=True)
class SetOutcome:
    """One set: its number in the session, from 1 on, its condition and bar, the coach's rating, and its repetitions.

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
        numbers = _load(phases, row.number, standing.get(row.set, 0.0)) | {DEPTH: row.depth_m}
        for side in SIDES:
            of_muscles = muscles.get((row.number, side), [])
            numbers |= _of_side(phases, of_muscles, row.number, side)
            numbers[Outcome(Measure.QH_DYNAMIC, side=side)] = _dynamic_qh(results.rig.emg, of_muscles, row, dynamic_uV)
        words: dict[str, str] = {side: phases[row.number, WHOLE, side].knee for side in SIDES}
        found.append(RepetitionOutcome(numbers, words, (ratings or {}).get(row.number, "")))
    weights = [row.weight_N for row in here]
    system_N = weights[0] if weights else math.nan
    return SetOutcome(number, condition, bar_kg, tuple(found), rating, system_N, placement)


def _load(phases: Mapping[tuple[int, str, str], PhaseResult], number: int, habit_pct: float) -> dict[Outcome, float]:
    """Return how far the load goes to each side, in the phase in which it goes farthest."""
    shifts = [phases[number, phase, BOTH].load_shift_mean_pct for phase in (LOWERING, BOTTOM, RISING)]
    known = [shift for shift in shifts if math.isfinite(shift)]
    right, left = max(known, default=math.nan), max((-shift for shift in known), default=math.nan)
    load, beyond = Outcome(Measure.LOAD), Outcome(Measure.BEYOND)
    return {
        load.on("right"): right,
        load.on("left"): left,
        beyond.on("right"): right - habit_pct,
        beyond.on("left"): left + habit_pct,
    }


def _of_side(
    phases: Mapping[tuple[int, str, str], PhaseResult], muscles: list[MuscleResult], number: int, side: Side
) -> dict[Outcome, float]:
    whole, bottom, lowering = (phases[number, phase, side] for phase in (WHOLE, BOTTOM, LOWERING))
    quads, hams = (_ln(getattr(whole, f"{group}_mean_pct")) for group in ("quads", "hams"))
    thigh = (quads + hams) / 2.0
    numbers = {
        Outcome(Measure.KNEE): -float(np.fmin(lowering.knee_margin_min_mm, bottom.knee_margin_min_mm)),
        Outcome(Measure.KNEE_AXIS): bottom.knee_off_axis_mean_mm,
        Outcome(Measure.FALL): whole.knee_fall_mm,
        Outcome(Measure.QH): _ln(whole.qh_ratio),
        Outcome(Measure.GLUTES): _ln(whole.qg_ratio)
        - _ln(whole.qh_ratio) / 2.0,  # against the mean of both, where all are known
        Outcome(Measure.MOMENT): bottom.free_moment_mean_Nm,
        Outcome(Measure.PUSH): bottom.outward_push_mean_pct,
    }
    for row in muscles:
        if row.muscle in GLUTES:
            numbers[Outcome(Measure.GLUTES, row.muscle)] = thigh - _ln((row.lowering_mean_pct + row.rising_mean_pct) / 2.0)
            numbers[Outcome(Measure.LATE, row.muscle)] = row.onset_s
    return {outcome.on(side): value for outcome, value in numbers.items()}


def _dynamic_qh(
    electrodes: Sequence[Electrode],
    muscles: Sequence[MuscleResult],
    row: RepetitionResult,
    dynamic_uV: Mapping[tuple[str, str], float],
) -> float:
    """Return ln Q:H with each muscle in % of a set of the lifter's own, where its maximal contraction is known, too."""
    mvc_uV = {(e.muscle, e.side): e.mvc_uV for e in electrodes if e.mvc_uV is not None and e.mvc_from != "set"}
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
