"""A review: edits change what they are of and nothing else, undone they leave what was computed, and results tell them."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acquisition.rig.rig_file import example, load
from processing.batch import as_recorded, reprocess
from processing.corrected import corrected
from processing.findings.caveats import caveats
from processing.repetition.by_hand import ByHand, moved
from processing.repetition.corrections import EditError, History, edits_of
from processing.results import Results
from processing.review import Review
from processing.screening.answers import remarks
from processing.screening.condition import Condition
from processing.screening.guided.session_file import read_session
from processing.screening.recorded_sets import screening_of
from processing.tables import rows_of
from tests.support.rigs import example_with
from tests.support.screenings import a_screening
from tests.support.sessions import recorded, simulated

if TYPE_CHECKING:
    from pathlib import Path

RIG = load(example("demo"))


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    return recorded(tmp_path_factory.mktemp("review") / "made.h5", RIG, simulated(RIG, seconds=17.0))


@pytest.fixture
def recording(made: Path, tmp_path: Path) -> Path:
    path = tmp_path / "r.h5"
    shutil.copy(made, path)
    return path


@pytest.fixture(scope="module")
def found(made: Path) -> Results:
    return reprocess(made)


def the_same(one: Results, other: Results) -> bool:
    """Return whether results are the same to the last bit, NaN the same as NaN."""
    rows = ("repetitions", "phases", "muscles", "variability", "flags", "edits", "found_repetitions")
    return all(repr(getattr(one, name)) == repr(getattr(other, name)) for name in rows)


def test_without_edits_results_are_what_was_computed(found: Results) -> None:
    assert corrected(found, History(recording="r.h5", recording_uuid="0f"), found.rig) is found
    assert len(found.repetitions) == 4
    assert not found.edits


def test_a_dropped_repetition_is_gone_and_others_are_as_they_were(recording: Path, found: Results) -> None:
    review = Review(recording, who="coach")
    review.drop(2, "stumbled")
    results = reprocess(recording)
    assert the_same(results, review.results)
    assert results.repetitions == [row for row in found.repetitions if row.number != 2]
    assert repr(results.phases) == repr([row for row in found.phases if row.repetition != 2])
    assert repr(results.muscles) == repr([row for row in found.muscles if row.repetition != 2])
    assert results.found_repetitions == found.repetitions
    (edit,) = results.edits
    assert (edit.applied, edit.repetition, edit.who, edit.reason) == (True, 2, "coach", "stumbled")
    assert edit.sentence == f"Repetition 2 ({edit.start_s:.1f} to {edit.end_s:.1f} s) was dropped: stumbled."
    depths = [row.depth_m for row in results.repetitions]
    (varies,) = [row for row in results.variability if row.column == "depth_m"]
    assert (varies.repetitions, varies.mean) == (3, pytest.approx(np.mean(depths)))
    assert [caveat.id for caveat in caveats(results)].count("changed_by_hand") == 1
    assert [row["number"] for row in rows_of(recording)] == [1, 3, 4]
    assert the_same(reprocess(recording, with_edits=False), found)


def test_what_is_found_is_told_and_kept_in_results(recording: Path, tmp_path: Path) -> None:
    review = Review(recording)
    review.move(1, bottom_s=review.repetition(1).bottom_s + 0.25)
    review.dismiss(1, "he looked aside")
    review.results.write(tmp_path / "r.metrics.h5")
    again = Results.read(tmp_path / "r.metrics.h5")
    assert the_same(again, review.results)
    assert again.flags[0].dismissed == "he looked aside"
    assert again.repetitions[0].edited == "moved"
    assert not again.found_repetitions[0].edited


@given(st.lists(st.tuples(st.sampled_from(["drop", "split", "move", "dismiss", "undo"]), st.integers(0, 9)), max_size=5))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_taking_every_edit_back_gives_what_was_computed(recording: Path, found: Results, wanted) -> None:
    edits_of(recording).unlink(missing_ok=True)
    before = recording.read_bytes()
    review = Review.__new__(Review)
    review.path, review._who, review._uuid = recording, "coach", found.recording_uuid
    review.history, review.found, review.results = History(recording="r.h5", recording_uuid=review._uuid), found, found
    review._judged = found
    made = 0
    for kind, which in wanted:
        rows = review.results.repetitions
        row = rows[which % len(rows)] if rows else None
        try:
            if kind == "undo":
                review.undo()
            elif kind == "dismiss":
                review.dismiss(1 + which, "no flag")
            elif row is not None and kind == "drop":
                review.drop(row.number)
            elif row is not None and kind == "split":
                review.split(row.number, (row.start_s + row.end_s) / 2)
            elif row is not None:
                review.move(row.number, start_s=row.start_s + 0.02 * which, end_s=row.end_s - 0.01 * which)
            made += 1
        except EditError:
            continue
    while review.history.standing():
        review.undo()
    assert review.results is found
    assert len(review.history.edits) >= made
    assert recording.read_bytes() == before


def test_a_moved_start_gives_the_same_depth_and_a_shorter_way_down(recording: Path, found: Results) -> None:
    review = Review(recording)
    row = review.repetition(2)
    review.move(2, start_s=row.start_s + 0.15)
    now = review.repetition(2)
    assert (now.start_s, now.end_s) == (pytest.approx(row.start_s + 0.15), pytest.approx(row.end_s))
    assert now.bottom_s == pytest.approx(row.bottom_s, abs=0.02)
    assert now.lowering_s == pytest.approx(row.lowering_s - 0.15, abs=0.02)
    table = found.table_with("com_height_mm")
    assert table is not None
    height_m = np.interp([now.start_s, now.bottom_s], table.time_s, table.column("com_height_mm")) / 1000.0
    assert now.depth_m == pytest.approx(height_m[0] - height_m[1], abs=0.02)
    whole = next(
        phase for phase in review.results.phases if (phase.repetition, phase.phase, phase.side) == (2, "whole", "both")
    )
    assert whole.duration_s == pytest.approx(now.end_s - now.start_s)
    inside = (table.time_s > now.start_s + 0.01) & (table.time_s <= now.end_s + 0.001)
    assert whole.fz_mean_N == pytest.approx(np.mean(table.column("fz_total_N")[inside]), rel=0.002)


def test_a_repetition_told_by_hand_within_its_own_ends_is_as_it_was_found(found: Results) -> None:
    from processing.corrected import force_frames

    force = force_frames(found)
    assert force is not None
    for row in found.repetitions:
        again = moved(ByHand.found(row), force, row.start_s, None, row.end_s).row
        for name in ("depth_m", "lowering_s", "rising_s", "lowering_peak_m_s", "rising_peak_m_s", "weight_N"):
            assert getattr(again, name) == pytest.approx(getattr(row, name), rel=0.02), name
        assert (again.number, again.doubt) == (row.number, "")


def test_a_bottom_by_hand_stays_where_it_was_set_when_an_end_is_moved(recording: Path) -> None:
    review = Review(recording)
    row = review.repetition(2)
    review.move(2, bottom_s=row.bottom_s + 0.25)
    review.move(2, end_s=row.end_s - 0.1)
    now = review.repetition(2)
    assert (now.bottom_s, now.end_s) == (pytest.approx(row.bottom_s + 0.25), pytest.approx(row.end_s - 0.1))
    assert now.pause_s == 0.0


def test_two_that_were_joined_have_each_their_depth_once_split(recording: Path, found: Results) -> None:
    first, second = found.repetitions[1:3]
    joined = replace(first, end_s=second.end_s)
    as_one = replace(found, repetitions=[found.repetitions[0], joined, found.repetitions[3]])
    history = History(recording="r.h5", recording_uuid="0f").with_edit(
        "split", "", repetition={"start_s": joined.start_s, "end_s": joined.end_s}, at_s=(first.end_s + second.start_s) / 2
    )
    rows = corrected(as_one, history, found.rig).repetitions
    assert [(row.number, row.edited) for row in rows] == [(1, ""), (5, "split"), (6, "split"), (4, "")]
    for row, alone in zip(rows[1:3], (first, second), strict=True):
        assert row.depth_m == pytest.approx(alone.depth_m, abs=0.02)
        assert row.bottom_s == pytest.approx(alone.bottom_s, abs=0.03)
        assert row.doubt in ("", "depth unsure")


def test_what_has_no_way_down_and_up_has_no_depth(recording: Path) -> None:
    review = Review(recording)
    review.split(1, review.repetition(1).bottom_s)
    halves = review.results.repetitions[:2]
    assert [half.number for half in halves] == [5, 6]
    for half in halves:
        assert math.isnan(half.depth_m)
        assert math.isnan(half.bottom_s)
        assert half.doubt == "depth unsure"
    assert review.results.repetitions[2].number == 2
    whole = [p for p in review.results.phases if p.repetition == 5 and p.phase == "whole" and p.side == "both"]
    assert math.isfinite(whole[0].fz_mean_N)
    lowering = [p for p in review.results.phases if p.repetition == 5 and p.phase == "lowering" and p.side == "both"]
    assert math.isnan(lowering[0].fz_mean_N)


def test_a_part_that_does_not_come_back_up_has_no_mean_velocity_upwards(recording: Path) -> None:
    review = Review(recording)
    row = review.repetition(1)
    review.split(1, row.bottom_s + 0.25)
    first = review.results.repetitions[0]
    assert first.doubt == "not back at the same height"
    assert first.depth_m == pytest.approx(row.depth_m, abs=0.01)
    assert math.isnan(first.rising_mean_m_s)
    assert first.rising_s == pytest.approx(0.25, abs=0.02)


def test_numbers_of_parts_stay_when_an_earlier_split_is_taken_back(recording: Path) -> None:
    review = Review(recording)
    review.split(1, review.repetition(1).bottom_s)
    review.split(2, review.repetition(2).bottom_s)
    assert [row.number for row in review.results.repetitions] == [5, 6, 7, 8, 3, 4]
    review.undo(1)
    assert [row.number for row in review.results.repetitions] == [1, 7, 8, 3, 4]


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda review: review.drop(9), "no repetition 9; its repetitions are 1, 2, 3, 4"),
        (lambda review: review.split(2, 0.0), "can be split"),
        (lambda review: review.split(2, math.nan), "can't be made: at_s"),
        (lambda review: review.move(2, start_s=review.repetition(2).end_s), "must follow each other"),
        (lambda review: review.move(2, start_s=review.repetition(1).bottom_s), "before repetition 1 has ended"),
        (lambda review: review.move(2, end_s=review.repetition(3).bottom_s), "after repetition 3 has begun"),
        (lambda review: review.move(4, end_s=99.0), "out of the recording"),
        (lambda review: review.dismiss(1, " "), "for a reason"),
        (lambda review: review.dismiss(999, "x"), "no flag 999"),
        (lambda review: review.undo(), "no edit that could be taken back"),
        (lambda review: review.undo(3), "no edit 3"),
    ],
)
def test_what_can_not_be_is_refused_and_leaves_no_file(recording: Path, edit, said: str) -> None:
    review = Review(recording)
    with pytest.raises(EditError, match=said):
        edit(review)
    assert not edits_of(recording).exists()
    assert review.results is review.found


def test_an_edit_whose_repetition_is_not_there_is_told_and_applied_to_no_other(recording: Path, found: Results) -> None:
    Review(recording).drop(2, "stumbled")
    heavier = replace(found, repetitions=[row for row in found.repetitions if row.number != 2])
    other = example_with(
        "demo", rules=RIG.rules.model_copy(update={"load_shift": RIG.rules.load_shift.model_copy(update={"hold_s": 9.0})})
    )
    results = corrected(replace(heavier, rig=other), Review(recording).history, other)
    (edit,) = results.edits
    assert not edit.applied
    assert "made with other settings" in edit.sentence
    assert results.repetitions == heavier.repetitions
    assert [caveat.id for caveat in caveats(results)].count("edit_not_applied") == 1


def test_an_undone_split_leaves_the_edits_of_its_parts_unapplied(recording: Path) -> None:
    review = Review(recording)
    review.split(1, review.repetition(1).bottom_s)
    review.drop(6)
    review.undo(1)
    assert [(edit.number, edit.applied) for edit in review.results.edits] == [(2, False)]
    assert "another edit changed it" in review.results.edits[0].sentence
    assert [row.number for row in review.results.repetitions] == [1, 2, 3, 4]


def test_edits_count_in_a_triage_and_change_nothing_else(tmp_path: Path) -> None:
    order = [Condition.LIGHT, Condition.CUE]
    folder = a_screening(tmp_path / "s", "technique", order, markers=False)
    session = read_session(folder)
    before = screening_of(folder, session, as_recorded)
    Review(folder / session.tries[0].recording).drop(3, "stumbled")
    after = screening_of(folder, session, as_recorded)
    numbers = [row.number for row in before.results[0].repetitions]
    assert [row.number for row in after.results[0].repetitions] == [n for n in numbers if n != 3]
    assert repr(after.sets[0].repetitions) == repr(before.sets[0].repetitions[:2] + before.sets[0].repetitions[3:])
    assert repr(after.sets[1]) == repr(before.sets[1])
    assert replace(after.sets[0], repetitions=()) == replace(before.sets[0], repetitions=())
    assert repr(after.triage) != repr(before.triage)
    assert read_session(folder) == session
    (said,) = [line for line in remarks(after) if line not in remarks(before)]
    assert said == "Corrected by hand: 01-light.h5 (1); 'squatscope review' lists the edits of each."


def test_of_a_recording_without_plates_flags_are_dismissed(tmp_path: Path) -> None:
    rig = RIG.model_copy(update={"plate": [], "stream": [stream for stream in RIG.stream if stream.name == "emg"]})
    path = recorded(tmp_path / "emg.h5", rig, {"emg": simulated(RIG, seconds=12.0)["emg"]})
    review = Review(path)
    assert review.results.repetitions == []
    with pytest.raises(EditError, match="its repetitions are none"):
        review.drop(1)
