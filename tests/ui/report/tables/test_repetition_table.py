"""The table of repetitions, and sets in a line each."""

from __future__ import annotations

from dataclasses import replace

from processing.repetition.variability import variability
from tests.support.repetitions import a_phase, a_repetition, squatted
from ui.report.tables.repetition_table import repetition_table, shown_columns


def with_sets():
    """Return results of a set of four repetitions, one of which is doubtful, and one of a single repetition."""
    rows = [a_repetition(n, depth_m=0.4 + 0.01 * n, doubt="shallow" if n == 4 else "") for n in range(1, 5)]
    rows.append(a_repetition(5, 2))
    phases = [a_phase(row.number, "whole", "both", row.set, load_shift_mean_pct=2.0 + row.number) for row in rows]
    return replace(squatted([]), repetitions=rows, phases=phases, variability=variability(rows, phases))


def test_each_repetition_has_a_line_and_each_set_what_varies():
    lines = repetition_table(with_sets())
    assert [(line.set, line.number, line.what) for line in lines] == [
        *((1, n, "") for n in range(1, 5)),
        (1, 0, "CV"),
        (1, 0, "clear change"),
        (2, 5, ""),
    ]
    titles = [title for title, _ in shown_columns(with_sets())]
    assert lines[0].cells[titles.index("depth")] == "0.410 m"
    assert lines[0].cells[titles.index("load shift")] == "+3.0 %"
    assert not {"Q:H, left", "knee, left"} & set(titles)
    assert lines[3].doubt == "shallow"
    assert lines[4].cells[titles.index("depth")] == "2 %"
    assert lines[4].cells[titles.index("load shift")] == ""


def test_what_is_known_of_one_side_alone_has_its_columns_for_both():
    results = with_sets()
    row = a_phase(1, "whole", "right", 1, qh_ratio=2.0)
    row.knee = "slight"
    results.phases.append(row)
    titles = [title for title, _ in shown_columns(results)]
    line = repetition_table(results)[0]
    assert line.cells[titles.index("Q:H, left")] == "–"
    assert line.cells[titles.index("Q:H, left") + 1] == "2.00"
    assert (line.cells[titles.index("knee, left")], line.cells[titles.index("knee, left") + 1]) == ("–", "slight")
