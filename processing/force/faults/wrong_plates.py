"""Wrong plates: whose centre of pressure is known to be wrong, and by how much of the body weight all plates may be off."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

from acquisition.rig import SIDES
from acquisition.rig.empty_plate import READS_N
from processing.force.faults.plate_fault import PlateFault

if TYPE_CHECKING:
    from collections.abc import Collection


NO_COP = frozenset({PlateFault.OFF_PLATE, PlateFault.NO_MOMENTS})
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


def wrong_cops(faults: Collection[OfPlate]) -> set[str]:
    """Return the sides whose centre of pressure is known to be wrong."""
    if any(fault.kind in OF_EITHER for fault in faults):
        return set(SIDES)
    return {fault.side for fault in faults if fault.kind in NO_COP}


def off_pct(zeros: Collection[EmptyPlate], weight_N: float) -> float:
    """Return how much of the body weight plates read with nobody on them that was not taken off, in %."""
    off_N = {side: max((zero.off_N for zero in zeros if zero.side == side), default=0.0) for side in SIDES}
    known_N = sum(off for off in off_N.values() if off > READS_N)
    return 100.0 * known_N / weight_N if weight_N > 0.0 and math.isfinite(weight_N) else 0.0
