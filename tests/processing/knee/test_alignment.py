"""When markers began, by the squats: known beginnings are found, and what could be elsewhere is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquisition.rig import Marker
from processing.knee.alignment import AlignmentError, align, leg_height_mm
from sim.lifter.people import someone

LIFTER = someone(3)
TIME_S = np.arange(0.0, LIFTER.plan.end_s + 2.0, 0.01)


SQUATS_S = [(row.start_s, row.end_s) for row in LIFTER.bounds(TIME_S[-1])]


def height_mm(at_s: np.ndarray) -> np.ndarray:
    return -400.0 * LIFTER.motion.at(at_s).fraction


@settings(max_examples=20, deadline=None)
@given(starts_s=st.floats(-5.0, 12.0), rate_hz=st.sampled_from([30.0, 60.0, 120.0]))
def test_the_beginning_is_found_within_a_hundredth(starts_s: float, rate_hz: float) -> None:
    marker_s = starts_s + np.arange(0.0, TIME_S[-1] - starts_s + 3.0, 1.0 / rate_hz)
    markers = 900.0 + 1.3 * height_mm(marker_s) + np.random.default_rng(1).normal(0.0, 2.0, len(marker_s))
    found = align(TIME_S, height_mm(TIME_S) + 5.0 * np.sin(TIME_S), SQUATS_S, markers, rate_hz)
    assert found.starts_s == pytest.approx(starts_s, abs=0.02)
    assert found.alike > 0.95


def test_gaps_in_both_are_bridged() -> None:
    force, markers = height_mm(TIME_S), height_mm(TIME_S[300:])
    force[(TIME_S > 11.0) & (TIME_S < 11.4)] = np.nan
    markers[1000:1040] = np.nan
    assert align(TIME_S, force, SQUATS_S, markers, 100.0).starts_s == pytest.approx(3.0, abs=0.02)


def test_other_squats_are_no_match() -> None:
    other = someone(9)
    markers = -400.0 * other.motion.at(np.arange(0.0, other.plan.end_s, 0.01)).fraction
    with pytest.raises(AlignmentError, match="nowhere like those of the forces"):
        align(TIME_S, height_mm(TIME_S), SQUATS_S, markers, 100.0)


def test_repetitions_like_clockwork_are_not_told_apart() -> None:
    clockwork = -200.0 * (1.0 - np.cos(2.0 * np.pi * TIME_S / 4.0))
    with pytest.raises(AlignmentError, match=r"two times nearly as well, 4\.0 s from each other"):
        align(TIME_S, clockwork, [(0.0, 60.0)], clockwork[:1600], 100.0)


@pytest.mark.parametrize("markers", [np.full(3000, 900.0), np.full(3000, np.nan), np.arange(50.0)])
def test_without_a_squat_there_is_nothing_to_go_by(markers: np.ndarray) -> None:
    with pytest.raises(AlignmentError):
        align(TIME_S, height_mm(TIME_S), SQUATS_S, markers, 100.0)


def test_the_height_is_that_of_the_hips_else_of_the_pelvis() -> None:
    def marker(point: str) -> Marker:
        return Marker.model_validate({"point": point, "side": "left", "stream": "m", "channels": ["x", "y", "z"]})

    samples = np.arange(12.0).reshape(2, 6)
    np.testing.assert_array_equal(leg_height_mm([marker("heel"), marker("hip")], samples), samples[:, 5])
    np.testing.assert_array_equal(leg_height_mm([marker("asis"), marker("heel")], samples), samples[:, 2])
    with pytest.raises(AlignmentError, match="only hips can"):
        leg_height_mm([marker("knee"), marker("heel")], samples)
