"""Foot markers: which foot stood on which plate, where the lifter's right is, and how far each foot is turned out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from acquisition.formats.markers.marker_labels import points_of
from acquisition.rig import SIDES
from hardware.arrays import Floats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from acquisition.rig import Point, Side


FOREFOOT: tuple[Point, ...] = ("toes", "forefoot_inner", "forefoot_outer")
STILL_MM_PER_S = 400.0
"""Below this speed a part of a foot stands; swung forward it moves several times as fast."""
CLEARLY = 0.25
"""By how much one foot must stand on a plate more of the time than the other."""


@dataclass(frozen=True, slots=True, eq=False)
class Feet:
    """Positions (frames, 3) in mm of parts of each foot, as far as markers say them.

    The parts are `heel` and `forefoot`, and `toes` where the middle of the forefoot is known: by a marker on it, or by one on
    its inner edge and one on its outer.
    """

    parts: dict[tuple[Side, str], Floats]
    rate_hz: float


def feet_of(labels: list[str], markers: Floats, rate_hz: float) -> Feet:
    """Pick the markers on heels and forefeet whose label clearly says the side; markers is (frames, markers, 3) in mm."""
    found: dict[tuple[Side, Point], list[Floats]] = {}
    for (side, point), columns in points_of(labels).items():
        seen = [markers[:, column] for column in columns if np.isfinite(markers[:, column]).any()]
        if seen:
            found[side, point] = seen
    mean = {point: np.mean(each, axis=0) for point, each in found.items()}
    parts: dict[tuple[Side, str], Floats] = {}
    for side in SIDES:
        if (side, "heel") in mean:
            parts[side, "heel"] = mean[side, "heel"]
        forefoot = [marker for point in FOREFOOT for marker in found.get((side, point), [])]
        if forefoot:
            parts[side, "forefoot"] = np.mean(forefoot, axis=0)
        if (side, "toes") in mean:
            parts[side, "toes"] = mean[side, "toes"]
        elif (side, "forefoot_inner") in mean and (side, "forefoot_outer") in mean:
            parts[side, "toes"] = (mean[side, "forefoot_inner"] + mean[side, "forefoot_outer"]) / 2
    return Feet(parts, rate_hz)


def standing_share(
    feet: Feet, side: Side, corners_mm: Floats, loaded: NDArray[np.bool_], parts: Sequence[str] = ("heel", "forefoot")
) -> float:
    """Return the share of the frames in which a plate is loaded that a foot stands on it, its parts averaged."""
    shares = []
    if not loaded.any():
        return 0.0
    for part in parts:
        at = feet.parts.get((side, part))
        if at is None:
            continue
        shares.append(float(np.mean((_still(at, feet.rate_hz) & _over(at, corners_mm))[loaded])))
    return float(np.mean(shares)) if shares else 0.0


def away_from_foot_mm(feet: Feet, side: Side, corners_mm: Floats, loaded: NDArray[np.bool_], cop_mm: Floats) -> float:
    """Return how far pressure, (frames, 2) in the lab, is in the median from the line from heel to forefoot of a foot.

    It is told while the plate is loaded and the whole of the foot stands on it; NaN where that is never so.
    """
    if (side, "heel") not in feet.parts or (side, "forefoot") not in feet.parts:
        return float("nan")
    heel, forefoot = feet.parts[side, "heel"], feet.parts[side, "forefoot"]
    stands = loaded & np.isfinite(cop_mm).all(axis=1)
    for part in (heel, forefoot):
        stands &= _still(part, feet.rate_hz) & _over(part, corners_mm)
    if not stands.any():
        return float("nan")
    along, there = (forefoot - heel)[stands, :2], cop_mm[stands] - heel[stands, :2]
    share = np.clip((there * along).sum(axis=1) / np.maximum(1e-9, (along * along).sum(axis=1)), 0.0, 1.0)
    return float(np.median(np.linalg.norm(there - share[:, None] * along, axis=1)))


def _still(at: Floats, rate_hz: float) -> NDArray[np.bool_]:
    """Return where a part of a foot, (frames, 3) in mm, stands."""
    moved = np.gradient(at, axis=0) if len(at) > 1 else np.zeros_like(at)
    return np.asarray(np.linalg.norm(moved, axis=1) * rate_hz < STILL_MM_PER_S)


def _over(at: Floats, corners_mm: Floats) -> NDArray[np.bool_]:
    """Return where points (frames, 3) lie above a plate."""
    centre = corners_mm.mean(axis=0)
    inside = np.ones(len(at), bool)
    for side in (corners_mm[0] - corners_mm[1], corners_mm[0] - corners_mm[3]):
        length = float(np.linalg.norm(side))
        inside &= np.abs((at - centre) @ side) / length <= length / 2
    return inside


def side_on_plate(feet: Feet, corners_mm: Floats, loaded: NDArray[np.bool_]) -> Side | None:
    """Return the foot that stands on a plate while it is loaded, None where that is neither or both of them."""
    left, right = (standing_share(feet, side, corners_mm, loaded) for side in SIDES)
    if abs(left - right) < CLEARLY:
        return None
    return "left" if left > right else "right"


@dataclass(frozen=True, slots=True)
class FootAngles:
    """What markers on the feet say: the lifter's right, as an angle from the lab's x, and how far each foot is turned out.

    `right_deg` is anticlockwise seen from above, None where markers don't tell; a foot without an axis is left out.
    """

    right_deg: float | None
    toe_out_deg: dict[Side, float]


def foot_angles(feet: Feet, middles_mm: Sequence[Floats] = ()) -> FootAngles:
    """Return the lifter's right and each foot's angle; `middles_mm` are those of the plates.

    Forward lies between the two feet's axes, heel to the middle of the toes. With the axis of one foot or none, right is the
    way from the left heel to the right one, or from forefoot to forefoot. How far one foot alone is turned out nobody knows:
    then right is left to the plates' middles, and of two plates side by side the foot's angle is told; with fewer, right is
    square to the foot.
    """
    way = {side: _direction(feet, (side, "heel"), (side, "toes")) for side in SIDES}
    axes = {side: axis for side, axis in way.items() if axis is not None}
    across = _direction(feet, ("left", "heel"), ("right", "heel"))
    across = _direction(feet, ("left", "forefoot"), ("right", "forefoot")) if across is None else across
    forward = sum(axes.values(), np.zeros(2))
    if len(axes) < 2 and across is not None:
        forward = np.array([-across[1], across[0]])
    elif not axes:
        alone = [_direction(feet, (side, "heel"), (side, "forefoot")) for side in SIDES]
        forward = sum((axis for axis in alone if axis is not None), np.zeros(2))
    if float(np.linalg.norm(forward)) < LEAST_CERTAIN:
        return FootAngles(None, {})
    if len(axes) < 2 and across is None and len(middles_mm) > 1:
        return FootAngles(None, _by_plates(axes, middles_mm))
    ahead_deg = _degrees(forward)
    alone_on_one = len(axes) < 2 and across is None
    toe_out_deg = {} if alone_on_one else {s: _turned(axis, ahead_deg, s) for s, axis in axes.items()}
    return FootAngles(_within_half_turn(ahead_deg - 90.0), toe_out_deg)


def _by_plates(axes: dict[Side, Floats], middles_mm: Sequence[Floats]) -> dict[Side, float]:
    """Return the angle of the one foot whose axis is known, against two plates that lie beside each other for it."""
    if len(middles_mm) != len(SIDES):
        return {}
    across = (middles_mm[1] - middles_mm[0])[:2]
    found: dict[Side, float] = {}
    for side, axis in axes.items():
        forward = np.array([-across[1], across[0]])
        turned = _turned(axis, _degrees(forward if forward @ axis > 0 else -forward), side)
        if LEAST_OUT_DEG <= turned <= MOST_OUT_DEG:
            found[side] = turned
    return found


LEAST_OUT_DEG, MOST_OUT_DEG = -20.0, 50.0
"""A foot that would be turned out by less or more does not stand on one of two plates side by side."""
LEAST_CERTAIN = 0.5
"""Two feet whose axes, of length 1, add up to less than this do not say where the lifter faces."""


def _turned(axis: Floats, ahead_deg: float, side: Side) -> float:
    clockwise = _within_half_turn(ahead_deg - _degrees(axis))
    return clockwise if side == "right" else -clockwise


def _degrees(way: Floats) -> float:
    return float(np.degrees(np.arctan2(way[1], way[0])))


def _within_half_turn(degrees: float) -> float:
    return round((degrees + 180.0) % 360.0 - 180.0, 2)


def _direction(feet: Feet, a: tuple[Side, str], b: tuple[Side, str]) -> Floats | None:
    """Return the mean horizontal direction (2,) from one part to another while both stand, None where it can't be told."""
    if a not in feet.parts or b not in feet.parts:
        return None
    way = (feet.parts[b] - feet.parts[a])[:, :2]
    stands = _still(feet.parts[a], feet.rate_hz) & _still(feet.parts[b], feet.rate_hz)
    known = np.isfinite(way).all(axis=1)
    way = way[known & stands] if (known & stands).any() else way[known]
    length = np.linalg.norm(way, axis=1)
    way = way[length > 0] / length[length > 0, None]
    mean = way.mean(axis=0) if len(way) else np.zeros(2)
    size = float(np.linalg.norm(mean))
    return mean / size if size > LEAST_CERTAIN else None
