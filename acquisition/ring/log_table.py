"""The log table: rows that are told one after the other in a ring, of which it keeps the newest.

They are few, so a lock may stand between those who tell them; readers need none.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from acquisition.ring.fence import fence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class LogTable:
    """The rows of one table; that of a ring of a version that had none is empty, and takes none."""

    def __init__(self, table: NDArray[np.void], session: NDArray[Any], slot: int) -> None:
        """Take a table, and the `slot` in `session` that counts what was told."""
        self._table = table
        self._session = session
        self._slot = slot
        self._lock = threading.Lock()

    def tell(self, row: tuple[object, ...]) -> None:
        """Put a row behind the others."""
        with self._lock:
            if not len(self._table):
                return
            count = int(self._session[self._slot])
            self._table[count % len(self._table)] = row
            fence()
            self._session[self._slot] = count + 1

    def let_go(self) -> None:
        """Let go of the ring's mapping; what is told after that goes nowhere."""
        with self._lock:
            self._table, self._session = self._table[:0].copy(), self._session.copy()

    @property
    def count(self) -> int:
        """How many rows were told so far."""
        return int(self._session[self._slot]) if len(self._table) else 0

    def read(self, first: int = 0) -> list[tuple[Any, ...]]:
        """Return the rows from number `first` on, those of them that are still kept."""
        count = self.count
        fence()
        return [self._table[n % len(self._table)].item() for n in range(max(first, count - len(self._table)), count)]
