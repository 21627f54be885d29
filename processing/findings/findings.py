"""Findings: the flags of a recording, by rule and side."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from hardware.severity import Severity
from processing.flags.amounts import amount, limit
from processing.flags.kinds import kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processing.results import FlagResult, Results


@dataclass(frozen=True, slots=True)
class Finding:
    """All flags of one rule on one side: how often, since when, the value farthest out, and how long beyond each limit."""

    rule: str
    label: str
    severity: Severity
    side: str
    metric: str
    formula_id: str
    times: int
    first_s: float
    peak: float
    unit: str
    amber: float
    red: float
    amber_s: float
    red_s: float

    def sentence(self) -> str:
        """Say it in one line, with the time beyond each limit."""
        often = "once" if self.times == 1 else f"{self.times} times"
        beyond = [f"beyond {limit(self.amber, self.unit, self.metric)} for {self.amber_s:.1f} s"]
        if self.severity is Severity.RED:
            beyond.append(f"beyond {limit(self.red, self.unit, self.metric)} for {self.red_s:.1f} s")
        return (
            f"{self.label[0].upper()}{self.label[1:]}: {often}, first at {self.first_s:.1f} s; {', '.join(beyond)}; at most "
            f"{amount(self.peak, self.unit, self.metric)}"
        )

    def meaning(self) -> str:
        """Say in plain words what that is; empty for a rule that this version does not know."""
        return kind_of(self.rule).meaning.format(side=self.side)


def findings(results: Results) -> list[Finding]:
    """Return what was flagged, the most severe first, then the earliest."""

    def kind(flag: FlagResult) -> tuple[str, str]:
        return flag.rule, flag.side

    found = []
    for _, group in groupby(sorted(results.flags, key=kind), kind):
        flags = list(group)
        worst = max(flags, key=lambda flag: abs(flag.peak))
        severity = max(flag.severity for flag in flags)
        found.append(
            Finding(
                rule=worst.rule,
                label=worst.label,
                severity=severity,
                side=worst.side,
                metric=worst.metric,
                formula_id=worst.formula_id,
                times=len(flags),
                first_s=min(flag.start_s for flag in flags),
                peak=worst.peak,
                unit=kind_of(worst.rule, unit=worst.unit).unit,
                amber=worst.amber,
                red=worst.red,
                amber_s=_beyond_s(results, flags, worst.amber),
                red_s=_beyond_s(results, flags, worst.red),
            )
        )
    return sorted(found, key=lambda finding: (-finding.severity, finding.first_s))


def _beyond_s(results: Results, flags: Sequence[FlagResult], beyond: float) -> float:
    """Return for how long, while one of these flags was up, the value lay at or beyond a limit, in the column's own unit."""
    table = results.table_with(flags[0].metric)
    if table is None or len(table.time_s) < 2:
        return math.nan
    value = table.column(flags[0].metric)
    up = [(flag.start_s, results.seconds if math.isnan(flag.end_s) else flag.end_s) for flag in flags]
    frames = next_frame = 0
    for start_s, end_s in sorted(up):
        begin = max(next_frame, int(np.searchsorted(table.time_s, start_s)))
        next_frame = max(begin, int(np.searchsorted(table.time_s, end_s, side="right")))
        frames += int(np.count_nonzero(math.copysign(1.0, flags[0].peak) * value[begin:next_frame] >= beyond))
    return table.frame_s * frames
