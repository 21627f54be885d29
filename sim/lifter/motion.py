"""Motion of the lifter's centre of mass in the squat: smooth phases whose height, speed and acceleration are exact.

Each phase is a minimum-jerk polynomial (Flash & Hogan 1985, Journal of Neuroscience 5(7):1688-1703). A squat without a pause
turns at its bottom with the greatest upward acceleration; there a second polynomial adds that acceleration to both phases.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from hardware.arrays import Floats
from hardware.settings import NotNegative, Positive, Settings

TURN = 8.0  # upward acceleration at the bottom x (longer phase)^2 / depth; below 20 the depth stays monotonic in a phase


class Phase(IntEnum):
    """What the lifter is doing."""

    STANDING = 0
    LOWERING = 1
    BOTTOM = 2
    RISING = 3


class Tempo(Settings):
    """How long each phase takes; `quiet_s` is the quiet stance before the first repetition."""

    quiet_s: NotNegative = 4.0
    lowering_s: Positive = 1.3
    bottom_s: NotNegative = 0.0
    rising_s: Positive = 1.1
    top_s: NotNegative = 0.8

    @model_validator(mode="after")
    def _phases_are_alike(self) -> Tempo:
        if not 0.2 <= self.lowering_s / self.rising_s <= 5.0:
            raise ValueError(
                f"lowering takes {self.lowering_s:g} s and rising {self.rising_s:g} s; keep one within five times the other"
            )
        return self

    @property
    def repetition_s(self) -> float:
        """From the start of one repetition to the start of the next."""
        return self.lowering_s + self.bottom_s + self.rising_s + self.top_s

    def start_s(self, repetition: int) -> float:
        """Return when a repetition starts, counted from 0."""
        return self.quiet_s + repetition * self.repetition_s


@dataclass(frozen=True, slots=True)
class Repetition:
    """True bounds of a repetition: `bottom_s` is when it is lowest, the middle of the pause where there is one."""

    number: int
    start_s: float
    bottom_s: float
    end_s: float
    depth_m: float


@dataclass(frozen=True, slots=True)
class Movement:
    """The squat at given times.

    `z_m` is the height of the centre of mass above its height in stance, `v_m_s` and `a_m_s2` are its derivatives, `fraction`
    is the share of the full depth (0 in stance, about 1 at the bottom); `repetition` is -1 between sets.
    """

    t_s: Floats
    z_m: Floats
    v_m_s: Floats
    a_m_s2: Floats
    fraction: Floats
    phase: NDArray[np.int8]
    repetition: NDArray[np.int64]


def _phase(u: Floats, duration_s: Floats, depth_m: Floats, turn_m_s2: Floats) -> tuple[Floats, Floats, Floats]:
    """Return height, speed and acceleration of lowering at its relative time u in 0..1; rising is the same with u mirrored."""
    turn = 0.5 * turn_m_s2 * duration_s**2
    z = -depth_m * u**3 * (10.0 - 15.0 * u + 6.0 * u**2) + turn * u**3 * (1.0 - u) ** 2
    v = -depth_m * 30.0 * u**2 * (1.0 - u) ** 2 + turn * u**2 * (3.0 - 8.0 * u + 5.0 * u**2)
    a = -depth_m * u * (60.0 - 180.0 * u + 120.0 * u**2) + turn * u * (6.0 - 24.0 * u + 20.0 * u**2)
    return z, v / duration_s, a / duration_s**2


@dataclass(frozen=True, slots=True)
class Course:
    """Repetitions as they come: each one's start, the time of its phases, and its depth; all arrays (n,).

    `period_s`: after so long they begin again, None: never. The stance at the top belongs to its repetition.
    """

    start_s: Floats
    lowering_s: Floats
    bottom_s: Floats
    rising_s: Floats
    top_s: Floats
    depth_m: Floats
    period_s: float | None = None

    @property
    def end_s(self) -> Floats:
        """When each repetition is up again."""
        return np.asarray(self.start_s + self.lowering_s + self.bottom_s + self.rising_s)


def steady(tempo: Tempo, depths_m: Floats, repetitions: int | None) -> Course:
    """Return repetitions at one tempo; the depths are used in turn, and begin again where there are more repetitions.

    `repetitions` None goes on for ever.
    """
    count = len(depths_m) if repetitions is None else repetitions
    number = np.arange(count)
    same = np.ones(count)
    return Course(
        np.asarray(tempo.quiet_s + number * tempo.repetition_s, dtype=np.float64),
        tempo.lowering_s * same,
        tempo.bottom_s * same,
        tempo.rising_s * same,
        tempo.top_s * same,
        depths_m[number % len(depths_m)],
        count * tempo.repetition_s if repetitions is None else None,
    )


class Motion:
    """The movement of a course of repetitions."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.typical_depth_m = float(np.mean(course.depth_m)) if len(course.depth_m) else 1.0

    def at(self, t_s: Floats) -> Movement:
        """Return the movement at these times, in seconds of the session; any shape."""
        t_s = np.asarray(t_s, dtype=np.float64)
        number, at, local = self.repetition_at(t_s)
        z, v, a = (np.zeros_like(t_s) for _ in range(3))
        phase = np.zeros(t_s.shape, dtype=np.int8)
        if not len(self.course.start_s):
            return Movement(t_s, z, v, a, z.copy(), phase, number)
        course = self.course
        active = number >= 0
        down_s, up_s, depth = course.lowering_s[at], course.rising_s[at], course.depth_m[at]
        rising_at = down_s + course.bottom_s[at]
        turn = np.where(course.bottom_s[at] == 0.0, depth * TURN / np.maximum(down_s, up_s) ** 2, 0.0)
        lowering = active & (local < down_s)
        bottom = active & (local >= down_s) & (local < rising_at)
        rising = active & (local >= rising_at) & (local < rising_at + up_s)

        z[bottom] = -depth[bottom]
        z[lowering], v[lowering], a[lowering] = _phase(
            local[lowering] / down_s[lowering], down_s[lowering], depth[lowering], turn[lowering]
        )
        z[rising], mirrored, a[rising] = _phase(
            1.0 - (local[rising] - rising_at[rising]) / up_s[rising], up_s[rising], depth[rising], turn[rising]
        )
        v[rising] = -mirrored
        phase[lowering], phase[bottom], phase[rising] = Phase.LOWERING, Phase.BOTTOM, Phase.RISING
        return Movement(t_s, z, v, a, -z / self.typical_depth_m, phase, number)

    def repetition_at(self, t_s: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
        """Return the repetition at these times (-1: none), its number in the course, and how long it lasts by then."""
        course = self.course
        count = len(course.start_s)
        if not count:
            return np.full(t_s.shape, -1), np.zeros(t_s.shape, dtype=np.int64), np.zeros_like(t_s)
        first = course.start_s[0]
        cycle = np.zeros(t_s.shape, dtype=np.int64)
        if course.period_s is not None:
            cycle = np.maximum(0, np.floor((t_s - first) / course.period_s)).astype(np.int64)
        within = t_s - cycle * (course.period_s or 0.0)
        nth = np.searchsorted(course.start_s, within, side="right") - 1
        at = np.maximum(nth, 0)
        local = within - course.start_s[at]
        active = (nth >= 0) & (local < (course.end_s + course.top_s - course.start_s)[at])
        return np.where(active, cycle * count + at, -1), at, local

    def bounds(self, until_s: float) -> list[Repetition]:
        """Return the true bounds of the repetitions that end by `until_s`; the stance at the top belongs to none."""
        course = self.course
        found = []
        number = 0
        while len(course.start_s):
            cycle, at = divmod(number, len(course.start_s))
            later_s = cycle * (course.period_s or 0.0)
            end_s = float(course.end_s[at] + later_s)
            if (cycle and course.period_s is None) or end_s > until_s + 1e-9:
                break
            start_s = float(course.start_s[at] + later_s)
            bottom_s = start_s + float(course.lowering_s[at] + course.bottom_s[at] / 2)
            found.append(Repetition(number, start_s, bottom_s, end_s, float(course.depth_m[at])))
            number += 1
        return found


class Sway:
    """A small, smooth and endless wandering: a sum of sines of random frequency and phase, so that any time can be asked for.

    Its standard deviation is `sd` in the long run and it never leaves ± 4 `sd`, so nothing drifts over a limit by chance.
    """

    SINES = 8

    def __init__(self, rng: np.random.Generator, sd: float, band_hz: tuple[float, float]) -> None:
        edges = np.geomspace(band_hz[0], band_hz[1], self.SINES + 1)
        self._omega = 2.0 * np.pi * rng.uniform(edges[:-1], edges[1:])
        self._phase = rng.uniform(0.0, 2.0 * np.pi, self.SINES)
        self._amplitude = sd * math.sqrt(2.0 / self.SINES)

    def _sines(self, t_s: Floats, weight: Floats, shift: float) -> Floats:
        total = np.zeros_like(t_s)
        for omega, phase, factor in zip(self._omega, self._phase, weight, strict=True):
            total += factor * np.sin(omega * t_s + phase + shift)
        return total * self._amplitude

    def __call__(self, t_s: Floats) -> Floats:
        """Return the wandering itself at these times."""
        return self._sines(t_s, np.ones(self.SINES), 0.0)

    def integrated(self, t_s: Floats) -> Floats:
        """Return its integral over time, without a constant."""
        return self._sines(t_s, 1.0 / self._omega, -np.pi / 2)

    def integrated_twice(self, t_s: Floats) -> Floats:
        """Return its integral's integral, without a constant."""
        return self._sines(t_s, -1.0 / self._omega**2, 0.0)
