"""Times of rows: losses are found where they are, what is late and catches up is none, and the rate is that of the rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquisition.timebase.row_times import NotEvenError, even_times, least_of_next


def times_of(rows: int, rate_hz: float, losses: dict[int, int], begins_s: float = 0.0) -> np.ndarray:
    number = np.arange(rows)
    for row, lost in losses.items():
        number[row:] += lost
    return begins_s + number / rate_hz


@given(values=st.lists(st.floats(-5, 5), min_size=1, max_size=40), rows=st.integers(0, 60))
def test_the_least_of_the_next_is_the_least_of_the_next(values: list[float], rows: int) -> None:
    plain = [min(values[at : at + rows + 1]) for at in range(len(values))]
    assert least_of_next(np.array(values), rows).tolist() == plain


@settings(max_examples=30)
@given(
    rate_hz=st.sampled_from([50.0, 125.0, 1000.0, 2148.1481]),
    losses=st.dictionaries(st.integers(20, 1980), st.integers(1, 400), max_size=5),
    begins_s=st.sampled_from([0.0, -3.25, 653153.2, 1.7e9]),
)
def test_exact_stamps_tell_every_loss(rate_hz: float, losses: dict[int, int], begins_s: float) -> None:
    even = even_times(times_of(2000, rate_hz, losses, begins_s), rate_hz)
    assert even.first_rows == (0, *sorted(losses))
    assert even.rate_hz == pytest.approx(rate_hz, rel=2e-7)
    starts = times_of(2000, rate_hz, losses, begins_s)[list(even.first_rows)]
    np.testing.assert_allclose(even.starts_s, starts, atol=0.02 / rate_hz)


def test_what_is_late_and_catches_up_is_no_loss() -> None:
    rng = np.random.default_rng(5)
    times = times_of(60_000, 1000.0, {20_000: 40}) + rng.uniform(0.0, 0.008, 60_000)
    times[40_000:] = np.maximum(times[40_000:], times[40_000] + 2.0)
    even = even_times(times, 1000.0)
    assert even.first_rows == (0, 20_000)
    assert even.rate_hz == pytest.approx(1000.0, rel=2e-6)
    assert even.starts_s[1] - even.starts_s[0] == pytest.approx(20.040, abs=0.001)
    assert even.uneven_s < 0.01


def test_a_rate_that_is_off_is_measured_and_one_that_is_not_is_kept() -> None:
    rng = np.random.default_rng(6)
    late = rng.exponential(0.003, 60_000)
    assert even_times(times_of(60_000, 1000.0, {}) + late, 1000.0).rate_hz == 1000.0
    off = even_times(times_of(60_000, 1000.5, {}) + late, 1000.0)
    assert off.rate_hz == pytest.approx(1000.5, abs=0.02)
    assert 0.0 < off.doubt < 5e-5
    unknown = even_times(times_of(500, 148.148, {}))
    assert unknown.rate_hz == pytest.approx(148.148)


def test_a_clock_that_goes_back_begins_a_stretch_and_so_does_a_row_that_is_named() -> None:
    times = times_of(1000, 100.0, {})
    times[600:] -= 4.0
    assert even_times(times, 100.0).first_rows == (0, 600)
    assert even_times(times_of(1000, 100.0, {}), 100.0, [300]).first_rows == (0, 300)


def test_a_drift_is_told() -> None:
    seconds = np.arange(10_000) / 100.0
    assert even_times(seconds + 1e-5 * seconds**2, 100.0).uneven_s > 0.01


@pytest.mark.parametrize(
    ("times", "why"),
    [
        ([1.0], "it has 1 rows"),
        ([0.0, 0.1, float("nan"), 0.3], "no numbers"),
        ([3.0, 2.0, 1.0], "do not go forwards"),
        ([1.0] * 50, "do not go forwards"),
        (np.cumsum(np.random.default_rng(3).exponential(0.2, 1000)).tolist(), "not even in time"),
    ],
)
def test_times_of_no_even_rows_are_refused(times: list[float], why: str) -> None:
    with pytest.raises(NotEvenError, match=why):
        even_times(np.array(times))
