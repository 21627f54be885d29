"""What bounds findings, which rest on repetitions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from processing.findings.repetition_caveats import about_repetitions
from processing.repetition.corrections import EditResult
from tests.support.repetitions import squatted
from tests.support.rigs import example_with


def ids(results):
    return [caveat.id for caveat in about_repetitions(results)]


def test_no_repetition_is_said_with_its_reason():
    (caveat,) = about_repetitions(squatted([]))
    assert caveat.id == "no_repetition"
    assert "nobody went down and came up again" in caveat.sentence
    (caveat,) = about_repetitions(squatted([], weighing_refused="both feet were never on their plates for 1 s"))
    assert "both feet were never on their plates" in caveat.sentence
    one_plate = example_with(plate=[example_with().plate[0].model_dump()])
    (caveat,) = about_repetitions(squatted([], rig=one_plate))
    assert "the rig does not have them" in caveat.sentence


def test_what_was_changed_by_hand_is_said_and_that_nothing_is_left():
    found = squatted([0.0] * 12)
    edits = [EditResult(k, "drop", k, 1.0, 2.0, k != 12, "", "", "", f"Repetition {k} was dropped.") for k in range(1, 13)]
    none, done, lost = about_repetitions(
        replace(found, repetitions=[], phases=[], edits=edits, found_repetitions=found.repetitions)
    )
    assert (none.id, done.id, lost.id) == ("no_repetition", "changed_by_hand", "edit_not_applied")
    assert "No repetition is left: all 12 that were found were dropped by hand." in none.sentence
    assert done.sentence.startswith("Changed by hand: Repetition 1 was dropped. Repetition 2 was dropped.")
    assert done.sentence.endswith("Repetition 10 was dropped. And 1 more.")
    assert (done.values["drop_edits"], lost.values["drop_edits"]) == (11.0, 1.0)


def test_too_few_repetitions_are_said():
    (caveat,) = about_repetitions(squatted([1.0]))
    assert (caveat.id, caveat.values["needed"]) == ("few_repetitions", 3.0)
    assert caveat.sentence.startswith("Only 1 repetition was found, and a pattern is counted in 3")
    (caveat,) = about_repetitions(squatted([0.0] * 4))
    assert caveat.sentence.startswith("Only 4 repetitions were found; with 5 or more")
    assert ids(squatted([0.0] * 5)) == []


def test_doubtful_ones_and_those_that_were_broken_off_are_said():
    results = squatted([0.0] * 6)
    rows = [replace(row, doubt="shallow") if row.number in (2, 4) else row for row in results.repetitions]
    doubtful, broken = about_repetitions(replace(results, repetitions=rows, broken_off_s=[12.34]))
    assert doubtful.id == "doubtful_repetitions"
    assert "Of 6 repetitions 2 are doubtful: 2 (shallow), 4 (shallow)." in doubtful.sentence
    assert broken.id == "repetition_broken_off"
    assert "began at 12.3 s" in broken.sentence


def test_a_habit_is_told_once_and_only_where_stance_and_squats_agree():
    (caveat,) = about_repetitions(squatted([3.4, 3.9, 3.1, 3.5, 3.6], standing_pct=3.2))
    assert (caveat.id, caveat.about) == ("load_habit", "right leg")
    assert caveat.values == pytest.approx({"standing_pct": 3.2, "squatting_pct": 3.5})
    assert ids(squatted([3.4] * 5, standing_pct=-3.2)) == []
    assert ids(squatted([3.4] * 5, standing_pct=0.5)) == []
    assert ids(squatted([8.0] * 5, standing_pct=8.0)) == []
