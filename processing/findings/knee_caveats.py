"""Caveats on knees: markers that were hidden, a foot whose inner edge is not known, a knee of which only the middle is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from acquisition.caveat import Caveat
from acquisition.rig import SIDES
from processing.repetition.table import WHOLE

if TYPE_CHECKING:
    from acquisition.rig import Side
    from processing.results import Results


def about_knees(results: Results) -> list[Caveat]:
    """Tell what bounds the numbers of knees over feet, where markers tell them at all."""
    if not results.rig.marker:
        return []
    said = []
    for side in SIDES:
        said += _hidden(results, side) + _edge_unknown(results, side)
    return said + _centre_only(results) + _timed_by_squats(results)


def _hidden(results: Results, side: Side) -> list[Caveat]:
    rows = [row for row in results.phases if row.side == side and row.phase != WHOLE]
    unknown = sorted({row.repetition for row in rows if not row.knee})
    if not unknown:
        return []
    of = len(results.repetitions)
    named = ", ".join(map(str, unknown[:12])) + (" ..." if len(unknown) > 12 else "")
    sentence = (
        f"In {len(unknown)} of {of} repetitions ({named}) nothing is said of the {side} knee in at least one phase: for most "
        "of it a marker was hidden, or there is none on that knee, its heel or its forefoot."
    )
    return [Caveat("knee_hidden", f"{side} knee", {"repetitions": float(len(unknown)), "of": float(of)}, sentence)]


def _edge_unknown(results: Results, side: Side) -> list[Caveat]:
    table = results.table_with(f"knee_off_axis_{side}_mm")
    if table is None or not np.isfinite(table.sample_of(f"knee_off_axis_{side}_mm")).any():
        return []
    if np.isfinite(table.sample_of(f"knee_margin_{side}_mm")).any():
        return []
    sentence = (
        f"Where the inner edge of the {side} foot is is not known, so there is no margin, and nobody can say that the knee "
        "came past it: put a marker on the head of the first metatarsal, or give width_mm of that [[foot]]."
    )
    return [Caveat("knee_edge_unknown", f"{side} foot", {}, sentence)]


def _centre_only(results: Results) -> list[Caveat]:
    points = {marker.point for marker in results.rig.marker}
    if "knee" not in points or "knee_lateral" in points:
        return []
    sentence = (
        "Of the knees the markers give the middle and not the outside, so margins are smaller by half the width of a knee than "
        "those from a marker on the outside, and a knee counts as past its foot earlier."
    )
    return [Caveat("knee_centre_only", "knees", {}, sentence)]


def _timed_by_squats(results: Results) -> list[Caveat]:
    """Tell that the time of markers rests on the squats that they and the forces show."""
    for settings in results.rig.stream:
        source = settings.source
        if source.kind == "file" and source.placed_by == "squats" and source.alike is not None:
            sentence = (
                f"When the markers began was told from the squats that they and the forces show, which are alike by "
                f"{source.alike:.3f} (1 = the same): their times may be off by a few hundredths of a second, which matters for "
                "when a knee came in, and little for how far."
            )
            return [Caveat("markers_placed", settings.name, {"alike": source.alike}, sentence)]
    return []
