"""Leg markers: those of a file's markers that tell where the knees are over the feet, as a stream of a recording."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from acquisition.caveat import Caveat
from acquisition.formats.importing import MARKERS, TICK_S, unique_names
from acquisition.formats.markers.marker_labels import points_of
from acquisition.rig import SIDES, FileSource, Marker, StreamSettings
from acquisition.rig.leg_parts import knee_over_foot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acquisition.formats.import_map import MapMarker
    from acquisition.rig import Point, Side
    from hardware.arrays import Floats

LISTED = 12


@dataclass(frozen=True, slots=True, eq=False)
class LegMarkers:
    """The markers of the legs: their stream, what each is on, and the samples (frames, 3 for each marker) in mm."""

    stream: StreamSettings
    markers: list[Marker]
    samples: Floats


def leg_markers(
    labels: Sequence[str], places_mm: Floats, rate_hz: float, path: str, said: Sequence[MapMarker], caveats: list[Caveat]
) -> LegMarkers | None:
    """Return the leg markers of a file, None where they tell no knee over its foot; adds what was left out to `caveats`.

    `places_mm` (frames, markers, 3) with z up, NaN where hidden. `said`: what a person says of the labels, which comes first.
    """
    if not len(labels) or not len(places_mm) or not 0 < rate_hz < float("inf"):
        return None
    names = unique_names(list(labels))
    seen = np.asarray(np.isfinite(places_mm).all(axis=2).any(axis=0), dtype=np.bool_)
    columns = {(m.side, m.point): names.index(m.label) for m in said}
    taken = set(columns.values())
    doubled = []
    for key, found in points_of(labels).items():
        left = [column for column in found if seen[column] and column not in taken]
        if left and key not in columns:
            columns[key] = left[0]
        if len(left) > 1:
            doubled.append(", ".join(names[column] for column in left))
    points: dict[Side, list[Point]] = defaultdict(list)
    for side, point in columns:
        points[side].append(point)
    if not any(knee_over_foot(points[side]) for side in SIDES):
        caveats.append(_not_understood(names))
        return None
    if doubled:
        sentence = f"These markers name one point, and the first of each is taken: {'; '.join(doubled)}."
        caveats.append(Caveat("marker_twice", "markers", {"points": float(len(doubled))}, sentence))
    order = sorted(columns, key=lambda key: columns[key])
    channels = [f"{names[columns[key]]} {axis}" for key in order for axis in "xyz"]
    stream = StreamSettings(
        name=MARKERS,
        rate_hz=rate_hz,
        channels=channels,
        units="mm",
        block_samples=max(1, round(rate_hz * TICK_S)),
        source=FileSource(kind="file", path=path),
    )
    markers = [
        Marker(point=point, side=side, stream=MARKERS, channels=channels[3 * k : 3 * k + 3])
        for k, (side, point) in enumerate(order)
    ]
    return LegMarkers(stream, markers, places_mm[:, [columns[key] for key in order]].reshape(len(places_mm), -1))


def markers_in_words(markers: Sequence[Marker]) -> list[str]:
    """Say in a line for each side on which points of that leg the markers are."""
    told = {side: [marker.point.replace("_", " ") for marker in markers if marker.side == side] for side in SIDES}
    return [f"markers {side}: {', '.join(points)}" for side, points in told.items() if points]


def _not_understood(names: Sequence[str]) -> Caveat:
    shown = ", ".join(names[:LISTED]) + (f" and {len(names) - LISTED} more" if len(names) > LISTED else "")
    sentence = (
        f"Its markers ({shown}) tell no knee over its foot: of a leg that takes one on the knee, one on the heel, and one on "
        "the toes or on both edges of the forefoot. If they have other names, say so in a map file: marker = [{ label = "
        f'"{names[0]}", point = "knee_lateral", side = "left" }}, ...].'
    )
    return Caveat("knee_not_seen", "markers", {"markers": float(len(names))}, sentence)
