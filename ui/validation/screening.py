"""Screenings of simulated lifters of each family: how often a triage tells the right cause, another one, or what is missing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from acquisition.rig import SIDES, Foot
from acquisition.rig.judgement import TriageSettings
from acquisition.rig.rig_file import example, load
from processing.screening.condition import Condition
from processing.screening.outcome import Measure
from processing.screening.outcomes import RepetitionOutcome, SetOutcome, set_outcome
from processing.screening.triage import Cause, State, Triage, triage
from sim.lifter.families import FAMILIES, of_family
from sim.lifter.lifter import KneeCaves, ShareDrift
from sim.lifter.people import Slip
from sim.lifter.sets import Set
from sim.marker_stream import with_markers
from ui.validation.simulated import results_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from acquisition.rig import Rig
    from sim.lifter.families import Family
    from sim.lifter.people import Person

ORDER = (
    Condition.LIGHT,
    Condition.CUE,
    Condition.LIGHT,
    Condition.CUE,
    Condition.HEELS,
    Condition.LIGHT,
    Condition.HEELS,
    Condition.LOADED,
    Condition.LIGHT,
    Condition.LOADED,
)
"""Two sets of each condition and light ones in between."""
RIGHT: dict[Family, frozenset[Cause]] = {
    "healthy": frozenset(),
    "technique": frozenset({Cause.TECHNIQUE}),
    "hip": frozenset({Cause.HIP}),
    "ankle": frozenset({Cause.ANKLE}),
    "imbalance": frozenset({Cause.QUADRICEPS}),
    "glutes": frozenset({Cause.GLUTES}),
    "load": frozenset({Cause.LOAD_ALONE}),
    "mixed": frozenset({Cause.TECHNIQUE, Cause.QUADRICEPS}),
}
OF_MARKERS = (Measure.KNEE, Measure.KNEE_AXIS, Measure.FALL)
DRIFT_MM, DRIFT_PCT, SLIP_PCT = 8.0, 3.5, 25.0
"""Over a session, two standard deviations of a repetition; and the load shift of one bad repetition."""
LIGHT_KG, LOADED_KG = 20.0, 60.0
REST_S = 1.0


@dataclass(frozen=True, slots=True)
class Scored:
    """Of so many lifters of a family, what they were told; `right`: just the right causes, `wrong`: one that is not there."""

    family: Family
    markers: bool
    repetitions: int
    size: float
    lifters: int
    right: int
    wrong: int
    told: tuple[tuple[str, int], ...]


def scored(lifters: int, repetitions: Sequence[int], size: float, families: Sequence[Family] = FAMILIES) -> Iterator[Scored]:
    """Yield how lifters of each family were told: with markers and without, with so many repetitions that count in each set.

    The first repetition of a set does not count, and fewer are the first ones of the same sets.
    """
    for family in families:
        sessions = [screened(family, seed, 1 + max(repetitions), size) for seed in range(lifters)]
        for markers in (True, False):
            for count in repetitions:
                found = [
                    triage([_of_first(one, 1 + count, markers=markers) for one in sets], TriageSettings()) for sets in sessions
                ]
                yield _scored(family, found, count, size, markers=markers)


def _scored(family: Family, found: Sequence[Triage], repetitions: int, size: float, *, markers: bool) -> Scored:
    causes = [frozenset(cause.cause for cause in one.causes) for one in found]
    told = [_in_short(of) or str(one.state) for of, one in zip(causes, found, strict=True)]
    wanted = _in_short(RIGHT[family]) or str(State.NOTHING)
    wrong = sum(bool(of - RIGHT[family] - {Cause.LOAD_UNCLEAR}) for of in causes)
    counts = tuple(Counter(told).most_common())
    return Scored(family, markers, repetitions, size, len(found), told.count(wanted), wrong, counts)


def _in_short(causes: frozenset[Cause]) -> str:
    return " + ".join(sorted(cause.name.lower().replace("_", " ") for cause in causes))


def _of_first(one: SetOutcome, count: int, *, markers: bool) -> SetOutcome:
    """Return a set's first repetitions, without what markers told where there shall be none."""
    kept = one.repetitions[:count]
    if not markers:
        kept = tuple(
            RepetitionOutcome({of: value for of, value in r.numbers.items() if of.measure not in OF_MARKERS}) for r in kept
        )
    return replace(one, repetitions=kept)


def screened(family: Family, seed: int, repetitions: int, size: float) -> list[SetOutcome]:
    """Return the sets of a lifter of a family: each simulated, and analysed as a recording of its own."""
    sets = tuple(
        Set(
            repetitions=repetitions,
            bar_mass_kg=LOADED_KG if condition is Condition.LOADED else LIGHT_KG,
            cue=condition is Condition.CUE,
            heel_lift=condition is Condition.HEELS,
            rest_s=REST_S,
        )
        for condition in ORDER
    )
    lifter = of_family(family, seed, sets, size, **(_spoiled(seed, len(sets) * repetitions) if family == "healthy" else {}))
    rig = load(example("demo"))
    rig = with_markers(rig.model_copy(update={"foot": [Foot(side=side, toe_out_deg=lifter.toe_out_deg) for side in SIDES]}))
    return [outcome_of(rig, lifter, i, condition) for i, condition in enumerate(ORDER)]


def _spoiled(seed: int, repetitions: int) -> dict[str, object]:
    """Return what two of three sound lifters are given: a drift over the session, or one bad repetition."""
    if seed % 3 == 1:
        long_s = 6.0 * repetitions
        return {
            "imbalances": (
                KneeCaves(side="right", knee_mm=DRIFT_MM, ramp_s=long_s),
                ShareDrift(load_shift_pct=DRIFT_PCT, at_the_top=0.0, ramp_s=long_s),
            )
        }
    return {"slips": (Slip(repetition=(7 * seed) % repetitions, load_shift_pct=SLIP_PCT),)} if seed % 3 == 2 else {}


def outcome_of(rig: Rig, lifter: Person, index: int, condition: Condition) -> SetOutcome:
    """Return the outcome of one set of a session, from its quiet stance with the bar on."""
    plan = lifter.plan
    ends_s = [*plan.set_at_s[1:], plan.end_s]
    results = results_of(rig, lifter, float(plan.set_at_s[index]), float(ends_s[index]))
    return set_outcome(results, index + 1, condition, lifter.sets[index].bar_mass_kg)
