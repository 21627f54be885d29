"""The fault log: what is told in a session stands in its ring, in order, with time and severity."""

from __future__ import annotations

import threading
import time

import pytest

from acquisition.ring import Ring
from acquisition.ring.fault_log import KEPT, SENTENCE_BYTES
from hardware.severity import Severity
from tests.support.fakes import a_stream


@pytest.fixture
def ring(tmp_path) -> Ring:
    return Ring.create(tmp_path / "ring.h5", [a_stream()], 1.0)


def test_a_reader_finds_what_was_told(ring):
    assert ring.faults.read() == []
    begin_s = time.perf_counter()
    ring.faults.tell(Severity.RED, "plates", "The cable is out.")
    ring.faults.tell(Severity.FINE, "plates", "It is back.")
    seen = Ring.attach(ring.path).faults
    first, second = seen.read()
    assert (first.severity, first.about, first.sentence) == (Severity.RED, "plates", "The cable is out.")
    assert begin_s <= first.host_s <= second.host_s <= time.perf_counter()
    assert seen.read(first=1) == [second]
    assert seen.read(first=seen.count) == []


def test_the_newest_are_kept_and_too_long_a_sentence_is_cut(ring):
    for number in range(KEPT + 5):
        ring.faults.tell(Severity.AMBER, "x", f"{number} " + "ä" * SENTENCE_BYTES)
    kept = ring.faults.read()
    assert [int(fault.sentence.split()[0]) for fault in kept] == list(range(5, KEPT + 5))
    assert all(len(fault.sentence.encode()) <= SENTENCE_BYTES and fault.sentence.endswith("ä") for fault in kept)


def test_many_threads_may_tell_at_once(ring):
    threads = [
        threading.Thread(target=lambda k=k: [ring.faults.tell(Severity.RED, str(k), str(n)) for n in range(8)])
        for k in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted((f.about, f.sentence) for f in ring.faults.read()) == sorted(
        (str(k), str(n)) for k in range(8) for n in range(8)
    )


def test_a_ring_that_was_closed_takes_none(ring):
    kept = ring.faults
    kept.tell(Severity.RED, "a", "b")
    ring.close()
    kept.tell(Severity.RED, "late", "Nobody reads this.")
    assert kept.read() == []
