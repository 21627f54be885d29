"""Frames as they come: the newest in memory, all before them in a file, so that a day takes no more memory than an hour."""

from __future__ import annotations

from contextlib import suppress
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING
from weakref import finalize

import numpy as np

from hardware.arrays import Floats

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

HELD_BYTES = 1 << 20
PIECE_ROWS = 1 << 16


class FrameFile:
    """The rows of one table, (n, `width`), appended one after the other.

    Its file has no name and is gone with the program, however that ends: what it holds can be computed again from the
    recording. Where its disk is full, rows stay in memory, and it is tried again.
    """

    def __init__(self, width: int, folder: Path | None = None) -> None:
        """Begin without a row; the file will be in `folder`, or among the system's temporary ones."""
        self._width = width
        self._folder = folder
        self._held: list[Floats] = []
        self._held_rows = 0
        self._file: IO[bytes] | None = None
        self._written_rows = 0
        self._next_try_rows = self._most_held_rows = max(1, HELD_BYTES // (8 * width))

    def append(self, rows: Floats) -> None:
        """Take rows, which are kept as they are."""
        self._held.append(rows)
        self._held_rows += len(rows)
        if self._held_rows >= self._next_try_rows:
            with suppress(OSError):
                self._write()
            self._next_try_rows = self._held_rows + self._most_held_rows

    def rows(self) -> Floats:
        """Return all rows so far, (n, width), those in the file mapped and not copied."""
        if self._file is not None and self._held_rows:
            with suppress(OSError):
                self._write()
        held = np.concatenate([np.empty((0, self._width)), *self._held])
        if self._file is None or not self._written_rows:
            return held
        written = np.asarray(np.memmap(self._file, np.float64, "r", shape=(self._written_rows, self._width)))
        return np.concatenate([written, held]) if len(held) else written

    def withdraw(self, columns: Sequence[int], first: float, last: float) -> None:
        """Make these columns NaN in the rows whose first column is from `first` on and below `last`."""
        parts = list(self._held)
        if self._file is not None and self._written_rows:
            written = np.memmap(self._file, np.float64, "r+", shape=(self._written_rows, self._width))
            parts += list(pieces(written))
        for part in parts:
            rows = np.flatnonzero((part[:, 0] >= first) & (part[:, 0] < last))
            part[rows[:, None], np.asarray(columns, dtype=np.int64)] = np.nan

    def _write(self) -> None:
        if self._file is None:
            self._file = TemporaryFile(buffering=0, dir=self._folder)  # noqa: SIM115 - open as long as this is
            finalize(self, self._file.close)
        content = memoryview(np.concatenate(self._held).tobytes())
        self._file.seek(self._written_rows * self._width * 8)
        while content:
            content = content[self._file.write(content) :]
        self._written_rows += self._held_rows
        self._held, self._held_rows = [], 0


def pieces(rows: Floats) -> Iterator[Floats]:
    """Yield rows in order, PIECE_ROWS at a time."""
    for row in range(0, len(rows), PIECE_ROWS):
        yield rows[row : row + PIECE_ROWS]
