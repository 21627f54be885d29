"""The simulated lifter, with the truth known: motion, load share, activation of each muscle, and what goes wrong when.

Axes of the lifter: x to the right, y forward, z up; forces are what the plates push back with, so a foot in stance has Fz > 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from acquisition.rig import GLUTES, HAMSTRINGS, QUADRICEPS, SIDES, Muscle, Side
from hardware.arrays import Floats
from hardware.errors import SquatscopeError
from hardware.settings import NotNegative, Positive, Settings
from sim.lifter.motion import Motion, Movement, Repetition, Sway, Tempo, steady

GRAVITY = 9.80665  # its own, since it shares no formula with what it is to check

# Fraction of maximal voluntary contraction when body weight alone is held at the bottom. With the turn and the rise,
# quadriceps come to about 40 % and hamstrings to 8 %, within the ranges of Isear et al. 1997.
EFFORT: dict[Muscle, float] = {
    "VL": 0.33,
    "VM": 0.35,
    "RF": 0.26,
    "BF": 0.062,
    "ST": 0.057,
    "GMax": 0.25,
    "GMed": 0.18,
    "ADD": 0.15,
    "other": 0.05,
}
TONE = 0.06  # of that effort is there in quiet stance as well
LIGHTEST = 0.95  # of gravity: how fast a lifter may fall; the rest is left for sway


class Imbalance(Settings):
    """Something that goes wrong from `onset_s` on, and grows to its full size within `ramp_s`.

    What of it a cue, slow lowering or lifted heels take away, from 0 to 1; whether it is there with the heaviest bar alone and
    not with the lightest (`grows_with_load`); and by how much of itself it grows with each repetition of a set: for a `Person`
    with sets.
    """

    onset_s: NotNegative = 0.0
    ramp_s: Positive = 5.0
    cue_mends: Annotated[float, Field(ge=0, le=1)] = 0.0
    slow_mends: Annotated[float, Field(ge=0, le=1)] = 0.0
    heel_lift_mends: Annotated[float, Field(ge=0, le=1)] = 0.0
    grows_with_load: bool = False
    per_repetition: NotNegative = 0.0

    def progress(self, t_s: Floats) -> Floats:
        """Return how far it has come at these times: 0 before the onset, 1 at full size, smooth between."""
        u = np.clip((t_s - self.onset_s) / self.ramp_s, 0.0, 1.0)
        return u * u * (3.0 - 2.0 * u)


class ShareDrift(Imbalance):
    """The load drifts to one leg: `load_shift_pct` at the bottom, + = right, and a share of it, `at_the_top`, in stance."""

    kind: Literal["share drift"] = "share drift"
    load_shift_pct: Annotated[float, Field(gt=-100, lt=100)]
    at_the_top: Annotated[float, Field(ge=0, le=1)] = 0.6


class KneeCaves(Imbalance):
    """A knee caves in: at the bottom it is `knee_mm` further inwards than over its foot, and in stance where it always is.

    What the pressure under the foot does then follows from the cause: hips whose abductors or external rotators give way, or an
    ankle that drives the knee inwards; and from how stiff the ankle is against it. It may go inwards, outwards or not at all.
    """

    kind: Literal["knee caves"] = "knee caves"
    side: Side
    knee_mm: float
    cause: Literal["abductors", "rotators", "ankle"] = "abductors"
    ankle_N_m_rad: Annotated[float, Field(ge=0, le=150)] = 60.0

    @property
    def medial_mm(self) -> float:
        """How far the centre of pressure goes inwards at the bottom."""
        return self.knee_mm * float(np.interp(self.ankle_N_m_rad, ANKLE_N_M_RAD, COP_PER_KNEE[self.cause]))


# How far the centre of pressure moves inwards, per mm that the knee does, by the stiffness of the ankle. Read off a rigid-body
# squat of 80 kg on two plates: -1, 0.5, 4 and 11 mm per 10 mm for a cave that the hip lets happen; rotators that fail -7 to -3;
# an ankle that drives it -12. How each cause lies between its ends is invented.
ANKLE_N_M_RAD = (0.0, 20.0, 60.0, 150.0)
COP_PER_KNEE = {"abductors": (-0.1, 0.05, 0.4, 1.1), "rotators": (-0.7, -0.6, -0.5, -0.3), "ankle": (-1.2, -1.2, -1.2, -1.2)}
MARGIN_MM = 95.0  # from the inner edge of the foot to the outer edge of a knee that is over its middle; invented


class QuadsTakeOver(Imbalance):
    """The quadriceps of one leg do the hamstrings' work: both are multiplied, so Q:H grows by the ratio of the factors."""

    kind: Literal["quads take over"] = "quads take over"
    side: Side
    quadriceps_factor: Positive = 1.35
    hamstrings_factor: Positive = 0.45


class GluteWeakness(Imbalance):
    """The glutes of one leg give out: their activation is multiplied by `factor`."""

    kind: Literal["glute weakness"] = "glute weakness"
    side: Side
    factor: NotNegative = 0.5


AnyImbalance = Annotated[ShareDrift | KneeCaves | QuadsTakeOver | GluteWeakness, Field(discriminator="kind")]


@dataclass(frozen=True, slots=True)
class Foot:
    """The ground's reaction on one foot, in the lifter's axes.

    `force_N` (n, 3); `cop_mm` (n, 2); `free_moment_Nmm` (n,), about the vertical through the centre of pressure.
    """

    force_N: Floats
    cop_mm: Floats
    free_moment_Nmm: Floats


@dataclass(frozen=True, slots=True)
class Truth:
    """The true state of the lifter at given times; `load_shift_pct` + = right, `medial_mm` + = medial for both feet.

    `depth_m` and `a_m_s2` are those of the centre of mass, sway of the body included, so that m (g + a) is the total force.
    `margin_mm` is how far the outer edge of a knee lies outside the inner edge of its foot: slight caving makes it smaller, and
    below 0 the knee is past the foot. `activation` is a fraction of maximal voluntary contraction; `qh` is mean(quadriceps) /
    mean(hamstrings).
    """

    t_s: Floats
    depth_m: Floats
    v_m_s: Floats
    a_m_s2: Floats
    phase: NDArray[np.int8]
    repetition: NDArray[np.int64]
    fz_total_N: Floats
    share_right: Floats
    load_shift_pct: Floats
    medial_mm: dict[Side, Floats]
    margin_mm: dict[Side, Floats]
    activation: dict[tuple[Muscle, Side], Floats]
    qh: dict[Side, Floats]


class Lifter(Settings):
    """Body, bar, tempo and what goes wrong; with the same settings and seed everything is the same again.

    `repetitions` None: until the end of the session. `depth_m` is the way of the centre of mass of body and bar, and varies by
    `depth_sd` of itself between repetitions. `toe_out_deg` is how far each foot is turned out; `outward` the share of the load
    with which the feet push outwards, `free_moment_Nm` how hard each screws outwards at the bottom.
    """

    body_mass_kg: Positive = 75.0
    bar_mass_kg: NotNegative = 20.0
    depth_m: Positive = 0.40
    depth_sd: Annotated[float, Field(ge=0, le=0.1)] = 0.02
    tempo: Tempo = Tempo()
    repetitions: Annotated[int, Field(ge=0)] | None = None
    stance_width_mm: Positive = 400.0
    foot_forward_mm: float = 0.0
    load_shift_pct: Annotated[float, Field(gt=-100, lt=100)] = 0.5
    toe_out_deg: Annotated[float, Field(ge=-45, le=90)] = 15.0
    outward: NotNegative = 0.06
    free_moment_Nm: NotNegative = 3.0
    imbalances: tuple[AnyImbalance, ...] = ()
    seed: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _feet_stay_down(self) -> Lifter:
        """Refuse a tempo at which the deepest repetition would need the plates to pull."""
        deepest = Motion(steady(self.tempo, np.array([self.depth_m * (1.0 + 2.0 * self.depth_sd)]), 1))
        least = float(deepest.at(np.linspace(self.tempo.start_s(0), self.tempo.start_s(1), 1000)).a_m_s2.min())
        if least < -LIGHTEST * GRAVITY:
            raise ValueError(
                f"to move {self.depth_m:g} m down in {self.tempo.lowering_s:g} s and up in {self.tempo.rising_s:g} s, "
                "the lifter would leave the plates; give less depth or more time"
            )
        return self

    @property
    def system_mass_kg(self) -> float:
        """Body and bar."""
        return self.body_mass_kg + self.bar_mass_kg

    @property
    def body_weight_N(self) -> float:  # noqa: N802 - units keep their capitals
        """What the plates would weigh without the bar."""
        return self.body_mass_kg * GRAVITY

    @property
    def system_weight_N(self) -> float:  # noqa: N802 - units keep their capitals
        """What the plates weigh in quiet stance: body and bar."""
        return self.system_mass_kg * GRAVITY

    @cached_property
    def motion(self) -> Motion:
        """The squats, without sway."""
        spread = np.clip(np.random.default_rng([self.seed, 1]).standard_normal(256), -2.0, 2.0)
        return Motion(steady(self.tempo, self.depth_m * (1.0 + self.depth_sd * spread), self.repetitions))

    @cached_property
    def _sway(self) -> dict[str, Sway]:
        """Wandering in quiet stance: a fraction of g, % of load, mm of centre of pressure, m/s²."""
        rng = np.random.default_rng([self.seed, 2])
        return {
            "vertical": Sway(rng, 0.0025 * GRAVITY, (0.7, 6.0)),
            "sideways": Sway(rng, 0.02, (0.3, 3.0)),
            "forward": Sway(rng, 0.03, (0.3, 3.0)),
            "shift": Sway(rng, 0.6, (0.05, 0.8)),
            "forward both": Sway(rng, 3.0, (0.05, 1.5)),
            "forward left": Sway(rng, 1.0, (0.1, 1.5)),
            "forward right": Sway(rng, 1.0, (0.1, 1.5)),
            "medial left": Sway(rng, 0.7, (0.1, 1.5)),
            "medial right": Sway(rng, 0.7, (0.1, 1.5)),
        }

    @cached_property
    def _habit(self) -> dict[tuple[Muscle, Side], float]:
        """How a leg's muscle differs from the textbook's, by a few percent."""
        rng = np.random.default_rng([self.seed, 3])
        return {
            (muscle, side): 1.0 + 0.03 * float(np.clip(rng.standard_normal(), -2, 2)) for muscle in EFFORT for side in SIDES
        }

    def bounds(self, until_s: float) -> list[Repetition]:
        """Return the true bounds of the repetitions that end by `until_s`."""
        return self.motion.bounds(until_s)

    def mass_kg(self, _movement: Movement) -> Floats:
        """Return body and bar at these times."""
        return np.asarray(self.system_mass_kg)

    def size(self, imbalance: Imbalance, movement: Movement) -> Floats:
        """Return how large an imbalance is at these times, as a share of its full size."""
        return imbalance.progress(movement.t_s)

    def acceleration_m_s2(self, movement: Movement) -> Floats:
        """Return the vertical acceleration of the centre of mass, sway included."""
        return movement.a_m_s2 + self._sway["vertical"](movement.t_s)

    def share_right(self, movement: Movement) -> Floats:
        """Return Fz right / Fz total."""
        shift = self.load_shift_pct + self._sway["shift"](movement.t_s)
        for drift in self.imbalances:
            if isinstance(drift, ShareDrift):
                shift += (
                    drift.load_shift_pct
                    * self.size(drift, movement)
                    * (drift.at_the_top + (1.0 - drift.at_the_top) * movement.fraction)
                )
        return 0.5 + shift / 200.0

    def medial_mm(self, side: Side, movement: Movement) -> Floats:
        """Return how far inwards of the middle of its foot the centre of pressure is, square to the foot's own axis."""
        medial = self._sway[f"medial {side}"](movement.t_s) + movement.fraction
        for caving in self.imbalances:
            if isinstance(caving, KneeCaves) and caving.side == side:
                medial += caving.medial_mm * self.size(caving, movement) * movement.fraction
        return medial

    def margin_mm(self, side: Side, movement: Movement) -> Floats:
        """Return how far the outer edge of the knee lies outside the inner edge of its foot."""
        margin = np.full(movement.t_s.shape, MARGIN_MM)
        for caving in self.imbalances:
            if isinstance(caving, KneeCaves) and caving.side == side:
                margin -= caving.knee_mm * self.size(caving, movement) * movement.fraction
        return margin

    def activation(self, muscle: Muscle, side: Side, movement: Movement) -> Floats:
        """Return a muscle's activation as a fraction of maximal voluntary contraction, at the instant its force acts."""
        load = self.mass_kg(movement) / self.body_mass_kg * (1.0 + movement.a_m_s2 / GRAVITY)
        concentric = 1.0 + 0.12 * np.tanh(movement.v_m_s / 0.3)
        effort = EFFORT[muscle] * self._habit[muscle, side] * load * (TONE + movement.fraction * concentric)
        for imbalance in self.imbalances:
            factor = _factor(imbalance, muscle, side)
            if factor != 1.0:
                effort *= 1.0 + (factor - 1.0) * self.size(imbalance, movement)
        return effort

    def foot_shift_mm(self, _side: Side, movement: Movement) -> Floats:
        """Return how far a foot has slid from its place, (n, 2) to the lifter's right and forward."""
        return np.zeros((*movement.t_s.shape, 2))

    def foot(self, side: Side, movement: Movement) -> Foot:
        """Return what one foot does on the ground, in the lifter's axes with the middle of the stance as origin."""
        t_s = movement.t_s
        sign = 1.0 if side == "right" else -1.0
        right = self.share_right(movement)
        share = right if side == "right" else 1.0 - right
        force = np.empty((*t_s.shape, 3))
        mass = self.mass_kg(movement)
        outward = self.outward * (0.5 + 0.5 * movement.fraction) * mass * GRAVITY / 2
        force[..., 0] = share * mass * self._sway["sideways"](t_s) - sign * outward
        force[..., 1] = share * mass * self._sway["forward"](t_s)
        force[..., 2] = share * mass * (GRAVITY + self.acceleration_m_s2(movement))
        along = 15.0 * movement.fraction + self._sway["forward both"](t_s) + self._sway[f"forward {side}"](t_s)
        medial = self.medial_mm(side, movement)
        turned = math.radians(self.toe_out_deg)
        cop = np.empty((*t_s.shape, 2))
        cop[..., 0] = sign * (self.stance_width_mm / 2 - medial * math.cos(turned) + along * math.sin(turned))
        cop[..., 1] = self.foot_forward_mm + medial * math.sin(turned) + along * math.cos(turned)
        cop += self.foot_shift_mm(side, movement)
        return Foot(force, cop, sign * 1000.0 * self.free_moment_Nm * (0.3 + 0.7 * movement.fraction))

    def truth(self, t_s: Floats) -> Truth:
        """Return everything at these times, in seconds of the session."""
        movement = self.motion.at(t_s)
        vertical = self._sway["vertical"]
        share = self.share_right(movement)
        acceleration = self.acceleration_m_s2(movement)
        activation = {(muscle, side): self.activation(muscle, side, movement) for muscle in EFFORT for side in SIDES}
        return Truth(
            t_s=movement.t_s,
            depth_m=-(movement.z_m + vertical.integrated_twice(movement.t_s)),
            v_m_s=movement.v_m_s + vertical.integrated(movement.t_s),
            a_m_s2=acceleration,
            phase=movement.phase,
            repetition=movement.repetition,
            fz_total_N=self.mass_kg(movement) * (GRAVITY + acceleration),
            share_right=share,
            load_shift_pct=100.0 * (2.0 * share - 1.0),
            medial_mm={side: self.medial_mm(side, movement) for side in SIDES},
            margin_mm={side: self.margin_mm(side, movement) for side in SIDES},
            activation=activation,
            qh={
                side: np.mean([activation[muscle, side] for muscle in QUADRICEPS], axis=0)
                / np.mean([activation[muscle, side] for muscle in HAMSTRINGS], axis=0)
                for side in SIDES
            },
        )


def _factor(imbalance: Imbalance, muscle: Muscle, side: Side) -> float:
    match imbalance:
        case QuadsTakeOver(side=affected) if affected == side and muscle in QUADRICEPS:
            return imbalance.quadriceps_factor
        case QuadsTakeOver(side=affected) if affected == side and muscle in HAMSTRINGS:
            return imbalance.hamstrings_factor
        case GluteWeakness(side=affected) if affected == side and muscle in GLUTES:
            return imbalance.factor
        case _:
            return 1.0


def demo_lifter(seconds: float | None = 30.0, seed: int = 0) -> Lifter:
    """Return a lifter who begins balanced, and whose right knee caves in with the load and the work on the right quadriceps.

    The quiet stance takes 2 to 4 s, a repetition 3.2 s, or less where that would leave no room for two. The first 40 % of the
    repetitions are balanced, the last 35 % fully imbalanced. `seconds` None is a session without end, which begins like one of
    30 s and goes on imbalanced. Raises SquatscopeError below 5 s.
    """
    course_s = 30.0 if seconds is None else seconds
    if not 5.0 <= course_s < math.inf:
        raise SquatscopeError(
            f"The demonstration was asked to last {course_s:g} s; give it 5 s or more, to stand still and to squat twice."
        )
    quiet_s = min(4.0, max(2.0, course_s * 2 / 15))
    count = max(2, int((course_s - quiet_s) / 3.2))
    pace = min(1.0, (course_s - quiet_s) / (count * 3.2))
    tempo = Tempo(quiet_s=quiet_s, lowering_s=1.3 * pace, rising_s=1.1 * pace, top_s=0.8 * pace)
    balanced = max(1, int(0.4 * count))
    onset_s = tempo.start_s(balanced)
    ramp_s = max(tempo.start_s(int(0.65 * count)) - onset_s, 0.5 * tempo.lowering_s)
    return Lifter(
        depth_m=0.40 * pace,
        tempo=tempo,
        repetitions=None if seconds is None else count,
        imbalances=(
            ShareDrift(onset_s=onset_s, ramp_s=ramp_s, load_shift_pct=15.0),
            KneeCaves(onset_s=onset_s, ramp_s=ramp_s, side="right", knee_mm=60.0),
            QuadsTakeOver(onset_s=onset_s, ramp_s=ramp_s, side="right"),
            GluteWeakness(onset_s=onset_s, ramp_s=ramp_s, side="right"),
        ),
        seed=seed,
    )
