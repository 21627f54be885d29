"""Wrong plates: what is not judged where plates are known to be wrong, and what counts only beyond what they may be off by."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from acquisition.rig import SIDES
from acquisition.rig.empty_plate import READS_N
from hardware.severity import Severity
from processing.force.plate_fault import PlateFault

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from processing.results import FlagResult, PlateFaultResult, ZeroResult

LOAD, BETWEEN_FEET, IN_FOOT = "load_shift", "cop_shift", "foot_cop_medial"
NO_PLACE = frozenset({PlateFault.OFF_PLATE, PlateFault.NO_MOMENTS})


def without_place(faults: Collection[PlateFaultResult]) -> set[tuple[str, str]]:
    """Return rules and sides that rest on a centre of pressure which is known to be wrong."""
    wrong = {fault.side for fault in faults if fault.kind in NO_PLACE}
    if any(fault.kind == PlateFault.UNLIKE for fault in faults):  # it may be either
        wrong = set(SIDES)
    between = {(BETWEEN_FEET, side) for side in SIDES if wrong}
    return between | {(IN_FOOT, side) for side in wrong}


def unsure_shift_pct(zeros: Collection[ZeroResult], weight_N: float) -> float:
    """Return by how much the load shift may be off, as plates read something with nobody on them that was not taken off."""
    off_N = {side: max((zero.off_N for zero in zeros if zero.side == side), default=0.0) for side in SIDES}
    known_N = sum(off for off in off_N.values() if off > READS_N)
    return 100.0 * known_N / weight_N if weight_N > 0.0 and math.isfinite(weight_N) else 0.0


def still_true(flags: Sequence[FlagResult], faults: Collection[PlateFaultResult], unsure_pct: float) -> list[FlagResult]:
    """Return a session's flags without those that rest on what only later proved wrong, or as severe as remains certain."""
    left_out = without_place(faults)
    kept = []
    for flag in flags:
        if (flag.rule, flag.side) in left_out:
            continue
        certain = abs(flag.peak) - unsure_pct if flag.rule == LOAD else abs(flag.peak)
        if certain >= flag.amber or unsure_pct == 0.0:
            is_red = flag.severity is Severity.RED and (certain >= flag.red or unsure_pct == 0.0)
            kept.append(flag if is_red else replace(flag, severity=Severity.AMBER))
    return kept
