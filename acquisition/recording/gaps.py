"""Gaps: where samples of a stream are known to be lost, or its device's clock began anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from acquisition.stretches import split_at_gaps

if TYPE_CHECKING:
    from numpy.typing import NDArray

GAP = np.dtype([("row", "<i8"), ("index", "<i8"), ("missing", "<i8"), ("segment", "<i8")])
"""The row and the sample number after a gap, how many samples are missing, and the segment of the clock after it."""


class Gaps:
    """The gaps of one stream, found as its ticks come; samples that were lost before the first row are one at row 0."""

    def __init__(self) -> None:
        self._row = self._index = self._segment = 0
        self._found: list[tuple[int, int, int, int]] = []

    def add(self, ticks: NDArray[np.void]) -> None:
        """Take ticks (TICK) in the order of their rows."""
        for stretch in split_at_gaps(ticks) if len(ticks) else []:
            begins, segment = int(stretch["index"][0] - stretch["row"][0]) + self._row, int(stretch["segment"][0])
            if (begins, segment) != (self._index, self._segment):
                self._found.append((self._row, begins, begins - self._index, segment))
            self._row, self._index, self._segment = int(stretch["row"][-1]), int(stretch["index"][-1]), segment

    def found(self) -> NDArray[np.void]:
        """Return the gaps (GAP) so far."""
        return np.array(self._found, GAP)


def gaps_of(ticks: NDArray[np.void]) -> NDArray[np.void]:
    """Return the gaps (GAP) that all ticks of a stream show."""
    gaps = Gaps()
    gaps.add(ticks)
    return gaps.found()
