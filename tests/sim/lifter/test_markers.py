"""Markers of a simulated lifter: read back by the program's own finder of feet, and as far from the knee as the truth says."""

from __future__ import annotations

import numpy as np
import pytest

from acquisition.formats.c3d.foot_markers import feet_of, foot_angles
from acquisition.rig import SIDES
from sim.lifter.lifter import KneeCaves, Lifter
from sim.lifter.markers import markers_mm
from sim.lifter.motion import Tempo

T = np.arange(0.0, 9.0, 0.01)


def lifter(**given) -> Lifter:
    return Lifter(tempo=Tempo(quiet_s=2.0), repetitions=2, **given)


@pytest.mark.parametrize("toe_out_deg", [0.0, 18.0, 30.0])
def test_the_feet_are_found_turned_as_they_are(toe_out_deg: float) -> None:
    squatter = lifter(toe_out_deg=toe_out_deg)
    markers = markers_mm(squatter, squatter.motion.at(T))
    names = list(markers)
    found = foot_angles(feet_of(names, np.stack([markers[name] for name in names], axis=1), 100.0))
    assert found.right_deg == pytest.approx(0.0, abs=0.5)
    assert found.toe_out_deg == {side: pytest.approx(toe_out_deg, abs=0.5) for side in SIDES}


def test_the_knee_is_as_far_outside_the_foot_as_the_truth_says() -> None:
    caving = KneeCaves(side="right", knee_mm=120.0, ramp_s=0.1)
    squatter = lifter(toe_out_deg=20.0, imbalances=(caving,))
    movement = squatter.motion.at(T)
    markers, truth = markers_mm(squatter, movement), squatter.truth(T)
    for side in SIDES:
        letter, sign = side[0].upper(), 1.0 if side == "right" else -1.0
        axis = markers[f"{letter}TOE"] - markers[f"{letter}HEE"]
        outwards = sign * np.column_stack([axis[:, 1], -axis[:, 0]])
        outwards /= np.linalg.norm(outwards, axis=1, keepdims=True)
        margin = ((markers[f"{letter}KNE"] - markers[f"{letter}1MT"])[:, :2] * outwards).sum(axis=1)
        np.testing.assert_allclose(margin, truth.margin_mm[side], atol=1e-9)
    assert truth.margin_mm["right"].min() < 0.0 < truth.margin_mm["left"].min()
