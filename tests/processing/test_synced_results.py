"""Results of a session with a sync line: live and reprocessed alike to the last bit, and both streams in one time."""

from __future__ import annotations

import shutil
from dataclasses import replace

import h5py
import numpy as np
import pytest

from acquisition.recording import Recording
from acquisition.recording.recorder import Recorder
from acquisition.rig.rig_file import example, load
from acquisition.ring import Ring
from acquisition.sync_gate import SyncGate
from acquisition.timebase.time_base import TimeBase
from hardware.source import StreamEnded
from processing.batch import reprocess
from processing.live import LivePipeline
from processing.pipeline import Pipeline
from sim.device import devices
from sim.lifter.lifter import demo_lifter

SECONDS = 9.0
LATE_S = 0.06


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """A session whose EMG arrives late, loses a packet, and has its device started anew; what it left, live and later."""
    folder = tmp_path_factory.mktemp("synced")
    rig = load(example("demo"))
    pipeline = Pipeline(rig)
    ring = Ring.create(folder / "ring.h5", [s.stream() for s in rig.stream], SECONDS + 2, derived=pipeline.derived_streams())
    time_base = TimeBase(ring, rig)
    recorder = Recorder(ring, folder / "recording.h5", rig, time_base)
    followers = [SyncGate(time_base, rig, recorder), LivePipeline(ring, pipeline)]
    sources = devices(rig, demo_lifter(SECONDS, 1), speed=None, end_s=SECONDS)
    for source in sources:
        source.open()
        source.start()
    while sources:
        for source in list(sources):
            try:
                block = source.read(0.0)
            except StreamEnded:
                sources.remove(source)
                continue
            if source.stream.name == "emg":
                number = block.first_index // len(block.samples)
                if number == 100 or 180 <= number < 200:
                    continue
                block = replace(block, host_s=block.host_s + LATE_S, segment=int(number >= 200))
            ring.writer(source.stream.name).append(block)
        for follower in followers:
            follower.follow()
    for follower in followers:
        follower.finish()
    live = followers[1].results(time_base, "recording.h5", recorder.uuid, recorder.created_utc)
    return live, reprocess(folder / "recording.h5"), folder


def test_live_and_reprocessed_are_alike_to_the_last_bit(session):
    live, later, folder = session
    live.write(folder / "live.h5")
    assert live.tables.keys() == later.tables.keys()
    for name, table in live.tables.items():
        assert len(table.frames) > 100
        assert table.time_s.tobytes() == later.tables[name].time_s.tobytes()
        assert table.frames.tobytes() == later.tables[name].frames.tobytes()
    assert repr(live.flags) == repr(later.flags)
    assert live.streams == later.streams
    assert live.seconds == later.seconds


def test_they_say_how_well_the_streams_are_tied(session):
    live, _, folder = session
    plates, emg = live.streams
    assert (plates.sync_level, emg.sync_level) == ("edges", "edges")
    assert plates.residual_s == 0
    assert 1e-4 < emg.residual_s < 1.5e-3
    with Recording(folder / "recording.h5") as recording:
        assert recording.clocks_differ_s() == {"plates": 0.0, "emg": 0.0}
        for stream in (plates, emg):
            line = recording.streams[stream.name].clock
            assert (line.level, line.residual_s, line.rate_hz) == (stream.sync_level, stream.residual_s, stream.rate_hz)


def test_edges_that_were_not_written_are_not_read(session, tmp_path):
    """As a killed session may leave them: rows that were made and not filled, and edges behind the last sample."""
    _, _, folder = session
    damaged = tmp_path / "damaged.h5"
    shutil.copy(folder / "recording.h5", damaged)
    with h5py.File(damaged, "r+") as file:
        file.attrs["complete"] = False
        for stream, behind in ((file["streams/plates"], 9100.0), (file["streams/emg"], 18250.0)):
            for filled in (behind, 0.0):
                stream["edges"].resize(len(stream["edges"]) + 30, axis=0)
                stream["edges"]["index", -30:] = filled + np.arange(30) * (filled > 0)
    with Recording(folder / "recording.h5") as whole, Recording(damaged) as rest:
        for name, stream in whole.streams.items():
            assert rest.streams[name].clock.rate_hz == stream.clock.rate_hz
            assert rest.streams[name].clock.offset_s.tolist() == stream.clock.offset_s.tolist()


def test_the_same_moment_has_the_same_time_in_both_streams(session):
    """The host's clock would be off by how late the EMG came."""
    live, _, _ = session
    off_s = []
    for stream in live.rig.stream:
        true_hz = stream.rate_hz * (1 + 1e-6 * stream.source.clock_ppm)
        table = next(table for name, table in live.tables.items() if name.startswith(stream.name))
        off_s.append(table.time_s - table.column("sample") / true_hz)
    plates, emg = off_s
    assert np.abs(plates).max() < 1e-3
    assert np.abs(emg - np.median(plates)).max() < 1e-3
