"""What a recording shows, in sentences: the flags by kind and side."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from processing.flags.kinds import MEANINGS

if TYPE_CHECKING:
    from processing.results import FlagResult, Results


@dataclass(frozen=True, slots=True)
class Finding:
    """All flags of one rule on one side: how often, since when, how long altogether, and the value farthest out."""

    rule: str
    label: str
    severity: str
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
            f"at most {amount(self.peak, self.unit, self.metric)} (limit {setting(self.limit, self.unit, self.metric)})"
        )

    def meaning(self) -> str:
        """Say in plain words what that is; empty for a rule that this version does not know."""
        return MEANINGS.get(self.rule, "").format(side=self.side)


def amount(value: float, unit: str, metric: str) -> str:
    """Return a value with its unit as people read it; a base-2 logarithm of a ratio becomes the ratio."""
    if not math.isfinite(value):
        return "undefined"
    if metric.endswith("_log2"):
        return f"{2 ** abs(value):.1f} times"
    if unit == "1":
        return f"{value:.1f} times" if "change" in metric else f"{value:.1f}"
    return f"{abs(value):.0f} {unit}" if abs(value) >= 10 else f"{abs(value):.1f} {unit}"


def setting(value: float, unit: str, metric: str) -> str:
    """Return a limit as it was set: unlike a measured value it is not rounded."""
    if metric.endswith("_log2"):
        return f"{2 ** abs(value):.6g} times"
    if unit == "1":
        return f"{value:g} times" if "change" in metric else f"{value:g}"
    return f"{value:g} {unit}"


def findings(results: Results) -> list[Finding]:
    """Return what was flagged, the most severe first, then the earliest."""

    def kind(flag: FlagResult) -> tuple[str, str]:
        return flag.rule, flag.side

    found = []
    for _, group in groupby(sorted(results.flags, key=kind), kind):
        flags = list(group)
        worst = max(flags, key=lambda flag: abs(flag.peak))
        red = any(flag.severity == "red" for flag in flags)
        found.append(
            Finding(
                rule=worst.rule,
                label=worst.label,
                severity="red" if red else "amber",
                side=worst.side,
                metric=worst.metric,
                formula_id=worst.formula_id,
                times=len(flags),
                first_s=min(flag.start_s for flag in flags),
                total_s=sum((results.seconds if math.isnan(flag.end_s) else flag.end_s) - flag.start_s for flag in flags),
                peak=worst.peak,
                unit=worst.unit,
                limit=worst.red if red else worst.amber,
            )
        )
    return sorted(found, key=lambda finding: (finding.severity != "red", finding.first_s))
