"""Rows of repetitions, of their phases and sides, against numpy and against the lifter's truth."""

from __future__ import annotations

import math
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquisition.rig import SIDES
from processing.repetition.columns import OF_PHASE, OF_REPETITION
from processing.repetition.phases import Doubt, Repetition
from processing.repetition.spans import FARTHEST, HIGHEST, LEAST, MEAN, MOST, SD, means_together, span_statistics
from processing.repetition.table import (
    NUMBERS,
    PHASES,
    Frames,
    PhaseResult,
    RepetitionResult,
    doubt_in_words,
    phase_rows,
    repetition_rows,
)
from processing.repetition.variability import OF_REPETITIONS, variability
from sim.lifter.people import someone
from tests.support.repetitions import a_phase, a_repetition
from tests.support.rigs import example_with
from tests.support.sessions import analysed, lifted


@pytest.fixture(scope="module")
def session():
    lifter = someone(4)
    seconds = lifter.plan.end_s + 2.0
    feet = [{"side": side, "toe_out_deg": lifter.toe_out_deg} for side in SIDES]
    rig = example_with(foot=feet)
    return analysed(rig, lifted(rig, lifter, seconds)), lifter


def test_every_number_has_a_formula_and_a_unit_at_its_end():
    assert tuple(OF_PHASE) == NUMBERS
    assert {"number", "set", "doubt", "edited", *OF_REPETITION} == {field.name for field in fields(RepetitionResult)}
    endings = {
        "s": "_s",
        "N": "_N",
        "N s": "_Ns",
        "%": "_pct",
        "mm": "_mm",
        "N m": "_Nm",
        "m": "_m",
        "m/s": "_m_s",
        "deg": "_deg",
    }
    for column, formula in {**OF_PHASE, **OF_REPETITION}.items():
        assert formula.unit == "1" or column.endswith(endings[formula.unit])
    assert set(OF_REPETITIONS) <= set(OF_REPETITION)


def test_repetitions_and_sets_are_those_of_the_lifter(session):
    results, lifter = session
    truth = lifter.bounds(results.seconds)
    assert len(results.repetitions) == len(truth) == 12
    assert [row.set for row in results.repetitions] == [1] * 6 + [2] * 6
    for row, true in zip(results.repetitions, truth, strict=True):
        assert row.depth_m == pytest.approx(true.depth_m, abs=0.02)
        assert row.bottom_s == pytest.approx(true.bottom_s, abs=0.03)
        assert row.lowering_s + row.pause_s + row.rising_s == pytest.approx(row.end_s - row.start_s)
        assert row.tempo_ratio == pytest.approx(row.lowering_s / row.rising_s)
        assert not row.doubt


def test_numbers_of_a_phase_are_those_of_numpy(session):
    results, _ = session
    table = results.tables["plates.force"]
    for row in results.repetitions[:4]:
        inside = (table.time_s > row.start_s) & (table.time_s <= row.pause_start_s)
        left, _, both = (p for p in results.phases if (p.repetition, p.phase) == (row.number, "lowering"))
        fz, shift = table.column("fz_left_N")[inside], table.column("load_shift_pct")[inside]
        medial, total = table.column("foot_cop_medial_left_mm")[inside], table.column("fz_total_N")[inside]
        assert (left.fz_mean_N, left.fz_peak_N, left.fz_min_N) == pytest.approx((fz.mean(), fz.max(), fz.min()))
        assert left.fz_peak_bw == pytest.approx(fz.max() / results.body_weight_N, rel=0.01)
        assert left.impulse_Ns == pytest.approx(fz.mean() * row.lowering_s)
        assert both.net_impulse_Ns == pytest.approx((total.mean() - row.weight_N) * row.lowering_s, abs=1e-6)
        assert both.load_shift_mean_pct == pytest.approx(shift.mean())
        assert both.load_shift_at_peak_pct == shift[total.argmax()]
        assert (left.cop_ml_range_mm, left.cop_ml_sd_mm) == pytest.approx((np.ptp(medial), medial.std()))
        worst = np.convolve(medial, np.ones(30) / 30, "valid").max()
        assert left.medial_worst_mm == pytest.approx(worst)


def test_impulses_of_a_repetition_cancel(session):
    for row in session[0].phases:
        if (row.phase, row.side) == ("whole", "both"):
            assert abs(row.net_impulse_Ns) < 0.03 * row.impulse_Ns


def test_activations_are_those_of_the_muscles_where_their_envelopes_lag(session):
    """A phase's mean without the envelope's lag taken off would be up to a third too low while lowering."""
    results, lifter = session
    for row in results.repetitions:
        t_s = np.arange(row.start_s, row.pause_start_s, 0.01)
        truth = lifter.truth(t_s)
        for side in SIDES:
            told = next(p for p in results.phases if (p.repetition, p.phase, p.side) == (row.number, "lowering", side))
            quads = 100.0 * np.mean([truth.activation[m, side].mean() for m in ("VL", "VM", "RF")])
            assert told.quads_mean_pct == pytest.approx(quads, rel=0.12)
            assert told.qh_ratio == pytest.approx(told.quads_mean_pct / told.hams_mean_pct)


def test_without_emg_there_are_no_ratios_and_with_nothing_no_numbers():
    row = a_repetition(1)
    nothing = Frames(("fz_total_N", "load_shift_pct"), np.empty(0), np.empty((0, 2)), 0.0)
    told = phase_rows([row], nothing, [], 5.0, 10.0)
    assert [(one.phase, one.side) for one in told] == [(p, s) for p in PHASES for s in ("left", "right", "both")]
    assert all(math.isnan(getattr(one, name)) for one in told for name in NUMBERS if name != "duration_s")


def test_sets_end_with_a_rest_or_another_weight():
    def found(start_s: float, weight_N: float = 800.0) -> Repetition:
        instants = (start_s + offset for offset in (0.0, 0.9, 1.5, 1.5, 1.5, 3.0, 3.2))
        return Repetition(*instants, 0.4, 0.01, 0.5, 0.5, weight_N, 0.0, 0.0, Doubt(0))

    starts = [found(1.0), found(5.0), found(30.0), found(34.0), found(38.0, 1200.0), found(42.0, 1203.0)]
    assert [row.set for row in repetition_rows(starts, lambda samples: samples)] == [1, 1, 2, 2, 3, 3]


def test_doubts_in_words():
    assert doubt_in_words(Doubt(0)) == ""
    assert doubt_in_words(Doubt.SHALLOW | Doubt.BROKEN) == "shallow, force unknown for a moment"
    assert len({doubt_in_words(doubt) for doubt in Doubt}) == len(Doubt)


@given(
    st.lists(st.floats(-50, 50) | st.just(math.nan), min_size=1, max_size=60),
    st.integers(0, 59),
    st.integers(1, 60),
    st.integers(1, 12),
)
def test_spans_are_those_of_numpy(values, first, length, window):
    frames = np.array(values)[:, None]
    told = span_statistics(frames, np.array([first]), np.array([first + length]), [0], window)[0, 0]
    inside = frames[first : first + length, 0]
    known = inside[np.isfinite(inside)]
    if len(known) == 0 or len(known) < 0.5 * len(inside):
        assert np.isnan(told).all()
        return
    expected = known.mean(), known.max(), known.min(), known.std()
    np.testing.assert_allclose(told[[MEAN, MOST, LEAST, SD]], expected, atol=1e-5)
    width = min(window, len(inside))
    means = np.array([inside[i : i + width].mean() for i in range(len(inside) - width + 1)])
    means = means[np.isfinite(means)]
    if len(means):
        assert told[HIGHEST] == pytest.approx(means.max(), abs=1e-9)
        assert abs(told[FARTHEST]) == pytest.approx(np.abs(means).max(), abs=1e-9)
    else:
        assert np.isnan(told[[HIGHEST, FARTHEST]]).all()


def test_variability_is_that_of_statistics_and_leaves_doubtful_ones_out():
    from scipy import stats

    shifts = [1.0, 2.5, 3.0, 2.0, 40.0]
    rows = [a_repetition(n, depth_m=0.4 + 0.01 * n, doubt="shallow" if n == 5 else "") for n in range(1, 6)]
    phases = [a_phase(n, load_shift_mean_pct=shift) for n, shift in enumerate(shifts, 1)]
    found = {(one.phase, one.side, one.column): one for one in variability(rows, phases)}
    shift = found["rising", "both", "load_shift_mean_pct"]
    sd = np.std(shifts[:4], ddof=1)
    assert (shift.repetitions, shift.mean, shift.sd) == (4, pytest.approx(np.mean(shifts[:4])), pytest.approx(sd))
    assert shift.cv_pct == pytest.approx(100 * sd / np.mean(shifts[:4]))
    # Two sets that differ by just that much are told apart at 95 % by Student's test.
    other = np.array(shifts[:4]) + shift.smallest_change
    assert stats.ttest_ind(shifts[:4], other).pvalue == pytest.approx(0.05, abs=1e-6)
    assert found["repetition", "both", "depth_m"].repetitions == 4
    assert variability(rows[:2], phases[:2]) == []


def test_a_phase_without_numbers_has_no_variability():
    rows = [a_repetition(n) for n in range(1, 6)]
    told = variability(rows, [a_phase(n) for n in range(1, 6)])
    assert {one.column for one in told} == {*OF_REPETITIONS, "duration_s"}
    assert isinstance(a_phase(1), PhaseResult)


@given(st.integers(0, 2**32 - 1), st.integers(0, 30), st.integers(1, 30))
def test_means_of_two_together_are_of_the_frames_in_which_both_are_known(seed, first, length):
    rng = np.random.default_rng(seed)
    frames = np.where(rng.random((60, 3)) < rng.uniform(0.0, 0.5), np.nan, rng.normal(0.0, 5.0, (60, 3)))
    span = frames[first : first + length]
    known = np.isfinite(span[:, 0] + span[:, 2])
    expected = span[known][:, [0, 2]].mean(axis=0) if known.sum() >= 0.5 * length else [np.nan, np.nan]
    found = means_together(frames, np.array([first]), np.array([first + length]), (0, 2))
    np.testing.assert_allclose(np.concatenate(found), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("group", ["quads", "hams", "glutes"])
@pytest.mark.parametrize("side", SIDES)
def test_a_group_that_was_bad_where_it_worked_most_is_compared_with_the_rest_of_the_phase(group, side):
    """All groups rise and fall together; the most active third of one is not known."""
    row = a_repetition(1)
    t_s = np.arange(row.start_s - 1.0, row.end_s + 1.0, 0.01)
    effort = 20.0 + 60.0 * np.sin(np.pi * np.clip((t_s - row.start_s) / (row.end_s - row.start_s), 0.0, 1.0))
    times = {"quads": 1.0, "hams": 0.2, "glutes": 0.4}
    columns = {f"{name}_{leg}_pct": share * effort for name, share in times.items() for leg in SIDES}
    columns[f"{group}_{side}_pct"] = np.where(effort > 72.0, np.nan, columns[f"{group}_{side}_pct"])
    nothing = Frames(("fz_total_N", "load_shift_pct"), np.empty(0), np.empty((0, 2)), 0.0)
    emg = Frames(tuple(columns), t_s, np.column_stack(list(columns.values())), 0.0)
    told = {(one.phase, one.side): one for one in phase_rows([row], nothing, [emg], 5.0, 10.0)}
    assert told["whole", side].qh_ratio == pytest.approx(5.0)
    assert told["whole", side].qg_ratio == pytest.approx(2.5)
    assert told["whole", "both"].qh_between_legs_log2 == pytest.approx(0.0, abs=1e-9)
    assert told["whole", "both"].glute_deficit_log2 == pytest.approx(0.0, abs=1e-9)
