"""Repetitions as they come: the numbers of a running session are those of its report."""

from __future__ import annotations

import math
from dataclasses import astuple

import pytest

from acquisition.ring import Ring
from tests.support.squat_ring import SquatRing, rig_data
from ui.dashboard.feed.repetitions import FollowedRepetitions


def followed(ring: Ring, rig) -> FollowedRepetitions:
    found = FollowedRepetitions(ring, rig)
    found.poll()
    found.tell()
    return found


@pytest.fixture
def squat(tmp_path):
    squat = SquatRing(tmp_path / "ring.h5", rig_data())
    squat.advance(7.5)
    squat.repetition(7.0, 0.41)
    return squat


def test_a_repetition_has_its_times_its_load_and_its_ratio(squat):
    found = followed(squat.ring, squat.rig)
    row = found.newest
    assert (row.number, row.depth_m, row.start_s, row.end_s) == (1, 0.41, 5.0, 7.0)
    assert found.whole(1, "both").load_shift_mean_pct == pytest.approx(3.2, abs=1.0)
    left, right = (found.whole(1, side).qh_ratio for side in ("left", "right"))
    assert right == pytest.approx(1.4 * left, rel=0.05)


def test_what_had_not_been_said_is_told_later(squat):
    found = followed(squat.ring, squat.rig)
    before = found.whole(1, "both").load_shift_mean_pct
    squat.shift_pct = 20.0
    squat.advance(3.0)
    squat.repetition(10.4, 0.39)  # of whose frames half a second is not there yet
    found.poll()
    found.tell()
    early = found.whole(2, "both").load_shift_mean_pct
    squat.advance(3.0)
    found.tell()
    assert found.whole(2, "both").load_shift_mean_pct == pytest.approx(early, abs=6.0)
    assert found.whole(1, "both").load_shift_mean_pct == before
    late = followed(squat.ring, squat.rig)
    told, again = ([v for v in astuple(of.whole(2, "both")) if isinstance(v, float)] for of in (found, late))
    assert again == pytest.approx(told, nan_ok=True)


def test_a_screen_that_was_opened_late_says_nothing_of_what_the_ring_has_no_more(tmp_path):
    squat = SquatRing(tmp_path / "ring.h5", rig_data(), seconds=6.0)
    squat.advance(4.0)
    squat.repetition(3.9, 0.4)
    squat.advance(7.0)
    squat.repetition(10.5, 0.4)
    squat.advance(1.5)
    found = followed(Ring.attach(squat.ring.path), squat.rig)
    assert [row.number for row in found.rows] == [1, 2]
    assert found.whole(1, "both") is None
    assert math.isfinite(found.whole(2, "both").load_shift_mean_pct)


def test_without_plates_there_are_none(tmp_path):
    squat = SquatRing(tmp_path / "ring.h5", rig_data(plates=0))
    squat.advance(2.0)
    found = followed(squat.ring, squat.rig)
    assert found.rows == []
    assert followed(squat.ring, None).rows == []
