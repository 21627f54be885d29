"""The notice board: a text in a ring that a session changes, such as what it asks for right now, where every screen finds it.

One writer changes it, any number of readers look. A counter stands beside the text: odd while it is written, and another one
afterwards, so that nobody reads half of the old text and half of the new.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from acquisition.ring.fence import fence

if TYPE_CHECKING:
    from numpy.typing import NDArray

TEXT_BYTES = 8176
NOTICE = np.dtype([("turn", "<i8"), ("text", f"S{TEXT_BYTES}")])
"""The counter, and the text in UTF-8."""
TRIES = 100


class NoticeBoard:
    """One board of a ring; a ring of a version without it has an empty one, on which nothing can be written."""

    def __init__(self, board: NDArray[np.void]) -> None:
        self._board = board

    def write(self, text: str) -> None:
        """Put a text on the board; raises ValueError where it is too long."""
        content = text.encode()
        if len(content) > TEXT_BYTES:
            raise ValueError(f"a text of {len(content)} bytes does not fit the board of {TEXT_BYTES}")
        if not len(self._board):
            return
        turn = int(self._board["turn"][0])
        self._board["turn"][0] = turn + 1
        fence()
        self._board["text"][0] = content
        fence()
        self._board["turn"][0] = turn + 2

    @property
    def turn(self) -> int:
        """The counter, which is another one once the text is; 0 where there was none yet."""
        return int(self._board["turn"][0]) if len(self._board) else 0

    def read(self) -> str:
        """Return the text; empty where there is none yet, or where it is written so often that none can be had."""
        for _ in range(TRIES if len(self._board) else 0):
            turn = int(self._board["turn"][0])
            fence()
            content = bytes(self._board["text"][0])
            fence()
            if turn % 2 == 0 and int(self._board["turn"][0]) == turn:
                return content.decode(errors="replace")
        return ""

    def let_go(self) -> None:
        """Let go of the ring's mapping; nothing is written or read after that."""
        self._board = self._board[:0].copy()
