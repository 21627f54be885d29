"""The plates of real recordings, against ezc3d's own force platforms, against OpenSim's files, and against what is known."""

from __future__ import annotations

from pathlib import Path

import ezc3d
import numpy as np
import pytest

from acquisition.rig import Plate, Rig
from acquisition.rig.plate_map import plate_map
from processing.force.chain import ForceChain
from processing.force.wrench import plate_wrench

COP_N = 50.0
RETURN11 = "nimblephysics/Return11_static_c3dfile1.c3d"
WELK007 = "nimblephysics/welk007_static1.c3d"
GAIT = "bmc/Gait.c3d"
WALKING5 = "opensim/walking5.c3d"
REHAZENTER = "rehazenter/2014001_C1_01.c3d"


class Recording:
    """The plates, the raw samples (T, C) and ezc3d's own results of a C3D file; the first plate is taken as the left one."""

    def __init__(self, path: Path) -> None:
        file = ezc3d.c3d(str(path), extract_forceplat_data=True)
        self.rate_hz = file["header"]["analogs"]["frame_rate"]
        self.per_frame = round(self.rate_hz / file["header"]["points"]["frame_rate"])
        self.samples = np.ascontiguousarray(file["data"]["analogs"][0].T)
        self.ezc3d = file["data"]["platform"]
        values = {
            name: np.asarray(entry["value"]) for name, entry in file["parameters"]["FORCE_PLATFORM"].items() if name[0] != "_"
        }
        self.names = [f"c{i}" for i in range(self.samples.shape[1])]
        self.columns = [(values["CHANNEL"][:, p].astype(int) - 1).tolist() for p in range(2)]
        self.zero_frames = values["ZERO"].ravel()
        self.plates = [
            Plate(
                name=side,
                side=side,
                stream="daq",
                channels=[self.names[column] for column in self.columns[p]],
                c3d_type=int(values["TYPE"].ravel()[p]),
                corners_mm=values["CORNERS"][:, :, p].T.tolist(),
                origin_mm=values["ORIGIN"][:, p].tolist(),
                calibration_matrix=values["CAL_MATRIX"][:, :, p].tolist() if values["CAL_MATRIX"].size else None,
            )
            for p, side in enumerate(("left", "right"))
        ]

    def wrench(self, p: int, cop_N: float = COP_N, **changes):
        return plate_wrench(self.samples, self.columns[p], plate_map(self.plates[p].model_copy(update=changes)), cop_N)

    def chain(self) -> ForceChain:
        stream = {"name": "daq", "rate_hz": self.rate_hz, "channels": self.names, "units": "V"}
        return ForceChain(Rig(name="file", stream=[stream | {"source": {"kind": "file", "path": ""}}], plate=self.plates))


@pytest.mark.parametrize("name", [RETURN11, WELK007, GAIT, WALKING5, REHAZENTER])
@pytest.mark.parametrize("p", [0, 1])
def test_agrees_with_ezc3d(shared_data, name, p):
    recording = Recording(shared_data / name)
    found, theirs = recording.wrench(p), recording.ezc3d[p]
    loaded = found.force_N[:, 2] > COP_N
    assert loaded.sum() > 500
    centre = np.mean(recording.plates[p].corners_mm, axis=0)
    np.testing.assert_allclose(found.force_N, theirs["force"].T, atol=1e-9)
    np.testing.assert_allclose(found.moment_Nmm, theirs["moment"].T + np.cross(centre, theirs["force"].T), atol=1e-6)
    np.testing.assert_allclose(found.cop_mm[loaded], theirs["center_of_pressure"].T[loaded], atol=1e-8)
    np.testing.assert_allclose(found.free_moment_Nmm[loaded], theirs["Tz"][2][loaded], atol=1e-6)


@pytest.mark.parametrize("p", [0, 1])
def test_agrees_with_opensim(shared_data, p):
    recording = Recording(shared_data / WALKING5)
    found = recording.wrench(p)
    about_centre = np.loadtxt(shared_data / "opensim/std_walking5_grfs.sto", skiprows=6)
    about_cop = np.loadtxt(shared_data / "opensim/std_cop_walking5_grfs.sto", skiprows=6)
    at = np.round(about_centre[:, 0] * recording.rate_hz).astype(int)
    force, place, moment = (about_centre[:, 1 + 9 * p + i : 4 + 9 * p + i] for i in (0, 3, 6))
    cop, free = about_cop[:, 4 + 9 * p : 7 + 9 * p], about_cop[:, 9 + 9 * p]
    loaded = force[:, 2] > COP_N
    assert loaded.sum() > 5
    np.testing.assert_allclose(found.force_N[at], force, atol=1e-6)
    np.testing.assert_allclose(found.moment_Nmm[at], moment + np.cross(place, force), atol=1e-3)
    np.testing.assert_allclose(found.cop_mm[at][loaded], cop[loaded], atol=1e-4)
    np.testing.assert_allclose(found.free_moment_Nmm[at][loaded], free[loaded], atol=1e-3)
    assert np.isnan(found.cop_mm[at][~loaded]).all()


@pytest.mark.parametrize(("p", "shift_mm"), [(0, 5.6), (1, 9.1)])
def test_the_unloaded_reading_moves_the_centre_of_pressure(shared_data, p, shift_mm):
    recording = Recording(shared_data / GAIT)
    first, last = (recording.zero_frames - [1, 0]) * recording.per_frame
    unloaded = recording.samples[first:last, recording.columns[p]].mean(axis=0)
    as_read, zeroed = recording.wrench(p, 100.0), recording.wrench(p, 100.0, zero=unloaded.tolist())
    assert abs(zeroed.force_N[first:last, 2].mean()) < 1e-6
    moved = np.linalg.norm(as_read.cop_mm - zeroed.cop_mm, axis=1)
    assert np.nanmedian(moved) == pytest.approx(shift_mm, abs=0.25)


# By the markers, the person of welk007 stands across the two belts, heels on the first and toes on the second.
@pytest.mark.parametrize(
    ("name", "weight_N", "share_first_pct"),
    [(RETURN11, 608.0, 49.2), (WELK007, 560.0, 38.0)],
)
def test_quiet_stance_is_found_in_standing(shared_data, name, weight_N, share_first_pct):
    recording = Recording(shared_data / name)
    chain = recording.chain()
    rows = chain.process(recording.samples, 0)
    column = {metric.name: rows[:, i] for i, metric in enumerate(chain.metrics)}
    stance = chain.stance.stances[0]
    assert stance.last_sample == 100 * chain.frame_samples - 1
    assert stance.body_weight_N == pytest.approx(weight_N, abs=1.0)
    assert np.isnan(column["body_weight_N"][:99]).all()
    assert np.abs(column["body_weight_N"][99:] / stance.body_weight_N - 1.0).max() < 2e-3
    assert np.nanmean(column["load_share_right_pct"]) == pytest.approx(100.0 - share_first_pct, abs=0.2)
    # A person at rest stays where he is: mm, not cm.
    for side in ("left", "right"):
        assert np.nanmax(np.abs(column[f"foot_cop_medial_{side}_mm"])) < 10.0
    left, right = recording.wrench(0), recording.wrench(1)
    first = slice(0, 100 * chain.frame_samples)
    assert stance.left_mm == pytest.approx(np.nanmean(left.cop_mm[first, :2], axis=0), abs=0.5)
    assert stance.right_mm == pytest.approx(np.nanmean(right.cop_mm[first, :2], axis=0), abs=0.5)


def test_walking_has_no_quiet_stance(shared_data):
    recording = Recording(shared_data / REHAZENTER)
    chain = recording.chain()
    chain.process(recording.samples, 0)
    assert not chain.stance.stances
