"""The plate watch tells, while a session runs, of plates that can't measure what they read, and of who can't be weighed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hardware.severity import Severity
from processing.force.faults.plate_fault import sentence_of

if TYPE_CHECKING:
    from acquisition.ring.fault_log import TellsFaults
    from processing.force.chain import ForceChain

UNWEIGHED_S = 15.0
"""Who has been on the plates for so long and could not be weighed is told why."""
LOOK_EVERY = 20
"""Blocks from one look to the next."""


class PlateWatch:
    """Looks at what a session's force chain has found wrong with its plates; each fault is told once."""

    def __init__(self, chain: ForceChain | None, faults: TellsFaults) -> None:
        self._chain = chain
        self._faults = faults
        self._told: set[tuple[str, str, str]] = set()
        self._looks = 0
        self._asked_to_stand = self._told_weight = False

    def look(self) -> None:
        """Tell what has been found since the last look."""
        self._looks += 1
        if self._chain is None or self._looks % LOOK_EVERY:
            return
        stance = self._chain.stance
        if not self._asked_to_stand and stance.unweighed_s > UNWEIGHED_S:
            self._asked_to_stand = True
            sentence = f"The lifter could not be weighed yet: {stance.refused}. Have the lifter stand still on both plates."
            self._faults.tell(Severity.AMBER, "weight", sentence)
        elif self._asked_to_stand and stance.stances and not self._told_weight:
            self._told_weight = True
            self._faults.tell(Severity.FINE, "weight", f"The lifter is weighed: {stance.body_weight_N:.0f} N.")
        for fault in self._chain.faults:
            key = (fault.side, fault.kind, fault.channel)
            if key not in self._told:
                self._told.add(key)
                sentence = sentence_of(fault.kind, fault.side, fault.channel, fault.seconds, fault.value)
                self._faults.tell(Severity.AMBER, f"{fault.side} plate", sentence)
