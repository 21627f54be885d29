"""Foot axes and the lifter's right: what a person says of them, else what markers do, and where the two differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acquisition.caveat import Caveat
from acquisition.rig import SIDES, Foot, Lab
from acquisition.rig.lifter_axes import APART_DEG, degrees_apart, right_said, unit_vector

if TYPE_CHECKING:
    from acquisition.formats.c3d.foot_markers import FootAngles


def lab_of(said: Lab, angles: FootAngles) -> Lab:
    """Return what a person says of the lifter's right, else what markers do."""
    if right_said(said) is not None or angles.right_deg is None:
        return said
    return Lab(right_deg=angles.right_deg, right_from="markers")


def feet_said(said: list[Foot], angles: FootAngles) -> list[Foot]:
    """Return each foot's angle as a person says it, else as markers do."""
    feet = {foot.side: foot for foot in said}
    for side, toe_out_deg in angles.toe_out_deg.items():
        foot = feet.get(side, Foot(side=side))
        if foot.toe_out_deg is None and -45 <= toe_out_deg <= 90:
            feet[side] = Foot(side=side, toe_out_deg=toe_out_deg, toe_out_from="markers", width_mm=foot.width_mm)
    return [feet[side] for side in SIDES if side in feet]


def about_angles(lab: Lab, feet: list[Foot], angles: FootAngles) -> list[Caveat]:
    """Tell where markers say another direction than a person does."""
    said: list[tuple[str, str, float]] = []
    right = right_said(lab)
    if right is not None and angles.right_deg is not None:
        apart = degrees_apart(right, unit_vector(angles.right_deg))
        said.append(("lifter", "where the lifter's right is", apart))
    for foot in feet:
        if foot.toe_out_deg is not None and foot.side in angles.toe_out_deg:
            apart = abs(foot.toe_out_deg - angles.toe_out_deg[foot.side])
            said.append((f"{foot.side} foot", f"how far the {foot.side} foot is turned out", apart))
    return [
        Caveat(
            "directions_differ",
            about,
            {"apart_deg": apart},
            f"The map file and the markers on the feet differ by {apart:.0f} degrees on {what}; the map file is believed: "
            "check which of them is right.",
        )
        for about, what, apart in said
        if apart > APART_DEG
    ]
