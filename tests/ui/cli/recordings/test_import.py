"""`squatscope import` and `propose-map`: many files at once, one failure stops no other, and nothing is overwritten."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from acquisition.recording import Recording
from tests.support.made_c3d import make
from tests.support.opensim import forces, markers
from ui.cli.app import app


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("ui.cli.recordings.files.console.width", 400, raising=False)
    make(tmp_path / "trial [1].c3d")
    forces(tmp_path / "walk.mot", 200)
    (tmp_path / "emg.csv").write_text("time,L VL (mV)\n" + "".join(f"{k / 1000},{k % 7}\n" for k in range(50)))
    (tmp_path / "bad.csv").write_text("time,a\n0,1\n0.001,x\n0.002,2\n0.003,4\n0.004,4\n0.005,4\n")
    return tmp_path


def run(*arguments: str):
    try:
        result = CliRunner().invoke(app, list(arguments))
    except SystemExit as error:  # pragma: no cover
        return error
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_many_files_of_any_kind_at_once(folder):
    result = run("import", "trial [1].c3d", "walk.mot", "emg.csv", "--out", "new")
    assert result.exit_code == 0
    assert sorted(path.name for path in Path("new").iterdir()) == ["emg.h5", "trial [1].h5", "walk.h5"]
    assert "3 of 3 files were imported into new." in result.output
    with Recording(Path("new/emg.h5")) as recording:
        assert [e.name for e in recording.rig.emg] == ["VL left"]


def test_one_failure_stops_no_other_and_is_told_at_the_end(folder):
    result = run("import", "bad.csv", "emg.csv", "none.c3d", "--out", "new")
    assert result.exit_code == 1
    assert [path.name for path in Path("new").iterdir()] == ["emg.h5"]
    assert "1 of 3 files were imported" in result.output
    assert re.search(r"bad\.csv, line 3, has 'x' where a number should be\.\n.*none\.c3d", result.output)


def test_nothing_is_overwritten(folder):
    run("import", "emg.csv", "--out", "new")
    before = Path("new/emg.h5").read_bytes()
    result = run("import", "emg.csv", "--out", "new")
    assert result.exit_code == 1
    assert "exists already" in result.output
    assert Path("new/emg.h5").read_bytes() == before


def test_files_of_one_name_are_both_refused(folder):
    (folder / "other").mkdir()
    (folder / "other" / "emg.csv").write_text(Path("emg.csv").read_text())
    result = run("import", "emg.csv", "other/emg.csv", "walk.mot", "--out", "new")
    assert result.exit_code == 1
    assert result.output.count("would both be called emg.h5") == 2
    assert [path.name for path in Path("new").iterdir()] == ["walk.h5"]


def test_a_folder_stands_for_what_is_in_it(folder):
    (folder / "P1").mkdir()
    forces(folder / "P1" / "a.mot", 100)
    (folder / "P1" / "notes.txt").write_text("all went well\n")
    result = run("import", "P1", "--out", "new")
    assert result.exit_code == 0, result.output
    assert [path.name for path in Path("new").iterdir()] == ["a.h5"]
    (folder / "empty").mkdir()
    with pytest.raises(Exception, match="no file of a known kind in empty"):
        run("import", "empty", "--out", "other")


def test_markers_come_with_the_forces_of_their_name(folder):
    markers(folder / "walk.trc", 20)
    result = run("import", "walk.trc", "walk.mot", "--out", "new")
    assert result.exit_code == 0, result.output
    with Recording(Path("new/walk.h5")) as recording:
        assert set(recording.streams) == {"analog", "markers"}


def test_a_folder_that_holds_nothing_is_not_left_behind(folder):
    assert run("import", "bad.csv", "--out", "new").exit_code == 1
    assert not Path("new").exists()


def test_a_map_is_proposed_and_used(folder):
    result = run("propose-map", "emg.csv")
    assert result.exit_code == 0
    Path("map.toml").write_text(result.output)
    assert run("import", "emg.csv", "--map", "map.toml", "--out", "new").exit_code == 0
