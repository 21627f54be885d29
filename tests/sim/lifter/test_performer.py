"""Performers do a set when told, wait in stance before and after, and are the same in any blocks."""

from __future__ import annotations

import numpy as np

from acquisition.rig.rig_file import example, load
from sim.device import devices
from sim.lifter.families import FAMILIES, of_family
from sim.lifter.performer import Performer
from sim.lifter.sets import Set

SETS = (Set(repetitions=0, bar_mass_kg=0.0, rest_s=0.0), Set(repetitions=2, rest_s=1.0), Set(repetitions=0, bar_mass_kg=0.0))


def a_performer() -> Performer:
    return Performer.model_validate(of_family("healthy", 1, SETS).model_dump())


def forces(performer: Performer, from_s: float, to_s: float) -> np.ndarray:
    movement = performer.motion.at(np.arange(from_s, to_s, 0.01))
    return sum(performer.foot(side, movement).force_N[..., 2] for side in ("left", "right"))


def test_nobody_is_there_until_told_and_then_waits_for_as_long_as_it_takes():
    performer = a_performer()
    assert (forces(performer, 0.0, 60.0) == 0.0).all()
    standing_s = performer.perform(0, 60.0)
    waited = forces(performer, standing_s + 1.0, standing_s + 100.0)
    assert np.abs(waited / performer.body_weight_N - 1.0).max() < 0.02
    assert np.ptp(waited) > 0.0  # who waits sways


def test_a_set_is_done_once_each_time_it_is_told():
    performer = a_performer()
    at_s = performer.perform(0, 5.0) + 20.0
    for _ in range(2):
        t_s = np.arange(at_s, at_s + 60.0, 0.01)
        ends_s = performer.perform(1, at_s)
        movement = performer.motion.at(t_s)
        assert set(movement.repetition[movement.repetition >= 0]) == {0, 1}
        assert (movement.repetition[t_s > ends_s] < 0).all()
        assert performer.mass_kg(movement).max() == performer.body_mass_kg + 20.0
        assert (performer.mass_kg(movement)[t_s > ends_s] == performer.body_mass_kg).all()
        at_s = ends_s + 10.0


def test_samples_do_not_depend_on_when_they_are_asked_for():
    performer = a_performer()
    performer.perform(1, performer.perform(0, 2.0) + 2.0)
    plates, emg = devices(load(example("demo")), performer, speed=None)
    for device in (plates, emg):
        whole = device.samples(0, 20_000)
        again = [device.samples(first, first + 4000) for first in (16_000, 0, 8000, 4000, 12_000)]
        assert (np.concatenate([again[i] for i in (1, 3, 2, 4, 0)]) == whole).all()


def test_families_differ_in_what_changes_them():
    sets = (Set(rest_s=1.0), Set(cue=True, rest_s=1.0), Set(heel_lift=True, rest_s=1.0), Set(bar_mass_kg=60.0, rest_s=1.0))
    least: dict[str, list[float]] = {}
    for family in FAMILIES:
        person = of_family(family, 2, sets)
        bounds = [b for b in person.bounds(person.plan.end_s) if person.plan.number_in_set[b.number] == 3]
        movement = person.motion.at(np.array([bound.bottom_s for bound in bounds]))
        least[family] = np.round((95.0 - person.margin_mm("right", movement)) / 20.0).tolist()
    assert least == {
        "healthy": [0, 0, 0, 0],
        "technique": [1, 0, 1, 1],
        "hip": [1, 1, 1, 1],
        "ankle": [1, 1, 0, 1],
        "imbalance": [0, 0, 0, 1],
        "glutes": [0, 0, 0, 1],
        "load": [0, 0, 0, 1],
        "mixed": [1, 0, 1, 2],
    }
