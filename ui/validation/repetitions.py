"""Repetitions against squats of which everything is known: recall, invented ones, depths, bottoms, by tempo and disturbance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from acquisition.rig.rig_file import example, load
from hardware.arrays import Floats
from processing.force.chain import METRICS, ForceChain
from sim.lifter.squatter import RATE_HZ, Squatter

if TYPE_CHECKING:
    from processing.repetition.phases import Repetition
    from sim.lifter.squatter import Squat

Script = Callable[[Squatter], Squatter]
ORDINARY: dict[str, Script] = {
    "a second at the top": lambda s: s.stand(3).squats(6, 0.35, 1.4, 1.2, 0, 1.0),
    "standing between": lambda s: s.stand(3).squats(4, 0.38, 1.5, 1.2, 0, 2.5),
    "continuous": lambda s: s.stand(3).squats(12, 0.38, 1.2, 1.0),
    "1.3 s each": lambda s: s.stand(3).squats(12, 0.30, 0.65, 0.65),
    "1 s at the bottom": lambda s: s.stand(3).squats(5, 0.38, 1.4, 1.2, 1.0, 1.0),
    "2.5 s at the bottom": lambda s: s.stand(3).squats(4, 0.38, 1.6, 1.2, 2.5, 1.0),
    "with a bar": lambda s: s.stand(2).bar(60).stand(3).squats(5, 0.36, 1.5, 1.3, 0, 1.0).bar(-60).stand(2),
    "two sets": lambda s: (
        s.stand(2).squats(4, 0.36, 1.3, 1.2, 0, 0.5).off(3).stand(3).bar(40).stand(3).squats(4, 0.36, 1.5, 1.3)
    ),
    "half squats": lambda s: s.stand(3).squats(6, 0.2, 1.0, 0.9, 0, 0.8),
}
SLOW: dict[str, Script] = {
    "lowering takes 1.8 s": lambda s: s.stand(3).squats(6, 0.38, 1.8, 1.3),
    "lowering takes 3 s": lambda s: s.stand(3).squats(6, 0.38, 3.0, 1.5),
    "lowering takes 4.2 s": lambda s: s.stand(3).squats(6, 0.38, 4.2, 1.8),
    "4.2 s, and 1 s at the top": lambda s: s.stand(3).squats(6, 0.38, 4.2, 1.8, 0, 1.0),
}
NONE: dict[str, Script] = {
    "standing": lambda s: s.stand(30),
    "talking": lambda s: s.stand(30),
    "steps": lambda s: s.stand(3).step(0).stand(1).step(1).stand(2).step(0, 0.8).step(1, 0.8).stand(3).off(2).stand(4),
    "bars": lambda s: s.stand(3).bar(20).stand(3).bar(40, 0.5).stand(4).bar(-60).stand(3).bar(5).stand(2).bar(-5).stand(2),
    "dips": lambda s: (
        s.stand(3)
        .rise(-0.06, 0.5)
        .stand(0.6)
        .rise(-0.1, 0.6)
        .stand(0.5)
        .rise(-0.12, 0.7)
        .rise(-0.14, 0.9)
        .stand(1)
        .rise(-0.2, 0.7)
        .stand(2)
    ),
    "onto the toes": lambda s: s.stand(3).rise(0.08, 1.0).rise(0.09, 1.2).stand(1).rise(0.1, 2.0).rise(0.07, 0.7).stand(2),
    "jumps": lambda s: s.stand(3).jump().stand(2.5).jump(0.3, 0.5).jump(0.2, 0.3).stand(3).jump(0.35, 0.55).stand(1),
}
"""Scripts of squats at ordinary tempo, of very slow ones, and of what is no squat."""
DRIFT = {"drift_N_per_min": 15.0, "offset_N": 3.0}
SWAY, TALK = 0.0025, 0.008
"""Standard deviation of the force while standing, as a share of the weight, and while talking."""


def squatters(lifters: int, sway: float = SWAY) -> list[Squatter]:
    """Return so many squatters of 60 to 130 kg, no two alike."""
    return [Squatter(60.0 + 70.0 * i / max(1, lifters - 1), i, sway) for i in range(lifters)]


def score(script: str, lifters: int, **disturbed: float) -> Score:
    """Return how repetitions of a script come out, with forces disturbed as `Squatter.force` has it."""
    found = Score()
    make = {**ORDINARY, **SLOW, **NONE}[script]
    for squatter in squatters(lifters, TALK if script == "talking" else SWAY):
        left_N, right_N, squats = make(squatter).force(**disturbed)
        found.take(followed(left_N, right_N)[0].repetitions.found, squats)
    return found


def followed(left_N: Floats, right_N: Floats, rate_hz: float = RATE_HZ) -> tuple[ForceChain, Floats]:
    """Return the force chain of a rig of two plates after these forces, and its frames."""
    rig = load(example("demo"))
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
