"""Marker places: what a file of markers, or of a pose's key points, holds, turned so that z is up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from acquisition.formats.markers.marker_labels import points_of
from acquisition.rig import SIDES
from acquisition.rig.units import LENGTHS_READ
from hardware.arrays import Floats
from hardware.errors import SquatscopeError

if TYPE_CHECKING:
    from pathlib import Path

    from acquisition.caveat import Caveat
    from acquisition.rig import Point

ABOVE: tuple[Point, ...] = ("hip", "asis", "knee_lateral", "knee_medial", "knee")
BELOW: tuple[Point, ...] = ("heel", "toes", "forefoot_inner", "forefoot_outer", "ankle_lateral", "ankle_medial", "ankle")
CLEARLY = 1.5
"""By how much the way from feet to knees and hips must be longer along one axis than along any other."""


class MarkerFileError(SquatscopeError):
    """A file of markers can't be used; the text is a full sentence."""


@dataclass(frozen=True, slots=True, eq=False)
class MarkerPlaces:
    """Labels and places (frames, markers, 3) in mm, NaN where hidden, at a rate; the first frame was at `starts_s`.

    `caveats` say what was converted or assumed; `doubt` is a sentence on why the places can't be used, "" where they can.
    """

    path: Path
    labels: list[str]
    places_mm: Floats
    rate_hz: float
    starts_s: float = 0.0
    caveats: tuple[Caveat, ...] = ()
    doubt: str = ""

    def upright(self) -> MarkerPlaces:
        """Return the places with z up, whichever axis is; raises MarkerFileError where the legs don't tell, or in doubt."""
        if self.doubt:
            raise MarkerFileError(self.doubt)
        points = points_of(self.labels)
        ways = []
        for side in SIDES:
            above, below = (
                [self.places_mm[:, column] for point in choice for column in points.get((side, point), [])]
                for choice in (ABOVE, BELOW)
            )
            if above and below:
                ways.append(np.nanmedian(_mean(above) - _mean(below), axis=0))
        way = np.mean([w for w in ways if np.isfinite(w).all()] or [np.zeros(3)], axis=0)
        axis = int(np.argmax(np.abs(way)))
        if np.abs(way[axis]) < CLEARLY * max(1.0, *np.delete(np.abs(way), axis)):
            raise MarkerFileError(
                f"Which axis of {self.path} points up can't be told: it takes a hip or a knee above a heel, a toe or an ankle, "
                "by markers with the usual names."
            )
        onto_z = np.roll(np.eye(3), 2 - axis, axis=0)  # a cyclic change of axes, which mirrors nothing
        if way[axis] < 0:
            onto_z = np.diag([1.0, -1.0, -1.0]) @ onto_z
        return replace(self, places_mm=self.places_mm @ onto_z.T)


def no_known_unit(path: Path, unit: str, where: str) -> str:
    """Return the sentence on a file whose lengths are in no unit known here."""
    said = repr(unit) if unit else "no unit"
    return (
        f"{path} gives the lengths of its markers in {said} ({where}); one of {LENGTHS_READ} is read. If you "
        'know the unit, say it in a map file: table = { lengths = "mm" }.'
    )


def _mean(places: list[Floats]) -> Floats:
    """Return the mean place of what is seen in each frame."""
    stacked = np.stack(places)
    seen = np.isfinite(stacked)
    counts = seen.sum(axis=0)
    sums = np.where(seen, stacked, 0.0).sum(axis=0)
    return np.asarray(np.divide(sums, counts, out=np.full(stacked.shape[1:], np.nan), where=counts > 0))
