"""What the markers of a leg tell, and rigs whose markers can't be right."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from acquisition.rig import Rig
from acquisition.rig.leg_parts import Part, knee_over_foot, parts_of
from tests.support.rigs import a_rig


def test_a_part_is_taken_from_the_best_of_its_points() -> None:
    parts = parts_of(["knee_lateral", "knee_medial", "heel", "forefoot_inner", "forefoot_outer", "asis"])
    assert parts[Part.OUTSIDE] == ("knee_lateral",)
    assert parts[Part.KNEE] == ("knee_lateral", "knee_medial")
    assert parts[Part.TOES] == ("forefoot_inner", "forefoot_outer")
    assert parts[Part.HIP] == ("asis",)
    assert Part.ANKLE not in parts
    assert parts_of(["knee", "knee_lateral", "toes", "forefoot_inner", "forefoot_outer"])[Part.TOES] == ("toes",)


@pytest.mark.parametrize(
    ("points", "told"),
    [
        (["knee", "heel", "toes"], True),
        (["knee_lateral", "heel", "forefoot_inner", "forefoot_outer"], True),
        (["knee_medial", "heel", "toes"], False),
        (["knee", "heel", "forefoot_inner"], False),
        (["knee", "toes"], False),
        ([], False),
    ],
)
def test_a_knee_over_its_foot_takes_the_knee_and_the_foots_axis(points: list[Any], told: bool) -> None:
    assert knee_over_foot(points) is told


def marked(*markers: dict[str, Any], units: str | list[str] = "mm") -> Rig:
    streams = [
        {"name": name, "channels": [f"{point} {axis}" for point in ("a", "b") for axis in "xyz"], "units": units}
        for name in ("m", "n")
    ]
    return a_rig(*streams, marker=list(markers))


A = {"point": "knee", "side": "left", "stream": "m", "channels": ["a x", "a y", "a z"]}
B = {"point": "heel", "side": "left", "stream": "m", "channels": ["b x", "b y", "b z"]}


@pytest.mark.parametrize(
    ("markers", "units", "sentence"),
    [
        ([A, {**B, "point": "knee"}], "mm", "two markers for knee left"),
        ([A, {**B, "stream": "n"}], "mm", "the markers belong to different streams"),
        ([A, B], "V", "the marker knee left is in V; markers are in one of mm, cm, m"),
        ([A, B], ["mm", "mm", "cm", "mm", "mm", "mm"], "is in cm, mm"),
        ([{**A, "channels": ["a x", "a y", "c z"]}], "mm", "the marker knee left names the channel 'c z'"),
    ],
)
def test_markers_that_cannot_be_right_are_refused(markers: list[dict[str, Any]], units: Any, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        marked(*markers, units=units)


def test_markers_in_metres_are_fine() -> None:
    assert len(marked(A, B, units="m").marker) == 2
