"""Real files with one fault put in, as laboratory files have them: what is certain is mended and said, the rest only said."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import ezc3d
import numpy as np
import pytest

from acquisition.formats.c3d.importer import import_c3d
from acquisition.recording import Recording
from acquisition.rig.lifter_axes import lifter_axes
from acquisition.rig.plate_map import plate_map
from processing.batch import reprocess
from processing.findings.caveats import caveats
from processing.force.wrench import plate_wrench
from processing.results import Results
from tests.support.made_c3d import make, standing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from acquisition.formats.importing import ImportResult

RETURN11 = "nimblephysics/Return11_static_c3dfile1.c3d"
WALKING5 = "opensim/walking5.c3d"
GAIT = "bmc/Gait.c3d"


def imported(source: Path, tmp_path: Path, change: Callable[[Any, np.ndarray], None] | None = None) -> ImportResult:
    """Import a file after a change of its contents and of its analog samples (channels, samples)."""
    if change is not None:
        c3d = ezc3d.c3d(str(source))
        samples = c3d["data"]["analogs"]
        change(c3d, samples[0])
        c3d["data"]["analogs"] = samples
        source = tmp_path / "changed.c3d"
        c3d.write(str(source))
    return import_c3d(source, tmp_path / f"{len(list(tmp_path.iterdir()))}.h5")


def told(result: ImportResult) -> dict[str, str]:
    return {caveat.id: caveat.sentence for caveat in result.caveats}


def judged(result: ImportResult) -> Results:
    return reprocess(result.path)


def raw_of(result: ImportResult, side: str) -> tuple[Any, np.ndarray]:
    plate = next(plate for plate in result.rig.plate if plate.side == side)
    with Recording(result.path) as recording:
        columns = [result.rig.column("analog", name) for name in plate.channels]
        return plate, recording.samples("analog")[:, columns]


def cop_of(result: ImportResult, side: str) -> tuple[np.ndarray, np.ndarray]:
    """Return vertical force and centre of pressure of a plate, sample by sample."""
    plate, raw = raw_of(result, side)
    wrench = plate_wrench(raw, list(range(raw.shape[1])), plate_map(plate), 100.0)
    return wrench.force_N[:, 2], wrench.cop_mm


def lean_turned(degrees: float) -> Callable[[Any, np.ndarray], None]:
    """The lifter of Return11 leans 60 mm forwards, in a lab whose axes lie otherwise."""

    def change(c3d: Any, samples: np.ndarray) -> None:
        lean_mm = 60.0 * np.clip((np.arange(samples.shape[1]) / 1000.0 - 2.5) / 0.5, 0.0, 1.0)
        samples[4] += lean_mm * samples[2]
        samples[10] += lean_mm * samples[8]
        a = np.radians(degrees)
        turn = np.array([[np.cos(a), -np.sin(a), 0.0], [np.sin(a), np.cos(a), 0.0], [0.0, 0.0, 1.0]])
        points = c3d["data"]["points"]
        points[:3] = np.einsum("ij,jkl->ikl", turn, points[:3])
        c3d["data"]["points"] = points
        corners = c3d["parameters"]["FORCE_PLATFORM"]["CORNERS"]
        corners["value"] = np.einsum("ij,jkl->ikl", turn, corners["value"])

    return change


@pytest.mark.parametrize("degrees", [-60.0, 0.0, 13.0, 27.0, 45.0, 100.0])
def test_a_lean_forwards_is_no_shift_however_the_lifter_stands_in_the_lab(shared_data, tmp_path, degrees):
    result = imported(shared_data / RETURN11, tmp_path, lean_turned(degrees))
    found = judged(result)
    assert found.flags == []
    straight = judged(imported(shared_data / RETURN11, tmp_path, lean_turned(0.0)))
    for column in ("cop_net_shift_mm", "foot_cop_medial_left_mm", "foot_cop_medial_right_mm"):
        a, b = (each.table_with(column).column(column) for each in (found, straight))
        np.testing.assert_allclose(a, b, atol=0.02)


@pytest.mark.parametrize("said", ["Nm", "N*m", "N.cm"])
def test_a_unit_of_moments_that_puts_the_pressure_off_the_plate_is_not_believed(shared_data, tmp_path, said):
    def change(c3d: Any, _samples: np.ndarray) -> None:
        c3d["parameters"]["ANALOG"]["UNITS"]["value"] = (["N"] * 3 + [said] * 3) * 2

    wrong, right = imported(shared_data / WALKING5, tmp_path, change), imported(shared_data / WALKING5, tmp_path)
    assert "The unit of the moments of plate" in told(wrong)["moments_unit_wrong"]
    for side in ("left", "right"):
        np.testing.assert_allclose(cop_of(wrong, side)[1], cop_of(right, side)[1], atol=0.01)


def test_newton_metres_called_newton_millimetres_are_found_by_a_pressure_that_never_moves(shared_data, tmp_path):
    def change(c3d: Any, samples: np.ndarray) -> None:
        c3d["parameters"]["ANALOG"]["UNITS"]["value"] = (["N"] * 3 + ["Nmm"] * 3) * 2
        samples[[3, 4, 5, 9, 10, 11]] /= 1000.0

    wrong, right = imported(shared_data / WALKING5, tmp_path, change), imported(shared_data / WALKING5, tmp_path)
    assert "with moments 1000 times as large it lies on the plate" in told(wrong)["moments_unit_wrong"]
    for side in ("left", "right"):
        np.testing.assert_allclose(cop_of(wrong, side)[1], cop_of(right, side)[1], atol=0.05)


@pytest.mark.parametrize(("offset_N", "plates"), [(150.0, (0,)), (150.0, (1,)), (200.0, (0,)), (250.0, (0, 1)), (310.0, (0,))])
@pytest.mark.parametrize("said", ["Nmm", "Nm"])
def test_a_plate_that_is_not_zeroed_is_no_matter_of_units(shared_data, tmp_path, offset_N, plates, said):
    """Somebody stands on both plates all the time, so nothing shows what they read empty; the COP lies far out."""

    def change(c3d: Any, samples: np.ndarray) -> None:
        c3d["parameters"]["ANALOG"]["UNITS"]["value"] = [*["N"] * 3, *[said] * 3] * 2 + ["V"] * (len(samples) - 12)
        for plate in plates:
            samples[2 + 6 * plate] += offset_N
            samples[3 + 6 * plate : 6 + 6 * plate] /= 1000.0 if said == "Nm" else 1.0

    result = imported(shared_data / RETURN11, tmp_path, change)
    sentences = [caveat.sentence for caveat in result.caveats if caveat.id == "plate_zero_unknown"]
    assert len(sentences) == len(plates)
    assert all("The plate is not zeroed, or its moments or corners are wrong" in sentence for sentence in sentences)
    assert "moments_unit_wrong" not in told(result) or said == "Nm"
    if len(plates) == 1:
        assert [plate.side for plate in result.rig.plate] == [("right", "left")[plates[0]]]
        found = judged(result)
        assert np.isnan(found.table_with("load_shift_pct").column("load_shift_pct")).all()
        assert found.flags == []


@pytest.mark.parametrize(("offset_N", "plate"), [(1100.0, 0), (1400.0, 1)])
def test_a_plate_that_pulls_beside_one_that_carries_gives_no_load_share(shared_data, tmp_path, offset_N, plate):
    def change(_c3d: Any, samples: np.ndarray) -> None:
        samples[2 + 6 * plate] += offset_N

    result = imported(shared_data / RETURN11, tmp_path, change)
    sentence = told(result)["plate_zero_unknown"]
    assert sentence.startswith(f"Plate {plate + 1} pulls downwards by ")
    assert "it is not zeroed, or its signs are turned" in sentence
    found = judged(result)
    assert np.isnan(found.table_with("load_shift_pct").column("load_shift_pct")).all()
    assert found.flags == []


@pytest.mark.parametrize("offsets_N", [(-60.0, -43.0), (35.0, 70.0), (0.0, -200.0)])
def test_frames_that_are_named_as_unloaded_are_honoured_whatever_the_offset(shared_data, tmp_path, offsets_N):
    def change(c3d: Any, samples: np.ndarray) -> None:
        samples[2] += offsets_N[0]
        samples[8] += offsets_N[1]
        c3d["parameters"]["FORCE_PLATFORM"]["ZERO"]["value"] = np.array([1, 10])

    def as_it_is(c3d: Any, _samples: np.ndarray) -> None:
        c3d["parameters"]["FORCE_PLATFORM"]["ZERO"]["value"] = np.array([1, 10])

    spoiled, sound = imported(shared_data / WALKING5, tmp_path, change), imported(shared_data / WALKING5, tmp_path, as_it_is)
    assert [caveat.id for caveat in spoiled.caveats].count("zero_taken_off") == 2
    for side in ("left", "right"):
        (fz, cop), (true_fz, true_cop) = cop_of(spoiled, side), cop_of(sound, side)
        np.testing.assert_allclose(fz, true_fz, atol=0.05)
        np.testing.assert_allclose(cop, true_cop, atol=0.05)


def test_frames_from_0_on_begin_with_the_first(shared_data, tmp_path):
    def change(c3d: Any, _samples: np.ndarray) -> None:
        c3d["parameters"]["FORCE_PLATFORM"]["ZERO"]["value"] = np.array([0, 10])

    zeroes = [[plate.zero for plate in imported(shared_data / GAIT, tmp_path, how).rig.plate] for how in (None, change)]
    assert zeroes[0] == zeroes[1]
    assert all(any(zero) for zero in zeroes[0])


def test_frames_named_while_somebody_stands_there_are_not_honoured(shared_data, tmp_path):
    def change(c3d: Any, _samples: np.ndarray) -> None:
        c3d["parameters"]["FORCE_PLATFORM"]["ZERO"]["value"] = np.array([1, 10])

    result = imported(shared_data / RETURN11, tmp_path, change)
    assert [caveat.id for caveat in result.caveats].count("zero_while_loaded") == 2
    assert all(not any(plate.zero) for plate in result.rig.plate)


@pytest.mark.parametrize("reads_N", [25.0, 46.0, 200.0, -30.0])
def test_what_an_empty_plate_reads_is_found_without_being_named(tmp_path, reads_N):
    rng = np.random.default_rng(1)
    left, right = standing(400.0, 6000), standing(500.0, 6000)
    left[:2500] = right[:2500] = 0.0
    analog = np.hstack([left, right]) + rng.normal(0.0, 0.4, (6000, 12)) * np.array(([1.0] * 3 + [0.0] * 3) * 2)
    analog[:, 2] -= reads_N
    result = imported(make(tmp_path / "a.c3d", analog), tmp_path)
    assert f"reads {reads_N:.0f} N with nobody on it" in told(result)["zero_found"]
    fz, _ = cop_of(result, "left")
    assert fz[:2400].mean() == pytest.approx(0.0, abs=0.2)
    assert fz[2600:].mean() == pytest.approx(400.0, abs=1.0)


def test_a_drift_between_empty_stretches_is_told(tmp_path):
    left = np.vstack([standing(400.0, 6000), standing(400.0, 6000)])
    left[:2500] = left[6000:8500] = 0.0
    left[6000:, 2] -= 12.0
    analog = np.hstack([left, np.vstack([standing(500.0, 6000)] * 2)])
    sentence = told(imported(make(tmp_path / "a.c3d", analog), tmp_path))["plate_drifts"]
    assert sentence.startswith("What plate 1 reads with nobody on it drifts from 0 N at 0 s to 12 N at 8 s")


def test_both_feet_on_one_plate_give_no_load_share(shared_data, tmp_path):
    def change(c3d: Any, samples: np.ndarray) -> None:
        samples[0:6] += samples[6:12]
        samples[6:12] = 0.0
        samples[8] = -25.0 + np.random.default_rng(0).normal(0.0, 0.5, samples.shape[1])
        corners = c3d["parameters"]["FORCE_PLATFORM"]["CORNERS"]
        value = corners["value"]
        value[:, :, 0] = np.array([[400, 620, 0], [0, 620, 0], [0, 1820, 0], [400, 1820, 0]], float).T
        value[:, :, 1] = np.array([[400, 1820, 0], [0, 1820, 0], [0, 3020, 0], [400, 3020, 0]], float).T
        corners["value"] = value

    result = imported(shared_data / RETURN11, tmp_path, change)
    assert told(result)["feet_not_apart"].startswith("Both feet stand on plate 1")
    assert not result.rig.lab.feet_apart
    found = judged(result)
    assert np.isnan(found.table_with("load_share_right_pct").column("load_share_right_pct")).all()
    assert found.flags == []


@pytest.mark.parametrize(
    ("name", "said"),
    [("biomechzoo/HC002D02.c3d", "Both feet stand on plate 1"), ("nimblephysics/welk007_static1.c3d", "across two plates")],
)
def test_real_files_whose_feet_have_no_plate_of_their_own(shared_data, tmp_path, name, said):
    result = imported(shared_data / name, tmp_path)
    assert said in told(result)["feet_not_apart"]
    found = judged(result)
    for column in ("load_shift_pct", "cop_net_shift_mm", "foot_cop_medial_left_mm", "foot_cop_medial_right_mm"):
        assert np.isnan(found.table_with(column).column(column)).all()
    assert found.flags == []


@pytest.mark.parametrize("name", [RETURN11, WALKING5, GAIT, "rehazenter/2014001_C1_01.c3d", "mujoco/mj_toes_out_heels.c3d"])
def test_feet_on_plates_of_their_own_are_not_doubted(shared_data, tmp_path, name):
    result = imported(shared_data / name, tmp_path)
    assert result.rig.lab.feet_apart
    doubts = {"plate_zero_unknown", "moments_unit_wrong", "cop_off_plate", "plate_not_read", "cop_off_foot"}
    assert not doubts & set(told(result))


def test_emg_without_plates_is_a_recording(shared_data, tmp_path):
    result = imported(shared_data / "pyomeca" / "markers_analogs.c3d", tmp_path)
    assert result.rig.plate == []
    assert judged(result).flags == []


@pytest.mark.parametrize("name", ["mj_toes_out_heels", "mj_right_cave_stiff_ankle"])
def test_pressure_along_the_foot_is_that_of_a_rigid_body_model(shared_data, tmp_path, name):
    """Against the model's own truth at the bottom of each repetition; no flag rises before there are own repetitions."""
    truth = json.loads((shared_data / "mujoco" / f"{name}.json").read_text())
    found = judged(imported(shared_data / "mujoco" / f"{name}.c3d", tmp_path))
    for repetition in truth["reps"]:
        for side in ("left", "right"):
            table = found.table_with(f"foot_cop_medial_{side}_mm")
            at = (table.time_s >= repetition["bottom_s"][0]) & (table.time_s <= repetition["bottom_s"][1])
            expected = repetition[f"cop_medial_foot_axis_mm_{side[0].upper()}"]
            assert np.mean(table.column(f"foot_cop_medial_{side}_mm")[at]) == pytest.approx(expected, abs=0.6)
    assert not [flag for flag in found.flags if flag.start_s < truth["reps"][2]["bottom_s"][1]]
    assert {(flag.rule, flag.side, flag.severity.name) for flag in found.flags} <= {("foot_cop_medial", "right", "AMBER")}
    assert found.flags == [] or "cave" in name


@pytest.mark.parametrize("seen", ["left", "right"])
@pytest.mark.parametrize("hidden", [True, False])
@pytest.mark.parametrize("degrees", [0.0, 63.0, -140.0])
def test_markers_on_one_foot_leave_the_lifters_right_to_the_plates(shared_data, tmp_path, seen, hidden, degrees):
    """The foot is turned out by 25 degrees; square to it, the lifter's right would be that far off."""

    def change(c3d: Any, _samples: np.ndarray) -> None:
        labels = c3d["parameters"]["POINT"]["LABELS"]["value"]
        points = c3d["data"]["points"]
        for i, label in enumerate(labels):
            if label[0] != seen[0].upper() and label[1:] in ("HEE", "TOE", "MT1", "MT5"):
                points[:3, i] = np.nan
        turn = np.radians(degrees)
        turned = np.array([[np.cos(turn), -np.sin(turn), 0.0], [np.sin(turn), np.cos(turn), 0.0], [0.0, 0.0, 1.0]])
        points[:3] = np.einsum("ij,jkl->ikl", turned, points[:3])
        c3d["data"]["points"] = points
        corners = c3d["parameters"]["FORCE_PLATFORM"]["CORNERS"]
        corners["value"] = np.einsum("ij,jkl->ikl", turned, corners["value"])
        if not hidden:
            c3d["parameters"]["POINT"]["LABELS"]["value"] = [x if x[0] == seen[0].upper() else f"Q{x}" for x in labels]

    result = imported(shared_data / "mujoco" / "mj_toes_out_heels.c3d", tmp_path, change)
    axes = lifter_axes(result.rig)
    assert axes.right == pytest.approx([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], abs=0.01)
    (foot,) = result.rig.foot
    assert (foot.side, foot.toe_out_deg) == (seen, pytest.approx(25.0, abs=0.5))
    found = judged(result)
    assert np.nanmax(np.abs(found.table_with("cop_net_shift_mm").column("cop_net_shift_mm"))) < 0.5
    column = f"foot_cop_medial_{seen}_mm"
    assert np.nanmax(np.abs(found.table_with(column).column(column))) < 8.0
    assert "directions_differ" not in {caveat.id for caveat in caveats(found)}
    assert found.flags == []


def test_a_rate_that_contradicts_the_frames_is_not_believed(tmp_path):
    """1050 Hz are said, and each frame at 100 Hz has ten samples."""
    path = make(tmp_path / "a.c3d")
    said, wrong = struct.pack("<f", 1000.0), struct.pack("<f", 1050.0)
    content = path.read_bytes()
    assert content.count(said) >= 1
    at = content.index(said)
    path.write_bytes(content[:at] + wrong + content[at + 4 :])
    result = imported(path, tmp_path)
    assert "each frame at 100 Hz has 10 samples, which is 1000 Hz" in told(result)["rate_contradicts"]
    assert result.rig.stream[0].rate_hz == 1000.0


@pytest.mark.parametrize("first", [1, 2, 3])
@pytest.mark.parametrize("plates", [[0], [1], [0, 1]])
def test_pressure_beside_the_foot_that_makes_it_is_told_and_gives_no_share(shared_data, tmp_path, first, plates):
    """Corners that begin at another one turn the plate's axes, and its outline stays."""

    def change(c3d: Any, _samples: np.ndarray) -> None:
        corners = c3d["parameters"]["FORCE_PLATFORM"]["CORNERS"]
        for plate in plates:
            corners["value"][:, :, plate] = np.roll(corners["value"][:, :, plate], first, axis=1)

    result = imported(shared_data / RETURN11, tmp_path, change)
    sentence = told(result)["cop_off_foot"]
    assert sentence.startswith(f"The pressure on plate {plates[0] + 1} lies ")
    assert "mm beside the " in sentence
    assert not result.rig.lab.feet_apart
    found = judged(result)
    assert not found.flags
    assert np.isnan(found.table_with("load_shift_pct").column("load_shift_pct")).all()
