"""Markers of knees and feet, whose distance is the true margin: what a motion capture system would see of a simulated lifter.

Names and places are the usual ones (LHEE, LTOE, L5MT, L1MT, LKNE and their right ones). The lateral marker of the knee lies
outside the medial marker of the foot by the margin, along the foot's own medial-lateral axis. Heights are invented.
"""

from __future__ import annotations

import math

import numpy as np

from acquisition.rig import SIDES
from hardware.arrays import Floats
from sim.lifter.lifter import Lifter
from sim.lifter.motion import Movement

FOOT_MM = 260.0
HALF_WIDTH_MM = 48.0
KNEE_UP_MM, KNEE_DOWN_MM, KNEE_FORWARD_MM = 480.0, 380.0, 180.0
"""Height of the knee in stance and at the bottom, and how far it comes forward."""


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
        found[f"{letter}KNE"] = still + inner + margin * outwards + KNEE_FORWARD_MM * down * along + height
    return found
