"""Signals in physical units: the same as the kernels compute, each column with a name of its own."""

from __future__ import annotations

import numpy as np
import pytest

from acquisition.export.signals import beside_emg, signals_of
from acquisition.rig.plate_map import plate_map
from processing.force.wrench import plate_wrench
from tests.support.exported import a_lab, a_plate, less, stood
from tests.support.rigs import a_rig


@pytest.mark.parametrize("c3d_type", [1, 2, 3, 4, 5])
def test_forces_are_those_of_the_force_chain(c3d_type):
    rig = a_lab([a_plate("left", c3d_type, pad_mm=7.0), a_plate("right", 2)])
    raw = stood(rig, 300)
    raw[10, :3] = 0.0  # a pull, or nothing
    raw[20, 2] = np.nan
    signals = beside_emg(rig, "lab")
    found = dict(zip([column.name for column in signals.columns], signals.of(raw).T, strict=True))
    for plate in rig.plate:
        at = [rig.column("lab", channel) for channel in plate.channels]
        its = plate_wrench(raw, at, plate_map(plate), rig.plates.cop_N)
        for i, axis in enumerate("xyz"):
            np.testing.assert_allclose(found[f"f{axis}_{plate.side}_N"], its.force_N[:, i], atol=1e-9)
            np.testing.assert_allclose(found[f"m{axis}_{plate.side}_Nmm"], its.moment_Nmm[:, i], atol=1e-5, rtol=1e-12)
        for i, axis in enumerate("xy"):
            np.testing.assert_allclose(found[f"cop_{axis}_{plate.side}_mm"], its.cop_mm[:, i], atol=1e-7)


@pytest.mark.parametrize("channels", [1, 5])
def test_what_a_plate_does_not_tell_is_nothing(channels):
    rig = a_lab([less(a_plate("left", 1), channels), a_plate("right", 2)])
    raw = stood(rig, 200)
    signals = beside_emg(rig, "lab")
    found = dict(zip([column.name for column in signals.columns], signals.of(raw).T, strict=True))
    plate = rig.plate[0]
    its = plate_wrench(raw, [rig.column("lab", name) for name in plate.channels], plate_map(plate), rig.plates.cop_N)
    np.testing.assert_allclose(found["fz_left_N"], its.force_N[:, 2], rtol=1e-12)
    assert np.isnan(found["mz_left_Nmm"]).all()
    assert np.isnan(found["fx_left_N"]).all() == np.isnan(found["cop_x_left_mm"]).all() == (channels == 1)
    if channels == 5:
        np.testing.assert_allclose(found["cop_y_left_mm"], its.cop_mm[:, 1], atol=1e-7)


def test_every_channel_is_there_in_its_unit_and_under_a_name_of_its_own():
    emg = [
        {"muscle": "VL", "side": "left", "stream": "s", "channel": "a", "gain": 1000.0},
        {"muscle": "other", "side": "left", "stream": "s", "channel": "b c"},
        {"muscle": "other", "side": "left", "stream": "s", "channel": "b-c"},
    ]
    marker = [{"point": "knee", "side": "right", "stream": "s", "channels": ["x", "y", "z"]}]
    channels = ["a", "b c", "b-c", "x", "y", "z", "זווית", "on"]
    units = ["V", "mV", "uV", "m", "m", "m", "deg/s", ""]
    rig = a_rig({"name": "s", "channels": channels, "units": units}, emg=emg, marker=marker)
    signals = signals_of(rig, "s")
    assert [column.name for column in signals.columns] == [
        "VL_left_uV",
        "b_c_left_uV",
        "b_c_left_uV_2",
        "knee_x_right_mm",
        "knee_y_right_mm",
        "knee_z_right_mm",
        "זווית_deg_s",
        "on",
    ]
    assert signals.of(np.ones((1, 8))).tolist() == [[1000.0, 1000.0, 1.0, 1000.0, 1000.0, 1000.0, 1.0, 1.0]]
    assert [column.kind for column in signals.columns] == ["emg"] * 3 + ["marker"] * 3 + ["other"] * 2
