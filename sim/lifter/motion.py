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


def _phase(u: Floats, duration_s: float, depth_m: Floats, turn_m_s2: Floats) -> tuple[Floats, Floats, Floats]:
    """Return height, speed and acceleration of lowering at its relative time u in 0..1; rising is the same with u mirrored."""
    turn = 0.5 * turn_m_s2 * duration_s**2
    z = -depth_m * u**3 * (10.0 - 15.0 * u + 6.0 * u**2) + turn * u**3 * (1.0 - u) ** 2
    v = -depth_m * 30.0 * u**2 * (1.0 - u) ** 2 + turn * u**2 * (3.0 - 8.0 * u + 5.0 * u**2)
    a = -depth_m * u * (60.0 - 180.0 * u + 120.0 * u**2) + turn * u * (6.0 - 24.0 * u + 20.0 * u**2)
    return z, v / duration_s, a / duration_s**2


class Motion:
    """Repetitions of given depths at a tempo; the depths are used in turn and begin again when there are more repetitions.

    `repetitions` None goes on for ever.
    """

    def __init__(self, tempo: Tempo, depths_m: Floats, repetitions: int | None) -> None:
        self.tempo = tempo
        self.depths_m = depths_m
        self.repetitions = repetitions
        self.typical_depth_m = float(np.mean(depths_m))

    def at(self, t_s: Floats) -> Movement:
        """Return the movement at these times, in seconds of the session; any shape."""
        tempo = self.tempo
        since = np.asarray(t_s, dtype=np.float64) - tempo.quiet_s
        number = np.floor(since / tempo.repetition_s).astype(np.int64)
        active = number >= 0
        if self.repetitions is not None:
            active &= number < self.repetitions
        local = since - number * tempo.repetition_s
        depth = self.depths_m[number % len(self.depths_m)]
        turn = depth * (TURN / max(tempo.lowering_s, tempo.rising_s) ** 2 if tempo.bottom_s == 0.0 else 0.0)

        rising_at = tempo.lowering_s + tempo.bottom_s
        lowering = active & (local < tempo.lowering_s)
        bottom = active & (local >= tempo.lowering_s) & (local < rising_at)
        rising = active & (local >= rising_at) & (local < rising_at + tempo.rising_s)

        z, v, a = (np.zeros_like(since) for _ in range(3))
        z[bottom] = -depth[bottom]
        z[lowering], v[lowering], a[lowering] = _phase(
            local[lowering] / tempo.lowering_s, tempo.lowering_s, depth[lowering], turn[lowering]
        )
        z[rising], mirrored, a[rising] = _phase(
            1.0 - (local[rising] - rising_at) / tempo.rising_s, tempo.rising_s, depth[rising], turn[rising]
        )
        v[rising] = -mirrored

        phase = np.zeros(since.shape, dtype=np.int8)
        phase[lowering], phase[bottom], phase[rising] = Phase.LOWERING, Phase.BOTTOM, Phase.RISING
        return Movement(
            np.asarray(t_s, dtype=np.float64), z, v, a, -z / self.typical_depth_m, phase, np.where(active, number, -1)
        )

    def bounds(self, until_s: float) -> list[Repetition]:
        """Return the true bounds of the repetitions that end by `until_s`; the stance at the top belongs to none."""
        tempo = self.tempo
        moving_s = tempo.lowering_s + tempo.bottom_s + tempo.rising_s
        count = max(0, math.floor((until_s - tempo.quiet_s - moving_s) / tempo.repetition_s + 1e-9) + 1)
        if self.repetitions is not None:
            count = min(count, self.repetitions)
        return [
            Repetition(
                number,
                start := tempo.start_s(number),
                start + tempo.lowering_s + tempo.bottom_s / 2,
                start + moving_s,
                float(self.depths_m[number % len(self.depths_m)]),
            )
            for number in range(count)
        ]


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
