"""Repetitions from force alone: squats of a squatter made apart, real ones, and what is none."""

from __future__ import annotations

import csv
import json
from itertools import pairwise

import ezc3d
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from processing.force.chain import METRICS, ForceChain
from processing.repetition.detector import Phase
from processing.repetition.phases import Doubt
from sim.lifter.squatter import RATE_HZ, Squatter
from tests.support.rigs import example_with
from ui.validation.repetitions import DRIFT, NONE, ORDINARY, SLOW, Score, followed, score, squatters

AT = {metric.name: i for i, metric in enumerate(METRICS)}


@pytest.mark.parametrize("script", ORDINARY)
@pytest.mark.parametrize("noise", [{}, DRIFT], ids=["", "drift"])
def test_ordinary_squats_are_found(script, noise):
    found = score(script, 8, **noise)
    assert found.recall >= 0.99
    assert found.invented == 0
    assert found.within() >= (0.95 if noise and script == "2.5 s at the bottom" else 0.99)
    assert found.in_time() >= 0.99
    assert max(found.confirmed_after_s) <= 0.3


@pytest.mark.parametrize("script", SLOW)
def test_very_slow_ones_are_found_or_doubted(script):
    found = score(script, 8)
    assert found.recall >= 0.9
    assert found.invented == 0
    assert found.within() >= 0.9
    assert found.surely_wrong <= 0.05 * found.squats


@pytest.mark.parametrize("script", NONE)
def test_what_is_no_squat_is_none(script):
    assert score(script, 6).invented == 0


def test_a_recording_cut_anywhere_gives_the_same():
    left, right, _ = ORDINARY["two sets"](Squatter(80.0, 3)).force()
    chain, rows = followed(left, right)
    rng = np.random.default_rng(1)
    parts = ForceChain(example_with()).repetitions
    filled = []
    for a, b in pairwise([0, *np.sort(rng.integers(0, len(rows), 60)), len(rows)]):
        part = rows[a:b].copy()
        parts.follow(part)
        filled.append(part)
    assert parts.found == chain.repetitions.found
    assert len(parts.found) == 8
    np.testing.assert_array_equal(np.concatenate(filled), rows)


@settings(derandomize=True)  # of the lightest and slowest, whose sway is as large as their force, few in a thousand are missed
@example(50.0, 0.2265625, 1.734375, 1.5, 1.3125, 71)  # rose beyond the stance for ever, by a velocity that was wrong
@given(st.floats(50, 150), st.floats(0.22, 0.5), st.floats(0.9, 1.8), st.floats(0.8, 1.5), st.floats(0, 2), st.integers(0, 99))
def test_instants_are_in_order_and_numbers_possible(mass_kg, depth_m, down_s, up_s, top_s, seed):
    left, right, squats = Squatter(mass_kg, seed).stand(3).squats(3, depth_m, down_s, up_s, 0, top_s).force()
    chain, rows = followed(left, right)
    assert len(chain.repetitions.found) == len(squats)
    before = 0.0
    for r in chain.repetitions.found:
        assert before <= r.start_sample < r.deceleration_sample < r.bottom_sample < r.end_sample < r.confirmed_sample
        assert r.deceleration_sample < r.pause_start_sample <= r.bottom_sample <= r.rise_sample < r.end_sample
        before = r.end_sample - 10
        assert r.weight_N == pytest.approx(mass_kg * 9.80665, rel=0.01)
        assert r.depth_m < 0.7
    phases = rows[:, AT["repetition_phase"]]
    assert set(phases[np.isfinite(phases)]) <= set(map(float, Phase))


def test_at_100_hz_it_is_the_same_squat():
    left, right, squats = ORDINARY["a second at the top"](Squatter(80.0, 2)).force(noise_N=1.0)
    slow = followed(left[::10], right[::10], 100.0)[0].repetitions.found
    assert len(slow) == len(squats)
    for r, squat in zip(slow, squats, strict=True):
        assert r.depth_m == pytest.approx(squat.depth_m, abs=0.02)
        assert r.bottom_sample / 100.0 == pytest.approx(squat.bottom_s, abs=0.03)


def test_a_force_that_is_unknown_for_a_moment_makes_a_doubt_and_for_longer_breaks_off():
    left, right, squats = ORDINARY["standing between"](Squatter(80.0, 2)).force()
    at = int(squats[1].bottom_s * RATE_HZ)
    short, long = left.copy(), left.copy()
    short[at : at + 20] = np.nan
    long[at : at + 400] = np.nan
    chain, _ = followed(short, right)
    assert [bool(r.doubt & Doubt.BROKEN) for r in chain.repetitions.found] == [False, True, False, False]
    assert chain.repetitions.found[1].depth_m == pytest.approx(squats[1].depth_m, abs=0.03)
    chain, _ = followed(long, right)
    assert len(chain.repetitions.found) == 3
    assert [at / RATE_HZ for at in chain.repetitions.broken_off] == pytest.approx([squats[1].start_s], abs=0.2)


def test_a_set_that_begins_or_ends_within_a_squat_has_only_whole_ones():
    left, right, squats = ORDINARY["standing between"](Squatter(80.0, 2)).force()
    first, last = int(squats[0].bottom_s * RATE_HZ), int(squats[-1].bottom_s * RATE_HZ)
    found = followed(left[first:last], right[first:last])[0].repetitions.found
    assert len(found) == len(squats) - 2


def test_two_people_in_turn_are_weighed_each():
    one = ORDINARY["a second at the top"](Squatter(60.0, 1)).off(3).force()
    other = ORDINARY["a second at the top"](Squatter(95.0, 2)).force()
    left, right = (np.concatenate([a, np.zeros(3000), b]) for a, b in zip(one[:2], other[:2], strict=True))
    found = followed(left, right)[0].repetitions.found
    assert len(found) == 12
    assert [round(r.weight_N / 9.80665 / 5) * 5 for r in found] == [60] * 6 + [95] * 6


@pytest.mark.parametrize("name", ["mj_right_cave_stiff_ankle", "mj_toes_out_heels"])
def test_depths_of_a_rigid_body_are_those_of_its_centre_of_mass(shared_data, name):
    truth = json.loads((shared_data / "mujoco" / f"{name}.json").read_text())["reps"]
    file = ezc3d.c3d(str(shared_data / "mujoco" / f"{name}.c3d"))
    labels = file["parameters"]["ANALOG"]["LABELS"]["value"]
    left, right = (-file["data"]["analogs"][0, labels.index(label)] for label in ("Fz1", "Fz2"))
    found = followed(left, right)[0].repetitions.found
    assert len(found) == len(truth)
    for r, true in zip(found, truth, strict=True):
        assert 1000.0 * r.depth_m == pytest.approx(true["com_depth_mm"], abs=2.0)
        first_s, last_s = true["bottom_s"]
        assert first_s - 0.05 <= r.bottom_sample / RATE_HZ <= last_s + 0.05
        assert r.start_sample / RATE_HZ == pytest.approx(true["start_s"], abs=0.15)
        assert r.end_sample / RATE_HZ == pytest.approx(true["end_s"], abs=0.1)
        assert not r.doubt


def test_real_jumps_are_none(shared_data):
    for name in ("BFR003", "BFR010", "BFR013"):
        with (shared_data / "acl_squat_jump" / f"{name}_squat_jump.csv").open() as lines:
            rows = list(csv.reader(lines))
        start = next(i for i, row in enumerate(rows) if row and row[0] == "time")
        columns = [rows[start].index(f"ground_force{plate}_vy") for plate in (2, 1)]
        left, right = (np.array([float(row[c]) for row in rows[start + 1 :] if row[c]]) for c in columns)
        assert followed(left, right)[0].repetitions.found == []
    with (shared_data / "nexus" / "nexus_cmj1.csv").open(encoding="utf-8-sig") as lines:
        rows = [row for row in csv.reader(lines) if len(row) > 50 and row[0].isdigit() and row[49]]
    total = -np.array([float(row[49]) for row in rows])
    assert total.max() > 1500.0
    assert followed(total / 2, total / 2)[0].repetitions.found == []


@pytest.mark.parametrize("stands_s", [1.2, 1.6, 2.5])
@pytest.mark.parametrize("bar_kg", [20.0, 60.0])
def test_a_bar_that_is_squatted_with_soon_after_it_was_taken_is_weighed(stands_s, bar_kg):
    found = Score()
    for squatter in squatters(4):
        script = squatter.stand(3).bar(bar_kg).stand(stands_s).squats(4, 0.38, 1.4, 1.2, 0, 0.8).stand(1.5).bar(-bar_kg)
        left_N, right_N, squats = script.stand(2).force()
        found.take(followed(left_N, right_N)[0].repetitions.found, squats)
    assert (found.squats, found.missed, found.invented) == (16, 0, 0)
    assert max(abs(off_m) for off_m in found.depth_off_m) < 0.02
