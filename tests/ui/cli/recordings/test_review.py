"""The review in the terminal: each edit says what it did, is applied by reprocess, and is taken back again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from acquisition.rig.rig_file import example, load
from processing.batch import reprocess
from processing.results import Results
from tests.support.sessions import recorded, simulated


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    rig = load(example("demo"))
    return recorded(tmp_path_factory.mktemp("made") / "made.h5", rig, simulated(rig, seconds=17.0))


@pytest.fixture
def recording(made: Path, tmp_path: Path) -> Path:
    shutil.copy(made, tmp_path / "set.h5")
    return Path("set.h5")


def test_a_repetition_is_dropped_everywhere_and_comes_back(squatscope, recording: Path) -> None:
    dropped = squatscope("review", recording, "--drop", 2, "--reason", "stumbled", "--who", "Ann")
    assert dropped.code == 0
    assert "was dropped: stumbled." in dropped.out
    assert "Repetitions now: 3; found by squatscope: 4." in dropped.out
    done = squatscope("reprocess", recording, "--out", "out")
    assert "1 edit by hand applied" in done.out
    assert "Changed by hand: Repetition 2 (" in done.out
    assert [row.number for row in Results.read(Path("out/set.metrics.h5")).repetitions] == [1, 3, 4]
    page = Path("out/set.html").read_text(encoding="utf-8")
    assert "was dropped: stumbled" in page
    without = squatscope("reprocess", recording, "--out", "all", "--without-edits")
    assert "by hand" not in without.out
    assert len(Results.read(Path("all/set.metrics.h5")).repetitions) == 4
    assert "Edit 1 is taken back." in squatscope("review", recording, "--undo").out
    listed = squatscope("review", recording, "--list")
    assert "It drops the repetition of" in listed.out
    assert "(taken back)" in listed.out
    assert "Ann" in listed.out
    assert "Edit 2" not in listed.err
    again = squatscope("review", recording, "--undo-edit", 2)
    assert "Repetitions now: 3" in again.out


def test_a_split_a_move_and_a_dismissed_flag_are_told(squatscope, recording: Path) -> None:
    first, _, third, _ = reprocess(recording).repetitions
    split = squatscope("review", recording, "--split", 1, "--at-s", first.bottom_s + 0.5)
    assert "into 5 and 6" in split.out
    moved = squatscope("review", recording, "--move", 3, "--start-s", third.start_s + 0.1)
    assert f"was moved: start at {third.start_s + 0.1:.2f} s" in moved.out
    lacking = squatscope("review", recording, "--dismiss", 1)
    assert (lacking.code, lacking.out) == (1, "")
    assert "for a reason" in lacking.err
    dismissed = squatscope("review", recording, "--dismiss", 1, "--reason", "looked aside", "--list")
    assert "was dismissed: looked aside." in dismissed.out
    assert "; dismissed: looked aside" in dismissed.out


def test_limits_are_changed_told_and_taken_back(squatscope, recording: Path) -> None:
    changed = squatscope("review", recording, "--limits", "load_shift", "--amber", 8, "--reason", "beginner")
    assert "Edit 1: The limits of load shift are 8/10 % instead of 5/10 %: beginner." in changed.out
    refused = squatscope("review", recording, "--limits", "load_shift", "--amber", 12)
    assert (refused.code, refused.out) == (1, "")
    assert "The limits of load shift stay 8/10 %, and can't be 12 and 10: " in refused.err
    done = squatscope("reprocess", recording, "--out", "out").out
    assert "Changed by hand: The limits of load shift are 8/10 % instead of 5/10 %: beginner." in done
    assert {flag.amber for flag in Results.read(Path("out/set.metrics.h5")).flags if flag.rule == "load_shift"} == {8.0}
    assert "It gives the rule load_shift the limits 8 and 10." in squatscope("review", recording, "--undo", "--list").out


@pytest.mark.parametrize(
    "options",
    [
        ("--drop", 1, "--undo"),
        ("--split", 1),
        ("--at-s", 5.0),
        ("--move", 1),
        ("--end-s", 5.0),
        ("--limits", "load_shift"),
        ("--amber", 5.0),
        ("--drop", 1, "--red", 5.0),
        ("--drop", 1, "--split", 2, "--at-s", 9.0),
    ],
)
def test_options_that_do_not_go_together_are_refused(squatscope, recording: Path, options) -> None:
    told = squatscope("review", recording, *options)
    assert told.code == 2
    assert not Path("set.edits.json").exists()


def test_edits_that_can_not_be_read_are_a_sentence_and_can_be_left_out(squatscope, recording: Path) -> None:
    Path("set.edits.json").write_text("{", encoding="utf-8")
    told = squatscope("review", recording, "--list")
    assert told.code == 1
    assert "is no file of edits, or is damaged" in told.err
    assert squatscope("reprocess", recording, "--out", "out").code == 1
    assert squatscope("reprocess", recording, "--out", "out", "--without-edits").code == 0


def test_where_no_window_opens_it_says_why_and_what_else_there_is(squatscope, recording: Path, monkeypatch) -> None:
    monkeypatch.setattr("ui.dashboard.window_trouble", lambda: "No window could be opened: the display can't be reached.")
    told = squatscope("review", recording)
    assert told.code == 1
    assert "the display can't be reached. Without a window: --list, --drop" in told.err


def test_without_a_recording_it_is_a_sentence(squatscope) -> None:
    told = squatscope("review", "none.h5", "--list")
    assert (told.code, told.err.strip()) == (1, "There is no file none.h5.")
