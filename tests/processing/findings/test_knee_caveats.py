"""What bounds the numbers of knees over feet."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from processing.findings.knee_caveats import about_knees
from processing.results import Results, Table
from tests.support.repetitions import a_phase, squatted
from tests.support.rigs import example_with

POINTS = ("knee_lateral", "heel", "toes", "forefoot_inner")


def with_markers(points: tuple[str, ...] = POINTS, margin_mm: float = 50.0, off_axis_mm: float = 0.0) -> Results:
    channels = [f"{side} {point} {axis}" for side in ("left", "right") for point in points for axis in "xyz"]
    markers = [
        {"point": point, "side": side, "stream": "m", "channels": [f"{side} {point} {axis}" for axis in "xyz"]}
        for side in ("left", "right")
        for point in points
    ]
    stream = {"name": "m", "rate_hz": 100.0, "channels": channels, "units": "mm", "source": {"kind": "simulated"}}
    rig = example_with(stream=[*example_with().model_dump()["stream"], stream], marker=markers)
    results = squatted([0.0] * 4, rig=rig)
    columns = [f"knee_{what}_{side}_mm" for what in ("margin", "off_axis") for side in ("left", "right")]
    frames = np.tile([margin_mm, margin_mm, off_axis_mm, off_axis_mm], (200, 1))
    table = Table(tuple(columns), ("mm",) * 4, ("",) * 4, np.arange(200) / 100.0, frames)
    rows = [
        a_phase(number, phase, side) for number in range(1, 5) for side in ("left", "right") for phase in ("lowering", "whole")
    ]
    for row in rows:
        row.knee = "none"
    return replace(results, tables={**results.tables, "m.knee": table}, phases=[*results.phases, *rows])


def test_without_markers_nothing_is_said():
    assert about_knees(squatted([0.0] * 5)) == []


def test_nothing_is_said_where_all_is_known():
    assert about_knees(with_markers()) == []


def test_repetitions_in_which_a_knee_was_hidden_are_named():
    results = with_markers()
    for row in results.phases:
        if row.side == "left" and row.repetition in (2, 3) and row.phase == "lowering":
            row.knee = ""
    (caveat,) = about_knees(results)
    assert (caveat.id, caveat.about, caveat.values) == ("knee_hidden", "left knee", {"repetitions": 2.0, "of": 4.0})
    assert caveat.sentence.startswith("In 2 of 4 repetitions (2, 3) nothing is said of the left knee")


def test_a_foot_without_an_edge_is_said_with_what_to_do():
    found = about_knees(with_markers(margin_mm=np.nan))
    assert [caveat.id for caveat in found] == ["knee_edge_unknown"] * 2
    assert "width_mm" in found[0].sentence
    unknown = with_markers(margin_mm=np.nan, off_axis_mm=np.nan)
    assert not about_knees(unknown)


@pytest.mark.parametrize(
    ("points", "said"), [(("knee", "heel", "toes"), True), (("knee", "knee_lateral", "heel", "toes"), False)]
)
def test_knees_of_which_only_the_middle_is_known_are_said(points, said):
    assert ("knee_centre_only" in [caveat.id for caveat in about_knees(with_markers(points))]) is said


@pytest.mark.parametrize(("by", "said"), [("squats", True), ("given", False)])
def test_markers_that_the_squats_timed_are_said(by, said):
    results = with_markers()
    source = {"kind": "file", "path": "pose.trc", "placed_by": by, "alike": 0.99 if said else None}
    streams = [s | {"source": source} if s["name"] == "m" else s for s in results.rig.model_dump()["stream"]]
    rig = example_with(**{**results.rig.model_dump(), "stream": streams})
    assert [caveat.id for caveat in about_knees(replace(results, rig=rig))] == (["markers_placed"] if said else [])
