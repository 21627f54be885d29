"""Sets of a session: what stands for 100 % of each muscle, and Q:H by maximal contractions and by a light set."""

from __future__ import annotations

import math

import pytest

from acquisition.lifter_file import LifterFile, Mvc, write_lifter
from processing.batch import reprocess
from processing.lifter import dynamic_reference
from processing.screening.guided.protocol import MvcStep, Protocol, SetStep
from processing.screening.guided.session_file import Session, Try, new_session
from processing.screening.outcome import outcome_of
from processing.screening.outcomes import set_outcome
from processing.screening.recorded_sets import LIFTER, dynamic_reference_of, measured
from tests.support.rigs import example_with
from tests.support.screenings import LIGHT, samples_between, screened_person
from tests.support.sessions import recorded

FIRST, NEXT = "2026-11-27T09:{:02d}:00+00:00", "2026-11-28T09:{:02d}:00+00:00"


def entry(uV: float, muscle: str = "VL", trial: str = "") -> Mvc:
    return Mvc.model_validate({"muscle": muscle, "side": "left", "mvc_uV": uV, "trial": trial})


def session_of(*tries: tuple[str, str, list[Mvc], bool]) -> Session:
    steps = [MvcStep(group="quadriceps"), SetStep(condition="light", bar_kg=0.0)]
    made = [
        Try(
            step=i,
            number=i + 1,
            kind=kind,
            condition="light" if kind == "set" else "",
            recording=f"{i + 1:02d}.h5",
            created_utc=at,
            reference=reference,
            accepted=accepted,
        )
        for i, (kind, at, reference, accepted) in enumerate(tries)
    ]
    return new_session("A1", Protocol(name="test", step=steps)).model_copy(update={"tries": made})


def left_vl(folder, session: Session, number: int) -> tuple[float | None, str]:
    rig = measured(folder, session, session.tries[number - 1], unknown_mvcs())
    return next((e.mvc_uV, e.mvc_trial) for e in rig.emg if (e.muscle, e.side) == ("VL", "left"))


def unknown_mvcs():
    rig = example_with("demo")
    return rig.model_copy(update={"emg": [e.model_copy(update={"mvc_uV": None}) for e in rig.emg]})


def test_the_largest_contraction_counts_of_those_that_count_with_the_electrodes_where_they_are(tmp_path):
    session = session_of(
        ("mvc", FIRST.format(0), [entry(400.0)], True),
        ("mvc", FIRST.format(1), [entry(300.0)], True),
        ("mvc", FIRST.format(2), [entry(900.0)], False),
        ("set", FIRST.format(3), [entry(120.0)], True),
        ("mvc", NEXT.format(0), [entry(250.0)], True),
        ("set", NEXT.format(1), [], True),
    )
    assert left_vl(tmp_path, session, 4)[0] == 400.0
    assert left_vl(tmp_path, session, 6)[0] == 250.0
    write_lifter(tmp_path / LIFTER, LifterFile(lifter="A1", mvc=[entry(777.0)]))  # of another time: those of here go before it
    assert left_vl(tmp_path, session, 4)[0] == 400.0


def test_without_a_contraction_the_first_light_set_of_that_placing_stands_for_it_and_is_named(tmp_path):
    light = [entry(120.0, trial="dynamic reference: 01")], [entry(90.0, trial="dynamic reference: 02")]
    session = session_of(
        ("set", FIRST.format(0), light[0], True),
        ("set", FIRST.format(1), light[1], True),
        ("set", NEXT.format(0), light[1], True),
        ("set", NEXT.format(1), [], True),
    )
    assert [left_vl(tmp_path, session, number)[0] for number in (1, 2, 3, 4)] == [120.0, 120.0, 90.0, 90.0]
    assert "dynamic reference" in left_vl(tmp_path, session, 1)[1]
    assert dynamic_reference_of(session, session.tries[1]) == light[0]
    assert left_vl(tmp_path, session_of(("set", FIRST.format(0), [], True)), 1)[0] is None


@pytest.fixture(scope="module")
def a_set(tmp_path_factory):
    """Return the recording of a light set with EMG whose maximal contractions are known."""
    person, _ = screened_person("imbalance", (LIGHT,), 5)
    rig = example_with("demo")
    samples = samples_between(rig, person, 0.0, float(person.plan.end_s))
    return recorded(tmp_path_factory.mktemp("set") / "light.h5", rig, samples)


def test_q_h_by_a_reference_that_is_the_contractions_is_q_h(a_set):
    results = reprocess(a_set)
    mvcs_uV = {(e.muscle, e.side): e.mvc_uV for e in results.rig.emg}
    one = set_outcome(results, 1, LIGHT, 0.0, dynamic_uV=mvcs_uV)
    assert len(one.repetitions) >= 5
    for repetition in one.repetitions:
        for side in ("left", "right"):
            assert repetition.numbers[outcome_of(f"qh_dynamic_{side}")] == pytest.approx(
                repetition.numbers[outcome_of(f"qh_{side}")], abs=2e-3
            )


def test_q_h_by_a_light_set_is_about_one_in_it_and_a_muscle_s_share_is_by_its_reference(a_set):
    reference_uV = {(known.muscle, known.side): known.mvc_uV for known in dynamic_reference(a_set)}
    results = reprocess(a_set)
    own = set_outcome(results, 1, LIGHT, 0.0, dynamic_uV=reference_uV)
    doubled = set_outcome(
        results,
        1,
        LIGHT,
        0.0,
        dynamic_uV={(m, side): uV * (2.0 if m in ("BF", "ST") else 1.0) for (m, side), uV in reference_uV.items()},
    )
    for by_own, by_doubled in zip(own.repetitions, doubled.repetitions, strict=True):
        assert abs(by_own.numbers[outcome_of("qh_dynamic_left")]) < math.log(1.6)
        assert by_doubled.numbers[outcome_of("qh_dynamic_left")] - by_own.numbers[
            outcome_of("qh_dynamic_left")
        ] == pytest.approx(math.log(2.0))


def test_q_h_by_a_light_set_is_not_told_where_it_is_all_that_is_known(a_set):
    reference = dynamic_reference(a_set)
    results = reprocess(
        a_set, lambda rig: measured(a_set.parent, session_with(reference), session_with(reference).tries[0], drop(rig))
    )
    one = set_outcome(results, 1, LIGHT, 0.0, dynamic_uV={(e.muscle, e.side): e.mvc_uV for e in reference})
    assert all(math.isnan(repetition.numbers[outcome_of("qh_dynamic_left")]) for repetition in one.repetitions)
    assert all(math.isfinite(repetition.numbers[outcome_of("qh_left")]) for repetition in one.repetitions)


def session_with(reference: list[Mvc]) -> Session:
    return session_of(("set", FIRST.format(0), reference, True))


def drop(rig):
    return rig.model_copy(update={"emg": [e.model_copy(update={"mvc_uV": None}) for e in rig.emg]})
