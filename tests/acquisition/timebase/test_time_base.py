"""The time base finds what one search over the whole finds, whoever brings it up to date, and keeps its clocks when it ends."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from acquisition.ring import Ring
from acquisition.timebase import time_base as time_base_module
from acquisition.timebase.clock import Clock, SyncLevel
from acquisition.timebase.time_base import TimeBase
from hardware.source import Block
from tests.support.recordings import clocks_for, edges_in
from tests.support.rigs import a_rig
from tests.support.sync_lines import level

RATES_HZ = {"plates": 1000.0, "emg": 2000.0, "alone": 500.0}
LINE_S = np.cumsum(np.random.default_rng(1).uniform(0.1, 0.9, 40))
RIG = a_rig(
    *[
        {"name": name, "rate_hz": rate_hz, "channels": ["a", "line"]} | ({"sync_channel": "line"} if name != "alone" else {})
        for name, rate_hz in RATES_HZ.items()
    ]
)


def a_ring(folder, seconds=30.0):
    return Ring.create(folder / "ring.h5", [stream.stream() for stream in RIG.stream], seconds)


def acquire(ring, begin_s, end_s, segment=0):
    for name, rate_hz in RATES_HZ.items():
        for first in range(int(begin_s * rate_hz), int(end_s * rate_hz), 50):
            t_s = np.arange(first, first + 50) / rate_hz
            samples = np.stack([t_s, level(LINE_S, t_s)], axis=1)
            ring.writer(name).append(Block(samples, first, 100.0 + t_s[-1] + 0.01, segment))


def stretches_of(ring):
    return {name: list(iter(ring.reader(name).read, None)) for name in RATES_HZ}


def as_lists(clocks):
    return {n: (c.rate_hz, c.first_index.tolist(), c.offset_s.tolist(), c.residual_s, c.level) for n, c in clocks.items()}


def check_whole(time_base, ring):
    """Edges and clocks must be those of one search and one fit, bit for bit."""
    stretches = stretches_of(ring)
    expected = edges_in(RIG, stretches)
    assert list(time_base.edges) == list(expected) == ["plates", "emg"]
    for name, edges in expected.items():
        assert len(edges) > 20
        assert time_base.edges[name].tobytes() == edges.tobytes()
    assert as_lists(time_base.clocks()) == as_lists(clocks_for(RIG, stretches))
    assert time_base.clocks()["emg"].level is SyncLevel.EDGES


def test_what_is_taken_piece_by_piece_is_what_one_search_finds(tmp_path):
    ring = a_ring(tmp_path)
    time_base = TimeBase(ring, RIG)
    for k in range(20):
        acquire(ring, k, k + 1, segment=int(k > 12))
        assert time_base.follow()
        time_base.clocks()
    time_base.finish()
    assert not time_base.follow()
    assert time_base.rows == {name: 20 * rate_hz for name, rate_hz in RATES_HZ.items()}
    check_whole(time_base, ring)


def test_streams_stay_in_step(tmp_path):
    ring = a_ring(tmp_path)
    acquire(ring, 0, 3)
    time_base = TimeBase(ring, RIG)
    time_base.follow()
    assert {rows / RATES_HZ[name] for name, rows in time_base.rows.items()} == {time_base_module.STRETCH_S}


def test_several_threads_may_bring_it_up_to_date(tmp_path):
    ring = a_ring(tmp_path)
    time_base = TimeBase(ring, RIG)
    ended = threading.Event()

    def follow():
        while not ended.is_set():
            time_base.follow()
            time_base.clocks()

    threads = [threading.Thread(target=follow) for _ in range(3)]
    for thread in threads:
        thread.start()
    for k in range(20):
        acquire(ring, k, k + 1)
    ended.set()
    for thread in threads:
        thread.join()
    time_base.finish()
    check_whole(time_base, ring)


def test_once_it_has_ended_its_clocks_are_the_same_whatever_comes(tmp_path):
    ring = a_ring(tmp_path)
    acquire(ring, 0, 5)
    time_base = TimeBase(ring, RIG)
    time_base.finish()
    clocks = time_base.clocks()
    acquire(ring, 5, 9)
    assert not time_base.follow()
    time_base.finish()
    assert time_base.clocks() is clocks
    assert time_base.clocks_differ_s() == dict.fromkeys(RATES_HZ, 0.0)


def test_rows_that_it_missed_leave_a_segment_where_it_began(tmp_path):
    """It begins at the oldest row of a ring that was lapped; blocks are counted from there."""
    ring = a_ring(tmp_path, seconds=4.0)
    acquire(ring, 0, 10)
    time_base = TimeBase(ring, RIG)
    time_base.finish()
    for name, line in time_base.clocks().items():
        assert line.first_index.tolist() == [6 * RATES_HZ[name]]
        assert line.host_s(np.array([9 * RATES_HZ[name]]))[0] == pytest.approx(109.01, abs=2e-3)


def test_the_clocks_of_a_recording_that_is_replayed_are_kept(tmp_path):
    ring = a_ring(tmp_path)
    acquire(ring, 0, 9)
    recorded = {
        name: Clock(rate_hz, np.zeros(1, np.int64), np.array([100.01 + late_s]), 0.0, SyncLevel.EDGES)
        for (name, rate_hz), late_s in zip(RATES_HZ.items(), (0.0, 0.25, 0.0), strict=True)
    }
    time_base = TimeBase(ring, RIG, recorded)
    time_base.finish()
    assert time_base.clocks() is recorded
    assert time_base.fitted()["emg"].offset_s[0] == pytest.approx(100.01, abs=2e-3)
    differ_s = time_base.clocks_differ_s()
    assert differ_s["emg"] == pytest.approx(0.25, abs=2e-3)
    assert max(differ_s["plates"], differ_s["alone"]) < 2e-3
