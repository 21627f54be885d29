"""Edits as data: they come back from their file as they went in, an undo takes one back, and a wrong file is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from processing.repetition.corrections import EditError, History, edits_of, read_history, write_history

if TYPE_CHECKING:
    from pathlib import Path

EMPTY = History(recording="r.h5", recording_uuid="0f")
SPAN = {"start_s": 4.0, "end_s": 6.5}
instants = st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(max_size=30).filter(lambda text: text.encode("utf-8", "ignore").decode() == text)
spans = st.fixed_dictionaries({"start_s": instants, "end_s": instants})
edits = st.one_of(
    st.tuples(st.just("drop"), st.fixed_dictionaries({"repetition": spans, "reason": texts})),
    st.tuples(st.just("split"), st.fixed_dictionaries({"repetition": spans, "at_s": instants})),
    st.tuples(st.just("move"), st.fixed_dictionaries({"repetition": spans, "bottom_s": instants | st.none()})),
    st.tuples(
        st.just("dismiss"),
        st.fixed_dictionaries(
            {
                "flag": st.fixed_dictionaries({"rule": texts, "side": texts, "start_s": instants}),
                "reason": texts.filter(bool),
            }
        ),
    ),
)


@given(st.lists(edits, max_size=6), st.lists(st.integers(1, 8), max_size=4))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_edits_come_back_as_they_went_in(tmp_path: Path, made, undone) -> None:
    history = EMPTY
    for kind, what in made:
        history = history.with_edit(kind, "sha", "coach", **what)
    for number in undone:
        if number <= len(history.edits):
            history = history.with_edit("undo", "sha", "coach", undone=number)
    recording = tmp_path / "r.h5"
    write_history(recording, history)
    assert read_history(recording, "0f") == history
    assert {file.name for file in tmp_path.iterdir()} == {"r.edits.json"}
    taken_back = history.taken_back()
    assert [edit.number for edit in history.standing()] == [n for n in range(1, len(made) + 1) if n not in taken_back]


def test_an_undo_is_an_edit_that_can_be_taken_back() -> None:
    history = EMPTY.with_edit("drop", "", repetition=SPAN)
    assert [edit.kind for edit in history.standing()] == ["drop"]
    history = history.with_edit("undo", "", undone=1)
    assert history.standing() == []
    history = history.with_edit("undo", "", undone=2)
    assert [edit.number for edit in history.standing()] == [1]
    assert [edit.kind for edit in history.edits] == ["drop", "undo", "undo"]


def test_without_a_file_there_are_no_edits(tmp_path: Path) -> None:
    assert read_history(tmp_path / "r.h5", "0f") == EMPTY


def test_edits_of_another_recording_are_refused(tmp_path: Path) -> None:
    write_history(tmp_path / "r.h5", EMPTY.with_edit("drop", "", repetition=SPAN))
    with pytest.raises(EditError, match=r"made of another recording \(r\.h5, 0f\)"):
        read_history(tmp_path / "r.h5", "another")


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-40],
        lambda content: b"",
        lambda content: b"\x89HDF\r\n\x1a\n",
        lambda content: content.replace(b'"drop"', b'"drop it"'),
        lambda content: content.replace(b'"number": 1', b'"number": 2'),
        lambda content: content.replace(b'"undone": 1', b'"undone": 2'),
        lambda content: content.replace(b"4.0", b"NaN"),
        lambda content: content.replace(b'"format_version": 1', b'"format_version": 2'),
        lambda content: b" " * 11_000_000,
    ],
)
def test_a_damaged_file_is_a_sentence(tmp_path: Path, damage) -> None:
    recording = tmp_path / "r.h5"
    write_history(recording, EMPTY.with_edit("drop", "", repetition=SPAN).with_edit("undo", "", undone=1))
    path = edits_of(recording)
    content = path.read_bytes()
    json.loads(content)
    assert damage(content) != content
    path.write_bytes(damage(content))
    with pytest.raises(EditError, match=r"r\.edits\.json is .*\."):
        read_history(recording, "0f")


def test_a_folder_at_its_path_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "r.edits.json").mkdir()
    with pytest.raises(EditError, match="can't be read"):
        read_history(tmp_path / "r.h5", "0f")
    with pytest.raises(EditError, match="can't be written"):
        write_history(tmp_path / "r.h5", EMPTY)


def test_a_flag_is_dismissed_for_a_reason() -> None:
    with pytest.raises(EditError, match="reason"):
        EMPTY.with_edit("dismiss", "", reason="", flag={"rule": "load_shift", "side": "right", "start_s": 1.0})
