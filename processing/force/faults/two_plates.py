"""Two plates under one lifter: whether what both feet do is possible, as it is where both plates measure rightly."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from acquisition.rig import Side
    from hardware.arrays import Floats

UNLIKE = 5.0
"""No lifter's pressure moves so many times as far under one foot as under the other in the median repetition (*design*)."""
MOVES_MM = 15.0
"""A pressure that moves less is no evidence."""
LEAST_REPETITIONS = 3
PULL_PCT = 3.0
"""Legs that stand apart push the floor outwards with both feet; no lifter pulls it inwards by so much of the load with both in
the median repetition (*design*)."""


class Unlike(NamedTuple):
    """The foot under which the pressure moves farther, and how many times as far."""

    side: Side
    times: float


def unlike_feet(left_mm: Floats, right_mm: Floats, spans: list[tuple[int, int]]) -> Unlike | None:
    """Return which foot's pressure moves much farther than the other's forwards and back; None where they are alike.

    `left_mm` and `right_mm` (frames,): place of pressure along each foot's forward; `spans`: first and last frame of each
    repetition.
    """
    ways = np.array([[np.ptp(feet[first:last]) for feet in (left_mm, right_mm)] for first, last in spans if last > first])
    ways = ways[np.isfinite(ways).all(axis=1)] if len(ways) else ways
    if len(ways) < LEAST_REPETITIONS or np.median(ways.max(axis=1)) < MOVES_MM or not ways.all():
        return None
    times = float(np.exp(np.median(np.log(ways[:, 1] / ways[:, 0]))))
    if 1.0 / UNLIKE < times < UNLIKE:
        return None
    return Unlike("right", times) if times > 1.0 else Unlike("left", 1.0 / times)


def pull_inwards_pct(left_pct: Floats, right_pct: Floats, spans: list[tuple[int, int]]) -> float:
    """Return by how much of their load both feet seem to pull the floor inwards, 0 where they don't.

    `left_pct` and `right_pct` (frames,): the outward push of each foot; `spans` as above.
    """
    pushes = np.array([[feet[first:last].mean() for feet in (left_pct, right_pct)] for first, last in spans if last > first])
    pushes = pushes[np.isfinite(pushes).all(axis=1)] if len(pushes) else pushes
    if len(pushes) < LEAST_REPETITIONS:
        return 0.0
    least_pct = float(-np.median(pushes, axis=0).max())
    return least_pct if least_pct > PULL_PCT else 0.0
