"""A board: what was written last is read whole, whoever writes meanwhile."""

from __future__ import annotations

import threading

import pytest

from acquisition.ring import Ring
from acquisition.ring.notice_board import TEXT_BYTES
from tests.support.fakes import a_stream


@pytest.fixture
def ring(tmp_path) -> Ring:
    return Ring.create(tmp_path / "ring.h5", [a_stream()], 1.0)


def test_another_screen_reads_what_was_written_last(ring):
    screen = Ring.attach(ring.path)
    assert screen.step.read() == ""
    for text in ("Stand still.", "Größe: 3 of 6", ""):
        ring.step.write(text)
        assert screen.step.read() == text


def test_nobody_reads_half_of_a_text(ring):
    screen = Ring.attach(ring.path)
    ended = threading.Event()

    def write() -> None:
        number = 0
        while not ended.is_set():
            number += 1
            ring.step.write(chr(ord("a") + number % 26) * (TEXT_BYTES - number % 26))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        seen = [screen.step.read() for _ in range(2000)]
    finally:
        ended.set()
        writer.join()
    assert all(len(set(text)) <= 1 for text in seen)
    assert all(len(text) == TEXT_BYTES - (ord(text[0]) - ord("a")) for text in seen if text)


def test_too_long_a_text_and_a_ring_that_was_closed(ring):
    with pytest.raises(ValueError, match="does not fit"):
        ring.step.write("ä" * TEXT_BYTES)
    ring.step.write("on")
    board = ring.step
    ring.close()
    board.write("off")
    assert board.read() == ""
