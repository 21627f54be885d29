"""Edits go along with a recording that is labelled, gets markers or loses its names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acquisition.recording import Recording
from acquisition.recording.copying import copy_recording
from processing.repetition.corrections import EditError, edits_of, read_history
from processing.review import Review
from processing.screening.condition import Condition
from processing.screening.guided.session_file import read_session
from tests.support.screenings import a_screening
from ui.archive.anonymize import anonymize
from ui.archive.carried_edits import carry_edits
from ui.archive.labelling import label_set

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def session(tmp_path: Path) -> Path:
    folder = a_screening(tmp_path / "s", "technique", [Condition.LIGHT], markers=False)
    review = Review(folder / "01-light.h5", who="Jane Doe")
    review.drop(2, "Jane stumbled")
    return folder


def test_a_labelled_copy_has_them(session: Path, tmp_path: Path) -> None:
    folder = label_set(session / "01-light.h5", None, tmp_path / "lifters", lifter="B2", condition="light", bar_kg=20.0)
    copy = folder / read_session(folder).tries[0].recording
    assert len(Review(copy).results.repetitions) == len(Review(copy).found.repetitions) - 1


def test_a_nameless_copy_has_them_without_names(session: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    anonymize(session, out, "X")
    assert not [path for path in out.iterdir() if b"Jane" in path.read_bytes()]
    with Recording(out / "01-light.h5") as recording:
        (edit,) = read_history(out / "01-light.h5", recording.uuid).edits
    assert (edit.kind, edit.who, edit.reason, edit.at_utc) == ("drop", "", "", "")
    assert len(Review(out / "01-light.h5").results.repetitions) == len(Review(out / "01-light.h5").found.repetitions) - 1


def test_without_edits_there_is_nothing_to_carry_and_damaged_ones_are_told(session: Path, tmp_path: Path) -> None:
    recording, copy = session / "01-light.h5", tmp_path / "copy.h5"
    copy_recording(recording, copy)
    edits_of(recording).write_text("[]", encoding="utf-8")
    with pytest.raises(EditError, match="is no file of edits"):
        carry_edits(recording, copy)
    assert not copy.exists()
    edits_of(recording).unlink()
    copy_recording(recording, copy)
    carry_edits(recording, copy)
    assert not edits_of(copy).exists()
