"""The mark log: what somebody marked in a session as it happened, in its ring, where recorder and screens find it.

A mark stands at a sample of the rig's first stream. The newest 256 are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from acquisition.ring.log_table import LogTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

LABEL_BYTES = 64
MARK = np.dtype([("sample", "<i8"), ("label", f"S{LABEL_BYTES}")])
"""One mark as rings and recordings keep it: a sample of the rig's first stream, and a label in UTF-8."""
KEPT = 256
COUNT = 4
"""Which number of `/session` counts the marks."""


class Mark(NamedTuple):
    """A mark: at which sample of the rig's first stream, and what it is called."""

    sample: int
    label: str


class MarkLog:
    """The marks of one ring; a ring of a version that kept none has an empty one, and takes none."""

    def __init__(self, table: NDArray[np.void], session: NDArray[Any]) -> None:
        self._rows = LogTable(table, session, COUNT)

    def put(self, sample: int) -> None:
        """Put a mark at a sample, called by its number."""
        self._rows.tell((sample, f"mark {self.count + 1}".encode()))

    def let_go(self) -> None:
        """Let go of the ring's mapping; what is put after that goes nowhere."""
        self._rows.let_go()

    @property
    def count(self) -> int:
        """How many marks were put so far."""
        return self._rows.count

    def read(self, first: int = 0) -> list[Mark]:
        """Return the marks from number `first` on, those of them that are still kept."""
        return [Mark(sample, label.decode(errors="replace")) for sample, label in self._rows.read(first)]
