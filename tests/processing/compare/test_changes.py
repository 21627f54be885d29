"""What changed from one recording, result or session to another: what is there is found, what can't be compared is not."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from acquisition.rig.rig_file import example, load
from acquisition.storage.hdf5_text import fixed
from hardware.errors import SquatscopeError
from processing.batch import reprocess, with_settings
from processing.compare.changes import compared
from processing.compare.source import CompareError, source_of
from processing.screening.comparison import Answer
from processing.screening.guided.session_file import read_session
from processing.screening.outcome import Measure, Outcome
from processing.screening.recorded_sets import screening_of
from tests.support.screenings import CUE, LIGHT, LOADED, a_screening

ORDER = (LIGHT, CUE, LIGHT, CUE, LOADED)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Two sessions of a lifter, whose right knee caves in in the first only, and one of another lifter."""
    root = tmp_path_factory.mktemp("lifters")
    a_screening(root / "A1" / "before", "technique", ORDER, day="2026-11-20", emg=True)
    a_screening(root / "A1" / "after", "healthy", ORDER)
    a_screening(root / "B2" / "one", "healthy", (LIGHT, LIGHT), lifter="B2", seed=5, markers=False)
    return root


@pytest.fixture(scope="module")
def sessions(root):
    return source_of(root / "A1" / "before"), source_of(root / "A1" / "after")


def ids(told):
    return [caveat.id for caveat in told.caveats]


def test_what_changed_between_two_sessions_is_found_and_what_did_not_is_told(sessions, root):
    told = compared(*sessions)
    by = {(one.condition, str(one.outcome)): one for one in told.changes}
    assert by["light", "knee_right"].change.answer is Answer.LESS
    assert by["light", "load_right"].change.answer is Answer.LESS
    assert by["light", "knee_left"].change.answer is Answer.SAME
    assert by["cue", "knee_right"].change.answer is Answer.SAME, "the cue mended it before"
    assert by["loaded", "knee_right"].change.answer is Answer.TOO_FEW, "one set of each"
    assert math.isnan(by["loaded", "knee_right"].seen_from)
    assert {one.outcome.name for one in told.changes} == {"knee", "fall", "load", "beyond", "moment"}
    assert ids(told) == ["compared_electrodes", "compared_days"]
    one = by["light", "load_right"]
    values = []
    for folder in ("before", "after"):
        path = root / "A1" / folder
        sets = [of for of in screening_of(path, read_session(path), lambda rig: rig).sets if of.condition is LIGHT]
        values.append([r.numbers[Outcome(Measure.LOAD, side="right")] for of in sets for r in of.repetitions[1:]])
    assert one.first == np.median(values[0])
    assert one.change.difference == np.median([b - a for a in values[0] for b in values[1]])
    assert one.change.low < one.change.difference < one.change.high
    assert one.seen_from == pytest.approx((one.change.high - one.change.low) / 2)
    assert one.change.repetitions == (10, 10)


def test_turned_round_it_is_the_same_change_the_other_way(sessions):
    there, back = compared(*sessions), compared(*reversed(sessions))
    for one, other in zip(there.changes, back.changes, strict=True):
        assert one.change.difference == pytest.approx(-other.change.difference)
        assert one.change.low == pytest.approx(-other.change.high) or math.isinf(one.change.low)
        assert {one.change.answer, other.change.answer} in ({Answer.LESS, Answer.MORE}, {one.change.answer})


def test_muscles_are_compared_within_one_placing_only(root):
    session = root / "A1" / "before"
    told = compared(source_of(session / "01-light.h5"), source_of(session / "05-loaded.h5"))
    assert {one.outcome.name for one in told.changes} >= {"load", "late_GMed"}
    assert {one.change.answer for one in told.changes} == {Answer.TOO_FEW}
    assert ids(told) == ["compared_conditions", "compared_weights", "compared_days"]
    assert told.caveats[1].values["second_N"] - told.caveats[1].values["first_N"] == pytest.approx(40 * 9.81, rel=0.02)
    other = compared(source_of(session / "01-light.h5"), source_of(root / "A1" / "after" / "01-light.h5"))
    assert {one.condition for one in other.changes} == {"light"}
    assert not [one for one in other.changes if one.outcome.measure is Measure.LATE]
    assert "compared_electrodes" in ids(other)


def test_other_people_are_no_change(sessions, root):
    told = compared(sessions[0], source_of(root / "B2" / "one"))
    assert ids(told)[0] == "compared_lifters"
    assert {one.condition for one in told.changes} == {"light"}
    assert "knee" not in {one.outcome.name for one in told.changes}, "nothing shows it in the second"


@pytest.fixture(scope="module")
def results(root, tmp_path_factory):
    path = tmp_path_factory.mktemp("results") / "r.metrics.h5"
    reprocess(root / "A1" / "before" / "01-light.h5").write(path)
    return path


def test_one_recording_computed_alike_differs_in_nothing(root, results):
    told = compared(source_of(results), source_of(root / "A1" / "before" / "01-light.h5"))
    assert (told.changes, told.recomputed, told.caveats) == ((), (), ())


def test_one_recording_computed_otherwise_differs_by_what_changed(root, results, tmp_path):
    other = load(example("demo"))
    other = other.model_copy(update={"still": other.still.model_copy(update={"window_s": 2.0})})
    path = root / "A1" / "before" / "01-light.h5"
    mine = reprocess(path, lambda rig: with_settings(rig, other))
    mine.write(tmp_path / "other.metrics.h5")
    told = compared(source_of(results), source_of(tmp_path / "other.metrics.h5"))
    assert ids(told) == ["compared_settings"]
    assert "still" in told.caveats[0].about.split(", ")
    by = {one.column: one for one in told.recomputed}
    before = reprocess(path)
    differences = [b.depth_m - a.depth_m for a, b in zip(before.repetitions, mine.repetitions, strict=True)]
    assert by["depth_m"].largest == max(differences, key=abs)
    assert by["depth_m"].differ == sum(difference != 0.0 for difference in differences)
    told = compared(source_of(path), source_of(path, lambda rig: with_settings(rig, other)))
    assert {one.column: one.largest for one in told.recomputed} == pytest.approx(
        {one.column: one.largest for one in by.values()}, nan_ok=True
    )


def altered(results: Path, to: Path, change) -> Path:
    shutil.copy(results, to)
    with h5py.File(to, "r+") as file:
        change(file)
    return to


def test_other_versions_are_told_and_other_formulas_are_refused(results, tmp_path):
    def version(file):
        file.attrs["software_version"] = fixed("0.0.9")

    older = altered(results, tmp_path / "older.metrics.h5", version)
    told = compared(source_of(older), source_of(results))
    assert ids(told) == ["compared_versions"]
    assert "0.0.9" in told.caveats[0].sentence

    def formula(file):
        ids = [text.decode() for text in file["phases"].attrs["formula_ids"]]
        file["phases"].attrs["formula_ids"] = fixed(["another.formula", *ids[1:]])

    with pytest.raises(CompareError, match=r"1 columns are by other formulas, such as phases\..*another\.formula"):
        compared(source_of(altered(results, tmp_path / "formula.metrics.h5", formula)), source_of(results))


def test_what_can_not_be_compared_is_a_sentence(sessions, root, results, tmp_path):
    with pytest.raises(CompareError, match="hold the same recordings"):
        compared(sessions[0], sessions[0])
    with pytest.raises(CompareError, match="A session can be compared with a session"):
        compared(sessions[0], source_of(results))
    with pytest.raises(CompareError, match="is no session's folder"):
        source_of(tmp_path)
    with pytest.raises(CompareError, match="other settings are for recordings"):
        source_of(results, lambda rig: rig)
    with pytest.raises(SquatscopeError, match="There is no file"):
        source_of(tmp_path / "none.h5")
    nothing = replace(sessions[1], sets=tuple(replace(one, repetitions=()) for one in sessions[1].sets))
    with pytest.raises(CompareError, match="no number in common"):
        compared(sessions[0], nothing)
    folder = a_screening(tmp_path / "s", "healthy", (LIGHT,), markers=False)
    session = read_session(folder)
    (folder / "session.json").write_text(session.model_copy(update={"tries": []}).model_dump_json(), encoding="utf-8")
    with pytest.raises(CompareError, match=r"No set of .* counts yet"):
        source_of(folder)
