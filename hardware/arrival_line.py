"""The arrival line: when each sample of a stream can come at the earliest, from when earlier ones came.

A row comes after it was measured, sometimes long after, never before; so the line lies below all of them. Its slope is the
rate that the device really has, whatever its nominal one.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TypeVar

import numpy as np

from hardware.arrays import Floats

Number = TypeVar("Number", float, Floats)

POINT_S = 0.25
POINTS = 40
POINTS_FOR_A_RATE = 20
LEAST_POINTS = 4
"""Fewer points tell no slope; the nominal rate stands in for it until then."""
NOMINAL, NOMINAL_SHARE = 2e-3, 0.3
UNSURE = 4.0
"""A line that leaves the nominal rate by less than so many times the jitter, from first to last point, is that rate's."""
MOST_TIMES = 10.0
"""A rate this many times the nominal one, or its inverse, is none."""


class ArrivalLine:
    """The line through the least late row of each quarter of a second, over the last 40 of them.

    `period_s` is the time from sample to sample, `jitter_s` how late those rows usually come, `spacing_s` how long it takes at
    least until the next of them. The slope is the median of the slopes between all pairs of them (Theil 1950; Sen 1968,
    Journal of the American Statistical Association 63(324):1379-1389), which a few late ones do not bend.
    """

    def __init__(self, rate_hz: float, least_points: int = LEAST_POINTS) -> None:
        """Begin with the nominal rate, which stands until there are `least_points`."""
        self._nominal_s = 1.0 / rate_hz
        self._least_points = least_points
        self._points: deque[tuple[float, float]] = deque(maxlen=POINTS)
        self._open: tuple[float, float] | None = None
        self._begin_s = 0.0
        self._start_s = np.inf
        self.period_s = self._nominal_s
        self.jitter_s = 0.0
        self.spacing_s = POINT_S

    @property
    def knows_its_slope(self) -> bool:
        """Whether there are points enough for a slope."""
        return len(self._points) >= self._least_points

    def rate_off(self) -> float:
        """Return by which share the rate is off its nominal one, beyond what uneven arrival explains; 0 where that is all."""
        if len(self._points) < POINTS_FOR_A_RATE:
            return 0.0
        span_s = self._points[-1][1] - self._points[0][1]
        off = self._nominal_s / self.period_s - 1.0
        unsure = UNSURE * self.jitter_s / span_s
        return math.copysign(max(0.0, abs(off) - unsure), off)

    def add(self, indices: Floats, times_s: Floats) -> None:
        """Take rows that came, one or more, by index and time; neither falls."""
        closed = len(self._points)
        for index, time_s in self._least_late(indices, times_s):
            if self._open is None:
                self._open, self._begin_s = (index, time_s), time_s
            elif self._above_s(index, time_s) < self._above_s(*self._open):
                self._open = index, time_s
            self._start_s = min(self._start_s, self._above_s(index, time_s))
            if time_s - self._begin_s >= POINT_S:
                self._points.append(self._open)
                closed, self._open = -1, None
        if closed < 0:
            self._fit()

    def learn_from(self, indices: Floats, times_s: Floats, least_loss_s: float) -> bool:
        """Take the slope from these rows and those before them, between which samples may be lost; False for too few.

        A loss spoils one slope between neighbours, and so not their median. Where a third of them are nominal, the rate is;
        but not where more of them are off it by less than `least_loss_s`, for those are no losses.
        """
        earlier = [*self._points, *([self._open] if self._open is not None else [])]
        points = [*earlier, *self._least_late(indices, times_s)]
        if len(points) <= self._least_points or points[-1][1] - points[0][1] < self._least_points * POINT_S:
            return False
        index, time_s = (np.array(column) for column in zip(*points, strict=True))
        slopes = np.diff(time_s) / np.diff(index)
        nominal = np.abs(slopes / self._nominal_s - 1.0) < NOMINAL
        no_loss = np.abs(np.diff(time_s - index * self._nominal_s)) < least_loss_s
        is_nominal = nominal.mean() > NOMINAL_SHARE and nominal.sum() > (no_loss & ~nominal).sum()
        self._turn(float(np.median(slopes[nominal] if is_nominal else slopes)))
        steps_s = np.diff(time_s - index * self.period_s)
        self.jitter_s = float(np.median(np.abs(steps_s - np.median(steps_s))))
        before = slice(max(1, len(earlier)))
        self._start_s = float((time_s[before] - index[before] * self.period_s).min())
        return True

    def late_s(self, index: Number, time_s: Number) -> Number:
        """Return by how many seconds one or more samples came later than the fastest do."""
        return time_s - index * self.period_s - self._start_s

    def index_at(self, time_s: float) -> int:
        """Return which sample is expected at a time."""
        return round((time_s - self._start_s) / self.period_s)

    def _above_s(self, index: float, time_s: float) -> float:
        return time_s - index * self.period_s

    def _least_late(self, indices: Floats, times_s: Floats) -> list[tuple[float, float]]:
        """Return the least late of each quarter of a second."""
        if len(times_s) == 1:
            return [(float(indices[0]), float(times_s[0]))]
        quarter = np.floor((times_s - times_s[0]) / POINT_S)
        above_s = times_s - indices * self.period_s
        by_quarter = np.lexsort((above_s, quarter))
        first = np.append(True, np.diff(quarter[by_quarter]) > 0)
        found = by_quarter[first]
        return list(zip(indices[found].tolist(), times_s[found].tolist(), strict=True))

    def _fit(self) -> None:
        index, time_s = (np.array(column) for column in zip(*self._points, strict=True))
        if self.knows_its_slope:
            i, j = np.triu_indices(len(index), 1)
            self._turn(float(np.median((time_s[j] - time_s[i]) / (index[j] - index[i]))))
            self.spacing_s = max(POINT_S, float(np.min(np.diff(time_s))))
            if abs(self.period_s - self._nominal_s) * (index[-1] - index[0]) < UNSURE * self._jitter_of(index, time_s):
                self._turn(self._nominal_s)  # uneven arrival alone makes as steep a line of so few points
        above_s = time_s - index * self.period_s
        self._start_s = float(above_s.min())
        self.jitter_s = self._jitter_of(index, time_s)

    def _jitter_of(self, index: Floats, time_s: Floats) -> float:
        least_s, usual_s, late_s = np.quantile(time_s - index * self.period_s, [0.0, 0.5, 0.8])
        return float(max(usual_s - least_s, (late_s - least_s) / 2.0))  # half of so few points can lie in line by chance

    def _turn(self, period_s: float) -> None:
        self.period_s = min(max(period_s, self._nominal_s / MOST_TIMES), self._nominal_s * MOST_TIMES)
