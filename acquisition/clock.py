"""Clocks: from the sample numbers of a stream to the time of the host, by a fitted line; the samples stay where they are.

A block arrives after its newest sample was taken, sometimes long after, never before. So the line follows the blocks that
came with the least delay: of every stretch of the session the earliest one, then a straight line through those. Each segment
of a device's clock (it was started anew) has an offset of its own; the rate is the crystal's, and shared.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

STRETCHES = 256
LEAST_S = 30.0
"""Below this length the nominal rate is kept: the delays say more about the host than about the crystal."""


class SyncLevel(StrEnum):
    """How well a stream's time is known."""

    EDGES = "edges"
    HOST = "host"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Clock:
    """A stream's line, host time = offset_s + index / rate_hz, for each segment of its device's clock.

    `first_index` is the number of each segment's first sample, `residual_s` the 99th percentile of the delays beyond the line.
    """

    rate_hz: float
    first_index: NDArray[np.int64]
    offset_s: NDArray[np.float64]
    residual_s: float
    level: SyncLevel

    def host_s(self, index: NDArray[np.float64] | NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the host time of sample numbers, which may be fractions; NaN stays NaN."""
        segment = np.searchsorted(self.first_index[1:], index, side="right")
        return np.asarray(self.offset_s[segment] + np.asarray(index) / self.rate_hz)


def fit(ticks: NDArray[np.void], nominal_hz: float) -> Clock:
    """Fit the line of a stream to its ticks; without ticks the clock starts at 0 with the nominal rate.

    A tick gives the number after a block's newest sample, and when the block came.
    """
    if not len(ticks):
        return Clock(nominal_hz, np.zeros(1, np.int64), np.zeros(1), float("nan"), SyncLevel.NONE)
    index = ticks["index"].astype(np.float64)
    newest_s = (index - 1) / nominal_hz
    delay = ticks["host_s"] - newest_s
    starts = np.concatenate([[0], np.flatnonzero(np.diff(ticks["segment"])) + 1])
    segment = np.searchsorted(starts, np.arange(len(ticks)), side="right") - 1

    slope = _shared_slope(newest_s, delay, starts)
    straight = delay - slope * newest_s
    offset = np.minimum.reduceat(straight, starts)
    residual = float(np.percentile(straight - offset[segment], 99))
    blocks = np.diff(ticks["row"], prepend=0)
    first = (ticks["index"] - blocks)[starts].astype(np.int64)
    return Clock(nominal_hz / (1 + slope), first, offset, residual, SyncLevel.HOST)


def _shared_slope(newest_s: NDArray[np.float64], delay: NDArray[np.float64], starts: NDArray[np.int64]) -> float:
    """Return how much a nominal second really lasts, minus 1, from the least delayed blocks of every stretch."""
    x, y = [], []
    for begin, end in zip(starts, [*starts[1:], len(newest_s)], strict=True):
        span = newest_s[end - 1] - newest_s[begin]
        if span < LEAST_S:
            continue
        edges = np.linspace(newest_s[begin], newest_s[end - 1], min(STRETCHES, (end - begin) // 8 + 1) + 1)[1:-1]
        cuts = np.unique(np.concatenate([[0], np.searchsorted(newest_s[begin:end], edges)]))
        cuts = cuts[cuts < end - begin]
        for low, high in zip(cuts, [*cuts[1:], end - begin], strict=True):
            best = begin + low + int(np.argmin(delay[begin + low : begin + high]))
            x.append(newest_s[best])
            y.append(delay[best])
        x_part, y_part = np.array(x[-len(cuts) :]), np.array(y[-len(cuts) :])
        x[-len(cuts) :] = list(x_part - x_part.mean())
        y[-len(cuts) :] = list(y_part - y_part.mean())
    if not x:
        return 0.0
    return _robust_slope(np.array(x), np.array(y))


def _robust_slope(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Fit y = slope x + c, leaving out step by step what lies far above the line: blocks that were late all the same."""
    keep = np.ones(len(x), bool)
    slope = 0.0
    for _ in range(8):
        slope, intercept = np.polyfit(x[keep], y[keep], 1)
        above = y - slope * x - intercept
        limit = max(3 * 1.4826 * float(np.median(np.abs(above[keep]))), 1e-6)
        now = np.abs(above) < limit
        if (now == keep).all() or now.sum() < 3:
            break
        keep = now
    return float(slope)
