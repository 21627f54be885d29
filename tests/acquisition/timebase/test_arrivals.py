"""What is kept of arrivals is enough for the clock, however they were portioned, and no more for a day than for an hour."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from acquisition.stretches import TICK
from acquisition.timebase import clock
from acquisition.timebase.arrivals import MOST_CORNERS, SAMPLED, Arrivals

HZ = 1000.0


def ticks_of(rng, blocks, *, ppm=30.0, jitter_s=0.004, bend=0.0, breaks=()):
    """Make ticks of blocks of 20 rows; `bend` is by how much the crystal slows down, per second; segments begin at `breaks`."""
    ticks = np.zeros(blocks, TICK)
    ticks["row"] = ticks["index"] = 20 * np.arange(1, blocks + 1)
    ticks["segment"] = np.searchsorted(breaks, np.arange(blocks), side="right")
    nominal_s = (ticks["index"] - 1) / HZ
    ticks["host_s"] = 50.0 + nominal_s * (1 - 1e-6 * ppm) + bend * nominal_s**2 + 0.3 * ticks["segment"]
    ticks["host_s"] += rng.exponential(jitter_s, blocks) if jitter_s else 0.0
    return ticks


def lowest_line(ticks):
    """Return slope and offset of the line below all delays that is closest to them in sum, by linear programming."""
    x = (ticks["index"] - 1) / HZ
    delay_s = ticks["host_s"] - x
    matrix = np.column_stack([x, np.ones(len(x))])
    found = linprog(-matrix.sum(axis=0), A_ub=matrix, b_ub=delay_s, bounds=[(-0.9, 9.0), (None, None)], method="highs")
    return found.x


@given(seed=st.integers(0, 1000), blocks=st.integers(1600, 4000), jitter_s=st.sampled_from([0.0, 0.001, 0.02]))
@settings(max_examples=15)
def test_the_line_is_the_lowest_one(seed, blocks, jitter_s):
    ticks = ticks_of(np.random.default_rng(seed), blocks, jitter_s=jitter_s)
    slope, offset_s = lowest_line(ticks)
    line = clock.fit(Arrivals.of(ticks, HZ))
    newest = ticks["index"] - 1
    late_s = ticks["host_s"] - line.host_s(newest)
    assert late_s.min() > -1e-9
    lowest_s = ticks["host_s"] - (offset_s + newest / HZ * (1 + slope))
    assert late_s.mean() == pytest.approx(lowest_s.mean(), abs=3e-7)  # what the other's solver allows


@given(
    seed=st.integers(0, 1000),
    cuts=st.lists(st.integers(0, 3000), max_size=40),
    breaks=st.lists(st.integers(1, 2999), max_size=4, unique=True).map(sorted),
)
@settings(max_examples=25)
def test_any_portions_give_the_same_clock(seed, cuts, breaks):
    ticks = ticks_of(np.random.default_rng(seed), 3000, breaks=breaks)
    whole, arrivals, row = clock.fit(Arrivals.of(ticks, HZ)), Arrivals(HZ), 0
    for begin, end in pairwise(sorted([0, *cuts, 3000])):
        arrivals.add(ticks[begin:end], row)
        row = int(ticks["row"][end - 1]) if end else 0
    line = clock.fit(arrivals)
    assert (line.rate_hz, line.residual_s) == (whole.rate_hz, whole.residual_s)
    assert line.first_index.tolist() == whole.first_index.tolist() == [0, *(20 * at for at in breaks)]
    assert line.offset_s.tobytes() == whole.offset_s.tobytes()


@pytest.mark.parametrize("bend", [0.0, 1e-9])
def test_a_day_takes_no_more_memory_than_an_hour(bend):
    """A crystal that warms up puts every block on the hull where none is late."""
    ticks = ticks_of(np.random.default_rng(1), 400_000, bend=bend, jitter_s=0.0 if bend else 0.004)
    arrivals, row = Arrivals(HZ), 0
    for part in np.array_split(ticks, 997):
        arrivals.add(part, row)
        row = int(part["row"][-1])
    (segment,) = arrivals.segments
    newest_s, _, _ = arrivals.sampled()
    assert len(segment.hull()[0]) <= MOST_CORNERS
    assert SAMPLED // 2 < len(newest_s) <= SAMPLED
    assert np.ptp(np.diff(newest_s)) < 1e-6
    assert segment.corners.nbytes < 64_000
    line = clock.fit(arrivals)
    late_s = ticks["host_s"] - line.host_s(ticks["index"] - 1)
    assert late_s.min() > -1e-6
    assert line.residual_s == pytest.approx(np.percentile(late_s, 99), rel=0.05)
