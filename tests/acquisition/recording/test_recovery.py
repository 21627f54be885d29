"""A ring whose session is gone becomes a recording; a running session, an existing file and a full disk are refused."""

from __future__ import annotations

import os

import h5py
import numpy as np
import pytest

from acquisition.recording import Recording, RecordingError
from acquisition.recording import recorder as recorder_module
from acquisition.recording.recorder import Recorder
from acquisition.recording.recovery import RecoveryError, recover
from acquisition.ring import Ring, RingError, SessionPhase
from acquisition.ring.mark_log import Mark
from acquisition.timebase.time_base import TimeBase
from tests.support.fakes import a_stream, check_numbers, numbered
from tests.support.rigs import a_rig

PLATES, EMG, FRAMES = a_stream(), a_stream("emg", 1000.0, 5, "float32"), a_stream("frames", 100.0)
RIG = a_rig(PLATES, EMG)


@pytest.fixture
def ring(tmp_path):
    """Return a ring in which a session ran, with gaps and a new start of the EMG, until it was killed."""
    ring = Ring.create(
        tmp_path / "ring.h5", [PLATES, EMG], 10, derived=[FRAMES], description={"rig": RIG.model_dump(mode="json")}
    )
    for i in range(30):
        ring.writer("plates").append(numbered(PLATES, 40 * i + 17 * (i > 10), 40))
        ring.writer("emg").append(numbered(EMG, 25 * i, 25, segment=int(i > 20)))
        ring.writer("frames").append(numbered(FRAMES, i, 1))
    ring.beat(SessionPhase.RUNNING)
    ring._session[1] -= 3_000_000_000
    return ring


def test_all_that_the_ring_holds_is_recovered(ring, tmp_path):
    recovered = recover(ring.path, tmp_path / "out.h5")
    assert recovered.rows == {"plates": 1200, "emg": 750}
    assert recovered.seconds == {"plates": 0.6, "emg": 0.75}
    assert recovered.caveats == ()
    with Recording(tmp_path / "out.h5") as recording:
        assert recording.complete
        assert recording.rig == RIG
        assert {name: s.stream for name, s in recording.streams.items()} == {"plates": PLATES, "emg": EMG}
        for name, recorded in recording.streams.items():
            ticks = np.concatenate([stretch.ticks for stretch in iter(ring.reader(name).read, None)])
            assert recorded.ticks.tolist() == ticks.tolist()
            for stretch in recording.stretches(name):
                check_numbers(stretch)
        assert recording.streams["plates"].gaps.tolist() == [(440, 457, 17, 0)]
        assert recording.streams["emg"].gaps.tolist() == [(525, 525, 0, 1)]


def test_recovery_and_recorder_agree(ring, tmp_path, monkeypatch):
    monkeypatch.setattr(recorder_module, "BATCH_S", 0.0)
    Recorder(ring, tmp_path / "recorded.h5", RIG, TimeBase(ring, RIG)).finish()
    recover(ring.path, tmp_path / "out.h5")
    with Recording(tmp_path / "recorded.h5") as one, Recording(tmp_path / "out.h5") as other:
        for name in one.streams:
            assert one.samples(name).tobytes() == other.samples(name).tobytes()
            assert one.streams[name].ticks.tobytes() == other.streams[name].ticks.tobytes()


def test_a_running_session_is_left_alone(ring, tmp_path):
    ring.beat(SessionPhase.RUNNING)
    with pytest.raises(RecoveryError, match=r"ring\.h5 is running: .* \d\.\d s old\. End it.* try again in 2 s\."):
        recover(ring.path, tmp_path / "out.h5")
    assert not (tmp_path / "out.h5").exists()


def test_a_finished_session_can_be_recovered_at_once(ring, tmp_path):
    ring.beat(SessionPhase.FINISHED)
    assert recover(ring.path, tmp_path / "out.h5").rows["plates"] == 1200


def test_what_the_ring_no_longer_holds_is_said(tmp_path):
    ring = Ring.create(tmp_path / "ring.h5", [PLATES], 0.5, description={"rig": a_rig(PLATES).model_dump(mode="json")})
    writer = ring.writer("plates")
    for i in range(100):
        writer.append(numbered(PLATES, 40 * i, 40))
    recovered = recover(ring.path, tmp_path / "out.h5")
    assert recovered.rows == {"plates": 1000}
    assert recovered.from_recording == {"plates": 0}
    (caveat,) = recovered.caveats
    assert (caveat.id, caveat.about, caveat.values) == ("overwritten", "plates", {"samples": 3000.0, "seconds": 1.5})
    assert caveat.sentence == (
        "plates: 3000 samples (1.5 s) are no longer in the ring and in no unfinished recording beside it; they are lost."
    )
    with Recording(tmp_path / "out.h5") as recording:
        (stretch,) = recording.stretches("plates")
        assert (stretch.first_index, len(stretch.samples)) == (3000, 1000)
        check_numbers(stretch)
        assert recording.streams["plates"].gaps.tolist() == [(0, 3000, 3000, 0)]
        assert recording.start_s == pytest.approx(1.5)


def session(tmp_path, recorded_blocks: int, blocks: int = 100, first_host_s: float = 0.0) -> Ring:
    """Leave a ring of half a second and an unfinished recording, as a session does that is killed; with gaps and a restart."""
    ring = Ring.create(tmp_path / "ring.h5", [PLATES, EMG], 0.5, description={"rig": RIG.model_dump(mode="json")})
    recorder = Recorder(ring, tmp_path / "recording.h5", RIG, TimeBase(ring, RIG))
    for i in range(blocks):
        for stream, size in ((PLATES, 40), (EMG, 20)):
            lost, segment = 17 * (i > 10) + 5 * (i > 60), int(i > 40)
            ring.writer(stream.name).append(numbered(stream, size * i + lost, size, first_host_s + 0.02 * i, segment))
        if i == 20:
            ring.marks.put(600)
        if i < recorded_blocks:
            recorder.follow()
    recorder.abandon()
    return ring


@pytest.mark.parametrize(("recorded_blocks", "lost"), [(100, 0), (95, 0), (76, 0), (75, 0), (60, 600), (0, 3000)])
def test_ring_and_unfinished_recording_are_joined(tmp_path, monkeypatch, recorded_blocks, lost):
    monkeypatch.setattr(recorder_module, "BATCH_S", 0.0)
    ring = session(tmp_path, recorded_blocks)
    ring.marks.put(1500)
    recovered = recover(ring.path, tmp_path / "out.h5")
    assert recovered.rows == {"plates": 4000 - lost, "emg": 2000 - lost // 2}
    assert recovered.from_recording["plates"] == min(40 * recorded_blocks, 3000)
    assert {caveat.about: caveat.values["samples"] for caveat in recovered.caveats}.get("plates", 0.0) == lost
    with Recording(tmp_path / "out.h5") as out:
        assert out.complete
        assert out.marks == [Mark(600, "mark 1"), Mark(1500, "mark 2")]
        for name, size in (("plates", 40), ("emg", 20)):
            for stretch in out.stretches(name):
                check_numbers(stretch)
            gaps = out.streams[name].gaps
            assert gaps["missing"].sum() == 22 + lost * size // 40
            assert gaps["segment"].max() == 1
            assert (np.diff(out.streams[name].ticks["host_s"]) > 0).all()


@pytest.mark.parametrize("what", ["another rig", "another session", "complete", "no recording"])
def test_a_recording_that_is_not_of_this_session_is_left_aside(tmp_path, monkeypatch, what):
    monkeypatch.setattr(recorder_module, "BATCH_S", 0.0)
    ring = session(tmp_path, 100)
    path = tmp_path / "recording.h5"
    if what == "no recording":
        path.write_bytes(path.read_bytes()[:3000])
    elif what == "complete":
        with h5py.File(path, "r+") as file:
            file.attrs["complete"] = True
    elif what == "another rig":
        path.unlink()
        other = a_rig(PLATES, EMG, name="another")
        Recorder(ring, path, other, TimeBase(ring, other)).abandon()
    else:
        path.unlink()
        (tmp_path / "other").mkdir()
        session(tmp_path / "other", 100, first_host_s=77.0)
        (tmp_path / "other" / "recording.h5").rename(path)
    recovered = recover(ring.path, tmp_path / "out.h5")
    assert recovered.from_recording == {"plates": 0, "emg": 0}
    assert recovered.rows["plates"] == 1000


def test_a_killed_session_is_recovered_to_its_last_block(child, tmp_path):
    code = """
import acquisition.recording.recorder
acquisition.recording.recorder.BATCH_S = 0.01
stream = a_stream()
ring = Ring.create(path, [stream], 60, description={"rig": a_rig(stream).model_dump(mode="json")})
recorder = Recorder(ring, path.with_name("recording.h5"), a_rig(stream), TimeBase(ring, a_rig(stream)))
def endless():
    i = 0
    while True:
        yield numbered(stream, 40 * i, 40)
        i += 1
engine = Engine(ring, [FakeSource(stream, endless(), pause_s=0.001)], {"recorder": recorder})
engine.arm()
engine.start()
print("running", flush=True)
time.sleep(60)
"""
    process = child(code, tmp_path / "ring.h5")
    assert process.stdout.readline() == "running\n"
    watched = Ring.attach(tmp_path / "ring.h5")
    while (seen := watched.reader("plates").waiting) < 8000:
        pass
    with pytest.raises(RecoveryError, match="is running"):
        recover(watched.path, tmp_path / "out.h5")
    process.kill()
    process.wait()
    Ring(watched.path, writable=True)._session[1] -= 3_000_000_000
    recovered = recover(watched.path, tmp_path / "out.h5")
    assert recovered.rows["plates"] >= seen
    with Recording(tmp_path / "out.h5") as whole, Recording(tmp_path / "recording.h5") as part:
        assert not part.complete
        rows = part.streams["plates"].rows
        assert rows <= whole.streams["plates"].rows == recovered.rows["plates"]
        assert (part.samples("plates") == whole.samples("plates")[:rows]).all()


def test_nothing_is_overwritten(ring, tmp_path):
    (tmp_path / "out.h5").write_text("mine")
    with pytest.raises(RecordingError, match="exists already"):
        recover(ring.path, tmp_path / "out.h5")
    assert (tmp_path / "out.h5").read_text() == "mine"


@pytest.mark.parametrize(
    ("description", "said"),
    [
        ({}, r"ring2\.h5 does not say which rig it belongs to\."),
        ({"rig": {"name": 3}}, r"In the rig of the ring .*ring2\.h5, 2 settings don't fit"),
    ],
)
def test_a_ring_without_its_rig(tmp_path, description, said):
    ring = Ring.create(tmp_path / "ring2.h5", [PLATES], 1, description=description)
    with pytest.raises(RecoveryError, match=said):
        recover(ring.path, tmp_path / "out.h5")


def test_a_ring_without_samples(tmp_path):
    ring = Ring.create(tmp_path / "ring2.h5", [PLATES], 1, description={"rig": a_rig(PLATES).model_dump(mode="json")})
    with pytest.raises(RecoveryError, match="holds no samples"):
        recover(ring.path, tmp_path / "out.h5")
    assert not (tmp_path / "out.h5").exists()


def test_a_damaged_ring_leaves_no_recording(ring, tmp_path):
    path = ring.path
    ring.close()
    with h5py.File(path, "r+") as file:
        file["streams/emg/ticks"][:] = 0
    with pytest.raises(RingError, match="stream emg is damaged"):
        recover(path, tmp_path / "out.h5")
    assert not (tmp_path / "out.h5").exists()
    path.write_text("no ring")
    with pytest.raises(RingError, match="can't be read as a ring"):
        recover(path, tmp_path / "out.h5")


@pytest.mark.skipif(os.name == "nt", reason="sizes of files can't be limited there")
def test_a_full_disk_leaves_no_recording(child, tmp_path):
    stream = a_stream(channels=28)
    ring = Ring.create(tmp_path / "ring.h5", [stream], 5, description={"rig": a_rig(stream).model_dump(mode="json")})
    for i in range(250):
        ring.writer("plates").append(numbered(stream, 40 * i, 40))
    code = """
from acquisition.recording.recovery import *
limit_file_size(1_070_000)
try:
    recover(path, path.with_name("out.h5"))
except RecoveryError as error:
    print(error)
"""
    out, err = (process := child(code, ring.path)).communicate(timeout=240)
    assert (process.returncode, err) == (0, "")
    assert out == f"{tmp_path / 'out.h5'} could not be written to its end and was removed: [Errno 27] File too large.\n"
    assert not (tmp_path / "out.h5").exists()
