"""How far a knee comes in within a repetition, against ways that are written down here."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processing.repetition.knee_over_foot import (
    Bounds,
    KneeFrames,
    KneePhase,
    come_in_mm,
    in_words,
    knee_phases,
    worst_word,
)

T = np.arange(0.0, 6.0, 0.01)
DOWN = np.clip(np.minimum((T - 1.0) / 1.5, (4.5 - T) / 1.5), 0.0, 1.0)
"""The share of the depth: down from 1 to 2.5 s, a pause, up from 3 to 4.5 s."""
BOUNDS = Bounds(1.0, 3.0, 4.5, 400.0)
LOWERING, BOTTOM, RISING = (1.0, 2.5), (2.5, 3.0), (3.0, 4.5)
PHASES = [LOWERING, BOTTOM, RISING]


def knee(off_axis_mm: np.ndarray, edge_mm: float = 45.0) -> KneeFrames:
    return KneeFrames(T, off_axis_mm, edge_mm - off_axis_mm, -400.0 * DOWN)


def bump(at_s: float, wide_s: float = 0.3) -> np.ndarray:
    return np.where(abs(T - at_s) < wide_s, 0.5 + 0.5 * np.cos(np.pi * (T - at_s) / wide_s), 0.0)


def test_knees_that_go_out_on_the_way_down_and_in_on_the_way_up_come_in_nowhere() -> None:
    found = knee_phases(knee(20.0 - 70.0 * DOWN), BOUNDS, PHASES)
    assert [phase.fall_mm for phase in found] == pytest.approx([0.0, 0.0, 0.0], abs=0.5)
    assert [phase.past for phase in found] == [False] * 3


@pytest.mark.parametrize(("at_s", "where"), [(2.0, 0), (2.75, 1), (3.7, 2)])
def test_a_knee_that_comes_in_is_told_in_its_phase_by_how_much(at_s: float, where: int) -> None:
    found = knee_phases(knee(-30.0 * np.ones(len(T)) + 40.0 * bump(at_s)), BOUNDS, PHASES)
    assert found[where].fall_mm == pytest.approx(40.0, abs=2.0)
    assert all(phase.fall_mm < 2.0 for k, phase in enumerate(found) if k > where)


def test_past_the_foot_counts_in_the_lower_half_alone() -> None:
    in_while_standing = knee(60.0 - 100.0 * DOWN)
    assert [phase.past for phase in knee_phases(in_while_standing, BOUNDS, PHASES)] == [False] * 3
    at_the_bottom = knee(-30.0 + 80.0 * bump(2.75, 0.5))
    assert knee_phases(at_the_bottom, BOUNDS, PHASES)[1].past


def test_without_the_foots_edge_nobody_says_that_a_knee_is_past_it() -> None:
    found = knee_phases(knee(-30.0 + 80.0 * bump(2.75), np.nan), BOUNDS, PHASES)
    assert [phase.past for phase in found] == [None] * 3
    assert found[1].fall_mm > 60.0


def test_a_phase_that_is_mostly_hidden_is_unknown_and_a_short_gap_is_none() -> None:
    off_mm = -30.0 * np.ones(len(T))
    off_mm[(T > 1.4) & (T < 2.5)] = np.nan
    found = knee_phases(knee(off_mm), BOUNDS, PHASES)
    assert np.isnan(found[0].fall_mm)
    assert found[0].past is None
    assert found[1].fall_mm == 0.0
    off_mm = -30.0 + 40.0 * bump(2.0)
    off_mm[(T > 2.3) & (T < 2.4)] = np.nan
    assert knee_phases(knee(off_mm), BOUNDS, PHASES)[0].fall_mm == pytest.approx(40.0, abs=2.0)


@given(st.lists(st.floats(-100.0, 100.0), min_size=3, max_size=12), st.floats(-50.0, 50.0))
def test_further_in_is_told_against_the_first_three(off_mm: list[float], shift_mm: float) -> None:
    found = come_in_mm(np.array(off_mm))
    assert np.median(found[:3]) == pytest.approx(0.0, abs=1e-9)
    np.testing.assert_allclose(come_in_mm(np.array(off_mm) + shift_mm), found, atol=1e-9)


def test_two_repetitions_make_no_baseline_and_a_hidden_one_is_no_part_of_it() -> None:
    assert np.isnan(come_in_mm(np.array([1.0, 2.0]))).all()
    np.testing.assert_array_equal(come_in_mm(np.array([np.nan, 1.0, 2.0, 3.0])), [np.nan, -1.0, 0.0, 1.0])


@pytest.mark.parametrize(
    ("phase", "further_mm", "word"),
    [
        (KneePhase(3.0, False), 4.0, "none"),
        (KneePhase(10.0, False), 0.0, "slight"),
        (KneePhase(0.0, False), 12.0, "slight"),
        (KneePhase(0.0, True), 0.0, "past"),
        (KneePhase(3.0, None), np.nan, "none"),
        (KneePhase(np.nan, None), np.nan, ""),
    ],
)
def test_words(phase: KneePhase, further_mm: float, word: str) -> None:
    assert in_words(phase, further_mm, 10.0) == word


def test_the_worst_word_is_told_of_the_whole() -> None:
    assert worst_word(["none", "slight", ""]) == "slight"
    assert worst_word(["past", "none"]) == "past"
    assert worst_word(["", ""]) == ""
