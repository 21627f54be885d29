"""Requests to stop: the first interrupts what may be interrupted, and nothing that would be left half done."""

from __future__ import annotations

import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest

from ui.session.shutdown import SIGNALS, StopRequest, closed, stop_requests

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Put back what the signals did: after a request they are ignored to the end of the process."""
    before = {number: signal.getsignal(number) for name in SIGNALS if (number := getattr(signal, name, None)) is not None}
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background processes ignore it
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_the_first_request_interrupts_and_a_second_one_does_not():
    with stop_requests() as stop:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        assert stop.requested


def test_what_is_held_is_finished_first():
    done = []

    def make(stop: StopRequest) -> None:
        with stop.held():
            signal.raise_signal(signal.SIGTERM)
            done.append("made")
        done.append("went on")

    with stop_requests() as stop:
        with pytest.raises(KeyboardInterrupt):
            make(stop)
        assert done == ["made"]
        assert stop.interrupts


def test_an_error_in_what_is_held_is_the_one_that_is_told():
    def fail(stop: StopRequest) -> None:
        with stop.held():
            signal.raise_signal(signal.SIGINT)
            raise ValueError("full")

    with stop_requests() as stop, pytest.raises(ValueError, match="full"):
        fail(stop)


def test_once_a_session_runs_a_request_is_only_noted():
    with stop_requests() as stop:
        stop.interrupts = False
        signal.raise_signal(signal.SIGINT)
        with stop.held():
            pass
        assert stop.requested


def test_handlers_are_as_they_were():
    before = signal.getsignal(signal.SIGTERM)
    with stop_requests():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(("event", "waits"), [(0, False), (1, False), (2, True), (5, True), (6, True)])
def test_a_console_that_closes_waits_for_the_session(event: int, waits: bool):
    stop, over = StopRequest(interrupts=False), threading.Event()
    told = []
    waiting = threading.Thread(target=lambda: told.append(closed(event, stop, over)))
    waiting.start()
    if waits:
        while not stop.requested:
            time.sleep(0.001)
        assert told == []
        over.set()
    waiting.join(60.0)
    assert told == [waits]
    assert stop.requested is waits
