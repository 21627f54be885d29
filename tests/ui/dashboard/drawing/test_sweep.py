"""Sweeps: what is drawn of a stream is what is in it, however it came."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from acquisition.ring import Ring
from hardware.source import Block, Channel, Stream
from ui.dashboard.drawing import raster
from ui.dashboard.drawing.sweep import SWEEP_S, Sweep

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

WIDTH = 16


class Screen:
    """The arrays that `min_max` fills."""

    def __init__(self, lanes: int = 2) -> None:
        self.low = np.full((lanes, WIDTH), np.inf)
        self.high = np.full((lanes, WIDTH), -np.inf)
        self.lost = np.zeros(WIDTH, dtype=np.uint8)
        self.last = np.full(lanes, np.nan)
        self.level = np.full(lanes, np.nan)
        self.newest = -1

    def min_max(
        self, samples: NDArray[np.float64], columns: NDArray[np.int64], *, joined: bool = True, decay: float = 0.0
    ) -> None:
        lanes = len(self.low)
        self.newest = raster.min_max(
            np.ascontiguousarray(samples), columns, joined, np.arange(lanes), np.ones(lanes), self.level, decay, self.last,
            self.low, self.high, self.lost, self.newest,
        )  # fmt: skip


blocks = hnp.arrays(np.float64, st.tuples(st.integers(1, 60), st.just(2)), elements=st.floats(-100, 100))


@given(samples=blocks, steps=st.lists(st.integers(0, 3), min_size=60, max_size=60), cut=st.integers(0, 60))
@settings(max_examples=60)
def test_how_samples_were_cut_into_blocks_changes_nothing(samples, steps, cut):
    columns = np.cumsum(steps[: len(samples)])
    whole, pieces = Screen(), Screen()
    whole.min_max(samples, columns, decay=0.1)
    for part in (slice(0, cut), slice(cut, None)):
        if len(samples[part]):
            pieces.min_max(samples[part], columns[part], decay=0.1)
    for name in ("low", "high", "lost", "last", "level", "newest"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(pieces, name))


@given(samples=blocks, steps=st.lists(st.integers(0, 1), min_size=60, max_size=60))
@settings(max_examples=60)
def test_each_column_spans_its_samples_and_joins_its_neighbour(samples, steps):
    columns = np.cumsum(steps[: len(samples)])
    screen = Screen()
    screen.min_max(samples, columns)
    for column in range(max(columns[0], columns[-1] - WIDTH + 1), columns[-1] + 1):
        within = samples[columns == column]
        before = samples[columns < column][-1:]
        expected = np.concatenate([before, within])
        np.testing.assert_allclose(screen.low[:, column % WIDTH], expected.min(axis=0), atol=1e-9)
        np.testing.assert_allclose(screen.high[:, column % WIDTH], expected.max(axis=0), atol=1e-9)


def test_between_slow_samples_runs_a_straight_line():
    screen = Screen(1)
    screen.min_max(np.array([[0.0], [8.0]]), np.array([2, 6]))
    np.testing.assert_allclose(screen.low[0, 2:7], [0, 0, 2, 4, 6])
    np.testing.assert_allclose(screen.high[0, 2:7], [0, 2, 4, 6, 8])


def test_lost_samples_are_marked_and_not_bridged():
    screen = Screen(1)
    screen.min_max(np.ones((2, 1)), np.array([2, 3]))
    screen.min_max(np.ones((1, 1)), np.array([7]), joined=False)
    assert list(np.flatnonzero(screen.lost)) == [4, 5, 6]
    assert (screen.low[0, 4:7] > screen.high[0, 4:7]).all()  # nothing is drawn there


def test_a_nan_interrupts_its_own_lane_alone():
    screen = Screen()
    samples = np.ones((6, 2))
    samples[2:4, 0] = np.nan
    screen.min_max(samples, np.arange(6))
    assert list(np.flatnonzero(screen.low[0, :6] > screen.high[0, :6])) == [2, 3]
    assert (screen.low[1, :6] <= screen.high[1, :6]).all()


def test_a_stroke_stays_within_its_lane_and_at_its_height():
    image = np.zeros((40, WIDTH), dtype=np.uint32)
    ground = image.copy()
    low, high = np.full((2, WIDTH), np.inf), np.full((2, WIDTH), -np.inf)
    low[0, 0], high[0, 0] = -1e6, 1e6  # beyond its lane
    low[1, 0] = high[1, 0] = 0.5  # thin
    edges = np.array([0, 20]), np.array([20, 40])
    white = np.full((2, 3), 255.0)
    lost = np.zeros(WIDTH, dtype=np.uint8)
    raster.draw(image, ground, low, high, lost, 0, 1, *edges, -np.ones(2), np.ones(2), white, 2.0, np.uint32(0))
    column = image[:, 0] & 255
    assert (column[:20] == 255).all()
    assert column[20:24].max() == 0
    rows = np.flatnonzero(column[20:]) + 20
    assert abs((rows * column[rows]).sum() / column[rows].sum() + 0.5 - 25.0) < 0.51  # +0.5 is a quarter of the way down
    assert 1.5 < column[rows].sum() / 255 < 2.5
    assert not image[:, 1:].any()


def _ring(path: Path, rate_hz: float, *, samples: int = 1) -> Ring:
    return Ring.create(path / "ring.h5", [Stream("emg", rate_hz, (Channel("a", "uV"),) * samples, block_samples=10)], 60.0)


@pytest.mark.parametrize("rate_hz", [125.0, 1000.0, 2048.0])
def test_streams_of_any_rate_stand_at_the_host_s_time(tmp_path, rate_hz):
    ring = _ring(tmp_path, rate_hz)
    writer, sweep = ring.writer("emg"), Sweep(ring, "emg", [0], [1.0], width=500, rate_hz=rate_hz)
    start_s, block = 1234.5, 10
    for first in range(0, int(25 * rate_hz), block):
        t = (first + np.arange(block)) / rate_hz
        late_s = 0.1 * (first // block % 7 == 0)  # a block in seven comes late
        spike = (np.abs(t - 23.0) < 0.5 / rate_hz).astype(float)[:, None]
        writer.append(Block(spike, first, start_s + t[-1] + late_s))
        sweep.poll()
    column = np.argmax(sweep.high[0])
    assert abs(column - ((start_s + 23.0) % SWEEP_S) * 500 / SWEEP_S) <= 2


def test_a_device_that_was_started_anew_goes_on_at_the_host_s_time(tmp_path):
    ring = _ring(tmp_path, 1000.0)
    writer, sweep = ring.writer("emg"), Sweep(ring, "emg", [0], [1.0], width=500, rate_hz=1000.0)
    for block in range(100):
        away_s, skipped = (5.0, 1000) if block >= 50 else (0.0, 0)  # away for 5 s, and numbered as if for 1 s
        samples = np.ones((40, 1))
        writer.append(Block(samples, 40 * block + skipped, 100.0 + 0.04 * block + away_s, segment=int(block >= 50)))
        sweep.poll()
    assert abs(sweep.newest - (100.0 + 0.04 * 99 + 5.0) * 50) <= 1
    assert sweep.lost.sum() == pytest.approx(5.0 * 50, abs=3)


def test_an_offset_is_taken_off(tmp_path):
    ring = _ring(tmp_path, 1000.0)
    t = np.arange(4000) / 1000.0
    ring.writer("emg").append(Block((5e4 + np.sin(2 * np.pi * 80 * t))[:, None], 0, 100.0))
    sweep = Sweep(ring, "emg", [0], [1.0], width=500, rate_hz=1000.0, level=True)
    sweep.poll()
    drawn = np.isfinite(sweep.low[0])
    assert np.abs(sweep.low[0, drawn]).max() < 2.0
    assert np.abs(sweep.high[0, drawn]).max() < 2.0


def test_a_session_played_ten_times_as_fast_still_moves(tmp_path):
    ring = _ring(tmp_path, 1000.0)
    writer, sweep = ring.writer("emg"), Sweep(ring, "emg", [0], [1.0], width=500, rate_hz=1000.0)
    before = -1
    for first in range(0, 45_000, 500):
        writer.append(Block(np.ones((500, 1)), first, 50.0 + first / 10_000))
        sweep.poll()
        assert sweep.newest > before
        before = sweep.newest
