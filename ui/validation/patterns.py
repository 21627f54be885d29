"""Patterns: how often a sound lifter is told one, and how often one of a size is found, by moments and over repetitions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acquisition.rig import SIDES, Foot
from acquisition.rig.rig_file import example, load
from processing.findings.findings import findings
from sim.lifter.lifter import GluteWeakness, QuadsTakeOver, ShareDrift
from sim.lifter.people import Person, someone
from sim.lifter.sets import Set
from ui.validation.simulated import results_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sim.lifter.lifter import Imbalance

REPETITIONS = 8
SOUND = 5
"""So many times as many sound lifters: what is found of one in a hundred takes more than a hundred."""
LOAD_SHIFTS_PCT = (5.0, 7.5, 10.0, 15.0, 20.0)
RATIOS = (1.25, 1.5, 2.0, 3.0)
"""Sizes that are tried; the limits are 5 and 10 % of load shift, 1.5 and 2 times of Q:H, 2 and 3 times of glutes."""
GROWN_S = (30.0, 6.0)
"""A fault is not there at first, so that there is a baseline, and then grows within a few seconds."""


@dataclass(frozen=True, slots=True)
class Told:
    """Of so many lifters, in how many a rule was told as a moment and as a finding; `size` is what was wrong, if anything."""

    rule: str
    size: str
    lifters: int
    moments: int
    found: int


def sensitivities(lifters: int) -> Iterator[Told]:
    """Yield what sound lifters are told, and then what is found of each fault by its size; `lifters` of each."""
    sound = [_told(someone(seed, sets=_sets())) for seed in range(SOUND * lifters)]
    every = sorted({rule for moments, found in sound for rule in moments | found})
    yield Told("any", "", len(sound), sum(bool(moments) for moments, _ in sound), sum(bool(found) for _, found in sound))
    for rule in every:
        flagged, judged = (sum(rule in told[i] for told in sound) for i in (0, 1))
        yield Told(rule, "", len(sound), flagged, judged)
    onset_s, ramp_s = GROWN_S
    for shift in LOAD_SHIFTS_PCT:
        yield _of_size("load_shift", f"{shift:g} %", ShareDrift(onset_s=onset_s, ramp_s=ramp_s, load_shift_pct=shift), lifters)
    for ratio in RATIOS:
        fault = QuadsTakeOver(
            onset_s=onset_s, ramp_s=ramp_s, side="right", quadriceps_factor=ratio**0.5, hamstrings_factor=ratio**-0.5
        )
        yield _of_size("qh_change", f"{ratio:g} times", fault, lifters)
    for ratio in RATIOS:
        weak = GluteWeakness(onset_s=onset_s, ramp_s=ramp_s, side="right", factor=1.0 / ratio)
        yield _of_size("glute_drop", f"{ratio:g} times", weak, lifters)


def _of_size(rule: str, size: str, fault: Imbalance, lifters: int) -> Told:
    told = [_told(someone(seed, sets=_sets(), imbalances=(fault,))) for seed in range(lifters)]
    return Told(rule, size, lifters, sum(rule in moments for moments, _ in told), sum(rule in found for _, found in told))


def _sets() -> tuple[Set, ...]:
    return Set(repetitions=REPETITIONS, bar_mass_kg=20.0), Set(repetitions=REPETITIONS, bar_mass_kg=60.0)


def _told(lifter: Person) -> tuple[set[str], set[str]]:
    """Return the rules of which a moment was flagged in a lifter's session, and those of which there is a finding."""
    rig = load(example("demo"))
    rig = rig.model_copy(update={"foot": [Foot(side=side, toe_out_deg=lifter.toe_out_deg) for side in SIDES]})
    results = results_of(rig, lifter, 0.0, lifter.plan.end_s + 1.0)
    return {flag.rule for flag in results.flags}, {finding.rule for finding in findings(results)}
