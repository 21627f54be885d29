"""What knees did, by markers: simulated lifters whose margin is known, rigid bodies, and evidence held against it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from acquisition.formats.c3d.importer import import_c3d
from acquisition.rig import Rig
from processing.batch import reprocess
from processing.findings.knees import knee_outcomes
from processing.results import Results
from sim.lifter.lifter import KneeCaves, Lifter
from sim.lifter.people import someone
from tests.support.repetitions import a_phase, squatted
from tests.support.rigs import example_with
from tests.support.sessions import analysed, lifted

POINTS = {"hip": "HIP", "knee_lateral": "KNE", "ankle_lateral": "ANK", "heel": "HEE", "toes": "TOE", "forefoot_inner": "1MT"}


def rig_with_markers(lifter: Lifter, **parts) -> Rig:
    markers = [
        {"point": point, "side": side, "stream": "markers", "channels": [f"{side[0].upper()}{name} {axis}" for axis in "xyz"]}
        for side in ("left", "right")
        for point, name in POINTS.items()
    ]
    stream = {
        "name": "markers",
        "rate_hz": 100.0,
        "channels": [channel for marker in markers for channel in marker["channels"]],
        "units": "mm",
        "block_samples": 5,
        "source": {"kind": "simulated"},
    }
    feet = [{"side": side, "toe_out_deg": lifter.toe_out_deg} for side in ("left", "right")]
    plates = [stream for stream in example_with().model_dump()["stream"] if stream["name"] == "plates"]
    return example_with(stream=[*plates, stream], emg=[], marker=markers, foot=feet, **parts)


def squats_of(lifter: Lifter) -> Results:
    rig = rig_with_markers(lifter)
    return analysed(rig, lifted(rig, lifter, lifter.plan.end_s + 2.0))


def test_knees_that_stay_over_their_feet_come_in_nowhere() -> None:
    results = squats_of(someone(5))
    outcomes = knee_outcomes(results)
    assert [(one.side, one.slight, one.past, one.of) for one in outcomes] == [("left", (), (), 12), ("right", (), (), 12)]
    assert outcomes[0].sentence() == "The left knee did not come in in any of 12 repetitions"
    assert not outcomes[0].evidence


@pytest.mark.parametrize(("knee_mm", "word"), [(40.0, "slight"), (130.0, "past")])
def test_a_knee_that_caves_in_is_told_by_how_much_and_its_margin_is_the_true_one(knee_mm: float, word: str) -> None:
    caving = KneeCaves(side="right", knee_mm=knee_mm, ramp_s=0.1)
    lifter = someone(6, imbalances=(caving,))
    results = squats_of(lifter)
    left, right = knee_outcomes(results)
    assert (left.slight, left.past) == ((), ())
    assert len(getattr(right, word)) >= 0.9 * right.of
    truth = lifter.motion.at(results.tables["markers.knee"].time_s)
    true_mm = lifter.margin_mm("right", truth)
    told_mm = results.tables["markers.knee"].column("knee_margin_right_mm")
    assert np.nanmax(np.abs(told_mm - true_mm)) < 4.0
    bottoms = [row for row in results.phases if row.side == "right" and row.phase == "bottom"]
    for row, repetition in zip(bottoms, results.repetitions, strict=True):
        fall_mm = 95.0 - float(lifter.margin_mm("right", lifter.motion.at(np.array([repetition.bottom_s])))[0])
        assert row.knee_fall_mm == pytest.approx(fall_mm, abs=4.0)


@pytest.mark.parametrize("name", ["mj_toes_out_heels", "mj_right_cave_stiff_ankle"])
def test_rigid_bodies_have_the_knees_that_they_were_given(shared_data: Path, tmp_path: Path, name: str) -> None:
    imported = import_c3d(shared_data / "mujoco" / f"{name}.c3d", tmp_path / "squats.h5")
    assert len(imported.rig.marker) == 14
    results = reprocess(imported.path)
    assert not [caveat for caveat in results.rig.stream if caveat.name not in ("analog", "markers")]
    truth = json.loads((shared_data / "mujoco" / f"{name}.json").read_text())["reps"]
    for letter, side in (("L", "left"), ("R", "right")):
        true_mm = np.array([rep[f"knee_medial_of_foot_axis_mm_{letter}"] for rep in truth])
        rows = [row for row in results.phases if row.side == side and row.phase == "bottom"]
        told_mm = np.array([row.knee_off_axis_mean_mm for row in rows])
        np.testing.assert_allclose(told_mm - told_mm[0], true_mm - true_mm[0], atol=1.0)
    whole = [row for row in results.phases if row.phase == "whole" and row.side != "both"]
    came_in = {(row.repetition, row.side) for row in whole if row.knee != "none"}
    assert came_in == ({(number, "right") for number in (3, 4, 5)} if "cave" in name else set())
    outcomes = {one.side: one for one in knee_outcomes(results)}
    if "cave" in name:
        right = outcomes["right"]
        assert (right.slight, right.past, right.of, right.phase) == ((3, 4, 5), (), 5, "bottom")
        assert right.come_in_mm == pytest.approx(45.0, abs=1.0)
        pressure = next(one for one in right.evidence if one.metric == "medial_change_worst_mm")
        assert (pressure.beyond_in, pressure.of_in, pressure.of_out) == (2, 2, 0), "the first three are what it is held against"


def with_knees(words: str, shifts_pct: list[float]) -> Results:
    """Return results in which the right knee did what each letter says: none, slight, past."""
    results = squatted(shifts_pct)
    of = {"n": "none", "s": "slight", "p": "past"}
    for number, letter in enumerate(words, 1):
        for phase in ("lowering", "bottom", "rising", "whole"):
            row = a_phase(number, phase, "right", knee_fall_mm=30.0 if letter != "n" else 1.0, knee_margin_min_mm=5.0)
            row.knee = of[letter]
            results.phases.append(row)
    return results


def test_evidence_counts_repetitions_and_pairs() -> None:
    (knee,) = knee_outcomes(with_knees("nspns", [0.0, 8.0, 9.0, 6.0, 2.0]))
    assert (knee.slight, knee.past) == ((2, 5), (3,))
    assert knee.pattern
    assert not knee_outcomes(with_knees("snnsnnns", [0.0] * 8))[0].pattern
    shift = next(one for one in knee.evidence if one.metric == "load_shift_mean_pct")
    assert (shift.beyond_in, shift.of_in, shift.beyond_out, shift.of_out) == (2, 3, 1, 2)
    assert (shift.larger, shift.pairs) == (5, 6)
    assert shift.sentence() == (
        "Load shifts to the right leg: beyond its limit in 2 of 3 repetitions with the knee in and in 1 of 2 others; larger "
        "with the knee in in 5 of 6 pairs"
    )
    assert knee.sentence() == (
        "The right knee came in in 3 of 5 repetitions (2, 3, 5), past the foot's inner edge in 1; most while lowering, by 30 "
        "mm in the median of these"
    )


def test_equal_values_count_half_and_without_others_there_are_no_pairs() -> None:
    (knee,) = knee_outcomes(with_knees("ns", [3.0, 3.0]))
    shift = next(one for one in knee.evidence if one.metric == "load_shift_mean_pct")
    assert (shift.larger, shift.pairs) == (0.5, 1)
    (knee,) = knee_outcomes(with_knees("ss", [3.0, 8.0]))
    shift = next(one for one in knee.evidence if one.metric == "load_shift_mean_pct")
    assert (shift.beyond_in, shift.of_in, shift.of_out, shift.pairs) == (1, 2, 0, 0)
    assert shift.sentence() == "Load shifts to the right leg: beyond its limit in 1 of 2 repetitions with the knee in"


def test_without_markers_nothing_is_said_of_knees() -> None:
    assert knee_outcomes(squatted([1.0, 2.0])) == []
