"""The rig files that come with the program describe what they say."""

from __future__ import annotations

import numpy as np
import pytest

from acquisition.rig import HAMSTRINGS, QUADRICEPS, Rig
from acquisition.rigfile import example
from acquisition.rigfile import load as load_file


def load(name: str) -> Rig:
    return load_file(example(name))


@pytest.mark.parametrize("name", ["demo", "one-device", "cyton"])
def test_example_has_two_plates_side_by_side_whose_z_points_down(name: str) -> None:
    rig = load(name)
    centres = {}
    for plate in rig.plate:
        c = np.asarray(plate.corners_mm)
        assert np.cross(c[0] - c[1], c[0] - c[3])[2] == pytest.approx(-400.0 * 600.0)
        centres[plate.side] = c.mean(axis=0)
    np.testing.assert_allclose(centres["right"] - centres["left"], [420.0, 0.0, 0.0])
    assert rig.lab.right_axis == "x"


@pytest.mark.parametrize("name", ["demo", "one-device", "cyton"])
def test_example_has_what_a_ratio_needs_in_both_legs(name: str) -> None:
    rig = load(name)
    for side in ("left", "right"):
        muscles = {electrode.muscle for electrode in rig.emg if electrode.side == side and electrode.mvc_uV}
        assert muscles & set(QUADRICEPS)
        assert muscles & set(HAMSTRINGS)


@pytest.mark.parametrize("name", ["demo", "one-device"])
def test_calibration_matrices_are_full_and_can_be_inverted(name: str) -> None:
    matrices = [np.asarray(plate.calibration_matrix) for plate in load(name).plate if plate.calibration_matrix is not None]
    assert matrices
    for matrix in matrices:
        assert np.count_nonzero(matrix) == 36
        # In units of each channel's own range, moments over 0.3 m, crosstalk is a few percent.
        units = np.array([1.0, 1.0, 1.0, 300.0, 300.0, 300.0])
        scaled = matrix / units[:, None] / (np.diag(matrix) / units)
        assert np.linalg.cond(scaled) < 1.1


def test_demo_has_two_clocks_and_one_device_one() -> None:
    ppm = [stream.source.clock_ppm for stream in load("demo").stream if stream.source.kind == "simulated"]
    assert ppm == [30.0, -40.0]
    assert len(load("demo").emg) == 14
    assert len(load("one-device").stream) == 1


def test_slow_board_is_slow() -> None:
    rig = load("cyton")
    assert rig.stream_named("board").rate_hz < rig.emg_processing.undersampled_below_hz
    assert len(rig.emg) == 8
