"""Families of lifters for a screening: what goes wrong with each, and what changes it; sizes in changes that matter.

A size of 1 is 10 mm of a knee, 5 % of load shift, 1.25 times of Q:H or of a glute: what a triage takes for the smallest change
that matters. How far the load goes along with the knee is invented; that a fault goes along with a cue, with lifted heels or
with the load is what makes a family.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from sim.lifter.lifter import GluteWeakness, KneeCaves, QuadsTakeOver, ShareDrift
from sim.lifter.people import Person, someone

if TYPE_CHECKING:
    from acquisition.rig import Side
    from sim.lifter.lifter import AnyImbalance
    from sim.lifter.sets import Set

Family = Literal["healthy", "technique", "hip", "ankle", "imbalance", "glutes", "load", "mixed"]
FAMILIES: tuple[Family, ...] = get_args(Family)
KNEE_MM, LOAD_SHIFT_PCT, RATIO = 10.0, 5.0, 1.25
AT_ONCE_S = 1.0


def of_family(family: Family, seed: int, sets: tuple[Set, ...], size: float = 2.0, **given: object) -> Person:
    """Return somebody of a family, drawn by a seed, who does these sets; what is wrong is on the left for odd seeds."""
    side: Side = "left" if seed % 2 else "right"
    faults: list[AnyImbalance] = []
    match family:
        case "technique":
            faults += _knee_and_load(side, size, cue_mends=1.0, slow_mends=0.6)
        case "hip":
            faults += _knee_and_load(side, size)
        case "ankle":
            faults += _knee_and_load(side, size, heel_lift_mends=1.0)
        case "imbalance" | "load" | "glutes":
            faults += _knee_and_load(side, size, grows_with_load=True)
        case "mixed":
            faults += _knee_and_load(side, size, cue_mends=1.0)
            faults += _knee_and_load(side, size, grows_with_load=True)
        case "healthy":
            pass
    if family in ("imbalance", "mixed"):
        ratio = RATIO**size
        faults.append(
            QuadsTakeOver(
                side=side, ramp_s=AT_ONCE_S, grows_with_load=True, quadriceps_factor=ratio**0.5, hamstrings_factor=ratio**-0.5
            )
        )
    if family == "glutes":
        faults.append(GluteWeakness(side=side, ramp_s=AT_ONCE_S, grows_with_load=True, factor=RATIO**-size))
    return someone(seed, **{"sets": sets, "imbalances": tuple(faults), **given})


def _knee_and_load(side: Side, size: float, **changed_by: object) -> list[AnyImbalance]:
    """Return a knee that comes in, and the load that goes to its side with it, on the way down and up alone."""
    shift = LOAD_SHIFT_PCT * size * (1.0 if side == "right" else -1.0)
    common = {"ramp_s": AT_ONCE_S, **changed_by}
    return [
        KneeCaves.model_validate({"side": side, "knee_mm": KNEE_MM * size, **common}),
        ShareDrift.model_validate({"load_shift_pct": shift, "at_the_top": 0.0, **common}),
    ]
