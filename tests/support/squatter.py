"""A squatter apart from the simulator's: a way of the centre of mass by splines through knots, and the force that makes it.

What is done is written as a script of movements, one after the other; what is true of each squat stands beside the force. Ways
are smoothed splines through knots of the body's height, not the polynomials of the simulated lifter, with shapes of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter1d

from processing.force.chain import METRICS, ForceChain
from processing.repetition.phases import Repetition
from tests.support.rigs import example_with

RATE_HZ = 1000.0
GRAVITY = 9.80665
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

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng([self.seed, 77])

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
    ) -> tuple[np.ndarray, np.ndarray, list[Squat]]:
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

    def _swaying(self, t: np.ndarray) -> np.ndarray:
        z = np.zeros_like(t)
        for f in self.rng.uniform(0.4, 5.0, 9):
            z += np.sin(2.0 * np.pi * f * t + self.rng.uniform(0.0, 6.3)) / (2.0 * np.pi * f) ** 2
        return self.sway * GRAVITY * np.sqrt(2.0 / 9.0) * z


def followed(left_N: np.ndarray, right_N: np.ndarray, rate_hz: float = RATE_HZ) -> tuple[ForceChain, np.ndarray]:
    """Return the force chain of a rig of two plates after these forces, and its frames."""
    rig = example_with()
    streams = [s.model_copy(update={"rate_hz": rate_hz}) if s.name == rig.plate[0].stream else s for s in rig.stream]
    chain = ForceChain(rig.model_copy(update={"stream": streams}))
    n = len(left_N) // chain.frame_samples
    rows = np.full((n, len(METRICS)), np.nan)
    at = {metric.name: i for i, metric in enumerate(METRICS)}
    rows[:, at["sample"]] = (np.arange(n) + 1) * chain.frame_samples - 1
    for name, force in (("fz_left_N", left_N), ("fz_right_N", right_N)):
        rows[:, at[name]] = force[: n * chain.frame_samples].reshape(n, -1).mean(axis=1)
    rows[:, at["fz_total_N"]] = rows[:, at["fz_left_N"]] + rows[:, at["fz_right_N"]]
    for side, x in (("left", -200.0), ("right", 200.0)):
        on = rows[:, at[f"fz_{side}_N"]] > 50.0
        rows[:, at[f"cop_{side}_x_mm"]] = np.where(on, x, np.nan)
        rows[:, at[f"cop_{side}_y_mm"]] = np.where(on, 0.0, np.nan)
    chain.stance.refer(rows)
    chain.repetitions.follow(rows)
    return chain, rows


@dataclass
class Score:
    """How repetitions that were found compare with the squats that were done."""

    squats: int = 0
    missed: int = 0
    invented: int = 0
    doubtful: int = 0
    depth_off_m: list[float] = field(default_factory=list)
    bottom_off_s: list[float] = field(default_factory=list)
    surely_wrong: int = 0
    confirmed_after_s: list[float] = field(default_factory=list)

    def take(self, found: list[Repetition], squats: list[Squat], rate_hz: float = RATE_HZ) -> None:
        """Match what was found with what was done."""
        left = list(found)
        for squat in squats:
            self.squats += 1
            match = next((r for r in left if squat.start_s <= r.bottom_sample / rate_hz <= squat.end_s), None)
            if match is None:
                self.missed += 1
                continue
            left.remove(match)
            off_m = match.depth_m - squat.depth_m
            bottom_s = match.bottom_sample / rate_hz
            if squat.pause_s:
                first_s, last_s = match.pause_start_sample / rate_hz, match.rise_sample / rate_hz
                off_s = max(0.0, first_s - squat.bottom_s, squat.bottom_s - last_s)
            else:
                off_s = bottom_s - squat.bottom_s
            self.depth_off_m.append(off_m)
            self.bottom_off_s.append(off_s)
            self.doubtful += bool(match.doubt)
            self.surely_wrong += not match.doubt and abs(off_m) > 0.02
            self.confirmed_after_s.append((match.confirmed_sample - match.end_sample) / rate_hz)
        self.invented += len(left)

    @property
    def recall(self) -> float:
        """The share that was found."""
        return 1.0 - self.missed / self.squats

    def within(self, depth_m: float = 0.02) -> float:
        """The share of depths within a distance of the truth."""
        return float(np.mean(np.abs(self.depth_off_m) < depth_m))

    def in_time(self, seconds: float = 0.03) -> float:
        """The share of bottoms within a time of the truth."""
        return float(np.mean(np.abs(self.bottom_off_s) < seconds))
