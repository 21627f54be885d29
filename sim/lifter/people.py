"""A lifter like people: sets, steps and a bar, and what varies from one repetition, one set and one person to the next.

What is taken from where (numbers are standard deviations unless said):

- load shift wanders by 1.1 points, the centre of pressure by 1.5 mm: a real quiet stance on two plates (Return11, 5 s);
- load shift between repetitions 1.5 points, a habitual one of 2 points: 1-2 points, and the bias of the same stance;
- the knee's way inwards between repetitions 3 mm, between sets 1.5 mm: invented;
- duration of a repetition 7 %: 5-10 %; envelopes 12 % between repetitions: 9-14 % (J Sports Sci Med 17:101);
- outward push 10-35 % of the load on a foot, free moment 3-17 N m: public trials of barbell squats on two plates;
- the cue "screw the feet outwards" adds 10 N m of free moment and moves the pressure outwards by 8 mm with unmoved knees,
  lifted heels move it inwards by 6 mm, both at the bottom: a rigid-body model;
- plates ring for a second after a step, by a quarter percent of the weight at its end: the same public trials.

Invented: stance widths and toe-out, how a fault fades with a cue, lifted heels or a lighter bar, how it grows with each
repetition, and that all of these vary independently of each other.
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated

import numpy as np
from pydantic import Field

from acquisition.rig import SIDES, Muscle, Side
from hardware.arrays import Floats
from hardware.settings import NotNegative, Settings
from sim.lifter.lifter import EFFORT, GRAVITY, Foot, Imbalance, Lifter, Truth
from sim.lifter.motion import Motion, Movement, Sway, Tempo
from sim.lifter.sets import FootMoves, SessionPlan, Set, plan, smooth

CUE_MOMENT_NM, CUE_LATERAL_MM, HEEL_LIFT_MEDIAL_MM = 10.0, 8.0, 6.0
RINGS_HZ, RINGS_S, RINGS_SHARE = 4.0, 0.35, 0.04
SLIDE_S = 0.3
DRAWN = 512  # random effects of so many repetitions, which then begin again


class Variety(Settings):
    """What varies between repetitions, sets and persons, as standard deviations."""

    duration_pct: NotNegative = 7.0
    depth_pct: NotNegative = 4.0
    shift_of_repetition_pct: NotNegative = 1.5
    shift_of_set_pct: NotNegative = 0.7
    shift_wander_pct: NotNegative = 1.1
    cop_wander_mm: NotNegative = 1.5
    medial_of_repetition_mm: NotNegative = 1.5
    knee_of_repetition_mm: NotNegative = 3.0
    knee_of_set_mm: NotNegative = 1.5
    activation_pct: NotNegative = 12.0
    activation_of_set_pct: NotNegative = 5.0


class Slip(Settings):
    """One bad repetition, counted from 0 over all sets: the load goes to one side (+ = right)."""

    repetition: Annotated[int, Field(ge=0)]
    load_shift_pct: float


class Person(Lifter):
    """A lifter who varies as people do, through a session of sets."""

    sets: Annotated[tuple[Set, ...], Field(min_length=1)] = (Set(bar_mass_kg=20.0), Set(bar_mass_kg=60.0))
    variety: Variety = Variety()
    moves: tuple[FootMoves, ...] = ()
    slips: tuple[Slip, ...] = ()

    @cached_property
    def plan(self) -> SessionPlan:
        """When everything happens."""
        rng = np.random.default_rng([self.seed, 11])
        spread = np.clip(rng.standard_normal((DRAWN, 5)), -2.5, 2.5)
        pace = 1.0 + self.variety.duration_pct / 100.0 * spread[:, :4]
        depths = 1.0 + self.variety.depth_pct / 100.0 * spread[:, 4]
        return plan(self.sets, self.tempo, self.depth_m, pace, depths)

    @cached_property
    def motion(self) -> Motion:
        """The squats, without sway."""
        return Motion(self.plan.course)

    @cached_property
    def _of_repetition(self) -> dict[str, Floats]:
        """Random effects of each repetition and of each set, standard normal but for its ends."""
        rng = np.random.default_rng([self.seed, 12])
        names = ["shift", *(f"medial {side}" for side in SIDES), *(f"{m} {side}" for m in EFFORT for side in SIDES)]
        names += [f"knee {side}" for side in SIDES]
        return {name: np.clip(rng.standard_normal((2, DRAWN)), -2.5, 2.5) for name in names}

    @cached_property
    def _sway(self) -> dict[str, Sway]:
        """Wandering as in a real quiet stance."""
        rng = np.random.default_rng([self.seed, 2])
        mm = self.variety.cop_wander_mm
        return {
            "vertical": Sway(rng, 0.0025 * GRAVITY, (0.7, 6.0)),
            "sideways": Sway(rng, 0.02, (0.3, 3.0)),
            "forward": Sway(rng, 0.03, (0.3, 3.0)),
            "shift": Sway(rng, self.variety.shift_wander_pct, (0.05, 0.8)),
            "forward both": Sway(rng, mm, (0.05, 1.5)),
            **{f"{way} {side}": Sway(rng, mm, (0.1, 1.5)) for way in ("forward", "medial") for side in SIDES},
        }

    def _effect(self, name: str, movement: Movement, of_repetition: float, of_set: float) -> Floats:
        """Return a random effect at these times; a repetition's own is there while the lifter is down."""
        drawn = self._of_repetition[name]
        number = movement.repetition
        own = np.where(number >= 0, drawn[0, number % DRAWN], 0.0) * np.clip(2.0 * movement.fraction, 0.0, 1.0)
        return np.asarray(of_repetition * own + of_set * drawn[1, self.plan.set_index(movement.t_s) % DRAWN])

    def _condition(self, name: str, movement: Movement) -> Floats:
        """Return a set's condition at these times, as 0 or 1."""
        of_sets = np.array([float(getattr(one, name)) for one in self.sets])
        return np.asarray(of_sets[self.plan.set_index(movement.t_s)])

    def mass_kg(self, movement: Movement) -> Floats:
        """Return body and bar at these times."""
        return self.body_mass_kg + self.plan.bar_kg(movement.t_s)

    def size(self, imbalance: Imbalance, movement: Movement) -> Floats:
        """Return how large an imbalance is, by the conditions of the set and the repetitions done in it."""
        size = imbalance.progress(movement.t_s)
        size = size * (1.0 - imbalance.cue_mends * self._condition("cue", movement))
        size = size * (1.0 - imbalance.slow_mends * self._condition("slow", movement))
        size = size * (1.0 - imbalance.heel_lift_mends * self._condition("heel_lift", movement))
        bars = np.array([one.bar_mass_kg for one in self.sets])
        if imbalance.grows_with_load and bars.max() > bars.min():
            share = (bars - bars.min()) / (bars.max() - bars.min())
            size = size * share[self.plan.set_index(movement.t_s)]
        done = np.where(movement.repetition >= 0, self.plan.number_in_set[movement.repetition], 0) if len(bars) else 0.0
        return np.asarray(size * (1.0 + imbalance.per_repetition * done))

    def acceleration_m_s2(self, movement: Movement) -> Floats:
        """Return the vertical acceleration, with the ringing after each step and after the bar has come."""
        ringing = np.zeros_like(movement.t_s)
        for at_s in self.plan.landings_s:
            since = movement.t_s - at_s
            after = np.where(since > 0, np.exp(-np.maximum(since, 0.0) / RINGS_S), 0.0)
            ringing += RINGS_SHARE * GRAVITY * after * np.sin(2.0 * np.pi * RINGS_HZ * since)
        return super().acceleration_m_s2(movement) + ringing

    def share_right(self, movement: Movement) -> Floats:
        """Return Fz right / Fz total of who stands on both feet."""
        shift = self._effect("shift", movement, self.variety.shift_of_repetition_pct, self.variety.shift_of_set_pct)
        for slip in self.slips:
            shift = shift + np.where(movement.repetition == slip.repetition, slip.load_shift_pct * movement.fraction, 0.0)
        return np.clip(super().share_right(movement) + shift / 200.0, 0.02, 0.98)

    def medial_mm(self, side: Side, movement: Movement) -> Floats:
        """Return how far inwards of the middle of its foot the centre of pressure is, square to the foot's own axis."""
        own = self._effect(f"medial {side}", movement, self.variety.medial_of_repetition_mm, 0.0)
        cue = -CUE_LATERAL_MM * self._condition("cue", movement) * movement.fraction
        heels = HEEL_LIFT_MEDIAL_MM * self._condition("heel_lift", movement) * movement.fraction
        return super().medial_mm(side, movement) + own + cue + heels

    def margin_mm(self, side: Side, movement: Movement) -> Floats:
        """Return how far the outer edge of the knee lies outside the inner edge of its foot."""
        own = self._effect(f"knee {side}", movement, self.variety.knee_of_repetition_mm, 0.0)
        of_set = self.variety.knee_of_set_mm * self._of_repetition[f"knee {side}"][1, self.plan.set_index(movement.t_s) % DRAWN]
        return np.asarray(super().margin_mm(side, movement) + own + of_set * movement.fraction)

    def activation(self, muscle: Muscle, side: Side, movement: Movement) -> Floats:
        """Return a muscle's activation as a fraction of maximal voluntary contraction."""
        sd, of_set = self.variety.activation_pct / 100.0, self.variety.activation_of_set_pct / 100.0
        spread = np.exp(self._effect(f"{muscle} {side}", movement, sd, of_set))
        return np.asarray(super().activation(muscle, side, movement) * spread)

    def foot_shift_mm(self, side: Side, movement: Movement) -> Floats:
        """Return how far a foot has slid from its place, (n, 2) to the lifter's right and forward."""
        shift = super().foot_shift_mm(side, movement)
        for move in self.moves:
            if move.side == side:
                slid = smooth((movement.t_s - move.at_s) / SLIDE_S)
                shift[..., 0] += move.right_mm * slid
                shift[..., 1] += move.forward_mm * slid
        return shift

    def foot(self, side: Side, movement: Movement) -> Foot:
        """Return what one foot does on the ground, while it is there; in the lifter's axes."""
        foot = super().foot(side, movement)
        first, second = self.plan.on_plates(movement.t_s)
        right = self.share_right(movement)
        share = right if side == "right" else 1.0 - right
        # The left foot steps on first and off last; alone it carries all that is on the plates.
        loaded = first * second if side == "right" else first * (1.0 - second * right) / share
        foot.force_N[...] *= loaded[..., None]
        sign = 1.0 if side == "right" else -1.0
        cue = 1000.0 * CUE_MOMENT_NM * sign * self._condition("cue", movement) * movement.fraction
        return Foot(foot.force_N, foot.cop_mm, (foot.free_moment_Nmm + cue) * loaded)

    def truth(self, t_s: Floats) -> Truth:
        """Return everything at these times; the total force is what the plates carry."""
        movement = self.motion.at(t_s)
        carried = sum(self.foot(side, movement).force_N[..., 2] for side in SIDES)
        truth = super().truth(t_s)
        return Truth(**{**{name: getattr(truth, name) for name in Truth.__slots__}, "fz_total_N": np.asarray(carried)})


def someone(seed: int, **given: object) -> Person:
    """Return a sound person, drawn by a seed; what is given is not drawn."""
    rng = np.random.default_rng([seed, 21])
    mass_kg = float(np.clip(rng.normal(75.0, 12.0), 50.0, 120.0))
    drawn: dict[str, object] = {
        "body_mass_kg": mass_kg,
        "depth_m": float(rng.uniform(0.30, 0.42)),
        "tempo": Tempo(quiet_s=0.0, lowering_s=float(rng.uniform(1.2, 2.2)), rising_s=float(rng.uniform(1.0, 1.7)), top_s=1.0),
        "stance_width_mm": float(rng.uniform(320.0, 520.0)),
        "toe_out_deg": float(rng.uniform(5.0, 30.0)),
        "load_shift_pct": float(np.clip(rng.normal(0.0, 2.0), -5.0, 5.0)),
        "outward": float(rng.uniform(0.10, 0.35)),
        "free_moment_Nm": float(rng.uniform(3.0, 17.0)),
        "sets": (Set(bar_mass_kg=20.0), Set(bar_mass_kg=float(round(rng.uniform(0.4, 1.0) * mass_kg)))),
        "seed": seed,
    }
    return Person.model_validate({**drawn, **given})
