"""The command that hands recordings on."""

from __future__ import annotations

from pathlib import Path

import ezc3d
import pytest
from pyarrow.parquet import read_schema

from processing.screening.guided.session_file import read_session, write_session
from tests.support.rigs import example_with
from tests.support.screenings import LIGHT, LOADED, a_screening
from tests.support.sessions import recorded, simulated


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    return a_screening(tmp_path_factory.mktemp("export") / "B2" / "2026-11-27-1", "load", (LIGHT, LOADED), emg=True)


def test_a_session_as_c3d_with_its_repetitions(session, tmp_path, squatscope):
    broken = tmp_path / "broken.h5"
    broken.write_bytes(b"\x89HDF")
    told = squatscope("export", broken, session, "--out", tmp_path / "out", "--as", "c3d")
    assert told.code == 1
    assert "broken.h5" in told.err
    assert "2 of 3 recordings were exported into" in told.out
    files = sorted((tmp_path / "out").iterdir())
    assert [file.suffix for file in files] == [".c3d", ".c3d"]
    parameters = ezc3d.c3d(str(files[1]))["parameters"]
    assert parameters["SUBJECTS"]["NAMES"]["value"] == [read_session(session).lifter]
    assert parameters["PROCESSING"]["CONDITION"]["value"] == ["loaded"]
    labels = parameters["EVENT"]["LABELS"]["value"]
    assert [label for label in labels if label.endswith("bottom")] == [f"repetition {n} bottom" for n in range(1, 7)]
    again = squatscope("export", session, "--out", tmp_path / "out", "--as", "c3d")
    assert again.code == 1
    assert again.err.count("exists already") == 2


def test_tries_that_do_not_count_are_left_out_unless_named(session, tmp_path, squatscope):
    known = read_session(session)
    try:
        write_session(
            session,
            known.model_copy(update={"tries": [known.tries[0].model_copy(update={"accepted": False}), *known.tries[1:]]}),
        )
        told = squatscope("export", session, "--out", tmp_path / "a", "--as", "c3d")
        assert "no try that counts names them: 1 recordings" in told.out
        assert len(list((tmp_path / "a").iterdir())) == len(known.tries) - 1
        assert squatscope("export", session / known.tries[0].recording, "--out", tmp_path / "b", "--as", "c3d").code == 0
    finally:
        write_session(session, known)


def test_a_dataset_is_there_once_it_is_whole(session, tmp_path, squatscope):
    rig = example_with("demo", emg=[])
    recorded(tmp_path / "forces.h5", rig, simulated(rig, seconds=6.0))
    told = squatscope("export", session.parent, tmp_path / "forces.h5", "--out", tmp_path / "ds", "--as", "bids")
    assert told.code == 1
    assert "2 of 3 recordings were exported" in told.out
    assert "forces.h5 holds no samples of EMG" in told.err
    files = sorted(file.relative_to(tmp_path / "ds").as_posix() for file in (tmp_path / "ds").rglob("*_emg.bdf"))
    stem = "sub-A1/ses-202611271/emg/sub-A1_ses-202611271_task-squat_run"
    assert files == [f"{stem}-01_emg.bdf", f"{stem}-02_emg.bdf"]
    assert f"01-light.h5: {files[0]}" in told.out
    again = squatscope("export", session, "--out", tmp_path / "ds", "--as", "bids")
    assert "exists already" in again.err
    (tmp_path / "broken.h5").write_bytes(b"\x89HDF")
    none = squatscope("export", tmp_path / "broken.h5", "--out", tmp_path / "none", "--as", "bids")
    assert none.code == 1
    assert sorted(file.name for file in tmp_path.iterdir()) == ["broken.h5", "ds", "forces.h5"]


def test_tables_long_and_wide_and_of_one_recording(session, tmp_path, squatscope):
    path = session / "01-light.h5"
    assert squatscope("export", path, "--out", tmp_path / "wide", "--as", "parquet").code == 0
    names = sorted(file.name for file in (tmp_path / "wide").iterdir())
    assert names == [
        "01-light.emg.emg.parquet",
        "01-light.emg.parquet",
        "01-light.events.parquet",
        "01-light.markers.knee.parquet",
        "01-light.markers.parquet",
        "01-light.parquet.json",
        "01-light.plates.force.parquet",
        "01-light.plates.parquet",
    ]
    assert squatscope("export", path, "--out", tmp_path / "long", "--as", "parquet", "--long").code == 0
    assert read_schema(tmp_path / "long" / names[1]).names == ["time_s", "signal", "side", "unit", "value"]
    told = squatscope("export", path, "--out", tmp_path / "c3d", "--as", "c3d", "--long")
    assert "is for csv and parquet" in " ".join(told.err.split())


def test_a_recording_that_was_cut_short_is_exported_and_told(tmp_path, squatscope):
    killed = Path(__file__).parents[3] / "stored" / "0.1.0" / "killed-recording.h5"
    for kind in ("c3d", "csv", "bids"):
        told = squatscope("export", killed, "--out", tmp_path / kind, "--as", kind)
        assert told.code == 0, told.err
        assert "was cut short, or is still being written" in told.out
