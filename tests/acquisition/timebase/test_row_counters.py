"""Counters of rows: wherever they come round and whatever they rise by, rows get the numbers that they had."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquisition.timebase.row_counters import CounterError, by_times, row_numbers

ROUNDS = (16, 101, 201, 256, 65536)


@settings(max_examples=40)
@given(
    modulus=st.sampled_from(ROUNDS),
    step=st.sampled_from([1, 2]),
    begins=st.integers(0, 300),
    losses=st.dictionaries(st.integers(1, 1999), st.integers(1, 12), max_size=4),
)
def test_losses_below_a_round_are_counted(modulus: int, step: int, begins: int, losses: dict[int, int]) -> None:
    if modulus % step or modulus // step <= 13:
        step = 1
    number = np.arange(2000)
    for row, lost in losses.items():
        number[row:] += lost
    counted = row_numbers((begins + number) * step % modulus, ROUNDS)
    np.testing.assert_array_equal(counted.numbers, number)
    assert counted.first_rows() == [0, *sorted(losses)]
    assert counted.round_rows in (modulus // step, 101 // step, 201 // step, 256 // step, 65536 // step)


def test_a_number_that_stands_twice_is_two_rows() -> None:
    number = np.arange(1000)
    number[400:] += 6
    np.testing.assert_array_equal(row_numbers(number // 2 % 101, ROUNDS).numbers, number)


def test_a_counter_that_never_comes_round_counts_every_loss() -> None:
    number = np.arange(70_000)
    number[5000:] += 123_456
    counted = row_numbers(number, (256,))
    np.testing.assert_array_equal(counted.numbers, number)
    assert counted.round_rows == 0


@pytest.mark.parametrize("counter", [[5] * 50, [1, 9, 2, 8, 3, 7, 4, 6] * 9, list(range(900)) * 2])
def test_what_is_no_counter_is_refused(counter: list[int]) -> None:
    with pytest.raises(CounterError):
        row_numbers(np.array(counter), (16, 256))


def test_rows_that_were_late_before_a_loss_do_not_move_it() -> None:
    number = np.arange(6000)
    number[3000:] += 256 * 2 + 40
    times = number / 250.0
    times[2900:3000] += 0.5
    counted = row_numbers(number % 256, ROUNDS)
    np.testing.assert_array_equal(by_times(counted, times, 250.0).numbers, number)
