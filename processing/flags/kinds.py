"""Kinds of flag: one row for each thing that may be flagged on one side."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """Which setting judges which column in which direction, and how its flag reads."""

    setting: str
    metric: str
    side: str
    label: str
    sign: float = 1.0
    log2: bool = False


KINDS = (
    Kind("load_shift", "load_shift_pct", "left", "load shifts to the left leg", sign=-1.0),
    Kind("load_shift", "load_shift_pct", "right", "load shifts to the right leg"),
    Kind("cop_shift", "cop_net_shift_mm", "left", "centre of pressure drifts to the left", sign=-1.0),
    Kind("cop_shift", "cop_net_shift_mm", "right", "centre of pressure drifts to the right"),
    Kind("foot_cop_medial", "foot_cop_medial_left_mm", "left", "left foot rolls inwards (valgus-associated pattern)"),
    Kind("foot_cop_medial", "foot_cop_medial_right_mm", "right", "right foot rolls inwards (valgus-associated pattern)"),
    Kind("qh_change", "qh_change_left", "left", "left quadriceps take over, against own baseline"),
    Kind("qh_change", "qh_change_right", "right", "right quadriceps take over, against own baseline"),
    Kind("qh_between_legs", "qh_between_legs_log2", "left", "left leg more quad-dominant than the right", sign=-1.0, log2=True),
    Kind("qh_between_legs", "qh_between_legs_log2", "right", "right leg more quad-dominant than the left", log2=True),
    Kind("qh_limit", "qh_left", "left", "left quad/hamstring ratio above its limit"),
    Kind("qh_limit", "qh_right", "right", "right quad/hamstring ratio above its limit"),
)
MEANINGS = {
    "load_shift": "The {side} leg carries more of the weight than the other; a shift of 10 % is 55 % on one leg and 45 % on "
    "the other.",
    "cop_shift": "The weight as a whole moves from the middle between the feet towards the {side} foot.",
    "foot_cop_medial": "The pressure under the {side} foot moves towards its inner edge, against where it was in quiet stance. "
    "That fits a knee that caves in, and is no proof of it.",
    "qh_change": "The quadriceps of the {side} leg (front of the thigh) work more, against its hamstrings (back of the thigh), "
    "than they did at the start of the session.",
    "qh_between_legs": "In the {side} leg the quadriceps (front of the thigh) outweigh the hamstrings (back of the thigh) more "
    "than in the other leg.",
    "qh_limit": "The quadriceps of the {side} leg (front of the thigh) work more, against its hamstrings (back of the thigh), "
    "than the limit that was set.",
}
"""What the flag of each rule says, in words for people who don't know the formula."""
