"""The lifter's history: what earlier sessions told, and how this one's light sets differ from theirs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from processing.screening.answers import amount_in_words, headline, named
from processing.screening.comparison import Answer, compare
from processing.screening.condition import Condition
from processing.screening.conditions import Basis, Comparison, Conditions

if TYPE_CHECKING:
    from processing.screening.outcome import Outcome
    from processing.screening.recorded_sets import Screening

LATEST = 5
"""So many sessions before this one are told."""


@dataclass(frozen=True, slots=True)
class Then:
    """One outcome of the light sets of an earlier session: its median, how this one's differ, and what could be seen of it."""

    outcome: str
    median: str
    told: str
    seen_from: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier session: its day, its answer, and its light sets beside those of now."""

    day: str
    answer: str
    then: tuple[Then, ...]


def earlier(before: Screening, now: Screening) -> Earlier:
    """Return what an earlier session of the same lifter told."""
    then, here = (Conditions(one.sets, now.triage.settings) for one in (before, now))
    outcomes = [] if Basis.RATED_SETS in (then.basis, here.basis) else [here.outcome(side) for side in here.sides if side]
    found = [_then(then, here, outcome) for outcome in outcomes]
    return Earlier(before.session.created_utc[:10], headline(before.triage), tuple(one for one in found if one is not None))


def _then(then: Conditions, here: Conditions, outcome: Outcome) -> Then | None:
    first, second = (of.values(of.of(Condition.LIGHT), outcome).known() for of in (then, here))
    if not first.values or not second.values:
        return None
    change = compare(first, second, here.smallest(outcome), outcome.meaning.spread, turns=False)
    told, unit = Comparison(Condition.LIGHT, outcome, change), outcome.meaning.unit
    known = change.answer is not Answer.TOO_FEW and math.isfinite(change.low)
    seen_from = f"{(change.high - change.low) / 2.0:.1f} {unit}" if known else "–"
    words = f"{change.answer}: {amount_in_words(told)}" if known else str(change.answer)
    return Then(f"{named(outcome)}, {outcome.side}", f"{float(np.median(first.values)):.1f} {unit}", words, seen_from)
