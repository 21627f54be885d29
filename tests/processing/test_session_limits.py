"""Limits that are changed while a session runs: screens and flags follow, and at the end one set of them judges all of it."""

from __future__ import annotations

import math
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

from acquisition.commands import FOLDER, Command, Commands, Does
from acquisition.rig.changed_limits import put_on, with_limits
from acquisition.ring import Ring
from acquisition.screen_commands import ScreenCommands
from hardware.severity import Severity
from hardware.source import Block
from processing.batch import reprocess, with_settings
from processing.flags.rules import Flag, flag_of
from processing.live import LivePipeline
from processing.pipeline import FLAGS, Pipeline
from processing.repetition.corrections import EditError, edits_of, read_history
from processing.review import Review
from processing.session_limits import judged_by_last, keep_limits, keep_limits_of, limits_kept
from tests.support.rigs import example_with
from tests.support.sessions import recorded, simulated

if TYPE_CHECKING:
    from pathlib import Path

DEMO = example_with()
PLATES = next(stream for stream in DEMO.stream if stream.name == DEMO.plate[0].stream)
RIG = example_with(emg=[], stream=[PLATES.model_copy(update={"sync_channel": None}).model_dump()])
SECONDS, CHANGE_S = 12.0, 6.0


def judging(amber: float, red: float):
    """Return what makes of a rig one whose load shift has had these limits from the start."""
    return lambda rig: rig.model_copy(update={"rules": with_limits(rig.rules, "load_shift", amber, red)})


@pytest.fixture(scope="module")
def samples() -> np.ndarray:
    return simulated(RIG, seconds=SECONDS)["plates"]


@pytest.fixture(scope="module")
def made(tmp_path_factory, samples) -> Path:
    return recorded(tmp_path_factory.mktemp("limits") / "made.h5", RIG, {"plates": samples})


@pytest.fixture
def recording(made: Path, tmp_path: Path) -> Path:
    path = tmp_path / "r.h5"
    shutil.copy(made, path)
    return path


def live_changes(path: Path, samples: np.ndarray, *changes: tuple[float, str]) -> np.ndarray:
    """Return the changes of flags of a session, with commands that are given at these seconds."""
    pipeline = Pipeline(RIG)
    ring = Ring.create(
        path / "ring.h5",
        [s.stream() for s in RIG.stream],
        SECONDS + 1.0,
        derived=pipeline.derived_streams(),
        description={"rig": RIG.model_dump(mode="json")},
    )
    live, writer, commands = LivePipeline(ring, pipeline), ring.writer("plates"), Commands(path / FOLDER)
    wanted = dict(changes)
    for first in range(0, len(samples), 50):
        writer.append(Block(samples[first : first + 50], first, 100.0 + first / 1000.0))
        if (value := wanted.get(first / 1000.0)) is not None:
            commands.give(Command(Does.LIMITS, 0, value))
            ScreenCommands(ring, commands).finish()
        live.follow()
    live.finish()
    told = ring.reader(FLAGS, rows_back=10_000).read()
    return np.empty((0, 6)) if told is None else told.samples


def test_from_the_block_on_in_which_limits_are_changed_flags_are_raised_by_them(tmp_path, samples):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    at = 1000.0 * CHANGE_S
    by_rig = live_changes(tmp_path / "a", samples)
    changed = live_changes(tmp_path / "b", samples, (CHANGE_S, "load_shift 25 30"))
    shifts = {n for n, rule in enumerate(Pipeline(RIG).rules) if rule.name == "load_shift"}

    def of_shift(changes: np.ndarray) -> list[Flag]:
        return [flag for flag in map(flag_of, changes) if flag.rule in shifts]

    def raised(changes: np.ndarray) -> set[tuple[float, float]]:
        amber = [flag for flag in of_shift(changes) if flag.severity is Severity.AMBER]
        return {(flag.start_sample, flag.raised_sample) for flag in amber if flag.raised_sample < at}

    assert raised(changed) == raised(by_rig) != set()
    assert of_shift(by_rig)[-1].severity is Severity.RED
    last = of_shift(changed)[-1]
    assert last.severity is Severity.AMBER
    assert at <= last.end_sample <= at + 10.0, "a flag that is up ends in the next frame, which is far below the new limits"
    others = [row for row in changed.tolist() if row[0] not in shifts]
    assert repr(others) == repr([row for row in by_rig.tolist() if row[0] not in shifts])


def test_a_pipeline_that_judges_by_other_limits_is_one_that_was_built_with_them(samples):
    def flags(pipeline: Pipeline) -> list[list[float]]:
        return [row for name, rows in pipeline.process("plates", samples, 0) for row in rows.tolist() if name == FLAGS]

    changed, built = Pipeline(RIG), Pipeline(judging(3.0, 6.0)(RIG))
    changed.judge_by(built.rig.rules)
    assert changed.rules == built.rules
    assert changed.rig == built.rig
    assert repr(flags(changed)) == repr(flags(built)) != repr(flags(Pipeline(RIG)))


@pytest.mark.parametrize(("amber", "red"), [(3.0, 6.0), (8.0, 12.0), (25.0, 30.0)])
def test_what_was_changed_judges_all_of_the_recording_as_if_it_had_been_so_from_the_start(recording, amber, red):
    before = recording.read_bytes()
    by_rig = reprocess(recording)
    keep_limits(recording, {"load_shift": (amber, red)})
    keep_limits(recording, {"load_shift": (amber, red)})
    assert len(read_history(recording, by_rig.recording_uuid).edits) == 1
    assert limits_kept(recording) == {"load_shift": (amber, red)}
    changed, from_start = reprocess(recording), reprocess(recording, judging(amber, red), with_edits=False)
    assert repr(changed.flags) == repr(from_start.flags) != repr(by_rig.flags)
    assert repr(changed.phases) == repr(by_rig.phases)
    assert changed.rig == from_start.rig
    (edit,) = changed.edits
    assert (edit.kind, edit.applied, edit.repetition) == ("limits", True, 0)
    assert edit.sentence == f"The limits of load shift are {amber:g}/{red:g} % instead of 5/10 %."
    keep_limits(recording, {"load_shift": (5.0, 10.0)})
    back = reprocess(recording)
    assert repr(back.flags) == repr(by_rig.flags)
    assert limits_kept(recording) == {}
    assert [one.sentence for one in back.edits] == [
        f"The limits of load shift were {amber:g}/{red:g} %, until edit 2 changed them again.",
        "The limits of load shift are those of the rig again, 5/10 %.",
    ]
    assert recording.read_bytes() == before


def test_limits_that_can_not_be_kept_leave_those_of_the_rig_and_a_sentence(recording):
    live = reprocess(recording)
    edits_of(recording).mkdir()
    results, said = judged_by_last(recording, {"load_shift": (8.0, 12.0)}, live)
    assert said.startswith("The limits that were changed are not kept, and results are judged by those of the rig: The edits")
    assert repr(results.flags) == repr(live.flags)
    recording.write_bytes(b"")
    results, said = judged_by_last(recording, {"load_shift": (8.0, 12.0)}, live)
    assert results is live
    assert said.startswith("Flags are those of the limits as they were at each moment, since the recording can't be computed:")


def test_a_rig_that_can_not_have_them_is_told_and_judges_by_its_own(recording):
    keep_limits(recording, {"qh_between_legs": (2.5, 4.0)})

    def off(rig):
        rule = rig.rules.qh_between_legs.model_copy(update={"on": False})
        return rig.model_copy(update={"rules": rig.rules.model_copy(update={"qh_between_legs": rule})})

    results = reprocess(recording, off)
    assert not results.rig.rules.qh_between_legs.on
    (edit,) = results.edits
    assert not edit.applied
    assert "stay 2/3 times: the rule is switched off in the rig" in edit.sentence
    assert "edit 1, which changes limits, is not applied" in edit.sentence


def test_settings_that_are_named_judge_all_recordings_alike_and_what_was_changed_by_hand_is_told(recording):
    keep_limits(recording, {"load_shift": (8.0, 12.0)})
    named = judging(3.0, 6.0)(RIG)
    results = reprocess(recording, lambda rig: with_settings(rig, named))
    alike = reprocess(recording, lambda rig: with_settings(rig, named), with_edits=False)
    assert repr(results.flags) == repr(alike.flags)
    (edit,) = results.edits
    assert not edit.applied
    assert edit.sentence == ("The settings that were named judge load shift by 3/6 %, so edit 1 of its limits is not applied.")


def test_limits_of_a_ring_that_was_left_are_kept_beside_its_recording(recording, tmp_path):
    ring = Ring.create(tmp_path / "ring.h5", [s.stream() for s in RIG.stream], 1.0)
    assert keep_limits_of(ring.path, recording) == {}
    assert not edits_of(recording).exists()
    changed = {"load_shift": (8.0, 12.0), "foot_cop_medial": (9.0, math.inf)}
    put_on(ring.limits, changed)
    assert keep_limits_of(ring.path, recording) == limits_kept(recording) == changed


def test_edits_of_another_recording_take_no_limits(recording, tmp_path):
    keep_limits(recording, {"load_shift": (8.0, 12.0)})
    other = recorded(tmp_path / "other.h5", RIG, {"plates": np.zeros((100, len(PLATES.channels)))})
    edits_of(recording).rename(edits_of(other))
    with pytest.raises(EditError, match="were made of another recording"):
        keep_limits(other, {"load_shift": (7.0, 12.0)})


def test_a_dismissed_flag_that_other_limits_do_not_raise_is_told_and_comes_back(recording):
    review = Review(recording)
    number = 1 + next(k for k, flag in enumerate(review.results.flags) if flag.rule == "load_shift")
    review.dismiss(number, "looked aside")
    dismissed = review.results
    review.limits("load_shift", 25.0, 30.0)
    lost, limits = review.results.edits
    assert (lost.applied, limits.applied) == (False, True)
    assert "There is no such flag" in lost.sentence
    assert "another edit changed it" in lost.sentence
    review.undo()
    assert repr(review.results.flags) == repr(dismissed.flags)
    assert repr(reprocess(recording).edits) == repr(dismissed.edits)
