"""Conditions: the sets of a session by how they were done, and what one of them did beside light sets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from acquisition.rig import GLUTES, SIDES
from acquisition.rig.units import GRAVITY_M_S2
from processing.repetition.table import BOTH, SET_WEIGHT
from processing.screening.comparison import (
    CHANGED_FROM,
    FEWEST,
    FEWEST_SETS,
    GRADES,
    SAME_FROM,
    Answer,
    Change,
    Values,
    compare,
    compare_ratings,
    located,
)
from processing.screening.condition import Condition
from processing.screening.outcome import DEPTH, RATING, Measure, Outcome
from processing.screening.outcomes import HEEL_PLATES_KG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from acquisition.rig.judgement import TriageSettings
    from processing.screening.outcomes import RepetitionOutcome, SetOutcome

GRADE_OF = {"none": GRADES[0], "slight": GRADES[1], "past": GRADES[2]}
EITHER = (1.0 + CHANGED_FROM) / 2.0
"""How probable a change must be where two are looked at and either would do."""


class Basis(StrEnum):
    """What stands for the knee."""

    MARKERS = "markers"
    RATED_REPETITIONS = "the coach's ratings of repetitions"
    RATED_SETS = "the coach's ratings of sets"
    LOAD = "load shift, since nothing shows the knee"


class Presence(StrEnum):
    """Whether it is there with a light weight."""

    PRESENT = "present"
    ABSENT = "absent"
    UNCLEAR = "unclear"
    TOO_FEW = "too few"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One outcome under one condition beside light sets."""

    condition: Condition
    outcome: Outcome
    change: Change


class Conditions:
    """The sets of a session, and the values of an outcome in a condition."""

    def __init__(self, sets: Sequence[SetOutcome], settings: TriageSettings) -> None:
        self.settings = settings
        self._sets = sorted(_comparable(sets), key=lambda one: one.number)
        self.left_out = {one.condition for one in sets} - {one.condition for one in self._sets}
        """Conditions whose sets were done with another weight than the light ones."""
        heaviest = max((one.bar_kg for one in self._sets if one.condition is Condition.LOADED), default=math.nan)
        self.loaded = [one for one in self._sets if one.condition is Condition.LOADED and one.bar_kg >= 0.98 * heaviest]
        self.basis = self._basis()
        self.sides = ("",) if self.basis in (Basis.RATED_REPETITIONS, Basis.RATED_SETS) else SIDES

    def _basis(self) -> Basis:
        light = self.of(Condition.LIGHT)
        if self._enough(light, lambda one: any(one.words.values())):
            return Basis.MARKERS
        if self._enough(light, lambda one: bool(one.rating)):
            return Basis.RATED_REPETITIONS
        if any(of.rating for of in self._sets):
            return Basis.RATED_SETS
        seen = any(any(one.words.values()) for of in self._sets for one in of.repetitions)
        return Basis.MARKERS if seen else Basis.LOAD

    def _enough(self, sets: Sequence[SetOutcome], known: Callable[[RepetitionOutcome], bool]) -> bool:
        """Return whether something is known of enough repetitions in enough sets."""
        counts = [sum(known(one) for one in _counted(of)) for of in sets]
        return sum(counts) >= FEWEST and sum(count > 0 for count in counts) >= FEWEST_SETS

    def outcome(self, side: str) -> Outcome:
        """Return what is judged on a side."""
        if not side:
            return RATING
        if self.basis is Basis.LOAD:
            return Outcome(Measure.LOAD, side=side)
        by_edge = Outcome(Measure.KNEE, side=side)
        known = self.values(self.of(Condition.LIGHT), by_edge).known().values
        return by_edge if known else Outcome(Measure.KNEE_AXIS, side=side)

    def of(self, condition: Condition) -> list[SetOutcome]:
        """Return the sets of a condition; of rising loads those with the heaviest."""
        return self.loaded if condition is Condition.LOADED else [one for one in self._sets if one.condition is condition]

    def light_beside(self, others: Sequence[SetOutcome], placement: int | None = None) -> list[SetOutcome]:
        """Return the light sets to compare others with: from the last before these on to the first after, if that is enough.

        With a `placement` of the electrodes only those of that one.
        """
        light = [one for one in self.of(Condition.LIGHT) if placement in (None, one.placement)]
        if not others or not light:
            return light
        first, last = others[0].number, others[-1].number
        before = [one.number for one in light if one.number < first]
        after = [one.number for one in light if one.number > last]
        near = [
            one
            for one in light
            if one.number >= max(before, default=0) and one.number <= min(after, default=math.inf)
        ]  # fmt: skip
        enough = len(near) >= FEWEST_SETS and sum(len(_counted(one)) for one in near) >= FEWEST
        return near if enough else light

    def values(self, sets: Iterable[SetOutcome], outcome: Outcome) -> Values:
        """Return an outcome of every repetition but the first of each set, or of every set, where sets are rated."""
        values: list[float] = []
        numbers: list[int] = []
        for one in sets:
            if outcome == RATING and self.basis is Basis.RATED_SETS:
                found = [GRADE_OF.get(one.rating, math.nan)]
            elif outcome == RATING:
                found = [GRADE_OF.get(repetition.rating, math.nan) for repetition in _counted(one)]
            else:
                found = [repetition.numbers.get(outcome, math.nan) for repetition in _counted(one)]
            values += found
            numbers += [one.number] * len(found)
        return Values(tuple(values), tuple(numbers))

    def smallest(self, outcome: Outcome) -> float:
        """Return the smallest change of an outcome that matters."""
        measure, settings = outcome.measure, self.settings
        if measure in (Measure.LOAD, Measure.BEYOND):
            return settings.load_shift_pct
        if measure in (Measure.KNEE, Measure.KNEE_AXIS, Measure.FALL):
            return settings.knee_mm
        if measure is Measure.LATE:
            return settings.late_s
        if measure is Measure.MOMENT:
            return settings.cue_moment_Nm
        return math.log(settings.qh_ratio if measure in (Measure.QH, Measure.QH_DYNAMIC) else settings.glute_ratio)

    def compared(
        self, condition: Condition, outcome: Outcome, certain: float = CHANGED_FROM, placement: int | None = None
    ) -> Comparison | None:
        """Compare a condition with light sets, of one `placement` of electrodes where it matters; None where one is missing."""
        others = [one for one in self.of(condition) if placement in (None, one.placement)]
        light, there = (self.values(sets, outcome) for sets in (self.light_beside(others, placement), others))
        if not light.known().values or not there.known().values:
            return None
        turns = condition is not Condition.LOADED  # loads rise; what may drift meanwhile is in the error
        if outcome == RATING:
            return Comparison(condition, outcome, compare_ratings(light, there, self._fewest_ratings, turns=turns))
        change = compare(light, there, self.smallest(outcome), outcome.meaning.spread, certain, turns=turns)
        return Comparison(condition, outcome, change)

    @property
    def _fewest_ratings(self) -> int:
        """How many ratings of a condition tell something: of sets, or of repetitions."""
        return FEWEST_SETS if self.basis is Basis.RATED_SETS else FEWEST

    def presence(self, side: str) -> tuple[Presence, Change | None]:
        """Return whether it is there with a light weight."""
        light = self.of(Condition.LIGHT)
        if not side:
            return self._rated(light), None
        if self.basis is Basis.LOAD:
            return self._load_goes(side, light)
        size = self._located(light, Outcome(Measure.FALL, side=side), CHANGED_FROM)
        words = [one.words.get(side, "") for of in light for one in _counted(of)]
        if size.answer is not Answer.TOO_FEW and _mostly([word == "past" for word in words if word]) is Presence.PRESENT:
            return Presence.PRESENT, size
        return _presence(size, self.settings.knee_mm), size

    def _load_goes(self, side: str, light: Sequence[SetOutcome]) -> tuple[Presence, Change]:
        """Return whether the load goes to a side: beyond what it is in quiet stance, or all of it clearly too far."""
        size, in_all = (self._located(light, Outcome(measure, side=side), EITHER) for measure in (Measure.BEYOND, Measure.LOAD))
        told = _presence(size, self.settings.load_shift_pct)
        if told is Presence.ABSENT and in_all.difference >= self.settings.load_shift_pct:
            told = Presence.PRESENT if in_all.low > self.settings.load_shift_pct else Presence.UNCLEAR
            return told, in_all
        return told, size

    def _located(self, sets: Sequence[SetOutcome], outcome: Outcome, certain: float) -> Change:
        return located(self.values(sets, outcome), self.smallest(outcome), outcome.meaning.spread, certain)

    def _rated(self, light: Sequence[SetOutcome]) -> Presence:
        grades = self.values(light, RATING).known()
        there = [grade > GRADE_OF["none"] for grade in grades.values]
        if len(set(grades.sets)) < FEWEST_SETS or (self.basis is Basis.RATED_REPETITIONS and len(there) < FEWEST):
            return Presence.TOO_FEW
        if self.basis is Basis.RATED_SETS:  # each stands for all repetitions of its set
            return Presence.PRESENT if all(there) else Presence.UNCLEAR if any(there) else Presence.ABSENT
        return _mostly(there)

    def cue_done(self) -> Comparison | None:
        """Return what the cue did to the free moment of both feet, in the mean."""
        moment = Outcome(Measure.MOMENT, side=BOTH)
        light, cue = (self._of_both(condition, moment) for condition in (Condition.LIGHT, Condition.CUE))
        if not light.known().values or not cue.known().values:
            return None
        change = compare(light, cue, self.settings.cue_moment_Nm, moment.meaning.spread, turns=False)
        return Comparison(Condition.CUE, moment, change)

    def depths_m(self) -> tuple[float, float]:
        """Return the median depth of light sets and of those that were to be as deep as can be, NaN where there are none."""
        light, deep = (self.values(self.of(c), DEPTH).known().values for c in (Condition.LIGHT, Condition.DEPTH))
        return (float(np.median(light)) if light else math.nan, float(np.median(deep)) if deep else math.nan)

    def _of_both(self, condition: Condition, outcome: Outcome) -> Values:
        """Return the mean of both sides, or the one that is known."""
        left, right = (self.values(self.of(condition), outcome.on(side)) for side in SIDES)
        known = [[value for value in pair if math.isfinite(value)] for pair in zip(left.values, right.values, strict=True)]
        return Values(tuple(float(np.mean(of)) if of else math.nan for of in known), left.sets)

    @property
    def placement(self) -> int | None:
        """The placing of the electrodes with which most was done both lightly and with the heaviest bar; None: none."""
        counts = {one.placement: [0, 0] for one in self._sets}
        for k, sets in enumerate((self.of(Condition.LIGHT), self.loaded)):
            for one in sets:
                counts[one.placement][k] += len(_counted(one))
        both = {placement: min(of) for placement, of in counts.items() if min(of)}
        return max(both, key=lambda placement: (both[placement], placement), default=None)

    @property
    def knows_muscles(self) -> bool:
        """Whether anything is known of what muscles did."""
        repetitions = (repetition for one in self._sets for repetition in one.repetitions)
        of_muscles = [Outcome(measure, side=side) for measure in (Measure.QH, Measure.GLUTES) for side in SIDES]
        return any(math.isfinite(one.numbers.get(outcome, math.nan)) for one in repetitions for outcome in of_muscles)

    def muscles(self) -> list[Comparison]:
        """Return what the heaviest load did to the muscles of each leg, with the electrodes where they were in light sets."""
        placement = self.placement
        if placement is None:
            return []
        known = {outcome for of in self._sets for one in of.repetitions for outcome in one.numbers}
        single = [Outcome(measure, muscle) for muscle in sorted(GLUTES) for measure in (Measure.GLUTES, Measure.LATE)]
        found = []
        for side in SIDES:
            glutes = [one for one in single if one.on(side) in known] or [Outcome(Measure.GLUTES)]
            here = [Outcome(Measure.QH), Outcome(Measure.QH_DYNAMIC), *glutes]
            found += [self.compared(Condition.LOADED, outcome.on(side), EITHER, placement) for outcome in here]
        return [one for one in found if one is not None]


def _counted(one: SetOutcome) -> tuple[RepetitionOutcome, ...]:
    """Return the repetitions that count: all but the first, which finds its way."""
    return one.repetitions[1:]


def _presence(size: Change, smallest: float) -> Presence:
    """Return whether something is there, by how far it lies from nothing."""
    if size.answer is Answer.TOO_FEW:
        return Presence.TOO_FEW
    if size.answer is Answer.MORE and size.difference >= smallest:
        return Presence.PRESENT
    return Presence.ABSENT if size.answer in (Answer.SAME, Answer.LESS) else Presence.UNCLEAR


def _mostly(there: Sequence[bool]) -> Presence:
    """Return whether something is there in most repetitions, by how often it was (Jeffreys' prior)."""
    if len(there) < FEWEST:
        return Presence.TOO_FEW
    below_half = float(special.betainc(sum(there) + 0.5, len(there) - sum(there) + 0.5, 0.5))
    if 1.0 - below_half >= CHANGED_FROM:
        return Presence.PRESENT
    return Presence.ABSENT if below_half >= SAME_FROM else Presence.UNCLEAR


def _comparable(sets: Sequence[SetOutcome]) -> list[SetOutcome]:
    """Leave out sets whose weight can't be compared: light ones unlike each other, and conditions unlike the light ones."""
    light = [one.system_N for one in sets if one.condition is Condition.LIGHT and math.isfinite(one.system_N)]
    usual_N = float(np.median(light)) if light else math.nan
    return [one for one in sets if one.condition is Condition.LOADED or not _other_weight(one, usual_N)]


def _other_weight(one: SetOutcome, usual_N: float) -> bool:
    under_heels_N = GRAVITY_M_S2 * HEEL_PLATES_KG if one.condition is Condition.HEELS else 0.0
    off_N = one.system_N - usual_N
    return off_N < -SET_WEIGHT * usual_N or off_N > SET_WEIGHT * usual_N + under_heels_N
