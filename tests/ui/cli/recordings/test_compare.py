"""The command that compares, as it is called: what it prints, and the table that it leaves."""

from __future__ import annotations

import csv

import pytest

from tests.support.rigs import example_with
from tests.support.sessions import recorded, simulated


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """Two sets of a lifter with plates and muscles, in one session."""
    from ui.archive.labelling import label_set

    root = tmp_path_factory.mktemp("compare")
    rig = example_with("demo")
    folder = None
    for number in (1, 2):
        path = recorded(root / f"{number}.h5", rig, simulated(rig, number, 14.0))
        folder = label_set(path, folder, root / "lifters", lifter="A1", condition="light", bar_kg=20.0)
    return folder


def test_it_prints_every_outcome_and_leaves_a_table(session, tmp_path, squatscope):
    a, b = session / "01-light.h5", session / "02-light.h5"
    told = squatscope("compare", a, b, "--out", tmp_path / "t.csv")
    assert told.code == 0
    assert "lifter A1" in told.out
    assert "light: load shift (%)" in told.out
    assert "light: Q:H (times)" in told.out
    assert "how many times larger it is in B" in told.out
    assert "too few" in told.out
    assert max(map(len, told.out.partition("A  ")[2].partition("light: ")[2].splitlines())) <= 100
    with (tmp_path / "t.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["unit"] for row in rows if row["outcome"] == "qh"} == {"1"}
    assert {row["condition"] for row in rows} == {"light"}
    assert "exists already" in squatscope("compare", a, b, "--out", tmp_path / "t.csv").err


def test_one_recording_is_the_same_however_it_is_named(session, tmp_path, squatscope):
    squatscope("reprocess", session / "01-light.h5", "--out", tmp_path / "out")
    results = next((tmp_path / "out").glob("*.metrics.h5"))
    assert "Every number of every repetition is the same." in squatscope("compare", results, results).out
    (tmp_path / "other.toml").write_text(squatscope("new-rig", "demo").out, encoding="utf-8")
    alike = squatscope("compare", session / "01-light.h5", session / "01-light.h5", "--settings", tmp_path / "other.toml")
    assert "Every number of every repetition is the same." in alike.out


def test_mistakes_are_one_sentence(session, tmp_path, squatscope):
    assert "is no session's folder" in squatscope("compare", tmp_path, session).err
    assert "A session can be compared with a session" in squatscope("compare", session, session / "01-light.h5").err
    assert "neither .csv nor .parquet" in " ".join(
        squatscope("compare", session, session, "--out", tmp_path / "t.txt").err.split()
    )
