"""Foot markers: which foot stood on which plate, and which lab axis points to the lifter's right."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from acquisition.rig import SIDES
from hardware.arrays import Floats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from acquisition.rig import Axis, Side


HEELS = "heel hee cal calc calcaneus fcc ca hl"
FOREFEET = "toe toes fm1 fm2 fm5 mt1 mt2 mt5 m1 m5 1meta 2meta 5meta mth1 mth2 mth5 met1 met5 d1m d5m vmh fmh hallux hal bigtoe"
PARTS = {word: part for part, words in (("heel", HEELS), ("forefoot", FOREFEET)) for word in words.split()}
STILL_MM_PER_S = 400.0
"""Below this speed a part of a foot stands; swung forward it moves several times as fast."""
CLEARLY = 0.25
"""By how much one foot must stand on a plate more of the time than the other."""


@dataclass(frozen=True, slots=True, eq=False)
class Feet:
    """Positions (frames, 3) in mm of the heel and the forefoot of each side, as far as markers say them."""

    parts: dict[tuple[Side, str], Floats]
    rate_hz: float


def feet_of(labels: list[str], markers: Floats, rate_hz: float) -> Feet:
    """Pick the markers on heels and forefeet whose label clearly says the side; markers is (frames, markers, 3) in mm."""
    found: dict[tuple[Side, str], list[Floats]] = {}
    for column, label in enumerate(labels):
        part = foot_part(label)
        if part is not None and np.isfinite(markers[:, column]).any():
            found.setdefault(part, []).append(markers[:, column])
    return Feet({part: np.mean(each, axis=0) for part, each in found.items()}, rate_hz)


def foot_part(label: str) -> tuple[Side, str] | None:
    """Return side and part (`heel`, `forefoot`) that a marker's label says: LHEE, R_FCC, Subject:r_calc, toe.L; else None."""
    name = re.sub(r"[^a-z0-9]", "", label.rsplit(":", 1)[-1].lower())
    sides: tuple[tuple[str, Side], ...] = (("left", "left"), ("right", "right"), ("l", "left"), ("r", "right"))
    for word, side in sides:
        for rest in (name.removeprefix(word), name.removesuffix(word)):
            if rest != name and rest in PARTS:
                return side, PARTS[rest]
    return None


def standing_share(feet: Feet, side: Side, corners_mm: Floats, loaded: NDArray[np.bool_]) -> float:
    """Return the share of the frames in which a plate is loaded that a foot stands on it, heel and forefoot averaged."""
    shares = []
    for part in ("heel", "forefoot"):
        at = feet.parts.get((side, part))
        if at is None:
            continue
        moved = np.gradient(at, axis=0) if len(at) > 1 else np.zeros_like(at)
        still = np.linalg.norm(moved, axis=1) * feet.rate_hz < STILL_MM_PER_S
        shares.append(float(np.mean((still & _over(at, corners_mm))[loaded])))
    return float(np.mean(shares)) if shares and loaded.any() else 0.0


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


def right_axis(feet: Feet) -> Axis | None:
    """Return the lab axis to the right of whom these feet belong to, from heel to forefoot or from left to right.

    None where neither can be told, or where it lies more than 30 degrees off every axis.
    """
    forward = _mean_vector(feet, [((side, "heel"), (side, "forefoot")) for side in SIDES])
    across = _mean_vector(feet, [(("left", part), ("right", part)) for part in ("heel", "forefoot")])
    rightwards = np.array([forward[1], -forward[0]]) if forward.any() else across
    size = float(np.linalg.norm(rightwards))
    best = int(np.argmax(np.abs(rightwards)))
    if not size or abs(rightwards[best]) / size < np.cos(np.radians(30)):
        return None
    axes: tuple[tuple[Axis, Axis], ...] = (("x", "-x"), ("y", "-y"))
    return axes[best][int(rightwards[best] < 0)]


def _mean_vector(feet: Feet, pairs: list[tuple[tuple[str, str], tuple[str, str]]]) -> Floats:
    """Return the mean horizontal vector (2,) from one part to another, over the pairs and the frames that have both."""
    parts: dict[tuple[str, str], Floats] = dict(feet.parts)  # type: ignore[arg-type]
    vectors = [parts[b][:, :2] - parts[a][:, :2] for a, b in pairs if a in parts and b in parts]
    together = np.concatenate(vectors) if vectors else np.empty((0, 2))
    together = together[np.isfinite(together).all(axis=1)]
    return together.mean(axis=0) if len(together) else np.zeros(2)
