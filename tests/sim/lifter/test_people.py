"""A lifter like people: mechanics that hold, effects as large as they are said to be, and a session that the program reads."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy.integrate import cumulative_trapezoid

from acquisition.rig import SIDES
from processing.findings.caveats import caveats
from processing.results import Results
from sim.lifter.lifter import GRAVITY, GluteWeakness, KneeCaves, QuadsTakeOver, ShareDrift
from sim.lifter.motion import Phase, Tempo
from sim.lifter.people import Person, Slip, Variety, someone
from sim.lifter.sets import FootMoves, Set
from tests.support.rigs import example_with
from tests.support.sessions import analysed, lifted

NOTHING = Variety(**dict.fromkeys(Variety.model_fields, 0.0))
TEMPO = Tempo(quiet_s=0.0)


def times(person: Person, rate_hz: float = 500.0) -> np.ndarray:
    return np.arange(round(person.plan.end_s * rate_hz)) / rate_hz


@pytest.mark.parametrize("seed", range(4))
def test_forces_are_those_of_the_mass_that_moves(seed: int) -> None:
    person = someone(seed)
    t_s = times(person)
    movement = person.motion.at(t_s)
    truth = person.truth(t_s)
    total = sum(person.foot(side, movement).force_N[:, 2] for side in SIDES)
    first, second = person.plan.on_plates(t_s)
    both = (first == 1.0) & (second == 1.0)
    mass = person.body_mass_kg + person.plan.bar_kg(t_s)
    np.testing.assert_allclose(total[both], (mass * (GRAVITY + truth.a_m_s2))[both], rtol=1e-12)
    np.testing.assert_allclose(truth.fz_total_N, total)
    assert total[first == 0.0] == pytest.approx(0.0)
    assert (total >= 0.0).all()
    alone = (first == 1.0) & (second == 0.0)
    left = person.foot("left", movement).force_N[:, 2]
    np.testing.assert_allclose(left[alone], total[alone])
    # What the plates say integrates back to the depth of the first repetition.
    bounds = person.bounds(1e9)[0]
    inside = (t_s >= bounds.start_s - 0.05) & (t_s <= bounds.end_s)
    speed = cumulative_trapezoid(total[inside] / mass[inside] - GRAVITY, t_s[inside], initial=0.0)
    height = cumulative_trapezoid(speed, t_s[inside], initial=0.0)
    assert -height.min() == pytest.approx(bounds.depth_m, abs=0.03)


def test_repetitions_vary_as_they_are_said_to() -> None:
    person = Person(sets=tuple(Set(repetitions=100, bar_mass_kg=0.0) for _ in range(4)), tempo=TEMPO, depth_m=0.35, seed=3)
    course = person.plan.course
    assert course.lowering_s.std() / course.lowering_s.mean() == pytest.approx(0.07, rel=0.15)
    assert course.depth_m.std() / course.depth_m.mean() == pytest.approx(0.04, rel=0.15)
    bottoms = person.motion.at(course.start_s + course.lowering_s)
    sway = person.variety.shift_wander_pct
    shift = 200.0 * (person.share_right(bottoms) - 0.5)
    assert shift.std() == pytest.approx(np.hypot(np.hypot(1.5, sway), 0.7), rel=0.2)
    quads = person.activation("VL", "left", bottoms)
    assert quads.std() / quads.mean() == pytest.approx(np.hypot(0.12, 0.05), rel=0.35)
    assert len(person.bounds(1e9)) == 400


def test_the_conditions_of_a_set_change_what_they_name() -> None:
    sets = (
        Set(bar_mass_kg=20.0),
        Set(bar_mass_kg=60.0),
        Set(bar_mass_kg=60.0, cue=True),
        Set(bar_mass_kg=60.0, heel_lift=True),
    )
    faults = {
        "cue": KneeCaves(side="right", knee_mm=40.0, ramp_s=0.1, cue_mends=0.75),
        "heels": KneeCaves(side="right", knee_mm=40.0, ramp_s=0.1, heel_lift_mends=1.0),
        "load": KneeCaves(side="right", knee_mm=40.0, ramp_s=0.1, grows_with_load=True),
    }

    def caves_mm(fault: KneeCaves) -> list[float]:
        person = Person(sets=sets, tempo=TEMPO, imbalances=(fault,), variety=NOTHING, depth_sd=0.0)
        t_s = times(person)
        movement = person.motion.at(t_s)
        margin, of_set = person.margin_mm("right", movement), person.plan.set_index(t_s)
        down = movement.fraction > 0.999
        return [float(np.round(95.0 - margin[down & (of_set == i)].min(), 1)) for i in range(4)]

    assert caves_mm(faults["cue"]) == [40.0, 40.0, 10.0, 40.0]
    assert caves_mm(faults["heels"]) == [40.0, 40.0, 40.0, 0.0]
    assert caves_mm(faults["load"]) == [0.0, 40.0, 40.0, 40.0]


def test_faults_grow_with_each_repetition_of_a_set_and_a_slip_is_one_repetition() -> None:
    tired = ShareDrift(load_shift_pct=4.0, ramp_s=0.1, per_repetition=0.5)
    person = Person(
        sets=(Set(), Set()), tempo=TEMPO, variety=NOTHING, imbalances=(tired,), slips=(Slip(repetition=8, load_shift_pct=9.0),)
    )
    course = person.plan.course
    shift = 200.0 * (person.share_right(person.motion.at(course.start_s + course.lowering_s)) - 0.5) - person.load_shift_pct
    grown = 4.0 * (1.0 + 0.5 * np.arange(6))
    np.testing.assert_allclose(shift, [*grown, grown[0], grown[1], grown[2] + 9.0, *grown[3:]], atol=0.05)


def test_shear_and_free_moment_are_those_of_real_squats() -> None:
    for seed in range(8):
        person = someone(seed)
        t_s = times(person, 100.0)
        movement = person.motion.at(t_s)
        down = movement.phase == Phase.BOTTOM
        down |= movement.fraction > 0.9
        for side in SIDES:
            foot = person.foot(side, movement)
            outward = np.abs(foot.force_N[down, 0]) / foot.force_N[down, 2]
            assert 0.05 < np.median(outward) < 0.45
            assert 2.0 < np.median(np.abs(foot.free_moment_Nmm[down])) / 1000.0 < 18.0


MOVES_S = 4.6
"""So long before the end a foot is moved, while the bar is given back; then the lifter stands."""


@cache
def session(seed: int = 5) -> tuple[Person, Results]:
    person = someone(
        seed,
        sets=(
            Set(repetitions=2, bar_mass_kg=20.0, rest_s=1.0, steps_off=True),
            Set(repetitions=2, bar_mass_kg=40.0, rest_s=4.0),
        ),
    )
    moved = person.model_copy(update={"moves": (FootMoves(at_s=person.plan.end_s - MOVES_S, side="right", right_mm=-25.0),)})
    rig = example_with(foot=[{"side": side, "toe_out_deg": person.toe_out_deg} for side in SIDES])
    return moved, analysed(rig, lifted(rig, moved, moved.plan.end_s))


def test_the_program_weighs_body_and_bar_and_sees_the_lifter_come_and_go() -> None:
    person, results = session()
    assert results.body_weight_N == pytest.approx(person.body_weight_N, rel=0.005)
    system = {round(stance.system_weight_N / GRAVITY - person.body_mass_kg) for stance in results.stances}
    assert {0, 20, 40} <= system
    kinds = [stance.kind for stance in results.stances]
    assert kinds[0] == "first"
    assert "stepped on" in kinds
    assert kinds.count("other weight") >= 3
    said = {caveat.id for caveat in caveats(results)}
    assert not said & {
        "other_lifter",
        "stance_was_low",
        "foot_unreferenced",
        "no_quiet_stance",
        "plate_not_zeroed",
        "cop_off_plate",
    }
    assert "foot_moved" in said
    moves_s = person.plan.end_s - MOVES_S
    raised = {flag.rule for flag in results.flags if flag.start_s < moves_s}
    assert not raised & {"foot_cop_medial", "glutes_between_legs", "glute_drop", "qh_between_legs"}


def test_each_stance_is_where_the_feet_are() -> None:
    person, results = session()
    for stance in results.stances[:-1]:
        if stance.at_s < person.plan.end_s - 3.5:
            assert stance.width_mm == pytest.approx(person.stance_width_mm, abs=12.0)
    assert results.stances[-1].width_mm == pytest.approx(person.stance_width_mm - 25.0, abs=12.0)


def test_people_differ_and_a_seed_is_one_of_them() -> None:
    people = [someone(seed) for seed in range(12)]
    assert len({person.body_mass_kg for person in people}) == 12
    assert {person.load_shift_pct > 0 for person in people} == {True, False}
    assert someone(3) == someone(3)
    assert someone(3, body_mass_kg=90.0).body_mass_kg == 90.0
    faulty = someone(3, imbalances=(QuadsTakeOver(side="left"), GluteWeakness(side="left")))
    t_s = times(faulty, 50.0)
    assert faulty.truth(t_s).qh["left"].max() > someone(3).truth(t_s).qh["left"].max()
