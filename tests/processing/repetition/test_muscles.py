"""Rows of muscles, against plain numpy over the same frames."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from acquisition.rig import SIDES
from processing.emg.filters import envelope_delay_s
from processing.repetition.columns import OF_MUSCLE
from processing.repetition.muscles import MuscleResult, muscle_rows
from processing.repetition.table import Frames, bounds_s
from sim.lifter.people import someone
from tests.support.rigs import example_with
from tests.support.sessions import analysed, lifted


@pytest.fixture(scope="module")
def results():
    lifter = someone(4)
    rig = example_with(foot=[{"side": side, "toe_out_deg": lifter.toe_out_deg} for side in SIDES])
    return analysed(rig, lifted(rig, lifter, lifter.plan.end_s + 2.0))


def test_every_number_has_a_formula():
    whose = ("repetition", "set", "side", "muscle")
    assert (*whose, *OF_MUSCLE) == tuple(field.name for field in fields(MuscleResult))


def test_each_muscle_has_a_row_in_each_repetition_with_its_means_and_peaks(results):
    electrodes = [e for e in results.rig.emg if e.muscle != "other"]
    assert len(results.muscles) == len(electrodes) * len(results.repetitions)
    assert [(row.side, row.muscle) for row in results.muscles[: len(electrodes)]] == [(e.side, e.muscle) for e in electrodes]
    lag_s = envelope_delay_s(results.rig.emg_processing, 2000.0)
    table = results.tables["emg.emg"]
    for row in results.muscles:
        of = results.repetitions[row.repetition - 1]
        values = table.column(f"activation_{row.side}_{row.muscle}_pct")
        for phase in ("lowering", "bottom", "rising"):
            start_s, end_s = (at_s + lag_s for at_s in bounds_s(of)[phase])
            inside = values[(table.time_s > start_s) & (table.time_s <= end_s)]
            assert getattr(row, f"{phase}_mean_pct") == pytest.approx(inside.mean())
            assert getattr(row, f"{phase}_peak_pct") == pytest.approx(inside.max())


def test_muscles_begin_within_the_repetition_that_they_belong_to(results):
    onsets = np.array([row.onset_s for row in results.muscles if row.muscle in ("VL", "VM")])
    assert np.isfinite(onsets).mean() > 0.5
    known = onsets[np.isfinite(onsets)]
    assert known.min() > -0.5
    assert known.max() < 1.5


def test_without_repetitions_or_emg_there_are_no_rows(results):
    force = Frames(("standing_s",), np.zeros(2), np.zeros((2, 1)), 0.0)
    assert muscle_rows([], results.rig.emg, force, []) == []
    assert muscle_rows(results.repetitions, results.rig.emg, force, []) == []
