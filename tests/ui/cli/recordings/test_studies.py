"""The commands of studies: what they say, how they end, and what they leave in the folder."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from processing.study import cluster as clusters
from tests.support.html_page import read_page
from tests.support.inline_cluster import InlineCluster
from tests.support.rigs import example_with
from tests.support.screenings import CUE, LIGHT, a_screening
from tests.support.sessions import recorded, simulated


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    root = tmp_path_factory.mktemp("recordings")
    a_screening(root / "A1" / "2026-11-27-1", "technique", (LIGHT, CUE), seed=2)
    rig = example_with("demo")
    recorded(root / "a&b <1> %20 [é].h5", rig, simulated(rig, 3, 8.0))
    (root / "torn.h5").write_bytes(b"\x89HDF")
    return root


@pytest.fixture
def here(monkeypatch):
    """Do the tasks of a study in this process."""

    @contextmanager
    def inline(_processes):
        yield InlineCluster()

    monkeypatch.setattr(clusters, "local_cluster", inline)


def test_a_study_ends_with_its_tables_and_each_failure_and_goes_on(recordings, tmp_path, squatscope, here):
    pandas = pytest.importorskip("pandas")
    told = squatscope("study", recordings, "--out", tmp_path / "s", "--reports")
    assert told.code == 1
    assert "4 recordings, 1 at a time in this test." in told.out
    assert "repetitions of 3 recordings" in told.out
    assert "Answers of 1 sessions" in told.out
    assert told.err.splitlines()[0].startswith("torn: ")
    assert "1 failed: " in told.err
    assert sorted(path.name for path in (tmp_path / "s").iterdir()) == [
        "done", "failures.csv", "index.html", "repetitions.parquet", "results", "sessions.csv", "study.json"]  # fmt: skip
    assert {path.stat().st_mode & 0o77 for path in (tmp_path / "s").rglob("*")} == {0} or sys.platform == "win32"
    with (tmp_path / "s" / "failures.csv").open(newline="", encoding="utf-8") as file:
        assert [row[0] for row in csv.reader(file)] == ["recording", "torn"]
    table = pandas.read_parquet(tmp_path / "s" / "repetitions.parquet")
    assert set(table["file"]) == {"A1/2026-11-27-1/01-light", "A1/2026-11-27-1/02-cue", "a&b <1> %20 [é]"}
    page = read_page(tmp_path / "s" / "index.html")
    assert "a href=results/a%26b%20%3C1%3E%20%2520%20%5B%C3%A9%5D.html" in page.loads
    assert (tmp_path / "s" / "results" / "a&b <1> %20 [é].html").is_file()
    assert not [load for load in page.loads if "://" in load]
    assert "failed: " in page.text
    again = squatscope("study", recordings, "--out", tmp_path / "s", "--reports")
    assert "3 were done already." in again.out
    assert again.code == 1


def test_csv_needs_no_package_and_results_can_be_left_out(recordings, tmp_path, squatscope, here, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert "pip install squatscope[tables]" in squatscope("study", recordings, "--out", tmp_path / "s").err
    assert not (tmp_path / "s").exists()
    squatscope("study", recordings, "--out", tmp_path / "s", "--csv", "--no-results")
    assert (tmp_path / "s" / "repetitions.csv").stat().st_size > 1000
    assert not (tmp_path / "s" / "results").exists()
    assert "another choice of what results to keep" in squatscope("study", recordings, "--out", tmp_path / "s", "--csv").err


@pytest.mark.skipif(sys.platform != "linux", reason="only there is a name any bytes")
def test_names_that_are_no_text_and_a_study_without_a_repetition(tmp_path, squatscope, here):
    source = tmp_path / os.fsdecode(b"in \xff\n")
    a_screening(source / os.fsdecode(b"s\xfe"), "technique", (LIGHT,))
    (source / os.fsdecode(b"torn \xfd.h5")).write_bytes(b"\x89HDF")
    told = squatscope("study", source, "--out", tmp_path / "s", "--reports")
    assert "6 repetitions of 1 recordings" in told.out, told.err
    assert "1 failed" in told.err
    page = read_page(tmp_path / "s" / "index.html")
    assert "a href=results/s%FE/01-light.html" in page.loads
    assert "1 were done already" in squatscope("study", source, "--out", tmp_path / "s", "--reports").out
    shutil.rmtree(source / os.fsdecode(b"s\xfe"))
    for option in ("--csv", "--no-results"):
        told = squatscope("study", source, "--out", tmp_path / option, option)
        assert "0 repetitions of 0 recordings" in told.out
        assert told.code == 1


def test_mistakes_are_one_sentence(recordings, tmp_path, squatscope, monkeypatch):
    monkeypatch.setattr(clusters, "CONNECT_S", 0.3)
    told = squatscope("study", recordings, "--out", tmp_path / "s", "--dask", "tcp://127.0.0.1:1")
    assert (told.code, told.err.count("\n")) == (1, 1)
    assert "No scheduler of Dask answers at tcp://127.0.0.1:1" in told.err
    (tmp_path / "empty").mkdir()
    assert "There is no recording in" in squatscope("study", tmp_path / "empty", "--out", tmp_path / "t").err
    assert "is no folder" in squatscope("study", tmp_path / "none", "--out", tmp_path / "t").err
    assert "either --jobs or --dask" in squatscope("study", recordings, "--out", tmp_path / "t", "--jobs", 1, "--dask", "x").err
    assert squatscope("study", recordings, "--out", tmp_path / "t", "--jobs", 0).code == 2
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    assert "can't be made" in squatscope("study", recordings, "--out", tmp_path / "file" / "t").err
    assert not (tmp_path / "t").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="a signal for a group is another thing on Windows")
def test_ctrl_c_keeps_what_is_done_and_the_same_command_goes_on(recordings, tmp_path, squatscope, here):
    many = tmp_path / "many"
    many.mkdir()
    for number in range(40):
        os.link(recordings / "a&b <1> %20 [é].h5", many / f"{number}.h5")
    home = tmp_path / "home"
    home.mkdir()
    command = [sys.executable, "-m", "ui.cli.app", "study", many, "--out", tmp_path / "s", "--jobs", "1"]
    alone = {"start_new_session": True, "env": {**os.environ, "HOME": str(home)}}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **alone) as process:
        while not list((tmp_path / "s" / "done").rglob("*.json")):
            assert process.poll() is None
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: every process of it
        said, _ = process.communicate()
    assert process.returncode == 130
    assert "are done and kept; the same command goes on." in said
    assert "Traceback" not in said
    assert list(home.iterdir()) == [], "neither Dask nor we leave anything in the home folder"
    told = squatscope("study", many, "--out", tmp_path / "s")
    assert "were done already" in told.out
    assert "repetitions of 40 recordings" in told.out
    assert "39 are the same recording as another" in told.out


def test_an_index_of_a_folder_is_made_anew_and_nothing_else_is_overwritten(recordings, tmp_path, squatscope):
    out = tmp_path / "results"
    assert squatscope("reprocess", recordings / "a&b <1> %20 [é].h5", "--out", out).code == 0
    told = squatscope("index", out)
    assert told.out.startswith("1 rows: file://")
    page = read_page(out / "index.html")
    assert "a href=a%26b%20%3C1%3E%20%2520%20%5B%C3%A9%5D.html" in page.loads
    assert squatscope("index", out).code == 0
    (out / "broken.metrics.h5").write_bytes(b"\x89HDF")
    assert squatscope("index", out).out.startswith("2 rows")
    assert "failed: " in read_page(out / "index.html").text
    (out / "index.html").write_text("mine", encoding="utf-8")
    assert "was not made by 'squatscope index'" in squatscope("index", out).err
    assert (out / "index.html").read_text(encoding="utf-8") == "mine"
    (tmp_path / "empty").mkdir()
    assert "neither results nor sessions" in squatscope("index", tmp_path / "empty").err
    assert "is no folder" in squatscope("index", tmp_path / "none").err


def test_an_index_has_sessions_with_their_answers(recordings, squatscope, tmp_path):
    shutil.copytree(recordings / "A1", tmp_path / "lifters" / "A1")
    assert squatscope("triage", tmp_path / "lifters" / "A1" / "2026-11-27-1", "--report",
                      tmp_path / "lifters" / "A1" / "2026-11-27-1" / "screening.html").code == 0  # fmt: skip
    assert squatscope("index", tmp_path / "lifters").out.startswith("1 rows")
    page = read_page(tmp_path / "lifters" / "index.html")
    assert "a href=A1/2026-11-27-1/screening.html" in page.loads
    assert "There is not enough data for an answer." in page.text
    assert "light, cue" in page.text
