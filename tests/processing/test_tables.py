"""One table of many recordings: whose each repetition is, what was computed, and no number that nobody knows."""

from __future__ import annotations

import csv
import subprocess
import sys

import pytest

import squatscope
from acquisition.recording import Recording
from hardware.errors import SquatscopeError
from processing.batch import reprocess
from processing.screening.guided.session_file import read_session, write_session
from processing.tables import TableError, files_in, rows_of, table_of, write_table
from tests.support.screenings import CUE, LIGHT, LOADED, a_screening


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("lifters")
    a_screening(root / "A1" / "2026-11-27-1", "technique", (LIGHT, CUE), seed=2)
    a_screening(root / "B2" / "2026-11-27-1", "load", (LIGHT, LOADED), lifter="B2", seed=3, markers=False)
    session = read_session(root / "A1" / "2026-11-27-1")
    tries = [session.tries[0].model_copy(update={"rating": "slight", "ratings": {2: "past"}}), session.tries[1]]
    write_session(root / "A1" / "2026-11-27-1", session.model_copy(update={"tries": tries}))
    return root


def nobody(path, error):
    raise AssertionError((path, error))


def test_every_repetition_has_a_row_with_whose_it_is(root):
    columns, rows = table_of(files_in([root]), nobody)
    assert [(row["lifter"], row["condition"], row["order"]) for row in rows[::6]] == [
        ("A1", "light", 1), ("A1", "cue", 2), ("B2", "light", 1), ("B2", "loaded", 2)]  # fmt: skip
    assert {row["bar_kg"] for row in rows} == {20.0, 60.0}
    assert {row["set_rating"] for row in rows[:6]} == {"slight"}
    assert [row["rating"] for row in rows[:6]] == ["", "past", "", "", "", ""]
    results = reprocess(root / "A1" / "2026-11-27-1" / "01-light.h5")
    assert [row["depth_m"] for row in rows[:6]] == [row.depth_m for row in results.repetitions]
    whole = [row.load_shift_mean_pct for row in results.phases if (row.phase, row.side) == ("whole", "both")]
    assert [row["whole_both_load_shift_mean_pct"] for row in rows[:6]] == whole
    assert "lowering_left_knee_margin_min_mm" in columns
    assert not [name for name in columns if "qh_ratio" in name]  # nobody knows it: there is no EMG


def test_csv_and_parquet_hold_the_same(root, tmp_path):
    pandas = pytest.importorskip("pandas")
    columns, rows = table_of(files_in([root / "B2"]), nobody)
    write_table(columns, rows, tmp_path / "t.csv")
    write_table(columns, rows, tmp_path / "t.parquet")
    with (tmp_path / "t.csv").open(newline="", encoding="utf-8") as file:
        assert next(csv.reader(file)) == columns
    read, exact = pandas.read_csv(tmp_path / "t.csv"), pandas.read_parquet(tmp_path / "t.parquet")
    assert list(exact.columns) == columns
    assert exact["depth_m"].tolist() == [row["depth_m"] for row in rows]
    for name in columns:
        if exact[name].dtype.kind == "f":
            assert read[name].to_numpy() == pytest.approx(exact[name].to_numpy(), rel=1e-8, nan_ok=True)
    door = squatscope.table(root / "B2")
    pandas.testing.assert_frame_equal(door[["lifter", "depth_m"]], exact[["lifter", "depth_m"]])


def test_results_are_read_as_they_are_and_a_recording_of_no_session_has_no_lifter(root, tmp_path):
    recording = tmp_path / "free" / "r.h5"
    recording.parent.mkdir()
    recording.write_bytes((root / "B2" / "2026-11-27-1" / "01-light.h5").read_bytes())
    reprocess(recording).write(tmp_path / "r.metrics.h5")
    ours, read = rows_of(recording), rows_of(tmp_path / "r.metrics.h5")
    assert [row["lifter"] for row in ours] == [""] * 6
    assert [row["depth_m"] for row in ours] == [row["depth_m"] for row in read]
    assert files_in([tmp_path]) == [recording]
    recording.unlink()
    assert files_in([tmp_path]) == [tmp_path / "r.metrics.h5"]


def test_only_sets_that_count_are_in_the_table(root, tmp_path):
    folder = a_screening(tmp_path / "s", "technique", (LIGHT, CUE))
    session = read_session(folder)
    refused = session.tries[1].model_copy(update={"accepted": False})
    write_session(folder, session.model_copy(update={"tries": [session.tries[0], refused]}))
    assert files_in([folder]) == [folder / "01-light.h5"]


def test_mistakes_are_sentences(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(TableError, match="There is no recording"):
        files_in([tmp_path / "empty"])
    with pytest.raises(TableError, match="can't be written"):
        write_table([], [], tmp_path / "none" / "t.csv")
    with pytest.raises(SquatscopeError, match="There is no file"):
        rows_of(tmp_path / "gone.h5")


def test_without_pyarrow_parquet_says_what_is_missing(root, tmp_path):
    code = (
        "import sys, pathlib; sys.modules['pyarrow'] = None\n"
        "from processing.tables import write_table\n"
        "try: write_table(['a'], [{'a': 1}], pathlib.Path(sys.argv[1]))\n"
        "except Exception as error: print(error)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "t.parquet")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=True)
    assert "install it with 'pip install squatscope[tables]', or write a .csv" in done.stdout


def test_recordings_are_not_touched(root):
    path = root / "A1" / "2026-11-27-1" / "01-light.h5"
    before = path.read_bytes()
    rows_of(path)
    assert path.read_bytes() == before
    with Recording(path) as recording:
        assert recording.complete


def test_a_damaged_file_of_a_session_is_named_and_the_rest_goes_on(root, tmp_path):
    folder = a_screening(tmp_path / "s", "load", (LIGHT,))
    (folder / "session.json").write_text("{", encoding="utf-8")
    failed: list[str] = []
    _, rows = table_of(files_in([tmp_path, root / "B2"]), lambda path, error: failed.append(f"{path.name}: {error}"))
    assert len(rows) == 12
    assert len(failed) == 1
    assert "is damaged" in failed[0]
