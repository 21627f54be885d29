"""Polled sources: silence is the device's own, and never this process's absence."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import numpy as np
import pytest

from hardware import polling
from hardware.polling import LOST_S, SILENT_S, Fetched, PolledSource
from hardware.source import Channel, SourceError, SourceState, Stream

RATE_HZ = 1000.0
STREAM = Stream("made", RATE_HZ, (Channel("a", "V"),), "float64", 20)


class Clock:
    """A clock that the test moves; sleeping moves it, too."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


class MadeSource(PolledSource[str]):
    """A device that makes samples by the clock while it is `on`, and whose client holds them until it is asked."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(STREAM, "The made device", "look at it", 0.005, 60.0)
        self.clock = clock
        self.on = True
        self.made = 0
        self.released: list[str] = []

    def open(self) -> None:
        self._held = "one"

    def start(self) -> None:
        self.began_s = self.clock.now_s
        self._running()

    def _fetch(self, held, asked_before_s):
        if held == "gone":
            raise SourceError("The made device is gone; bring it back.")
        until = int((self.clock.now_s - self.began_s) * RATE_HZ) if self.on else self.made
        rows = np.arange(self.made, until, dtype=float)[:, None]
        self.made = until
        times_s = np.full(len(rows), self.clock.now_s)
        return Fetched(rows, times_s, times_s)

    def _join(self):
        return "two"

    def _joined(self, held):
        self.numbering.restart()
        self._running()

    def _release(self, held):
        self.released.append(held)


@pytest.fixture
def made(monkeypatch) -> MadeSource:
    clock = Clock()
    monkeypatch.setattr(polling, "host_now_s", clock.monotonic)
    monkeypatch.setattr(polling, "time", SimpleNamespace(sleep=clock.sleep))
    source = MadeSource(clock)
    source.open()
    source.start()
    return source


def read_for(source: MadeSource, seconds: float) -> np.ndarray:
    """Read for so long by the moved clock; return the samples that came, which must be numbered as they were made."""
    until_s = source.clock.now_s + seconds
    found = [np.zeros(0)]
    while source.clock.now_s < until_s:
        block = source.read(0.1)
        if block is not None:
            assert np.array_equal(block.samples[:, 0], block.first_index + np.arange(len(block.samples)))
            found.append(block.samples[:, 0])
    return np.concatenate(found)


@pytest.mark.parametrize("away_s", [1.0, 3.0, 10.0, 30.0])
def test_a_process_that_was_held_up_loses_nothing_and_calls_no_device_silent(made, away_s):
    before = read_for(made, 1.0)
    made.clock.now_s += away_s
    after = read_for(made, 1.0)
    assert made.state is SourceState.RUNNING
    assert np.array_equal(np.concatenate([before, after]), np.arange(made.made))
    assert made.numbering.lost_samples == 0
    assert made.released == []


def test_a_device_that_fell_silent_while_the_process_was_held_up_gets_its_whole_time(made):
    read_for(made, 1.0)
    made.on = False
    made.clock.now_s += 20.0
    read_for(made, 0.5)
    assert made.state is SourceState.RUNNING, "twenty seconds of absence are no silence"
    read_for(made, SILENT_S)
    assert made.state is SourceState.SILENT
    read_for(made, LOST_S)
    assert made.released == ["one"]


def test_silence_is_told_and_ends(made):
    read_for(made, 0.5)
    made.on = False
    read_for(made, 1.3)
    assert made.state is SourceState.SILENT
    assert "has sent nothing for 1." in made.note
    made.on, restarted_s = True, made.clock.now_s
    handed_out, made.made = made.made, int((made.clock.now_s - made.began_s) * RATE_HZ)
    for _ in range(50):
        made.read(0.1)
    assert made.state is SourceState.RUNNING
    unsent = int((restarted_s - made.began_s) * RATE_HZ) - handed_out
    assert made.numbering.lost_samples == pytest.approx(unsent, abs=20)


def test_a_client_that_fails_is_lost_at_once_and_joined_again(made):
    read_for(made, 0.5)
    made._held = "gone"
    while made._held != "two":
        made.read(0.01)
    assert made.released == ["gone"]
    assert made.state is SourceState.RUNNING


def test_reading_does_not_wait_for_a_device_that_is_joined_again(made):
    read_for(made, 0.5)
    may_join, joining = threading.Event(), threading.Event()

    def join():
        joining.set()
        may_join.wait(240)
        return "two"

    made._join = join
    made._held = "gone"
    assert made.read(0.01) is None
    joining.wait(240)
    for _ in range(3):
        assert made.read(0.01) is None
        assert made.state is SourceState.LOST
    may_join.set()
    while made._held != "two":
        made.read(0.01)
    assert made.state is SourceState.RUNNING


@pytest.mark.parametrize("most", [10_000, 100])
def test_all_that_a_client_holds_at_the_end_is_drained_and_no_more(made, monkeypatch, most):
    """A client hands out `most` rows at a time while its device goes on; what it held is had, and no more is waited for."""
    before = read_for(made, 0.5)
    fetch = MadeSource._fetch

    def fetch_some(self, held, asked_before_s):
        made_until, began = int((self.clock.now_s - self.began_s) * RATE_HZ), self.made
        self.clock.now_s -= max(0, made_until - began - most) / RATE_HZ
        fetched = fetch(self, held, asked_before_s)
        self.clock.now_s += max(0, made_until - began - most) / RATE_HZ
        return fetched

    monkeypatch.setattr(MadeSource, "_fetch", fetch_some)
    monkeypatch.setattr(MadeSource, "_waiting", lambda self, _: int((self.clock.now_s - self.began_s) * RATE_HZ) - self.made)
    made.clock.now_s += 1.0
    held = made._waiting("one")
    drained = np.concatenate([block.samples[:, 0] for block in made.drain()])
    assert len(drained) >= held
    assert np.array_equal(np.concatenate([before, drained]), np.arange(len(before) + len(drained)))
    assert made.backlog_samples == 0


def test_what_a_client_can_not_hand_out_in_time_is_counted(made, monkeypatch):
    read_for(made, 0.5)
    monkeypatch.setattr(MadeSource, "_waiting", lambda *_: 901)
    monkeypatch.setattr(MadeSource, "_fetch", lambda *_: None)
    assert list(made.drain()) == []
    assert made.backlog_samples == 901
