"""Wrong plates: what is not judged where plates are known to be wrong, and what counts only beyond what they may be off by."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

from acquisition.rig import SIDES
from acquisition.rig.empty_plate import READS_N
from processing.force.faults.plate_fault import PlateFault

if TYPE_CHECKING:
    from collections.abc import Collection


LOAD, BETWEEN_FEET, IN_FOOT = "load_shift", "cop_shift", "foot_cop_medial"
NO_PLACE = frozenset({PlateFault.OFF_PLATE, PlateFault.NO_MOMENTS})
OF_EITHER = frozenset({PlateFault.UNLIKE, PlateFault.INWARDS})
"""Faults of which nobody knows which plate has them."""


class OfPlate(Protocol):
    """What was wrong with the plate of a side."""

    @property
    def side(self) -> str: ...  # noqa: D102 - named above
    @property
    def kind(self) -> str: ...  # noqa: D102


class EmptyPlate(Protocol):
    """By how much the forces of the plate of a side are off."""

    @property
    def side(self) -> str: ...  # noqa: D102 - named above
    @property
    def off_N(self) -> float: ...  # noqa: D102, N802


def without_place(faults: Collection[OfPlate]) -> set[tuple[str, str]]:
    """Return rules and sides that rest on a centre of pressure which is known to be wrong."""
    wrong = {fault.side for fault in faults if fault.kind in NO_PLACE}
    if any(fault.kind in OF_EITHER for fault in faults):
        wrong = set(SIDES)
    between = {(BETWEEN_FEET, side) for side in SIDES if wrong}
    return between | {(IN_FOOT, side) for side in wrong}


def unsure_shift_pct(zeros: Collection[EmptyPlate], weight_N: float) -> float:
    """Return by how much the load shift may be off, as plates read something with nobody on them that was not taken off."""
    off_N = {side: max((zero.off_N for zero in zeros if zero.side == side), default=0.0) for side in SIDES}
    known_N = sum(off for off in off_N.values() if off > READS_N)
    return 100.0 * known_N / weight_N if weight_N > 0.0 and math.isfinite(weight_N) else 0.0
