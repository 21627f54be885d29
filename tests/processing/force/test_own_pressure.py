"""Pressure under a foot against the lifter's own first repetitions at the same depth."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquisition.rig import SIDES
from processing.findings.findings import findings
from processing.force.own_pressure import BIN_MM, OwnPressure, OwnPressureColumns
from sim.lifter.lifter import KneeCaves, Lifter
from tests.support.rigs import example_with
from tests.support.sessions import analysed, lifted

NAMES = OwnPressureColumns._fields[::-1]
COLUMNS = OwnPressureColumns(*(NAMES.index(name) for name in OwnPressureColumns._fields))
FRAMES = 60
"""A movement takes so many frames down, and as many up, with ten of standing before each."""


def rows(inwards, depth_mm=400.0, weight_N=800.0, judged=1.0) -> np.ndarray:
    """Return frames of repetitions, (n,) with these numbers each; the pressure goes inwards in proportion to the depth."""
    parts = []
    for mm, depth, weight, whole in np.broadcast(inwards, depth_mm, weight_N, judged):
        down = np.linspace(0.0, 1.0, FRAMES)
        fraction = np.concatenate([np.zeros(10), down, down[::-1]])
        part = np.zeros((len(fraction), len(NAMES)))
        for name, values in (
            ("com_height_mm", -depth * fraction),
            ("repetition_phase", np.repeat([0.0, 1.0, 3.0], [10, FRAMES, FRAMES])),
            ("foot_cop_medial_left_mm", mm * fraction * depth / 400.0),
            ("foot_cop_medial_right_mm", -2.0 * mm * fraction * depth / 400.0 + 5.0),
            ("body_weight_N", np.full(len(fraction), weight)),
            ("judged", np.where(np.arange(len(fraction)) == 40, whole, 1.0)),
        ):
            part[:, NAMES.index(name)] = values
        parts.append(part)
    return np.concatenate(parts)


def followed(frames: np.ndarray, cuts=()) -> dict[str, np.ndarray]:
    own, frames = OwnPressure(COLUMNS), frames.copy()
    for a, b in pairwise([0, *sorted(cuts), len(frames)]):
        own.follow(frames[a:b])
    return {name: frames[:, NAMES.index(name)].reshape(-1, 10 + 2 * FRAMES) for name in NAMES}


def change(found, side="left") -> np.ndarray:
    return found[f"foot_cop_change_{side}_mm"]


def test_it_is_the_pressure_less_that_of_the_first_repetitions_at_the_same_depth():
    found = followed(rows([10.0, 14.0, 12.0, 12.0, 30.0]))
    assert np.isnan(change(found)[:3]).all()
    depth = -found["com_height_mm"][3]
    known = depth >= BIN_MM
    np.testing.assert_array_equal(np.isfinite(change(found)[3]), known)
    assert np.abs(change(found)[3][known]).max() < 12.0 * BIN_MM / 400.0
    np.testing.assert_allclose(change(found)[4][known], 18.0 * depth[known] / 400.0, atol=12.0 * BIN_MM / 400.0)
    np.testing.assert_allclose(change(found, "right")[4][known], -36.0 * depth[known] / 400.0, atol=24.0 * BIN_MM / 400.0)


def test_a_depth_that_was_never_reached_has_nothing_to_compare_with():
    found = followed(rows([10.0] * 3 + [10.0], [300.0] * 3 + [500.0]))
    depth = -found["com_height_mm"][3]
    assert np.isnan(change(found)[3][depth > 300.0 + 2 * BIN_MM]).all()
    assert np.isfinite(change(found)[3][(depth > BIN_MM) & (depth < 300.0)]).all()


@pytest.mark.parametrize(
    "changed",
    [{"depth_mm": [400.0, 120.0, 400.0, 400.0]}, {"judged": [1.0, 0.0, 1.0, 1.0]}, {"weight_N": [800.0, 900.0, 900.0, 900.0]}],
)
def test_only_whole_deep_repetitions_of_one_lifter_are_learnt(changed):
    found = followed(rows([10.0] * 4, **changed))
    assert np.isnan(change(found)).all()
    more = {name: [*values, *[values[-1]] * 2] for name, values in changed.items()}
    assert np.isfinite(change(followed(rows([10.0] * 6, **more)))[-1]).any()


def test_another_lifter_is_not_compared_with_the_one_before():
    found = followed(rows([10.0] * 8, weight_N=[800.0] * 4 + [870.0] * 4))
    assert np.isfinite(change(found)[3]).any()
    assert np.isnan(change(found)[4:7]).all()
    assert np.isfinite(change(found)[7]).any()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 6 * 130 - 1), max_size=12), st.lists(st.floats(-20, 20), min_size=6, max_size=6))
def test_no_splitting_into_blocks_changes_it(cuts, inwards):
    frames = rows(inwards)
    whole, split = followed(frames), followed(frames, cuts)
    for name in NAMES:
        np.testing.assert_array_equal(whole[name], split[name])


PLATES = [stream.model_dump() for stream in example_with().stream if stream.name == "plates"]
RIG = example_with(stream=PLATES, emg=[], foot=[{"side": side, "toe_out_deg": 15.0} for side in SIDES])


@pytest.mark.parametrize(("knee_mm", "onset_s", "found"), [(22.0, 0.0, False), (40.0, 0.0, False), (40.0, 15.0, True)])
def test_what_is_alike_from_the_first_repetition_on_is_no_finding_and_what_comes_later_is(knee_mm, onset_s, found):
    caves = tuple(
        KneeCaves(side=side, knee_mm=knee_mm, ankle_N_m_rad=60.0, onset_s=onset_s, ramp_s=0.1 + onset_s / 5) for side in SIDES
    )
    results = analysed(RIG, lifted(RIG, Lifter(seed=3, imbalances=caves), 36.0))
    told = {(one.rule, one.side, one.severity.name) for one in findings(results)}
    assert told == ({("foot_cop_medial", side, "AMBER") for side in SIDES} if found else set())
    flags = {(flag.rule, flag.severity.name) for flag in results.flags}
    assert flags == ({("foot_cop_medial", "AMBER")} if found else set())
    assert all(flag.start_s > onset_s for flag in results.flags)
