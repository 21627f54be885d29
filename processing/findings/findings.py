"""What a recording shows, in sentences: the flags by kind and side."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from hardware.severity import Severity
from processing.flags.amounts import amount, limit
from processing.flags.kinds import kind_of

if TYPE_CHECKING:
    from processing.results import FlagResult, Results


@dataclass(frozen=True, slots=True)
class Finding:
    """All flags of one rule on one side: how often, since when, how long altogether, and the value farthest out."""

    rule: str
    label: str
    severity: Severity
    side: str
    metric: str
    formula_id: str
    times: int
    first_s: float
    total_s: float
    peak: float
    unit: str
    limit: float

    def sentence(self) -> str:
        """Say it in one line."""
        often = "once" if self.times == 1 else f"{self.times} times"
        return (
            f"{self.label[0].upper()}{self.label[1:]}: {often}, first at {self.first_s:.1f} s, {self.total_s:.1f} s in all, "
            f"at most {amount(self.peak, self.unit, self.metric)} (limit {limit(self.limit, self.unit, self.metric)})"
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
                total_s=sum((results.seconds if math.isnan(flag.end_s) else flag.end_s) - flag.start_s for flag in flags),
                peak=worst.peak,
                unit=kind_of(worst.rule, unit=worst.unit).unit,
                limit=worst.red if severity is Severity.RED else worst.amber,
            )
        )
    return sorted(found, key=lambda finding: (-finding.severity, finding.first_s))
