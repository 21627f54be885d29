"""Findings: what lay beyond its limit in several repetitions, by rule, side and phase; with no repetition there is none.

A value of one repetition says little, and a moment nothing. So what is judged is a number for each phase of each repetition,
and a finding is what lies beyond its limit in some of a few in a row (`repetitions` of `of_last`, 3 of 5 by default). Ratios of
muscle groups are judged over the lifter's own baseline of the same phase: the reference that is named, or the first repetitions
of the session. A shift of load that is there in quiet stance already, below its limit, is a habit: what counts is what comes on
top of it. Nothing is found by a plate's centre of pressure that is known to be wrong, and a shift of load only beyond what the
plates may be off by.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from acquisition.rig import SIDES
from hardware.severity import Severity
from processing.flags.amounts import amount, limit
from processing.flags.kinds import KINDS, Kind, RestsOn, kind_of
from processing.flags.rules import column_limits
from processing.force.faults.wrong_plates import off_pct, wrong_cops
from processing.repetition.columns import OF_PHASE
from processing.repetition.knee_over_foot import BASELINE_REPETITIONS
from processing.repetition.table import BOTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acquisition.rig import Side
    from acquisition.rig.judgement import ReferenceSettings, Rules, RuleSettings
    from processing.results import Results

ON_TOP = 0.75
"""What adds this share of the limit to a habit is more than a habit (*design*)."""
BETWEEN_SETS = 0.5
"""Standard deviation between sets, as a share of that between repetitions (*design*)."""
HABIT_S = 15.0
"""The habit of a set is that of quiet stance so long before it."""
IN_PHASE = {"lowering": "while lowering", "bottom": "at the bottom", "rising": "while rising", "whole": ""}


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule on one side, in the phase in which it shows most: in which repetitions, since when, median and farthest value.

    `beyond_amber` and `beyond_red` are the numbers of the repetitions; `of` is how many could be judged; `metric` is the column
    of the phase that was judged, over the baseline where `compared`.
    """

    rule: str
    label: str
    severity: Severity
    side: str
    phase: str
    metric: str
    formula_id: str
    compared: bool
    beyond_amber: tuple[int, ...]
    beyond_red: tuple[int, ...]
    of: int
    first_s: float
    median: float
    peak: float
    unit: str
    amber: float
    red: float

    def sentence(self) -> str:
        """Say it in one line."""
        where = f" {IN_PHASE[self.phase]}" if IN_PHASE[self.phase] else ""
        beyond = f"beyond {limit(self.amber, self.unit, self.metric)} in {len(self.beyond_amber)} of {self.of} repetitions"
        if self.severity is Severity.RED:
            beyond += f", beyond {limit(self.red, self.unit, self.metric)} in {len(self.beyond_red)}"
        return (
            f"{self.label[0].upper()}{self.label[1:]}{where}: {beyond}, first in repetition {self.beyond_amber[0]} at "
            f"{self.first_s:.1f} s; {amount(self.median, self.unit, self.metric)} in the median, at most "
            f"{amount(self.peak, self.unit, self.metric)}"
        )

    def meaning(self) -> str:
        """Say in plain words what that is; empty for a rule that this version does not know."""
        return kind_of(self.rule).meaning.format(side=self.side)


def findings(results: Results) -> list[Finding]:
    """Return what was found in the repetitions, the most severe first, then the earliest."""
    found = []
    left_out = unjudged(results)
    for kind in KINDS:
        settings: RuleSettings = getattr(results.rig.rules, kind.setting)
        if not settings.on:
            continue
        for side in SIDES:
            if (kind.setting, side) in left_out:
                continue
            in_phases = [one for phase in kind.phases if (one := _in_phase(results, kind, side, phase, settings)) is not None]
            if in_phases:
                found.append(max(in_phases, key=lambda one: (one.severity, len(one.beyond_amber), abs(one.median))))
    return sorted(found, key=lambda finding: (-finding.severity, finding.first_s))


def counted_in(rules: Rules) -> tuple[int, int]:
    """Return in how many repetitions, of how many in a row, the rule that asks for the fewest counts a pattern."""
    of_rules = [getattr(rules, kind.setting) for kind in KINDS]
    return min(((rule.repetitions, rule.of_last) for rule in of_rules if rule.on), default=(3, 5))


def nothing_found(results: Results) -> str:
    """Say what it means that there is no finding."""
    count = len(results.repetitions)
    needed, in_a_row = counted_in(results.rig.rules)
    if not count:
        return "Nothing is found, as no repetition was."
    if count < needed:
        return f"Nothing is found: {count} of the {needed} repetitions that a pattern is counted in."
    return (
        f"Nothing is found: in {count} repetitions nothing that could be judged lay beyond its limit in {needed} of "
        f"{in_a_row} in a row."
    )


def unjudged(results: Results) -> set[tuple[str, str]]:
    """Return rules and sides for which it is not known along which axis they are, or whose plate is known to be wrong."""
    from acquisition.rig.lifter_axes import lifter_axes

    if not results.rig.plate:
        return set()
    unknown, wrong = lifter_axes(results.rig).unknown, wrong_cops(results.plate_faults)
    return {
        (kind.setting, side)
        for kind in KINDS
        for side in SIDES
        if kind.without_axis(side, unknown) or kind.without_cop(side, wrong)
    }


@dataclass(frozen=True, slots=True)
class Series:
    """One number for each repetition: its value towards a side, whether it may count at all, and by how much all may be off."""

    numbers: tuple[int, ...]
    values: tuple[float, ...]
    counts: tuple[bool, ...]
    unsure: float = 0.0


def _in_phase(results: Results, kind: Kind, side: Side, phase: str, settings: RuleSettings) -> Finding | None:
    amber, red = column_limits(results.rig.rules, kind)
    series = series_of(results, kind, side, phase)
    beyond_amber = _counted(series, amber, settings)
    if not beyond_amber:
        return None
    beyond_red = _counted(series, red, settings)
    severity = Severity.RED if beyond_red else Severity.AMBER
    of_beyond = [value for value, counts in zip(series.values, series.counts, strict=True) if counts and value >= amber]
    first = next(row for row in results.repetitions if row.number == beyond_amber[0])
    sign = kind.sign(side)
    return Finding(
        rule=kind.setting,
        label=_label(results, kind, side),
        severity=severity,
        side=side,
        phase=phase,
        metric=kind.counted if not kind.compared else kind.column(side),
        formula_id=OF_PHASE[kind.counted].id,
        compared=kind.compared,
        beyond_amber=beyond_amber,
        beyond_red=beyond_red,
        of=len(series.values),
        first_s=first.start_s,
        median=sign * float(np.median(series.values)),
        peak=sign * max(of_beyond),
        unit=kind.unit,
        amber=amber,
        red=red,
    )


def _label(results: Results, kind: Kind, side: str) -> str:
    """Return a rule's label, with what its flags say of an undersampled stream."""
    slow = any(stream.undersampled for stream in results.streams) and kind.rests_on is RestsOn.MUSCLES
    return kind.label.format(side=side) + (" (undersampled)" if slow else "")


def _counted(series: Series, beyond: float, settings: RuleSettings) -> tuple[int, ...]:
    """Return the repetitions beyond a limit, if enough of a few in a row are."""
    over = [counts and value - series.unsure >= beyond for value, counts in zip(series.values, series.counts, strict=True)]
    enough = counted(over, settings.repetitions, settings.of_last)
    return tuple(number for number, is_over in zip(series.numbers, over, strict=True) if is_over) if enough else ()


def counted(over: Sequence[bool], repetitions: int, of_last: int) -> bool:
    """Return whether so many repetitions of a few in a row are beyond a limit."""
    return any(sum(over[max(0, i - of_last + 1) : i + 1]) >= repetitions for i in range(len(over)))


def series_of(results: Results, kind: Kind, side: Side, phase: str) -> Series:
    """Return what is judged by a rule on a side in a phase, repetition by repetition, those left out that are undefined."""
    row_side = BOTH if kind.leans else side
    rows = [row for row in results.phases if row.phase == phase and row.side == row_side]
    values = np.array([getattr(row, kind.counted) for row in rows]) * kind.sign(side)
    numbers = [row.repetition for row in rows]
    if kind.compared:
        values = values / _baseline(results.rig.reference, kind, side, values)
    counts = np.ones(len(values), dtype=bool)
    if kind.habit:
        counts = _more_than_a_habit(results, kind, side, values, [row.set for row in rows])
    known = np.isfinite(values)
    return Series(
        tuple(number for number, is_known in zip(numbers, known, strict=True) if is_known),
        tuple(values[known].tolist()),
        tuple(counts[known].tolist()),
        kind.unsure * off_pct(results.zeros, results.body_weight_N),
    )


def _baseline(reference: ReferenceSettings, kind: Kind, side: str, values: np.ndarray) -> float:
    """Return what a leg's ratio is compared with: a reference, or its median over the first repetitions."""
    known = getattr(reference, f"{kind.reference}_{side}") if kind.reference else None
    if known is not None:
        return float(known)
    first = values[np.isfinite(values)][:BASELINE_REPETITIONS]
    return float(np.median(first)) if len(first) == BASELINE_REPETITIONS else math.nan


def _more_than_a_habit(results: Results, kind: Kind, side: Side, values: np.ndarray, sets: Sequence[int]) -> np.ndarray:
    """Return which values towards a side are more than a habit: on top of it, or all clearly beyond the limit."""
    amber, _ = column_limits(results.rig.rules, kind)
    standing = habits(results, kind.column(side))
    on_top = values - kind.sign(side) * np.array([standing.get(number, 0.0) for number in sets]) >= ON_TOP * amber
    return np.asarray(on_top | (_at_least(values, sets) >= amber))


def _at_least(values: np.ndarray, sets: Sequence[int]) -> float:
    """Return what the mean of these values is at least, at 95 %; repetitions of a set are alike, so sets vary on their own."""
    from scipy import special

    known = np.isfinite(values)
    count = int(known.sum())
    if count < BASELINE_REPETITIONS:
        return -math.inf
    of_sets = len({number for number, is_known in zip(sets, known, strict=True) if is_known})
    sd = float(np.std(values[known], ddof=1))
    unsure = special.stdtrit(count - 1.0, 0.95) * sd * math.sqrt(1.0 / count + BETWEEN_SETS**2 / of_sets)
    return float(np.mean(values[known]) - unsure)


def habits(results: Results, column: str) -> dict[int, float]:
    """Return the mean of a column in quiet stance before each set, in its unit; without one, that before the last set."""
    table = results.table_with(column, "standing_s")
    found: dict[int, float] = {}
    if table is None:
        return found
    habit = math.nan
    ended_s = -math.inf
    for number in dict.fromkeys(row.set for row in results.repetitions):
        rows = [row for row in results.repetitions if row.set == number]
        first, last = np.searchsorted(table.time_s, [max(ended_s, rows[0].start_s - HABIT_S), rows[0].start_s])
        standing = table.column("standing_s")[first:last] > 0.0
        values = table.column(column)[first:last][standing]
        if np.isfinite(values).any():
            habit = float(np.nanmean(values))
        if math.isfinite(habit):
            found[number] = habit
        ended_s = rows[-1].end_s
    return found
