"""The table of muscles in the report."""

from __future__ import annotations

from dataclasses import replace

from processing.repetition.muscles import MuscleResult
from tests.support.repetitions import squatted
from ui.report.tables.muscle_table import MuscleLine, muscle_table

NAN = float("nan")


def a_muscle(number: int, muscle: str, side: str, mean_pct: float, onset_s: float) -> MuscleResult:
    return MuscleResult(number, 1, side, muscle, mean_pct, NAN, NAN, NAN, 2.0 * mean_pct, NAN, onset_s)


def test_a_line_for_each_muscle_and_side_of_a_set():
    rows = [a_muscle(n, "VL", "left", 30.0 + n, 0.1 * n) for n in range(1, 5)]
    rows += [a_muscle(n, "BF", "right", NAN, NAN) for n in range(1, 5)]
    results = replace(squatted([0.0] * 4), muscles=rows)
    assert muscle_table(results) == [
        MuscleLine(1, "VL", "left", "32 %MVC (CV 4 %)", "65 %MVC (CV 4 %)", "+0.25 s", "4 of 4"),
        MuscleLine(1, "BF", "right", "–", "–", "–", "0 of 4"),
    ]


def test_few_repetitions_and_doubtful_ones_say_little():
    results = squatted([0.0] * 3)
    doubted = [replace(row, doubt="shallow" if row.number == 3 else "") for row in results.repetitions]
    rows = [a_muscle(n, "VL", "left", 30.0, 0.1) for n in range(1, 4)]
    (line,) = muscle_table(replace(results, repetitions=doubted, muscles=rows))
    assert (line.lowering, line.onset, line.onsets) == ("30 %MVC", "–", "2 of 2")
    assert muscle_table(squatted([0.0])) == []
