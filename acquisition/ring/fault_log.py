"""The fault log: what went wrong in a session, with time and severity, in its ring, where every screen finds it.

The newest 64 are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from acquisition.ring.log_table import LogTable
from hardware.host_clock import host_now_s
from hardware.severity import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

ABOUT_BYTES, SENTENCE_BYTES = 64, 512
FAULT = np.dtype([("host_s", "<f8"), ("severity", "<i8"), ("about", f"S{ABOUT_BYTES}"), ("sentence", f"S{SENTENCE_BYTES}")])
"""One fault as a ring keeps it: when (`host_now_s()`), how severe, whom it is about, and a full sentence."""
ABOUT_LIMITS = "limits"
"""Limits that were changed by hand, or were refused, are told here as well, as faults that are none."""
KEPT = 64
COUNT = 2
"""Which number of `/session` counts the faults that were told."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that went wrong in a session; `about` is a stream, a follower or `disk`."""

    host_s: float
    severity: Severity
    about: str
    sentence: str


class TellsFaults(Protocol):
    """Somebody to whom a fault can be told."""

    def tell(self, severity: Severity, about: str, sentence: str) -> None:
        """Take a fault."""


class FaultsOfSamples:
    """Tells a fault log what was found in samples, at `host_s`, when these had arrived; in a replay that is long ago."""

    def __init__(self, log: FaultLog) -> None:
        self._log = log
        self.host_s = 0.0

    def tell(self, severity: Severity, about: str, sentence: str) -> None:
        """Put a fault behind the others of the log."""
        self._log.tell(severity, about, sentence, self.host_s)


class FaultLog:
    """The faults of one ring; a ring of a version that kept none has an empty one."""

    def __init__(self, table: NDArray[np.void], session: NDArray[Any]) -> None:
        self._rows = LogTable(table, session, COUNT)

    def tell(self, severity: Severity, about: str, sentence: str, host_s: float | None = None) -> None:
        """Put a fault behind the others; what is too long for its slot is cut, and a ring that was closed takes none.

        `host_s`: when it happened, now where that is not given.
        """
        at_s = host_now_s() if host_s is None else host_s
        self._rows.tell((at_s, severity, _cut(about, ABOUT_BYTES), _cut(sentence, SENTENCE_BYTES)))

    def let_go(self) -> None:
        """Let go of the ring's mapping; what is told after that goes nowhere."""
        self._rows.let_go()

    @property
    def count(self) -> int:
        """How many faults were told so far."""
        return self._rows.count

    def read(self, first: int = 0) -> list[Fault]:
        """Return the faults from number `first` on, those of them that are still kept."""
        found = []
        for host_s, severity, about, sentence in self._rows.read(first):
            known = Severity(severity) if severity in tuple(Severity) else Severity.RED
            found.append(Fault(host_s, known, about.decode(errors="replace"), sentence.decode(errors="replace")))
        return found


def _cut(text: str, size: int) -> bytes:
    return text.encode()[:size].decode(errors="ignore").encode()
