"""Changes: by how much each outcome is larger in the second of two sources; of one recording computed twice, what differs.

Two computations of one recording differ number by number. Anything else is a sample of what a lifter does, so the median of all
pairs is told with its interval, as between the conditions of a screening, and nothing of too few repetitions or sets.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from acquisition.rig import SIDES
from processing.compare.bounds import computed_otherwise, done_otherwise
from processing.compare.source import CompareError
from processing.repetition.columns import OF_PHASE, OF_REPETITION
from processing.repetition.table import PhaseResult, RepetitionResult
from processing.screening.comparison import Change, Values, compare
from processing.screening.condition import Condition
from processing.screening.conditions import Conditions
from processing.screening.outcome import OUTCOMES, Measure, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from acquisition.caveat import Caveat
    from processing.compare.source import Source
    from processing.results import Results
    from processing.screening.outcomes import SetOutcome

SEEN = (Measure.KNEE, Measure.KNEE_AXIS, Measure.FALL, Measure.LOAD, Measure.BEYOND, Measure.MOMENT)
"""Outcomes that forces and markers show: they can be compared from day to day."""
UNSIZED = (Measure.PUSH,)
"""Outcomes of which nobody says which change matters."""


@dataclass(frozen=True, slots=True)
class Changed:
    """One outcome of one condition: its medians in both, and by how much it is larger in the second.

    `condition` is empty where it is not known. `seen_from`: half of the interval, about the smallest change that could be seen;
    NaN where nothing is told.
    """

    condition: str
    outcome: Outcome
    first: float
    second: float
    change: Change

    @property
    def seen_from(self) -> float:
        """About the smallest change that could be seen; NaN where nothing is told."""
        half = (self.change.high - self.change.low) / 2.0
        return half if math.isfinite(half) else math.nan


@dataclass(frozen=True, slots=True)
class Recomputed:
    """One column of two computations of one recording: in how many rows it differs, and the largest difference.

    The difference is that of the second less the first; it is NaN where it is known in one of them only, or is a text.
    """

    column: str
    unit: str
    rows: int
    differ: int
    largest: float


@dataclass(frozen=True, slots=True)
class Comparing:
    """What changed from the first to the second, and what bounds that; of one recording computed twice `recomputed`."""

    first: Source
    second: Source
    changes: tuple[Changed, ...]
    recomputed: tuple[Recomputed, ...]
    caveats: tuple[Caveat, ...]


def compared(first: Source, second: Source) -> Comparing:
    """Return what changed from the first to the second.

    Raises CompareError where one is a session and the other is none, they are by other formulas, hold the same recordings, or
    have nothing in common.
    """
    if first.session is not second.session:
        raise CompareError("A session can be compared with a session, and a recording or results with either of these two.")
    others = {
        column: (first.formulas.get(column), second.formulas.get(column))
        for column in first.formulas.keys() & second.formulas.keys()
        if first.formulas[column] != second.formulas[column]
    }
    if others:
        column, (was, now) = next(iter(sorted(others.items())))
        raise CompareError(
            f"{len(others)} columns are by other formulas, such as {column} ({was}; {now}): reprocess both recordings with the "
            "same version of squatscope."
        )
    again = first.uuids & second.uuids
    if again and first.session:
        raise CompareError(
            f"{first.name} and {second.name} hold the same recordings; compare another session, or "
            "the results of one recording."
        )
    if again:
        recomputed = tuple(_recomputed(first.results[0], second.results[0]))
        return Comparing(first, second, (), recomputed, tuple(computed_otherwise(first, second)))
    changes = tuple(_changes(first, second))
    if not changes:
        raise CompareError(f"{first.name} and {second.name} have no number in common that could be compared.")
    return Comparing(first, second, changes, (), (*computed_otherwise(first, second), *done_otherwise(first, second)))


def _changes(first: Source, second: Source) -> Iterator[Changed]:
    settings = second.rig.triage
    then, now = (Conditions(of.sets, settings) for of in (first, second))
    if first.session:
        pairs = [(Condition(one), Condition(one)) for one in first.conditions if one in second.conditions]
    else:
        pairs = [(Condition(first.conditions[0] or Condition.LIGHT), Condition(second.conditions[0] or Condition.LIGHT))]
    same_placement = bool(first.placement) and first.placement == second.placement
    outcomes = [one for one in OUTCOMES if one.measure not in UNSIZED and (same_placement or one.measure in SEEN)]
    for before, after in pairs:
        told = before.value if first.conditions[0] and before is after else ""
        by_edge: set[str] = set()
        for of_either in outcomes:
            for side in SIDES:
                outcome = of_either.on(side)
                if (
                    outcome.measure is Measure.KNEE_AXIS and side in by_edge
                ):  # as in a triage: the foot's edge where it is known
                    continue
                a, b = (
                    of.values(sets, outcome).known()
                    for of, sets in ((then, _sets(then, first, before)), (now, _sets(now, second, after)))
                )
                if a.values and b.values:
                    by_edge |= {side} if outcome.measure is Measure.KNEE else set()
                    yield _changed(told, outcome, a, b, now.smallest(outcome))


def _sets(conditions: Conditions, source: Source, condition: Condition) -> Sequence[SetOutcome]:
    """Return the sets of a condition; of a single recording all of its own."""
    return conditions.of(condition) if source.session else source.sets


def _changed(condition: str, outcome: Outcome, first: Values, second: Values, smallest: float) -> Changed:
    change = compare(first, second, smallest, outcome.meaning.spread, turns=False)
    medians = float(np.median(first.values)), float(np.median(second.values))
    return Changed(condition, outcome, *medians, change)


def _recomputed(first: Results, second: Results) -> Iterator[Recomputed]:
    """Yield the columns of repetitions and phases that differ, and first of all the count of repetitions."""
    counts = len(first.repetitions), len(second.repetitions)
    if counts[0] != counts[1]:
        yield Recomputed("repetitions", "1", 1, 1, float(counts[1] - counts[0]))
    units = {name: formula.unit for columns in (OF_REPETITION, OF_PHASE) for name, formula in columns.items()}
    of_repetitions = [{(row.number,): row for row in of.repetitions} for of in (first, second)]
    of_phases = [{(row.repetition, row.phase, row.side): row for row in of.phases} for of in (first, second)]
    yield from _columns(RepetitionResult, of_repetitions[0], of_repetitions[1], units)
    yield from _columns(PhaseResult, of_phases[0], of_phases[1], units)


def _columns(
    kind: type[Any], first: Mapping[Any, Any], second: Mapping[Any, Any], units: Mapping[str, str]
) -> Iterator[Recomputed]:
    shared = [key for key in first if key in second]
    for column in (field.name for field in fields(kind)):
        pairs = [(getattr(first[key], column), getattr(second[key], column)) for key in shared]
        differ = [(a, b) for a, b in pairs if a != b and not (a != a and b != b)]
        if differ:
            known = [b - a for a, b in differ if not isinstance(a, str) and math.isfinite(b - a)]
            yield Recomputed(column, units.get(column, ""), len(pairs), len(differ), max(known, key=abs, default=math.nan))
