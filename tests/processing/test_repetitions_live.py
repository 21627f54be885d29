"""Repetitions of whole sessions: live as offline to the bit, however many, and where there is little to find them by."""

from __future__ import annotations

import math

import numpy as np
import pytest

from acquisition.rig import SIDES, Foot
from processing.batch import reprocess
from processing.findings.caveats import caveats
from processing.findings.findings import findings
from processing.live import LivePipeline
from processing.pipeline import REPETITIONS, Pipeline
from sim.lifter.lifter import Lifter
from sim.lifter.motion import Tempo
from tests.support.rigs import example_with
from tests.support.sessions import a_stretch, analysed, lifted, recorded, results_of
from tests.support.squat_ring import Ring


def force_alone(**changes):
    """Return the demonstration's rig without electrodes, which takes half the time."""
    demo = example_with()
    plates = [stream for stream in demo.stream if stream.name == demo.plate[0].stream]
    return example_with(emg=[], stream=[{**stream.model_dump(), **changes} for stream in plates])


def a_lifter(**changes) -> Lifter:
    return Lifter(**{"tempo": Tempo(quiet_s=3.0, lowering_s=1.2, rising_s=1.0, top_s=0.6), "seed": 5, **changes})


def test_the_ring_has_what_the_results_have(tmp_path):
    rig = force_alone()
    samples = lifted(rig, a_lifter(), 16.0)
    pipeline = Pipeline(rig)
    ring = Ring.create(
        tmp_path / "ring.h5", [s.stream() for s in rig.stream], 20.0, derived=pipeline.derived_streams(), description={}
    )
    live = LivePipeline(ring, pipeline)
    writer = ring.writer(rig.stream[0].name)
    from hardware.source import Block

    (rows,) = samples.values()
    for first in range(0, len(rows), 50):
        writer.append(Block(rows[first : first + 50], first, 100.0 + first / 1000.0))
        live.follow()
    live.finish()
    told = ring.reader(REPETITIONS, rows_back=100).read()
    assert told is not None
    path = recorded(tmp_path / "r.h5", rig, samples)
    offline = reprocess(path)
    assert len(told.samples) == len(offline.repetitions) == 4
    names = ring.streams[REPETITIONS].channel_names
    depths = told.samples[:, names.index("depth_m")]
    assert depths.tolist() == [row.depth_m for row in offline.repetitions]


def test_two_hundred_squats_are_two_hundred():
    rig = force_alone()
    lifter = a_lifter(tempo=Tempo(quiet_s=3.0, lowering_s=0.8, rising_s=0.7, top_s=0.0), depth_m=0.3, repetitions=200)
    results = analysed(rig, lifted(rig, lifter, 3.0 + 200 * 1.5 + 2.0))
    assert len(results.repetitions) == 200
    assert {row.set for row in results.repetitions} == {1}
    assert max(abs(row.depth_m - 0.3) for row in results.repetitions) < 0.03


@pytest.mark.parametrize("rate_hz", [100.0, 200.0, 1000.0])
def test_force_at_any_rate_gives_the_same_squats(rate_hz):
    rig = force_alone(rate_hz=rate_hz)
    results = analysed(rig, lifted(rig, a_lifter(), 16.0))
    truth = a_lifter().bounds(16.0)
    assert len(results.repetitions) == len(truth)
    for row, true in zip(results.repetitions, truth, strict=True):
        assert row.depth_m == pytest.approx(true.depth_m, abs=0.02)
        assert row.bottom_s == pytest.approx(true.bottom_s, abs=0.03)


def test_a_session_without_a_squat_finds_nothing_and_says_so():
    rig = force_alone()
    results = analysed(rig, lifted(rig, a_lifter(repetitions=0, load_shift_pct=14.0), 12.0))
    assert results.flags, "the moment is flagged"
    assert findings(results) == []
    assert "no_repetition" in {caveat.id for caveat in caveats(results)}


def test_a_gap_within_a_squat_is_told_and_the_others_are_found():
    rig = force_alone()
    (rows,) = lifted(rig, a_lifter(), 20.0).values()
    at = int(1000 * a_lifter().bounds(20.0)[1].bottom_s)
    parts = [a_stretch(rows[:at], 1000.0), a_stretch(rows[at + 300 :], 1000.0, first=at + 300, row=at)]
    results = results_of(rig, {rig.stream[0].name: parts})
    assert len(results.broken_off_s) == 1
    assert "repetition_broken_off" in {caveat.id for caveat in caveats(results)}
    truth = a_lifter().bounds(20.0)
    assert abs(results.repetitions[0].bottom_s - truth[0].bottom_s) < 0.03
    assert all(min(abs(row.bottom_s - true.bottom_s) for true in truth) < 0.05 for row in results.repetitions)


def test_with_one_plate_nothing_is_found_and_that_is_said():
    demo = example_with()
    rig = force_alone().model_copy(update={"plate": [demo.plate[0]]})
    results = analysed(rig, lifted(rig, a_lifter(), 12.0))
    assert results.repetitions == []
    said = next(caveat for caveat in caveats(results) if caveat.id == "no_repetition")
    assert "two plates" in said.sentence


def test_what_the_feet_do_is_that_of_the_lifter():
    rig = force_alone()
    lifter = a_lifter(outward=0.2, free_moment_Nm=12.0, toe_out_deg=0.0)
    rig = rig.model_copy(update={"foot": [Foot(side=side, toe_out_deg=0.0) for side in SIDES]})
    results = analysed(rig, lifted(rig, lifter, 16.0))
    bottoms = [row for row in results.phases if row.phase == "bottom" and row.side in SIDES]
    for row in bottoms:
        # Outward push is a share of the weight, and the force at the bottom is larger than that.
        assert row.outward_push_mean_pct == pytest.approx(20.0 * 0.5 * results.body_weight_N / row.fz_mean_N, rel=0.1)
        assert row.free_moment_mean_Nm == pytest.approx(12.0, rel=0.05)
        expected = row.medial_mean_mm + 80.0 * row.outward_push_mean_pct / 100.0
        assert row.force_line_mean_mm == pytest.approx(expected, abs=0.1)
    assert not any(math.isnan(row.medial_worst_mm) for row in bottoms)
    assert np.isfinite([row.cop_ml_sd_mm for row in bottoms]).all()
