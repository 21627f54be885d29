"""Strips: a dot for each repetition, inside the picture, in the order in which they were done, beside the right numbers."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquisition.rig.judgement import TriageSettings
from processing.screening.triage import triage
from tests.support.screenings import screened
from ui.report.drawings.strips import HEIGHT, LEFT, WIDTH, Group, Strip, strips

SETS = screened("imbalance", 3, each=10, size=3.0)
TOLD = triage(SETS, TriageSettings())


@pytest.fixture(scope="module")
def made():
    return {(one.title, one.side): one for one in strips(TOLD, SETS)}


def test_conditions_stand_side_by_side_with_what_they_did(made):
    knee = made["knee inwards", "right"]
    assert [group.condition for group in knee.groups] == ["light", "cue", "heels", "loaded"]
    assert [group.changed for group in knee.groups] == [False, False, False, True]
    assert knee.groups[3].told.startswith("more: +")
    assert [len(of) for of in knee.groups[0].sets] == [9, 9, 9, 9]


def test_ratios_are_labelled_in_times(made):
    labels = {label for _, label in made["Q:H", "right"].value_marks()}
    assert labels <= {"2", "3", "4", "5", "6", "7", "8", "9", "10", "12", "14", "15", "16", "18", "20", "25"}
    mark, label = made["Q:H", "right"].value_marks()[0]
    assert math.exp(mark) == pytest.approx(float(label))


def test_what_says_the_same_twice_is_shown_once(made):
    assert not [title for title, _ in made if "first light set" in title]
    without = strips(triage(screened("healthy", 1, markers=False), TriageSettings()), screened("healthy", 1, markers=False))
    assert [one.side for one in without if one.title == "load shift"] == ["left", "right"]


def test_strips_of_muscles_hold_one_placing_of_the_electrodes():
    moved = [replace(one, placement=2) if one.number < 4 else one for one in SETS]
    made = {(one.title, one.side): one for one in strips(triage(moved, TriageSettings()), moved)}
    assert [len(group.sets) for group in made["Q:H", "right"].groups] == [2, 1, 2, 2]
    assert [len(group.sets) for group in made["knee inwards", "right"].groups] == [4, 2, 2, 2]


def test_nothing_is_made_of_nothing():
    assert strips(triage([], TriageSettings()), []) == []


@given(
    st.lists(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=12).map(tuple), min_size=1, max_size=5).map(tuple),
    st.sampled_from([math.nan, 0.1, 50.0]),
)
def test_every_dot_lies_in_the_picture_and_later_ones_to_the_right(sets, smallest):
    group = Group("light", sets, "", changed=False)
    strip = Strip("x", "mm", "left", (group, Group("cue", sets, "", changed=False)), smallest, ratio=False, zero="")
    for index in (0, 1):
        dots = strip.dots(index)
        assert len(dots) == len(group.known)
        assert all(LEFT <= x <= WIDTH and 0.0 <= y <= HEIGHT for x, y in dots)
        assert [x for x, _ in dots] == sorted(x for x, _ in dots)
    assert strip.dots(0)[-1][0] < strip.dots(1)[0][0]
    assert all(0.0 <= strip.y(mark) <= HEIGHT for mark, _ in strip.value_marks())
