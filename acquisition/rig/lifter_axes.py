"""The lifter's axes and each foot's, as unit vectors in the lab's x and y, and what each was taken from.

Between the feet medial-lateral is the lifter's: a lab axis instead makes forward sway of a lifter who stands turned a
medial shift. Within a foot it is the foot's own, square to the way from heel to toes: along the lifter's axis, toes turned out
and weight further back look like pressure that moves inwards.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from acquisition.rig.plate_map import plate_map
from acquisition.rig.rig import SIDES, Lab, Rig, Side
from hardware.arrays import Floats

UNKNOWN_TOE_OUT_DEG = 20.0
"""How far a foot may be turned out where nothing says it (*design*)."""
APART_DEG = 10.0
"""Two sources of one axis that differ by more are told (*design*)."""

RIG, MARKERS, PLATES, ROCKING, NOTHING = "the rig", "markers on the feet", "the plates' centres", "a rocking trial", "nothing"


@dataclass(frozen=True, slots=True, eq=False)
class LifterAxes:
    """Unit vectors (2,) in the lab's x and y: the lifter's `right`, and each foot's `medial` and `forward` by side.

    `right` is NaN where nothing tells it, and so are the feet's. A foot whose `toe_out_from` is `NOTHING` has the lifter's.
    `apart`: each foot stands on a plate of its own; else the feet's axes are NaN. `width_mm` of a foot is NaN where unknown.
    """

    right: Floats
    right_from: str
    medial: dict[Side, Floats]
    forward: dict[Side, Floats]
    toe_out_from: dict[Side, str]
    apart: bool
    width_mm: dict[Side, float]

    def known(self, side: Side) -> bool:
        """Whether a foot's own axis is known."""
        return self.toe_out_from[side] != NOTHING

    @property
    def unknown(self) -> frozenset[Side]:
        """The sides whose foot's own axis is not known."""
        return frozenset(side for side in SIDES if not self.known(side))


def lifter_axes(rig: Rig) -> LifterAxes:
    """Return the axes by what the rig says, and the lifter's right by the plates' centres where it says none.

    Raises ValueError where the rig says none and the centres of its two plates lie one above the other.
    """
    centres = {plate.side: plate_map(plate).centre_mm[:2] for plate in rig.plate if plate.corners_mm is not None}
    right, right_from = _right(rig.lab, centres)
    front = np.array([-right[1], right[0]])
    feet = {foot.side: foot for foot in rig.foot}
    medial: dict[Side, Floats] = {}
    forward: dict[Side, Floats] = {}
    toe_out_from: dict[Side, str] = {}
    for side in SIDES:
        foot = feet.get(side)
        toe_out_deg = foot.toe_out_deg if foot is not None else None
        toe_out_from[side] = _WORDS[foot.toe_out_from] if foot is not None and toe_out_deg is not None else NOTHING
        out = (right if side == "right" else -right) * (1.0 if rig.lab.feet_apart else np.nan)
        angle = math.radians(toe_out_deg or 0.0)
        forward[side] = math.cos(angle) * front + math.sin(angle) * out
        medial[side] = math.sin(angle) * front - math.cos(angle) * out
    width_mm = {side: (feet[side].width_mm if side in feet else None) or math.nan for side in SIDES}
    return LifterAxes(right, right_from, medial, forward, toe_out_from, rig.lab.feet_apart, width_mm)


def right_and_front(rig: Rig) -> Floats:
    """Return the unit vectors (2, 2) to the lifter's right and front in the lab's x and y; + x is right where none is known."""
    try:
        right = lifter_axes(rig).right
    except ValueError:
        right = np.full(2, np.nan)
    if not np.isfinite(right).all():
        right = np.array([1.0, 0.0])
    return np.array([right, [-right[1], right[0]]])


_WORDS = {"given": RIG, "markers": MARKERS, "rocking": ROCKING}


def _right(lab: Lab, centres: dict[Side, Floats]) -> tuple[Floats, str]:
    said = right_said(lab)
    if said is not None:
        return said, _WORDS[lab.right_from]
    if len(centres) < 2:
        return np.full(2, np.nan), NOTHING
    return _between(centres), PLATES


def _between(centres: dict[Side, Floats]) -> Floats:
    way = centres["right"] - centres["left"]
    length = float(np.linalg.norm(way))
    if not length:
        raise ValueError(f"Both plates have their centre at x, y = {centres['left']} mm; give each plate its own corners_mm.")
    return np.asarray(way / length)


def right_said(lab: Lab) -> Floats | None:
    """Return the unit vector (2,) to the lifter's right that the rig says, None where it says none."""
    if lab.right_deg is not None:
        return unit_vector(lab.right_deg)
    if lab.right_axis is not None:
        direction = np.zeros(2)
        direction["xy".index(lab.right_axis[-1])] = -1.0 if lab.right_axis.startswith("-") else 1.0
        return direction
    return None


def unit_vector(degrees: float) -> Floats:
    """Return the unit vector (2,) at an angle from the lab's x, anticlockwise seen from above."""
    return np.array([math.cos(math.radians(degrees)), math.sin(math.radians(degrees))])


def axes_in_words(axes: LifterAxes, rig: Rig) -> list[str]:
    """Return what each axis is and what it was taken from, one line each."""
    if np.isfinite(axes.right).all():
        degrees = round(math.degrees(math.atan2(axes.right[1], axes.right[0])))
        lines = [f"the lifter's right lies {degrees} degrees from the lab's x axis, by {axes.right_from}"]
    else:
        lines = ["nothing says where the lifter's right is"]
    toe_out_deg = {foot.side: foot.toe_out_deg for foot in rig.foot}
    for side in SIDES:
        if axes.known(side):
            lines.append(
                f"the {side} foot is turned out by {round(toe_out_deg[side] or 0.0)} degrees, by {axes.toe_out_from[side]}"
            )
        else:
            lines.append(f"nothing says how far the {side} foot is turned out")
    return lines


def degrees_apart(a: Floats, b: Floats) -> float:
    """Return the angle between two vectors (2,), 0 to 180 degrees; NaN where one is NaN."""
    return float(abs(math.degrees(math.atan2(a[0] * b[1] - a[1] * b[0], float(a @ b)))))
