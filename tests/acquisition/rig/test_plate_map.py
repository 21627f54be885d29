from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from acquisition.rig import Plate
from acquisition.rig.plate_map import axes_of_corners, plate_map
from processing.force.chain import plate_wrench

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
    """Statics alone: what a plate of any make and place must read under a known force, and what we make of it."""
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
