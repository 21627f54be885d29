"""Repetitions as CSV: what a spreadsheet reads is what was computed."""

from __future__ import annotations

import csv
import math
from dataclasses import fields, replace

import pytest

from processing.repetition.muscles import MuscleResult
from processing.repetition.table import PHASES, PhaseResult, RepetitionResult
from tests.support.repetitions import a_phase, squatted
from ui.report.tables.repetition_csv import CsvError, write


def test_every_row_and_column_is_read_back(tmp_path):
    results = squatted([1.0, 2.5, -3.25])
    write(results, tmp_path / "r.csv")
    with (tmp_path / "r.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == len(results.phases) == 12
    of_number = {row.number: row for row in results.repetitions}
    for row, phase in zip(rows, results.phases, strict=True):
        told = {field.name: getattr(phase, field.name) for field in fields(PhaseResult)}
        repetition = of_number[phase.repetition]
        told |= {f.name: getattr(repetition, f.name) for f in fields(RepetitionResult) if f.name not in ("number", "set")}
        assert set(row) == {"recording", *told}
        for name, value in told.items():
            if isinstance(value, float):
                assert row[name] == "" if math.isnan(value) else float(row[name]) == pytest.approx(value)
            else:
                assert row[name] == str(value)


def test_each_muscle_has_its_columns_in_the_rows_of_its_side(tmp_path):
    muscle = MuscleResult(2, 1, "left", "VL", 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, -0.05)
    rows = [a_phase(2, phase, side) for phase in PHASES for side in ("left", "right")]
    write(replace(squatted([1.0, 2.0]), phases=rows, muscles=[muscle]), tmp_path / "r.csv")
    with (tmp_path / "r.csv").open(newline="") as lines:
        told = {(row["phase"], row["side"]): row for row in csv.DictReader(lines)}
    columns = ("VL_mean_pct", "VL_peak_pct", "VL_onset_s")
    assert [told["lowering", "left"][name] for name in columns] == ["10", "20", ""]
    assert [told["rising", "left"][name] for name in columns] == ["50", "60", ""]
    assert [told["whole", "left"][name] for name in columns] == ["", "", "-0.05"]
    assert [told["rising", "right"][name] for name in columns] == ["", "", ""]


def test_without_repetitions_there_are_columns_alone_and_nothing_is_overwritten(tmp_path):
    write(squatted([]), tmp_path / "r.csv")
    assert len((tmp_path / "r.csv").read_text().splitlines()) == 1
    with pytest.raises(CsvError, match="exists already"):
        write(squatted([]), tmp_path / "r.csv")
    with pytest.raises(CsvError, match="can't be written"):
        write(squatted([]), tmp_path / "none" / "r.csv")
