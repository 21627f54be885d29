"""Outcomes: each has one text for files, which is read as what it was, and a text that is none is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from processing.screening.condition import Condition
from processing.screening.outcome import DEPTH, OUTCOMES, RATING, Measure, Outcome, outcome_of
from processing.screening.outcomes import RepetitionOutcome, SetOutcome
from processing.study.folder import Body, Head, StudyFolder
from processing.study.outcomes import Done

TEXTS = {
    "knee_left": Outcome(Measure.KNEE, side="left"),
    "knee_axis_right": Outcome(Measure.KNEE_AXIS, side="right"),
    "qh_dynamic_left": Outcome(Measure.QH_DYNAMIC, side="left"),
    "glutes_left": Outcome(Measure.GLUTES, side="left"),
    "GMax_left": Outcome(Measure.GLUTES, "GMax", "left"),
    "late_GMed_right": Outcome(Measure.LATE, "GMed", "right"),
    "late_GMed": Outcome(Measure.LATE, "GMed"),
    "moment_both": Outcome(Measure.MOMENT, side="both"),
    "depth": DEPTH,
    "rating": RATING,
}
"""As files of before have them."""


@pytest.mark.parametrize("text", TEXTS)
def test_texts_of_files_are_read_and_written_as_before(text: str) -> None:
    assert outcome_of(text) == TEXTS[text]
    assert str(TEXTS[text]) == text


def test_every_outcome_has_a_text_of_its_own_on_every_side() -> None:
    every = [one.on(side) for one in (*OUTCOMES, DEPTH, RATING) for side in ("", "left", "right", "both")]
    assert [outcome_of(str(one)) for one in every] == every
    assert len({str(one) for one in every}) == len(every)


@pytest.mark.parametrize("text", ["", "_left", "left", "knees_left", "late_left", "late_VL_left", "knee_left_left", "GMax_"])
def test_another_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="there is no outcome"):
        outcome_of(text)


def test_a_study_keeps_the_texts_and_gives_back_the_outcomes(tmp_path: Path) -> None:
    numbers = {one: float(number) for number, one in enumerate(TEXTS.values())}
    a_set = SetOutcome(1, Condition.LIGHT, 20.0, (RepetitionOutcome(numbers),), system_N=900.0)
    folder = StudyFolder(tmp_path / "study")
    (tmp_path / "study").mkdir()
    folder.put(Head("", "", "", Done("a", "", "", 1.0, 1)), Body([], a_set), {})
    (path,) = (tmp_path / "study" / "done").iterdir()
    stored = json.loads(path.read_text(encoding="utf-8").splitlines()[1])
    assert list(stored["outcome"]["repetitions"][0]["numbers"]) == list(TEXTS)
    assert folder.body("a").outcome == a_set
