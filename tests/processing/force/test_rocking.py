"""Feet that rock: the angle that the path was made with, and refusals that say what to do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processing.force.rocking import foot_axis

T = np.arange(0.0, 16.0, 0.01)
FRONT, RIGHT = np.array([0.0, 1.0]), np.array([1.0, 0.0])


def path(toe_out_deg: float, side: str, rocks: int = 3, reach_mm: float = 70.0, turned_deg: float = 0.0, seed: int = 0):
    """A foot's pressure with sway of 1.5 mm, and the lifter's forward and outward directions, all turned in the lab."""
    rng = np.random.default_rng(seed)
    sway = np.cumsum(rng.normal(0.0, 0.1, (len(T), 2)), axis=0)
    sway = 1.5 * (sway - sway.mean(axis=0)) / sway.std()
    phase = 2 * np.pi * rocks * np.clip((T - 2.0) / 12.0, 0.0, 1.0)
    along = -reach_mm * np.sin(phase)  # towards the heels first
    a = np.radians(toe_out_deg)
    outward = RIGHT if side == "right" else -RIGHT
    points = along[:, None] * (np.cos(a) * FRONT + np.sin(a) * outward) + sway
    t = np.radians(turned_deg)
    turn = np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]])
    return points @ turn.T + [300.0, -80.0], turn @ FRONT, turn @ outward


@given(
    toe_out_deg=st.floats(-10.0, 45.0),
    side=st.sampled_from(["left", "right"]),
    turned_deg=st.floats(-180.0, 180.0),
    seed=st.integers(0, 5),
)
def test_the_angle_is_that_of_the_path_however_the_lifter_stands(toe_out_deg, side, turned_deg, seed):
    found = foot_axis(side, *path(toe_out_deg, side, turned_deg=turned_deg, seed=seed))
    assert found.refused == ""
    assert found.toe_out_deg == pytest.approx(toe_out_deg, abs=1.5)
    assert found.rocks == 3
    assert found.range_mm == pytest.approx(140.0, abs=10.0)
    assert 0.0 < found.error_deg < 2.0
    assert "turned out by" in found.sentence


@pytest.mark.parametrize(
    ("made", "says"),
    [
        ({"reach_mm": 20.0}, "its pressure moved by 4"),
        ({"rocks": 1}, "only 1 rock was found, and three are asked for"),
        ({"rocks": 2}, "only 2 rocks were found"),
        ({"toe_out_deg": 75.0}, "its pressure moves at 76 degrees from the lifter's forward direction"),
    ],
)
def test_what_is_no_rocking_trial_is_refused(made, says):
    found = foot_axis("right", *path(**({"toe_out_deg": 15.0, "side": "right"} | made)))
    assert found.refused.startswith(says)
    assert found.sentence == f"right foot: {found.refused}"


def test_a_foot_that_goes_round_and_one_that_is_not_there_are_refused():
    circle = 50.0 * np.column_stack([np.sin(T), np.cos(T)])
    assert "does not follow a line" in foot_axis("left", circle, FRONT, -RIGHT).refused
    assert "no centre of pressure" in foot_axis("left", np.full((900, 2), np.nan), FRONT, -RIGHT).refused


def test_seconds_without_pressure_count_for_nothing():
    points, forward, outward = path(20.0, "left")
    points[300:330] = np.nan
    assert foot_axis("left", points, forward, outward).toe_out_deg == pytest.approx(20.0, abs=1.5)
