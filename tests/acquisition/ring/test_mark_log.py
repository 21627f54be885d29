"""The mark log: marks stand in the ring in the order in which they were put, and a ring without one takes none."""

from __future__ import annotations

import numpy as np

from acquisition.ring import Ring
from acquisition.ring.mark_log import KEPT, MARK, Mark, MarkLog
from tests.support.fakes import a_stream


def test_a_reader_finds_what_was_marked_and_the_newest_are_kept(tmp_path):
    ring = Ring.create(tmp_path / "ring.h5", [a_stream()], 1.0)
    assert ring.marks.read() == []
    ring.marks.put(40)
    ring.marks.put(20)
    seen = Ring.attach(ring.path).marks
    assert seen.read() == [Mark(40, "mark 1"), Mark(20, "mark 2")]
    assert seen.read(first=1) == [Mark(20, "mark 2")]
    for sample in range(KEPT):
        ring.marks.put(sample)
    assert seen.count == KEPT + 2
    assert seen.read() == [Mark(sample, f"mark {sample + 3}") for sample in range(KEPT)]
    ring.close()
    ring.marks.put(1)
    assert ring.marks.read() == []


def test_a_ring_that_has_no_room_for_marks_takes_none():
    log = MarkLog(np.empty(0, MARK), np.zeros(8, dtype=np.int64))
    log.put(5)
    assert (log.count, log.read()) == (0, [])
