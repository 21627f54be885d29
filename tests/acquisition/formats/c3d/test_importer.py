"""C3D files: real ones against ezc3d's own mechanics, made ones with every trap, broken ones with a sentence each."""

from __future__ import annotations

import random
import re
import struct
import sys
import warnings
from pathlib import Path
from typing import Any

import ezc3d
import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from acquisition.caveat import Caveat
from acquisition.formats.c3d.importer import C3DError, ImportResult, import_c3d, unique_names
from acquisition.recording import Recording, RecordingError
from acquisition.rig.plate_map import plate_map
from acquisition.rig.rig_file import RigError
from processing.batch import reprocess
from tests.support.made_c3d import LEFT, PLATE_LABELS, PLATE_UNITS, RIGHT, make, make_integers, standing

REAL = {
    "Return11": "nimblephysics/Return11_static_c3dfile1.c3d",
    "welk007": "nimblephysics/welk007_static1.c3d",
    "Gait": "bmc/Gait.c3d",
    "walking5": "opensim/walking5.c3d",
    "rehazenter": "rehazenter/2014001_C1_01.c3d",
}


def wrenches(result: ImportResult) -> dict[str, NDArray[np.float64]]:
    """Return force and moment about the surface's centre in the lab axes, by side, computed from the recording."""
    with Recording(result.path) as recording:
        raw = recording.samples("analog")
        rig = recording.rig
    found = {}
    for plate in rig.plate:
        its_map = plate_map(plate)
        own = raw[:, [rig.column("analog", channel) for channel in plate.channels]]
        found[plate.side] = np.hstack([(own - its_map.zero) @ its_map.matrix.T, np.tile(its_map.centre_mm, (len(raw), 1))])
    return found


def cops(wrench: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(all="ignore"):  # an unloaded plate has none
        return np.column_stack([-wrench[:, 4] / wrench[:, 2], wrench[:, 3] / wrench[:, 2]]) + wrench[:, 6:8]


def run(source: Path, tmp_path: Path, map_text: str = "") -> ImportResult:
    map_file = None
    if map_text:
        map_file = tmp_path / "map.toml"
        map_file.write_text(map_text, encoding="utf-8")
    return import_c3d(source, tmp_path / f"{source.stem}.h5", map_file)


def told(result: ImportResult) -> dict[tuple[str, str], Caveat]:
    """Return the caveats by id and what they are about."""
    assert all(caveat.sentence.endswith(".") for caveat in result.caveats)
    return {(caveat.id, caveat.about): caveat for caveat in result.caveats}


# Real files


@pytest.mark.parametrize(
    ("name", "sides"),
    [
        ("Return11", {"left": 1, "right": 2}),
        ("Gait", {"left": 1, "right": 2}),
        ("walking5", {"left": 1, "right": 2}),
        ("rehazenter", {"right": 1, "left": 2}),
    ],
)
def test_markers_tell_sides_and_right(shared_data: Path, tmp_path: Path, name: str, sides: dict[str, int]) -> None:
    """All of them face the lab's x, more or less, so that their right is about y or, where z was turned, its opposite."""
    result = run(shared_data / REAL[name], tmp_path)
    assert {plate.side: int(plate.model.split()[1]) for plate in result.rig.plate} == sides
    assert result.rig.lab.right_from == "markers"
    assert abs(result.rig.lab.right_deg - 90.0) < 10.0
    assert {foot.side: foot.toe_out_from for foot in result.rig.foot} == {"left": "markers", "right": "markers"}
    assert all(-10.0 < foot.toe_out_deg < 30.0 for foot in result.rig.foot)
    assert "by the markers on the feet" in result.summary
    assert ("sides_assumed", "plates") not in told(result)


def test_feet_across_two_plates_leave_the_sides_open(shared_data: Path, tmp_path: Path) -> None:
    """In this file the plates lie one behind the other, with both heels on the first and all toes on the second."""
    result = run(shared_data / REAL["welk007"], tmp_path)
    assert abs(result.rig.lab.right_deg) < 10.0
    assert told(result)["sides_assumed", "plates"].sentence.startswith("The markers on the feet do not tell")


@pytest.mark.parametrize("name", ["Return11", "welk007", "walking5", "rehazenter", "Gait"])
def test_forces_and_cop_are_those_of_ezc3d(shared_data: Path, tmp_path: Path, name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it divides by zero where a plate is unloaded
        platforms = ezc3d.c3d(str(shared_data / REAL[name]), extract_forceplat_data=True)["data"]["platform"]
    result = run(shared_data / REAL[name], tmp_path)
    unzeroed = result.rig.model_copy(
        update={"plate": [plate.model_copy(update={"zero": [0.0] * 6}) for plate in result.rig.plate]}
    )
    with Recording(result.path) as recording:
        raw = recording.samples("analog")
    for plate in unzeroed.plate:
        theirs = platforms[int(plate.model.split()[1]) - 1]
        its_map = plate_map(plate)
        own = raw[:, [unzeroed.column("analog", channel) for channel in plate.channels]]
        wrench = np.hstack([own @ its_map.matrix.T, np.tile(its_map.centre_mm, (len(raw), 1))])
        loaded = wrench[:, 2] > 50
        np.testing.assert_allclose(wrench[:, :3], theirs["force"].T, atol=1e-6 * np.abs(theirs["force"]).max())
        np.testing.assert_allclose(cops(wrench)[loaded], theirs["center_of_pressure"][:2].T[loaded], atol=0.01)


def test_standing_on_the_split_belt(shared_data: Path, tmp_path: Path) -> None:
    result = run(shared_data / REAL["welk007"], tmp_path)
    found = wrenches(result)
    means = np.array([found["left"][:, 2].mean(), found["right"][:, 2].mean()])
    assert means.sum() == pytest.approx(560, abs=1)
    assert means / means.sum() == pytest.approx([0.38, 0.62], abs=0.005)
    for plate in result.rig.plate:
        corners = np.array(plate.corners_mm)[:, :2]
        cop = cops(found[plate.side])
        assert (cop > corners.min(axis=0)).all()
        assert (cop < corners.max(axis=0)).all()


def test_unloaded_samples_are_honoured_where_the_plate_is_unloaded(shared_data: Path, tmp_path: Path) -> None:
    result = run(shared_data / REAL["Gait"], tmp_path)
    zeros = [caveat for (kind, _), caveat in told(result).items() if kind == "zero_taken_off"]
    assert ["is unloaded in samples 1 to 100," in caveat.sentence for caveat in zeros] == [True, True]
    with Recording(result.path) as recording:
        raw = recording.samples("analog")
    moved = []
    for plate in result.rig.plate:
        own = raw[:, [result.rig.column("analog", channel) for channel in plate.channels]]
        np.testing.assert_allclose(plate.zero, own[:100].mean(axis=0))  # ten frames of ten samples
        bare = plate_map(plate.model_copy(update={"zero": [0.0] * 6}))
        with_zero = plate_map(plate)
        a, b = own @ bare.matrix.T, (own - with_zero.zero) @ with_zero.matrix.T
        loaded = a[:, 2] > 100
        step = cops(np.hstack([a, np.zeros((len(a), 3))])) - cops(np.hstack([b, np.zeros((len(b), 3))]))
        moved.append(float(np.median(np.linalg.norm(step[loaded], axis=1))))
    assert moved == pytest.approx([5.6, 9.1], abs=0.4)


def test_all_analog_channels_are_recorded_as_they_are(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / REAL["rehazenter"]
    result = run(source, tmp_path)
    theirs = ezc3d.c3d(str(source))["data"]["analogs"][0].T
    with Recording(result.path) as recording:
        assert recording.complete
        np.testing.assert_array_equal(recording.samples("analog"), theirs)
        stream = recording.streams["analog"]
        assert stream.stream.rate_hz == 1500.0
        assert stream.ticks["index"][0] == 30
        assert stream.ticks["host_s"][-1] == pytest.approx((len(theirs) - 1) / 1500.0)
        assert stream.clock.rate_hz == pytest.approx(1500.0)
        assert len(stream.gaps) == 0
        assert recording.rig == result.rig
        assert {e.muscle for e in recording.rig.emg} == {"VM", "RF", "ST", "GMax", "GMed"}
        assert {e.side for e in recording.rig.emg} == {"right"}


def test_emg_labels_of_real_files(shared_data: Path, tmp_path: Path) -> None:
    emg = run(shared_data / REAL["Return11"], tmp_path).rig.emg
    assert {(e.muscle, e.side) for e in emg} == {
        (muscle, side) for muscle in ("VL", "RF", "BF", "GMax", "ADD") for side in ("left", "right")
    }
    emg = run(shared_data / REAL["Gait"], tmp_path).rig.emg
    assert {(e.muscle, e.side, e.channel) for e in emg} == {
        ("RF", "left", "LREC"),
        ("RF", "right", "RREC"),
        ("VL", "left", "LVAS"),
        ("VL", "right", "RVAS"),
        ("BF", "left", "LBIC"),
        ("BF", "right", "RBIC"),
    }


def test_labels_without_a_side_ask_for_a_map(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / REAL["welk007"]
    result = run(source, tmp_path)
    assert result.rig.emg == []
    (caveat,) = [caveat for caveat in result.caveats if caveat.id == "emg_without_side"]
    assert "RF, VL, VM, GMAX, GMED, BF, ST" in caveat.about
    line = caveat.sentence[caveat.sentence.index("emg = ") : -1].replace(", ...]", "]")
    result.path.unlink()
    again = run(source, tmp_path, line + "\n")
    assert [(e.channel, e.muscle, e.side) for e in again.rig.emg] == [("ADD", "ADD", "left")]


# Broken files


@pytest.mark.skipif(sys.platform == "win32", reason="a file with a hole in it takes all of its space on Windows")
def test_a_huge_foreign_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    with (tmp_path / "huge.c3d").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(C3DError, match=r"huge\.c3d is not a C3D file"):
        import_c3d(tmp_path / "huge.c3d", tmp_path / "r.h5")


@pytest.mark.parametrize("name", ["Gait", "walking5"])
def test_truncated_files_leave_a_sentence_and_nothing_else(shared_data: Path, tmp_path: Path, name: str) -> None:
    content = (shared_data / REAL[name]).read_bytes()
    source, out = tmp_path / "cut.c3d", tmp_path / "out.h5"
    random.seed(7)
    lengths = [0, 1, 2, 3, 4, 511, 512, 513, 600, 1023, 1024, 1025, 5000, len(content) // 2, len(content) - 2000]
    lengths += [random.randrange(len(content) - 2000) for _ in range(40)]
    for length in lengths:
        source.write_bytes(content[:length])
        with pytest.raises(C3DError, match=r"cut\.c3d.* is (empty|truncated|not a C3D file|damaged).*\.$"):
            import_c3d(source, out)
        assert list(tmp_path.iterdir()) == [source]


def test_damaged_parameters_leave_a_sentence_or_a_recording(shared_data: Path, tmp_path: Path) -> None:
    content = (shared_data / REAL["Gait"]).read_bytes()
    source, out = tmp_path / "hit.c3d", tmp_path / "out.h5"
    random.seed(3)
    refused = 0
    for _ in range(16):
        damaged = bytearray(content)
        for _ in range(random.choice([1, 4, 30])):
            damaged[random.randrange(5200)] = random.randrange(256)
        source.write_bytes(damaged)
        try:
            import_c3d(source, out)
        except C3DError as error:
            refused += 1
            assert str(error).endswith(".")  # noqa: PT017 - some damage goes unnoticed, and rightly
            assert not out.exists()
        else:
            out.unlink()
    assert 0 < refused < 16


def renamed(source: Path, group: int, name: str) -> None:
    """Give a locked parameter, whose length is stored as a negative number, another name."""
    label = bytes([256 - len(name), group]) + name.encode()
    content = source.read_bytes()
    assert content.count(label) == 1
    source.write_bytes(content.replace(label, label[:-1] + b"Q"))


def test_parameters_that_are_missing_do_not_crash_the_reader(shared_data: Path, tmp_path: Path) -> None:
    source = tmp_path / "a.c3d"
    source.write_bytes((shared_data / REAL["Gait"]).read_bytes())
    renamed(source, 2, "SCALE")
    with pytest.raises(C3DError, match=r"holds integers, and does not say for all of its 28 analog channels what one count is"):
        run(source, tmp_path)
    assert list(tmp_path.iterdir()) == [source]
    for name in ("RATE", "USED"):
        source.write_bytes((shared_data / REAL["Gait"]).read_bytes())
        renamed(source, 2, name)
        result = run(source, tmp_path)
        assert ("parameters_filled", "recording") in told(result)
        result.path.unlink()


def test_a_rate_of_zero(tmp_path: Path) -> None:
    source = make(tmp_path / "a.c3d")
    content = source.read_bytes()
    rate = struct.pack("<f", 1000.0)
    assert content.count(rate) >= 1
    source.write_bytes(content.replace(rate, bytes(4)))
    result = run(source, tmp_path)
    assert result.rig.stream[0].rate_hz == 1000.0
    assert "10 times that of the points, 1000 Hz" in told(result)["parameters_filled", "recording"].sentence


@pytest.mark.parametrize(
    "content",
    [b"time,Fz\n0,1\n" * 200, b"\x89HDF\r\n\x1a\n" + bytes(2000), b"PK\x03\x04" * 500, bytes(4096), b"\x02\x50" * 2048],
)
def test_other_files_are_told_apart(tmp_path: Path, content: bytes) -> None:
    source = tmp_path / "other.c3d"
    source.write_bytes(content)
    with pytest.raises(C3DError, match=r"is not a C3D file|is truncated|is damaged"):
        import_c3d(source, tmp_path / "out.h5")
    assert list(tmp_path.iterdir()) == [source]


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(C3DError, match=r"^There is no file .*nothing\.c3d\.$"):
        import_c3d(tmp_path / "nothing.c3d", tmp_path / "out.h5")
    with pytest.raises(C3DError, match=r"is a folder"):
        import_c3d(tmp_path, tmp_path / "out.h5")


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    source = make(tmp_path / "a.c3d")
    (tmp_path / "a.h5").write_text("precious")
    with pytest.raises(RecordingError, match="exists already"):
        run(source, tmp_path)
    assert (tmp_path / "a.h5").read_text() == "precious"


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = make(tmp_path / "a.c3d")

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(h5py.Dataset, "resize", full)
    with pytest.raises(RecordingError, match=r"nothing of it was kept: .*No space left"):
        run(source, tmp_path)
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"without": ("CORNERS",)}, r"FORCE_PLATFORM:CORNERS does not have all"),
        ({"without": ("ORIGIN",)}, r"FORCE_PLATFORM:ORIGIN does not have all"),
        ({"without": ("TYPE",)}, r"TYPE or CHANNEL does not have all"),
        ({"without": ("CHANNEL",)}, r"TYPE or CHANNEL does not have all"),
        ({"used": 3}, r"says it has 3 force plates"),
        ({"corners": (np.zeros((4, 3)), np.zeros((4, 3)))}, r"which no plate has"),
        ({"corners": (LEFT, LEFT)}, r"Plates 1 and 2 of .* have the same corners.* import one of them by a map file"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, changed: dict[str, Any], sentence: str) -> None:
    source = make(tmp_path / "a.c3d", **changed)
    with pytest.raises(C3DError, match=sentence) as caught:
        run(source, tmp_path)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize(
    ("changed", "number", "said"),
    [
        ({"types": (2, 6)}, 2, "it is of type 6, and plates of type 1 to 5 are read"),
        ({"types": (3, 2)}, 1, "it is of type 3 and needs 8 channels, and FORCE_PLATFORM:CHANNEL has 6"),
        (
            {"channels": ((1, 2, 3, 4, 5, 6), (7, 8, 9, 10, 11, 13))},
            2,
            "on the analog channels 7, 8, 9, 10, 11, 13 (FORCE_PLATFORM:CHANNEL), but there are 12",
        ),
        ({"channels": ((0, 2, 3, 4, 5, 6), (7, 8, 9, 10, 11, 12))}, 1, "on the analog channels 0, 2"),
        ({"channels": ((1, 1, 3, 4, 5, 6), (7, 8, 9, 10, 11, 12))}, 1, "names a channel twice"),
        ({"types": (4, 2)}, 1, "has no 6x6 matrix"),
        ({"types": (4, 4), "matrices": (np.eye(6), np.zeros((6, 6)))}, 2, "it is singular"),
        ({"types": (4, 4), "matrices": (np.full((6, 6), np.nan), np.eye(6))}, 1, "CAL_MATRIX that are no numbers"),
        ({"corners": (LEFT, np.full((4, 3), np.nan))}, 2, "CORNERS that are no numbers"),
        ({"corners": (LEFT, np.zeros((4, 3)))}, 2, "its corners (FORCE_PLATFORM:CORNERS) span no plate"),
        ({"origins": ((0, 0, float("nan")), (0, 0, 0))}, 1, "ORIGIN that are no numbers"),
        ({"analog": np.hstack([standing(), np.full((1000, 6), np.nan)])}, 2, "has samples that are no numbers"),
    ],
)
def test_a_plate_that_cannot_be_read_is_told_and_the_other_imported(
    tmp_path: Path, changed: dict[str, Any], number: int, said: str
) -> None:
    source = make(tmp_path / "a.c3d", **changed)
    result = run(source, tmp_path)
    assert [plate.model for plate in result.rig.plate] == [f"plate {3 - number} of the file"]
    assert said in told(result)["plate_not_read", f"plate {number}"].sentence
    with pytest.raises(C3DError, match=rf"Plate {number} of .* can't be read: ") as caught:
        run(make(tmp_path / "b.c3d", **changed), tmp_path, f'plate = [{{ number = {number}, side = "right" }}]')
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("changed", [{"used": 0}, {"without": ("USED", "TYPE", "ZERO", "CORNERS", "ORIGIN", "CHANNEL")}])
def test_a_file_without_plates_is_a_recording_too(tmp_path: Path, changed: dict[str, Any]) -> None:
    result = run(make(tmp_path / "a.c3d", **changed), tmp_path)
    assert result.rig.plate == []
    assert "no force plate" in result.summary
    with Recording(result.path) as recording:
        assert recording.samples("analog").shape == (1000, 12)


def test_no_analog_channels(tmp_path: Path) -> None:
    file = ezc3d.c3d()
    file["parameters"]["POINT"]["RATE"]["value"] = [100.0]
    file["parameters"]["POINT"]["LABELS"]["value"] = ["C7"]
    file["data"]["points"] = np.ones((4, 1, 50))
    file.write(str(tmp_path / "a.c3d"))
    with pytest.raises(C3DError, match="has no analog channels"):
        run(tmp_path / "a.c3d", tmp_path)


# Made files with traps


def test_channels_out_of_order_and_labels_that_lie(tmp_path: Path) -> None:
    analog = np.hstack([standing(400.0), standing(500.0)])
    order = np.array([5, 11, 0, 7, 2, 3, 8, 1, 4, 6, 9, 10])
    where = np.argsort(order) + 1  # channel that holds each component now
    labels = ["Fz1", "Fz1", "", "", *PLATE_LABELS[4:]]
    units = [(PLATE_UNITS * 2)[i] for i in order]
    source = make(tmp_path / "a.c3d", analog[:, order], labels, units, channels=(where[:6], where[6:]))
    result = run(source, tmp_path)
    assert result.rig.stream[0].channels[:4] == ["Fz1", "Fz1 (2)", "analog 3", "analog 4"]
    found = wrenches(result)
    assert found["left"][500:, 2].mean() == pytest.approx(400, abs=1)
    assert found["right"][500:, 2].mean() == pytest.approx(500, abs=1)


@pytest.mark.parametrize(
    ("labels", "doubts"),
    [
        (["Fx4", "Fy4", "Fz4", "Mx4", "My4", "Mz4", "Fx5", "Fy5", "Fz5", "Mx5", "My5", "Mz5"], []),
        (["Force.F1X", "F1Y", "F1Z", "M1X", "M1Y", "M1Z", "F2X", "F2Y", "F2Z", "M2X", "M2Y", "M2Z"], []),
        (["Kraft 1", "", "", "", "", "", "x", "y", "z", "a", "b", "c"], []),
        (["F1X", "F1Y", "F1Z", "M1X", "M1Y", "M1Z", "F1X", "F1Y", "F1Z", "M1X", "M1Y", "M1Z"], ["plate 2"]),
        (["F2X", "F2Y", "F2Z", "M2X", "M2Y", "M2Z", "F1X", "F1Y", "F1Z", "M1X", "M1Y", "M1Z"], ["plate 2"]),
        (["F1X", "F1Y", "F2Z", "M1X", "M1Y", "M1Z", "F2X", "F2Y", "F1Z", "M2X", "M2Y", "M2Z"], ["plate 1", "plate 2"]),
        (["Fy1", "Fx1", "Fz1", "Mx1", "My1", "Mz1", "Fx2", "Fy2", "Fz2", "Mx2", "My2", "Mz2"], ["plate 1"]),
    ],
)
def test_labels_that_contradict_the_channels_are_a_doubt(tmp_path: Path, labels: list[str], doubts: list[str]) -> None:
    result = run(make(tmp_path / "a.c3d", labels=labels), tmp_path)
    assert [caveat.about for caveat in result.caveats if caveat.id == "labels_contradict"] == doubts


def test_mixed_types_with_matrices_for_all_or_for_type_4_only(tmp_path: Path) -> None:
    matrix = np.diag([100.0, 100.0, 200.0, 5e4, 5e4, 4e4]) + 0.5
    volts = standing(500.0) @ np.linalg.inv(matrix).T
    analog = np.hstack([standing(400.0), volts])
    units = PLATE_UNITS + ["V"] * 6
    for number, matrices in enumerate([(np.zeros((6, 6)), matrix), (matrix,)]):
        source = make(tmp_path / f"{number}.c3d", analog, units=units, types=(2, 4), matrices=matrices)
        found = wrenches(run(source, tmp_path))
        expected = cops(found["left"])[500:] + np.array([400.0, 0.0])
        np.testing.assert_allclose(found["right"][500:, 2], -standing(500.0)[500:, 2], rtol=1e-5)
        np.testing.assert_allclose(cops(found["right"])[500:], expected, atol=0.01)


def test_metres_and_newton_metres(tmp_path: Path) -> None:
    analog = np.hstack([standing(400.0), standing(500.0)])
    reference = wrenches(run(make(tmp_path / "mm.c3d", analog, origins=((2, 3, -40), (2, 3, -40))), tmp_path))
    in_m = np.array([1, 1, 1, 1e-3, 1e-3, 1e-3] * 2)
    meters = {"corners": np.array([LEFT, RIGHT]) / 1000, "origins": np.array([[2, 3, -40], [2, 3, -40]]) / 1000}
    cases: dict[str, tuple[NDArray[np.float64], list[str], str]] = {
        "said": (analog * in_m, ["N"] * 3 + ["Nm"] * 3, "m"),
        "said otherwise": (analog * in_m, ["N"] * 3 + ["N.m"] * 3, "m"),
        "only the lengths": (analog * in_m, ["V"] * 6, "m"),
        "mixed": (analog, ["N"] * 3 + ["N*mm"] * 3, "m"),
        "wrongly": (analog, ["N"] * 3 + ["Nmm"] * 3, "mm"),
    }
    for name, (samples, units, point_units) in cases.items():
        source = make(tmp_path / f"{name}.c3d", samples, units=units * 2, point_units=point_units, **meters)
        result = run(source, tmp_path)
        for side, wrench in wrenches(result).items():
            np.testing.assert_allclose(wrench, reference[side], rtol=1e-4, atol=0.05, err_msg=name)
        lengths = "lengths_guessed" if name == "wrongly" else "lengths_converted"
        moments = {"said": "moments_converted", "said otherwise": "moments_converted", "only the lengths": "moments_guessed"}
        assert told(result)[lengths, "recording"].values == {"factor": 1000.0}
        found = {kind: caveat.values for (kind, about), caveat in told(result).items() if about == "plate 1"}
        assert ("forces_guessed" in found) == (name == "only the lengths")
        found.pop("forces_guessed", None)
        assert found == ({moments[name]: {"factor": 1000.0}} if name in moments else {})


def test_unloaded_samples_with_somebody_on_the_plate_are_not_honoured(tmp_path: Path) -> None:
    source = make(tmp_path / "a.c3d", zero=(31, 40))  # frames of points, each of ten samples
    result = run(source, tmp_path)
    assert all(plate.zero == [0.0] * 6 for plate in result.rig.plate)
    caveat = told(result)["zero_while_loaded", "plate 1"]
    assert caveat.sentence.startswith("Plate 1 carries 400 N in samples 301 to 400")
    assert caveat.values == {"load_N": pytest.approx(400.0, abs=0.5)}
    analog = np.hstack([standing(400.0), standing(500.0)]) + 7.0
    result = run(make(tmp_path / "b.c3d", analog, zero=(0, 10)), tmp_path)
    assert [plate.zero for plate in result.rig.plate] == [pytest.approx([7.0] * 6)] * 2
    result = run(make(tmp_path / "c.c3d", zero=(1, 500)), tmp_path)
    assert told(result)["zero_beyond_end", "recording"].values == {"last": 500.0, "frames": 100.0}


def test_the_force_on_the_plate_is_turned_into_that_on_the_foot(tmp_path: Path) -> None:
    result = run(make(tmp_path / "a.c3d", np.hstack([standing(400.0), -standing(500.0)])), tmp_path)
    found = wrenches(result)
    assert found["right"][500:, 2].mean() == pytest.approx(500, abs=1)
    np.testing.assert_allclose(cops(found["right"])[500:], cops(found["left"])[500:] + np.array([400, 0]), atol=0.01)
    turned = {about: caveat.values for (kind, about), caveat in told(result).items() if kind == "signs_turned"}
    assert turned == {"plate 2": {"pull_N": pytest.approx(500.0, abs=1.0)}}


def test_three_plates_and_one(tmp_path: Path) -> None:
    analog = np.hstack([standing(400.0), standing(5.0), standing(500.0)])
    third = (np.array(RIGHT) + np.array([500, 0, 0])).tolist()
    three: dict[str, Any] = {
        "labels": [f"c{i}" for i in range(18)],
        "corners": (LEFT, RIGHT, third),
        "types": (2, 2, 2),
        "channels": np.arange(1, 19).reshape(3, 6),
        "origins": np.zeros((3, 3)),
    }
    result = run(make(tmp_path / "three.c3d", analog, **three), tmp_path)
    assert [plate.model for plate in result.rig.plate] == ["plate 1 of the file", "plate 3 of the file"]
    left_out = told(result)["plates_left_out", "plates"]
    assert "two are imported: 1 and 3" in left_out.sentence
    assert set(left_out.values) == {"mean_plate_1_N", "mean_plate_2_N", "mean_plate_3_N"}
    named = run(make(tmp_path / "named.c3d", analog, **three), tmp_path, 'plate = [{ number = 2, side = "right" }]\n')
    assert [(plate.model, plate.side) for plate in named.rig.plate] == [("plate 2 of the file", "right")]
    assert told(named)["plate_never_loaded", "plate 2"].values == {"contact_N": 20.0}
    one = make(
        tmp_path / "one.c3d", standing(), corners=(LEFT,), types=(2,), channels=((1, 2, 3, 4, 5, 6),), origins=((0, 0, 0),)
    )
    assert [plate.side for plate in run(one, tmp_path).rig.plate] == ["left"]


def feet(left: tuple[float, float], right: tuple[float, float], towards: tuple[float, float] = (0.0, 150.0)) -> dict[str, Any]:
    """Return markers of feet that stand still; heel 75 mm behind the middle, toe as far before it."""
    found = {}
    for prefix, middle in (("L", left), ("R", right)):
        for label, sign in (("HEE", -0.5), ("TOE", 0.5)):
            found[f"Someone:{prefix}{label}"] = np.tile([*(np.array(middle) + sign * np.array(towards)), 40.0], (100, 1))
    return found


def test_sides_from_markers_places_and_assumption(tmp_path: Path) -> None:
    def sides(name: str, map_text: str = "", **more: Any) -> list[str]:
        return [plate.side for plate in run(make(tmp_path / f"{name}.c3d", **more), tmp_path, map_text).rig.plate]

    facing_y = feet((-200, 0), (200, 0))
    assert sides("facing y", markers=facing_y) == ["left", "right"]
    facing_back = feet((200, 0), (-200, 0), (0.0, -150.0))
    assert sides("facing back", markers=facing_back) == ["right", "left"]
    assert sides("by place", 'lab = { right_axis = "-x" }\n') == ["right", "left"]
    assert sides("assumed") == ["left", "right"]
    swapped = 'plate = [{ number = 1, side = "right" }, { number = 2, side = "left" }]\n'
    assert sides("map", swapped, markers=facing_y) == ["right", "left"]
    one_leg = feet((-250, 0), (-100, 0))
    assert sides("both on one", markers=one_leg) == ["left", "right"]


def test_one_foot_that_steps_from_plate_to_plate_is_imported_from_one(tmp_path: Path) -> None:
    on_first, on_second = feet((-200, 0), (0, 5000)), feet((200, 0), (0, 5000))
    steps = {label: np.concatenate([track[:50], on_second[label][50:]]) for label, track in on_first.items()}
    first, second = np.zeros((1000, 6)), np.zeros((1000, 6))
    first[:500, 2], second[500:, 2] = -400.0, -500.0
    result = run(make(tmp_path / "a.c3d", np.hstack([first, second]), markers=steps), tmp_path)
    assert [(plate.model, plate.side) for plate in result.rig.plate] == [("plate 2 of the file", "left")]
    assert "only plate 2 is imported" in told(result)["one_foot_on_both", "left foot"].sentence


def test_a_lab_with_y_up_is_turned(tmp_path: Path) -> None:
    turn = np.array([[0.0, 1, 0], [0, 0, 1], [1, 0, 0]])  # x y z become z x y: what was z is now y

    def turned(points: Any) -> NDArray[np.float64]:
        return np.asarray(points, float) @ turn.T

    upright = run(make(tmp_path / "z.c3d", markers=feet((-200, 0), (200, 0))), tmp_path)
    markers = {label: turned(track) for label, track in feet((-200, 0), (200, 0)).items()}
    lying = run(make(tmp_path / "y.c3d", corners=(turned(LEFT), turned(RIGHT)), markers=markers), tmp_path)
    assert ("axes_turned", "recording") in told(lying)
    assert [plate.side for plate in lying.rig.plate] == ["left", "right"]
    for side, wrench in wrenches(upright).items():
        assert wrenches(lying)[side][500:, 2] == pytest.approx(wrench[500:, 2])


@pytest.mark.parametrize(("form", "offset"), [("UNSIGNED", 32768), ("UNSIGNED", 0), ("SIGNED", 0)])
def test_integers_with_and_without_sign(tmp_path: Path, form: str, offset: int) -> None:
    rng = np.random.default_rng(5)
    span = (0, 65536) if form == "UNSIGNED" else (-32768, 32768)
    counts = rng.integers(*span, (300, 6))
    source = make_integers(tmp_path / "a.c3d", counts, 0.01, offset, form)
    with Recording(run(source, tmp_path).path) as recording:
        np.testing.assert_allclose(recording.samples("analog"), (counts - offset) * 0.01, atol=1e-4)


# EMG and map files


def with_emg(path: Path, labels: list[str], units: list[str], **more: Any) -> Path:
    rng = np.random.default_rng(1)
    analog = np.hstack([standing(400.0), standing(500.0), rng.normal(0, 1e-4, (1000, len(labels)))])
    return make(path, analog, PLATE_LABELS + labels, PLATE_UNITS * 2 + units, **more)


def test_units_doubles_and_unknowns(tmp_path: Path) -> None:
    source = with_emg(
        tmp_path / "a.c3d",
        ["R_VL", "right vastus lateralis", "L_VL", "LRF", "RF", "Trigger", "L_BF"],
        ["V", "V", "mV", "uV", "V", "V", "g"],
    )
    result = run(source, tmp_path)
    assert [(e.muscle, e.side, e.channel) for e in result.rig.emg] == [
        ("VL", "right", "R_VL"),
        ("VL", "left", "L_VL"),
        ("RF", "left", "LRF"),
    ]
    assert result.rig.stream[0].units[12:] == ["V", "V", "mV", "uV", "V", "V", "g"]
    assert "'R_VL' and 'right vastus lateralis' are both" in told(result)["muscle_twice", "VL right"].sentence
    assert "The channel 'L_BF' is in 'g'" in told(result)["emg_unit", "L_BF"].sentence
    assert ("emg_without_side", "RF") in told(result)
    assert told(result)["emg_gain_assumed", "EMG"].values == {"gain": 1.0}
    assert "recorded as they are: RF, Trigger" in result.summary


def test_labels_of_groups_and_labels_that_nobody_understands(tmp_path: Path) -> None:
    labels = ["L Hams", "L_BF", "R Hams", "Musculus gracilis", "Sync"]
    result = run(with_emg(tmp_path / "a.c3d", labels, ["V"] * 5), tmp_path)
    assert [(e.muscle, e.side, e.channel) for e in result.rig.emg] == [("BF", "left", "L_BF"), ("BF", "right", "R Hams")]
    assert "'L_BF' and 'L Hams' are both BF left" in told(result)["muscle_twice", "BF left"].sentence
    assert "nearest: R Hams as BF right;" in told(result)["emg_nearest_muscle", "EMG"].sentence
    unclear = told(result)["emg_not_understood", "Musculus gracilis"].sentence
    line = re.search(r"emg = \[\{ .*? \}", unclear)[0] + "]"  # type: ignore[index]
    result.path.unlink()
    followed = run(tmp_path / "a.c3d", tmp_path, line.replace("other", "ADD"))
    assert ("ADD", "left", "Musculus gracilis") in [(e.muscle, e.side, e.channel) for e in followed.rig.emg]


def test_emg_of_which_most_samples_are_no_numbers_is_not_used(tmp_path: Path) -> None:
    analog = np.hstack([standing(400.0), standing(500.0), np.full((1000, 1), 1e-4), np.full((1000, 1), 1e-4)])
    analog[300:, 12] = np.nan
    result = run(make(tmp_path / "a.c3d", analog, [*PLATE_LABELS, "R_VL", "L_VL"], [*PLATE_UNITS * 2, "V", "V"]), tmp_path)
    assert [electrode.channel for electrode in result.rig.emg] == ["L_VL"]
    assert ("emg_no_numbers", "R_VL") in told(result)


def test_a_map_names_what_the_file_does_not(tmp_path: Path) -> None:
    source = with_emg(tmp_path / "a.c3d", ["EMG1", "EMG2", "R_VL"], ["V", "V", "V"])
    result = run(
        source,
        tmp_path,
        """
        lab.right_axis = "y"
        [[emg]]
        label = "EMG1"
        muscle = "VL"
        side = "right"
        gain = 500
        mvc_uV = 310
        [rules.load_shift]
        amber_pct = 7.0
        red_pct = 12.0
        """,
    )
    assert [(e.muscle, e.side, e.channel, e.gain, e.mvc_uV) for e in result.rig.emg] == [("VL", "right", "EMG1", 500.0, 310.0)]
    assert result.rig.rules.load_shift.amber_pct == 7.0
    assert result.rig.lab.right_axis == "y"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "[[emg]]\nlabel = 'R_VM'\nmuscle = 'VL'\nside = 'left'\n",
            "line 2: there is no channel 'R_VM' in .*; did you mean 'R_VL'",
        ),
        ("[[plate]]\nside = 'left'\nnumber = 3\n", r"line 3: there is no plate 3 in .*; it has 1, 2\."),
        ("[[plate]]\nnumber = 1\n", "line 1: the setting 'side' is missing in plate 1"),
        ("[[emg]]\nlabel = 'R_VL'\nmuscle = 'Vl'\nside = 'left'\n", "line 3: emg 1, muscle is 'Vl'; it takes one of 'VL'"),
        ("plate = [{number=1, side='left'},\n {number=1, side='right'}]", r"line 2: plate 1 is named twice"),
        ("plate = [{number=1, side='left'},\n {number=2, side='left'}]", r"line 2: both plates stand on the left"),
        ("[lab]\nright_axs = 'x'", "line 2: there is no setting 'right_axs' in lab; did you mean 'right_axis'"),
    ],
)
def test_mistakes_in_a_map_have_their_line(tmp_path: Path, text: str, sentence: str) -> None:
    source = with_emg(tmp_path / "a.c3d", ["R_VL"], ["V"])
    with pytest.raises(RigError, match=sentence):
        run(source, tmp_path, text)
    assert not (tmp_path / "a.h5").exists()


def test_unique_names_keep_the_original_visible() -> None:
    assert unique_names(["Fz", "", "Fz", "Fz (3)", "Fz (3)", ""]) == [
        "Fz",
        "analog 2",
        "Fz (3)",
        "Fz (3) (4)",
        "Fz (3) (5)",
        "analog 6",
    ]


def test_without_its_reader_a_c3d_file_is_refused_in_a_sentence(tmp_path: Path, monkeypatch) -> None:
    make(tmp_path / "good.c3d")
    monkeypatch.setattr("acquisition.formats.c3d.file.find_spec", lambda _: None)
    with pytest.raises(C3DError, match=r"the package ezc3d, which reads C3D files, is not installed .*copy the recording\.$"):
        import_c3d(tmp_path / "good.c3d", tmp_path / "out.h5")
    assert not (tmp_path / "out.h5").exists()


@pytest.mark.parametrize(
    ("rows", "column", "about"),
    [([3000], 2, "plate 1"), ([10, 2500, 5999], 6, "plate 2"), (range(2000, 2900), 9, "plate 2"), (range(40), 4, "plate 1")],
)
def test_samples_without_numbers_cost_only_their_own_frames(tmp_path, rows, column, about):
    """As live: sides, zeros and the forces of all other frames stay what they are."""
    analog = np.hstack([standing(400.0, 6000), standing(500.0, 6000)])
    sound = import_c3d(make(tmp_path / "sound.c3d", analog), tmp_path / "sound.h5")
    analog[list(rows), column] = np.nan
    result = import_c3d(make(tmp_path / "gap.c3d", analog), tmp_path / "gap.h5")
    (caveat,) = [caveat for caveat in result.caveats if caveat.id == "plate_gaps"]
    assert (caveat.about, caveat.values) == (about, {"missing_samples": float(len(rows))})
    assert [plate.model_dump() for plate in result.rig.plate] == [plate.model_dump() for plate in sound.rig.plate]
    spoilt = {row // 10 for row in rows}
    tables = [reprocess(each.path).table_with("fz_left_N", "fz_right_N") for each in (sound, result)]
    plain, found = (table.column(f"fz_{'left' if about == 'plate 1' else 'right'}_N") for table in tables)
    assert set(np.flatnonzero(np.isnan(found) != np.isnan(plain))) <= spoilt
    rest = np.setdiff1d(np.arange(len(plain)), list(spoilt))
    np.testing.assert_allclose(found[rest], plain[rest], atol=1e-6)


@pytest.mark.parametrize("missing", [1, 200, 2900, 3100])
def test_an_electrode_with_a_gap_is_used(tmp_path, missing):
    emg = np.random.default_rng(1).normal(0.0, 30.0, (6000, 2))
    emg[1000 : 1000 + missing, 0] = np.nan
    analog = np.hstack([standing(400.0, 6000), standing(500.0, 6000), emg])
    path = make(tmp_path / "a.c3d", analog, [*PLATE_LABELS, "R_VL", "L_VL"], PLATE_UNITS * 2 + ["uV"] * 2)
    result = import_c3d(path, tmp_path / "a.h5")
    used = missing <= 3000
    assert {electrode.name for electrode in result.rig.emg} == ({"VL right", "VL left"} if used else {"VL left"})
    (caveat,) = [caveat for caveat in result.caveats if caveat.id in ("emg_gaps", "emg_no_numbers")]
    assert (caveat.id, caveat.values) == ("emg_gaps" if used else "emg_no_numbers", {"missing_samples": float(missing)})


def test_the_plate_that_is_left_keeps_its_side(tmp_path):
    analog = np.hstack([np.full((1000, 6), np.nan), standing(500.0)])
    result = import_c3d(make(tmp_path / "a.c3d", analog), tmp_path / "a.h5")
    assert [plate.side for plate in result.rig.plate] == ["right"]


@pytest.mark.parametrize("loads_N", [(300.0, 300.0, 300.0), (400.0, 400.0, 60.0), (250.0, 10.0, 300.0, 260.0)])
def test_a_plate_that_is_left_out_and_carries_with_the_others_leaves_no_load_share(tmp_path, loads_N):
    n = len(loads_N)
    corners = [np.add(LEFT, [420.0 * i, 0.0, 0.0]).tolist() for i in range(n)]
    labels = [f"{label[:2]}{i + 1}" for i in range(n) for label in PLATE_LABELS[:6]]
    path = make(
        tmp_path / "a.c3d",
        np.hstack([standing(load_N, 3000) for load_N in loads_N]),
        labels,
        PLATE_UNITS * n,
        corners=corners,
        types=[2] * n,
        channels=[list(range(6 * i + 1, 6 * i + 7)) for i in range(n)],
        origins=[[0, 0, -40.0]] * n,
    )
    result = import_c3d(path, tmp_path / "a.h5")
    (said,) = [caveat for caveat in result.caveats if caveat.id == "load_left_out"]
    left_out = 100.0 * sum(sorted(loads_N)[:-2]) / sum(loads_N)
    assert said.values["left_out_pct"] == pytest.approx(left_out, abs=1.0)
    assert not result.rig.lab.feet_apart
    table = reprocess(result.path).table_with("load_shift_pct")
    assert np.isnan(table.column("load_shift_pct")).all()


def test_plates_that_are_described_and_counted_as_none_are_told(tmp_path):
    result = import_c3d(make(tmp_path / "a.c3d", without=("USED",)), tmp_path / "a.h5")  # ezc3d writes 0 then
    assert result.rig.plate == []
    assert [caveat.values for caveat in result.caveats if caveat.id == "plates_unused"] == [{"described": 2.0}]


POUND_N, KILOGRAM_N = 4.4482216152605, 9.80665


@pytest.mark.parametrize(
    ("force", "newtons", "moment", "nmm"),
    [
        ("kN", 1000.0, "Nmm", 1.0),
        ("kN", 1000.0, "kN·m", 1e6),
        ("KN", 1000.0, "kNmm", 1000.0),
        ("daN", 10.0, "daN m", 1e4),
        ("mN", 1e-3, "mNm", 1.0),
        ("kgf", KILOGRAM_N, "Nm", 1000.0),
        ("kg", KILOGRAM_N, "kgf.cm", 10.0 * KILOGRAM_N),
        ("kp", KILOGRAM_N, "kpm", 1000.0 * KILOGRAM_N),
        ("lbf", POUND_N, "lbf·in", 25.4 * POUND_N),
        ("lb", POUND_N, "in-lb", 25.4 * POUND_N),
        ("lbs", POUND_N, "ft-lbs", 304.8 * POUND_N),
        ("Newtons", 1.0, "Newton-metres", 1000.0),
    ],
)
def test_forces_and_moments_in_another_unit_are_converted_and_said(tmp_path, force, newtons, moment, nmm):
    analog = np.hstack([standing(400.0), standing(500.0)])
    plain = import_c3d(make(tmp_path / "N.c3d", analog), tmp_path / "N.h5")
    per_unit = np.tile([newtons] * 3 + [nmm] * 3, 2)
    other = make(tmp_path / "a.c3d", analog / per_unit, units=([force] * 3 + [moment] * 3) * 2)
    result = import_c3d(other, tmp_path / "a.h5")
    for kind, scale in (("forces_converted", newtons), ("moments_converted", nmm)):
        doubted = ["plate 1", "plate 2"] if scale != 1.0 else []
        assert [caveat.about for caveat in result.caveats if caveat.id == kind] == doubted
    assert not {"moments_unit_wrong", "moments_guessed", "forces_guessed"} & {caveat.id for caveat in result.caveats}
    names = ("fz_left_N", "fz_right_N", "cop_left_x_mm")
    found, expected = (reprocess(each.path).table_with(*names) for each in (result, plain))
    for name in names:
        np.testing.assert_allclose(found.column(name), expected.column(name), rtol=1e-4, atol=0.05)


@pytest.mark.parametrize("unit", ["", "V", "N/kg"])
def test_a_unit_of_force_that_is_not_known_is_a_doubt(tmp_path, unit):
    analog = np.hstack([standing(400.0), standing(500.0)])
    result = import_c3d(make(tmp_path / "a.c3d", analog, units=[unit] * 12), tmp_path / "a.h5")
    said = {(caveat.id, caveat.about): caveat.sentence for caveat in result.caveats}
    for plate in ("plate 1", "plate 2"):
        assert repr(unit) in said["forces_guessed", plate] or "name no unit" in said["forces_guessed", plate]
        assert "moments_guessed" in {kind for kind, about in said if about == plate}


@pytest.mark.parametrize(
    "offset", [(0.0, 0.0, 0.0, 3e4, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0, -8e3, 5e3), (40.0, -60.0, 0.0, 0.0, 0.0, 0.0)]
)
def test_moments_and_shear_of_an_empty_plate_are_taken_off_and_said(tmp_path, offset):
    empty = np.zeros((1500, 12))
    analog = np.vstack([empty, np.hstack([standing(400.0, 3000), standing(500.0, 3000)])])
    analog += np.random.default_rng(0).normal(0.0, 0.2, analog.shape)
    plain = import_c3d(make(tmp_path / "plain.c3d", analog), tmp_path / "plain.h5")
    changed = analog.copy()
    changed[:, :6] += offset
    result = import_c3d(make(tmp_path / "a.c3d", changed), tmp_path / "a.h5")
    assert "zero_found" not in {caveat.id for caveat in plain.caveats}
    (said,) = [caveat for caveat in result.caveats if caveat.id == "zero_found"]
    assert said.values["shear_N"] == pytest.approx(max(map(abs, offset[:2])), abs=0.5)
    assert said.values["moment_Nmm"] == pytest.approx(max(map(abs, offset[3:])), abs=1.0)
    for side, wrench in wrenches_zeroed(result).items():
        np.testing.assert_allclose(wrench[2000:], wrenches_zeroed(plain)[side][2000:], atol=2.0)


def wrenches_zeroed(result):
    """Return what each plate measured (samples, 6), less its zero, by side."""
    with Recording(result.path) as recording:
        columns = {
            plate.side: [recording.rig.column(plate.stream, name) for name in plate.channels] for plate in recording.rig.plate
        }
        raw = recording.samples(recording.rig.plate[0].stream)
        return {plate.side: plate_map(plate).wrench(raw[:, columns[plate.side]]) for plate in recording.rig.plate}
