"""Acceptance of tries: what is refused, what is marked, and what is taken, on simulated recordings."""

from __future__ import annotations

import math

import numpy as np
import pytest

from acquisition.lifter_file import Mvc
from acquisition.rig import SIDES, Electrode, Foot
from processing.emg.mvc import MvcFound, Try
from processing.screening.condition import Condition
from processing.screening.guided.acceptance import Known, judge, judge_mvc
from processing.screening.guided.protocol import MvcStep, SetStep, WeighStep, ZeroStep
from sim.lifter.people import Person, someone
from sim.lifter.sets import Set
from tests.support.rigs import example_with
from tests.support.screenings import plates_and_markers, samples_between
from tests.support.sessions import analysed

SETS = (
    Set(repetitions=6, rest_s=1.0),
    Set(repetitions=6, cue=True, rest_s=1.0),
    Set(repetitions=3, bar_mass_kg=0.0, rest_s=1.0),
)
LIGHT, CUE = SetStep(condition="light", bar_kg=20.0), SetStep(condition="cue", bar_kg=20.0)


@pytest.fixture(scope="module")
def person() -> Person:
    return someone(5, sets=SETS)


def results_of(person: Person, from_s: float, to_s: float, *, markers: bool = True, add=None):
    rig = plates_and_markers(person)
    if not markers:
        rig = rig.model_copy(update={"marker": [], "stream": [stream for stream in rig.stream if stream.name == "plates"]})
    samples = samples_between(rig, person, from_s, to_s)
    if add is not None:
        add(samples["plates"])
    return analysed(rig, samples)


def of_set(person: Person, index: int, **given):
    ends_s = [*person.plan.set_at_s[1:], person.plan.end_s]
    return results_of(person, float(person.plan.set_at_s[index]), float(ends_s[index]), **given)


def test_empty_plates_are_zero(person):
    judged = judge(results_of(person, 0.0, 2.0), ZeroStep(), Known())
    assert (judged.accepted, judged.why) == (True, ())


def test_a_plate_that_reads_something_with_nobody_on_it_is_refused(person):
    def offset(samples: np.ndarray) -> None:
        samples[:, 2] += 0.1

    judged = judge(results_of(person, 0.0, 2.0, add=offset), ZeroStep(), Known())
    assert not judged.accepted
    assert "zero it" in judged.why[0]


def test_plates_with_somebody_on_them_are_not_empty(person):
    at_s = float(person.plan.set_at_s[0])
    judged = judge(results_of(person, at_s, at_s + 3.0), ZeroStep(), Known())
    assert not judged.accepted
    assert "never read as empty" in judged.why[0]


def test_who_stands_still_is_weighed_and_who_does_not_is_told(person):
    at_s = float(person.plan.set_at_s[0])
    judged = judge(results_of(person, at_s, at_s + 3.0), WeighStep(), Known())
    assert judged.accepted
    assert judged.body_weight_N == pytest.approx(person.body_weight_N, rel=5e-3)
    restless = judge(results_of(person, 0.0, at_s), WeighStep(), Known())  # nobody, then steps
    assert not restless.accepted
    assert restless.why[0]


def test_another_lifter_within_a_session_is_noticed(person):
    at_s = float(person.plan.set_at_s[0])
    standing = results_of(person, at_s, at_s + 3.0)
    judged = judge(standing, WeighStep(), Known(person.body_weight_N - 60.0, sets=1))
    assert not judged.accepted
    assert "the same lifter" in judged.why[0]
    assert judge(standing, WeighStep(), Known(person.body_weight_N - 60.0)).accepted  # the first weighing was the wrong one


def test_a_set_as_it_was_asked_for_is_taken(person):
    judged = judge(of_set(person, 0), LIGHT, Known(person.body_weight_N), 3, 20.0)
    assert (judged.accepted, judged.why, judged.rate) == (True, (), False)
    assert (judged.outcome.number, judged.outcome.condition, len(judged.outcome.repetitions)) == (3, Condition.LIGHT, 6)


def test_without_markers_a_rating_is_wanted(person):
    assert judge(of_set(person, 0, markers=False), LIGHT, Known(), 1, 20.0).rate


@pytest.mark.parametrize(("said_kg", "fits"), [(20.0, True), (21.5, True), (25.0, False), (0.0, False)])
def test_the_bar_is_checked_by_the_weight_on_the_plates(person, said_kg: float, fits: bool):
    judged = judge(of_set(person, 0), LIGHT, Known(person.body_weight_N), 1, said_kg)
    assert judged.accepted is fits
    assert any("enter its weight" in why for why in judged.why) is not fits
    assert judge(of_set(person, 0), LIGHT, Known(math.nan), 1, said_kg).accepted  # nobody was weighed


def test_what_lies_under_lifted_heels_may_weigh_something(person):
    heels = SetStep(condition="heels", bar_kg=15.0)
    assert judge(of_set(person, 0), heels, Known(person.body_weight_N), 1, 15.0).accepted
    assert not judge(of_set(person, 0), heels, Known(person.body_weight_N), 1, 30.0).accepted


def test_too_few_squats_are_refused_and_as_few_as_were_asked_for_are_not(person):
    short = of_set(person, 2)
    known = Known(person.body_weight_N)
    judged = judge(short, SetStep(condition="light", bar_kg=0.0), known, 1, 0.0)
    assert (judged.accepted, judged.why) == (False, ("3 squats of 6 were seen, and 5 are needed.",))
    assert judge(short, SetStep(condition="depth", bar_kg=0.0, repetitions=3), known, 1, 0.0).accepted


def test_a_cue_that_was_not_done_is_marked(person):
    known = Known(person.body_weight_N)
    known.light.append(judge(of_set(person, 0), LIGHT, known, 1, 20.0).outcome)
    assert judge(of_set(person, 1), CUE, known, 2, 20.0).why == ()
    judged = judge(of_set(person, 0), CUE, known, 2, 20.0)
    assert judged.accepted
    assert "The cue was not done" in judged.why[0]


def test_who_steps_off_within_a_set_is_told(person):
    def off(samples: np.ndarray) -> None:
        samples[round(20.0 * 1000) : round(23.0 * 1000)] = 0.0

    judged = judge(of_set(person, 0, add=off), LIGHT, Known(person.body_weight_N), 1, 20.0)
    assert any("step off" in why or "were seen" in why for why in judged.why)


def test_two_people_on_the_plates_are_no_lifter_with_a_bar(person):
    def another(samples: np.ndarray) -> None:
        samples[:, [2, 8]] *= 1.7

    judged = judge(of_set(person, 0, add=another), LIGHT, Known(person.body_weight_N), 1, 20.0)
    assert not judged.accepted
    assert any("kg besides the lifter" in why for why in judged.why)


def test_a_bar_that_was_racked_early_leaves_too_few_squats():
    early = someone(5, sets=(Set(repetitions=3, rest_s=1.0), Set(repetitions=0)))
    judged = judge(of_set(early, 0), LIGHT, Known(early.body_weight_N), 1, 20.0)
    assert (judged.accepted, judged.why) == (False, ("3 squats of 6 were seen, and 5 are needed.",))


def test_an_electrode_that_fell_off_is_said_beside_the_set(person):
    rig = example_with("demo", foot=[Foot(side=side, toe_out_deg=person.toe_out_deg) for side in SIDES])
    samples = samples_between(rig, person, *(float(at_s) for at_s in person.plan.set_at_s[:2]))
    half = len(samples["emg"]) // 2
    samples["emg"][half:, 3] = 0.0
    judged = judge(analysed(rig, samples), LIGHT, Known(person.body_weight_N), 1, 20.0)
    assert judged.accepted
    assert any("left BF" in why or "BF left" in why for why in judged.why)


def test_one_foot_on_the_floor_gives_no_load_shift(person):
    def left_is_bare(samples: np.ndarray) -> None:
        samples[:, :6] = 0.0

    judged = judge(of_set(person, 0, add=left_is_bare), LIGHT, Known(person.body_weight_N), 1, 20.0)
    assert not judged.accepted
    assert judged.why


def electrode(muscle: str, side: str) -> Electrode:
    return Electrode(muscle=muscle, side=side, stream="emg", channel=f"{muscle}_{side[0].upper()}", gain=1.0)


def test_maximal_contractions_of_a_group_count_where_all_of_its_muscles_have_one():
    good = MvcFound(electrode("GMax", "left"), [Try("02-glutes", 9.1, 210.0), Try("02-glutes", 3.0, 205.0)], "")
    bad = MvcFound(electrode("GMed", "left"), [], "no try was found.")
    other = MvcFound(electrode("VL", "left"), [], "no try was found.")
    step = MvcStep(group="glutes")
    judged = judge_mvc([good, other], step)
    assert (judged.accepted, judged.reference) == (
        True,
        (Mvc(muscle="GMax", side="left", mvc_uV=210.0, trial="02-glutes, 9.1 s"),),
    )
    judged = judge_mvc([good, bad, other], step)
    assert (judged.accepted, len(judged.reference), len(judged.why)) == (False, 1, 1)
    assert "no electrode on the hamstrings" in judge_mvc([good], MvcStep(group="hamstrings")).why[0]
