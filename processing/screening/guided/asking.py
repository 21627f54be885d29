"""What a guided session asks for at a moment, in words: one thing in large letters, what is still wanted, and which keys."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from pydantic import BaseModel

from acquisition.commands import Does
from processing.screening.condition import Condition
from processing.screening.guided.protocol import MvcStep, SetStep, WeighStep, ZeroStep

if TYPE_CHECKING:
    from processing.screening.guided.protocol import AnyStep

STILL_S = 1.5
"""Who stands still for so long is weighed, with the bar."""


class StepPart(StrEnum):
    """Which part of a step the session is in."""

    BAR = "bar"
    READY = "ready"
    DOING = "doing"
    RATING = "rating"
    ENDED = "ended"


class Seen(NamedTuple):
    """What the live pipeline says now: time of the newest frame, force, how long somebody stands still, repetitions so far."""

    time_s: float
    total_N: float
    standing_s: float
    repetitions: int
    squatting: bool


class State(NamedTuple):
    """Where a guided session is: its turn, the step and the part of it, counted from 0, and what its try has come to.

    `bar_kg` is None where it has yet to be said; `repetitions`: of the try; `weighed`: the lifter stood still with the weight
    that was to be expected; `empty`: nobody is on the plates; `done_for_s`: for how long what the step waits for has been so.
    """

    turn: int
    part: StepPart
    number: int
    steps: int
    step: AnyStep | None
    bar_kg: float | None
    said: list[str]
    seen: Seen
    repetitions: int
    weighed: bool
    empty: bool
    done_for_s: float


class Shown(BaseModel):
    """What every screen shows: what to do in large letters, what is still wanted, what was said of the last try, which keys.

    `figure`: the group of muscles whose electrodes and contraction are to be drawn, if any.
    """

    turn: int
    part: StepPart
    step: int
    steps: int
    title: str
    do: str
    wanted: str = ""
    said: list[str] = []
    keys: list[Does] = []
    figure: str = ""
    repetitions: int = 0


MOST_SAID, LONGEST_SAID = 8, 400
"""Sentences on the board, and letters of each: it has little room."""


def shown(at: State) -> Shown:
    """Return what every screen shows now."""
    said = [sentence[:LONGEST_SAID] for sentence in at.said[:MOST_SAID]]
    step = at.step
    if step is None or at.part is StepPart.ENDED:
        done = "All steps are done." if step is None else "The session was stopped; it can be resumed at this step."
        return Shown(turn=at.turn, part=at.part, step=at.number, steps=at.steps, title="End", do=done, said=said)
    doing, wanted = _ask(at, step)
    return Shown(
        turn=at.turn,
        part=at.part,
        step=at.number,
        steps=at.steps,
        title=title_of(step, at.bar_kg),
        do=doing,
        wanted=wanted,
        said=said or ([f"Electrodes: {SITES[step.group]}"] if isinstance(step, MvcStep) else []),
        keys=_keys(at),
        figure=step.group if isinstance(step, MvcStep) else "",
        repetitions=at.repetitions,
    )


def _keys(at: State) -> list[Does]:
    match at.part:
        case StepPart.BAR:
            return [Does.BAR, Does.SKIP, Does.STOP]
        case StepPart.RATING:
            return [Does.RATE, Does.NEXT, Does.REPEAT, Does.STOP]
        case StepPart.READY:
            return [Does.NEXT, Does.REPEAT, Does.SKIP, Does.STOP]
        case _:
            rate = [Does.RATE] if isinstance(at.step, SetStep) else []
            return [Does.NEXT, *rate, Does.REPEAT, Does.SKIP, Does.STOP]


def _ask(at: State, step: AnyStep) -> tuple[str, str]:
    """Return what is to be done now, and what is still wanted."""
    if at.part is StepPart.BAR:
        return "How heavy is the bar?", "type its weight in kg, 0 without a bar"
    if at.part is StepPart.RATING:
        return "What did the knees do in this set?", "0 none, 1 slight, 2 past the feet; next leaves it open"
    if at.part is StepPart.READY and isinstance(step, MvcStep):
        return text_of(step), f"{step.tries} x {step.seconds:g} s, each side"
    if at.part is StepPart.READY:
        return text_of(step), "press next to begin"
    return _ask_while(at, step)


def _ask_while(at: State, step: AnyStep) -> tuple[str, str]:
    seen = at.seen
    if isinstance(step, ZeroStep):
        left_s = max(0.0, step.seconds - at.done_for_s)
        return text_of(step), f"empty plates: {left_s:.1f} s more" if at.empty else "step off both plates"
    if isinstance(step, WeighStep):
        if at.empty:
            return text_of(step), "step on, a foot on each plate"
        return text_of(step), f"stand still: {max(0.0, step.seconds - seen.standing_s):.1f} s more"
    if isinstance(step, MvcStep):
        return text_of(step), "press next when all tries are done"
    bar_kg = at.bar_kg or 0.0
    count = at.repetitions
    if not at.weighed and not count:
        first = "take the bar and " if bar_kg else ""
        return "Stand still before you squat.", f"{first}stand still: {max(0.0, STILL_S - seen.standing_s):.1f} s more"
    left = step.repetitions - count
    wanted = f"{count} of {step.repetitions}" if left > 0 else "stand; the set is over"
    return text_of(step), wanted


def title_of(step: AnyStep, bar_kg: float | None = None) -> str:
    """Return a step's name."""
    match step:
        case ZeroStep():
            return "Empty plates"
        case WeighStep():
            return "Weigh"
        case MvcStep():
            return f"Maximal contraction: {step.group}"
        case SetStep():
            bar = "" if bar_kg is None else f", {bar_kg:g} kg" if bar_kg else ", without a bar"
            return f"Set, {step.condition}{bar}"


_HOW = {
    Condition.LIGHT: "Squat {n} times as you always do.",
    Condition.CUE: "Squat {n} times, and screw your feet outwards into the floor.",
    Condition.SLOW: "Squat {n} times; take three seconds to lower.",
    Condition.HEELS: "Put plates of 2 cm under your heels, and squat {n} times.",
    Condition.DEPTH: "Squat {n} times, as deep as you can.",
    Condition.LOADED: "Squat {n} times with this weight.",
}
_MVC = {
    "quadriceps": "Sit, knee bent, and press the shin against the strap.",
    "hamstrings": "Lie face down, knee bent, and pull the heel towards the seat.",
    "glutes": "Lie face down, and lift the thigh; then the straight leg, lying on the side.",
}


SITES = {
    "quadriceps": "VL: 2/3 of the way from the front spine of the hip bone to the outside of the kneecap. VM: 4/5 of the way "
    "from there to the joint space in front of the inner ligament. RF: halfway from there to the top of the kneecap.",
    "hamstrings": "BF: halfway from the sitting bone to the outer epicondyle of the tibia. ST: halfway from the sitting bone "
    "to the inner one.",
    "glutes": "GMax: halfway from the sacrum to the greater trochanter. GMed: halfway from the crest of the hip bone to the "
    "greater trochanter.",
}
"""Where the electrodes of a group belong (SENIAM, sensor locations)."""


def text_of(step: AnyStep) -> str:
    """Return what a step asks for, in a sentence: its own, or the usual one."""
    if step.text:
        return step.text
    match step:
        case ZeroStep():
            return "Nobody stands on the plates."
        case WeighStep():
            return "Step on without a bar, a foot on each plate, and stand still."
        case MvcStep():
            return _MVC[step.group]
        case SetStep():
            return _HOW[step.how].format(n=step.repetitions)
