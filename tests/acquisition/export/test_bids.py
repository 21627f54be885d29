"""BIDS-EMG export: the official validator finds no error, and every sample is read back, by two readers."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import edfio
import numpy as np
import pandas as pd
import pyedflib
import pytest

from acquisition.export import bids as module
from acquisition.export.about import About, Event, ExportError
from acquisition.export.bdf import BdfChannel, labels_of, record_of, write_bdf
from acquisition.export.bids import BidsDataset
from acquisition.export.signals import beside_emg, emg_of
from acquisition.recording import Recording
from tests.support.exported import a_lab, a_plate, stood, written
from tests.support.rigs import a_rig

ABOUT = About("r", "A-1", "2026-11-27-1", "squat", "loaded", 3, 40.0, 700.0, "ab" * 32, "0.1.0", 50.0)
EVENTS = [Event(0.25, 0.5, "repetition", "repetition 1", "", "set 1"), Event(0.5, 0.0, "bottom", "repetition 1 bottom")]
EVENTS += [Event(0.6, float("nan"), "flag", "load shifts to the left leg", "left", "red")]
STEP = 2.0**24 - 1


def dataset(folder, *recordings, about=ABOUT, events=EVENTS):
    """Export recordings, and return the files with EMG and all caveats."""
    folder.mkdir(exist_ok=True)
    made = BidsDataset(folder)
    files, caveats = [], []
    for path in recordings:
        with Recording(path) as recording:
            files += made.add(recording, about, events, caveats)
    made.finish()
    return files, caveats


@pytest.fixture(scope="session")
def validator():
    """Return what runs the official validator on a dataset and returns its errors; skip where it can't run."""
    program = Path(sys.executable).with_name("bids-validator-deno" + (".exe" if sys.platform == "win32" else ""))
    try:
        subprocess.run([program, "--version"], check=True, capture_output=True, timeout=60)
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"the BIDS validator can't run here: {error}")

    def errors(folder):
        told = subprocess.run([program, "--format", "json", folder], capture_output=True, timeout=120, check=False)
        found = json.loads(told.stdout)
        assert found["summary"]["modalities"] == ["emg"]
        return [issue for issue in found["issues"]["issues"] if issue["severity"] == "error"]

    return errors


def read(path):
    """Return the physical values of every channel as edfio and as pyedflib read them, with the step of each."""
    bdf = edfio.read_bdf(path)
    own = np.array([signal.data for signal in bdf.signals])
    steps = np.array([(s.physical_max - s.physical_min) / STEP for s in bdf.signals])
    with pyedflib.EdfReader(str(path)) as other:
        assert other.getSignalLabels() == [signal.label for signal in bdf.signals]
        theirs = np.array([other.readSignal(i) for i in range(other.signals_in_file)])
        assert np.abs(theirs - own).max(axis=1) == pytest.approx(0.0, abs=1e-6 * np.abs(own).max() + 1e-12)
    return bdf, own, steps


def a_recording(tmp_path, rows=1000, name="r.h5", **parts):
    rig = a_lab([a_plate("left", 2), a_plate("right", 4)], **parts)
    raw = stood(rig, rows)
    return written(tmp_path / name, rig, {"lab": [(0, raw)]}), rig, raw


def test_the_validator_finds_no_error_and_would_find_one(tmp_path, validator):
    path, _, _ = a_recording(tmp_path)
    (bdf,), _ = dataset(tmp_path / "ds", path)
    assert (
        bdf.relative_to(tmp_path / "ds").as_posix() == "sub-A1/ses-202611271/emg/sub-A1_ses-202611271_task-squat_run-01_emg.bdf"
    )
    assert validator(tmp_path / "ds") == []
    bdf.with_name(bdf.name.replace("_emg.bdf", "_emg.json")).unlink()
    assert {issue["code"] for issue in validator(tmp_path / "ds")} == {"SIDECAR_KEY_REQUIRED"}


def test_the_validator_finds_no_error_in_what_is_odd(tmp_path, validator):
    """No plates, two streams of EMG, one with 64 channels, of odd rates and labels; gaps; a tenth of a second; no lifter."""
    many = [f"e{i}" for i in range(62)] + ["רגל שמאל", "a very long label of a channel"]
    emg = [{"muscle": "other", "side": "left", "stream": "many", "channel": channel} for channel in many]
    emg += [{"muscle": "VL", "side": "right", "stream": "two", "channel": "x"}]
    rig = a_rig(
        {"name": "many", "rate_hz": 1925.9259, "channels": many, "units": "uV"},
        {
            "name": "two",
            "rate_hz": 200.0,
            "channels": ["x", "line", "no unit"],
            "units": ["V", "V", ""],
            "sync_channel": "line",
        },
        emg=emg,
    )
    rng = np.random.default_rng(1)
    parts = {
        "many": [(0, rng.normal(size=(900, 64))), (1200, rng.normal(size=(900, 64)))],
        "two": [(0, rng.normal(size=(200, 3)))],
    }
    path = written(tmp_path / "סט 1.h5", rig, parts)
    short = written(tmp_path / "short.h5", rig, {"many": [(0, rng.normal(size=(193, 64)))], "two": []})
    about = About("סט 1b", task="mvc", anonymous=True)
    files, caveats = dataset(tmp_path / "ds", path, short, about=about)
    names = [file.name for file in files]
    assert names == [
        "sub-1b_task-mvc_acq-many_run-01_emg.bdf",
        "sub-1b_task-mvc_acq-two_run-01_emg.bdf",
        "sub-1b_task-mvc_run-02_emg.bdf",
    ]
    assert validator(tmp_path / "ds") == []
    assert {caveat.id for caveat in caveats} == {"held", "frame_filled"}
    channels = pd.read_csv(files[1].with_name(names[1].replace("_emg.bdf", "_channels.tsv")), sep="\t", keep_default_na=False)
    assert channels["type"].tolist() == ["EMG", "TRIG", "MISC"]
    assert channels["units"].tolist() == ["uV", "V", "n/a"]
    bdf, own, steps = read(files[0])
    assert bdf.labels[-2:] == ("channel_63", "a_very_long_labe")
    assert np.abs(own[:, :900] - parts["many"][0][1].T).max() <= steps.max()
    held = np.repeat(parts["many"][0][1][-1:], 300, axis=0).T
    assert np.abs(own[:, 900:1200] - held).max() <= steps.max()
    assert np.abs(own[:, 1200:2100] - parts["many"][1][1].T).max() <= steps.max()
    skips = [a for a in bdf.annotations if a.text == "BAD_ACQ_SKIP"]
    assert (skips[0].onset * 1925.9259, skips[0].duration * 1925.9259) == pytest.approx((900, 300), abs=0.01)
    assert skips[1].onset * 1925.9259 == pytest.approx(2100, abs=0.01)


def test_emg_is_read_back_within_half_a_step_and_times_are_kept(tmp_path):
    path, rig, raw = a_recording(tmp_path, 1370)
    (file,), caveats = dataset(tmp_path / "ds", path)
    bdf, own, steps = read(file)
    true = np.vstack([emg_of(rig, "lab").of(raw).T, raw[:, -1]])
    assert bdf.labels == ("VL_left", "BF_left", "VL_right", "BF_right", "footswitch")
    assert (np.abs(own[:, :1370] - true).max(axis=1) <= 0.5001 * steps).all()
    assert (steps[:4] < 1e-3).all()  # uV
    assert bdf.signals[0].sampling_frequency == 1000.0
    assert bdf.signals[0].physical_dimension == "uV"
    assert bdf.duration == pytest.approx(1.37)
    assert caveats == []
    with Recording(path) as recording:
        began = datetime.fromisoformat(recording.created_utc)
    assert bdf.startdatetime.replace(tzinfo=None) == began.replace(tzinfo=None)
    texts = [(a.onset, a.duration, a.text) for a in bdf.annotations]
    assert texts == [
        (0.25, 0.5, "repetition 1"),
        (0.5, None, "repetition 1 bottom"),
        (0.6, None, "load shifts to the left leg"),
    ]
    stem = file.name.removesuffix("_emg.bdf")
    events = pd.read_csv(file.with_name(f"{stem}_events.tsv"), sep="\t", keep_default_na=False)
    assert events["onset"].astype(float).tolist() == [0.25, 0.5, 0.6]
    assert events["duration"].tolist() == ["0.5", "0.0", "n/a"]
    assert events["side"].tolist() == ["n/a", "n/a", "left"]
    sidecar = json.loads(file.with_name(f"{stem}_emg.json").read_text(encoding="utf-8"))
    assert (sidecar["PowerLineFrequency"], sidecar["EMGChannelCount"], sidecar["RecordingDuration"]) == (50.0, 4, 1.37)
    scans = pd.read_csv(next((tmp_path / "ds").rglob("*_scans.tsv")), sep="\t")
    assert scans[["condition", "bar_kg", "body_weight"]].to_numpy().tolist() == [["loaded", 40.0, 700.0]]
    assert datetime.fromisoformat(scans["acq_time"][0]) == began


def test_forces_beside_have_every_digit_and_no_number_where_a_sample_was_lost(tmp_path):
    rig = a_lab([a_plate("left", 2), a_plate("right", 4)])
    raw = stood(rig, 500)
    path = written(tmp_path / "r.h5", rig, {"lab": [(0, raw[:200]), (230, raw[200:])]})
    (file,), _ = dataset(tmp_path / "ds", path)
    physio = next(file.parent.glob("*_recording-lab_physio.tsv.gz"))
    with gzip.open(physio, "rt", encoding="utf-8") as lines:
        rows = [[float(cell) if cell != "n/a" else np.nan for cell in line.rstrip("\n").split("\t")] for line in lines]
    true = beside_emg(rig, "lab").of(raw)
    found = np.array(rows)
    np.testing.assert_array_equal(found[:200], true[:200])
    assert np.isnan(found[200:230]).all()
    np.testing.assert_array_equal(found[230:], true[200:])
    sidecar = json.loads(physio.with_name(physio.name.replace(".tsv.gz", ".json")).read_text(encoding="utf-8"))
    assert sidecar["Columns"] == [column.name for column in beside_emg(rig, "lab").columns]
    assert (sidecar["SamplingFrequency"], sidecar["StartTime"]) == (1000.0, 0.0)


def test_another_stream_has_its_own_rate_and_beginning(tmp_path):
    plates = [a_plate("left", 2, "plates"), a_plate("right", 2, "plates")]
    names = [name for plate in plates for name in plate["channels"]]
    rig = a_rig(
        {"name": "plates", "rate_hz": 500.0, "channels": names},
        {"name": "emg", "rate_hz": 2000.0, "channels": ["VL_L"]},
        plate=plates,
        emg=[{"muscle": "VL", "side": "left", "stream": "emg", "channel": "VL_L"}],
    )
    rng = np.random.default_rng(5)
    parts = {"plates": [(0, rng.normal(size=(500, 12)))], "emg": [(0, rng.normal(size=(2000, 1)))]}
    path = written(tmp_path / "r.h5", rig, parts)
    (file,), _ = dataset(tmp_path / "ds", path)
    sidecar = json.loads(next(file.parent.glob("*_physio.json")).read_text(encoding="utf-8"))
    with Recording(path) as recording:
        zero = {name: clock.host_s(np.array([0]))[0] for name, clock in recording.clocks.items()}
        first_s = zero["emg"] - recording.start_s
    assert sidecar["SamplingFrequency"] == 500.0
    assert sidecar["StartTime"] == pytest.approx(zero["plates"] - zero["emg"], abs=1e-9)
    assert edfio.read_bdf(file).annotations[0].onset == pytest.approx(0.25 - first_s, abs=1e-6)


def test_a_long_recording_becomes_runs_that_follow_each_other(tmp_path, monkeypatch, validator):
    path, rig, raw = a_recording(tmp_path, 3500)
    monkeypatch.setattr(module, "MOST_VALUES", 17 * 1000)
    files, _ = dataset(tmp_path / "ds", path, events=[*EVENTS, Event(2.5, 0.1, "repetition", "repetition 2")])
    assert [file.name[-14:-8] for file in files] == ["run-01", "run-02", "run-03", "run-04"]
    parts = [read(file) for file in files]
    whole = np.concatenate([own for _, own, _ in parts], axis=1)
    assert whole.shape[1] == 3500
    assert np.abs(whole[:4] - emg_of(rig, "lab").of(raw).T).max() < 1e-3
    assert [len(bdf.annotations) for bdf, _, _ in parts] == [3, 0, 1, 0]
    assert parts[2][0].annotations[0].onset == pytest.approx(0.5)
    physio = sorted(files[0].parent.glob("*_physio.tsv.gz"))
    rows = [line for file in physio for line in gzip.decompress(file.read_bytes()).decode().splitlines()]
    np.testing.assert_array_equal([float(row.split("\t")[2]) for row in rows], beside_emg(rig, "lab").of(raw)[:, 2])
    scans = pd.read_csv(next((tmp_path / "ds").rglob("*_scans.tsv")), sep="\t")
    assert pd.to_datetime(scans["acq_time"]).diff().dt.total_seconds().tolist()[1:] == [1.0, 1.0, 1.0]
    assert validator(tmp_path / "ds") == []


def test_an_anonymous_recording_has_no_date_anywhere(tmp_path):
    path, _, _ = a_recording(tmp_path)
    (file,), _ = dataset(tmp_path / "ds", path, about=replace(ABOUT, anonymous=True, session="1"))
    with Recording(path) as recording:
        date = datetime.fromisoformat(recording.created_utc)
    for text in (tmp_path / "ds").rglob("*"):
        if text.is_file():
            content = text.read_bytes()
            assert f"{date:%Y-%m-%d}".encode() not in content
            assert f"{date:%d.%m.%y}".encode() not in content
            assert f"{date:%d-%b-%Y}".upper().encode() not in content
    with pytest.raises(edfio.AnonymizedDateError):
        _ = edfio.read_bdf(file).recording.startdate


@pytest.mark.parametrize("rate_hz", [2000.0, 1000.0, 1259.259259, 2148.1481481, 1925.925926, 200.0, 62.5, 0.5, 4000.0])
@pytest.mark.parametrize("samples", [1, 1999, 30400])
def test_a_data_record_keeps_the_rate(rate_hz, samples):
    count, record_s = record_of(rate_hz, samples)
    assert count >= 1
    assert len(f"{record_s:.10g}") <= 8
    assert count / record_s == pytest.approx(rate_hz, rel=1e-6)
    if rate_hz.is_integer() and rate_hz >= 10:
        assert count / record_s == rate_hz


def test_labels_are_short_ascii_and_each_there_once():
    labels = labels_of(["VL_left", "VL_left", "müde", "רגל_left", "x" * 40, "x" * 41, ""])
    assert labels == ["VL_left", "VL_left_2", "mude", "channel_4", "x" * 16, "x" * 14 + "_2", "channel_7"]


def test_two_lifters_whose_ids_become_one_are_not_mixed(tmp_path):
    path, _, _ = a_recording(tmp_path)
    (tmp_path / "ds").mkdir()
    made = BidsDataset(tmp_path / "ds")
    with Recording(path) as recording:
        made.add(recording, ABOUT, [], [])
        with pytest.raises(ExportError, match="'A1' and 'A-1' would both be sub-A1"):
            made.add(recording, replace(ABOUT, lifter="A1"), [], [])


def test_what_fails_leaves_nothing_and_the_next_one_takes_its_number(tmp_path, monkeypatch, validator):
    path, _, _ = a_recording(tmp_path)
    (tmp_path / "ds").mkdir()
    made = BidsDataset(tmp_path / "ds")
    with Recording(path) as recording:
        with monkeypatch.context() as patch:
            patch.setattr(module, "_write_physio", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
            with pytest.raises(ExportError, match="No space left"):
                made.add(recording, ABOUT, [], [])
        assert list((tmp_path / "ds").iterdir()) == []
        (file,) = made.add(recording, ABOUT, [], [])
    assert "_run-01_" in file.name
    made.finish()
    assert validator(tmp_path / "ds") == []


def test_units_of_other_letters_are_written_with_those_of_the_format_and_huge_numbers_are_refused(tmp_path):
    values = np.array([[1.0, 2.0], [-3.5e9, 3.5e9]])
    write_bdf(tmp_path / "a.bdf", values[:1], 1.0, [BdfChannel("a", "µV per second")], [], "A1", None)
    assert edfio.read_bdf(tmp_path / "a.bdf").signals[0].physical_dimension == "uV per s"
    with pytest.raises(ExportError, match=r"can't hold the channel b, whose values go from -3.5e\+09 to 3.5e\+09 N"):
        write_bdf(tmp_path / "b.bdf", values, 1.0, [BdfChannel("a", "V"), BdfChannel("b", "N")], [], "A1", None)
    assert not (tmp_path / "b.bdf").exists()


def test_what_holds_no_emg_is_refused(tmp_path):
    rig = a_lab([a_plate("left", 2)], muscles=())
    path = written(tmp_path / "r.h5", rig, {"lab": [(0, stood(rig, 100))]})
    with pytest.raises(ExportError, match="holds no samples of EMG"):
        dataset(tmp_path / "ds", path)


def test_without_edfio_it_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "edfio", None)
    with pytest.raises(ExportError, match=r"squatscope\[bids\]"):
        BidsDataset(tmp_path)
