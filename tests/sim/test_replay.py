"""A recording that is replayed through ring and recorder comes out as it went in, bit for bit, and paced as it was."""

from __future__ import annotations

import numpy as np
import pytest

from acquisition.engine import Engine
from acquisition.recording import Recording, RecordingError, RecordingWriter
from acquisition.recording import recorder as recorder_module
from acquisition.recording.recorder import Recorder
from acquisition.ring import Ring
from acquisition.stretches import TICK, Stretch
from acquisition.timebase.time_base import TimeBase
from hardware.source import SourceError, SourceState, StreamEnded
from sim import replay as replay_module
from sim.replay import replay, ring_seconds
from tests.support.recordings import complete
from tests.support.rigs import a_rig

RIG = a_rig(
    {"name": "plates", "rate_hz": 2000.0, "channels": ["a", "b", "c"]},
    {
        "name": "emg",
        "rate_hz": 250.0,
        "channels": ["d", "e"],
        "units": "uV",
        "dtype": "float32",
    },
    {"name": "late", "rate_hz": 100.0, "channels": ["f"]},
    {"name": "silent", "rate_hz": 100.0, "channels": ["g"]},
)
STREAMS = {settings.name: settings.stream() for settings in RIG.stream}


def fill(writer, name, blocks, rate_hz, *, begin_s=5000.0, seed=0):
    """Record random samples in blocks of odd lengths, with gaps, a restart, late blocks and a crystal that is off."""
    rng = np.random.default_rng(seed)
    stream = STREAMS[name]
    counts = rng.integers(1, 60, blocks)
    row = np.cumsum(counts)
    index = row + np.cumsum(rng.choice([0, 0, 0, 0, 31], blocks))
    ticks = np.zeros(blocks, TICK)
    ticks["row"], ticks["index"], ticks["segment"] = row, index, np.arange(blocks) >= blocks // 2
    ticks["host_s"] = np.maximum.accumulate(begin_s + index / rate_hz / (1 + 50e-6) + rng.exponential(0.002, blocks))
    samples = rng.normal(size=(row[-1], len(stream.channels))).astype(stream.dtype)
    samples[::100, 0] = np.nan
    writer.append(name, Stretch(samples, ticks, 0, int(index[0] - row[0])))


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    path = tmp_path_factory.mktemp("replay") / "original.h5"
    writer = RecordingWriter(path, RIG, list(STREAMS.values()))
    fill(writer, "plates", 3000, 2000.0)
    fill(writer, "emg", 300, 250.0, begin_s=5000.25, seed=1)
    fill(writer, "late", 40, 100.0, begin_s=5020.0, seed=2)
    complete(writer)
    return path


@pytest.fixture
def replayed(original, tmp_path, monkeypatch):
    """Replay through ring, recorder and engine as fast as possible, with a recorder that only wakes at the end."""
    monkeypatch.setattr(recorder_module, "BATCH_S", 1e6)
    ring = Ring.create(tmp_path / "ring.h5", list(STREAMS.values()), ring_seconds(original))
    recorder = Recorder(ring, tmp_path / "again.h5", RIG, TimeBase(ring, RIG))
    engine = Engine(ring, replay(original, None), {"recorder": recorder})
    engine.arm()
    engine.start()
    assert engine.wait(240)
    engine.stop()
    assert engine.faults == []
    assert set(recorder.missed.values()) == {0}
    return tmp_path / "again.h5"


def test_samples_ticks_gaps_and_clocks_are_the_same_to_the_bit(original, replayed):
    with Recording(original) as before, Recording(replayed) as after:
        assert before.streams.keys() == after.streams.keys()
        assert before.rig == after.rig
        assert before.start_s == after.start_s
        assert before.seconds == after.seconds
        for name, recorded in before.streams.items():
            again = after.streams[name]
            assert again.stream == recorded.stream
            assert before.samples(name).tobytes() == after.samples(name).tobytes()
            assert recorded.ticks.tobytes() == again.ticks.tobytes()
            assert recorded.gaps.tobytes() == again.gaps.tobytes()
            assert len(recorded.gaps) > 3 or name != "plates"
            assert recorded.clock.rate_hz == again.clock.rate_hz
            assert recorded.clock.first_index.tolist() == again.clock.first_index.tolist()
            assert recorded.clock.offset_s.tolist() == again.clock.offset_s.tolist()


def blocks_of(source):
    blocks = []
    while True:
        try:
            blocks.append(source.read(0.1))
        except StreamEnded:
            return blocks


def source_of(path, name, speed=None):
    return next(source for source in replay(path, speed) if source.stream.name == name)


def test_every_tick_is_a_block(original):
    source = source_of(original, "plates")
    source.open()
    source.start()
    assert source.state is SourceState.RUNNING
    blocks = blocks_of(source)
    assert source.state is SourceState.ENDED
    with Recording(original) as recording:
        ticks = recording.streams["plates"].ticks
        ends = [(b.first_index + len(b.samples), b.segment, b.host_s) for b in blocks]
        assert ends == [(t["index"], t["segment"], t["host_s"]) for t in ticks]
        assert np.cumsum([len(b.samples) for b in blocks]).tolist() == ticks["row"].tolist()
    source.close()


def test_samples_are_read_a_slab_at_a_time(original, monkeypatch):
    monkeypatch.setattr(replay_module, "SLAB_ROWS", 100)
    longest = []
    samples = Recording.samples

    def watched(self, name, first_row, rows):
        longest.append(rows)
        return samples(self, name, first_row, rows)

    monkeypatch.setattr(Recording, "samples", watched)
    source = source_of(original, "plates")
    source.open()
    source.start()
    blocks = blocks_of(source)
    source.close()
    monkeypatch.undo()
    assert max(longest) == 100
    with Recording(original) as recording:
        assert np.concatenate([b.samples for b in blocks]).tobytes() == recording.samples("plates").tobytes()


class Hands:
    """A clock that only sleep moves."""

    def __init__(self):
        self.now_s = 77.0

    def clock(self):
        return self.now_s

    def sleep(self, seconds):
        assert seconds >= 0
        self.now_s += seconds


@pytest.mark.parametrize("speed", [1.0, 4.0])
def test_streams_are_paced_as_they_were_and_in_step(original, monkeypatch, speed):
    hands = Hands()
    session_clock = replay_module.SessionClock
    monkeypatch.setattr(replay_module, "SessionClock", lambda speed: session_clock(speed, hands.clock, hands.sleep))
    sources = {source.stream.name: source for source in replay(original, speed)}
    for source in sources.values():
        source.open()
        source.start()
    emg, late = sources["emg"], sources["late"]
    with Recording(original) as recording:
        first_s = recording.streams["plates"].ticks["host_s"][0]
        assert first_s == min(s.ticks["host_s"][0] for s in recording.streams.values() if s.rows)
        expected = recording.streams["emg"].ticks["host_s"]
        late_s = recording.streams["late"].ticks["host_s"][0]
    assert late.read(0.5) is None
    assert hands.now_s == 77.5
    came = []
    while len(came) < len(expected):
        if emg.read(0.01) is not None:
            came.append(hands.now_s)
    due = 77.0 + (expected - first_s) / speed
    assert came == pytest.approx(np.maximum(due, 77.5), abs=1e-9)
    while late.read(0.3) is None:
        pass
    assert hands.now_s == pytest.approx(max(came[-1], 77.0 + (late_s - first_s) / speed))
    for source in sources.values():
        source.close()


def test_a_stream_without_samples_ends_at_once(original):
    source = source_of(original, "silent", 1.0)
    source.open()
    source.start()
    with pytest.raises(StreamEnded):
        source.read(0.1)
    source.close()


def test_what_can_not_be_replayed_is_said(original, tmp_path):
    with pytest.raises(RecordingError, match="There is no file"):
        replay(tmp_path / "none.h5", None)
    path = tmp_path / "copy.h5"
    path.write_bytes(original.read_bytes())
    source = replay(path, None)[0]
    source.stop()
    source.close()
    with pytest.raises(SourceError, match="was not opened"):
        source.read(0.1)
    path.unlink()
    with pytest.raises(SourceError, match="There is no file"):
        source.open()


def test_a_ring_of_ring_seconds_holds_every_row(original, tmp_path):
    ring = Ring.create(tmp_path / "ring.h5", list(STREAMS.values()), ring_seconds(original))
    for source in replay(original, None):
        source.open()
        source.start()
        for block in blocks_of(source):
            ring.writer(source.stream.name).append(block)
        source.close()
    with Recording(original) as recording:
        for name, recorded in recording.streams.items():
            assert ring.reader(name).row == 0
            assert ring.reader(name).waiting == recorded.rows
