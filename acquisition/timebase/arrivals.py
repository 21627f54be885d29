"""Arrivals: what a clock is fitted to, of all ticks of a stream, in the same memory for a minute and for a day.

A line that lies below all arrivals touches their lower convex hull (A. M. Andrew: Another efficient algorithm for convex hulls
in two dimensions, Information Processing Letters 9(5), 1979), so of each segment the hull is kept, and how many blocks came and
where their middle is. How late blocks were beside the line is told by an even sample of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hardware.arrays import Floats

SAMPLED = 1 << 16
"""Beyond so many sampled blocks, every second is dropped: all of the first 20 minutes, one in 64 of a day."""
LEAST_ROOM, MOST_CORNERS = 64, 2048
"""A hull with more corners, as of a crystal that warms up, loses those that stand out least, by far less than arrivals vary."""


@dataclass(slots=True)
class Segment:
    """Blocks of one segment of a device's clock.

    `first_index`: the number of its first sample, `next_index` that after its last one. `newest_sum`: the sum of the numbers
    of its blocks' newest samples. The hull's `corners`, of which so many are `held`, are those numbers in nominal seconds, and
    how much later than these the blocks came, in s.
    """

    first_index: int
    next_index: int = 0
    blocks: int = 0
    newest_sum: int = 0
    held: int = 0
    corners: Floats = field(default_factory=lambda: np.empty((2, LEAST_ROOM)))

    def add(self, newest: NDArray[np.int64], newest_s: Floats, delay_s: Floats) -> None:
        """Take blocks in the order in which they came; how they are portioned changes nothing."""
        self.next_index = int(newest[-1]) + 1
        self.blocks += len(newest)
        self.newest_sum += int(newest.sum())
        taken = 0
        while taken < len(newest):
            self.held, taken = _take(self.corners, self.held, newest_s, delay_s, taken)
            if self.held > MOST_CORNERS:
                self._thin()
            elif taken < len(newest):
                more = np.empty((2, min(2 * self.corners.shape[1], MOST_CORNERS + 1)))
                more[:, : self.held] = self.corners[:, : self.held]
                self.corners = more

    def _thin(self) -> None:
        """Drop those corners that stand out least, and no two beside each other."""
        x, y = self.hull()
        dropped = np.arange(1, len(x) - 1, 2)
        share = (x[dropped] - x[dropped - 1]) / (x[dropped + 1] - x[dropped - 1])
        out_s = y[dropped - 1] + share * (y[dropped + 1] - y[dropped - 1]) - y[dropped]
        dropped = dropped[np.argsort(out_s, kind="stable")[: len(dropped) // 2]]
        self.held = len(x) - len(dropped)
        self.corners[0, : self.held], self.corners[1, : self.held] = np.delete(x, dropped), np.delete(y, dropped)

    @property
    def middle_index(self) -> float:
        """The mean of the numbers of its blocks' newest samples."""
        return self.newest_sum / self.blocks

    @property
    def seconds(self) -> float:
        """Its length in nominal seconds, from the first block to the last."""
        x, _ = self.hull()
        return float(x[-1] - x[0])

    def hull(self) -> tuple[Floats, Floats]:
        """Return the corners of its hull, its ends first and last: nominal seconds of newest samples, and delays in s."""
        x, y = self.corners[:, : self.held]
        return x, y


@njit(nogil=True, cache=True)
def _take(corners: Floats, held: int, at_s: Floats, late_s: Floats, first: int) -> tuple[int, int]:
    """Take blocks from number `first` on into the corners (2, room); return how many are held then, and which block is next.

    It ends before the blocks do where there is no room for one more, or more are held than should be.
    """
    x, y = corners[0], corners[1]
    for i in range(first, len(at_s)):
        while held > 1 and (x[held - 1] - x[held - 2]) * (late_s[i] - y[held - 2]) <= (y[held - 1] - y[held - 2]) * (
            at_s[i] - x[held - 2]
        ):
            held -= 1
        if held == len(x):
            return held, i
        x[held], y[held] = at_s[i], late_s[i]
        held += 1
        if held > MOST_CORNERS:
            return held, i + 1
    return held, len(at_s)


class Arrivals:
    """What the ticks (TICK) of one stream say about its clock, taken as they come."""

    def __init__(self, nominal_hz: float) -> None:
        self.nominal_hz = nominal_hz
        self.segments: list[Segment] = []
        self.blocks = 0
        self._number: int | None = None
        self._every = 1
        self._sampled = np.empty((SAMPLED, 3))
        self._held = 0
        _take(np.empty((2, 1)), 0, np.empty(0), np.empty(0), 0)  # compiled now, and not when the first block comes

    @classmethod
    def of(cls, ticks: NDArray[np.void], nominal_hz: float) -> Arrivals:
        """Return those of ticks that are all there, from the stream's beginning on."""
        arrivals = cls(nominal_hz)
        arrivals.add(ticks, 0)
        return arrivals

    def add(self, ticks: NDArray[np.void], first_row: int) -> None:
        """Take ticks in the order in which their blocks came; the first block begins at `first_row`."""
        if not len(ticks):
            return
        rows = np.diff(ticks["row"], prepend=first_row)
        newest = ticks["index"] - 1
        newest_s = newest / self.nominal_hz
        delay_s = ticks["host_s"] - newest_s
        starts = np.concatenate([[0], np.flatnonzero(np.diff(ticks["segment"])) + 1])
        for start, end in zip(starts, [*starts[1:], len(ticks)], strict=True):
            if start or self._number != int(ticks["segment"][0]):
                self.segments.append(Segment(int(ticks["index"][start] - rows[start])))
            part = slice(start, end)
            self.segments[-1].add(newest[part], newest_s[part], delay_s[part])
            self._sample(newest_s[part], delay_s[part])
        self._number = int(ticks["segment"][-1])

    @property
    def span_s(self) -> float:
        """The host time from the first block to the last one."""
        (first_s, first_late_s), (last_s, last_late_s) = (self.segments[at].hull() for at in (0, -1))
        return float(last_s[-1] + last_late_s[-1] - first_s[0] - first_late_s[0])

    def sampled(self) -> tuple[Floats, Floats, NDArray[np.int64]]:
        """Return an even sample of all blocks: newest sample in nominal s, delay in s, and which segment each is of."""
        newest_s, delay_s, segment = self._sampled[: self._held].T
        return newest_s, delay_s, segment.astype(np.int64)

    def _sample(self, newest_s: Floats, delay_s: Floats) -> None:
        rows = np.column_stack([newest_s, delay_s, np.full(len(newest_s), len(self.segments) - 1.0)])
        while self._held + len(kept := rows[-self.blocks % self._every :: self._every]) > SAMPLED:
            even = self._sampled[: self._held : 2].copy()
            self._sampled[: len(even)] = even
            self._held, self._every = len(even), 2 * self._every
        self._sampled[self._held : self._held + len(kept)] = kept
        self._held += len(kept)
        self.blocks += len(rows)
