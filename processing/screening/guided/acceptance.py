"""Acceptance: whether the recording of a try is what its step asked for, and if not, why, in sentences."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from acquisition.rig import GLUTES, HAMSTRINGS, QUADRICEPS, SIDES
from acquisition.rig.units import GRAVITY_M_S2
from processing.screening.comparison import FEWEST
from processing.screening.condition import Condition
from processing.screening.guided.protocol import MvcStep, SetStep, WeighStep, ZeroStep
from processing.screening.outcome import Measure, Outcome
from processing.screening.outcomes import HEEL_PLATES_KG, set_outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acquisition.lifter_file import Mvc
    from processing.emg.mvc import MvcFound
    from processing.results import Results
    from processing.screening.guided.protocol import AnyStep, Group
    from processing.screening.outcomes import SetOutcome

BAR_OFF_KG, BAR_OFF = 2.0, 0.05
"""A bar may weigh so much more or less than was said, or this share of it (*design*)."""
LIGHTEST_N, HEAVIEST_N = 250.0, 3000.0
"""Bodies weigh between these."""
ANOTHER = 0.03
"""Whose weight differs by more within a session is another lifter."""
EMPTY_N = 20.0
"""A plate that reads more with nobody on it is not zeroed (*design*)."""
MUSCLES: dict[Group, tuple[str, ...]] = {"quadriceps": QUADRICEPS, "hamstrings": HAMSTRINGS, "glutes": GLUTES}


@dataclass(frozen=True, slots=True)
class Judged:
    """What a try is worth: whether it counts, what is to be said of it, and what is known by it.

    `reference`: what each muscle did, as `Try` has it. `rate`: a coach's rating is wanted, since no marker shows the knees.
    """

    accepted: bool
    why: tuple[str, ...] = ()
    body_weight_N: float = math.nan
    outcome: SetOutcome | None = None
    reference: tuple[Mvc, ...] = ()
    rate: bool = False


@dataclass(slots=True)
class Known:
    """What a session knows when a try is judged: body weight (NaN: not weighed), how many sets count, and the light ones."""

    body_weight_N: float = math.nan
    sets: int = 0
    light: list[SetOutcome] = field(default_factory=list)


def judge(results: Results, step: AnyStep, known: Known, number: int = 1, bar_kg: float = 0.0) -> Judged:
    """Return whether a try of a step counts; tries of maximal contractions are judged by `judge_mvc`."""
    match step:
        case ZeroStep():
            return _zero(results)
        case WeighStep():
            return _weigh(results, known)
        case SetStep():
            return _set(results, step, known, number, bar_kg)
        case MvcStep():
            raise TypeError("a try of maximal contractions has no repetitions to judge")


def _zero(results: Results) -> Judged:
    if not results.rig.plate:
        return Judged(accepted=True)
    last = {zero.side: zero for zero in results.zeros}
    if missing := [plate.side for plate in results.rig.plate if plate.side not in last]:
        return Judged(
            accepted=False, why=(f"The {missing[0]} plate never read as empty: is somebody on it, or does something touch it?",)
        )
    said = tuple(
        f"The {side} plate reads {zero.reads_N:+.0f} N with nobody on it: zero it, or every force is off by that."
        for side, zero in last.items()
        if abs(zero.reads_N) > EMPTY_N
    )
    return Judged(accepted=not said, why=said)


def _weigh(results: Results, known: Known) -> Judged:
    weight_N = results.body_weight_N
    if results.weighing_refused or not math.isfinite(weight_N):
        why = results.weighing_refused or "Nobody stood still on both plates for long enough."
        return Judged(accepted=False, why=(why,))
    if not LIGHTEST_N <= weight_N <= HEAVIEST_N:
        kg = weight_N / GRAVITY_M_S2
        return Judged(
            accepted=False, why=(f"The plates weigh {kg:.0f} kg, which no lifter does: check their zeros and scales.",)
        )
    if known.sets and abs(known.body_weight_N / weight_N - 1.0) > ANOTHER:  # until then the first weighing may be the wrong one
        kg, before = weight_N / GRAVITY_M_S2, known.body_weight_N / GRAVITY_M_S2
        why = f"The plates weigh {kg:.1f} kg, and {before:.1f} kg before: is it the same lifter, without a bar?"
        return Judged(accepted=False, why=(why,))
    return Judged(accepted=True, body_weight_N=weight_N)


def _set(results: Results, step: SetStep, known: Known, number: int, bar_kg: float) -> Judged:
    outcome = set_outcome(results, number, step.how, bar_kg)
    least = min(FEWEST, step.repetitions)
    refused: list[str] = []
    if results.weighing_refused:
        refused.append(results.weighing_refused)
    if len(outcome.repetitions) < least:
        refused.append(f"{_squats(len(outcome.repetitions))} of {step.repetitions} were seen, and {least} are needed.")
    if said := _wrong_bar(outcome, known, bar_kg):
        refused.append(said)
    marked = []
    if results.broken_off_s:
        at = ", ".join(f"{at_s:.0f} s" for at_s in results.broken_off_s[:3])
        marked.append(f"The force was lost within a squat, at {at}: did somebody step off? That squat does not count.")
    if outcome.repetitions and not any(
        math.isfinite(r.numbers[Outcome(Measure.LOAD, side="right")]) for r in outcome.repetitions
    ):
        marked.append("No load shift could be told in any repetition: are both feet on their plates?")
    marked += [channel.sentence for channel in results.channels if channel.found]
    marked += [
        f"The {fault.side} plate: {fault.kind} for {fault.seconds:.1f} s." for fault in results.plate_faults
    ]  # fmt: skip
    if step.how is Condition.CUE:
        marked += _cue_not_done(outcome, known.light, results.rig.triage.cue_moment_Nm)
    rate = not any(any(r.words.values()) for r in outcome.repetitions)
    return Judged(not refused, (*refused, *marked), outcome=outcome, rate=rate)


def _squats(count: int) -> str:
    return "1 squat" if count == 1 else f"{count} squats"


def _wrong_bar(outcome: SetOutcome, known: Known, bar_kg: float) -> str:
    """Return what is wrong with the bar, by the weight on the plates; empty where nothing is, or it can't be known."""
    found_kg = (outcome.system_N - known.body_weight_N) / GRAVITY_M_S2
    off_kg, least_kg = found_kg - bar_kg, max(BAR_OFF_KG, BAR_OFF * bar_kg)
    under_heels_kg = HEEL_PLATES_KG if outcome.condition is Condition.HEELS else 0.0
    if not math.isfinite(found_kg) or -least_kg <= off_kg <= least_kg + under_heels_kg:
        return ""
    return (
        f"The plates carry {found_kg:.1f} kg besides the lifter, and the bar is said to weigh {bar_kg:g} kg: take the right "
        "bar, or enter its weight."
    )


def _cue_not_done(cue: SetOutcome, light: Sequence[SetOutcome], smallest_Nm: float) -> list[str]:
    """Say that the feet did not screw outwards, if that can be known."""
    with_cue, without = (_moments(sets) for sets in ([cue], light))
    if not with_cue or not without:
        return []
    more_Nm = float(np.median(with_cue) - np.median(without))
    if more_Nm >= smallest_Nm:
        return []
    return [
        f"The cue was not done: the feet screwed outwards by {more_Nm:+.1f} N m beside the sets without it, and "
        f"{smallest_Nm:g} count. Explain it and do the set again, or go on: it tells nothing of technique."
    ]


def _moments(sets: Sequence[SetOutcome]) -> list[float]:
    """Return the mean free moment of both feet at the bottom, of each repetition in which it is known."""
    moments = [Outcome(Measure.MOMENT, side=side) for side in SIDES]
    found = ([r.numbers.get(moment, math.nan) for moment in moments] for one in sets for r in one.repetitions)
    return [float(np.mean(pair)) for pair in found if all(map(math.isfinite, pair))]


def judge_mvc(found: Sequence[MvcFound], step: MvcStep) -> Judged:
    """Return whether every muscle of a group has its maximal contraction."""
    from acquisition.lifter_file import Mvc

    of_group = [one for one in found if one.electrode.muscle in MUSCLES[step.group]]
    if not of_group:
        return Judged(accepted=False, why=(f"The rig has no electrode on the {step.group}; skip this step.",))
    mvcs = tuple(
        Mvc(
            muscle=one.electrode.muscle,
            side=one.electrode.side,
            mvc_uV=one.tries[0].uV,
            trial=f"{one.tries[0].recording}, {one.tries[0].at_s:.1f} s",
        )
        for one in of_group
        if not one.refused
    )
    refused = tuple(one.sentence for one in of_group if one.refused)
    return Judged(accepted=not refused, why=refused, reference=mvcs)
