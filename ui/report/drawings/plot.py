"""Plots of a report: series over time as paths of an inline picture, so that a report is one file that opens anywhere."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from hardware.severity import Severity

WIDTH, HEIGHT = 1060.0, 190.0
LEFT, RIGHT, TOP, BOTTOM = 58.0, 8.0, 8.0, 24.0
POINTS = 1000
Number = TypeVar("Number", float, NDArray[np.float64])


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a plot; NaN breaks it."""

    name: str
    time_s: NDArray[np.float64]
    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Span:
    """The time in which a flag was up."""

    start_s: float
    end_s: float
    severity: Severity
    label: str


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of a rule, drawn as a dashed line."""

    severity: Severity
    value: float


@dataclass(frozen=True)
class Plot:
    """One picture; `formulas` say how its numbers are computed. Its axis always shows the limits and what it `includes`.

    `marked`: what somebody marked, by time and label.
    """

    title: str
    unit: str
    formulas: list[str]
    seconds: float
    series: list[Series]
    limits: list[Limit] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    includes: tuple[float, ...] = (0.0,)
    marked: list[tuple[float, str]] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether there is no number to draw."""
        return not any(np.isfinite(series.values).any() for series in self.series)

    @cached_property
    def value_range(self) -> tuple[float, float]:
        """Return the lower and upper end of the value axis."""
        always = np.array([*self.includes, *(limit.value for limit in self.limits)])
        low, high = float(always.min(initial=math.inf)), float(always.max(initial=-math.inf))
        for series in self.series:
            known = np.isfinite(series.values)
            low = min(low, float(series.values.min(initial=math.inf, where=known)))
            high = max(high, float(series.values.max(initial=-math.inf, where=known)))
        margin = 0.05 * (high - low) or 1.0
        return low - margin, high + margin

    def x(self, time_s: Number) -> Number:
        """Return where a time lies, in the picture's own units."""
        return LEFT + (WIDTH - LEFT - RIGHT) * time_s / max(self.seconds, 1e-9)

    def y(self, value: Number) -> Number:
        """Return where a value lies, in the picture's own units."""
        low, high = self.value_range
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)

    def value_marks(self) -> list[float]:
        """Return the round values at which the value axis is labelled."""
        return round_marks(*self.value_range, 5)

    def time_marks(self) -> list[float]:
        """Return the round times at which the time axis is labelled."""
        return round_marks(0.0, self.seconds, 10)

    def path(self, series: Series) -> str:
        """Return a series as the `d` of a path: of each bin of time the least and the greatest value that is known.

        In a long session a bin holds many seconds, and a ratio that is undefined between the repetitions must not vanish.
        """
        values, known = series.values, np.isfinite(series.values)
        ends_s = self.seconds / POINTS * np.arange(1, POINTS)
        begin = np.unique([0, *np.searchsorted(series.time_s, ends_s)])
        begin = begin[begin < len(values)]  # of each bin that has any row
        if not len(begin):
            return ""
        bins = np.repeat(np.arange(len(begin)), np.diff([*begin, len(values)]))
        rows = np.union1d(*(_greatest(sign * values, known, begin, bins) for sign in (-1.0, 1.0)))
        first = np.diff(bins[rows], prepend=-1) > 0
        pen_up = first & ~(known[begin] & known[begin - 1])[bins[rows]]
        pen_up[:1] = True
        drawn = zip(pen_up.tolist(), self.x(series.time_s[rows]).tolist(), self.y(values[rows]).tolist(), strict=True)
        return "".join(f"{'M' if up else 'L'}{x:.1f} {y:.1f}" for up, x, y in drawn)


def _greatest(
    values: NDArray[np.float64], known: NDArray[np.bool_], begin: NDArray[np.int64], bins: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the row of the greatest known value of each bin that has one, the first of several."""
    values = np.where(known, values, -np.inf)
    rows = np.flatnonzero(known & (values == np.maximum.reduceat(values, begin)[bins]))
    return rows[np.diff(bins[rows], prepend=-1) > 0]


def round_marks(low: float, high: float, most: int) -> list[float]:
    """Return about `most` round numbers from `low` to `high`."""
    rough = (high - low) / most
    if not rough > 0:
        return [low]
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= rough)
    first = math.ceil(low / step)
    return [round(n * step, 10) for n in range(first, math.floor(high / step) + 1)]
