"""Sets: what a lifter does in a session, one set after the other, and what comes between them: stepping on, the bar, rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from acquisition.rig import Side
from hardware.arrays import Floats
from hardware.settings import NotNegative, Positive, Settings
from sim.lifter.motion import Course, Tempo


class Set(Settings):
    """One set: its repetitions, its bar, whether it is done with a cue (screw the feet outwards), with lifted heels, slowly.

    The lifter stands still for `quiet_s` without a bar, and again with it; after the set the bar is racked. `rest_s` follows,
    on the plates or off them (`steps_off`).
    """

    repetitions: Annotated[int, Field(ge=0, le=100)] = 6
    bar_mass_kg: NotNegative = 20.0
    cue: bool = False
    heel_lift: bool = False
    slow: bool = False
    quiet_s: Positive = 3.0
    rest_s: NotNegative = 5.0
    steps_off: bool = False


class FootMoves(Settings):
    """A foot that slides to another place without leaving the plate: mm to the lifter's right and forward, within 0.3 s."""

    at_s: NotNegative
    side: Side
    right_mm: float = 0.0
    forward_mm: float = 0.0


STEP_S = 0.4
"""How long it takes to load or unload one foot while stepping on or off."""
BAR_S = 0.8
"""How long the bar takes onto the back, and back into the rack."""
SLOW = 1.8
"""Lowering takes so many times as long, where it is to be slow."""
EMPTY_S = 2.0
"""The plates are empty for so long at first, and for a while wherever the lifter steps off."""


def smooth(u: Floats) -> Floats:
    """Return a way from 0 to 1 for u from 0 to 1, with no corner; constant before and after."""
    u = np.clip(u, 0.0, 1.0)
    return u * u * (3.0 - 2.0 * u)


@dataclass(frozen=True, slots=True)
class _Change:
    """Something that goes from one size to another from a time on."""

    at_s: float
    for_s: float
    by: float


def _total(changes: list[_Change], t_s: Floats) -> Floats:
    found = np.zeros_like(t_s)
    if not t_s.size:
        return found
    first_s, last_s = float(t_s.min()), float(t_s.max())
    for change in changes:
        if change.at_s + change.for_s <= first_s:
            found += change.by
        elif change.at_s < last_s:
            found += change.by * smooth((t_s - change.at_s) / change.for_s)
    return found


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """When everything of a session of sets happens: the course of repetitions, the bar, each foot on its plate, and sets.

    `set_of` and `number_in_set` (n,) of each repetition; `set_at_s` when each set begins, with its quiet stance.
    """

    course: Course
    set_of: NDArray[np.int64]
    number_in_set: NDArray[np.int64]
    set_at_s: Floats
    landings_s: list[float]
    end_s: float
    _bar: list[_Change]
    _first_foot: list[_Change]
    _second_foot: list[_Change]

    def bar_kg(self, t_s: Floats) -> Floats:
        """Return what of the bar rests on the lifter."""
        return _total(self._bar, t_s)

    def on_plates(self, t_s: Floats) -> tuple[Floats, Floats]:
        """Return how far the first and the second foot are loaded, 0 to 1; with the second at 0 all is on the first."""
        return _total(self._first_foot, t_s), _total(self._second_foot, t_s)

    def set_index(self, t_s: Floats) -> NDArray[np.int64]:
        """Return in which set these times lie; its rest belongs to it, and what comes before to the first."""
        return np.maximum(0, np.searchsorted(self.set_at_s, t_s, side="right") - 1)


def plan(sets: tuple[Set, ...], tempo: Tempo, depth_m: float, pace: Floats, depths: Floats) -> SessionPlan:
    """Return the plan of a session; `pace` (n, 4) and `depths` (n,) multiply each repetition's phases and its depth."""
    phases = np.array([tempo.lowering_s, tempo.bottom_s, tempo.rising_s, tempo.top_s])
    bar: list[_Change] = []
    first: list[_Change] = []
    second: list[_Change] = []
    starts: list[float] = []
    times: list[Floats] = []
    set_of: list[int] = []
    number_in_set: list[int] = []
    set_at_s: list[float] = []
    landings: list[float] = []
    t = EMPTY_S
    aboard = False
    for i, one in enumerate(sets):
        if not aboard:
            first.append(_Change(t, STEP_S, 1.0))
            second.append(_Change(t + 2 * STEP_S, STEP_S, 1.0))
            landings += [t + STEP_S, t + 3 * STEP_S]
            t += 3 * STEP_S + 1.0  # who has just stepped on is not still yet
            aboard = True
        set_at_s.append(t)
        t += one.quiet_s
        if one.bar_mass_kg:
            bar.append(_Change(t, BAR_S, one.bar_mass_kg))
            landings.append(t + BAR_S / 2)
            t += BAR_S + one.quiet_s
        for k in range(one.repetitions):
            durations = phases * pace[len(starts) % len(pace)]
            durations[0] *= SLOW if one.slow else 1.0
            starts.append(t)
            times.append(durations)
            set_of.append(i)
            number_in_set.append(k)
            t += float(durations.sum())
        if one.bar_mass_kg:
            bar.append(_Change(t + 0.5, BAR_S, -one.bar_mass_kg))
            t += 0.5 + BAR_S
        if one.steps_off:
            second.append(_Change(t + 0.5, STEP_S, -1.0))
            first.append(_Change(t + 0.5 + 2 * STEP_S, STEP_S, -1.0))
            t += 0.5 + 3 * STEP_S + EMPTY_S
            aboard = False
        t += one.rest_s
    of_phases = np.array(times).reshape(-1, 4)
    count = len(starts)
    lowering_s, bottom_s, rising_s, top_s = of_phases.T
    depths_m = depth_m * depths[np.arange(count) % max(1, len(depths))]
    course = Course(np.array(starts, dtype=np.float64), lowering_s, bottom_s, rising_s, top_s, depths_m)
    return SessionPlan(
        course,
        np.array(set_of, dtype=np.int64),
        np.array(number_in_set, dtype=np.int64),
        np.array(set_at_s),
        landings,
        t,
        bar,
        first,
        second,
    )
