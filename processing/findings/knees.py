"""Knees over feet, by markers: what each knee did over the repetitions, and how far force and EMG have told it in this session.

The knee is what people come for, and force and EMG are evidence that may or may not go with it. So each measure is held against
the knee of the same side: how often it was beyond its limit in repetitions in which the knee came in and in the others, and in
how many pairs of one and another repetition it was the larger where the knee came in. Chance alone gives half of the pairs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from acquisition.rig import SIDES
from processing.findings.findings import IN_PHASE, counted, counted_in, series_of, unjudged
from processing.flags.amounts import amount
from processing.flags.kinds import KINDS
from processing.flags.rules import column_limits
from processing.repetition.columns import OF_PHASE
from processing.repetition.knee_over_foot import NONE, PAST
from processing.repetition.table import BOTTOM, LOWERING, RISING, WHOLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acquisition.rig import Side
    from processing.repetition.table import PhaseResult
    from processing.results import Results

WITHOUT_LIMIT = (
    ("line of force towards the inside of the foot", "force_line_mean_mm", 1.0),
    ("less push outwards", "outward_push_mean_pct", -1.0),
    ("less screwing outwards", "free_moment_mean_Nm", -1.0),
)
"""Measures that no rule is on: what they are called, their column, and which way is taken to go with a knee that comes in."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """How far one measure of force or EMG went with the knee of its side.

    `beyond_in` of `of_in` repetitions with the knee in lay beyond the measure's amber limit, and `beyond_out` of `of_out`
    others (0 where it has no limit: `limited`); `larger` of `pairs` pairs had the larger value where the knee was in.
    """

    label: str
    metric: str
    formula_id: str
    limited: bool
    beyond_in: int
    of_in: int
    beyond_out: int
    of_out: int
    larger: float
    pairs: int

    def sentence(self) -> str:
        """Say it in one line."""
        said = []
        if self.limited:
            said.append(f"beyond its limit in {self.beyond_in} of {self.of_in} repetitions with the knee in")
            if self.of_out:
                said.append(f"and in {self.beyond_out} of {self.of_out} others")
        told = f"{self.label[0].upper()}{self.label[1:]}: {' '.join(said)}"
        if self.pairs:
            told += f"{'; ' if said else ''}larger with the knee in in {self.larger:g} of {self.pairs} pairs"
        return told


@dataclass(frozen=True, slots=True)
class KneeOutcome:
    """What one knee did: in which repetitions it came in slightly and past the foot, of how many in which it was seen.

    `phase`: in which it came in most; `come_in_mm`: by how much, in the median of these repetitions. `pattern`: it came in in
    as many of a few in a row as make a finding. `edge_known`: whether the foot's inner edge is, without which nobody can say
    that a knee is past it. `evidence` is empty where it never came in.
    """

    side: Side
    slight: tuple[int, ...]
    past: tuple[int, ...]
    of: int
    phase: str
    come_in_mm: float
    pattern: bool
    edge_known: bool
    evidence: tuple[Evidence, ...]

    def sentence(self) -> str:
        """Say it in one line."""
        came_in = sorted(self.slight + self.past)
        if not came_in:
            return f"The {self.side} knee did not come in in any of {self.of} repetitions"
        named = ", ".join(map(str, came_in[:12])) + (" ..." if len(came_in) > 12 else "")
        past = f"past the foot's inner edge in {len(self.past)}" if self.past else "never past the foot's inner edge"
        past = past if self.edge_known else "whether past the foot's inner edge is not known"
        return (
            f"The {self.side} knee came in in {len(came_in)} of {self.of} repetitions ({named}), {past}; most "
            f"{IN_PHASE[self.phase]}, by {amount(self.come_in_mm, 'mm', 'knee_fall_mm')} in the median of these"
        )


def knee_outcomes(results: Results) -> list[KneeOutcome]:
    """Return what each knee did that markers have shown in a repetition."""
    found = []
    for side in SIDES:
        words = {row.repetition: row.knee for row in results.phases if row.side == side and row.phase == WHOLE and row.knee}
        if words:
            found.append(_outcome(results, side, words))
    return found


def _outcome(results: Results, side: Side, words: Mapping[int, str]) -> KneeOutcome:
    came_in = [number for number, word in words.items() if word != NONE]
    rows = [row for row in results.phases if row.side == side and row.repetition in words]
    by_phase = {
        phase: float(np.median([_further_mm(row) for row in rows if row.phase == phase and row.repetition in came_in] or [0.0]))
        for phase in (LOWERING, BOTTOM, RISING)
    }
    phase = max(by_phase, key=lambda name: (math.isfinite(by_phase[name]), by_phase[name]))
    return KneeOutcome(
        side=side,
        slight=tuple(number for number in came_in if words[number] != PAST),
        past=tuple(number for number in came_in if words[number] == PAST),
        of=len(words),
        phase=phase,
        come_in_mm=by_phase[phase],
        pattern=counted([number in came_in for number in sorted(words)], *counted_in(results.rig.rules)),
        edge_known=any(math.isfinite(row.knee_margin_min_mm) for row in rows),
        evidence=tuple(_evidence(results, side, set(came_in), set(words) - set(came_in))) if came_in else (),
    )


def _further_mm(row: PhaseResult) -> float:
    """Return how far a knee came in in a phase, by the way that says more."""
    known = [value for value in (row.knee_fall_mm, row.knee_come_in_mm) if math.isfinite(value)]
    return max(known, default=math.nan)


def _evidence(results: Results, side: Side, came_in: set[int], others: set[int]) -> list[Evidence]:
    found = []
    left_out = unjudged(results)
    for kind in KINDS:
        if not getattr(results.rig.rules, kind.setting).on or (kind.setting, side) in left_out:
            continue
        values: dict[int, float] = {}
        for phase in kind.phases:
            series = series_of(results, kind, side, phase)
            for number, value in zip(series.numbers, series.values, strict=True):
                values[number] = max(value, values.get(number, -math.inf))
        amber, _ = column_limits(results.rig.rules, kind)
        found.append(_held_against(kind.label.format(side=side), kind.counted, values, amber, came_in, others))
    for label, column, sign in WITHOUT_LIMIT:
        values = {
            row.repetition: sign * getattr(row, column) for row in results.phases if row.side == side and row.phase == WHOLE
        }
        found.append(_held_against(label, column, values, math.inf, came_in, others))
    return [one for one in found if one.of_in and (one.limited or one.pairs)]


def _held_against(
    label: str, column: str, values: Mapping[int, float], amber: float, came_in: set[int], others: set[int]
) -> Evidence:
    of_in, of_out = (_known([values.get(number, math.nan) for number in sorted(numbers)]) for numbers in (came_in, others))
    larger = sum((a > b) + 0.5 * (a == b) for a in of_in for b in of_out)
    return Evidence(
        label=label,
        metric=column,
        formula_id=OF_PHASE[column].id,
        limited=math.isfinite(amber),
        beyond_in=sum(value >= amber for value in of_in),
        of_in=len(of_in),
        beyond_out=sum(value >= amber for value in of_out),
        of_out=len(of_out),
        larger=larger,
        pairs=len(of_in) * len(of_out),
    )


def _known(values: Sequence[float]) -> list[float]:
    return [value for value in values if math.isfinite(value)]
