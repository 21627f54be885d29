"""Screenings from the command line: triage of a session, the archive's lists, labelling, and copies without names."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from processing.screening.guided.session_file import read_session, write_session
from sim.lifter.markers import markers_mm
from tests.support.screenings import CUE, HEELS, LIGHT, LOADED, a_screening, screened_person
from tests.support.trc import write_trc, y_up

ORDER = (LIGHT, CUE, LIGHT, CUE, HEELS, LIGHT, HEELS, LOADED, LIGHT, LOADED)


@pytest.fixture(scope="module")
def technique(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session of somebody whom the cue helps."""
    return a_screening(tmp_path_factory.mktemp("archive") / "lifters" / "A1" / "2026-11-27-1", "technique", ORDER)


def test_triage_says_what_to_try_first_and_what_it_rests_on(squatscope, technique):
    told = squatscope("triage", technique)
    assert told.code == 0, told.err
    said = told.out.splitlines()
    assert said[0] == f"Lifter A1, {read_session(technique).created_utc[:10]}, 10 sets that count"
    assert said[1] == "What to try first: technique, right."
    less = next(line for line in said if line.startswith("• With the cue: right knee inwards: less"))
    assert float(re.search(r"\((-[\d.]+) mm", less)[1]) == pytest.approx(-20.0, abs=3.0)
    assert "The cue was done" in told.out
    brief = squatscope("triage", technique, "--brief").out
    assert "What it rests on" not in brief
    assert brief.splitlines() == told.out.splitlines()[: len(brief.splitlines())]


def test_another_rig_judges_as_it_says(squatscope, technique, tmp_path):
    told = squatscope("new-rig", "demo", "--out", tmp_path / "far.toml")
    with (tmp_path / "far.toml").open("a") as rig:
        rig.write("\n[triage]\nknee_mm = 60.0\n")
    told = squatscope("triage", technique, "--rig", tmp_path / "far.toml")
    assert told.code == 0, told.err
    assert "What to try first" not in told.out


def test_lists_name_sessions_and_what_they_gave(squatscope, technique):
    root = technique.parents[1]
    told = squatscope("sessions", "--root", root)
    assert told.code == 0
    assert "2026-11-27-1" in told.out
    told = squatscope("lifter", "a1", "--root", root)
    assert told.code == 0
    assert "2026-11-27-1: What to try first: technique, right." in told.out
    assert squatscope("lifter", "B2", "--root", root).code == 1
    told = squatscope("lifter", "../B2", "--root", root)
    assert (told.code, "can't be a lifter's id" in told.err) == (1, True)


def test_lists_are_narrowed_and_a_session_is_opened(squatscope, technique):
    root = technique.parents[1]
    assert "2026-11-27-1" in squatscope("sessions", "--root", root, "--lifter", "a1", "--condition", "heels").out
    assert squatscope("sessions", "--root", root, "--condition", "slow").code == 1
    assert squatscope("sessions", "--root", root, "--since", "2999-01-01").code == 1
    told = squatscope("sessions", technique)
    assert told.code == 0
    assert "Lifter A1 (not weighed)" in told.out
    assert "05-heels.h5" in told.out


def test_a_folder_copied_elsewhere_works_there(squatscope, technique, tmp_path):
    copy = shutil.copytree(technique, tmp_path / "stick" / "copy")
    assert "technique, right" in squatscope("triage", copy).out


def test_recordings_are_labelled_into_a_session_afterwards(squatscope, technique, tmp_path):
    told = squatscope("label", technique / "01-light.h5", "--lifter", "B-2", "--condition", "light", "--bar-kg", 20)
    assert told.code == 0, told.err
    folder = next((tmp_path / "lifters" / "B-2").iterdir())
    for name in ("02-cue", "03-light", "04-cue"):
        given = ("--condition", name[3:], "--bar-kg", 20, "--session", folder, "--rating", "slight")
        assert squatscope("label", technique / f"{name}.h5", "--lifter", "b-2", *given).code == 0
    assert [(one.condition, one.number, one.rating) for one in read_session(folder).counting()] == [
        ("light", 1, ""), ("cue", 2, "slight"), ("light", 3, "slight"), ("cue", 4, "slight")]  # fmt: skip
    assert "technique, right" in squatscope("triage", folder).out  # what grows with the load was not tried


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--lifter", "B2", "--condition", "heavy"), "There is no condition 'heavy'"),
        (("--lifter", "B2", "--condition", "cue", "--rating", "bad"), "There is no rating 'bad'"),
        (("--lifter", "con", "--condition", "cue"), "can't be a lifter's id"),
    ],
)
def test_what_can_not_be_a_label_is_refused(squatscope, technique, tmp_path, given, said):
    told = squatscope("label", technique / "01-light.h5", *given)
    assert told.code == 1
    assert said in told.err
    assert not (tmp_path / "lifters").exists()


def test_a_recording_is_a_set_once_and_sets_are_in_the_order_in_which_they_were_recorded(squatscope, technique, tmp_path):
    given = ("--lifter", "B2", "--condition", "light")
    assert squatscope("label", technique / "03-light.h5", *given).code == 0
    (folder,) = (tmp_path / "lifters" / "B2").iterdir()
    told = squatscope("label", technique / "03-light.h5", *given, "--session", folder)
    assert (told.code, "a set counts once" in told.err) == (1, True)


def test_a_set_of_another_lifter_is_refused(squatscope, technique):
    told = squatscope("label", technique / "01-light.h5", "--lifter", "B2", "--condition", "cue", "--session", technique)
    assert told.code == 1
    assert "is a session of A1, not of B2" in told.err


def test_a_copy_without_names_holds_none_and_gives_the_same_answer(squatscope, technique, tmp_path):
    told = squatscope("anonymize", technique, tmp_path / "given", "--lifter", "X")
    assert told.code == 0, told.err
    day = read_session(technique).created_utc[:10]
    for path in (tmp_path / "given").iterdir():
        content = path.read_bytes()
        assert not [name for name in (b"Jane", b"Oslo", b"A1", day.encode(), b"a test of tests") if name in content], path
    assert "technique, right" in squatscope("triage", tmp_path / "given").out
    assert read_session(technique).notes == "Jane Doe from Oslo"
    again = squatscope("anonymize", technique, tmp_path / "given")
    assert (again.code, "exists already" in again.err) == (1, True)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "is no folder of a session"),
        (b"{}", "is damaged"),
        (b"\xff\x00", "is damaged"),
        (b"[" * 5000, "is damaged"),
    ],
)
def test_what_is_no_session_is_said(squatscope, tmp_path, content, said):
    (tmp_path / "s").mkdir()
    if content is not None:
        (tmp_path / "s" / "session.json").write_bytes(content)
    told = squatscope("triage", tmp_path / "s")
    assert told.code == 1
    assert said in told.err
    assert "mistake in squatscope" not in told.err


def test_recordings_outside_the_folder_and_missing_ones_are_refused(squatscope, technique, tmp_path):
    copy = shutil.copytree(technique, tmp_path / "copy")
    text = (copy / "session.json").read_text()
    (copy / "session.json").write_text(text.replace("01-light.h5", "../01-light.h5"))
    assert "which is not in its folder" in squatscope("triage", copy).err
    (copy / "session.json").write_text(text)
    (copy / "01-light.h5").unlink()
    told = squatscope("triage", copy)
    assert (told.code, "There is no file" in told.err) == (1, True)


def test_an_empty_archive_says_how_to_begin(squatscope, tmp_path):
    told = squatscope("sessions")
    assert (told.code, "There is no session" in told.err) == (1, True)


def test_markers_are_added_to_the_sets_of_a_session_that_they_show(squatscope, tmp_path):
    """Forces first, and what a camera saw of the third set: the squats tell which one it is of."""
    folder = a_screening(tmp_path / "s", "technique", (LIGHT, CUE, LIGHT, CUE), markers=False)
    person, _ = screened_person("technique", (LIGHT, CUE, LIGHT, CUE))
    began_s = float(person.plan.set_at_s[2]) + 0.8
    seen = markers_mm(person, person.motion.at(np.arange(began_s, float(person.plan.set_at_s[3]) - 1.0, 1.0 / 60.0)))
    places = np.stack([np.broadcast_to(at, (len(seen["RKNE"]), 3)) for at in seen.values()], axis=1)
    pose = write_trc(tmp_path / "pose.trc", list(seen), y_up(places), 60.0)
    told = squatscope("add-markers", folder, pose)
    assert told.code == 0, told.err
    found = re.search(r"03-light.h5: the first frame was at ([0-9.]+) s", told.out)
    assert found, told.out
    assert float(found[1]) == pytest.approx(0.8, abs=0.06)
    assert [one.recording for one in read_session(folder).counting()] == [
        "01-light.h5", "02-cue.h5", "03-light-markers.h5", "04-cue.h5"]  # fmt: skip
    assert (folder / "03-light.h5").exists()
    told = squatscope("add-markers", folder, pose, "--set", 2)
    assert (told.code, "show the squats of none of the 1 sets" in told.err) == (1, True)
    told = squatscope("add-markers", folder, pose, "--set", 9)
    assert (told.code, "has no set 9; its sets are 1, 2, 3, 4" in told.err) == (1, True)
    assert squatscope("add-markers", folder, pose, "new.h5").code == 2


def test_without_maximal_contractions_the_first_light_set_is_the_reference_and_that_is_said(squatscope, tmp_path):
    folder = a_screening(tmp_path / "s", "imbalance", (LIGHT, LOADED, LIGHT, LOADED), emg=True)
    assert "the muscles are unclear, right" in squatscope("triage", folder).out
    for number, one in enumerate(read_session(folder).counting()):
        session = ("--session", next((tmp_path / "lifters" / "B2").iterdir())) if number else ()
        given = ("--lifter", "B2", "--condition", one.condition, "--bar-kg", one.bar_kg, *session)
        assert squatscope("label", folder / one.recording, *given).code == 0
    (other,) = (tmp_path / "lifters" / "B2").iterdir()
    told = squatscope("triage", other)
    assert "What to try first: quadriceps take over as the load grows, right." in told.out
    assert "in % of the lifter's own first light set" in told.out
    known = read_session(other).counting()[0].reference
    assert {entry.trial for entry in known} == {"dynamic reference: 01-light"}
    assert len(known) == 14


def test_the_answer_is_handed_over_as_a_page_with_what_was_before(squatscope, technique, tmp_path):
    before = a_screening(technique.parent / "2020-01-02-1", "technique", (LIGHT, CUE), seed=2)
    old = read_session(before)
    write_session(before, old.model_copy(update={"created_utc": "2020-01-02T10:00:00+00:00"}))
    told = squatscope("triage", technique, "--report", tmp_path / "page.html")
    assert told.code == 0, told.err
    assert "The answer as a page: file://" in told.out
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.index("What to try first: technique, right") < page.index("Earlier sessions") < page.index("2020-01-02")
    again = squatscope("triage", technique, "--report", tmp_path / "page.html")
    assert (again.code, "exists already" in again.err) == (1, True)
