"""A squatter apart from the simulated lifter: a way of the centre of mass by splines through knots, and the force it takes.

What is done is written as a script of movements, one after the other; what is true of each squat stands beside the force. Ways
are smoothed splines through knots of the body's height, not the polynomials of the simulated lifter, with shapes of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter1d

from hardware.arrays import Floats
from sim.lifter.lifter import GRAVITY

RATE_HZ = 1000.0
SMOOTH_S = 0.06


@dataclass(frozen=True)
class Squat:
    """What is true of one squat, in seconds: where it is lowest, how deep, and where a pause at the bottom begins and ends."""

    start_s: float
    bottom_s: float
    end_s: float
    depth_m: float
    pause_s: float


@dataclass
class Squatter:
    """A script in the making; every method adds a movement, and `force` plays them."""

    mass_kg: float = 75.0
    seed: int = 0
    sway: float = 0.0025
    t_s: float = 0.0
    knots: list[tuple[float, float]] = field(default_factory=lambda: [(-5.0, 0.0), (0.0, 0.0)])
    planned: list[tuple[float, float, float, float]] = field(default_factory=list)
    loads: list[tuple[float, float, float]] = field(default_factory=list)
    lifted: list[tuple[float, float, int]] = field(default_factory=list)
    flights: list[tuple[float, float, float]] = field(default_factory=list)

    @cached_property
    def rng(self) -> np.random.Generator:
        """Where its chance comes from."""
        return np.random.default_rng([self.seed, 77])

    def stand(self, seconds: float) -> Squatter:
        """Stand."""
        self._to(self.t_s + seconds, 0.0)
        return self

    def _to(self, t_s: float, z_m: float) -> None:
        self.knots.append((t_s, z_m))
        self.t_s = t_s

    def _way(self, seconds: float, z_m: float, lag: float = 0.0) -> None:
        """Go to a height along a rounded way; `lag` bends it, as where somebody sticks halfway."""
        z0, t0 = self.knots[-1][1], self.t_s
        for u in np.linspace(0.0, 1.0, 13)[1:]:
            w = u + lag * np.sin(2.0 * np.pi * u) / (2.0 * np.pi)
            self._to(t0 + u * seconds, z0 + (z_m - z0) * 0.5 * (1.0 - np.cos(np.pi * w)))

    def squat(self, depth_m: float, down_s: float, up_s: float, pause_s: float = 0.0, top_s: float = 0.0) -> Squatter:
        """Squat, with a pause at the bottom and one at the top."""
        start = self.t_s
        self._way(down_s, -depth_m, float(self.rng.uniform(-0.3, 0.3)))
        bottom = self.t_s
        if pause_s:
            self._to(self.t_s + pause_s, -depth_m)
        self._way(up_s, 0.0, float(self.rng.uniform(-0.5, 0.3)))
        self.planned.append((start, bottom, self.t_s, pause_s))
        if top_s:
            self.stand(top_s)
        return self

    def squats(
        self, count: int, depth_m: float, down_s: float, up_s: float, pause_s: float = 0.0, top_s: float = 0.0
    ) -> Squatter:
        """Squat several times, never twice the same."""
        for _ in range(count):
            a, b, c, d = 1.0 + 0.07 * np.clip(self.rng.standard_normal(4), -2.0, 2.0)
            self.squat(depth_m * (1.0 + 0.5 * (a - 1.0)), down_s * b, up_s * c, pause_s * d, top_s * d)
        return self

    def rise(self, height_m: float, seconds: float) -> Squatter:
        """Go up and come back (onto the toes), or down and back for a negative height (a dip)."""
        self._way(seconds / 2, height_m)
        self._way(seconds / 2, 0.0)
        return self

    def bar(self, kg: float, seconds: float = 0.8) -> Squatter:
        """Take a bar, or give it back."""
        self.loads.append((self.t_s, seconds, kg))
        return self.stand(seconds)

    def step(self, foot: int, seconds: float = 0.5) -> Squatter:
        """Lift a foot, 0 for the left, and put it down again."""
        self.lifted.append((self.t_s, seconds, foot))
        return self.stand(seconds)

    def off(self, seconds: float) -> Squatter:
        """Walk off and come back."""
        self.lifted += [(self.t_s, seconds, 0), (self.t_s + 0.4, seconds, 1)]
        return self.stand(seconds + 0.4)

    def jump(self, dip_m: float = 0.25, flight_s: float = 0.4) -> Squatter:
        """Jump: down, up with speed, a flight, a landing that is absorbed, and up again."""
        v = GRAVITY * flight_s / 2
        t = self.t_s + 0.6
        self._way(0.6, -dip_m)
        up = 2.2 * dip_m / v
        for u in np.linspace(0.0, 1.0, 9)[1:]:
            self._to(t + u * up, -dip_m + dip_m * u**2)
        t = self.t_s
        for u in np.linspace(0.0, 1.0, 17)[1:]:
            s = u * flight_s
            self._to(t + s, v * s - GRAVITY * s * s / 2)
        self.flights.append((t, flight_s, v))
        t = self.t_s
        for u in np.linspace(0.0, 1.0, 9)[1:]:
            self._to(t + 0.25 * u, -0.7 * dip_m * (1.0 - (1.0 - u) ** 2))
        self._way(0.6, 0.0)
        return self

    def force(
        self, drift_N_per_min: float = 0.0, offset_N: float = 0.0, noise_N: float = 6.0
    ) -> tuple[Floats, Floats, list[Squat]]:
        """Return both plates' vertical forces at 1 kHz and what is true of each squat."""
        self.stand(3.0)
        t = np.arange(int(self.t_s * RATE_HZ)) / RATE_HZ
        times, heights = np.array(self.knots).T
        keep = np.r_[True, np.diff(times) > 1e-9]
        z = PchipInterpolator(times[keep], heights[keep])(t)
        z = gaussian_filter1d(z, SMOOTH_S * RATE_HZ, mode="nearest")
        z = z + self._swaying(t)
        a = np.gradient(np.gradient(z, 1.0 / RATE_HZ), 1.0 / RATE_HZ)
        a[:3] = a[-3:] = 0.0
        mass = np.full(len(t), float(self.mass_kg))
        for at, seconds, kg in self.loads:
            u = np.clip((t - at) / seconds, 0.0, 1.0)
            mass += kg * u * u * (3.0 - 2.0 * u)
        total = np.maximum(mass * (GRAVITY + a), 0.0)
        for at, seconds, _ in self.flights:
            total[(t >= at) & (t < at + seconds)] = 0.0
        share = 0.5 + 0.01 * np.sin(2.0 * np.pi * 0.31 * t + self.rng.uniform(0.0, 6.0))
        on = np.ones((2, len(t)))
        for at, seconds, foot in self.lifted:
            u = np.clip(np.minimum((t - at) / 0.15, (at + seconds - t) / 0.15), 0.0, 1.0)
            on[foot] = np.minimum(on[foot], 1.0 - u)
        both_off = (on[0] < 0.02) & (on[1] < 0.02)
        left = np.where(on[0] <= on[1], (1.0 - share) * on[0], 1.0 - share * on[1])
        right = np.where(both_off, 0.0, 1.0 - left)
        left = np.where(both_off, 0.0, left)
        drift = drift_N_per_min / 60.0 * t + offset_N
        forces = np.array([left * total + 0.5 * drift, right * total + 0.5 * drift])
        forces += noise_N / np.sqrt(2.0) * self.rng.standard_normal(forces.shape)
        squats = []
        for start, bottom, end, pause in self.planned:
            inside = (t >= start - 0.1) & (t <= end + 0.1)
            k = np.flatnonzero(inside)
            low = k[np.argmin(z[k])]
            squats.append(Squat(start, t[low] if not pause else bottom + pause / 2, end, float(-z[low]), pause))
        return forces[0], forces[1], squats

    def _swaying(self, t: Floats) -> Floats:
        z = np.zeros_like(t)
        for f in self.rng.uniform(0.4, 5.0, 9):
            z += np.sin(2.0 * np.pi * f * t + self.rng.uniform(0.0, 6.3)) / (2.0 * np.pi * f) ** 2
        return np.asarray(self.sway * GRAVITY * np.sqrt(2.0 / 9.0) * z)
