"""The demonstration without a length: a short screening whose lifter is helped by the cue, and all files of a session."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from processing.screening.comparison import Answer
from processing.screening.condition import Condition
from processing.screening.triage import Cause
from ui.archive.folder import Folder
from ui.session.demo_screening import run_demo_screening


@pytest.mark.parametrize("seed", [1, 2])
def test_the_answer_is_technique_and_the_files_are_those_of_any_session(tmp_path, seed: int):
    said = io.StringIO()
    outcome, told = run_demo_screening(Folder(tmp_path / "out"), Console(file=said, width=120), seed, headless=True, speed=10.0)
    assert [(found.cause, found.side) for found in told.causes] == [(Cause.TECHNIQUE, "left" if seed % 2 else "right")]
    assert told.cue_done is not None
    assert told.cue_done.change.answer is Answer.MORE
    assert {missing.condition for missing in told.missing} == {Condition.LOADED}
    assert outcome.faults == []
    assert outcome.results.seconds < 50.0
    names = {name for name, _ in outcome.folder.left()}
    assert names == {"recording", "metrics", "repetitions", "picture", "report", "screening"}
    assert "To try: technique" in outcome.folder.screening.read_text(encoding="utf-8")
    assert "Set, cue, without a bar: Squat 4 times, and screw your feet outwards" in said.getvalue()
    assert "RED    load shifts" in said.getvalue()
