"""Parts of a leg, as far as its markers tell them: which points stand for the knee, the ankle, the foot's axis and its edge."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from acquisition.rig.rig import Point


class Part(IntEnum):
    """A part of a leg; `OUTSIDE` is that of the knee, `INSIDE` that of the forefoot."""

    OUTSIDE = 0
    KNEE = 1
    ANKLE = 2
    HIP = 3
    HEEL = 4
    TOES = 5
    INSIDE = 6


CHOICES: dict[Part, tuple[tuple[Point, ...], ...]] = {
    Part.OUTSIDE: (("knee_lateral",), ("knee",)),
    Part.KNEE: (("knee",), ("knee_lateral", "knee_medial"), ("knee_lateral",)),
    Part.ANKLE: (("ankle",), ("ankle_lateral", "ankle_medial"), ("ankle_lateral",)),
    Part.HIP: (("hip",), ("asis",)),
    Part.HEEL: (("heel",),),
    Part.TOES: (("toes",), ("forefoot_inner", "forefoot_outer")),
    Part.INSIDE: (("forefoot_inner",),),
}
"""The points that a part is taken from, or the middle of two of them, the best first."""


def parts_of(points: Collection[Point]) -> dict[Part, tuple[Point, ...]]:
    """Return the points that stand for each part, for the parts that these points of a leg tell."""
    found: dict[Part, tuple[Point, ...]] = {}
    for part, choices in CHOICES.items():
        choice = next((choice for choice in choices if set(choice) <= set(points)), None)
        if choice is not None:
            found[part] = choice
    return found


def knee_over_foot(points: Collection[Point]) -> bool:
    """Return whether these points of a leg tell where its knee is over its foot: they need the knee and the foot's axis."""
    return {Part.OUTSIDE, Part.HEEL, Part.TOES} <= parts_of(points).keys()
