"""Markers of knees and feet, whose distance is the true margin: what a motion capture system would see of a simulated lifter.

Names and places are the usual ones (LHEE, LTOE, L5MT, L1MT, LANK, LKNE, LHIP and their right ones). The lateral marker of the
knee lies outside the medial one of the foot by the margin, along the foot's own medial-lateral axis. Ankle and hip stay where
they are but for the way down of the hip; heights are invented.
"""

from __future__ import annotations

import math

import numpy as np

from acquisition.rig import SIDES, Point
from hardware.arrays import Floats
from sim.lifter.lifter import Lifter
from sim.lifter.motion import Movement

FOOT_MM = 260.0
HALF_WIDTH_MM = 48.0
KNEE_UP_MM, KNEE_DOWN_MM, KNEE_FORWARD_MM = 480.0, 380.0, 180.0
"""Height of the knee in stance and at the bottom, and how far it comes forward."""
HIP_UP_MM, HIP_DOWN_MM, HIP_BACK_MM, HIP_OUT_MM = 900.0, 520.0, 250.0, 100.0
"""Height of the hip in stance and at the bottom, how far it goes back, and how far it is from the middle."""
NAMES: dict[Point, str] = {
    "hip": "HIP",
    "knee_lateral": "KNE",
    "ankle_lateral": "ANK",
    "heel": "HEE",
    "toes": "TOE",
    "forefoot_inner": "1MT",
    "forefoot_outer": "5MT",
}
"""What the marker on a point is called, behind the side's letter."""


def markers_mm(lifter: Lifter, movement: Movement) -> dict[str, Floats]:
    """Return the markers' places, (n, 3) in the lifter's axes with the middle of the stance as origin, in mm."""
    found: dict[str, Floats] = {}
    turned = math.radians(lifter.toe_out_deg)
    for side in SIDES:
        letter, sign = side[0].upper(), 1.0 if side == "right" else -1.0
        along = np.array([sign * math.sin(turned), math.cos(turned), 0.0])
        outwards = np.array([sign * math.cos(turned), -math.sin(turned), 0.0])
        middle = np.array([sign * lifter.stance_width_mm / 2, lifter.foot_forward_mm, 0.0])
        still = np.zeros((*movement.t_s.shape, 3))
        shift = lifter.foot_shift_mm(side, movement)
        still[..., :2] += shift
        inner = middle - HALF_WIDTH_MM * outwards + 0.2 * FOOT_MM * along + [0.0, 0.0, 20.0]
        found[f"{letter}HEE"] = still + middle - 0.5 * FOOT_MM * along + [0.0, 0.0, 40.0]
        found[f"{letter}TOE"] = still + middle + 0.5 * FOOT_MM * along + [0.0, 0.0, 30.0]
        found[f"{letter}5MT"] = still + middle + HALF_WIDTH_MM * outwards + 0.2 * FOOT_MM * along + [0.0, 0.0, 20.0]
        found[f"{letter}1MT"] = still + inner
        margin = lifter.margin_mm(side, movement)[..., None]
        down = movement.fraction[..., None]
        height = np.array([0.0, 0.0, 1.0]) * (KNEE_UP_MM - (KNEE_UP_MM - KNEE_DOWN_MM) * down)
        found[f"{letter}ANK"] = still + middle + 0.8 * HALF_WIDTH_MM * outwards - 0.3 * FOOT_MM * along + [0.0, 0.0, 80.0]
        low = np.array([0.0, -HIP_BACK_MM, HIP_DOWN_MM - HIP_UP_MM])
        found[f"{letter}HIP"] = np.array([sign * HIP_OUT_MM, lifter.foot_forward_mm - 0.3 * FOOT_MM, HIP_UP_MM]) + low * down
        found[f"{letter}KNE"] = still + inner + margin * outwards + KNEE_FORWARD_MM * down * along + height
    return found
