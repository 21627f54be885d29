"""What the terminal says of the repetitions of a session."""

from __future__ import annotations

from dataclasses import replace

from processing.repetition.variability import variability
from tests.support.repetitions import a_phase, a_repetition, squatted
from ui.report.session_lines import session_lines, table_in_words


def test_each_set_has_a_line():
    rows = [a_repetition(n, depth_m=0.4 + 0.01 * n, doubt="shallow" if n == 4 else "") for n in range(1, 5)]
    rows.append(a_repetition(5, 2))
    results = replace(squatted([]), repetitions=rows, variability=variability(rows, []))
    assert session_lines(results)[:2] == [
        "Set 1: 4 repetitions, 0.42 m deep (CV 2 %), down in 1.5 s (CV 0 %), up in 1.5 s (CV 0 %).",
        "Set 2: 1 repetition.",
    ]
    assert session_lines(squatted([])) == []


def test_a_knee_that_came_in_has_a_line_and_so_has_what_went_with_it():
    results = squatted([1.0, 8.0])
    for number, word in ((1, "none"), (2, "slight")):
        row = a_phase(number, "whole", "right", knee_fall_mm=15.0)
        row.knee = word
        results.phases.append(row)
    lines = session_lines(results)
    assert lines[0].startswith("The right knee came in in 1 of 2 repetitions (2)")
    assert lines[1].startswith("  Load shifts to the right leg: beyond its limit in 1 of 1")
    assert lines[-4].startswith("Set 1: 2 repetitions")
    assert lines[-3].split()[:3] == ["rep.", "at", "depth"]
    assert lines[-1].split()[:3] == ["2", "9.0", "s"]
    assert lines[-1].endswith("slight")


def test_a_long_session_tells_its_first_repetitions_one_by_one():
    lines = table_in_words(squatted([1.0] * 23))
    assert len(lines) == 1 + 20 + 1
    assert lines[-1] == "... and 3 more, in the report and the CSV."
    assert len({line.index("m ") for line in lines[1:21] if "m " in line}) == 1, "columns stand below each other"
    assert table_in_words(squatted([])) == []
