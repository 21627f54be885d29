"""A rocking trial: standing where the squats will be, the lifter rocks from heels to toes; pressure draws each foot's axis.

The axis is the line that fits the path of the centre of pressure under one foot best (total least squares, the first principal
component). It says how far the foot is turned out, but not which end is the heel: that is the end which lies behind.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from acquisition.rig import Side
from hardware.arrays import Floats

ROCKS = 3
"""Heel to toes so many times."""
LEAST_MM = 60.0
"""Rocking from heels to toes takes the pressure so far at least; mere swaying does not."""
NARROW = 0.25
"""A path is a line where its width is below this share of its length (standard deviations)."""
MOST_DEG = 60.0
"""Nobody's feet are turned further in or out."""
END = 0.25
"""A way counts as a rock once it leads from the last quarter at one end into the one at the other."""


@dataclass(frozen=True, slots=True)
class Rocked:
    """What one foot's path gives: how far it is turned out, how sure (standard error), and what of it can't be used, or "".

    `range_mm`: how far apart heel and toe end lie; `rocks`: ways from heel to toes.
    """

    side: Side
    toe_out_deg: float
    error_deg: float
    range_mm: float
    rocks: int
    refused: str

    @property
    def sentence(self) -> str:
        """What was found, as a sentence."""
        if self.refused:
            return f"{self.side} foot: {self.refused}"
        return (
            f"{self.side} foot: turned out by {self.toe_out_deg:.0f} degrees (standard error {self.error_deg:.1f}), from "
            f"{self.rocks} rocks over {self.range_mm:.0f} mm."
        )


def foot_axis(side: Side, cop_mm: Floats, forward: Floats, outward: Floats) -> Rocked:
    """Return a foot's angle from the path of its pressure (n, 2) in the lab's x and y; NaN rows count for nothing.

    `forward` and `outward` (2,) are the lifter's: outward is right for the right foot.
    """
    path = cop_mm[np.isfinite(cop_mm).all(axis=1)]
    if len(path) < 10:
        return Rocked(side, math.nan, math.nan, 0.0, 0, "it has no centre of pressure; stand with each foot on its own plate.")
    middle = path - path.mean(axis=0)
    spread, axes = np.linalg.eigh(middle.T @ middle / len(middle))
    axis = axes[:, 1] if axes[:, 1] @ forward >= 0 else -axes[:, 1]
    along = middle @ axis
    low, high = np.percentile(along, [2, 98])
    range_mm = float(high - low)
    rocks = _rocks(along, low, high)
    toe_out_deg = math.degrees(math.atan2(float(axis @ outward), float(axis @ forward)))
    width = math.sqrt(max(spread[0], 0.0) / spread[1]) if spread[1] > 0 else math.inf
    # Neighbours along a path are no new evidence: two ways a rock count.
    error_deg = math.degrees(math.atan(width)) / math.sqrt(max(1, 2 * rocks))
    refused = ""
    if range_mm < LEAST_MM:
        refused = (
            f"its pressure moved by {range_mm:.0f} mm only; rock from the heels to the toes, until the other end lifts, three "
            "times."
        )
    elif width > NARROW:
        refused = "its pressure does not follow a line; keep the feet where they are, and rock slowly."
    elif rocks < ROCKS:
        refused = f"only {rocks} {'rock was' if rocks == 1 else 'rocks were'} found, and three are asked for."
    elif abs(toe_out_deg) > MOST_DEG:
        refused = (
            f"its pressure moves at {toe_out_deg:.0f} degrees from the lifter's forward direction, further than a foot can be "
            "turned; is the lifter's right set rightly ([lab])?"
        )
    return Rocked(side, toe_out_deg, error_deg, range_mm, rocks, refused)


def _rocks(along: Floats, low: float, high: float) -> int:
    """Return how often the path goes from the end at the heel into the one at the toes."""
    reach = high - low
    ends = np.where(along > high - END * reach, 1, np.where(along < low + END * reach, -1, 0))
    ends = ends[ends != 0]
    return int(np.count_nonzero((ends[1:] == 1) & (ends[:-1] == -1)))
