"""What the terminal says of the repetitions of a session: what the knees did, each set in a line, and a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from processing.findings.knees import knee_outcomes
from ui.report.tables.repetition_table import OF_REPETITION, repetition_table, shown_columns

if TYPE_CHECKING:
    from processing.results import Results

MOST = 20
"""So many repetitions are told one by one."""


def session_lines(results: Results, table: bool = True) -> list[str]:
    """Return the lines: each knee that markers show with the evidence of force and EMG, the sets, and the table."""
    said = []
    for knee in knee_outcomes(results):
        said.append(f"{knee.sentence()}.")
        said += [f"  {evidence.sentence()}." for evidence in knee.evidence]
    return said + sets_in_words(results) + (table_in_words(results) if table else [])


def table_in_words(results: Results, most: int | None = MOST) -> list[str]:
    """Return the table of repetitions in lines of one width: `most` of a long session, and how many more there are."""
    rows = [row for row in repetition_table(results) if row.number]
    if not rows:
        return []
    titles = ["rep.", "at", *(title for title, _ in shown_columns(results)), "doubt"]
    table = [titles, *([str(row.number), row.at, *row.cells, row.doubt] for row in rows[:most])]
    widths = [max(len(line[k]) for line in table) for k in range(len(titles))]
    said = ["  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in table]
    more = len(rows) - len(rows[:most])
    return said + ([f"... and {more} more, in the report and the CSV."] if more else [])


def sets_in_words(results: Results) -> list[str]:
    """Say in a line for each set how many repetitions it has, how deep and fast they are, and how much that varies."""
    varies = {(row.set, row.phase, row.side, row.column): row for row in results.variability}
    said = []
    for number in dict.fromkeys(row.set for row in results.repetitions):
        count = sum(row.set == number for row in results.repetitions)
        line = f"Set {number}: {count} repetition{'s' if count > 1 else ''}"
        told = [varies.get((number, OF_REPETITION, "both", column)) for column in ("depth_m", "lowering_s", "rising_s")]
        words = ("{:.2f} m deep", "down in {:.1f} s", "up in {:.1f} s")
        parts = [f"{how.format(one.mean)} (CV {one.cv_pct:.0f} %)" for how, one in zip(words, told, strict=True) if one]
        said.append(f"{', '.join([line, *parts])}.")
    return said
