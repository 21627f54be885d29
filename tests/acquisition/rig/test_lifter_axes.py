"""The lifter's axes and each foot's, by what the rig says and by its plates."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquisition.rig import Foot, Lab, Rig
from acquisition.rig.lifter_axes import (
    MARKERS,
    NOTHING,
    PLATES,
    RIG,
    ROCKING,
    axes_in_words,
    degrees_apart,
    lifter_axes,
    unit_vector,
)
from acquisition.rig.rig_file import example, load

DEMO = load(example("demo"))


def rig(
    lab: Lab | None = None, foot: list[Foot] | None = None, apart: tuple[float, float] = (500.0, 0.0), plates: int = 2
) -> Rig:
    """The demo's rig with its right plate so far from the left one."""
    left, right = DEMO.plate
    corners = (np.asarray(left.corners_mm) + np.array([*apart, 0.0])).tolist()
    moved = right.model_copy(update={"corners_mm": corners})
    return DEMO.model_copy(update={"lab": lab or Lab(), "foot": foot or [], "plate": [left, moved][:plates]})


@given(x=st.floats(-2000, 2000), y=st.floats(-2000, 2000))
def test_right_is_the_way_between_the_plates_as_a_unit_vector(x: float, y: float) -> None:
    if np.hypot(x, y) < 1.0:
        return
    axes = lifter_axes(rig(apart=(x, y)))
    assert axes.right == pytest.approx(np.array([x, y]) / np.hypot(x, y), abs=1e-9)
    assert axes.right_from == PLATES


def test_what_the_rig_says_comes_first() -> None:
    axes = lifter_axes(rig(Lab(right_axis="-y")))
    assert axes.right.tolist() == [0.0, -1.0]
    assert axes.right_from == RIG
    axes = lifter_axes(rig(Lab(right_deg=27.0, right_from="markers")))
    assert axes.right == pytest.approx([np.cos(np.radians(27.0)), np.sin(np.radians(27.0))])
    assert axes.right_from == MARKERS


def test_both_cannot_be_said() -> None:
    with pytest.raises(ValueError, match="right_axis \\('x'\\) and right_deg \\(3\\) both say where right is; give one"):
        Lab(right_axis="x", right_deg=3.0)


def test_plates_with_one_middle_tell_no_right() -> None:
    with pytest.raises(ValueError, match="Both plates have their centre"):
        lifter_axes(rig(apart=(0.0, 0.0)))
    assert np.isnan(lifter_axes(rig(plates=1)).right).all()
    assert lifter_axes(rig(plates=1)).right_from == NOTHING


def test_a_foot_that_is_turned_out_has_its_own_axis() -> None:
    feet = [Foot(side="left", toe_out_deg=20.0), Foot(side="right", toe_out_deg=30.0, toe_out_from="rocking")]
    axes = lifter_axes(rig(foot=feet))
    left, right = np.radians([110.0, 60.0])  # anticlockwise from x, which is right
    assert axes.forward["left"] == pytest.approx([np.cos(left), np.sin(left)])
    assert axes.forward["right"] == pytest.approx([np.cos(right), np.sin(right)])
    for side, to_right in (("left", 1.0), ("right", -1.0)):
        assert axes.medial[side] @ axes.forward[side] == pytest.approx(0.0)
        assert np.linalg.norm(axes.medial[side]) == pytest.approx(1.0)
        assert axes.medial[side][0] * to_right > 0.8, "towards the other foot"
    assert axes.toe_out_from == {"left": RIG, "right": ROCKING}


def test_a_foot_of_unknown_angle_has_the_lifters_axes() -> None:
    axes = lifter_axes(rig(Lab(right_axis="y"), [Foot(side="left", width_mm=95.0)]))
    assert not axes.known("left")
    assert not axes.known("right")
    assert axes.medial["left"] == pytest.approx([0.0, 1.0])
    assert axes.medial["right"] == pytest.approx([0.0, -1.0])
    assert axes.forward["right"] == pytest.approx([-1.0, 0.0])


def test_two_left_feet_are_refused() -> None:
    with pytest.raises(ValueError, match="there are two left feet"):
        Rig.model_validate(DEMO.model_dump() | {"foot": [{"side": "left"}, {"side": "left"}]})


@given(a=st.floats(-360, 360), b=st.floats(-180, 180))
def test_angles_between_directions(a: float, b: float) -> None:
    assert degrees_apart(unit_vector(a), unit_vector(a + b)) == pytest.approx(abs(b), abs=1e-6)


def test_axes_in_words() -> None:
    described = rig(Lab(right_deg=27.2), [Foot(side="right", toe_out_deg=15.4, toe_out_from="markers")])
    assert axes_in_words(lifter_axes(described), described) == [
        "the lifter's right lies 27 degrees from the lab's x axis, by the rig",
        "nothing says how far the left foot is turned out",
        "the right foot is turned out by 15 degrees, by markers on the feet",
    ]
