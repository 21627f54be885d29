"""The plots of a report: nothing is drawn outside, every extreme is drawn, what is unknown is a gap."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ui.report.drawings.plot import HEIGHT, LEFT, WIDTH, Limit, Plot, Series, round_marks

NAN = math.nan


def plot(values, seconds: float = 10.0, limits=(), **changes) -> Plot:
    values = np.asarray(values, dtype=float)
    series = Series("left", np.linspace(0, seconds, len(values), endpoint=False), values)
    return Plot("title", "N", [], seconds, [series], list(limits), [], **changes)


def points(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path)]


numbers = st.one_of(st.floats(-1e6, 1e6), st.just(NAN), st.just(math.inf))


@given(arrays(float, st.integers(0, 3000), elements=numbers))
def test_everything_drawn_lies_in_the_picture(values):
    drawn = plot(values)
    for x, y in points(drawn.path(drawn.series[0])):
        assert LEFT <= x <= WIDTH
        assert 0 <= y <= HEIGHT
    assert drawn.empty == (not np.isfinite(values).any())


@given(st.integers(1, 20000), st.integers(0, 10**9))
def test_no_peak_is_lost_however_long_the_session(count, where):
    values = np.zeros(count)
    values[where % count] = 100.0
    drawn = plot(values)
    highest = min(y for _, y in points(drawn.path(drawn.series[0])))
    assert highest == pytest.approx(drawn.y(100.0), abs=0.06)


def test_what_is_unknown_breaks_the_line():
    drawn = plot([1.0, 1.0, NAN, 1.0, 1.0])
    assert re.findall("[ML]", drawn.path(drawn.series[0])) == ["M", "L", "M", "L"]


def test_a_ratio_that_comes_and_goes_is_drawn_however_long_the_session():
    """40 frames to a bin, of which the first and the last few are undefined; each bin is a stroke of its own."""
    values = np.tile([NAN] * 5 + [1.0] * 20 + [3.0] * 10 + [NAN] * 5, 1000)
    drawn = plot(values)
    path = drawn.path(drawn.series[0])
    assert re.findall("[ML]", path) == ["M", "L"] * 1000
    heights = {y for _, y in points(path)}
    assert heights == {round(drawn.y(1.0), 1), round(drawn.y(3.0), 1)}


def test_limits_are_always_in_the_picture():
    drawn = plot([1.0, 2.0], limits=[Limit("red", 40.0), Limit("amber", -30.0)])
    assert 0 < drawn.y(40.0) < drawn.y(-30.0) < HEIGHT


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9), st.integers(3, 12))
def test_marks_are_round_rising_and_within(low, span, most):
    high = low + span
    marks = round_marks(low, high, most)
    if span > 1e-6 * max(1.0, abs(low)):
        assert 1 <= len(marks) <= most + 1
    assert marks == sorted(marks)
    assert all(low - 1e-9 * abs(low) - 1e-9 <= mark <= high + 1e-9 * abs(high) + 1e-9 for mark in marks)


def test_marks_of_a_usual_axis():
    assert round_marks(0, 30, 10) == [0, 5, 10, 15, 20, 25, 30]
    assert round_marks(-12.6, 12.6, 5) == [-10, 0, 10]
    assert round_marks(0, 0, 10) == [0]
