"""Clocks: from the sample numbers of a stream to the time of the host, by a fitted line; the samples stay where they are.

A block arrives after its newest sample was taken, sometimes long after, never before. So the line lies below all arrivals, as
close to them as it can (S. B. Moon, P. Skelly, D. Towsley: Estimation and removal of clock skew from network delay
measurements, INFOCOM 1999): blocks that were late do not bend it, however many. Each segment of a device's clock (it was
started anew) has an offset of its own; the rate is the crystal's, and shared.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from hardware.source import CRYSTAL_OFF

if TYPE_CHECKING:
    from numpy.typing import NDArray

SLOPES = (-0.9, 9.0)
"""How much longer than a nominal second a real one may be, at least and at most: a rate ten times too high or too low."""
LEAST_S = 30.0
"""Below this length the nominal rate is kept, unless it is off by more than a crystal and the delays explain: these say more
about the host than about the crystal."""
SHORTEST_S = 3.0


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

    slope = _shared_slope(newest_s, delay, starts, LEAST_S)
    if not slope:
        slope = _shared_slope(newest_s, delay, starts, SHORTEST_S)
        if not _is_no_crystal(slope, newest_s, delay, segment, starts):
            slope = 0.0
    straight = delay - slope * newest_s
    offset = np.minimum.reduceat(straight, starts)
    residual = float(np.percentile(straight - offset[segment], 99))
    blocks = np.diff(ticks["row"], prepend=0)
    first = (ticks["index"] - blocks)[starts].astype(np.int64)
    return Clock(nominal_hz / (1 + slope), first, offset, residual, SyncLevel.HOST)


def _is_no_crystal(
    slope: float,
    newest_s: NDArray[np.float64],
    delay: NDArray[np.float64],
    segment: NDArray[np.intp],
    starts: NDArray[np.int64],
) -> bool:
    """Return whether a slope over a short time is steeper than a crystal and uneven arrival explain."""
    straight = delay - slope * newest_s
    late_s = float(np.median(straight - np.minimum.reduceat(straight, starts)[segment]))
    return abs(slope) > CRYSTAL_OFF + 2.0 * late_s / max(float(np.ptp(newest_s)), SHORTEST_S)


def _shared_slope(
    newest_s: NDArray[np.float64], delay: NDArray[np.float64], starts: NDArray[np.int64], least_s: float
) -> float:
    """Return how much a nominal second really lasts, minus 1, by the segments of at least `least_s`; 0 without one.

    What the delays lie above the lines is, in sum, convex in the slope; so its minimum is found by the sign of its derivative.
    """
    ends = [*starts[1:], len(newest_s)]
    segments = [slice(a, b) for a, b in zip(starts, ends, strict=True) if newest_s[b - 1] - newest_s[a] >= least_s]
    if not segments:
        return 0.0
    low, high = SLOPES
    while high - low > 1e-12:
        slope = (low + high) / 2
        pull = 0.0
        for segment in segments:
            x = newest_s[segment]
            pull += len(x) * (x[np.argmin(delay[segment] - slope * x)] - x.mean())
        low, high = (low, slope) if pull > 0 else (slope, high)
    return (low + high) / 2
