"""Plots of a report: series over time as paths of an inline picture, so that a report is one file that opens anywhere."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hardware.severity import Severity

WIDTH, HEIGHT = 1060.0, 190.0
LEFT, RIGHT, TOP, BOTTOM = 58.0, 8.0, 8.0, 24.0
POINTS = 1000


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
            for part in self._bins(series):
                known = series.values[part][np.isfinite(series.values[part])]
                low, high = min(low, known.min(initial=math.inf)), max(high, known.max(initial=-math.inf))
        margin = 0.05 * (high - low) or 1.0
        return low - margin, high + margin

    def x(self, time_s: float) -> float:
        """Return the place of a time, in the picture's own units."""
        return LEFT + (WIDTH - LEFT - RIGHT) * time_s / max(self.seconds, 1e-9)

    def y(self, value: float) -> float:
        """Return the place of a value, in the picture's own units."""
        low, high = self.value_range
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)

    def value_marks(self) -> list[float]:
        """Return the round values at which the value axis is labelled."""
        return round_marks(*self.value_range, 5)

    def time_marks(self) -> list[float]:
        """Return the round times at which the time axis is labelled."""
        return round_marks(0.0, self.seconds, 10)

    def _bins(self, series: Series) -> list[slice]:
        """Return the rows of a series in each bin of time that has any."""
        ends_s = self.seconds / POINTS * np.arange(1, POINTS)
        cuts = [0, *np.searchsorted(series.time_s, ends_s), len(series.time_s)]
        return [slice(int(begin), int(end)) for begin, end in pairwise(cuts) if begin < end]

    def path(self, series: Series) -> str:
        """Return a series as the `d` of a path: of each bin of time the least and the greatest value that is known.

        In a long session a bin holds many seconds, and a ratio that is undefined between the repetitions must not vanish.
        """
        pieces: list[str] = []
        pen = "M"
        for part in self._bins(series):
            values = series.values[part]
            known = np.flatnonzero(np.isfinite(values))
            if not len(known):
                pen = "M"
                continue
            if known[0] > 0:
                pen = "M"
            least, most = known[np.argmin(values[known])], known[np.argmax(values[known])]
            for row in sorted({int(least), int(most)}):
                pieces.append(f"{pen}{self.x(series.time_s[part.start + row]):.1f} {self.y(values[row]):.1f}")
                pen = "L"
            if known[-1] < len(values) - 1:
                pen = "M"
        return "".join(pieces)


def round_marks(low: float, high: float, most: int) -> list[float]:
    """Return about `most` round numbers from `low` to `high`."""
    rough = (high - low) / most
    if not rough > 0:
        return [low]
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= rough)
    first = math.ceil(low / step)
    return [round(n * step, 10) for n in range(first, math.floor(high / step) + 1)]
