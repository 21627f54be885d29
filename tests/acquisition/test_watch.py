"""The watch: rates that no crystal explains, disks that fill and recordings that vanish are told, and nothing else."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from acquisition import watch as watch_module
from acquisition.ring import Ring
from acquisition.storage.disk import LEAST_RESERVE_BYTES
from acquisition.timebase.time_base import TimeBase
from acquisition.watch import Watch
from hardware.severity import Severity
from hardware.source import Block
from tests.support.fakes import a_stream
from tests.support.rigs import a_rig

NOMINAL_HZ = 2000.0
BLOCK = 40


class Session:
    """A session of one stream, whose clock and whose disk the test moves."""

    def __init__(self, tmp_path, monkeypatch, length_s: float = math.inf) -> None:
        stream = a_stream("plates", NOMINAL_HZ)
        self.now_s = 100.0
        self.free_bytes = 1e15
        monkeypatch.setattr(watch_module, "host_now_s", lambda: self.now_s)
        monkeypatch.setattr(watch_module, "shutil", SimpleNamespace(disk_usage=lambda _: SimpleNamespace(free=self.free_bytes)))
        self.ring = Ring.create(tmp_path / "ring.h5", [stream], 30.0)
        self.time_base = TimeBase(self.ring, a_rig(stream))
        self.recorder = SimpleNamespace(stuck=False, spare_s=100.0, deleted=False)
        self.watch = Watch(self.ring, self.time_base, self.recorder, tmp_path, 1000.0, length_s)
        self.writer = self.ring.writer("plates")
        self.rng = np.random.default_rng(1)

    def run(self, seconds: float, off: float = 0.0, late_s: float = 0.0) -> None:
        begin_s, end_s = self.now_s, self.now_s + seconds
        while self.now_s < end_s:
            index = round((self.now_s - 100.0) * NOMINAL_HZ)
            came_s = 100.0 + (index + BLOCK) / (NOMINAL_HZ * (1 + off)) + self.rng.exponential(late_s) if late_s else None
            came_s = came_s or 100.0 + (index + BLOCK) / (NOMINAL_HZ * (1 + off))
            self.writer.append(Block(np.zeros((BLOCK, 3)), index, came_s))
            self.now_s += BLOCK / NOMINAL_HZ
            self.time_base.follow()
            self.watch.follow()
        assert begin_s < self.now_s

    @property
    def told(self) -> list[tuple[Severity, str]]:
        return [(fault.severity, fault.about) for fault in self.ring.faults.read()]


@pytest.mark.parametrize("off", [-0.2, -0.03, -0.002, 0.002, 0.0417, 1.0])
@pytest.mark.parametrize("late_s", [0.0, 0.002])
def test_a_rate_that_no_crystal_explains_is_told_within_seconds_and_once(tmp_path, monkeypatch, off, late_s):
    session = Session(tmp_path, monkeypatch)
    session.run(20.0, off, late_s)
    assert session.told == [(Severity.RED, "plates")]
    (sentence,) = session.watch.wrong_rates.values()
    measured_hz = float(sentence.split("about ")[1].split(" Hz")[0])
    assert measured_hz == pytest.approx(NOMINAL_HZ * (1 + off), rel=1e-3)
    assert "the rig says 2000.0 Hz" in sentence


@pytest.mark.parametrize("off", [0.0, 2e-4, -2e-4])
@pytest.mark.parametrize("late_s", [0.0, 0.005, 0.03])
def test_a_crystal_and_a_busy_computer_are_not_told(tmp_path, monkeypatch, off, late_s):
    session = Session(tmp_path, monkeypatch)
    session.run(25.0, off, late_s)
    assert session.told == []


def test_a_disk_with_little_room_is_told_once(tmp_path, monkeypatch):
    session = Session(tmp_path, monkeypatch, length_s=600.0)
    session.free_bytes = 700e3
    session.run(3.0)
    assert session.told == []
    assert session.ring.room_s.value == 700.0
    session.free_bytes = 200e3
    session.run(3.0)
    assert session.told == [(Severity.AMBER, "disk")]
    assert session.ring.faults.read()[0].sentence == "The disk has room for 3 min more of recording; free some space."


def test_where_overwriting_takes_room_a_session_ends_before_the_disk_is_full(tmp_path, monkeypatch):
    monkeypatch.setattr(watch_module, "file_system_of", lambda _folder: "btrfs")
    session = Session(tmp_path, monkeypatch, length_s=100.0)
    session.free_bytes = LEAST_RESERVE_BYTES + 300e3
    session.run(3.0)
    assert (session.told, session.watch.must_end, session.ring.room_s.value) == ([], "", 300.0)
    session.free_bytes = LEAST_RESERVE_BYTES - 1
    session.run(3.0)
    assert "ended before samples are lost" in session.watch.must_end
    assert session.told == [(Severity.RED, "disk"), (Severity.AMBER, "disk")]
    assert session.ring.room_s.value == 0.0


def test_a_session_ends_before_a_full_disk_costs_samples(tmp_path, monkeypatch):
    session = Session(tmp_path, monkeypatch)
    session.recorder.stuck, session.recorder.spare_s = True, 6.1
    session.run(2.0)
    assert session.watch.must_end == ""
    session.recorder.spare_s = 5.9
    session.run(2.0)
    assert "ended before samples are lost" in session.watch.must_end
    assert session.told == [(Severity.RED, "disk")]


def test_a_recording_that_was_deleted_is_told(tmp_path, monkeypatch):
    session = Session(tmp_path, monkeypatch)
    session.recorder.deleted = True
    session.run(3.0)
    assert session.told == [(Severity.AMBER, "recorder")]


def test_a_ring_that_was_deleted_is_told(tmp_path, monkeypatch):
    session = Session(tmp_path, monkeypatch)
    try:
        session.ring.path.unlink()
    except PermissionError:
        pytest.skip("what is mapped can't be deleted here")
    session.run(3.0)
    assert session.told == [(Severity.AMBER, "ring")]
