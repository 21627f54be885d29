"""Real files of forces and EMG, each against what their makers' own programs, or plain formulas, say of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from acquisition.formats.importing import ImportResult
from acquisition.formats.kinds import import_file
from acquisition.recording import Recording
from processing.batch import reprocess
from tests.support.signals import told, wrenches

G = 9.81


def run(source: Path, tmp_path: Path, map_text: str = "") -> ImportResult:
    map_file = None
    if map_text:
        map_file = tmp_path / "map.toml"
        map_file.write_text(map_text, encoding="utf-8")
    return import_file(source, tmp_path / f"{source.stem}.h5", map_file)


SIDES = 'plate = [{ number = 1, side = "right" }, { number = 2, side = "left" }]\n'


@pytest.mark.parametrize(("name", "kg"), [("BFR003", 80.1), ("BFR010", 59.1), ("BFR013", 58.8)])
def test_squat_jumps(shared_data: Path, tmp_path: Path, name: str, kg: float) -> None:
    """y is up in the file, so (z, x, y) are the lab's; its torque is that about the vertical at the place of the force."""
    path = shared_data / "acl_squat_jump" / f"{name}_squat_jump.csv"
    result = run(path, tmp_path, SIDES)
    body = np.genfromtxt(path, delimiter=",", skip_header=7, encoding="utf-8-sig")
    found = wrenches(result)
    total = np.zeros(len(body))
    for side, at in (("right", 1), ("left", 10)):
        force, place, torque = body[:, at : at + 3], body[:, at + 3 : at + 6], body[:, at + 6 : at + 9]
        loaded = force[:, 1] > 51.0
        np.testing.assert_allclose(found[side].force_N, force[:, [2, 0, 1]], atol=1e-9)
        np.testing.assert_allclose(found[side].cop_mm[loaded, :2], 1000.0 * place[loaded][:, [2, 0]], atol=1e-6)
        np.testing.assert_allclose(found[side].free_moment_Nmm[loaded], 1000.0 * torque[loaded, 1], atol=1e-6)
        total += force[:, 1]
    assert np.median(total) / G == pytest.approx(kg, abs=2.5)
    assert np.count_nonzero(total == 0.0) > 200  # it flies
    caveats = told(result)
    assert caveats["axes_turned"].about == "recording"
    assert caveats["plate_outline_assumed"].values["width_mm"] >= 200.0
    results = reprocess(result.path)
    table = results.table_with("load_share_right_pct")
    assert table is not None
    share = table.column("load_share_right_pct")
    assert 40.0 < np.nanmedian(share) < 60.0
    assert np.isnan(share[table.column("fz_total_N") < 1.0]).all()


def test_sides_are_assumed_where_nothing_says_them(shared_data: Path, tmp_path: Path) -> None:
    assert "sides_assumed" in told(run(shared_data / "acl_squat_jump" / "BFR003_squat_jump.csv", tmp_path))


def test_moments_about_the_centres_give_the_places_that_opensim_computed(shared_data: Path, tmp_path: Path) -> None:
    """One file has moments about the plates' centres, the other the places and free moments that OpenSim made of them."""
    folder = shared_data / "opensim"
    theirs = np.loadtxt(folder / "std_cop_walking5_grfs.sto", skiprows=6)[:-1]
    for name, c3d_type in (("std_walking5_grfs", 2), ("std_cop_walking5_grfs", 1)):
        result = run(
            folder / f"{name}.sto", tmp_path, 'plate = [{ number = 1, side = "left" }, { number = 2, side = "right" }]'
        )
        found = wrenches(result)
        assert {plate.c3d_type for plate in result.rig.plate} == {c3d_type}
        for side, at in (("left", 1), ("right", 10)):
            loaded = theirs[:, at + 2] > 51.0
            assert loaded.sum() >= 10
            np.testing.assert_allclose(found[side].force_N, theirs[:, at : at + 3], atol=1e-7)
            np.testing.assert_allclose(found[side].cop_mm[loaded, :2], theirs[loaded, at + 3 : at + 5], atol=1e-3)
            np.testing.assert_allclose(found[side].free_moment_Nmm[loaded], theirs[loaded, at + 8], atol=1.0)
        assert told(result)["last_row_left_out"].values["step_s"] == pytest.approx(0.0115)
        assert told(result)["lengths_guessed"].values["factor"] == 1.0


def test_forces_of_opensim_are_those_of_the_c3d_file(shared_data: Path, tmp_path: Path) -> None:
    ours = wrenches(run(shared_data / "opensim" / "walking5.c3d", tmp_path))
    text = 'plate = [{ number = 1, side = "left" }, { number = 2, side = "right" }]'
    theirs = wrenches(run(shared_data / "opensim" / "std_walking5_grfs.sto", tmp_path, text))
    for side in ("left", "right"):
        at = np.arange(len(theirs[side].force_N)) * 100  # 20 Hz beside 2 kHz
        np.testing.assert_allclose(ours[side].force_N[at], theirs[side].force_N, atol=1e-6)


def test_a_jump_of_nexus(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "nexus" / "nexus_cmj1.csv"
    result = run(path, tmp_path, 'plate = [{ number = 4, side = "left" }]')
    rows = [line.split(",") for line in path.read_text(encoding="utf-8-sig").splitlines()[5:]]
    at = 47
    body = np.array([[float(cell) for cell in row[at : at + 9]] for row in rows])
    (found,) = wrenches(result).values()
    assert result.rig.plate[0].channels[2] == "KMP IV Fz"
    np.testing.assert_allclose(found.force_N, -body[:, :3], atol=1e-9)  # the file has what the feet push
    loaded = body[:, 2] < -51.0
    np.testing.assert_allclose(found.cop_mm[loaded, :2], body[loaded, 6:8], atol=2e-3)
    assert -np.median(body[:500, 2]) / G == pytest.approx(66.7, abs=1.0)
    assert told(result)["signs_turned"].about == "plate 4"


def test_contractions_of_a_seated_extension(shared_data: Path, tmp_path: Path) -> None:
    """The greatest envelopes are those of the data's description, in mV, and come with the bursts."""
    emg = ", ".join(f'{{ label = "{muscle}", muscle = "{muscle}", side = "left" }}' for muscle in ("RF", "BF", "VM", "ST"))
    result = run(shared_data / "uci_lower_limb" / "5Nsen.txt", tmp_path, f"emg = [{emg}]")
    assert told(result)["rate_from_header"].values == {"rate_hz": 1000.0}
    assert [channel.unit for channel in result.rig.stream[0].stream().channels] == ["mV"] * 4 + ["deg"]
    results = reprocess(result.path)
    for muscle, peak_mV in (("RF", 0.081), ("BF", 0.080), ("VM", 0.111), ("ST", 0.017)):
        table = results.table_with(f"envelope_left_{muscle}_uV")
        assert table is not None
        envelope = table.column(f"envelope_left_{muscle}_uV")
        assert np.nanmax(envelope) / 1e3 == pytest.approx(peak_mV, rel=0.15)
    knee = results.table_with("envelope_left_VM_uV")
    assert knee is not None
    bursts = knee.time_s[np.nan_to_num(knee.column("envelope_left_VM_uV")) > 20.0]
    assert all(np.abs(bursts - at).min() < 0.5 for at in (1.3, 4.3, 7.4, 10.2))


def test_labels_without_a_side_are_recorded_and_not_used(shared_data: Path, tmp_path: Path) -> None:
    result = run(shared_data / "uci_lower_limb" / "5Npie.txt", tmp_path)
    assert result.rig.emg == []
    assert told(result)["emg_without_side"].about == "RF, BF, VM, ST"


def test_bursts_without_a_header(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "bmc" / "emg.csv"
    result = run(path, tmp_path, 'emg = [{ label = "column 2", muscle = "VL", side = "right", unit = "mV" }]')
    with Recording(result.path) as recording:
        np.testing.assert_array_equal(recording.samples("analog")[:, 0], np.loadtxt(path, delimiter=",")[:, 1])
        assert recording.streams["analog"].stream.rate_hz == 1000.0
    assert result.rig.emg[0].channel == "column 2"
    assert told(result)["time_guessed"].values == {"factor": 1.0}


KISTLER = """
[[plate]]
side = "left"
c3d_type = 3
channels = ["Channel 0", "Channel 1", "Channel 2", "Channel 3", "Channel 4", "Channel 5", "Channel 6", "Channel 7"]
sensitivities = [-12.9, -12.9, -12.7, -12.7, -38.1, -38.1, -38.1, -38.1]
origin_mm = [120, 200, -48]
corners_mm = [[400, 0, 0], [0, 0, 0], [0, 600, 0], [400, 600, 0]]
"""


def test_volts_of_eight_sensors(shared_data: Path, tmp_path: Path) -> None:
    """Force and place by the maker's formulas; the file has what is pushed downwards as positive."""
    path = shared_data / "bmc" / "kistler_fp_data.txt"
    result = run(path, tmp_path, KISTLER)
    volts = -np.loadtxt(path, skiprows=1)[:, -8:]
    fx12, fx34, fy14, fy23, fz1, fz2, fz3, fz4 = (volts * [12.9, 12.9, 12.7, 12.7, 38.1, 38.1, 38.1, 38.1]).T
    fz = fz1 + fz2 + fz3 + fz4
    mx = 200.0 * (fz1 + fz2 - fz3 - fz4) - 48.0 * (fy14 + fy23)
    my = 120.0 * (-fz1 + fz2 + fz3 - fz4) + 48.0 * (fx12 + fx34)
    (found,) = wrenches(result).values()
    loaded = fz < -51.0
    assert loaded.sum() > 100
    np.testing.assert_allclose(found.force_N[:, 2], -fz, atol=1e-9)
    np.testing.assert_allclose(found.cop_mm[loaded, 0], (200.0 - my / fz)[loaded], atol=1e-6)
    np.testing.assert_allclose(found.cop_mm[loaded, 1], (300.0 - mx / fz)[loaded], atol=1e-6)


@pytest.mark.parametrize(
    ("name", "total_N", "rate_hz", "ids"),
    [
        ("nimblephysics/Return11_static_c3dfile1.c3d", 608.0, 1000.0, {"emg_gain_assumed"}),
        ("nimblephysics/welk007_static1.c3d", 560.0, 2000.0, {"feet_not_apart"}),
        ("biomechzoo/HC002D02.c3d", None, None, {"feet_not_apart"}),
        ("pyomeca/markers_analogs.c3d", None, 2000.0, {"emg_not_understood"}),
        ("rehazenter/2014001_C1_01.c3d", None, 1500.0, {"emg_gain_assumed"}),
        ("bmc/Gait.c3d", None, None, {"zero_taken_off"}),
        ("mujoco/mj_toes_out_heels.c3d", 80 * G, None, set()),
        ("mujoco/mj_right_cave_stiff_ankle.c3d", 80 * G, None, set()),
        ("opensim/walking5.c3d", None, 2000.0, {"zero_found"}),
    ],
)
def test_c3d_files_come_the_same_way(
    shared_data: Path, tmp_path: Path, name: str, total_N: float | None, rate_hz: float | None, ids: set[str]
) -> None:
    result = run(shared_data / name, tmp_path)
    assert ids <= set(told(result))
    assert rate_hz in (None, result.rig.stream[0].rate_hz)
    if total_N is not None:
        total = sum(wrench.force_N[:, 2] for wrench in wrenches(result).values())
        assert np.mean(total) == pytest.approx(total_N, rel=0.02)
