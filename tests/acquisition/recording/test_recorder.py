"""The recorder writes what the ring held, says what it missed, and a full disk stops it and nobody else."""

from __future__ import annotations

import errno
import os
import shutil
from types import SimpleNamespace

import h5py
import numpy as np
import pytest

from acquisition.recording import Recording, RecordingError
from acquisition.recording import recorder as recorder_module
from acquisition.recording import recording as recording_module
from acquisition.recording.recorder import Recorder, require_space
from acquisition.ring import Ring
from acquisition.timebase.time_base import TimeBase
from hardware.severity import Severity
from hardware.source import Block
from tests.support.fakes import a_stream, check_numbers, numbered
from tests.support.recordings import edges_in
from tests.support.rigs import a_rig
from tests.support.sync_lines import level


@pytest.fixture(autouse=True)
def no_batches(monkeypatch):
    monkeypatch.setattr(recorder_module, "BATCH_S", 0.0)


def test_the_recording_is_what_the_ring_was_given(tmp_path):
    """Gaps, segments, odd block lengths and two streams; derived streams are left out."""
    plates, emg, frames = a_stream(), a_stream("emg", 1000.0, 5, "float32"), a_stream("frames", 100.0)
    ring = Ring.create(tmp_path / "ring.h5", [plates, emg], 1, derived=[frames])
    recorder = Recorder(ring, tmp_path / "recording.h5", a_rig(plates, emg), TimeBase(ring, a_rig(plates, emg)))
    rng = np.random.default_rng(1)
    written = {"plates": [], "emg": []}
    state = {"plates": (0, 0), "emg": (0, 0)}
    for i in range(400):
        stream = (plates, emg)[i % 2]
        index, segment = state[stream.name]
        index += int(rng.choice([0, 0, 0, 13]))
        segment += int(rng.random() < 0.05)
        block = numbered(stream, index, int(rng.integers(1, 60)), host_s=i * 0.01, segment=segment)
        ring.writer(stream.name).append(block)
        ring.writer("frames").append(numbered(frames, i, 1))
        written[stream.name].append(block)
        state[stream.name] = (index + len(block.samples), segment)
        if i % 17 == 0:
            assert recorder.follow()
            assert not recorder.follow()
    recorder.finish()
    assert recorder.missed == {"plates": 0, "emg": 0}
    with Recording(tmp_path / "recording.h5") as recording:
        assert recording.complete
        assert set(recording.streams) == {"plates", "emg"}
        for name, blocks in written.items():
            assert recording.samples(name).tobytes() == np.concatenate([b.samples for b in blocks]).tobytes()
            rows = np.cumsum([len(b.samples) for b in blocks])
            expected = [(r, b.first_index + len(b.samples), b.segment, b.host_s) for r, b in zip(rows, blocks, strict=True)]
            assert recording.streams[name].ticks.tolist() == expected


def test_what_the_recorder_missed_is_a_gap_in_the_recording(tmp_path):
    stream = a_stream(rate_hz=1000.0, block_samples=10)
    ring = Ring.create(tmp_path / "ring.h5", [stream], 0.1)
    recorder = Recorder(ring, tmp_path / "recording.h5", a_rig(stream), TimeBase(ring, a_rig(stream)))
    writer = ring.writer("plates")
    for i in range(50):
        writer.append(numbered(stream, 10 * i, 10))
        if i < 5:
            recorder.follow()
    recorder.finish()
    missed = recorder.missed["plates"]
    assert missed == 500 - 100 + 100 // 8 - 50
    with Recording(tmp_path / "recording.h5") as recording:
        assert recording.streams["plates"].rows == 500 - missed
        assert recording.streams["plates"].gaps.tolist() == [(50, 50 + missed, missed, 0)]
        for stretch in recording.stretches("plates"):
            check_numbers(stretch)


def test_batches_are_not_written_more_often_than_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(recorder_module, "BATCH_S", 1e6)
    stream = a_stream()
    ring = Ring.create(tmp_path / "ring.h5", [stream], 1)
    recorder = Recorder(ring, tmp_path / "recording.h5", a_rig(stream), TimeBase(ring, a_rig(stream)))
    writer = ring.writer("plates")
    writer.append(numbered(stream, 0, 40))
    assert recorder.follow()
    writer.append(numbered(stream, 40, 40))
    assert not recorder.follow()
    recorder.finish()
    with Recording(tmp_path / "recording.h5") as recording:
        assert recording.streams["plates"].rows == 80


def test_an_abandoned_recording_is_readable_and_incomplete(tmp_path):
    stream = a_stream()
    ring = Ring.create(tmp_path / "ring.h5", [stream], 1)
    recorder = Recorder(ring, tmp_path / "recording.h5", a_rig(stream), TimeBase(ring, a_rig(stream)))
    ring.writer("plates").append(numbered(stream, 0, 40))
    recorder.follow()
    recorder.abandon()
    with Recording(tmp_path / "recording.h5") as recording:
        assert not recording.complete
        assert recording.streams["plates"].rows == 40


def test_an_abandoned_recording_has_the_edges_of_what_was_written(tmp_path):
    stream = a_stream(rate_hz=1000.0, channels=1)
    settings = a_rig(stream).stream[0].model_copy(update={"sync_channel": "c0"})
    rig = a_rig(stream).model_copy(update={"stream": [settings]})
    ring = Ring.create(tmp_path / "ring.h5", [stream], 10)
    recorder = Recorder(ring, tmp_path / "recording.h5", rig, TimeBase(ring, rig))
    line = level(np.array([0.5, 0.7, 1.5, 1.8, 2.5, 2.9, 3.5]), np.arange(4000) / 1000.0)[:, None]
    for first in range(0, 4000, 40):
        ring.writer("plates").append(Block(line[first : first + 40], first, first / 1000.0))
        if first == 2000:
            recorder.follow()
    recorder.follow()
    recorder.abandon()
    with h5py.File(tmp_path / "recording.h5") as file:
        edges = file["streams/plates/edges"][:]
    stretch = ring.reader("plates").read()
    assert len(edges) == 6
    assert edges.tobytes() == edges_in(rig, {"plates": [stretch]})["plates"].tobytes()


def test_room_is_asked_for_before(tmp_path):
    require_space(tmp_path, 1)
    with pytest.raises(RecordingError, match=r"may need 1000000000000 MB, and .* MB left; free some space"):
        require_space(tmp_path, 1e18)


@pytest.mark.skipif(os.name == "nt", reason="sizes of files can't be limited there")
def test_a_disk_that_stays_full_stops_the_recorder_alone(child, tmp_path):
    """The engine says it, the other follower sees every sample, the file opens, the interpreter ends in peace."""
    code = """
import acquisition.recording.recorder
acquisition.recording.recorder.BATCH_S = 0.0
stream = a_stream(channels=8)
ring = Ring.create(path, [stream], 10)
limit_file_size(1_100_000)

class Counter:
    def __init__(self):
        self.reader, self.rows = ring.reader("plates"), 0
    def follow(self):
        stretch = self.reader.read()
        self.rows += len(stretch.samples) if stretch is not None else 0
        return stretch is not None
    def finish(self):
        while self.follow():
            pass
    def abandon(self):
        print("abandoned")

counter = Counter()
source = FakeSource(stream, [numbered(stream, 40 * i, 40) for i in range(400)], pause_s=0.0005)
recorder = Recorder(ring, path.with_name("recording.h5"), a_rig(stream), TimeBase(ring, a_rig(stream)))
engine = Engine(ring, [source], {"recorder": recorder, "counter": counter})
engine.arm()
engine.start()
engine.wait(240)
engine.stop()
print(*engine.faults, sep="\\n")
print(counter.rows, counter.reader.missed)
print(*[(fault.severity.name, fault.about) for fault in ring.faults.read()])
"""
    out, err = (process := child(code, tmp_path / "ring.h5")).communicate(timeout=240)
    assert (process.returncode, err) == (0, "")
    recording = tmp_path / "recording.h5"
    with Recording(recording) as opened:
        assert not opened.complete
        (stretch,) = opened.stretches("plates")
        written = len(stretch.samples)
    assert 0 < written < 16000
    assert out.splitlines() == [
        f"The recorder stopped early. The disk of {tmp_path} is full, so nothing more goes into recording.h5. "
        f"{16000 - written} samples of plates are in the ring alone.",
        "16000 0",
        "('RED', 'recorder') ('RED', 'recorder')",
    ]
    with Recording(recording) as opened:
        (stretch,) = opened.stretches("plates")
        check_numbers(stretch)


@pytest.mark.parametrize("ring_s", [10.0, 0.5])
def test_a_disk_that_has_room_again_gets_the_rest_from_the_ring(tmp_path, monkeypatch, ring_s):
    """Full for 1.5 s: nothing is lost where the ring holds as much, and what a smaller one could not hold is told as a gap."""
    stream = a_stream()
    ring = Ring.create(tmp_path / "ring.h5", [stream], ring_s)
    recorder = Recorder(ring, tmp_path / "recording.h5", a_rig(stream), TimeBase(ring, a_rig(stream)))
    writer, room = ring.writer("plates"), recording_module.allocate
    clock = SimpleNamespace(now_s=0.0)
    monkeypatch.setattr(recorder_module, "host_now_s", lambda: clock.now_s)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    for number in range(200):
        monkeypatch.setattr(recording_module, "allocate", full if 50 <= number < 125 else room)
        writer.append(numbered(stream, 40 * number, 40))
        clock.now_s = 0.02 * number
        recorder.follow()
    assert not recorder.stuck
    recorder.finish()
    missed = recorder.missed["plates"]
    assert (missed == 0) == (ring_s == 10.0)
    faults = ring.faults.read()
    assert [fault.severity for fault in faults] == [Severity.RED, Severity.FINE]
    assert "It is tried again and again" in faults[0].sentence
    assert faults[1].sentence.endswith(f"{missed} samples were overwritten meanwhile." if missed else "Nothing was lost.")
    with Recording(tmp_path / "recording.h5") as recording:
        assert recording.complete
        stretches = list(recording.stretches("plates"))
        for stretch in stretches:
            check_numbers(stretch)
        assert sum(len(stretch.samples) for stretch in stretches) == 8000 - missed
        assert recording.streams["plates"].gaps["missing"].sum() == missed


@pytest.mark.parametrize("folder_too", [False, True])
def test_a_recording_that_is_deleted_in_the_session_is_written_anew(tmp_path, folder_too):
    stream = a_stream()
    folder = tmp_path / "session"
    folder.mkdir()
    ring = Ring.create(tmp_path / "ring.h5", [stream], 10.0)
    recorder = Recorder(ring, folder / "recording.h5", a_rig(stream), TimeBase(ring, a_rig(stream)))
    for number in range(100):
        ring.writer("plates").append(numbered(stream, 40 * number, 40))
        recorder.follow()
        if number == 50:
            assert not recorder.deleted
            try:
                shutil.rmtree(folder) if folder_too else (folder / "recording.h5").unlink()
            except PermissionError:
                recorder.abandon()
                pytest.skip("what is open can't be deleted here")
            assert recorder.deleted
    recorder.finish()
    with Recording(folder / "recording.h5") as recording:
        assert recording.complete
        (stretch,) = recording.stretches("plates")
        assert len(stretch.samples) == 4000
        check_numbers(stretch)


def test_a_recording_that_was_closed_is_not_called_deleted(tmp_path):
    stream = a_stream()
    ring = Ring.create(tmp_path / "ring.h5", [stream], 1.0)
    recorder = Recorder(ring, tmp_path / "recording.h5", a_rig(stream), TimeBase(ring, a_rig(stream)))
    recorder.abandon()
    assert not recorder.deleted
