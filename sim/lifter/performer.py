"""A performer: a person who does a set when told, and stands and waits in between, for as long as it takes.

A person's session has a plan, in its own time. A performer's plan runs on only while a set is done; in between its time swings
within the quiet stance before the next set, where nothing but sway changes.
"""

from __future__ import annotations

import threading
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from pydantic import PrivateAttr

from hardware.arrays import Floats
from sim.lifter.motion import Motion
from sim.lifter.people import Person

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.lifter.motion import Movement

EMPTY_AT_S = 1.0
"""In the plan nobody is on the plates then."""
INTO_STANCE_S, WANDERS_S, WANDERS_HZ = 1.5, 0.4, 0.2
"""Where in the quiet stance before a set a performer waits, and how its time swings there."""


class Performer(Person):
    """A person whose sets are done when told; the first of `sets` should have no repetitions: it is the weighing.

    At first nobody is on the plates.
    """

    _parts: list[tuple[float, float, float]] = PrivateAttr(default_factory=lambda: [(0.0, EMPTY_AT_S, EMPTY_AT_S)])
    _lock: threading.Lock = PrivateAttr(default_factory=threading.Lock)

    def perform(self, number: int, at_s: float) -> float:
        """Do a set, counted from 0, from a time of the session on that no device has reached yet; return until when.

        The first one steps on and waits; any other begins in the quiet stance before it, and waits in that of the next one.
        """
        starts_s = self.plan.set_at_s + INTO_STANCE_S
        from_s = EMPTY_AT_S if number == 0 else float(starts_s[number])
        until_s = float(starts_s[min(number + 1, len(starts_s) - 1)]) if number else float(starts_s[0])
        with self._lock:
            self._parts.append((at_s, from_s, until_s))
        return at_s + until_s - from_s

    def planned(self, t_s: Floats) -> Floats:
        """Return the time of the plan at these times of the session."""
        with self._lock:
            at_s, from_s, until_s = np.array(self._parts).T
        part = np.maximum(0, np.searchsorted(at_s, t_s, side="right") - 1)
        runs_s = from_s[part] + (t_s - at_s[part])
        waits_s = np.maximum(0.0, runs_s - until_s[part])
        wandering = WANDERS_S * np.sin(2.0 * np.pi * WANDERS_HZ * waits_s)
        return np.asarray(np.where(waits_s > 0.0, until_s[part] + wandering, runs_s))

    @cached_property
    def motion(self) -> Motion:
        """The squats, without sway, in the session's time."""
        return _Performed(self)


class _Performed(Motion):
    """The motion of a performer: that of the plan, at the plan's times."""

    def __init__(self, performer: Performer) -> None:
        super().__init__(performer.plan.course)
        self._planned = performer.planned
        self._plan = Motion(performer.plan.course)

    def at(self, t_s: Floats) -> Movement:
        """Return the movement at these times of the session; its own times are the plan's."""
        return self._plan.at(self._planned(np.asarray(t_s, dtype=np.float64)))

    def repetition_at(self, t_s: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
        """Return the repetition at these times of the session."""
        return self._plan.repetition_at(self._planned(t_s))
