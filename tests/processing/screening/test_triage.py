"""Triage on drawn lifters of each kind: right causes, no wrong ones, and what is missing where it can't be told."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from acquisition.rig.judgement import TriageSettings
from processing.screening.answers import evidence, summary
from processing.screening.comparison import Answer
from processing.screening.condition import Condition
from processing.screening.conditions import Basis, Presence
from processing.screening.outcome import Measure, Outcome
from processing.screening.outcomes import SetOutcome
from processing.screening.triage import Cause, State, Triage, triage
from tests.support.screenings import CUE, HEELS, LIGHT, LOADED, ORDER, screened, with_dynamic

SETTINGS = TriageSettings()
RIGHT_ANSWERS = {
    "technique": {Cause.TECHNIQUE},
    "hip": {Cause.HIP},
    "ankle": {Cause.ANKLE},
    "imbalance": {Cause.QUADRICEPS},
    "glutes": {Cause.GLUTES},
    "load": {Cause.LOAD_ALONE},
    "mixed": {Cause.TECHNIQUE, Cause.QUADRICEPS},
}
UNDECIDED = {Cause.LOAD_UNCLEAR}
LIFTERS = 60


def told(kind: str, lifters: int = LIFTERS, **given: object) -> list[Triage]:
    return [triage(screened(kind, seed, **given), SETTINGS) for seed in range(lifters)]  # type: ignore[arg-type]


def causes(one: Triage) -> set[Cause]:
    return {found.cause for found in one.causes}


@pytest.mark.parametrize("markers", [True, False])
@pytest.mark.parametrize(
    ("kind", "least"),
    [("technique", 0.9), ("hip", 0.9), ("ankle", 0.9), ("imbalance", 0.65), ("glutes", 0.65), ("mixed", 0.65)],
)
def test_the_cause_is_found_and_no_other(kind: str, least: float, markers: bool):
    found = [causes(one) for one in told(kind, markers=markers)]
    assert sum(one == RIGHT_ANSWERS[kind] for one in found) >= least * LIFTERS
    assert sum(bool(one - RIGHT_ANSWERS[kind] - UNDECIDED) for one in found) <= 0.02 * LIFTERS + 1


def test_with_more_repetitions_more_is_told_of_the_muscles():
    found = [causes(one) for one in told("imbalance", each=10)]
    assert sum(one == {Cause.QUADRICEPS} for one in found) >= 0.9 * LIFTERS


@pytest.mark.parametrize("markers", [True, False])
@pytest.mark.parametrize("spoiled", [{}, {"drift": 2.0}, {"bad": 17}, {"bad": 51}])
def test_a_sound_lifter_is_told_no_cause(spoiled: dict[str, float], markers: bool):
    found = told("healthy", markers=markers, **spoiled)
    assert sum(bool(one.causes) for one in found) <= 1
    assert sum(one.state is State.NOTHING for one in found) >= 0.9 * LIFTERS


def test_no_sign_in_the_muscles_is_told_where_it_is_shown_and_never_assumed():
    found = [causes(one) for one in told("load")]
    assert sum(one not in ({Cause.LOAD_ALONE}, UNDECIDED) for one in found) <= 0.02 * LIFTERS
    assert sum(one == {Cause.LOAD_ALONE} for one in found) >= 0.25 * LIFTERS
    assert all(causes(one) == UNDECIDED for one in told("load", emg=False, lifters=10))


@pytest.mark.parametrize("kind", ["healthy", *RIGHT_ANSWERS])
def test_three_repetitions_are_not_enough(kind: str):
    for one in told(kind, lifters=10, each=3):
        assert one.state is State.NOT_ENOUGH
        assert not one.causes


def test_a_cue_that_was_not_done_clears_no_technique():
    for one in told("hip", lifters=20, cue_Nm=0.0):
        assert not one.causes
        assert any("the cue was not done" in missing.why for missing in one.missing)


def test_knees_that_are_better_with_a_cue_that_was_not_done_tell_no_technique():
    for one in told("technique", lifters=10, cue_Nm=0.0):
        assert Cause.TECHNIQUE not in causes(one)


def test_without_free_moments_nobody_knows_whether_the_cue_was_done_and_that_is_said():
    def without(one: SetOutcome) -> SetOutcome:
        kept = [{key: value for key, value in r.numbers.items() if key.measure is not Measure.MOMENT} for r in one.repetitions]
        pairs = zip(one.repetitions, kept, strict=True)
        return replace(one, repetitions=tuple(replace(r, numbers=numbers) for r, numbers in pairs))

    one = triage([without(a_set) for a_set in screened("hip", 3)], SETTINGS)
    assert causes(one) == {Cause.HIP}
    assert any("give no free moment" in missing.why for missing in one.missing)


def test_plates_under_the_heels_weigh_something_and_another_bar_is_named():
    heavier = [replace(one, system_N=one.system_N + 80.0) if one.condition is HEELS else one for one in screened("ankle", 2)]
    assert causes(triage(heavier, SETTINGS)) == {Cause.ANKLE}
    other = [replace(one, system_N=one.system_N + 300.0) if one.condition is HEELS else one for one in screened("ankle", 2)]
    assert any("another weight" in missing.why for missing in triage(other, SETTINGS).missing)


def test_one_stray_rating_does_not_hide_those_of_sets():
    sets = rated(screened("healthy", 4, markers=False), GRADES, each=False)
    first = sets[0].repetitions
    stray = [replace(sets[0], repetitions=(first[0], replace(first[1], rating="none"), *first[2:])), *sets[1:]]
    assert triage(stray, SETTINGS).basis is Basis.RATED_SETS


def test_sets_one_after_the_other_tell_no_technique():
    order = (LIGHT, LIGHT, CUE, CUE, LOADED, LIGHT, LOADED)
    sets = [one if one.condition is not LIGHT or one.number < 3 else replace(one, condition=Condition.DEPTH) for one in
            screened("technique", 1, order=order)]  # fmt: skip
    one = triage(sets, SETTINGS)
    assert not one.causes
    assert any("all came after the others" in missing.why for missing in one.missing)


def test_what_was_not_tried_is_named():
    one = triage(screened("hip", 2, order=(LIGHT, CUE, LIGHT, CUE)), SETTINGS)
    assert one.state is State.NOT_ENOUGH
    assert {(missing.condition, missing.side) for missing in one.missing} >= {(HEELS, "right"), (LOADED, "right")}


def test_a_cue_with_another_bar_is_not_compared():
    sets = [replace(one, system_N=1300.0) if one.condition is CUE else one for one in screened("technique", 3)]
    right = next(side for side in triage(sets, SETTINGS).sides if side.side == "right")
    assert right.of(CUE) is Answer.TOO_FEW
    assert not right.causes


def test_the_side_is_told_and_each_knee_is_judged_on_its_own():
    for one in told("technique", lifters=10):
        assert {found.side for found in one.causes} == {"right"}
        assert next(side for side in one.sides if side.side == "left").presence is Presence.ABSENT


def rated(sets: list[SetOutcome], grade: dict[Condition, str], *, each: bool) -> list[SetOutcome]:
    def of(one: SetOutcome) -> SetOutcome:
        word = grade[one.condition]
        if each:
            return replace(one, repetitions=tuple(replace(r, rating=word) for r in one.repetitions))
        return replace(one, rating=word)

    return [of(one) for one in sets]


GRADES = {LIGHT: "past", CUE: "none", HEELS: "past", LOADED: "past"}


def test_a_coachs_ratings_of_repetitions_stand_for_the_knee():
    sets = rated(screened("healthy", 4, markers=False), GRADES, each=True)
    one = triage(sets, SETTINGS)
    assert one.basis is Basis.RATED_REPETITIONS
    assert [(found.cause, found.side) for found in one.causes] == [(Cause.TECHNIQUE, "")]


def test_ratings_of_two_sets_each_are_unclear_and_say_what_would_tell():
    sets = rated(screened("healthy", 4, markers=False), GRADES, each=False)
    one = triage(sets, SETTINGS)
    assert one.basis is Basis.RATED_SETS
    assert not one.causes
    assert one.sides[0].presence is Presence.PRESENT
    assert any(missing.condition is CUE and missing.repetitions == 3 for missing in one.missing)


def test_ratings_of_three_sets_each_tell():
    order = (LIGHT, CUE, LIGHT, CUE, LIGHT, CUE, *ORDER[4:])
    sets = rated(screened("healthy", 4, markers=False, order=order), GRADES, each=False)
    assert [found.cause for found in triage(sets, SETTINGS).causes] == [Cause.TECHNIQUE]


def test_without_a_knee_the_load_stands_for_it_and_that_is_said():
    for one in told("technique", lifters=5, markers=False):
        assert one.basis is Basis.LOAD


STILL = {
    Outcome(measure, side=side): 0.1 if side == "right" else -0.1
    for measure in (Measure.LOAD, Measure.BEYOND)
    for side in ("left", "right")
}


def test_muscles_alone_are_told_as_a_pattern_where_no_knee_is_known():
    sets = [
        replace(one, repetitions=tuple(replace(r, numbers={**r.numbers, **STILL}) for r in one.repetitions))
        for one in screened("imbalance", 5, markers=False, each=10, size=3.0)
    ]  # fmt: skip
    one = triage(sets, SETTINGS)
    assert [(found.cause, found.side) for found in one.causes] == [(Cause.QUADRICEPS, "right")]


def test_nothing_at_all_is_not_enough():
    one = triage([], SETTINGS)
    assert (one.state, one.causes) == (State.NOT_ENOUGH, [])


def test_q_h_is_told_by_both_references_and_marked_only_where_they_disagree():
    sets = screened("imbalance", 3, each=10, size=3.0)
    for difference, disagree in ((0.0, False), (3.0 * math.log(1.25), True)):
        one = triage(with_dynamic(sets, difference), SETTINGS)
        (cause,) = (found for found in one.causes if found.cause is Cause.QUADRICEPS)
        assert bool(cause.against) is disagree
        assert any("hangs on the reference" in line for line in summary(one)) is disagree
        assert any("Q:H by the first light set" in line for line in evidence(one))


def test_muscles_are_compared_within_one_placing_of_the_electrodes_only():
    sets = screened("imbalance", 3, each=10, size=3.0)
    later = [replace(one, placement=2) if one.number > 5 else one for one in sets]  # light sets on both days
    assert triage(later, SETTINGS).muscles
    apart = [replace(one, placement=2) if one.condition is LOADED else one for one in sets]
    one = triage(apart, SETTINGS)
    assert one.muscles == ()
    assert {found.cause for found in one.causes} == {Cause.LOAD_UNCLEAR}
    assert any("electrodes count as placed anew" in line for line in summary(one))


def test_the_placing_with_most_of_both_counts_and_not_the_last():
    sets = screened("imbalance", 3, each=10, size=3.0)
    later = [replace(one, number=one.number + 20, placement=2, repetitions=one.repetitions[:3]) for one in (sets[0], sets[-1])]
    alone = triage(sets, SETTINGS)
    assert {found.cause for found in triage([*sets, *later], SETTINGS).causes} == {found.cause for found in alone.causes}
    assert Cause.QUADRICEPS in {found.cause for found in alone.causes}


def test_nothing_is_said_of_electrodes_where_there_are_none():
    sets = screened("load", 3, each=10, size=3.0, emg=False)
    apart = [replace(one, placement=2) if one.condition is LOADED else one for one in sets]
    assert not any("electrode" in line for line in summary(triage(apart, SETTINGS)))


def test_too_few_have_no_amount():
    sets = [one for one in screened("load", 3, each=10, size=3.0) if one.condition is not LOADED or one.number == 8]
    lines = [*summary(triage(sets, SETTINGS)), *evidence(triage(sets, SETTINGS))]
    assert any("too few" in line for line in lines)
    assert not any("inf" in line or "nan" in line for line in lines)
