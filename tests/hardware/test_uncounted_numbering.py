"""Rows of devices that do not count: lateness is no loss, a loss is counted, at whatever rate the device really has."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hardware.source import Block
from hardware.uncounted_numbering import ARRIVALS, OWN_STAMPS, TimeStamps, UncountedNumbering

RATE_HZ = 500.0
BEGAN_S = 5000.0


def measured_s(numbers: np.ndarray, rate_hz: float = RATE_HZ) -> np.ndarray:
    """Return when samples were measured."""
    return BEGAN_S + numbers / rate_hz


def sent_s(numbers: np.ndarray, chunk: int, rate_hz: float = RATE_HZ) -> np.ndarray:
    """Return when samples are sent, `chunk` of them together, once the last is there."""
    return measured_s((numbers // chunk + 1) * chunk - 1, rate_hz)


def run(
    numbering: UncountedNumbering, numbers: np.ndarray, times_s: np.ndarray, came_s: np.ndarray
) -> tuple[np.ndarray, list[Block]]:
    """Give the rows as they came, those of one instant together; return the numbers that they were given, and the blocks.

    Every row must come out once, in its order.
    """
    rows = numbers[:, None].astype(float)
    blocks: list[Block] = []
    for begin, end in pairwise([0, *(np.flatnonzero(np.diff(came_s)) + 1).tolist(), len(numbers)]):
        blocks += numbering.take(rows[begin:end], times_s[begin:end], times_s[begin:end], came_s[begin])
    blocks += numbering.finish()
    assert np.array_equal(np.concatenate([block.samples[:, 0] for block in blocks]), numbers)
    return np.concatenate([block.first_index + np.arange(len(block.samples)) for block in blocks]), blocks


def frozen(came_s: np.ndarray, begin_s: float, end_s: float) -> np.ndarray:
    """Return arrivals of which those of a time come at its end."""
    return np.where((came_s > begin_s) & (came_s < end_s), end_s, came_s)


@pytest.mark.parametrize("rate_hz", [1000.0, 2000.0, 20_000.0])
@pytest.mark.parametrize("freeze_s", [1.0, 3.0, 10.0, 30.0])
@pytest.mark.parametrize("stamps", [OWN_STAMPS, ARRIVALS])
@pytest.mark.parametrize("chunk_s", [0.02, 1.0, 2.0])
def test_rows_that_come_at_once_after_a_freeze_are_all_taken(rate_hz, freeze_s, stamps, chunk_s) -> None:
    numbers = np.arange(round((8.0 + freeze_s) * rate_hz))
    came_s = frozen(sent_s(numbers, round(chunk_s * rate_hz), rate_hz), BEGAN_S + 3.5, BEGAN_S + 3.5 + freeze_s)
    times_s = measured_s(numbers, rate_hz) if stamps is OWN_STAMPS else came_s
    numbering = UncountedNumbering(rate_hz, stamps)
    given_, _ = run(numbering, numbers, times_s, came_s)
    assert np.array_equal(given_, numbers)
    assert numbering.lost_samples == 0


@pytest.mark.parametrize("stamps", [OWN_STAMPS, ARRIVALS])
@pytest.mark.parametrize("between_s", [0.05, 0.2, 0.6])
def test_what_was_held_up_may_come_in_portions(stamps, between_s) -> None:
    """A network lets go of a part of what it held, and of the rest a while later; their sender stamped them as late."""
    numbers = np.arange(5000)
    came_s = frozen(sent_s(numbers, 10), BEGAN_S + 2.0, BEGAN_S + 4.0)
    portion = (came_s == BEGAN_S + 4.0) & (numbers > 1300)
    came_s = np.maximum.accumulate(np.where(portion, BEGAN_S + 4.0 + between_s, came_s))
    numbering = UncountedNumbering(RATE_HZ, stamps)
    given_, _ = run(numbering, numbers, came_s, came_s)
    assert np.array_equal(given_, numbers)


def test_a_backlog_that_is_caught_up_slowly_is_no_loss() -> None:
    """Twice as fast as usual, for two seconds."""
    numbers = np.arange(6000)
    came_s = sent_s(numbers, 10)
    late_s = np.clip(2.0 - (measured_s(numbers) - (BEGAN_S + 4.0)) / 2.0, 0.0, 2.0) * (numbers > 2000)
    numbering = UncountedNumbering(RATE_HZ)
    given_, _ = run(numbering, numbers, came_s + late_s, came_s + late_s)
    assert np.array_equal(given_, numbers)


@pytest.mark.parametrize("off", [-0.5, -0.2, -0.05, -0.03, -1e-4, 1e-4, 0.03, 0.2, 1.0])
@pytest.mark.parametrize(("stamps", "chunk"), [(OWN_STAMPS, 10), (OWN_STAMPS, 500), (ARRIVALS, 10), (ARRIVALS, 500)])
def test_a_device_off_its_nominal_rate_loses_nothing(off, stamps, chunk) -> None:
    """A minute. Own stamps within a chunk are told by the nominal rate, as senders do that stamp the last sample only."""
    rate_hz = RATE_HZ * (1 + off)
    numbers = np.arange(round(60 * rate_hz))
    came_s = sent_s(numbers, chunk, rate_hz)
    times_s = came_s - (chunk - 1 - numbers % chunk) / RATE_HZ if stamps is OWN_STAMPS else came_s
    numbering = UncountedNumbering(RATE_HZ, stamps)
    given_, _ = run(numbering, numbers, np.maximum.accumulate(times_s), came_s)
    assert np.array_equal(given_, numbers)
    assert numbering.rate_hz == pytest.approx(rate_hz, rel=1e-3 if chunk == 10 else 0.02)


@settings(max_examples=60, deadline=None)
@given(
    losses=st.lists(st.tuples(st.floats(0.3, 4.0), st.integers(20, 3000)), min_size=1, max_size=4),
    off=st.sampled_from([0.0, -1e-4, 3e-4, -0.03]),
    chunk=st.sampled_from([1, 10, 40]),
    freeze_s=st.floats(0.0, 3.0),
)
@example(losses=[(1.0, 20)], off=-0.03, chunk=1, freeze_s=0.0078125)  # a few rows that come together, of a device that is slow
def test_own_stamps_tell_a_loss_to_the_sample(losses, off, chunk, freeze_s) -> None:
    """Whatever came late on its way meanwhile."""
    rate_hz = RATE_HZ * (1 + off)
    keep, at = [np.arange(round(1.5 * rate_hz))], round(1.5 * rate_hz)
    for between_s, lost in losses:
        keep.append(np.arange(at, at + round(between_s * rate_hz)))
        at += round(between_s * rate_hz) + lost
    numbers = np.concatenate([*keep, np.arange(at, at + round(6.0 * rate_hz))])
    came_s = frozen(sent_s(numbers, chunk, rate_hz), BEGAN_S + 1.0, BEGAN_S + 1.0 + freeze_s)
    numbering = UncountedNumbering(RATE_HZ, OWN_STAMPS)
    given_, _ = run(numbering, numbers, measured_s(numbers, rate_hz), came_s)
    assert np.array_equal(given_, numbers)
    assert numbering.lost_samples == sum(lost for _, lost in losses)


@pytest.mark.parametrize("lost_s", [0.3, 0.4, 1.0, 5.0])
def test_arrivals_tell_a_loss_within_a_chunk(lost_s) -> None:
    numbers = np.concatenate([np.arange(2000), np.arange(2000 + round(lost_s * RATE_HZ), 6000)])
    came_s = sent_s(numbers, 5)
    numbering = UncountedNumbering(RATE_HZ)
    given_, _ = run(numbering, numbers, came_s, came_s)
    assert np.abs(given_ - numbers).max() <= 5


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 1000),
    jitter_s=st.floats(0.0, 0.02),
    off=st.sampled_from([0.0, 2e-4, -0.01, -0.03, 0.1]),
    lost=st.sampled_from([0, 250]),
)
@example(seed=338, jitter_s=0.01976, off=-0.01, lost=0)  # a third of the steps between the first points are nominal by chance
@example(seed=144, jitter_s=0.00088, off=-0.03, lost=0)  # late from the first second on, and a few rows came together
@example(seed=4193, jitter_s=0.0198, off=-0.01, lost=0)  # a line of two points, among rows as uneven as what seems lost
def test_uneven_stamps_invent_no_loss(seed, jitter_s, off, lost) -> None:
    """Stamps that are given when a chunk is sent, by a busy machine; a loss of half a second is still seen."""
    # What comes much later than usual just before a loss is taken for its beginning.
    jitter_s = min(jitter_s, 0.01) if lost else jitter_s
    rng = np.random.default_rng(seed)
    rate_hz = RATE_HZ * (1 + off)
    numbers = np.concatenate([np.arange(6000), np.arange(6000 + lost, 12_000)])
    chunk_late_s = rng.exponential(jitter_s, len(numbers) // 10 + 1)[np.arange(len(numbers)) // 10]
    came_s = np.maximum.accumulate(sent_s(numbers, 10, rate_hz) + chunk_late_s)
    times_s = np.maximum.accumulate(came_s - (9 - numbers % 10) / RATE_HZ)
    numbering = UncountedNumbering(RATE_HZ, OWN_STAMPS)
    given_, _ = run(numbering, numbers, times_s, came_s)
    assert np.abs(given_ - numbers).max() <= (2 + 3 * jitter_s * RATE_HZ if lost else 0)


def test_a_restart_is_a_segment_that_is_numbered_by_time() -> None:
    numbering = UncountedNumbering(RATE_HZ, OWN_STAMPS)
    first, second = np.arange(1000), np.arange(4210, 5000)
    run(numbering, first, measured_s(first), sent_s(first, 10))
    numbering.restart()
    given_, blocks = run(numbering, second, measured_s(second), sent_s(second, 10))
    assert np.array_equal(given_, second)
    assert {block.segment for block in blocks} == {1}


def test_rows_that_wait_are_numbered_when_nothing_more_comes() -> None:
    """After a loss the stream ends for good within the time that would prove it: the rows come out, and none is invented."""
    numbering = UncountedNumbering(RATE_HZ, TimeStamps(late_s=0.01, confirm_s=1.0))
    numbers = np.arange(1000)
    run(numbering, numbers, measured_s(numbers), sent_s(numbers, 10))
    late = np.arange(1200, 1300)
    assert numbering.take(late[:, None].astype(float), late, measured_s(late), measured_s(late)[-1]) == []
    assert numbering.held_rows == 100
    (block,) = numbering.take(np.zeros((0, 1)), np.zeros(0), np.zeros(0), measured_s(late)[-1] + 1.5)
    assert (block.first_index, len(block.samples), numbering.lost_samples) == (1000, 100, 0)


def test_a_row_costs_the_same_however_many_are_held(monkeypatch) -> None:
    """Counted in rows whose lateness is asked for, and not in seconds, which no two machines share."""
    asked = []
    numbering_costs = []
    for rows in (20_000, 160_000):
        numbering = UncountedNumbering(2000.0)
        numbers = np.arange(4000)
        run(numbering, numbers, sent_s(numbers, 40, 2000.0), sent_s(numbers, 40, 2000.0))
        late_s = numbering._line.late_s
        monkeypatch.setattr(numbering._line, "late_s", lambda i, t, of=late_s: asked.append(np.size(i)) or of(i, t))
        asked.clear()
        late = np.arange(4000, 4000 + rows)
        came_s = np.full(rows, BEGAN_S + (4000 + rows) / 2000.0) + 1e-6 * (np.arange(rows) // 8192)
        run(numbering, late, came_s, came_s)
        numbering_costs.append(sum(asked) / rows)
    assert numbering_costs[1] < 1.5 * numbering_costs[0]
