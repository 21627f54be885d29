"""The worst frame of a session: found among its flags, and everything else as it was then."""

from __future__ import annotations

import math

import pytest

from acquisition.ring import Ring
from tests.support.squat_ring import SquatRing, rig_data
from ui.dashboard.feed import worst_frame as worst_frame
from ui.dashboard.feed.feed import Feed


def polled(ring: Ring, **kinds: float) -> Feed:
    feed = Feed(ring, frozen=True, **kinds)
    feed.poll()
    for health in feed.health.values():
        health.poll()
    return feed


@pytest.fixture
def ended(tmp_path):
    """Return a session with the second squat the worse one, the bottoms being at 5.5, 10.5 and 15.5 s."""
    squat = SquatRing(tmp_path / "ring.h5", rig_data())
    squat.shift_pct = 7.0
    squat.advance(5.4)
    squat.flag(1, 1, 5.0)
    squat.advance(1.0)
    squat.flag(1, 1, 5.0, 6.2)
    squat.repetition(7.0, 0.41)
    squat.shift_pct = 14.0
    squat.advance(3.7)
    squat.flag(1, 2, 10.0)
    squat.flag(200, 2, 10.0)  # a rule that the ring doesn't describe
    squat.advance(1.3)
    squat.flag(1, 2, 10.0, 11.2)
    squat.advance(8.6)  # more load shift in the third squat, but no flag
    squat.repetition(12.0, 0.44)
    squat.finish()
    return squat


def test_a_ring_is_taken_back_to_the_moment_farthest_beyond_a_limit(ended):
    before = ended.ring.path.read_bytes()
    ring = Ring.attach(ended.ring.path)
    whole = polled(ring)
    assert whole.session_s == pytest.approx(20.0)
    worst_s = worst_frame.rewind(ring, whole)
    assert worst_s == pytest.approx(10.5, abs=0.3)
    then = polled(ring)
    assert then.session_s == pytest.approx(worst_s, abs=0.05)
    assert then.value("load_shift_pct") > 14.0
    assert [row.depth_m for row in whole.repetitions.rows] == [0.41, 0.44]
    assert [row.depth_m for row in then.repetitions.rows] == [0.41]
    assert [(shown.start_s, shown.up, shown.flag.severity) for shown in then.flags] == [
        (10.0, True, 2),
        (5.0, False, 1),
    ]
    assert [health.index / health.nominal_hz for health in then.health.values()] == pytest.approx([worst_s] * 2, abs=0.05)
    assert ended.ring.path.read_bytes() == before
    assert polled(Ring.attach(ended.ring.path)).session_s == pytest.approx(20.0)  # others see the whole ring


def test_without_a_flag_the_ring_stays_as_it_is(tmp_path):
    squat = SquatRing(tmp_path / "ring.h5", rig_data())
    squat.advance(7.0)
    squat.finish()
    feed = polled(squat.ring)
    assert math.isnan(worst_frame.rewind(squat.ring, feed))
    assert polled(squat.ring).session_s == 7.0


def test_a_flag_on_emg_alone_is_enough(tmp_path):
    squat = SquatRing(tmp_path / "ring.h5", rig_data(plates=0))
    squat.advance(5.5)
    squat.flag(7, 2, 5.0)
    squat.advance(4.0)
    squat.finish()
    ring = Ring.attach(squat.ring.path)
    worst_s = worst_frame.rewind(ring, polled(ring))
    then = polled(ring)
    assert 5.0 <= worst_s <= 9.5
    assert then.value("qh_change_right") > 1.0
    assert then.flags[0].up
