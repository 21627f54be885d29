"""The rig files that come with the program describe what they say."""

from __future__ import annotations

import numpy as np
import pytest

from acquisition.rig import HAMSTRINGS, QUADRICEPS, Rig
from acquisition.rig.rig_file import example, examples
from acquisition.rig.rig_file import load as load_file
from hardware.brainflow.settings import BrainflowSettings
from hardware.nidaq.settings import NidaqSettings
from processing.pipeline import Pipeline


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


@pytest.mark.parametrize("name", examples())
def test_example_has_what_a_ratio_needs_in_both_legs(name: str) -> None:
    rig = load(name)
    for side in ("left", "right"):
        muscles = {electrode.muscle for electrode in rig.emg if electrode.side == side and electrode.mvc_uV}
        assert muscles & set(QUADRICEPS)
        assert muscles & set(HAMSTRINGS)


@pytest.mark.parametrize("name", ["demo", "one-device", "ni-two-plates", "ni-and-cyton"])
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


@pytest.mark.parametrize("name", examples())
def test_left_plate_is_on_the_left_and_both_point_down(name: str) -> None:
    rig = load(name)
    centres = {}
    for plate in rig.plate:
        c = np.asarray(plate.corners_mm)
        assert np.cross(c[0] - c[1], c[0] - c[3])[2] < 0.0
        assert plate.origin_mm[2] < 0.0
        centres[plate.side] = c.mean(axis=0)
    axis, sign = "xy".index(rig.lab.right_axis[-1]), -1.0 if rig.lab.right_axis.startswith("-") else 1.0
    assert sign * (centres["right"] - centres["left"])[axis] > 300.0


@pytest.mark.parametrize("name", ["ni-two-plates", "ni-and-cyton", "wire"])
def test_rigs_for_real_devices_fit_their_devices(name: str) -> None:
    for stream in load(name).stream:
        match stream.source:
            case NidaqSettings():
                assert len(stream.source.physical_channels) == len(stream.channels)
                assert len(stream.source.channel_ranges) == len(stream.channels)
                assert {stream.stream().channels[i].unit for i in range(len(stream.channels))} == {"V"}
            case BrainflowSettings():
                assert stream.source.inputs is not None
                assert len(stream.source.inputs) == len(stream.channels)
                assert (stream.units, stream.rate_hz, max(stream.source.inputs) <= 8) == ("uV", 250.0, True)


def test_one_card_needs_no_other_clock_and_two_devices_share_a_line() -> None:
    assert len(load("ni-two-plates").stream) == 1
    assert [stream.sync_channel for stream in load("ni-and-cyton").stream] == ["sync", "sync"]
    assert [stream.sync_channel for stream in load("wire").stream] == ["sync", "sync", "sync"]


def test_only_quadriceps_and_hamstrings_of_a_leg_must_share_a_stream() -> None:
    rig = load("wire")
    assert {e.stream for e in rig.emg if e.muscle in QUADRICEPS + HAMSTRINGS} == {"thighs"}
    assert {e.stream for e in rig.emg if e.muscle not in QUADRICEPS + HAMSTRINGS} == {"hips"}
    data = rig.model_dump()
    next(e for e in data["emg"] if e["channel"] == "GMax_L").update(muscle="other")
    next(e for e in data["emg"] if e["channel"] == "BF_L").update(stream="hips", channel="GMax_L")
    with pytest.raises(ValueError, match="quadriceps and hamstrings of the left leg are spread over the streams hips, thighs"):
        Rig.model_validate(data)


def test_glutes_on_a_stream_of_their_own_have_a_table_of_their_own() -> None:
    columns = {stream.name: stream.channel_names for stream in Pipeline(load("wire")).derived_streams()}
    assert {"quads_left_pct", "hams_right_pct", "qh_change_left", "qh_between_legs_log2"} <= set(columns["thighs.emg"])
    assert {"glutes_left_pct", "glutes_right_pct", "activation_left_ADD_pct"} <= set(columns["hips.emg"])
    assert not [name for name in columns["thighs.emg"] if "glutes" in name]
    assert not [name for name in columns["hips.emg"] if name.startswith(("qh", "quads", "hams"))]
