"""Leg markers as a stream: which are taken, where hidden ones stay unknown, and what is said where no knee is told."""

from __future__ import annotations

import numpy as np
import pytest

from acquisition.caveat import Caveat
from acquisition.formats.import_map import MapMarker
from acquisition.formats.markers.leg_markers import leg_markers

LABELS = ["C7", "RKNE", "RHEE", "RTOE", "RANK", "LKNE", "RKNE"]


def places(labels: list[str], frames: int = 5) -> np.ndarray:
    """Each marker at its own number, in x, y and z, a mm further in each frame."""
    return np.arange(frames)[:, None, None] + 10.0 * np.arange(len(labels))[None, :, None] + np.zeros(3)


def test_the_markers_of_legs_are_taken_as_they_are_and_hidden_ones_stay_unknown() -> None:
    caveats: list[Caveat] = []
    at = places(LABELS)
    at[2, 1] = np.nan
    legs = leg_markers(LABELS, at, 200.0, "file.c3d", [], caveats)
    assert legs is not None
    assert legs.stream.rate_hz == 200.0
    assert legs.stream.units == "mm"
    assert [(m.side, m.point) for m in legs.markers] == [
        ("right", "knee_lateral"), ("right", "heel"), ("right", "toes"), ("right", "ankle_lateral"), ("left", "knee_lateral"),
    ]  # fmt: skip
    assert legs.stream.channels[:3] == ["RKNE x", "RKNE y", "RKNE z"]
    np.testing.assert_array_equal(legs.samples[:, :3], at[:, 1])
    assert np.isnan(legs.samples[2, :3]).all()
    assert [caveat.id for caveat in caveats] == ["marker_twice"]
    assert "RKNE, RKNE (7)" in caveats[0].sentence


def test_what_a_person_says_of_a_label_comes_first() -> None:
    said = [MapMarker(label="C7", point="knee_lateral", side="right"), MapMarker(label="RANK", point="heel", side="right")]
    legs = leg_markers(LABELS, places(LABELS), 100.0, "file.c3d", said, [])
    assert legs is not None
    named = {(m.side, m.point): m.channels[0] for m in legs.markers}
    assert named["right", "knee_lateral"] == "C7 x"
    assert named["right", "heel"] == "RANK x"


def test_a_marker_that_is_never_seen_is_none() -> None:
    at = places(LABELS)
    at[:, 1] = np.nan
    legs = leg_markers(LABELS, at, 100.0, "file.c3d", [], [])
    assert legs is not None
    assert ("right", "knee_lateral", "RKNE (7) x") in [(m.side, m.point, m.channels[0]) for m in legs.markers]


@pytest.mark.parametrize("labels", [["RKNE", "RTOE"], ["RHEE", "RTOE"], ["LKNE", "RHEE", "RTOE"], ["a"] * 30])
def test_markers_that_tell_no_knee_over_its_foot_are_told(labels: list[str]) -> None:
    caveats: list[Caveat] = []
    assert leg_markers(labels, places(labels), 100.0, "file.c3d", [], caveats) is None
    assert [caveat.id for caveat in caveats] == ["knee_not_seen"]
    assert f'label = "{labels[0]}"' in caveats[0].sentence


@pytest.mark.parametrize(("labels", "rate_hz"), [([], 100.0), (LABELS, 0.0), (LABELS, float("nan"))])
def test_without_markers_or_a_rate_there_is_nothing_and_nothing_to_say(labels: list[str], rate_hz: float) -> None:
    caveats: list[Caveat] = []
    assert leg_markers(labels, places(labels), rate_hz, "file.c3d", [], caveats) is None
    assert not caveats
