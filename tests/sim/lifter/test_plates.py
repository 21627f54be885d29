"""The inverse of the plate equations, against ezc3d, which reads the channels back as force and centre of pressure."""

from __future__ import annotations

from pathlib import Path

import ezc3d
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from acquisition.rig import Plate
from sim.lifter.plates import SimulatedPlate

CORNERS = [[200.0, 300.0, 0.0], [-200.0, 300.0, 0.0], [-200.0, -300.0, 0.0], [200.0, -300.0, 0.0]]
MATRIX = (np.diag([250.0, 250.0, 500.0, 1.5e5, 1e5, 5e4]) + np.arange(36).reshape(6, 6) * 2.0 - 31.0).tolist()


def plate(c3d_type: int, turn_deg: float = 0.0, **changes: object) -> Plate:
    """Return a plate whose z points down, turned about the vertical and moved to a place of its own."""
    down = np.asarray(CORNERS) * [-1.0, 1.0, 1.0]
    corners = Rotation.from_euler("z", turn_deg, degrees=True).apply(down) + np.array([310.0, -120.0, 0.0])
    calibration = {"calibration_matrix": MATRIX} if c3d_type == 4 else {"sensitivities": [250.0, 260.0, 500.0, 1.5e5, 1e5, 5e4]}
    settings: dict[str, object] = {
        "name": "p",
        "side": "left",
        "stream": "s",
        "channels": list("abcdef"),
        "c3d_type": c3d_type,
        "corners_mm": corners.tolist(),
        "origin_mm": [1.3, -2.1, -41.0],
        **calibration,
        **changes,
    }
    return Plate.model_validate(settings)


def loads(n: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return forces, places and free moments as they occur under a foot."""
    rng = np.random.default_rng(1)
    force = rng.normal([15.0, -5.0, 600.0], [20.0, 20.0, 100.0], (n, 3))
    cop = rng.normal([310.0, -120.0], [60.0, 90.0], (n, 2))
    return force, cop, rng.normal(0.0, 4000.0, n)


def read_by_ezc3d(path: Path, settings: Plate, raw: np.ndarray) -> dict[str, np.ndarray]:
    """Write the channels as a C3D file, converted for type 2 as such files hold them, and return ezc3d's platform."""
    volts = raw - np.asarray(settings.zero)
    channels = volts if settings.c3d_type == 4 else volts * np.asarray(settings.sensitivities)
    origin = [*settings.origin_mm[:2], settings.origin_mm[2] - settings.pad_mm]
    c3d = ezc3d.c3d()
    c3d["parameters"]["POINT"]["RATE"]["value"] = [1000.0]
    c3d["parameters"]["POINT"]["UNITS"]["value"] = ["mm"]
    c3d["parameters"]["POINT"]["LABELS"]["value"] = ["still"]
    c3d["data"]["points"] = np.ones((4, 1, len(raw)))
    c3d["parameters"]["ANALOG"]["RATE"]["value"] = [1000.0]
    c3d["parameters"]["ANALOG"]["LABELS"]["value"] = settings.channels
    c3d["parameters"]["ANALOG"]["UNITS"]["value"] = ["V"] * 6
    c3d["data"]["analogs"] = channels.T[None]
    group = c3d["parameters"]["FORCE_PLATFORM"]
    whole = {"USED": [1], "TYPE": [settings.c3d_type], "ZERO": [1, 0], "CHANNEL": np.arange(1, 7)[:, None]}
    for name, value in whole.items():
        group[name] = {"type": ezc3d.ezc3d.INT, "description": "", "is_locked": False, "value": np.asarray(value)}
    c3d.add_parameter("FORCE_PLATFORM", "CORNERS", np.asarray(settings.corners_mm).T[:, :, None])
    c3d.add_parameter("FORCE_PLATFORM", "ORIGIN", np.asarray(origin)[:, None])
    if settings.c3d_type == 4:
        c3d.add_parameter("FORCE_PLATFORM", "CAL_MATRIX", np.asarray(settings.calibration_matrix)[:, :, None])
    c3d.write(str(path))
    platform: dict[str, np.ndarray] = ezc3d.c3d(str(path), extract_forceplat_data=True)["data"]["platform"][0]
    return platform


@pytest.mark.parametrize("turn_deg", [0.0, 180.0, 27.0])
@pytest.mark.parametrize("c3d_type", [2, 4])
def test_ezc3d_reads_back_the_force_and_its_place(tmp_path: Path, c3d_type: int, turn_deg: float) -> None:
    settings = plate(c3d_type, turn_deg, zero=[0.1, -0.2, 0.05, 0.3, -0.1, 0.02], pad_mm=7.0)
    force, cop, free_moment = loads()
    simulated = SimulatedPlate(settings)
    seen = read_by_ezc3d(tmp_path / "p.c3d", settings, simulated.raw(simulated.load(force, cop, free_moment)))
    np.testing.assert_allclose(seen["force"].T, force, atol=2e-3)
    np.testing.assert_allclose(seen["center_of_pressure"].T[:, :2], cop, atol=0.02)
    np.testing.assert_allclose(seen["Tz"].T[:, 2], free_moment, atol=8.0)


def test_a_weight_on_a_plate_whose_z_points_down_reads_negative() -> None:
    simulated = SimulatedPlate(plate(2))
    load = simulated.load(np.array([[0.0, 0.0, 100.0]]), np.array([[310.0, -120.0]]), np.zeros(1))
    assert load[0, 2] == pytest.approx(-100.0)


def test_unloaded_plate_reads_its_zero() -> None:
    zero = [0.1, -0.2, 0.05, 0.3, -0.1, 0.02]
    simulated = SimulatedPlate(plate(4, zero=zero))
    load = simulated.load(np.zeros((1, 3)), np.array([[310.0, -120.0]]), np.zeros(1))
    np.testing.assert_allclose(simulated.raw(load)[0], zero, atol=1e-12)


@given(
    st.floats(-180, 180),
    st.floats(-150, 150),
    st.floats(-250, 250),
    st.floats(60, 2000),
    st.floats(-0.2, 0.2),
    st.floats(-9000, 9000),
)
def test_the_standards_equations_give_the_centre_of_pressure_back(
    turn_deg: float, across_mm: float, along_mm: float, fz_N: float, slope: float, tz_Nmm: float
) -> None:
    settings = plate(2, turn_deg, pad_mm=4.0)
    simulated = SimulatedPlate(settings)
    cop = np.array([[310.0 + across_mm, -120.0 + along_mm]])
    force = np.array([[slope * fz_N, -0.5 * slope * fz_N, fz_N]])
    fx, fy, fz, mx, my, mz = simulated.load(force, cop, np.array([tz_Nmm]))[0]
    a, b, c = settings.origin_mm[0], settings.origin_mm[1], settings.origin_mm[2] - settings.pad_mm
    # The user guide of the C3D format, FORCE_PLATFORM: moments about the surface's middle, then where they vanish.
    mx, my, mz = mx + fy * c - fz * b, my + fz * a - fx * c, mz + fx * b - fy * a
    place = np.array([-my / fz, mx / fz, 0.0])
    free = mz - (place[0] * fy - place[1] * fx)
    np.testing.assert_allclose((simulated.axes.T @ place + simulated.centre_mm)[:2], cop[0], atol=1e-6)
    np.testing.assert_allclose(-free, tz_Nmm, atol=1e-5)
