"""Markers on the feet: what they say of the lifter's right and each foot's angle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquisition.formats.c3d.foot_markers import feet_of, foot_angles


def turned(points: np.ndarray, degrees: float) -> np.ndarray:
    a = np.radians(degrees)
    return points @ np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])


def standing(labels: list[str], left_out: float, right_out: float, facing: float, frames: int = 10) -> np.ndarray:
    """Markers of a lifter who faces `facing` degrees from x, with feet 400 mm apart; `facing` 90 has the right at x."""
    places = {}
    for side, x, out in (("L", -200.0, left_out), ("R", 200.0, -right_out)):
        for part, place in (("HEE", (0.0, 0.0)), ("TOE", (0.0, 200.0)), ("MT1", (30.0, 180.0)), ("MT5", (-50.0, 150.0))):
            mirrored = np.array(place) * ([1.0, 1.0] if side == "L" else [-1.0, 1.0])
            places[side + part] = turned(turned(mirrored, out) + np.array([x, 0.0]), facing - 90.0)
    return np.tile([[*places[label], 40.0] for label in labels], (frames, 1, 1))


def apart(a: float, b: float) -> float:
    return abs((a - b + 180.0) % 360.0 - 180.0)


@settings(max_examples=60)
@given(left_out=st.floats(-20, 45), right_out=st.floats(-20, 45), facing=st.floats(-180, 180))
def test_forward_lies_between_the_feet(left_out: float, right_out: float, facing: float) -> None:
    labels = ["LHEE", "LTOE", "RHEE", "RTOE", "RMT1", "LMT5"]
    angles = foot_angles(feet_of(labels, standing(labels, left_out, right_out, facing), 100.0))
    out = (left_out + right_out) / 2
    assert angles.toe_out_deg["left"] == pytest.approx(out, abs=0.02)
    assert angles.toe_out_deg["right"] == pytest.approx(out, abs=0.02)
    assert angles.right_deg is not None
    assert apart(angles.right_deg, facing - 90.0 + (left_out - right_out) / 2) < 0.02


def test_the_axis_of_one_foot_is_told_against_the_line_of_the_heels() -> None:
    labels = ["LHEE", "RHEE", "RTOE"]
    angles = foot_angles(feet_of(labels, standing(labels, 5.0, 25.0, 70.0), 100.0))
    assert angles.right_deg == pytest.approx(-20.0)
    assert angles.toe_out_deg == pytest.approx({"right": 25.0})


def test_a_marker_on_one_edge_of_the_forefoot_gives_no_axis() -> None:
    labels = ["LHEE", "RHEE", "RMT1", "LMT1"]
    assert foot_angles(feet_of(labels, standing(labels, 5.0, 5.0, 90.0), 100.0)).toe_out_deg == {}
    labels = ["LHEE", "RHEE", "RMT1", "RMT5"]
    assert set(foot_angles(feet_of(labels, standing(labels, 5.0, 5.0, 90.0), 100.0)).toe_out_deg) == {"right"}


@pytest.mark.parametrize("labels", [["LHEE", "LTOE"], ["RHEE", "RMT5"]])
def test_one_foot_alone_tells_about_where_its_owner_faces(labels: list[str]) -> None:
    angles = foot_angles(feet_of(labels, standing(labels, 10.0, 10.0, 90.0), 100.0))
    assert angles.right_deg is not None
    assert apart(angles.right_deg, 0.0) < 35.0
    assert angles.toe_out_deg == {}


@pytest.mark.parametrize("labels", [["LHEE"], [], ["LTOE"]])
def test_what_tells_no_direction_gives_none(labels: list[str]) -> None:
    angles = foot_angles(feet_of(labels, standing(["LHEE"] * len(labels), 0.0, 0.0, 0.0), 100.0))
    assert (angles.right_deg, angles.toe_out_deg) == (None, {})


def test_hidden_markers_and_steps_do_not_count() -> None:
    labels = ["LHEE", "LTOE", "RHEE", "RTOE"]
    markers = standing(labels, 12.0, 12.0, 30.0, frames=60)
    markers[:10] = np.nan
    swing = np.linspace(0.0, 1.0, 20)[:, None] * [600.0, 300.0]
    markers[30:50, 1, :2] += swing  # 1 m/s and more: a foot that swings while its heel is still marked
    angles = foot_angles(feet_of(labels, markers, 30.0))
    assert angles.toe_out_deg == pytest.approx({"left": 12.0, "right": 12.0}, abs=2.0)
    assert angles.right_deg == pytest.approx(-60.0, abs=2.0)
