"""Clocks: from the sample numbers of a stream to the time of the host, by a fitted line; the samples stay where they are.

A block arrives after its newest sample was taken, sometimes long after, never before. So the line lies below all arrivals, as
close to them as it can (S. B. Moon, P. Skelly, D. Towsley: Estimation and removal of clock skew from network delay
measurements, INFOCOM 1999): blocks that were late do not bend it, however many. Each segment of a device's clock (it was
started anew) has an offset of its own; the rate is the crystal's, and shared.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from hardware.source import CRYSTAL_OFF

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from acquisition.timebase.arrivals import Arrivals, Segment
    from hardware.arrays import Floats

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

    def numbered_from(self, first: int) -> Clock:
        """Return the same clock for samples that are numbered from one of them on, which is 0 then."""
        segment = int(np.searchsorted(self.first_index[1:], first, side="right"))
        begins = np.concatenate([np.zeros(1, np.int64), self.first_index[segment + 1 :] - first])
        return replace(self, first_index=begins, offset_s=self.offset_s[segment:] + first / self.rate_hz)


def fit(arrivals: Arrivals) -> Clock:
    """Fit the line of a stream to its arrivals; without any the clock starts at 0 with the nominal rate."""
    nominal_hz, segments = arrivals.nominal_hz, arrivals.segments
    if not segments:
        return Clock(nominal_hz, np.zeros(1, np.int64), np.zeros(1), float("nan"), SyncLevel.NONE)
    slope = _shared_slope(arrivals, LEAST_S)
    if not slope:
        slope = _shared_slope(arrivals, SHORTEST_S)
        if not _is_no_crystal(slope, arrivals):
            slope = 0.0
    offset_s = _offsets_s(slope, segments)
    newest_s, delay_s, segment = arrivals.sampled()
    residual_s = float(np.percentile(delay_s - slope * newest_s - offset_s[segment], 99))
    first = np.array([segment.first_index for segment in segments], np.int64)
    return Clock(nominal_hz / (1 + slope), first, offset_s, residual_s, SyncLevel.HOST)


def _offsets_s(slope: float, segments: Sequence[Segment]) -> Floats:
    """Return the delay of each segment's line where its sample number is 0: no block comes before it."""
    return np.array([(delay_s - slope * at_s).min() for at_s, delay_s in (segment.hull() for segment in segments)])


def _is_no_crystal(slope: float, arrivals: Arrivals) -> bool:
    """Return whether a slope over a short time is steeper than a crystal and uneven arrival explain."""
    newest_s, delay_s, segment = arrivals.sampled()
    late_s = float(np.median(delay_s - slope * newest_s - _offsets_s(slope, arrivals.segments)[segment]))
    span_s = float(arrivals.segments[-1].hull()[0][-1] - arrivals.segments[0].hull()[0][0])
    return abs(slope) > CRYSTAL_OFF + 2.0 * late_s / max(span_s, SHORTEST_S)


def _shared_slope(arrivals: Arrivals, least_s: float) -> float:
    """Return how much a nominal second really lasts, minus 1, by the segments of at least `least_s`; 0 without one.

    What the delays lie above the lines is, in sum, convex in the slope; so its minimum is found by the sign of its derivative.
    """
    long = [segment for segment in arrivals.segments if segment.seconds >= least_s]
    if not long:
        return 0.0
    hulls = [(s.blocks, s.middle_index / arrivals.nominal_hz, *s.hull()) for s in long]
    low, high = SLOPES
    while high - low > 1e-12:
        slope = (low + high) / 2
        pull = sum(blocks * (at_s[np.argmin(delay_s - slope * at_s)] - middle_s) for blocks, middle_s, at_s, delay_s in hulls)
        low, high = (low, slope) if pull > 0 else (slope, high)
    return (low + high) / 2
