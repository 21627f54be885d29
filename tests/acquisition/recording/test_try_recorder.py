"""The recorder of tries: each is a recording of its own, numbered from 0, of just what came between its begin and its end."""

from __future__ import annotations

import math

import numpy as np
import pytest

from acquisition.recording import Recording, RecordingError
from acquisition.recording.try_recorder import TryRecorder
from acquisition.ring import Ring
from acquisition.ring.mark_log import Mark
from acquisition.timebase.time_base import TimeBase
from hardware.source import Block
from tests.support.fakes import a_stream, numbered
from tests.support.rigs import a_rig
from tests.support.sync_lines import level

SECOND = 2000


@pytest.fixture
def lab(tmp_path):
    plates, emg = a_stream(), a_stream("emg", 1000.0, 5, "float32", 30)
    ring = Ring.create(tmp_path / "ring.h5", [plates, emg], 30)
    rig = a_rig(plates, emg)
    return ring, rig, TimeBase(ring, rig)


def feed(ring: Ring, from_s: float, to_s: float, segment: int = 0) -> None:
    for name, rate_hz in (("plates", 2000.0), ("emg", 1000.0)):
        writer = ring.writer(name)
        for index in range(round(from_s * rate_hz), round(to_s * rate_hz), 50):
            writer.append(numbered(writer.stream, index, 50, segment=segment, host_s=100.0 + (index + 49) / rate_hz))


def test_each_try_holds_what_came_between_its_begin_and_its_end(lab, tmp_path):
    ring, rig, time_base = lab
    recorder = TryRecorder(ring, rig, time_base)
    feed(ring, 0.0, 3.0)
    assert not recorder.follow()
    assert recorder.spare_s == math.inf
    ring.marks.put(2 * SECOND)
    recorder.begin(tmp_path / "1.h5")
    feed(ring, 3.0, 5.0)
    ring.marks.put(round(4.5 * SECOND))
    ring.marks.put(1 * SECOND)  # of the time before, gone back to
    recorder.follow()
    feed(ring, 5.0, 6.0)
    recorder.end()
    feed(ring, 6.0, 8.0)
    ring.marks.put(7 * SECOND)
    recorder.begin(tmp_path / "2.h5")
    feed(ring, 8.0, 9.0)
    recorder.finish()
    for name, first_s, seconds in (("1.h5", 3.0, 3.0), ("2.h5", 8.0, 1.0)):
        with Recording(tmp_path / name) as recording:
            assert recording.complete
            assert recording.seconds == pytest.approx(seconds)
            assert recording.marks == ([Mark(round(1.5 * SECOND), "mark 2")] if name == "1.h5" else [])
            for stream, rate_hz in (("plates", 2000.0), ("emg", 1000.0)):
                samples = recording.samples(stream)
                assert (samples[:, 0] == np.arange(first_s * rate_hz, (first_s + seconds) * rate_hz)).all()
                at_s = recording.clocks[stream].host_s(np.array([0, len(samples) - 1]))
                assert at_s == pytest.approx(100.0 + np.array([first_s, first_s + seconds - 1 / rate_hz]), abs=2e-3)
                assert not len(recording.streams[stream].gaps)
                assert [s.first_index for s in recording.stretches(stream)] == [0]
    assert recorder.missed == {"plates": 0, "emg": 0}


def test_a_device_that_was_lost_before_the_try_leaves_no_gap_in_it_and_one_within_it_does(lab, tmp_path):
    ring, rig, time_base = lab
    recorder = TryRecorder(ring, rig, time_base)
    feed(ring, 0.0, 1.0)
    feed(ring, 2.0, 3.0, segment=1)
    recorder.begin(tmp_path / "1.h5")
    feed(ring, 3.0, 4.0, segment=1)
    feed(ring, 5.0, 6.0, segment=2)
    recorder.end()
    with Recording(tmp_path / "1.h5") as recording:
        found = list(recording.stretches("plates"))
        assert [(s.first_index, int(s.ticks["segment"][0])) for s in found] == [(0, 0), (2 * SECOND, 1)]
        at_s = recording.clocks["plates"].host_s(np.array([0, 2 * SECOND]))
        assert at_s == pytest.approx([103.0, 105.0], abs=2e-3)


def test_edges_are_those_of_the_try(tmp_path):
    """A sync line whose edges come each 0.5 s: a try has its own, numbered from its first sample."""
    stream = a_stream(channels=2)
    rig = a_rig({"name": "plates", "rate_hz": 2000.0, "channels": ["c0", "c1"], "units": "V", "sync_channel": "c1"})
    ring = Ring.create(tmp_path / "ring.h5", [stream], 30)
    time_base = TimeBase(ring, rig)
    recorder = TryRecorder(ring, rig, time_base)
    edges_s = 0.25 + 0.5 * np.arange(40)

    def sync(from_s: float, to_s: float) -> None:
        for index in range(round(from_s * SECOND), round(to_s * SECOND), 50):
            t_s = (index + np.arange(50)) / SECOND
            samples = np.column_stack([t_s, 5.0 * level(edges_s, t_s)])
            ring.writer("plates").append(Block(samples, index, 100.0 + t_s[-1]))

    sync(0.0, 4.0)
    recorder.begin(tmp_path / "1.h5")
    sync(4.0, 8.0)
    recorder.end()
    with Recording(tmp_path / "1.h5") as recording:
        found = recording.edges("plates")["index"] / SECOND
        assert found == pytest.approx(edges_s[(edges_s > 4.0) & (edges_s < 8.0)] - 4.0, abs=1e-3)


def test_a_try_that_is_there_already_is_not_overwritten(lab, tmp_path):
    ring, rig, time_base = lab
    recorder = TryRecorder(ring, rig, time_base)
    (tmp_path / "1.h5").write_text("mine")
    with pytest.raises(RecordingError, match="nothing is ever overwritten"):
        recorder.begin(tmp_path / "1.h5")
    assert (tmp_path / "1.h5").read_text() == "mine"
    recorder.end()  # there is nothing to end
    recorder.begin(tmp_path / "2.h5")
    feed(ring, 0.0, 1.0)
    recorder.follow()
    recorder.abandon()
    with Recording(tmp_path / "2.h5") as recording:
        assert not recording.complete
