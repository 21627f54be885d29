"""Whatever a source or a follower does, the others go on, everything is released, and no thread stays behind."""

from __future__ import annotations

import re
import threading
import time

import pytest

from acquisition import engine as engine_module
from acquisition.engine import Engine
from acquisition.recording import Recording
from acquisition.recording.recorder import Recorder
from acquisition.ring import BACKLOG, PUBLISHED, Ring, SessionPhase
from acquisition.timebase.time_base import TimeBase
from hardware.severity import Severity
from hardware.source import SourceError, SourceState
from tests.support.fakes import FakeSource, a_stream, numbered
from tests.support.rigs import a_rig


class Counting:
    """A follower that counts rows, and fails where it is told to."""

    def __init__(self, ring, name, fail_at=""):
        self.reader, self.fail_at, self.rows, self.calls = ring.reader(name), fail_at, 0, []

    def follow(self):
        if self.fail_at == "follow" and self.rows:
            raise RuntimeError("It broke.")
        stretch = self.reader.read()
        self.rows += len(stretch.samples) if stretch is not None else 0
        return stretch is not None

    def finish(self):
        self.calls.append("finish")
        if self.fail_at == "finish":
            raise RuntimeError("It broke.")
        while self.follow():
            pass

    def abandon(self):
        self.calls.append("abandon")
        if self.fail_at:
            raise RuntimeError("It broke again.")


@pytest.fixture(autouse=True)
def no_thread_stays():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before  # one that another test left may end meanwhile


@pytest.fixture
def ring(tmp_path):
    return Ring.create(tmp_path / "ring.h5", [a_stream("a"), a_stream("b")], 60)


def blocks(stream, count=50):
    return [numbered(stream, 40 * i, 40) for i in range(count)]


def endless(stream):
    i = 0
    while True:
        yield numbered(stream, 40 * i, 40)
        i += 1


def source(name, **how):
    stream = a_stream(name)
    return FakeSource(stream, how.pop("blocks", None) or blocks(stream), **how)


def run(ring, sources, followers, timeout_s=30):
    engine = Engine(ring, sources, followers)
    engine.arm()
    engine.start()
    assert engine.wait(timeout_s)
    engine.stop()
    return engine


def test_a_session_from_arming_to_its_end(ring):
    sources = [source("a"), source("b")]
    follower = Counting(ring, "a")
    engine = Engine(ring, sources, {"counter": follower})
    engine.arm()
    assert ring.phase is SessionPhase.ARMED
    assert [s.calls for s in sources] == [["open"]] * 2
    engine.start()
    assert ring.phase is SessionPhase.RUNNING
    assert engine.wait(240)
    engine.stop()
    assert ring.phase is SessionPhase.FINISHED
    assert engine.faults == []
    assert [s.calls for s in sources] == [["open", "start", "stop", "close"]] * 2
    assert [s.threads for s in sources] == [{"a"}, {"b"}]
    assert follower.rows == 2000
    assert follower.calls == ["finish"]
    assert ring.state("a") is SourceState.ENDED


@pytest.mark.parametrize("unread", [0, 901])
def test_what_a_client_still_holds_is_taken_at_the_end(ring, unread):
    """As a stalled process leaves it; what a client can't hand out is counted and told."""
    stream = a_stream("a")
    live = [numbered(stream, 40 * i, 40) for i in range(5)]
    ended = threading.Event()
    held = source("a", blocks=live, held=[numbered(stream, 200 + 40 * i, 40) for i in range(100)])

    def read(timeout_s: float):
        block = next(held._left, None)
        if block is None:
            ended.set()
            held.backlog_samples = unread
            time.sleep(0.001)
        return block

    held.read = read
    engine = Engine(ring, [held], {})
    engine.arm()
    engine.start()
    ended.wait()
    engine.stop()
    assert ring.counter("a", PUBLISHED) == 4200
    told = "The stream a was ended with 901 samples still in its device's client, which could not be had."
    assert engine.faults == ([told] if unread else [])


@pytest.mark.parametrize("state", [SourceState.LOST, SourceState.SILENT])
def test_a_device_that_does_not_come_back_is_a_missing_tail(ring, monkeypatch, state):
    """Counted, told at the end, and seen in the ring from the moment on at which it went away."""
    blocks = iter([numbered(a_stream("a"), 40 * i, 40) for i in range(5)])
    gone = source("a")

    def read(timeout_s: float):
        if (block := next(blocks, None)) is None:
            gone.state, gone.note = state, "Somebody pulled the plug."
            time.sleep(0.01)
        return block

    gone.read = read
    engine = Engine(ring, [gone], {})
    engine.arm()
    engine.start()
    while not ring.faults.count:
        time.sleep(0.001)
    (fault,) = ring.faults.read()
    assert (fault.severity, fault.about, fault.sentence) == (Severity.RED, "a", "Somebody pulled the plug.")
    monkeypatch.setattr(engine_module, "TAIL_S", 0.0)
    engine.stop()
    (sentence,) = engine.faults
    assert "did not come back: about " in sentence
    away_s, missing = (float(part) for part in re.findall(r"[0-9.]+(?= s before)|[0-9]+(?= samples are missing)", sentence))
    assert missing == pytest.approx(away_s * 2000.0, abs=0.06 * 2000.0)
    assert ring.faults.read()[-1].sentence == sentence


def test_a_device_that_comes_back_is_told_to_be_well(ring):
    states = iter([SourceState.RUNNING, SourceState.LOST, SourceState.LOST, SourceState.RUNNING])
    back = source("a", blocks=[numbered(a_stream("a"), 40 * i, 40) for i in range(4)])
    back.on_read = lambda: setattr(back, "state", next(states, SourceState.RUNNING))
    assert run(ring, [back], {}).faults == []
    assert [fault.severity for fault in ring.faults.read()] == [Severity.RED, Severity.FINE]


def test_what_a_device_says_while_it_runs_is_told_once(ring):
    talking = source("a", blocks=[numbered(a_stream("a"), 40 * i, 40) for i in range(6)])
    notes = iter(["", "The driver warns.", "The driver warns.", "", "The driver warns.", "And warns of more."])
    talking.on_read = lambda: setattr(talking, "note", next(notes, ""))
    run(ring, [talking], {})
    told = [(fault.severity, fault.sentence) for fault in ring.faults.read()]
    assert told == [(Severity.AMBER, "The driver warns."), (Severity.AMBER, "And warns of more.")]


def test_a_session_that_is_stopped(ring):
    sources = [source(name, blocks=endless(a_stream(name)), pause_s=0.001) for name in "ab"]
    follower = Counting(ring, "a")
    engine = Engine(ring, sources, {"counter": follower})
    engine.arm()
    engine.start()
    assert not engine.wait(0.05)
    assert ring.phase is SessionPhase.RUNNING
    assert ring.heartbeat_age_s < 2
    engine.stop()
    assert engine.faults == []
    assert follower.rows == ring.counter("a", PUBLISHED) > 0
    engine.stop()
    assert ring.phase is SessionPhase.FINISHED
    assert [s.calls for s in sources] == [["open", "start", "drain", "stop", "close"]] * 2


def test_the_heart_beats_while_the_session_runs(ring, monkeypatch):
    monkeypatch.setattr(engine_module, "BEAT_S", 0.01)
    engine = Engine(ring, [source("a", blocks=endless(a_stream("a")), pause_s=0.001)], {})
    engine.arm()
    engine.start()
    beats = set()
    limit = time.perf_counter() + 240
    while len(beats) < 5 and time.perf_counter() < limit:
        beats.add(int(ring._session[1]))
    engine.stop()
    assert len(beats) == 5


def test_the_heart_beats_until_the_last_follower_has_finished(ring, monkeypatch):
    monkeypatch.setattr(engine_module, "BEAT_S", 0.01)
    follower = Counting(ring, "a")
    beats = set()

    def finish():
        limit = time.perf_counter() + 240
        while len(beats) < 5 and time.perf_counter() < limit:
            beats.add(int(ring._session[1]))

    follower.finish = finish
    run(ring, [source("a")], {"counter": follower})
    assert len(beats) == 5


def test_stop_before_start_and_before_arm(ring):
    sources = [source("a"), source("b")]
    engine = Engine(ring, sources, {})
    engine.stop()
    assert [s.calls for s in sources] == [["stop", "close"]] * 2
    engine.arm()
    engine.stop()
    assert [s.calls[-3:] for s in sources] == [["open", "stop", "close"]] * 2
    assert ring.phase is SessionPhase.FINISHED


@pytest.mark.parametrize("fail_at", ["open", "start"])
@pytest.mark.parametrize("error", [SourceError("No answer.", code=-7), ZeroDivisionError()])
def test_a_source_that_can_not_begin_releases_all(ring, fail_at, error):
    sources = [source("a"), source("b", fail_at=fail_at, error=error)]
    engine = Engine(ring, sources, {})
    begin = {"open": engine.arm, "start": engine.start}[fail_at]
    if fail_at == "start":
        engine.arm()
    with pytest.raises(type(error)) as caught:
        begin()
    assert caught.value is error
    assert [s.calls[-2:] for s in sources] == [["stop", "close"]] * 2
    assert ring.phase is SessionPhase.ARMED


@pytest.mark.parametrize(
    ("error", "said"),
    [(SourceError("The cable was pulled.", code=-200), "The cable was pulled."), (KeyError("x"), "KeyError: 'x'")],
)
def test_a_source_that_fails_leaves_the_others_at_work(ring, error, said):
    sources = [
        source("a", blocks=blocks(a_stream("a"), 3), fail_at="read", error=error),
        source("b", pause_s=0.001),
    ]
    followers = {name: Counting(ring, name) for name in "ab"}
    engine = run(ring, sources, followers)
    assert engine.faults == [f"The stream a ended early. {said}"]
    assert (followers["a"].rows, followers["b"].rows) == (120, 2000)
    assert ring.state("a") is SourceState.LOST
    assert ring.note("a") == said
    assert [s.calls[-2:] for s in sources] == [["stop", "close"]] * 2


def test_a_block_that_does_not_fit_is_said(ring):
    wrong = numbered(a_stream("a", channels=5), 0, 40)
    engine = run(ring, [source("a", blocks=[wrong]), source("b")], {})
    assert engine.faults[0].startswith("The stream a ended early. ValueError: a block of shape (40, 5) does not fit")
    assert ring.counter("b", PUBLISHED) == 2000


def test_a_source_that_ends_early_ends_alone(ring):
    followers = {name: Counting(ring, name) for name in "ab"}
    engine = run(ring, [source("a", blocks=blocks(a_stream("a"), 1)), source("b", pause_s=0.001)], followers)
    assert engine.faults == []
    assert (followers["a"].rows, followers["b"].rows) == (40, 2000)


def test_a_source_that_blocks_holds_up_nobody(ring):
    freed = threading.Event()
    blocked = source("a", on_read=freed.wait)
    follower = Counting(ring, "b")
    engine = Engine(ring, [blocked, source("b")], {"counter": follower})
    engine.arm()
    engine.start()
    limit = time.perf_counter() + 240
    while follower.rows < 2000 and time.perf_counter() < limit:
        time.sleep(0.001)
    assert follower.rows == 2000
    assert ring.state("b") is SourceState.ENDED
    assert not engine.wait(0)
    freed.set()
    assert engine.wait(240)
    engine.stop()
    assert ring.counter("a", PUBLISHED) == 2000


def test_a_source_that_hangs_is_left_behind_and_the_recording_is_completed(ring, tmp_path, monkeypatch):
    monkeypatch.setattr(engine_module, "PATIENCE_S", 0.05)
    monkeypatch.setattr(engine_module, "BEAT_S", 0.01)
    freed = threading.Event()
    hanging = source("a", on_read=freed.wait)
    rig = a_rig(a_stream("a"), a_stream("b"))
    recorder = Recorder(ring, tmp_path / "recording.h5", rig, TimeBase(ring, rig))
    engine = Engine(ring, [hanging, source("b")], {"recorder": recorder})
    engine.arm()
    engine.start()
    engine.stop()
    assert engine.faults == ["The stream a hangs in its device and was left behind; what came before is kept."]
    assert ring.phase is SessionPhase.FINISHED
    with Recording(tmp_path / "recording.h5") as recording:
        assert recording.complete
    assert "close" not in hanging.calls
    (left,) = [thread for thread in threading.enumerate() if thread.name == "a"]
    assert left.daemon
    ring.close()
    freed.set()
    left.join()
    assert hanging.calls[-2:] == ["stop", "close"]


def test_a_source_that_can_not_be_released_is_said(ring):
    sources = [source("a", fail_at="stop", error=OSError("It sticks.")), source("b")]
    engine = run(ring, sources, {})
    assert engine.faults == ["The stream a could not be released. It sticks."]
    assert [s.calls[-2:] for s in sources] == [["stop", "close"]] * 2


@pytest.mark.parametrize("fail_at", ["follow", "finish"])
def test_a_follower_that_fails_leaves_the_others_at_work(ring, fail_at):
    followers = {"bad": Counting(ring, "a", fail_at), "good": Counting(ring, "a")}
    engine = run(ring, [source("a", pause_s=0.001)], followers)
    assert engine.faults == [
        "The bad stopped early. RuntimeError: It broke.",
        "The bad could not be closed either. RuntimeError: It broke again.",
    ]
    assert [(fault.severity, fault.about) for fault in ring.faults.read()] == [(Severity.RED, "bad")] * 2
    assert followers["bad"].calls[-1] == "abandon"
    assert followers["good"].rows == 2000
    assert ring.phase is SessionPhase.FINISHED


def test_what_a_source_says_can_be_seen(ring):
    talking = source("a", pause_s=0.001, state=SourceState.SILENT, note="Nothing for 2 s.", backlog_samples=17)
    seen = set()
    talking.on_read = lambda: seen.add((ring.state("a"), ring.note("a"), ring.counter("a", BACKLOG)))
    run(ring, [talking], {})
    assert (SourceState.SILENT, "Nothing for 2 s.", 17) in seen


def test_the_ring_is_brought_to_the_disk_now_and_then(ring, monkeypatch):
    monkeypatch.setattr(engine_module, "SYNC_S", 0.001)
    synced = threading.Event()
    monkeypatch.setattr(ring, "sync", synced.set)
    engine = Engine(ring, [source("a", blocks=endless(a_stream("a")), pause_s=0.001)], {})
    engine.arm()
    engine.start()
    assert synced.wait(240)
    engine.stop()


def test_a_ring_that_can_not_be_brought_to_the_disk_is_said(ring, monkeypatch):
    monkeypatch.setattr(engine_module, "SYNC_S", 0.001)

    tried = threading.Event()

    def fail():
        tried.set()
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(ring, "sync", fail)
    engine = Engine(ring, [source("a", blocks=endless(a_stream("a")), pause_s=0.001)], {})
    engine.arm()
    engine.start()
    assert tried.wait(240)
    engine.stop()
    assert engine.faults == ["The ring could not be brought to the disk: Input/output error. A power cut would lose it."]
