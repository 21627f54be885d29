"""Rows are numbered to the sample, whatever the counter and the host's clock each hide."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.sample_numbering import SampleNumbering
from hardware.source import Block
from tests.support.slow_numbering import SlowNumbering

RATE_HZ = 250.0


def clumped(numbers: np.ndarray, by: int = 5, extra_s: float = 0.004, rate_hz: float = RATE_HZ) -> np.ndarray:
    """Arrival times of the samples `numbers`, delivered `by` at once, a little late."""
    return 1000.0 + (numbers // by + 1) * by / rate_hz + extra_s + 6e-6 * (numbers % by)


def run(
    numbering: SampleNumbering, numbers: np.ndarray, counters: np.ndarray, times_s: np.ndarray, cuts: list[int]
) -> tuple[np.ndarray, np.ndarray, list[Block]]:
    """Feed the rows in pieces; return the true numbers that came through, the numbers they were given, and the blocks."""
    rows = np.column_stack([numbers, -numbers]).astype(float)
    blocks: list[Block] = []
    edges = [0, *sorted(cuts), len(numbers)]
    for begin, end in pairwise(edges):
        now_s = times_s[end - 1] if end else times_s[0]
        blocks += numbering.take(rows[begin:end], counters[begin:end].astype(float), times_s[begin:end], now_s + 0.001)
    blocks += numbering.take(rows[:0], counters[:0].astype(float), times_s[:0], times_s[-1] + 1.0)
    true = np.concatenate([block.samples[:, 0] for block in blocks])
    given_ = np.concatenate([block.first_index + np.arange(len(block.samples)) for block in blocks])
    return true, given_, blocks


@settings(max_examples=60)
@given(data=st.data(), step=st.sampled_from([1, 2]), clump=st.integers(1, 6))
def test_every_loss_is_counted_to_the_sample(data: st.DataObject, step: int, clump: int) -> None:
    """Losses of any length up to 4 s, whole rounds of the counter among them, anywhere and in any pieces."""
    wrap = 256 // step
    keep = np.ones(3000, bool)
    at = 20
    lengths = st.one_of(st.integers(1, 30), st.sampled_from([wrap - 1, wrap, wrap + 1, 2 * wrap, 3 * wrap + 5]))
    for _ in range(data.draw(st.integers(0, 5), label="losses")):
        at += data.draw(st.integers(60, 300), label="until the next loss")
        length = data.draw(lengths, label="lost")
        keep[at : at + length] = False
        at += length
    keep[min(at + 40, 2900) :] = True
    numbers = np.flatnonzero(keep)
    cuts = data.draw(st.lists(st.integers(0, len(numbers)), max_size=30), label="cuts")
    numbering = SampleNumbering(RATE_HZ, 256, step)
    true, given_, blocks = run(numbering, numbers, numbers * step % 256, clumped(numbers, clump), cuts)
    assert np.array_equal(true, numbers)
    assert np.array_equal(given_, numbers)
    assert numbering.lost_samples == 3000 - len(numbers)
    assert numbering.rejected_rows == 0
    assert {block.segment for block in blocks} == {0}


@pytest.mark.parametrize("stall_s", [0.3, 1.024, 2.5])
def test_a_late_clump_is_no_loss(stall_s: float) -> None:
    """The host slept and found all rows at once: late, but all there."""
    numbers = np.arange(2000)
    times_s = clumped(numbers)
    asleep = (times_s > 1003.0) & (times_s < 1003.0 + stall_s)
    times_s[asleep] = 1003.0 + stall_s + 6e-6 * np.arange(asleep.sum())
    true, given_, _ = run(SampleNumbering(RATE_HZ, 256), numbers, numbers % 256, np.maximum.accumulate(times_s), [])
    assert np.array_equal(true, numbers)
    assert np.array_equal(given_, numbers)


@pytest.mark.parametrize("faster", [2.0, 3.0, 20.0])
@pytest.mark.parametrize("portion_s", [0.0, 0.05, 0.15])
@pytest.mark.parametrize("late_s", [1.1, 3.0])
def test_a_backlog_that_is_read_slowly_is_no_loss(faster: float, portion_s: float, late_s: float) -> None:
    """A busy host reads what waited in its port twice as fast as more comes, or in portions with pauses between."""
    numbers = np.arange(6000)
    usual_s = clumped(numbers)
    read_s = 1003.0 + late_s + np.cumsum(usual_s > 1003.0) / (RATE_HZ * faster)
    if portion_s:
        read_s = np.ceil(read_s / portion_s) * portion_s
    times_s = np.maximum.accumulate(np.where(usual_s > 1003.0, np.maximum(usual_s, read_s), usual_s))
    numbering = SampleNumbering(RATE_HZ, 256)
    true, given_, _ = run(numbering, numbers, numbers % 256, times_s, list(range(0, len(numbers), 5)))
    assert np.array_equal(true, numbers)
    assert np.array_equal(given_, numbers)
    assert numbering.lost_samples == 0


@settings(max_examples=60)
@given(at=st.integers(30, 400), false=st.lists(st.integers(40, 230), min_size=1, max_size=3), eaten=st.integers(0, 3))
def test_false_rows_are_left_out(at: int, false: list[int], eaten: int) -> None:
    """One to three rows with a counter that doesn't fit the clock come instead of none to three genuine ones."""
    numbers = np.concatenate([np.arange(at), np.full(len(false), -1), np.arange(at + eaten, 600)])
    counters = numbers % 256
    counters[at : at + len(false)] = [(at + f) % 256 for f in false]
    times_s = np.maximum.accumulate(np.where(numbers >= 0, clumped(numbers), 0))
    numbering = SampleNumbering(RATE_HZ, 256)
    true, given_, _ = run(numbering, numbers, counters, times_s, [])
    assert np.array_equal(true, numbers[numbers >= 0])
    assert np.array_equal(given_, numbers[numbers >= 0])
    assert numbering.rejected_rows == len(false)


def test_every_second_row_lost_is_still_genuine() -> None:
    """No two rows in a row, and yet nothing is left out."""
    numbers = np.concatenate([np.arange(100), np.arange(100, 300, 2), np.arange(300, 400)])
    true, given_, _ = run(SampleNumbering(RATE_HZ, 256), numbers, numbers % 256, clumped(numbers), [])
    assert np.array_equal(true, numbers)
    assert np.array_equal(given_, numbers)


def test_stale_rows_at_the_beginning_do_not_start_the_count() -> None:
    """Two rows of an earlier run wait in the port; sample 0 is the first of the new one."""
    numbers = np.concatenate([[-1, -1], np.arange(50)])
    counters = np.concatenate([[77, 78], np.arange(50)])
    times_s = np.concatenate([[1000.0, 1000.0], clumped(np.arange(50))])
    true, given_, _ = run(SampleNumbering(RATE_HZ, 256), numbers, counters, times_s, [])
    assert np.array_equal(true, np.arange(50))
    assert np.array_equal(given_, np.arange(50))


def test_half_rows_with_a_repeated_counter_are_left_out() -> None:
    """A Daisy's row whose first half was lost repeats the counter before it and holds old numbers."""
    numbers = np.arange(300)
    counters = (2 * numbers + 1) % 256
    counters[100] = counters[99]
    true, given_, _ = run(SampleNumbering(125.0, 256, 2), numbers, counters, clumped(numbers, rate_hz=125.0), [])
    assert np.array_equal(given_, np.delete(numbers, 100))
    assert np.array_equal(true, given_)


def test_a_counter_that_starts_anew_is_a_new_segment() -> None:
    """The device was switched off and on within 0.4 s while its stream went on."""
    numbers = np.concatenate([np.arange(300), np.arange(400, 700)])
    counters = np.concatenate([np.arange(300), np.arange(300)]) % 256
    true, given_, blocks = run(SampleNumbering(RATE_HZ, 256), numbers, counters, clumped(numbers), [])
    assert np.array_equal(true, numbers)
    assert np.abs(given_ - numbers).max() <= 1
    assert [block.segment for block in blocks] == sorted(block.segment for block in blocks)
    assert {block.segment for block in blocks} == {0, 1}


def test_a_restart_is_numbered_by_time() -> None:
    """After 7 s away the numbers go on where the clock says."""
    numbering = SampleNumbering(RATE_HZ, 256)
    numbers = np.arange(500)
    run(numbering, numbers, numbers % 256, clumped(numbers), [])
    numbering.restart()
    numbers = np.arange(2250, 2500)
    true, given_, blocks = run(numbering, numbers, (numbers - 2250) % 256, clumped(numbers), [])
    assert np.array_equal(true, numbers)
    assert np.abs(given_ - numbers).max() <= 1
    assert {block.segment for block in blocks} == {1}


@pytest.mark.parametrize("off", [-0.5, -0.2, -0.03, 0.03, 0.5, 1.0])
def test_a_device_off_its_nominal_rate_loses_nothing(off: float) -> None:
    """Two minutes of a board whose config set another rate than the rig's, half of it to twice as fast."""
    numbers = np.arange(30000)
    times_s = 1000.0 + (clumped(numbers) - 1000.0) / (1 + off)
    numbering = SampleNumbering(RATE_HZ, 256)
    _, given_, _ = run(numbering, numbers, numbers % 256, times_s, list(range(0, 30000, 7)))
    assert np.array_equal(given_, numbers)
    assert numbering.lost_samples == 0
    assert numbering.rate_hz == pytest.approx(RATE_HZ * (1 + off), rel=1e-3)


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_every_decision_is_that_of_the_slow_reference(data: st.DataObject) -> None:
    """Losses, stalls whose rows come at once or slowly, clumps, broken counters and restarts, in any pieces."""
    numbers = np.arange(900)
    keep = np.ones(900, bool)
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(10, 880))
        keep[at : at + data.draw(st.integers(1, 120))] = False
    numbers = numbers[keep]
    times_s = clumped(numbers, data.draw(st.integers(1, 6)))
    for _ in range(data.draw(st.integers(0, 3))):
        begin = data.draw(st.floats(1000.0, 1003.6))
        until = begin + data.draw(st.floats(0.01, 1.5))
        faster = data.draw(st.sampled_from([1.2, 2.0, np.inf]))
        late = times_s > begin
        times_s = np.where(late, np.maximum(times_s, until + np.cumsum(late) / (RATE_HZ * faster)), times_s)
    times_s = np.maximum.accumulate(times_s)
    counters = numbers % 256
    broken = data.draw(st.lists(st.tuples(st.integers(0, len(numbers) - 1), st.integers(0, 255)), max_size=12))
    for at, value in broken:
        counters[at] = value
    cuts = data.draw(st.lists(st.integers(0, len(numbers)), max_size=12))
    fast, slow = SampleNumbering(RATE_HZ, 256), SlowNumbering(RATE_HZ, 256)
    one, other = (run(numbering, numbers, counters, times_s, cuts) for numbering in (fast, slow))
    assert np.array_equal(one[0], other[0])
    assert np.array_equal(one[1], other[1])
    assert (fast.rejected_rows, fast.lost_samples) == (slow.rejected_rows, slow.lost_samples)
    assert [(b.first_index, b.segment, len(b.samples)) for b in one[2]] == [
        (b.first_index, b.segment, len(b.samples)) for b in other[2]
    ]
