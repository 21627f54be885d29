"""Paths of the centre of pressure under each foot, a line for each repetition, from above with the lifter's front upwards."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from acquisition.rig import SIDES
from acquisition.rig.lifter_axes import right_and_front
from ui.report.drawings.plot import round_marks

if TYPE_CHECKING:
    from hardware.arrays import Floats
    from processing.results import Results

WIDTH = 1060.0
MARGIN_MM, MOST_HEIGHT = 8.0, 400.0
MOST_POINTS = 3000
"""So many places of a foot are drawn at most; in a long session every so many frames."""


@dataclass(frozen=True, slots=True)
class Path:
    """One repetition of one foot, as the `d` of a path."""

    side: str
    repetition: int
    d: str


@dataclass(frozen=True, slots=True)
class CopPaths:
    """The picture: its height, its paths, and round marks across and along the lifter in mm from the middle, with their places.

    Each foot has a half of it, with a middle of its own; the scale is one for both feet and both ways.
    """

    height: float
    paths: tuple[Path, ...]
    across: tuple[tuple[float, str], ...]
    along: tuple[tuple[float, str], ...]


def cop_paths(results: Results) -> CopPaths | None:
    """Return the picture of all repetitions; None where no foot has a centre of pressure in one."""
    if not results.rig.plate or not results.repetitions:
        return None
    axes = right_and_front(results.rig)
    feet = {side: places for side in SIDES if (places := _places_mm(results, side, axes))}
    ends = {side: _ends(places) for side, places in feet.items()}
    feet = {side: places for side, places in feet.items() if np.isfinite(ends[side]).all()}
    if not feet:
        return None
    wide, tall = np.max([np.ptp(ends[side], axis=0) for side in feet], axis=0) + 2 * MARGIN_MM
    per_mm = min(WIDTH / 2 / wide, MOST_HEIGHT / tall)
    height = per_mm * tall
    paths, across = [], []
    for side, places in feet.items():
        centre = np.array([WIDTH / 4 if side == "left" else 3 * WIDTH / 4, height / 2])
        middle_mm = ends[side].mean(axis=0)
        for number, place_mm in places:
            if d := _d(centre + per_mm * (place_mm - middle_mm) * [1.0, -1.0]):
                paths.append(Path(side, number, d))
        across += [(centre[0] + per_mm * mark, f"{mark:g}") for mark in round_marks(-wide / 2, wide / 2, 6)]
    along = [(height / 2 - per_mm * mark, f"{mark:g}") for mark in round_marks(-tall / 2, tall / 2, 5)]
    return CopPaths(height, tuple(paths), tuple(across), tuple(along))


def _places_mm(results: Results, side: str, axes: Floats) -> list[tuple[int, Floats]]:
    """Return where a foot's pressure was in each repetition, (n, 2): to the lifter's right and front."""
    table = results.table_with(f"cop_{side}_x_mm", f"cop_{side}_y_mm")
    if table is None:
        return []
    place_mm = np.column_stack([table.column(f"cop_{side}_{axis}_mm") for axis in "xy"]) @ axes.T
    rows = [(r.number, *np.searchsorted(table.time_s, (r.start_s, r.end_s))) for r in results.repetitions]
    step = max(1, math.ceil(sum(last - first for _, first, last in rows) / MOST_POINTS))
    return [(number, place_mm[first:last:step]) for number, first, last in rows]


def _ends(places: list[tuple[int, Floats]]) -> Floats:
    """Return the least and the greatest place of all, (2, 2); infinite where none is known."""
    every = np.concatenate([place for _, place in places])
    known = every[np.isfinite(every).all(axis=1)]
    return np.array([known.min(axis=0, initial=math.inf), known.max(axis=0, initial=-math.inf)])


def _d(points: Floats) -> str:
    """Return places as the `d` of a path, which what is unknown breaks."""
    known = [bool(math.isfinite(x) and math.isfinite(y)) for x, y in points]
    return "".join(
        f"{'L' if before else 'M'}{x:.1f} {y:.1f}"
        for (before, told), (x, y) in zip(pairwise([False, *known]), points, strict=True)
        if told
    )
