"""Results files: what is written is read again, nothing is overwritten, and nothing foreign is taken for results."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest

from acquisition.rig.judgement import RatioRule, Rules
from acquisition.rig.rig_file import example, load
from hardware.severity import Severity
from processing.repetition.columns import OF_PHASE, OF_REPETITION
from processing.repetition.variability import VariabilityResult
from processing.results import (
    FORMAT_VERSION,
    ChannelResult,
    FaultResult,
    FlagResult,
    Results,
    ResultsError,
    StreamResult,
    Table,
    settings_sha256,
)
from tests.support.damage import survive_damage
from tests.support.repetitions import a_phase, a_repetition

if TYPE_CHECKING:
    from pathlib import Path

NAN = float("nan")
FLAG = FlagResult(
    "load_shift", "load shifts ∆ to the right", "right", Severity.RED, "load_shift_pct", "load_shift.total_referenced", "%",
    1.0, 1.3, NAN, 12.5, 5.0, 10.0, "plates", 999,
)  # fmt: skip
CHANNEL = ChannelResult("VL links µ", "emg", 0.0, NAN, -3.5, 0.1, 0.0, 0.0, True, "Größe “unbekannt” 筋電図", "Stecker?")


@pytest.fixture(scope="module")
def results() -> Results:
    frames = np.arange(12.0).reshape(4, 3)
    frames[1, 2] = np.nan
    table = Table(("sample", "load_shift_pct", "fz_total_N"), ("1", "%", "N"), ("a", "b", "c"), frames[:, 0] / 7, frames)
    return Results(
        recording="Übung [links].h5",
        recording_uuid="0f",
        created_utc="2026-01-02T03:04:05+00:00",
        seconds=4.25,
        body_weight_N=NAN,
        rig=load(example("demo")),
        tables={"plates.force": table},
        flags=[FLAG, replace(FLAG, label="", end_s=2.0)],
        channels=[CHANNEL],
        streams=[StreamResult("plates", 1000.0, 999.99, 4250, 3, 1, NAN, "host", False)],
        faults=[
            FaultResult(1.25, Severity.RED, "recorder", "The disk is full, ∆."),
            FaultResult(2.5, Severity.FINE, "recorder", ""),
        ],
        repetitions=[a_repetition(1, doubt="shallow"), a_repetition(2)],
        phases=[a_phase(1, load_shift_mean_pct=3.25), a_phase(2, "whole", "left")],
        variability=[VariabilityResult(1, "whole", "both", "depth_m", 2, 0.4, 0.01, 2.5, NAN)],
        broken_off_s=[3.5],
    )


def assert_same(one: Results, other: Results) -> None:
    np.testing.assert_array_equal(one.body_weight_N, other.body_weight_N)
    for name in ("recording", "recording_uuid", "created_utc", "seconds", "rig", "complete"):
        assert getattr(one, name) == getattr(other, name)
    assert repr((one.flags, one.channels, one.streams, one.faults)) == repr(
        (other.flags, other.channels, other.streams, other.faults)
    )
    for name in ("repetitions", "phases", "variability", "broken_off_s"):
        assert repr(getattr(one, name)) == repr(getattr(other, name))
    assert list(one.tables) == list(other.tables)
    for mine, theirs in zip(one.tables.values(), other.tables.values(), strict=True):
        assert (mine.columns, mine.units, mine.formula_ids) == (theirs.columns, theirs.units, theirs.formula_ids)
        np.testing.assert_array_equal(mine.frames, theirs.frames)
        np.testing.assert_array_equal(mine.time_s, theirs.time_s)


def test_what_is_written_is_read_again(results, tmp_path):
    results.write(tmp_path / "r.h5")
    assert_same(Results.read(tmp_path / "r.h5"), results)


def test_nothing_found_is_read_again(results, tmp_path):
    empty = replace(results, tables={}, flags=[], channels=[], streams=[], faults=[], recording="", complete=False)
    empty.write(tmp_path / "r.h5")
    assert_same(Results.read(tmp_path / "r.h5"), empty)


def test_any_program_reads_the_file(results, tmp_path):
    results.write(tmp_path / "r.h5")
    with h5py.File(tmp_path / "r.h5") as file:
        table = file["metrics/plates.force"]
        assert [name.decode() for name in table.attrs["columns"]] == ["sample", "load_shift_pct", "fz_total_N"]
        np.testing.assert_array_equal(table["frames"][:], results.tables["plates.force"].frames)
        assert file["flags"]["severity"].tolist() == [b"red", b"red"]
        assert file["quality"]["found"][0].decode() == CHANNEL.found
        assert file["quality"]["advice"][0].decode() == CHANNEL.advice


def test_numbers_of_repetitions_carry_their_formulas_and_the_settings_their_fingerprint(results, tmp_path):
    results.write(tmp_path / "r.h5")
    other = replace(
        results, rig=results.rig.model_copy(update={"rules": Rules(qh_limit=RatioRule(amber_ratio=8, red_ratio=9))})
    )
    other.write(tmp_path / "o.h5")
    renamed = replace(results, rig=results.rig.model_copy(update={"name": "elsewhere"}))
    assert settings_sha256(results.rig) == settings_sha256(renamed.rig) != settings_sha256(other.rig)
    with h5py.File(tmp_path / "r.h5") as file, h5py.File(tmp_path / "o.h5") as changed:
        for name, formulas in (("repetitions", OF_REPETITION), ("phases", OF_PHASE)):
            attributes = {key: [text.decode() for text in file[name].attrs[key]] for key in ("columns", "units", "formula_ids")}
            assert attributes["columns"] == list(formulas)
            assert attributes["formula_ids"] == [formula.id for formula in formulas.values()]
            assert set(attributes["columns"]) <= set(file[name].dtype.names)
        assert file["phases"]["load_shift_mean_pct"][0] == 3.25
        assert file.attrs["settings_sha256"] == settings_sha256(results.rig).encode() != changed.attrs["settings_sha256"]
        assert file.attrs["filtering"] == b"causal"


def test_nothing_is_overwritten(results, tmp_path):
    path = tmp_path / "r.h5"
    path.write_text("mine")
    with pytest.raises(ResultsError, match=r"r\.h5 exists already"):
        results.write(path)
    assert path.read_text() == "mine"
    with pytest.raises(ResultsError, match="exists already"):
        results.write(tmp_path)


def test_a_path_that_can_not_be_written_is_told(results, tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "no" / "r.h5", tmp_path / "file" / "r.h5"):
        with pytest.raises(ResultsError, match=r"can't be written: .*directory"):
            results.write(path)


@pytest.mark.skipif(sys.platform == "win32", reason="files have no limits there")
def test_a_full_disk_leaves_nothing(results, tmp_path):
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(ResultsError, match="can't be written: File too large"):
            results.write(tmp_path / "r.h5")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.iterdir())


def test_what_is_no_results_file_is_refused(results, tmp_path):
    good = tmp_path / "good.h5"
    results.write(good)
    content = good.read_bytes()
    (tmp_path / "text.h5").write_text("no HDF5 at all")
    (tmp_path / "empty.h5").write_bytes(b"")
    (tmp_path / "cut.h5").write_bytes(content[: len(content) // 2])
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1
    with h5py.File(tmp_path / "later.h5", "w") as file:
        file.attrs["format"] = "squatscope results"
        file.attrs["format_version"] = FORMAT_VERSION + 1
    expected = {
        "text.h5": "no results file",
        "empty.h5": "no results file",
        "cut.h5": "damaged",
        "other.h5": "no squatscope results",
        "later.h5": f"of format {FORMAT_VERSION + 1}; this program reads up to",
        "absent.h5": "There is no file",
    }
    for name, sentence in expected.items():
        with pytest.raises(ResultsError, match=sentence):
            Results.read(tmp_path / name)
    with pytest.raises(ResultsError, match="no results file"):
        Results.read(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_a_damaged_file_is_refused_or_read_and_hangs_nobody(results, tmp_path):
    results.write(tmp_path / "good.h5")

    def use(path: Path) -> str:
        try:
            Results.read(path)
        except ResultsError as error:
            return str(error)
        return ""

    assert survive_damage((tmp_path / "good.h5").read_bytes(), tmp_path, use, 150) > 10


def test_a_column_that_is_not_there_is_told(results):
    assert results.table_with("fz_total_N") is results.tables["plates.force"]
    assert results.table_with("qh_left") is None
    with pytest.raises(ValueError, match="not in"):
        results.tables["plates.force"].column("qh_left")
