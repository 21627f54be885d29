"""Knees over feet by markers, against plain numpy and scipy's rotations, in any blocks and from any side of the lab."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from acquisition.rig import Rig
from processing.knee.chain import KneeChain

LEG = {
    "hip": (100.0, 0.0, 900.0),
    "knee_lateral": (190.0, 120.0, 480.0),
    "knee_medial": (100.0, 130.0, 480.0),
    "ankle_lateral": (200.0, -10.0, 80.0),
    "ankle_medial": (120.0, -10.0, 80.0),
    "heel": (160.0, -60.0, 40.0),
    "toes": (180.0, 150.0, 30.0),
    "forefoot_inner": (130.0, 120.0, 20.0),
}
"""A right leg with x to the right and y forwards; the left one is its mirror image."""


def rig_of(points: list[str], rate_hz: float = 100.0, unit: str = "mm", width_mm: float | None = None) -> Rig:
    names = [(side, point) for side in ("left", "right") for point in points]
    channels = [f"{side} {point} {axis}" for side, point in names for axis in "xyz"]
    return Rig.model_validate(
        {
            "name": "markers",
            "stream": [
                {"name": "m", "rate_hz": rate_hz, "channels": channels, "units": unit, "source": {"kind": "file", "path": ""}}
            ],
            "marker": [
                {"point": point, "side": side, "stream": "m", "channels": channels[3 * k : 3 * k + 3]}
                for k, (side, point) in enumerate(names)
            ],
            "foot": [{"side": side, "width_mm": width_mm} for side in ("left", "right")] if width_mm else [],
        }
    )


def standing(points: list[str], leg: dict = LEG) -> np.ndarray:
    """Return one sample of both legs, (1, channels)."""
    right = np.array([leg[point] for point in points])
    return np.stack([right * [-1, 1, 1], right]).reshape(1, -1)


def frame_of(chain: KneeChain, sample: np.ndarray) -> dict[str, float]:
    return dict(zip([metric.name for metric in chain.metrics], chain.process(sample, 0)[0].tolist(), strict=True))


def test_margin_and_axis_are_those_of_plain_geometry() -> None:
    points = list(LEG)
    rows = frame_of(KneeChain(rig_of(points)), standing(points))
    axis = np.subtract(LEG["toes"], LEG["heel"])[:2]
    outwards = np.array([axis[1], -axis[0]]) / np.linalg.norm(axis)
    margin = outwards @ np.subtract(LEG["knee_lateral"], LEG["forefoot_inner"])[:2]
    off = -outwards @ np.subtract(LEG["knee_lateral"], LEG["heel"])[:2]
    for side in ("left", "right"):
        assert rows[f"knee_margin_{side}_mm"] == pytest.approx(margin)
        assert rows[f"knee_off_axis_{side}_mm"] == pytest.approx(off)
    knees = LEG["knee_lateral"][0] + LEG["knee_medial"][0]
    ankles = LEG["ankle_lateral"][0] + LEG["ankle_medial"][0]
    assert rows["knee_ankle_ratio"] == pytest.approx(knees / ankles)


@pytest.mark.parametrize("knee_x", [100.0, 130.0, 145.0, 200.0])
def test_the_frontal_angle_is_that_of_the_projected_points(knee_x: float) -> None:
    leg = {**LEG, "knee": (knee_x, 150.0, 500.0), "ankle": (160.0, 0.0, 80.0)}
    points = ["hip", "knee", "ankle", "heel", "toes"]
    chain = KneeChain(rig_of(points))
    row = frame_of(chain, standing(points, leg))
    hip, knee, ankle = (np.array(leg[name])[[0, 2]] for name in ("hip", "knee", "ankle"))
    thigh, shank = hip - knee, ankle - knee
    angle = np.degrees(np.arccos(thigh @ shank / np.linalg.norm(thigh) / np.linalg.norm(shank)))
    line = hip[0] + (ankle[0] - hip[0]) * (hip[1] - knee[1]) / (hip[1] - ankle[1])
    for side in ("left", "right"):
        assert row[f"frontal_angle_{side}_deg"] == pytest.approx((180.0 - angle) * np.sign(line - knee_x))
    ids = {m.name: m.formula_id for m in chain.metrics}
    assert ids["knee_margin_left_mm"] == "knee_margin.centre_to_width"
    assert ids["frontal_angle_left_deg"] == "frontal_angle.hip"


def test_a_thigh_that_points_at_the_viewer_has_no_angle() -> None:
    leg = {**LEG, "hip": (110.0, -300.0, 500.0), "knee": (120.0, 150.0, 480.0), "ankle": (160.0, 0.0, 80.0)}
    points = ["hip", "knee", "ankle", "heel", "toes"]
    chain = KneeChain(rig_of(points))
    row = frame_of(chain, standing(points, leg))
    assert np.isnan(row["frontal_angle_left_deg"])
    assert np.isnan(row["frontal_angle_right_deg"])


@settings(max_examples=40)
@given(turn=st.floats(-180, 180), x=st.floats(-3000, 3000), y=st.floats(-3000, 3000))
def test_it_does_not_matter_where_in_the_lab_the_lifter_stands(turn: float, x: float, y: float) -> None:
    points = list(LEG)
    chain = KneeChain(rig_of(points))
    here = chain.process(standing(points), 0)[0].copy()
    moved = Rotation.from_euler("z", turn, degrees=True).apply(standing(points).reshape(-1, 3)) + np.array([x, y, 0.0])
    there = KneeChain(rig_of(points)).process(moved.reshape(1, -1), 0)[0]
    np.testing.assert_allclose(there, here, atol=1e-8)


def test_the_inner_edge_is_taken_from_the_foots_width_where_no_marker_is_on_it() -> None:
    points = [point for point in LEG if point != "forefoot_inner"]
    chain = KneeChain(rig_of(points, width_mm=90.0))
    row = frame_of(chain, standing(points))
    assert row["knee_margin_left_mm"] == pytest.approx(45.0 - row["knee_off_axis_left_mm"])
    unknown = KneeChain(rig_of(points))
    assert np.isnan(unknown.process(standing(points), 0)[0][1:3]).all()


@settings(max_examples=30)
@given(cuts=st.lists(st.integers(1, 37), min_size=1, max_size=6))
def test_frames_are_the_same_in_any_blocks_to_the_bit(cuts: list[int]) -> None:
    points = list(LEG)
    samples = standing(points) + np.random.default_rng(1).normal(0.0, 5.0, (40, 3 * 2 * len(points)))
    whole = KneeChain(rig_of(points, 200.0)).process(samples, 0).copy()
    assert len(whole) == 20
    chain = KneeChain(rig_of(points, 200.0))
    edges = [0, *sorted(set(cuts)), len(samples)]
    parts = [chain.process(samples[a:b], a).copy() for a, b in pairwise(edges)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("width_mm", [None, 90.0])
def test_a_hidden_marker_hides_what_it_is_needed_for_and_nothing_else(width_mm: float | None) -> None:
    points = list(LEG)
    samples = np.repeat(standing(points), 3, axis=0)
    rig = rig_of(points, width_mm=width_mm)
    samples[1, rig.column("m", "left forefoot_inner y")] = np.nan
    rows = KneeChain(rig).process(samples, 0)
    names = [m.name for m in KneeChain(rig).metrics]
    assert {name for name, value in zip(names, rows[1], strict=True) if np.isnan(value)} == {"knee_margin_left_mm"}
    assert np.isfinite(rows[[0, 2]]).all()


def test_metres_give_the_same_numbers_as_millimetres() -> None:
    points = list(LEG)
    in_mm = KneeChain(rig_of(points)).process(standing(points), 0)[0].copy()
    np.testing.assert_allclose(KneeChain(rig_of(points, unit="m")).process(standing(points) / 1000.0, 0)[0], in_mm)


def test_markers_that_tell_no_knee_are_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="tell no knee over its foot"):
        KneeChain(rig_of(["knee", "heel"]))
