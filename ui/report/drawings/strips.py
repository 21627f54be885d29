"""Strips: small pictures of one outcome, a dot for each repetition, the conditions of a screening side by side."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from acquisition.rig import SIDES
from processing.screening.answers import amount_in_words, named
from processing.screening.comparison import Answer
from processing.screening.condition import Condition
from processing.screening.conditions import Conditions
from processing.screening.outcome import RATING, Measure, Outcome
from ui.report.drawings.plot import round_marks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processing.screening.conditions import Comparison
    from processing.screening.outcomes import SetOutcome
    from processing.screening.triage import Triage

WIDTH, HEIGHT = 340.0, 170.0
LEFT, RIGHT, TOP, BOTTOM = 46.0, 6.0, 8.0, 22.0
GRADES = ("none", "slight", "past")
ZERO = {
    Measure.KNEE: "over the foot's inner edge",
    Measure.KNEE_AXIS: "over the foot's axis",
    Measure.LOAD: "both feet alike",
}


@dataclass(frozen=True, slots=True)
class Group:
    """One condition: the values of each of its sets, and what it did beside light sets, empty where it is light itself."""

    condition: str
    sets: tuple[tuple[float, ...], ...]
    told: str
    changed: bool

    @property
    def known(self) -> list[float]:
        """Every value of the condition."""
        return [value for of in self.sets for value in of]

    @property
    def median(self) -> float:
        """The median of all its repetitions."""
        return float(np.median(self.known))


@dataclass(frozen=True)
class Strip:
    """One picture; `smallest`: the change that matters, drawn about the median of light sets, NaN: none.

    `side`: of a leg. `ratio`: logarithms, on an axis of ratios; `rated`: grades. `zero`: what lies at 0, empty where that says
    itself.
    """

    title: str
    unit: str
    side: str
    groups: tuple[Group, ...]
    smallest: float
    ratio: bool
    zero: str
    rated: bool = False

    @cached_property
    def value_range(self) -> tuple[float, float]:
        """Return the lower and upper end of the value axis."""
        values = [value for group in self.groups for value in group.known]
        if math.isfinite(self.smallest):
            values += [self.groups[0].median - self.smallest, self.groups[0].median + self.smallest]
        margin = 0.06 * (max(values) - min(values)) or 1.0
        return min(values) - margin, max(values) + margin

    def y(self, value: float) -> float:
        """Return where a value lies, in the picture's own units."""
        low, high = self.value_range
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)

    def value_marks(self) -> list[tuple[float, str]]:
        """Return round values at which the axis is labelled, with the labels; of ratios in times."""
        low, high = self.value_range
        if self.rated:
            return [(float(grade), word) for grade, word in enumerate(GRADES) if low <= grade <= high]
        if not self.ratio:
            return [(mark, f"{mark:g}") for mark in round_marks(low, high, 5)]
        return [(math.log(mark), f"{mark:g}") for mark in round_marks(math.exp(low), math.exp(high), 5) if mark > 0.0]

    def spans(self) -> list[tuple[float, float]]:
        """Return from where to where each condition lies."""
        wide = (WIDTH - LEFT - RIGHT) / len(self.groups)
        return [(LEFT + wide * i, LEFT + wide * (i + 1)) for i in range(len(self.groups))]

    def dots(self, index: int) -> list[tuple[float, float]]:
        """Return where each repetition of a condition lies, in the order in which they were done."""
        begin, end = self.spans()[index]
        sets = self.groups[index].sets
        wide = (end - begin) / len(sets)
        return [
            (begin + wide * (k + (i + 1) / (len(of) + 1)), self.y(value))
            for k, of in enumerate(sets)
            for i, value in enumerate(of)
        ]


def strips(told: Triage, sets: Sequence[SetOutcome]) -> list[Strip]:
    """Return a strip for each outcome that was judged: knees or load or ratings, what the feet did in the cue, the muscles."""
    conditions = Conditions(sets, told.settings)
    judged = [conditions.outcome(side) for side in conditions.sides]
    shown = [one.outcome for one in told.muscles if one.outcome.measure is not Measure.QH_DYNAMIC]
    compared = {(one.condition, one.outcome): one for side in told.sides for one in side.comparisons}
    compared |= {(one.condition, one.outcome): one for one in told.muscles}
    feet = [] if told.cue_done is None else [Outcome(Measure.MOMENT, side=side) for side in SIDES]
    made = [
        _strip(conditions, outcome, compared, conditions.placement if outcome in shown else None)
        for outcome in dict.fromkeys([*judged, *shown, *feet])
    ]
    return [one for one in made if one is not None]


def _strip(
    conditions: Conditions, outcome: Outcome, compared: dict[tuple[Condition, Outcome], Comparison], placement: int | None
) -> Strip | None:
    """Return the strip of an outcome, of the sets of one placing of the electrodes where there is one to keep to."""
    groups = []
    for condition in Condition:
        sets = [one for one in conditions.of(condition) if placement in (None, one.placement)]
        values = [conditions.values([one], outcome).known().values for one in sets]
        if not any(values):
            continue
        one = compared.get((condition, outcome))
        amount = "" if one is None else amount_in_words(one)
        told = "" if one is None else f"{one.change.answer}: {amount}" if amount else str(one.change.answer)
        changed = one is not None and one.change.answer in (Answer.LESS, Answer.MORE)
        groups.append(Group(condition, tuple(of for of in values if of), told, changed))
    if not groups or groups[0].condition != Condition.LIGHT:
        return None
    if outcome == RATING:
        return Strip(named(outcome), "", "", tuple(groups), math.nan, ratio=False, zero="", rated=True)
    meaning, smallest, zero = outcome.meaning, conditions.smallest(outcome), ZERO.get(outcome.measure, "")
    unit = "" if meaning.is_log else meaning.unit
    return Strip(named(outcome), unit, outcome.side, tuple(groups), smallest, meaning.is_log, zero)
