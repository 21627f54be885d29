"""The fitted line is held against clocks whose rate, offset and delays are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquisition.stretches import TICK
from acquisition.timebase import clock
from acquisition.timebase.arrivals import Arrivals
from acquisition.timebase.clock import SyncLevel


def simulated(
    rng, *, ppm, seconds, nominal_hz=2000.0, block=40, jitter_s=0.002, offset_s=1000.0, clump=1, lost=(), restarts=()
):
    """Make ticks of a device whose crystal is off by `ppm`; return them and the true time of a sample number, by segment.

    Blocks wait for the `clump`-th of them and then come together; half the delays are exponential with mean `jitter_s`.
    `lost` and `restarts` are numbers of blocks; a restarted device has been away for half a second.
    """
    true_hz = nominal_hz * (1 + ppm * 1e-6)
    count = int(seconds * nominal_hz / block)
    ticks, truths = np.zeros(count, TICK), []
    index = segment = 0
    away_s = 0.0
    truths.append((0, offset_s))
    for i in range(count):
        if i in lost:
            index += 3 * block
        if i in restarts:
            segment, away_s = segment + 1, away_s + rng.uniform(0.3, 0.7)
            truths.append((index, offset_s + away_s))
        index += block
        ticks[i] = ((i + 1) * block, index, segment, offset_s + away_s + (index - 1) / true_hz)
    held = np.arange(count) // clump * clump + clump - 1
    ticks["host_s"] = ticks["host_s"][np.minimum(held, count - 1)]
    ticks["host_s"] += np.where(rng.random(count) < 0.5, 0, rng.exponential(jitter_s, count)) if jitter_s else 0

    def host_s(numbers):
        segment = np.searchsorted([first for first, _ in truths][1:], numbers, side="right")
        return np.array([at for _, at in truths])[segment] + numbers / true_hz

    return ticks, host_s, true_hz, [first for first, _ in truths]


@given(ppm=st.floats(-100, 100), jitter_s=st.sampled_from([0.0, 0.001, 0.005]), seed=st.integers(0, 1000))
@settings(max_examples=25)
def test_rate_and_time_of_ten_minutes(ppm, jitter_s, seed):
    rng = np.random.default_rng(seed)
    ticks, host_s, true_hz, _ = simulated(rng, ppm=ppm, seconds=600, jitter_s=jitter_s, lost={700, 9000})
    line = clock.fit(Arrivals.of(ticks, 2000.0))
    assert line.rate_hz == pytest.approx(true_hz, rel=1e-6)
    numbers = np.arange(0, ticks["index"][-1], 997)
    assert np.abs(line.host_s(numbers) - host_s(numbers)).max() < 5e-4
    assert line.level is SyncLevel.HOST
    assert line.residual_s == pytest.approx(np.percentile(ticks["host_s"] - host_s(ticks["index"] - 1), 99), abs=5e-4)


@pytest.mark.parametrize("clump", [2, 5, 11])
def test_clumps_are_seen_as_delays(clump):
    """Blocks that wait for others are late: only the last of each clump tells the time."""
    ticks, host_s, true_hz, _ = simulated(np.random.default_rng(clump), ppm=40, seconds=300, clump=clump, jitter_s=0.001)
    line = clock.fit(Arrivals.of(ticks, 2000.0))
    assert line.rate_hz == pytest.approx(true_hz, rel=4e-6)
    numbers = np.arange(0, ticks["index"][-1], 997)
    assert np.abs(line.host_s(numbers) - host_s(numbers)).max() < 1e-3
    assert line.residual_s > (clump - 1) * 0.02 * 0.9


def test_late_stretches_do_not_bend_the_line():
    """For two of ten minutes the host is 200 ms behind without a break."""
    ticks, host_s, true_hz, _ = simulated(np.random.default_rng(2), ppm=-30, seconds=600)
    busy = (ticks["host_s"] > 1200) & (ticks["host_s"] < 1320)
    ticks["host_s"][busy] += 0.2
    line = clock.fit(Arrivals.of(ticks, 2000.0))
    assert line.rate_hz == pytest.approx(true_hz, rel=2e-6)
    numbers = np.arange(0, ticks["index"][-1], 997)
    assert np.abs(line.host_s(numbers) - host_s(numbers)).max() < 1e-3
    assert line.residual_s == pytest.approx(0.2, abs=0.02)


def test_every_segment_has_its_own_offset_and_begins_with_its_first_sample():
    ticks, host_s, true_hz, firsts = simulated(np.random.default_rng(3), ppm=60, seconds=400, restarts={5000, 5003, 12000})
    line = clock.fit(Arrivals.of(ticks, 2000.0))
    assert line.first_index.tolist() == firsts
    assert line.rate_hz == pytest.approx(true_hz, rel=2e-6)
    numbers = np.sort(np.concatenate([np.arange(0, ticks["index"][-1], 97), np.array(firsts[1:]) - 1, firsts]))
    off = np.abs(line.host_s(numbers) - host_s(numbers))
    long = (numbers < firsts[1]) | (numbers >= firsts[2])
    assert off[long].max() < 1e-3
    assert off.max() < 0.02


def test_short_recordings_keep_the_nominal_rate():
    ticks, host_s, _, _ = simulated(np.random.default_rng(4), ppm=100, seconds=20)
    line = clock.fit(Arrivals.of(ticks, 2000.0))
    assert line.rate_hz == 2000.0
    numbers = np.arange(0, ticks["index"][-1], 97)
    assert np.abs(line.host_s(numbers) - host_s(numbers)).max() < 20 * 100e-6 + 1e-3


def test_no_sample_comes_before_it_was_taken():
    """The line is a lower bound: no block arrives ahead of it."""
    ticks, *_ = simulated(np.random.default_rng(5), ppm=20, seconds=120, clump=3, restarts={1000})
    line = clock.fit(Arrivals.of(ticks, 2000.0))
    assert (ticks["host_s"] - line.host_s(ticks["index"] - 1)).min() > -1e-9


def test_one_block():
    ticks = np.array([(40, 140, 2, 7.0)], TICK)
    line = clock.fit(Arrivals.of(ticks, 1000.0))
    assert line.first_index.tolist() == [100]
    assert line.host_s(np.array([139.0, 100.0, np.nan])) == pytest.approx([7.0, 7.0 - 0.039, np.nan], nan_ok=True)
    assert line.residual_s == 0


def test_no_block():
    line = clock.fit(Arrivals.of(np.zeros(0, TICK), 1000.0))
    assert line.level is SyncLevel.NONE
    assert line.host_s(np.array([500])) == [0.5]
    assert np.isnan(line.residual_s)


@pytest.mark.parametrize("off", [-0.8, -0.2, -0.03, -0.005, 0.005, 0.0417, 1.0, 5.0])
@pytest.mark.parametrize("seconds", [5.0, 12.0, 60.0])
def test_a_rate_that_no_crystal_explains_is_measured_from_the_first_seconds_on(off, seconds):
    ticks, _, true_hz, _ = simulated(np.random.default_rng(2), ppm=1e6 * off, seconds=seconds)
    assert clock.fit(Arrivals.of(ticks, 2000.0)).rate_hz == pytest.approx(true_hz, rel=1e-3)
