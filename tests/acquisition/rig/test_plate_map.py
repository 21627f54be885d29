from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from acquisition.rig import Plate, Rig
from acquisition.rig.plate_map import axes_of_corners, plate_map
from processing.force.chain import METRICS, ForceChain
from processing.force.wrench import plate_wrench
from sim.lifter.plates import SimulatedPlate

CHANNELS = ["Fx", "Fy", "Fz", "Mx", "My", "Mz"]
NUMBER = st.floats(-1.0, 1.0)


def plate(**changes) -> Plate:
    """A plate of 400 x 600 mm where x and y of the lab are positive; its own x is the lab's, its own y the lab's reversed."""
    values = {
        "name": "P",
        "side": "left",
        "stream": "daq",
        "channels": CHANNELS,
        "c3d_type": 2,
        "corners_mm": [[400, 0, 0], [0, 0, 0], [0, 600, 0], [400, 600, 0]],
        "origin_mm": [0, 0, -40],
    }
    return Plate(**(values | changes))


def wrench_at(one: Plate, raw):
    return plate_wrench(np.atleast_2d(np.asarray(raw, dtype=float)), list(range(6)), plate_map(one), 50.0)


@given(
    turn=st.floats(0.0, 360.0),
    tilt=st.floats(0.0, 20.0),
    place=st.tuples(NUMBER, NUMBER),
    force=st.tuples(NUMBER, NUMBER, st.floats(0.2, 1.0)),
    free=NUMBER,
    origin=st.tuples(NUMBER, NUMBER, st.floats(0.01, 1.0)),
    pad_mm=st.floats(0.0, 30.0),
    stored_upside_down=st.booleans(),
    matrix=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_a_known_force_at_a_known_place_comes_back(
    turn, tilt, place, force, free, origin, pad_mm, stored_upside_down, matrix, seed
):
    """Statics alone: what a plate of any make and anywhere must read under a known force, and what we make of it."""
    rng = np.random.default_rng(seed)
    to_lab = Rotation.from_euler("zx", [turn, 180.0 + tilt], degrees=True).as_matrix()
    middle = np.array([300.0, -200.0, 15.0])
    half = np.array([[200, 300, 0], [-200, 300, 0], [-200, -300, 0], [200, -300, 0]])
    from_true_origin = np.array([40.0, 40.0, -60.0]) * origin
    true_origin = middle - to_lab @ from_true_origin
    up = -to_lab[:, 2]
    at = middle + to_lab @ [180 * place[0], 280 * place[1], 0] + pad_mm * up
    F = np.array([200.0, 200.0, 900.0]) * force
    T = 5000.0 * free * up
    M = np.cross(at - true_origin, F) + T
    inside = np.concatenate([to_lab.T @ F, to_lab.T @ M])
    scale = rng.uniform(0.5, 2.0, 6)
    full = np.diag(scale) + rng.uniform(-0.05, 0.05, (6, 6))
    zero = rng.uniform(-1.0, 1.0, 6)
    gain = full if matrix else np.diag(scale)
    one = plate(
        c3d_type=4 if matrix else 2,
        calibration_matrix=full.tolist() if matrix else None,
        sensitivities=None if matrix else scale.tolist(),
        corners_mm=(middle + half @ to_lab.T).tolist(),
        origin_mm=(-from_true_origin if stored_upside_down else from_true_origin).tolist(),
        zero=zero.tolist(),
        pad_mm=pad_mm,
    )
    found = wrench_at(one, np.linalg.solve(gain, inside) + zero)
    np.testing.assert_allclose(found.force_N[0], F, atol=1e-8)
    np.testing.assert_allclose(found.cop_mm[0], at, atol=1e-8)
    np.testing.assert_allclose(found.moment_Nmm[0], np.cross(at, F) + T, atol=1e-5)
    np.testing.assert_allclose(found.free_moment_Nmm[0], T[2], atol=1e-5)


def test_a_person_at_rest_pushes_up_in_the_lab_and_reads_negative_in_the_plate():
    found = wrench_at(plate(), [0, 0, -700, 0, 0, 0])
    np.testing.assert_allclose(found.force_N[0], [0, 0, 700])
    np.testing.assert_allclose(found.cop_mm[0], [200, 300, 0])


def test_corners_that_are_not_square_still_give_a_rotation():
    corners = np.array([[400.0, 3.0, 0.0], [0.0, 0.0, 1.0], [-5.0, 600.0, 0.0], [402.0, 598.0, 2.0]])
    R = axes_of_corners(corners)
    np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(R) > 0.99
    np.testing.assert_allclose(R[:, 0], (corners[0] - corners[1]) / np.linalg.norm(corners[0] - corners[1]))


def test_below_the_limit_there_is_force_and_no_centre_of_pressure():
    found = wrench_at(plate(), [[1, 2, -50, 0, 0, 0], [1, 2, -50.001, 0, 0, 0]])
    assert np.isnan(found.cop_mm[0]).all()
    assert np.isnan(found.free_moment_Nmm[0])
    assert np.isfinite(found.force_N).all()
    assert np.isfinite(found.cop_mm[1]).all()


def test_a_bad_channel_spoils_its_own_sample_only():
    raw = np.tile([1.0, 2.0, -700.0, 3.0, 4.0, 5.0], (3, 1))
    raw[1, 4] = np.inf
    found = wrench_at(plate(), raw)
    for part in found:
        assert np.isnan(part[1]).all()
        assert np.isfinite(part[[0, 2]]).all()


def test_columns_may_stand_in_any_order_and_in_float32():
    rng = np.random.default_rng(2)
    raw = rng.normal([0, 0, -700, 0, 0, 0], 5, (50, 6))
    columns = [7, 2, 5, 0, 3, 8]
    wide = np.full((50, 9), np.nan, dtype=np.float32)
    wide[:, columns] = raw
    one = plate_map(plate())
    here = plate_wrench(wide, columns, one, 50.0)
    there = plate_wrench(raw.astype(np.float32).astype(float), list(range(6)), one, 50.0)
    for a, b in zip(here, there, strict=True):
        np.testing.assert_array_equal(a, b)


# Every type, against the simulator's own algebra and against plain statics of the sensors

EIGHT = ["Fx12", "Fx34", "Fy14", "Fy23", "Fz1", "Fz2", "Fz3", "Fz4"]


def plate_of_type(c3d_type: int, seed: int, **changes) -> Plate:
    rng = np.random.default_rng(seed)
    count = 8 if c3d_type in (3, 5) else 6
    values = {"channels": EIGHT[:count], "c3d_type": c3d_type, "zero": rng.uniform(-0.5, 0.5, count).tolist()}
    if c3d_type in (4, 5):
        values["calibration_matrix"] = (rng.uniform(-0.1, 0.1, (6, count)) + np.eye(6, count)).tolist()
    else:
        values["sensitivities"] = rng.uniform(0.5, 2.0, count).tolist()
    return plate(**(values | {"origin_mm": [120.0, 200.0, -45.0]} | changes))


@pytest.mark.parametrize("c3d_type", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("pad_mm", [0.0, 12.0])
def test_every_type_gives_force_place_and_free_moment(c3d_type, pad_mm):
    one = plate_of_type(c3d_type, c3d_type, pad_mm=pad_mm, corners_mm=[[400, 30, 0], [0, 0, 0], [-45, 598, 0], [355, 628, 0]])
    simulated = SimulatedPlate(one)
    rng = np.random.default_rng(3)
    force = rng.uniform([-200.0, -200.0, 60.0], [200.0, 200.0, 2000.0], (200, 3))
    cop = rng.uniform([60.0, 60.0], [300.0, 560.0], (200, 2))
    free = rng.uniform(-15000.0, 15000.0, 200)
    raw = simulated.raw(simulated.load(force, cop, free))
    found = plate_wrench(raw, list(range(raw.shape[1])), plate_map(one), 50.0)
    np.testing.assert_allclose(found.force_N, force, atol=1e-8)
    np.testing.assert_allclose(found.cop_mm[:, :2], cop, atol=1e-6)
    np.testing.assert_allclose(found.free_moment_Nmm, free, atol=1e-4)
    np.testing.assert_allclose(plate_map(one).fz_N(raw), force[:, 2], atol=1e-8)


def test_a_plate_whose_free_moment_nobody_measured_tells_the_rest():
    """The place may lack where the plate is all but empty, and nowhere else."""
    six = plate_of_type(1, 5, zero=[0.0] * 6)
    changes = {"channels": six.channels[:5], "sensitivities": six.sensitivities[:5], "zero": [0.0] * 5}
    five = Plate.model_validate(six.model_dump() | changes)
    rng = np.random.default_rng(8)
    force = rng.uniform([-50.0, -50.0, 60.0], [50.0, 50.0, 900.0], (40, 3))
    force[5] = [0.0, 0.0, 1.0]
    simulated = SimulatedPlate(six)
    raw = simulated.raw(simulated.load(force, rng.uniform(60.0, 300.0, (40, 2)), np.zeros(40)))
    whole = plate_wrench(raw, list(range(6)), plate_map(six), 50.0)
    raw = raw[:, :5].copy()
    raw[[5, 25], 3] = np.nan
    found = plate_wrench(raw, list(range(5)), plate_map(five), 50.0)
    known = np.arange(40) != 25
    np.testing.assert_allclose(found.force_N[known], whole.force_N[known])
    np.testing.assert_allclose(found.cop_mm[known], whole.cop_mm[known], atol=1e-9)
    assert np.isnan(found.force_N[25]).all()
    assert np.isnan(found.free_moment_Nmm).all()
    assert np.isnan(found.moment_Nmm[:, 2]).all()
    stream = {"name": "daq", "rate_hz": 1000.0, "channels": five.channels, "units": "V", "source": {"kind": "simulated"}}
    chain = ForceChain(Rig(name="lab", stream=[stream], plate=[five.model_dump()], lab={"right_axis": "x"}))
    column = {metric.name: chain.process(raw, 0)[1, i] for i, metric in enumerate(METRICS)}
    assert column["fz_left_N"] == pytest.approx(force[10:20, 2].mean())
    assert np.isfinite(column["cop_left_x_mm"])
    assert np.isfinite(column["outward_push_left_pct"])
    assert np.isnan(column["free_moment_left_Nm"])


@pytest.mark.parametrize("c3d_type", [1, 2, 3, 4, 5])
def test_a_frame_is_the_mean_of_its_samples_wrenches(c3d_type):
    """Also of a plate that gives points, whose mean is not the point of the mean."""
    one = plate_of_type(c3d_type, 7)
    rng = np.random.default_rng(4)
    n = len(one.channels)
    simulated = SimulatedPlate(one)
    force = rng.uniform([-100.0, -100.0, 60.0], [100.0, 100.0, 900.0], (10, 3))
    raw = simulated.raw(simulated.load(force, rng.uniform(60.0, 300.0, (10, 2)), rng.uniform(-9000.0, 9000.0, 10)))
    each = plate_wrench(raw, list(range(n)), plate_map(one), 50.0)
    stream = {"name": "daq", "rate_hz": 1000.0, "channels": one.channels, "units": "V", "source": {"kind": "simulated"}}
    rows = ForceChain(Rig(name="lab", stream=[stream], plate=[one.model_dump()])).process(raw, 0)
    column = {metric.name: rows[0, i] for i, metric in enumerate(METRICS)}
    force, moment = each.force_N.mean(axis=0), each.moment_Nmm.mean(axis=0)
    assert column["fz_left_N"] == pytest.approx(force[2])
    assert column["cop_left_x_mm"] == pytest.approx(-moment[1] / force[2], abs=1e-6)
    assert column["cop_left_y_mm"] == pytest.approx(moment[0] / force[2], abs=1e-6)


@given(
    sensors=st.lists(st.tuples(NUMBER, NUMBER, st.floats(0.2, 1.0)), min_size=4, max_size=4),
    half=st.tuples(st.floats(50.0, 300.0), st.floats(50.0, 300.0)),
    depth_mm=st.floats(5.0, 80.0),
    pad_mm=st.floats(0.0, 30.0),
    stored_upside_down=st.booleans(),
)
def test_four_sensors_are_summed_as_statics_has_it(sensors, half, depth_mm, pad_mm, stored_upside_down):
    """Each of four sensors, at (+-a, +-b) under the surface, feels a force of its own; z points down."""
    a, b = half
    at = np.array([[a, b, 0.0], [-a, b, 0.0], [-a, -b, 0.0], [a, -b, 0.0]])
    forces = np.array(sensors) * [60.0, 60.0, -400.0]
    total, about_sensors = forces.sum(axis=0), np.cross(at, forces).sum(axis=0)
    surface = np.array([0.0, 0.0, -depth_mm - pad_mm])
    about_surface = about_sensors - np.cross(surface, total)
    raw = [*forces[[0, 2], 0] + forces[[1, 3], 0], *forces[[0, 1], 1] + forces[[3, 2], 1], *forces[:, 2]]
    one = plate(
        c3d_type=3,
        channels=EIGHT,
        origin_mm=[a, b, depth_mm if stored_upside_down else -depth_mm],
        pad_mm=pad_mm,
        corners_mm=[[200, -300, 0], [-200, -300, 0], [-200, 300, 0], [200, 300, 0]],
    )
    found = plate_wrench(np.array([raw]), list(range(8)), plate_map(one), 50.0)
    x, y = -about_surface[1] / total[2], about_surface[0] / total[2]
    np.testing.assert_allclose(found.force_N[0], total * [1.0, -1.0, -1.0], atol=1e-9)
    np.testing.assert_allclose(found.cop_mm[0, :2], [x, -y], atol=1e-9)
    free = about_surface[2] - (x * total[1] - y * total[0])
    np.testing.assert_allclose(found.free_moment_Nmm[0], -free, atol=1e-6)


def test_a_real_kistler_file_by_the_makers_formulas(shared_data):
    """Raw volts of eight channels: against the maker's sheet, written out; z points up in it, so the corners go round so."""
    volts = -np.loadtxt(shared_data / "bmc" / "kistler_fp_data.txt", skiprows=1)[
        :, -8:
    ]  # what is pushed down is positive in it
    a, b, depth = 120.0, 200.0, -48.0
    per_volt = np.array([12.9, 12.9, 12.7, 12.7, 38.1, 38.1, 38.1, 38.1])
    fx12, fx34, fy14, fy23, fz1, fz2, fz3, fz4 = (volts * per_volt).T
    fx, fy, fz = fx12 + fx34, fy14 + fy23, fz1 + fz2 + fz3 + fz4
    mx = b * (fz1 + fz2 - fz3 - fz4) + fy * depth
    my = a * (-fz1 + fz2 + fz3 - fz4) - fx * depth
    one = plate(c3d_type=3, channels=EIGHT, origin_mm=[a, b, depth], sensitivities=per_volt.tolist())
    found = plate_wrench(volts, list(range(8)), plate_map(one), 20.0)
    np.testing.assert_allclose(found.force_N, np.column_stack([fx, -fy, -fz]), atol=1e-9)
    loaded = -fz > 20.0
    assert loaded.all()
    centre = np.array([200.0, 300.0])
    np.testing.assert_allclose(found.cop_mm[loaded, :2], (centre + np.column_stack([-my / fz, -mx / fz]))[loaded], atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"c3d_type": 3}, "is of type 3, which has 8 channels, and 6 are listed"),
        ({"c3d_type": 5, "channels": EIGHT}, "needs a calibration_matrix of 6 rows of 8 numbers"),
        ({"sensitivities": [1.0] * 8}, "takes 6 numbers in sensitivities, and 8 are given"),
        ({"zero": [1.0]}, "takes 6 numbers in zero, and 1 are given"),
        ({"c3d_type": 3, "channels": EIGHT}, "x and y of origin_mm are the distances of its sensors"),
        ({"calibration_matrix": np.eye(6).tolist()}, "takes sensitivities; a calibration_matrix is of type 4 or 5"),
    ],
)
def test_what_a_type_needs_is_told(changes, said):
    with pytest.raises(ValueError, match=said):
        plate(**changes)
