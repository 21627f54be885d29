"""C3D export, against ezc3d's own mechanics, a second reader, and the import that is here."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import ezc3d
import numpy as np
import pytest

from acquisition.export import c3d as module
from acquisition.export.about import About, Event, ExportError
from acquisition.export.c3d import export_c3d
from acquisition.formats.c3d.importer import import_c3d
from acquisition.formats.importing import even_stretch, write_recording
from acquisition.recording import Recording
from acquisition.rig.plate_map import plate_map
from processing.batch import reprocess, with_settings
from processing.force.wrench import plate_wrench
from tests.support.exported import a_lab, a_plate, less, stood, written
from tests.support.rigs import a_rig, example_with
from tests.support.sessions import recorded, simulated

ABOUT = About("r", "A1", "2026-11-27-1", "squat", "loaded", 3, 40.0, 700.0, "ab" * 32, "0.1.0")
SINGLE = 6e-8
"""How much of a number a float of 32 bits leaves open."""


def exported(path, out, events=()):
    caveats = []
    with Recording(path) as recording:
        files = export_c3d(recording, ABOUT, list(events), out, caveats)
    return files, caveats


def second_reader(path):
    """Return labels and analog samples as the package c3d reads them."""
    import c3d

    with warnings.catch_warnings(), path.open("rb") as file:
        warnings.simplefilter("ignore")  # it warns of files without markers, and of old numpy habits of its own
        reader = c3d.Reader(file)
        labels = [label.strip() for label in reader.analog_labels]
        frames = [(points.copy(), analog.copy()) for _, points, analog in reader.read_frames()]
        return labels, reader.analog_rate, np.concatenate([analog for _, analog in frames], axis=1), [p for p, _ in frames]


def lab_wrench(rig, raw, side, stream="lab"):
    plate = next(plate for plate in rig.plate if plate.side == side)
    return plate_wrench(raw, [rig.column(stream, name) for name in plate.channels], plate_map(plate), rig.plates.cop_N)


@pytest.mark.parametrize("c3d_type", [1, 2, 3, 4, 5])
def test_forces_moments_and_pressure_of_every_type_are_the_raw_ones(tmp_path, c3d_type):
    rig = a_lab([a_plate("left", c3d_type), a_plate("right", 2, pad_mm=12.0)])
    raw = stood(rig, 2000)
    (path,), caveats = exported(written(tmp_path / "r.h5", rig, {"lab": [(0, raw)]}), tmp_path / "r.c3d")
    assert caveats == []
    file = ezc3d.c3d(str(path), extract_forceplat_data=True)
    assert file["parameters"]["FORCE_PLATFORM"]["TYPE"]["value"].tolist() == [2, 2]
    for side, platform in zip(("left", "right"), file["data"]["platform"], strict=True):
        its = lab_wrench(rig, raw, side)
        scale = np.abs(its.force_N).max()
        assert np.abs(platform["force"].T - its.force_N).max() < 10 * SINGLE * scale
        assert np.abs(platform["center_of_pressure"].T - its.cop_mm).max() < 1e-3
        centre = np.mean(platform["corners"], axis=1)
        about_centre = its.moment_Nmm - np.cross(centre, its.force_N)
        assert np.abs(platform["moment"].T - about_centre).max() < 30 * SINGLE * np.abs(its.moment_Nmm).max()


def test_a_plate_without_a_free_moment_is_written_with_none_and_one_without_a_place_as_a_channel(tmp_path):
    rig = a_lab([less(a_plate("left", 1), 5), less(a_plate("right", 1), 1)])
    raw = stood(rig, 2000)
    (path,), caveats = exported(written(tmp_path / "r.h5", rig, {"lab": [(0, raw)]}), tmp_path / "r.c3d")
    assert [(caveat.id, caveat.about) for caveat in caveats] == [("plate_as_channel", "right"), ("free_moment_as_none", "left")]
    file = ezc3d.c3d(str(path), extract_forceplat_data=True)
    (platform,) = file["data"]["platform"]
    its = lab_wrench(rig, raw, "left")
    assert np.abs(platform["center_of_pressure"].T - its.cop_mm).max() < 1e-3
    assert np.abs(platform["Tz"]).max() < 1.0
    labels = file["parameters"]["ANALOG"]["LABELS"]["value"]
    alone = file["data"]["analogs"][0, labels.index("Fz right")]
    assert np.abs(alone - lab_wrench(rig, raw, "right").force_N[:, 2]).max() < 1e-3


def test_emg_is_in_volts_at_its_own_label_and_a_second_reader_sees_the_same(tmp_path):
    rig = a_lab([a_plate("left", 2), a_plate("right", 4)])
    emg = [one.model_dump() | ({"gain": 500.0} if one.muscle == "BF" else {}) for one in rig.emg]
    rig = type(rig).model_validate(rig.model_dump() | {"emg": emg})
    raw = stood(rig, 1500)
    (path,), _ = exported(written(tmp_path / "r.h5", rig, {"lab": [(0, raw)]}), tmp_path / "r.c3d")
    file = ezc3d.c3d(str(path))
    labels, rate_hz, analog, _ = second_reader(path)
    assert rate_hz == 1000.0
    assert labels == file["parameters"]["ANALOG"]["LABELS"]["value"]
    np.testing.assert_array_equal(analog, file["data"]["analogs"][0])
    units = dict(zip(labels, file["parameters"]["ANALOG"]["UNITS"]["value"], strict=True))
    about = dict(zip(labels, file["parameters"]["ANALOG"]["DESCRIPTIONS"]["value"], strict=True))
    for electrode in rig.emg:
        own = raw[:, rig.column("lab", electrode.channel)] / electrode.gain
        np.testing.assert_allclose(analog[labels.index(electrode.channel)], own, rtol=2 * SINGLE)
        assert units[electrode.channel] == "V"
    assert about["BF_L"] == "BF left, divided by the gain of 500"
    np.testing.assert_array_equal(analog[labels.index("footswitch")], raw[:, -1].astype(np.float32))
    assert [units[label] for label in labels[:12]] == 2 * (3 * ["N"] + 3 * ["Nmm"])


def test_events_and_who_it_was_are_in_the_file(tmp_path):
    rig = a_lab([a_plate("left", 2), a_plate("right", 2)])
    path = written(tmp_path / "r.h5", rig, {"lab": [(0, stood(rig, 90_000))]})
    events = [
        Event(61.25, 2.5, "repetition", "repetition 1", "", "set 1"),
        Event(62.0, 0.0, "bottom", "repetition 1 bottom"),
        Event(70.0, 1.0, "flag", "load shifts to the left leg", "left", "red"),
        Event(80.0, float("nan"), "flag", "still up", "right"),
        Event(300.0, 1.0, "flag", "beyond the end"),
    ]
    (out,), _ = exported(path, tmp_path / "r.c3d", events)
    parameters = ezc3d.c3d(str(out))["parameters"]
    event = parameters["EVENT"]
    minutes, seconds = event["TIMES"]["value"]
    told = list(zip(event["LABELS"]["value"], event["CONTEXTS"]["value"], np.round(60 * minutes + seconds, 5), strict=True))
    assert told == [
        ("repetition 1 start", "General", 61.25),
        ("repetition 1 bottom", "General", 62.0),
        ("repetition 1 end", "General", 63.75),
        ("load shifts to the left leg start", "Left", 70.0),
        ("load shifts to the left leg end", "Left", 71.0),
        ("still up start", "Right", 80.0),
    ]
    assert minutes.tolist()[:2] == [1.0, 1.0]
    assert parameters["EVENT"]["USED"]["value"].tolist() == [6]
    processing = parameters["PROCESSING"]
    assert parameters["SUBJECTS"]["NAMES"]["value"] == ["A1"]
    assert (processing["CONDITION"]["value"], processing["BAR_KG"]["value"].tolist()) == (["loaded"], [40.0])
    assert len(processing["CREATED_UTC"]["value"][0]) == 25
    assert parameters["TRIAL"]["ACTUAL_END_FIELD"]["value"].tolist() == [9000, 0]


def test_lost_samples_are_held_and_marked(tmp_path):
    rig = a_lab([a_plate("left", 2), a_plate("right", 2)])
    raw = stood(rig, 1000)
    raw[700:705, rig.column("lab", "VL_L")] = np.nan
    path = written(tmp_path / "r.h5", rig, {"lab": [(0, raw[:400]), (450, raw[400:])]})
    (out,), caveats = exported(path, tmp_path / "r.c3d")
    file = ezc3d.c3d(str(out))
    analog = file["data"]["analogs"][0]
    assert np.isfinite(analog).all()
    at = file["parameters"]["ANALOG"]["LABELS"]["value"].index("footswitch")
    expected = np.concatenate([raw[:400, -1], np.repeat(raw[399, -1], 50), raw[400:, -1]])
    np.testing.assert_array_equal(analog[at, :1050], expected.astype(np.float32))
    event = file["parameters"]["EVENT"]
    lost = list(zip(event["LABELS"]["value"], np.round(event["TIMES"]["value"][1], 4), strict=True))
    assert lost == [
        ("samples lost start", 0.4),
        ("samples lost end", 0.45),
        ("samples lost start", 0.75),
        ("samples lost end", 0.755),
    ]
    assert [caveat.id for caveat in caveats] == ["held"]


def test_a_plate_alone_that_reads_no_number_is_told(tmp_path):
    rig = a_lab([a_plate("left", 2), a_plate("right", 2)])
    raw = stood(rig, 1000)
    raw[300:320, 2] = np.nan
    (out,), caveats = exported(written(tmp_path / "r.h5", rig, {"lab": [(0, raw)]}), tmp_path / "r.c3d")
    assert [(caveat.id, caveat.about, caveat.values) for caveat in caveats] == [
        ("held", "lab", {"samples": 20.0, "spans": 1.0})
    ]
    event = ezc3d.c3d(str(out))["parameters"]["EVENT"]
    assert np.round(event["TIMES"]["value"][1], 4).tolist() == [0.3, 0.32]


def test_a_last_frame_that_is_not_full_is_told(tmp_path):
    rig = a_lab([a_plate("left", 2)])
    (out,), caveats = exported(written(tmp_path / "r.h5", rig, {"lab": [(0, stood(rig, 1003))]}), tmp_path / "r.c3d")
    assert ezc3d.c3d(str(out))["data"]["analogs"].shape[2] == 1010
    assert [caveat.id for caveat in caveats] == ["frame_filled"]
    assert caveats[0].values == {"samples": 7.0}


def test_the_slower_stream_keeps_its_samples_and_gets_others_between(tmp_path):
    """Plates at 1 kHz, EMG at 2 kHz, on one clock: every second sample of force is the plates' own."""
    plates = [a_plate("left", 2, "plates"), a_plate("right", 2, "plates")]
    names = [name for plate in plates for name in plate["channels"]]
    rig = a_rig(
        {"name": "plates", "channels": [*names, "switch"]},
        {"name": "emg", "rate_hz": 2000.0, "channels": ["VL_L", "סימן"]},
        {"name": "more", "rate_hz": 100.0, "channels": ["angle"], "units": "deg"},
        plate=plates,
        emg=[{"muscle": "VL", "side": "left", "stream": "emg", "channel": "VL_L"}],
    )
    t = np.arange(3000) / 1000.0
    sway = np.column_stack([np.sin(2 * np.pi * (1 + i) * t + i) for i in range(13)]) * 100.0 - 500.0
    emg = np.random.default_rng(5).normal(0, 1e-3, (6000, 2))
    path = written(tmp_path / "r.h5", rig, {"plates": [(0, sway)], "emg": [(0, emg)], "more": [(0, np.ones((300, 1)))]})
    (out,), caveats = exported(path, tmp_path / "r.c3d")
    assert sorted(caveat.id for caveat in caveats) == ["resampled", "streams_left_out"]
    assert "other channels of plates" in caveats[1].sentence
    assert "more" in caveats[1].about
    file = ezc3d.c3d(str(out), extract_forceplat_data=True)
    labels = file["parameters"]["ANALOG"]["LABELS"]["value"]
    assert labels[-2:] == ["VL_L", "סימן"]
    np.testing.assert_array_equal(file["data"]["analogs"][0, -2:].T, emg.astype(np.float32))
    with Recording(path) as recording:
        clocks = recording.clocks
    ahead = (clocks["emg"].host_s(np.array([0])) - clocks["plates"].host_s(np.array([0])))[0]
    at_s = np.arange(6000) / 2000.0 + ahead
    inner = slice(200, 5800)
    truth = np.column_stack([np.sin(2 * np.pi * (1 + i) * at_s + i) for i in range(12)]) * 100.0 - 500.0
    for k, side in enumerate(("left", "right")):
        its = lab_wrench(rig, truth, side, "plates")
        platform = file["data"]["platform"][k]
        assert np.abs(platform["force"].T - its.force_N)[inner].max() < 1e-3
        assert np.abs(platform["center_of_pressure"].T - its.cop_mm)[inner].max() < 1e-3


def test_what_is_longer_than_a_file_goes_into_several(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_FRAMES", 40)
    rig = a_lab([a_plate("left", 2), a_plate("right", 2)])
    raw = stood(rig, 1000)
    path = written(tmp_path / "r.h5", rig, {"lab": [(0, raw)]})
    events = [Event(0.395, 0.01, "repetition", "repetition 1"), Event(0.9, 0.0, "bottom", "b")]
    files, caveats = exported(path, tmp_path / "r.c3d", events)
    assert [file.name for file in files] == ["r-part1.c3d", "r-part2.c3d", "r-part3.c3d"]
    assert [caveat.id for caveat in caveats] == ["split_into_files"]
    read = [ezc3d.c3d(str(file)) for file in files]
    whole = np.concatenate([file["data"]["analogs"][0] for file in read], axis=1)
    np.testing.assert_array_equal(whole[-1], raw[:, -1].astype(np.float32))
    starts = [float(file["parameters"]["PROCESSING"]["START_S"]["value"][0]) for file in read]
    assert starts == pytest.approx([0.0, 0.4, 0.8])
    named = [file["parameters"]["EVENT"]["LABELS"]["value"] if "LABELS" in file["parameters"]["EVENT"] else [] for file in read]
    assert named == [["repetition 1 start"], ["repetition 1 end"], ["b"]]
    assert read[2]["parameters"]["EVENT"]["TIMES"]["value"][1, 0] == pytest.approx(0.1)


def test_more_events_than_a_file_names_leave_out_flags(tmp_path):
    rig = a_lab([a_plate("left", 2), a_plate("right", 2)])
    path = written(tmp_path / "r.h5", rig, {"lab": [(0, stood(rig, 1000))]})
    events = [Event(0.001 * i, 0.0, "flag", f"flag {i}") for i in range(300)]
    events += [Event(0.5, 0.1, "repetition", "repetition 1")]
    (out,), caveats = exported(path, tmp_path / "r.c3d", events)
    labels = ezc3d.c3d(str(out))["parameters"]["EVENT"]["LABELS"]["value"]
    assert len(labels) == 255
    assert labels[-2:] == ["repetition 1 start", "repetition 1 end"]
    assert [(caveat.id, caveat.values) for caveat in caveats] == [("events_left_out", {"left_out": 47.0})]


def test_sixty_four_channels_of_which_two_bear_one_name(tmp_path):
    emg = [{"muscle": "other", "side": "left", "stream": "emg", "channel": f"e{i}"} for i in range(64)]
    emg += [{"muscle": "other", "side": "right", "stream": "two", "channel": "e1"}]
    rig = a_rig({"name": "emg", "channels": [f"e{i}" for i in range(64)]}, {"name": "two", "channels": ["e1"]}, emg=emg)
    raw = np.random.default_rng(1).normal(size=(500, 64))
    path = written(tmp_path / "r.h5", rig, {"emg": [(0, raw)], "two": [(0, raw[:, :1])]})
    (out,), caveats = exported(path, tmp_path / "r.c3d")
    assert caveats == []
    labels, _, analog, _ = second_reader(out)
    assert labels == [f"e{i}" for i in range(64)] + ["e1 (65)"]
    np.testing.assert_allclose(analog[:64].T, raw, rtol=2 * SINGLE)


def test_without_plates_and_muscles_channels_are_as_they_were_recorded(tmp_path):
    rig = a_rig({"name": "angles", "channels": ["knee"], "units": "deg"})
    (out,), _ = exported(written(tmp_path / "r.h5", rig, {"angles": [(0, np.full((10, 1), 3.5))]}), tmp_path / "r.c3d")
    file = ezc3d.c3d(str(out))
    assert file["parameters"]["ANALOG"]["UNITS"]["value"] == ["deg"]
    assert (file["data"]["analogs"] == 3.5).all()
    assert file["parameters"]["FORCE_PLATFORM"]["USED"]["value"].tolist() == [0]


def test_what_holds_no_samples_is_refused(tmp_path):
    rig = a_lab([a_plate("left", 2)])
    with pytest.raises(ExportError, match="holds no samples of forces, EMG or other"):
        exported(written(tmp_path / "r.h5", rig, {"lab": []}), tmp_path / "r.c3d")
    assert [file.name for file in tmp_path.iterdir()] == ["r.h5"]


@pytest.mark.parametrize(
    "name", ["nimblephysics/Return11_static_c3dfile1", "bmc/Gait", "rehazenter/2014001_C1_01", "nimblephysics/welk007_static1"]
)
def test_real_files_keep_forces_pressure_and_emg(shared_data, tmp_path, name):
    """Of types 2 and 4, in millimetres and metres, with zeros: by ezc3d's own mechanics they are those of the recording."""
    import_c3d(shared_data / f"{name}.c3d", tmp_path / "a.h5")
    (out,), caveats = exported(tmp_path / "a.h5", tmp_path / "a.c3d")
    assert {caveat.id for caveat in caveats} <= {"frame_filled", "held"}
    with Recording(tmp_path / "a.h5") as recording:
        rig, raw = recording.rig, recording.samples("analog")
    file = ezc3d.c3d(str(out), extract_forceplat_data=True)
    for plate, platform in zip(rig.plate, file["data"]["platform"], strict=True):
        its = lab_wrench(rig, raw, plate.side, "analog")
        assert np.abs(platform["force"].T[: len(raw)] - its.force_N).max() < 2e-4
        on_it = its.force_N[:, 2] > 50.0
        assert np.abs(platform["center_of_pressure"].T[: len(raw)] - its.cop_mm)[on_it].max() < 0.02
    labels = file["parameters"]["ANALOG"]["LABELS"]["value"]
    for electrode in rig.emg:
        at = rig.column("analog", electrode.channel)
        volts = raw[:, at] * {"V": 1.0, "mV": 1e-3, "uV": 1e-6}[rig.stream_named("analog").stream().channels[at].unit]
        np.testing.assert_allclose(file["data"]["analogs"][0, labels.index(electrode.channel), : len(raw)], volts, rtol=1e-6)


def test_a_file_that_is_there_stays_and_one_that_fails_leaves_nothing(tmp_path, monkeypatch):
    rig = a_lab([a_plate("left", 2)])
    path = written(tmp_path / "r.h5", rig, {"lab": [(0, stood(rig, 100))]})
    (tmp_path / "r.c3d").write_text("mine")
    with pytest.raises(ExportError, match="exists already"):
        exported(path, tmp_path / "r.c3d")
    assert (tmp_path / "r.c3d").read_text() == "mine"

    def half(_file, path):
        Path(path).write_bytes(b"half of it")
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(ezc3d.c3d, "write", half)
    with pytest.raises(ExportError, match="the disk is full"):
        exported(path, tmp_path / "other.c3d")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["r.c3d", "r.h5"]


def test_markers_are_points_and_hidden_ones_have_no_place(shared_data, tmp_path):
    """A file with markers and two plates, imported, exported, and imported again: the same numbers, whole or in single."""
    import_c3d(shared_data / "mujoco" / "mj_right_cave_stiff_ankle.c3d", tmp_path / "a.h5")
    with Recording(tmp_path / "a.h5") as recording:
        rig = recording.rig
        analog, markers = recording.samples("analog"), recording.samples("markers")
    markers[100:140, :3] = np.nan
    path = tmp_path / "b.h5"
    samples = {"analog": analog, "markers": markers}
    write_recording(path, rig, {name: [even_stretch(of, rig.stream_named(name))] for name, of in samples.items()})
    (out,), caveats = exported(path, tmp_path / "b.c3d")
    assert caveats == []
    file = ezc3d.c3d(str(out))
    points = file["data"]["points"][:3].transpose(2, 1, 0).reshape(len(markers), -1)
    np.testing.assert_allclose(
        points, markers[:, [rig.column("markers", c) for m in rig.marker for c in m.channels]], rtol=SINGLE
    )
    residuals = file["data"]["meta_points"]["residuals"][0]
    assert (residuals[0] == -1).sum() == 40
    assert (residuals[1:] == 0).all()
    _, _, _, points = second_reader(out)
    hidden = np.array([frame[0, 3] == -1 for frame in points])
    assert np.flatnonzero(hidden).tolist() == list(range(100, 140))

    again = import_c3d(out, tmp_path / "c.h5")
    assert [(marker.point, marker.side) for marker in again.rig.marker] == [(m.point, m.side) for m in rig.marker]
    before = reprocess(path)
    after = reprocess(tmp_path / "c.h5", lambda own: with_settings(own, rig))
    assert len(before.repetitions) == len(after.repetitions) == 5
    for a, b in zip(before.repetitions, after.repetitions, strict=True):
        assert (b.start_s, b.bottom_s, b.end_s) == pytest.approx((a.start_s, a.bottom_s, a.end_s), abs=0.011)
        assert b.depth_m == pytest.approx(a.depth_m, abs=1e-4)


def test_a_session_comes_back_with_the_load_shift_and_muscles_it_had(tmp_path):
    """The demonstration on one clock of 2 kHz, through a file and back: equal but for single precision."""
    demo = example_with("demo")
    rig = example_with("demo", stream=[s.model_dump() | {"rate_hz": 2000.0, "sync_channel": None} for s in demo.stream])
    samples = simulated(rig, seconds=9.0)
    path = recorded(tmp_path / "a.h5", rig, samples)
    (out,), _ = exported(path, tmp_path / "a.c3d")
    map_file = tmp_path / "map.toml"
    map_file.write_text("plate = [{number = 1, side = 'left'}, {number = 2, side = 'right'}]", encoding="utf-8")
    imported = import_c3d(out, tmp_path / "b.h5", map_file)
    assert {(e.muscle, e.side) for e in imported.rig.emg} == {(e.muscle, e.side) for e in rig.emg}
    mvc = {(e.muscle, e.side): e.mvc_uV for e in rig.emg}

    def judged(own):
        emg = [e.model_copy(update={"mvc_uV": mvc[e.muscle, e.side]}) for e in own.emg]
        return with_settings(own, rig).model_copy(update={"emg": emg, "foot": rig.foot, "lab": rig.lab})

    before, after = reprocess(path), reprocess(tmp_path / "b.h5", judged)
    assert [flag.rule for flag in before.flags] == [flag.rule for flag in after.flags]
    assert len(before.repetitions) == len(after.repetitions) > 0
    for one, two in zip(before.repetitions, after.repetitions, strict=True):
        assert two.bottom_s == pytest.approx(one.bottom_s, abs=1e-6)
        assert two.depth_m == pytest.approx(one.depth_m, abs=1e-6)
    for name in (
        "load_shift_pct",
        "fz_right_N",
        "cop_right_x_mm",
        "free_moment_right_Nm",
        "activation_left_VL_pct",
        "qh_right",
    ):
        one, two = (results.table_with(name).column(name) for results in (before, after))
        np.testing.assert_allclose(two[: len(one)], one[: len(two)], atol=1e-6 * max(1.0, float(np.nanmax(np.abs(one)))))


def test_the_version_of_the_program_is_said(tmp_path):
    rig = a_lab([a_plate("left", 2)])
    (out,), _ = exported(written(tmp_path / "r.h5", rig, {"lab": [(0, stood(rig, 100))]}), tmp_path / "r.c3d")
    manufacturer = ezc3d.c3d(str(out))["parameters"]["MANUFACTURER"]
    assert manufacturer["SOFTWARE"]["value"] == ["squatscope"]
    assert re.fullmatch(r"[\d.]+", manufacturer["VERSION_LABEL"]["value"][0])
