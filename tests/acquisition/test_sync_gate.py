"""The gate opens when a line ties the streams together, and says in a sentence why it does not."""

from __future__ import annotations

import numpy as np
import pytest

from acquisition.ring import Ring
from acquisition.sync_gate import SyncGate
from acquisition.timebase.time_base import TimeBase
from hardware.source import Block
from tests.support.rigs import a_rig
from tests.support.sync_lines import level

RATES_HZ = {"plates": 1000.0, "emg": 2000.0}
LINE_S = np.sort(np.concatenate([np.arange(40) + 0.5, np.arange(40) + 0.5 + np.array([0.1, 0.3, 0.2, 0.4] * 10)]))


class Recorder:
    """Counts what is asked of it."""

    def __init__(self):
        self.followed = self.finished = self.abandoned = 0

    def follow(self):
        self.followed += 1
        return True

    def finish(self):
        self.finished += 1

    def abandon(self):
        self.abandoned += 1


class Session:
    """A ring, its gate, and a clock that stands until it is moved."""

    def __init__(self, folder, *, synced=("plates", "emg"), **settings):
        streams = [
            {"name": name, "rate_hz": rate_hz, "channels": ["a", "line"], "units": "V", "source": {"kind": "simulated"}}
            | ({"sync_channel": "line"} if name in synced else {})
            for name, rate_hz in RATES_HZ.items()
        ]
        self.rig = a_rig(*streams, sync=settings)
        self.ring = Ring.create(folder / "ring.h5", [stream.stream() for stream in self.rig.stream], 40.0)
        self.recorder, self.now_s = Recorder(), 0.0
        self.gate = SyncGate(TimeBase(self.ring, self.rig), self.rig, self.recorder, lambda: self.now_s)
        self.index = dict.fromkeys(RATES_HZ, 0)

    def acquire(self, name, until_s, edges_s=LINE_S, late_s=0.02):
        rate_hz = RATES_HZ[name]
        while (first := self.index[name]) < until_s * rate_hz:
            t_s = np.arange(first, first + 50) / rate_hz
            line = level(edges_s, t_s)
            self.ring.writer(name).append(Block(np.stack([t_s, line], axis=1), first, 100.0 + t_s[-1] + late_s))
            self.index[name] += 50

    def follow(self):
        while self.gate.follow() and not self.gate.open:
            pass


@pytest.fixture
def session(tmp_path):
    return Session(tmp_path)


def test_it_opens_once_every_stream_has_three_edges(session):
    session.acquire("plates", 1.9)
    session.acquire("emg", 1.7)
    session.follow()
    assert (session.gate.open, session.recorder.followed) == (False, 0)
    assert session.gate.progress == "sync: plates 3 edges, emg 2 edges, residual 0.3 ms"
    session.acquire("emg", 1.9)
    session.follow()
    assert session.gate.open
    assert session.gate.progress == "sync: plates 3 edges, emg 3 edges, residual 0.3 ms"
    assert session.recorder.followed == 1
    session.gate.finish()
    assert (session.recorder.finished, session.gate.refusal) == (1, "")


def test_without_sync_channels_it_is_open(tmp_path):
    session = Session(tmp_path, synced=())
    assert (session.gate.open, session.gate.progress) == (True, "")
    assert session.gate.follow()
    session.gate.finish()
    assert (session.recorder.followed, session.recorder.finished) == (1, 1)


def test_one_sync_channel_alone_must_show_edges_too(tmp_path):
    session = Session(tmp_path, synced=("emg",))
    session.acquire("emg", 3.0)
    session.follow()
    assert session.gate.open


def test_how_many_edges_and_by_when_can_be_set(tmp_path):
    session = Session(tmp_path, edges=7, within_s=3.0)
    for name in RATES_HZ:
        session.acquire(name, 3.0)
    session.follow()
    assert session.gate.refusal.startswith(
        "Nothing was recorded, since the sync line does not tie the devices together: each stream with a sync_channel must see "
        "7 edges first (plates saw 5 edges in 3.0 s of samples, emg saw 5 edges in 3.0 s of samples). Check that"
    )
    assert not session.gate.follow()
    session.gate.finish()
    assert (session.recorder.followed, session.recorder.finished) == (0, 0)
    session.gate.abandon()
    assert session.recorder.abandoned == 1


def test_a_channel_without_a_line_is_named(session):
    session.acquire("plates", 12.0)
    session.follow()
    assert not session.gate.refusal, "the EMG may only be late"
    session.acquire("emg", 12.0, edges_s=np.array([50.0, 51.0]))
    session.follow()
    assert "(plates saw 23 edges in 12.0 s of samples, emg saw 0 edges in 10.0 s of samples)" in session.gate.refusal
    assert "remove sync_channel" in session.gate.refusal


def test_a_stream_that_is_silent_is_waited_for_as_long_and_no_longer(session):
    session.follow()
    session.now_s = 9.0
    session.acquire("plates", 9.0)
    session.follow()
    assert not session.gate.refusal
    session.now_s = 10.5
    session.follow()
    assert "emg saw 0 edges in 0.0 s of samples" in session.gate.refusal


def test_edges_that_are_others_do_not_open_it(session):
    session.acquire("plates", 10.5)
    session.acquire("emg", 10.5, edges_s=np.cumsum(np.random.default_rng(3).uniform(0.2, 1.1, 40)))
    session.follow()
    assert not session.gate.open
    assert "they are not the same edges" in session.gate.refusal or " ms off, and 2 ms are allowed" in session.gate.refusal


def test_edges_that_come_unevenly_late_do_not_open_it(session):
    session.acquire("plates", 10.5)
    session.acquire("emg", 10.5, edges_s=LINE_S + np.resize([0.0, 0.0, 0.008, 0.004, -0.006], len(LINE_S)))
    session.follow()
    assert not session.gate.open
    assert "the edges of emg are" in session.gate.refusal
    assert "ms off, and 2 ms are allowed" in session.gate.refusal


def test_a_session_that_ends_before_says_so(session):
    session.acquire("plates", 0.7)
    session.gate.finish()
    assert session.recorder.finished == 0
    assert session.gate.refusal.startswith("Nothing was recorded, since the session ended before the sync line tied")
    assert "plates saw 1 edge in 0.7 s" in session.gate.refusal


def test_a_short_session_opens_it_at_its_end(session):
    for name in RATES_HZ:
        session.acquire(name, 2.0)
    session.gate.finish()
    assert (session.gate.refusal, session.recorder.finished) == ("", 1)
