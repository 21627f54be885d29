"""Screenings for the tests: sets of lifters whose numbers are drawn, each with the change that its kind makes."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from acquisition.rig import SIDES, Foot
from processing.screening.condition import Condition
from processing.screening.guided.protocol import Protocol, SetStep
from processing.screening.guided.session_file import Try, new_session, write_session
from processing.screening.outcome import OUTCOMES, Measure, Outcome, outcome_of
from processing.screening.outcomes import RepetitionOutcome, SetOutcome
from sim.device import devices
from sim.lifter.families import of_family
from sim.lifter.sets import Set
from sim.marker_stream import with_markers
from tests.support.rigs import example_with
from tests.support.sessions import recorded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from acquisition.rig import Rig
    from sim.lifter.families import Family
    from sim.lifter.lifter import Lifter
    from sim.lifter.people import Person

LIGHT, CUE, SLOW, HEELS, LOADED = Condition.LIGHT, Condition.CUE, Condition.SLOW, Condition.HEELS, Condition.LOADED
ORDER = (LIGHT, CUE, LIGHT, CUE, HEELS, LIGHT, HEELS, LOADED, LIGHT, LOADED)
THERE_WHEN_LIGHT = ("technique", "hip", "ankle", "mixed")
GROWS = ("imbalance", "glutes", "load", "mixed")
RIGHT, KNEE_MM, LOAD_PCT, RATIO = "right", 10.0, 5.0, math.log(1.25)


def screened(
    kind: str,
    seed: int,
    *,
    order: Sequence[Condition] = ORDER,
    each: int = 7,
    size: float = 2.0,
    markers: bool = True,
    emg: bool = True,
    drift: float = 0.0,
    bad: int = -1,
    cue_Nm: float = 10.0,
) -> list[SetOutcome]:
    """Return the sets of a lifter of a kind: `size` in the smallest changes that matter, by default; on the right.

    `drift`: over the session, in standard deviations of a repetition; `bad`: the number of one bad repetition.
    """
    rng = np.random.default_rng([seed, 31])
    found = []
    count = 0
    for number, condition in enumerate(order, 1):
        there = kind in THERE_WHEN_LIGHT
        mended = (kind in ("technique", "mixed") and condition is CUE) or (kind == "ankle" and condition is HEELS)
        grown = kind in GROWS and condition is LOADED
        of_set = {outcome.name: rng.normal(0.0, 0.5 * meaning.spread) for outcome, meaning in OUTCOMES.items()}
        repetitions = []
        for _ in range(each):
            amount = size * ((there and not mended) + grown) + (3.0 * size if count == bad else 0.0)
            count += 1
            noise = {
                one.name: of_set[one.name] + meaning.spread * (rng.standard_normal() + drift * number / len(order))
                for one, meaning in OUTCOMES.items()
            }
            numbers = {"load_right": LOAD_PCT * amount + noise["load"]}
            numbers["load_left"] = -numbers["load_right"]
            numbers |= {f"beyond_{side}": numbers[f"load_{side}"] for side in SIDES}
            for side in SIDES:
                here = side == RIGHT
                fall = max(0.0, 2.0 + KNEE_MM * amount * here + rng.normal(0.0, 2.5))
                numbers[f"moment_{side}"] = 8.0 + cue_Nm * (condition is CUE) + noise["moment"]
                if markers:
                    numbers |= {f"knee_{side}": KNEE_MM * amount * here + noise["knee"] - 60.0, f"fall_{side}": fall}
                if emg:
                    takes_over = size * RATIO * grown * here
                    numbers[f"qh_{side}"] = math.log(5.0) + takes_over * (kind in ("imbalance", "mixed")) + noise["qh"]
                    numbers[f"GMed_{side}"] = takes_over * (kind == "glutes") + noise["GMed"]
                    numbers[f"GMax_{side}"] = noise["GMax"]
            words = {side: "slight" if numbers[f"fall_{side}"] >= KNEE_MM else "none" for side in SIDES} if markers else {}
            repetitions.append(RepetitionOutcome({outcome_of(text): value for text, value in numbers.items()}, words))
        heavy = condition is LOADED
        found.append(
            SetOutcome(number, condition, 60.0 if heavy else 20.0, tuple(repetitions), "", 1400.0 if heavy else 1000.0)
        )
    return found


def with_dynamic(sets: list[SetOutcome], difference: float) -> list[SetOutcome]:
    """Return sets with Q:H by the first light set, which grows by so much less than Q:H by maximal contractions."""
    return [
        replace(
            one,
            repetitions=tuple(
                replace(
                    r,
                    numbers={
                        **r.numbers,
                        **{
                            Outcome(Measure.QH_DYNAMIC, side=side): r.numbers[Outcome(Measure.QH, side=side)]
                            - 1.6
                            - difference * (one.condition is LOADED)
                            for side in SIDES
                        },
                    },
                )
                for r in one.repetitions
            ),
        )
        for one in sets
    ]


def plates_and_markers(person: Person) -> Rig:
    """Return a lab without EMG, in which a person stands."""
    rig = with_markers(example_with("demo", foot=[Foot(side=side, toe_out_deg=person.toe_out_deg) for side in SIDES]))
    return rig.model_copy(update={"emg": [], "stream": [stream for stream in rig.stream if stream.name != "emg"]})


def samples_between(rig: Rig, lifter: Lifter, from_s: float, to_s: float) -> dict[str, np.ndarray]:
    """Return the samples of every stream of a rig between two times of a lifter's session."""
    return {
        device.stream.name: device.samples(*(round(at_s * device.stream.rate_hz) for at_s in (from_s, to_s)))
        for device in devices(rig, lifter, speed=None)
    }


def screened_person(family: Family, order: Sequence[Condition], seed: int = 2) -> tuple[Person, list[Set]]:
    """Return a simulated lifter who does a set in each condition, and the sets."""
    sets = [
        Set(
            repetitions=6,
            bar_mass_kg=60.0 if condition is LOADED else 20.0,
            cue=condition is CUE,
            heel_lift=condition is HEELS,
            rest_s=1.0,
        )
        for condition in order
    ]
    return of_family(family, seed, tuple(sets)), sets


def a_screening(
    folder: Path,
    family: Family,
    order: Sequence[Condition],
    *,
    lifter: str = "A1",
    seed: int = 2,
    markers: bool = True,
    emg: bool = False,
    day: str = "2026-11-27",
) -> Path:
    """Make a session's folder with a recording for each set of a simulated lifter: forces, and what else is wanted.

    `emg` is of muscles whose maximal contraction nobody knows.
    """
    person, sets = screened_person(family, order, seed)
    rig = plates_and_markers(person)
    if emg:
        full = example_with("demo")
        unknown = [electrode.model_copy(update={"mvc_uV": None}) for electrode in full.emg]
        rig = rig.model_copy(update={"emg": unknown, "stream": [*rig.stream, full.stream_named("emg")]})
    if not markers:
        rig = rig.model_copy(update={"marker": [], "stream": [stream for stream in rig.stream if stream.name == "plates"]})
    folder.mkdir(parents=True)
    steps = [SetStep(condition=condition.value, bar_kg=one.bar_mass_kg) for condition, one in zip(order, sets, strict=True)]
    tries = []
    ends_s = [*person.plan.set_at_s[1:], person.plan.end_s]
    for i, (condition, one) in enumerate(zip(order, sets, strict=True)):
        name = f"{i + 1:02d}-{condition}.h5"
        recorded(folder / name, rig, samples_between(rig, person, float(person.plan.set_at_s[i]), float(ends_s[i])))
        tries.append(
            Try(
                step=i,
                number=i + 1,
                kind="set",
                condition=condition,
                bar_kg=one.bar_mass_kg,
                recording=name,
                notes="Jane Doe",
                created_utc=f"{day}T09:{3 * i:02d}:00+00:00",
            )
        )
    session = new_session(lifter, Protocol(name="of a test", step=steps))
    made = {"tries": tries, "notes": "Jane Doe from Oslo", "created_utc": f"{day}T08:55:00+00:00"}
    write_session(folder, session.model_copy(update=made))
    return folder
