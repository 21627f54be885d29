"""CSV and Parquet: every digit comes back, lost samples leave a step, and all that is needed lies beside."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from pyarrow.csv import read_csv

import squatscope
from acquisition.export import tables as module
from acquisition.export.about import About, Event, ExportError, Frames
from acquisition.export.signals import signals_of
from acquisition.export.tables import TableExport
from acquisition.recording import Recording
from tests.support.exported import a_lab, a_plate, stood, written

ABOUT = About("r", "A-1", "2026-11-27-1", "squat", "loaded", 3, 40.0, 700.0, "ab" * 32, "0.1.0", 50.0)
EVENTS = [Event(0.25, 0.5, "repetition", "repetition 1", "", "set 1, with a comma"), Event(0.6, np.nan, "flag", "שטף", "left")]
FRAMES = {
    "lab.force": Frames(
        ("load_shift_pct", "fz_left_N"),
        ("%", "N"),
        ("load_shift.x", "fz.y"),
        np.arange(5) / 100.0,
        np.array([[1.0 / 3.0, np.nan]] * 5),
    )
}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Return a recording with a gap and an unloaded plate for a while, its rig and its raw samples."""
    rig = a_lab([a_plate("left", 2), a_plate("right", 4)])
    raw = stood(rig, 500)
    raw[:50, rig.column("lab", "left 2")] = rig.plate[0].zero[2]
    path = tmp_path_factory.mktemp("tables") / "r.h5"
    return written(path, rig, {"lab": [(0, raw[:200]), (230, raw[200:])]}), rig, raw


def exported(path, out, kind, *, long=False, about=ABOUT, events=EVENTS, frames=FRAMES):
    out.mkdir(exist_ok=True)
    with Recording(path) as recording:
        return TableExport(out, kind, long=long).add(recording, about, events, frames, recording.rig)


def read(path):
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    return read_csv(path).to_pandas()  # arrow's numbers are exact


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_every_sample_comes_back_to_the_bit(recorded, tmp_path, kind):
    path, rig, raw = recorded
    files = exported(path, tmp_path / "out", kind)
    assert [file.name for file in files] == [f"r.lab.{kind}", f"r.lab.force.{kind}", f"r.events.{kind}", f"r.{kind}.json"]
    signals = signals_of(rig, "lab")
    table = read(files[0])
    assert list(table.columns) == ["time_s", *(column.name for column in signals.columns)]
    np.testing.assert_array_equal(table.iloc[:, 1:].to_numpy(float), signals.of(raw))
    assert table["cop_x_left_mm"].isna().sum() == 50
    opened = squatscope.open(path)
    np.testing.assert_array_equal(table["time_s"], opened.time_s("lab"))
    assert np.flatnonzero(np.diff(table["time_s"]) > 0.002).tolist() == [199]
    np.testing.assert_allclose(table.filter(regex="^[fm]._").to_numpy(), opened.forces.to_numpy(), atol=1e-5)
    frames = read(files[1])
    assert frames["load_shift_pct"].tolist() == [1.0 / 3.0] * 5
    assert frames["fz_left_N"].isna().all()
    events = read(files[2])
    assert events["label"].tolist() == ["repetition 1", "שטף"]
    assert events["seconds"].isna().tolist() == [False, True]
    assert events["about"][0] == "set 1, with a comma"


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_the_long_table_is_the_wide_one_turned(recorded, tmp_path, kind, monkeypatch):
    monkeypatch.setattr(module, "PIECE", 77)
    path, rig, _ = recorded
    long = read(exported(path, tmp_path / "long", kind, long=True)[0])
    wide = read(exported(path, tmp_path / "wide", "csv")[0])
    columns = signals_of(rig, "lab").columns
    assert list(long.columns) == ["time_s", "signal", "side", "unit", "value"]
    turned = wide.melt(id_vars="time_s", ignore_index=False).sort_index(kind="stable")
    np.testing.assert_array_equal(long["time_s"], turned["time_s"])
    np.testing.assert_array_equal(long["value"], turned["value"])
    assert long["signal"].tolist() == [column.signal for column in columns] * 500
    assert long["unit"].tolist() == [column.unit for column in columns] * 500
    assert long["side"].fillna("").tolist() == [column.side for column in columns] * 500


def test_what_is_needed_to_understand_it_lies_beside(recorded, tmp_path):
    path, rig, _ = recorded
    files = exported(path, tmp_path, "parquet")
    beside = json.loads(files[-1].read_text(encoding="utf-8"))
    assert (beside["lifter"], beside["condition"], beside["bar_kg"], beside["body_weight_N"]) == ("A-1", "loaded", 40.0, 700.0)
    assert type(rig).model_validate(beside["rig"]) == rig
    lab = beside["files"]["r.lab.parquet"]
    assert [(gap["row"], gap["missing"]) for gap in lab["gaps"]] == [(200, 30)]
    assert lab["gaps"][0]["at_s"] == pytest.approx(0.2)
    assert [c["formula_id"] for c in beside["files"]["r.lab.force.parquet"]["columns"]] == ["load_shift.x", "fz.y"]
    schema = pq.read_schema(files[0])
    assert schema.field("fz_left_N").metadata == {b"unit": b"N"}
    within = json.loads(schema.metadata[b"squatscope"])
    assert within["recording_uuid"] == beside["recording_uuid"]
    assert list(within["files"]) == ["r.lab.parquet"]


def test_an_anonymous_recording_has_no_date_and_one_without_events_has_their_columns(recorded, tmp_path):
    path, _, _ = recorded
    files = exported(path, tmp_path, "csv", about=replace(ABOUT, anonymous=True), events=[], frames={})
    assert json.loads(files[-1].read_text(encoding="utf-8"))["created_utc"] is None
    assert files[1].read_text(encoding="utf-8").split() == ["at_s,seconds,kind,label,side,about"]
    (tmp_path / "p").mkdir()
    assert pd.read_parquet(exported(path, tmp_path / "p", "parquet", events=[], frames={})[1]).shape == (0, 6)


def test_all_files_or_none(recorded, tmp_path, monkeypatch):
    path, _, _ = recorded
    (tmp_path / "r.events.csv").write_text("mine")
    with pytest.raises(ExportError, match="exists already"):
        exported(path, tmp_path, "csv")
    assert [file.name for file in tmp_path.iterdir()] == ["r.events.csv"]
    (tmp_path / "r.events.csv").unlink()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(TableExport, "_write_events", full)
    with pytest.raises(ExportError, match="No space left on device"):
        exported(path, tmp_path, "csv")
    assert list(tmp_path.iterdir()) == []


def test_one_without_samples_is_refused(tmp_path):
    rig = a_lab([a_plate("left", 2)])
    with pytest.raises(ExportError, match="holds no samples"):
        exported(written(tmp_path / "r.h5", rig, {"lab": []}), tmp_path / "out", "csv")


def test_without_pyarrow_it_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ExportError, match=r"squatscope\[tables\]"):
        TableExport(tmp_path, "parquet", long=False)
