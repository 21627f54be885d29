"""An analysis: the simulated lifter's truth comes out of it, in session time, whatever was lost on the way."""

from __future__ import annotations

import math

import numpy as np
import pytest

from acquisition.rig.rig_file import example, load
from sim.lifter.lifter import demo_lifter
from tests.support.sessions import a_stretch, analysed, results_of, simulated

SECONDS = 12.0
SEEDS = (0, 1, 2)


@pytest.fixture(scope="module", params=SEEDS)
def session(request):
    rig = load(example("demo"))
    return analysed(rig, simulated(rig, request.param, SECONDS)), demo_lifter(SECONDS, request.param), rig


def true_times(results, name: str, rig) -> np.ndarray:
    """Return the middle of each frame in seconds of the lifter, whose clock no crystal bends."""
    stream = rig.stream_named(name.split(".")[0])
    sample = results.tables[name].column("sample")
    k = sample[1] - sample[0]
    return (sample - (k - 1) / 2) / (stream.rate_hz * (1 + stream.source.clock_ppm * 1e-6))


def test_forces_and_their_shift_are_those_of_the_lifter(session):
    results, lifter, rig = session
    force = results.tables["plates.force"]
    truth = lifter.truth(true_times(results, "plates.force", rig))
    assert np.abs(force.column("fz_total_N") - truth.fz_total_N).max() < 1.5
    assert np.abs(force.column("load_share_right_pct") - 100 * truth.share_right).max() < 0.1
    assert np.abs(force.column("load_shift_pct") - truth.load_shift_pct).max() < 0.2
    assert results.body_weight_N == pytest.approx(lifter.system_weight_N, rel=0.002)


@pytest.mark.parametrize("side", ["left", "right"])
def test_each_foot_rolls_as_far_inwards_as_the_lifters_does(session, side):
    results, lifter, rig = session
    measured = results.tables["plates.force"].column(f"foot_cop_medial_{side}_mm")
    truth = lifter.truth(true_times(results, "plates.force", rig)).medial_mm[side]
    known = np.isfinite(measured)
    assert known.all() or not known[: np.flatnonzero(known)[0]].any()
    # Its place in a quiet stance is where the foot swayed during that second, not the middle of the lifter's foot.
    stances_s = [stance.at_s for stance in results.stances]
    since = np.searchsorted(stances_s, results.tables["plates.force"].time_s, side="right")
    for stance in range(1, len(stances_s) + 1):
        error = (measured - truth)[known & (since == stance)][1:]
        assert abs(np.median(error)) < 2.0
        assert np.abs(error - np.median(error)).max() < 0.4


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_quad_hamstring_ratio_is_the_lifters(session, side):
    results, lifter, rig = session
    qh = results.tables["emg.emg"].column(f"qh_{side}")
    t_s = true_times(results, "emg.emg", rig)
    early, late = t_s < lifter.imbalances[0].onset_s, t_s > 0.75 * SECONDS
    truth = lifter.truth(np.maximum(t_s - 0.1, 0.0)).qh[side]  # the causal envelope comes about 0.1 s late
    assert 0.2 < np.isfinite(qh[early]).mean() < 0.8, "Q:H is defined in the squats and not between them"
    for part in (early, late):
        known = part & np.isfinite(qh)
        assert np.median(np.log2(qh[known] / truth[known])) == pytest.approx(0.0, abs=0.25)


def test_flags_come_up_after_the_onset_and_none_before(session):
    results, lifter, _ = session
    onset_s = lifter.imbalances[0].onset_s
    assert onset_s > SECONDS / 3
    assert {(flag.rule, flag.side) for flag in results.flags} >= {
        ("load_shift", "right"),
        ("qh_change", "right"),
        ("qh_between_legs", "right"),
    }
    for flag in results.flags:
        assert flag.side == "right"
        assert onset_s < flag.start_s < flag.raised_s
    first = {flag.rule: flag.raised_s for flag in reversed(results.flags)}
    assert all(first[rule] < onset_s + 3.0 for rule in ("load_shift", "qh_change", "qh_between_legs"))


def test_a_peak_is_the_value_farthest_out_while_the_flag_was_up(session):
    results, _, _ = session
    for flag in results.flags:
        table = results.table_with(flag.metric)
        until = math.inf if math.isnan(flag.end_s) else flag.end_s
        up = (table.time_s >= flag.start_s - 1e-9) & (table.time_s <= until + 1e-9)
        assert flag.peak == np.nanmax(table.column(flag.metric)[up])


def test_times_are_seconds_since_the_first_sample_of_any_stream():
    rig = load(example("demo"))
    stretches = {}
    for name, late_s in (("plates", 0.0), ("emg", 0.25)):
        rate_hz = rig.stream_named(name).rate_hz
        stretch = a_stretch(np.zeros((int(4 * rate_hz), len(rig.stream_named(name).channels))), rate_hz)
        stretch.ticks["host_s"] += late_s
        stretches[name] = [stretch]
    results = results_of(rig, stretches)
    assert results.tables["plates.force"].time_s[0] == pytest.approx(0.009 + 0.001, abs=2e-3)
    assert results.tables["emg.emg"].time_s[0] - results.tables["plates.force"].time_s[0] == pytest.approx(0.25, abs=2e-3)
    assert results.seconds == pytest.approx(4.25, abs=2e-3), "the session lasts until its last stream ends"


def test_what_was_lost_is_counted_and_has_no_frames():
    rig = load(example("demo"))
    rows = simulated(rig)["plates"]
    results = results_of(
        rig, {"plates": [a_stretch(rows[:2000], 1000.0), a_stretch(rows[2345:], 1000.0, first=2345, row=2000)]}
    )
    stream = next(stream for stream in results.streams if stream.name == "plates")
    assert (stream.rows, stream.missing, stream.gaps) == (len(rows) - 345, 345, 1)
    sample = results.tables["plates.force"].column("sample")
    assert not ((sample > 1999) & (sample < 2359)).any()
    assert {1999.0, 2359.0} <= set(sample)


def test_rows_that_the_reader_missed_are_lost_as_well():
    rig = load(example("demo"))
    rows = simulated(rig)["plates"]
    results = results_of(
        rig, {"plates": [a_stretch(rows[:2000], 1000.0), a_stretch(rows[2500:], 1000.0, first=2500, row=2500)]}
    )
    stream = next(stream for stream in results.streams if stream.name == "plates")
    assert (stream.rows, stream.missing, stream.gaps) == (len(rows) - 500, 500, 1)


def test_a_session_without_samples_has_results():
    rig = load(example("demo"))
    results = results_of(rig, {})
    assert results.seconds == 0
    assert math.isnan(results.body_weight_N)
    assert results.flags == []
    assert [len(table.frames) for table in results.tables.values()] == [0, 0]
    assert [stream.rows for stream in results.streams] == [0, 0]


def test_slow_emg_is_called_undersampled_and_plates_are_not():
    rig = load(example("cyton"))
    results = results_of(rig, {})
    assert {stream.name: stream.undersampled for stream in results.streams} == {"plates": False, "board": True}
