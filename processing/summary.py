"""What a recording shows, in sentences: the flags by kind and side, and what must be known before they are believed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from processing.results import FlagResult, Results


@dataclass(frozen=True, slots=True)
class Finding:
    """All flags of one rule on one side: how often, since when, how long altogether, and the value farthest out."""

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
            f"at most {amount(self.peak, self.unit, self.metric)} (limit {amount(self.limit, self.unit, self.metric)})"
        )


def amount(value: float, unit: str, metric: str) -> str:
    """Return a value with its unit as people read it; a base-2 logarithm of a ratio becomes the ratio."""
    if not math.isfinite(value):
        return "undefined"
    if metric.endswith("_log2"):
        return f"{2 ** abs(value):.1f} times"
    if unit == "1":
        return f"{value:.1f} times" if "change" in metric else f"{value:.1f}"
    return f"{abs(value):.0f} {unit}" if abs(value) >= 10 else f"{abs(value):.1f} {unit}"


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


def caveats(results: Results) -> list[str]:
    """Return what bounds these results, one full sentence each."""
    said = []
    rig = results.rig
    sides = {plate.side for plate in rig.plate}
    if len(sides) < 2:
        which = f"only a {next(iter(sides))} plate" if sides else "no force plate"
        said.append(f"The rig has {which}, so there is no load share and no load shift.")
    elif math.isnan(results.body_weight_N):
        said.append(
            f"No quiet stance of {rig.still.window_s:g} s was found, so body weight and the shift of each foot's centre of "
            "pressure are undefined; have the lifter stand still on both plates at the start."
        )
    for stream in results.streams:
        if stream.undersampled:
            said.append(
                f"Undersampled EMG: {stream.name} runs at {stream.nominal_hz:g} Hz, and surface EMG asks for "
                f"{rig.emg_processing.undersampled_below_hz:g} Hz; amplitudes are too low, and can't be compared with other "
                "systems."
            )
        if stream.missing:
            said.append(
                f"The stream {stream.name} lost {stream.missing} samples in {stream.gaps} gaps; no number is shown there."
            )
    without = [f"{e.muscle} {e.side}" for e in rig.emg if e.mvc_uV is None and e.muscle != "other"]
    if without:
        said.append(
            f"No maximal voluntary contraction is known for {', '.join(without)}, so there is no %MVC and no quad/hamstring "
            "ratio that needs them; give mvc_uV in the rig."
        )
    said += [channel.verdict for channel in results.channels if channel.verdict]
    quiet = [channel.name for channel in results.channels if channel.only_noise]
    if quiet:
        said.append(
            f"Nothing rose above the noise floor of {', '.join(quiet)}; a muscle at rest looks like that, and so does an "
            "electrode that is off: contract the muscle to check."
        )
    for side in ("left", "right"):
        table = results.table_with(f"qh_{side}")
        muscles = {e.muscle for e in rig.emg if e.side == side}
        if table is not None and not without and muscles and not np.isfinite(table.column(f"qh_{side}")).any():
            said.append(
                f"The {side} quad/hamstring ratio is undefined throughout: a channel is missing or bad, or there is too "
                "little activity."
            )
    return said
