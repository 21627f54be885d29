"""The table of repetitions as the report shows it: a line for each, and what varies over each set."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from processing.repetition.variability import VariabilityResult
    from processing.results import Results

NAN = math.nan
OF_REPETITION, WHOLE = "repetition", "whole"
REPETITION_COLUMNS: tuple[tuple[str, tuple[str, str, str, str]], ...] = (
    ("depth", (OF_REPETITION, "both", "depth_m", "{:.3f} m")),
    ("lowering", (OF_REPETITION, "both", "lowering_s", "{:.2f} s")),
    ("pause", (OF_REPETITION, "both", "pause_s", "{:.2f} s")),
    ("rising", (OF_REPETITION, "both", "rising_s", "{:.2f} s")),
    ("fastest up", (OF_REPETITION, "both", "rising_peak_m_s", "{:.2f} m/s")),
    ("load shift", (WHOLE, "both", "load_shift_mean_pct", "{:+.1f} %")),
    ("screws, left", (WHOLE, "left", "free_moment_mean_Nm", "{:.1f} N m")),
    ("right", (WHOLE, "right", "free_moment_mean_Nm", "{:.1f} N m")),
    ("Q:H, left", (WHOLE, "left", "qh_ratio", "{:.2f}")),
    ("right", (WHOLE, "right", "qh_ratio", "{:.2f}")),
    ("knee, left", (WHOLE, "left", "knee", "{}")),
    ("right", (WHOLE, "right", "knee", "{}")),
)
"""Titles, and where in results their numbers are: phase, side, column, how they are written."""
Column = tuple[str, tuple[str, str, str, str]]


@dataclass(frozen=True, slots=True)
class Line:
    """A line: a repetition, or with `number` 0 `what` is told of a set."""

    set: int
    number: int
    what: str
    at: str
    cells: tuple[str, ...]
    doubt: str


def shown_columns(results: Results) -> list[Column]:
    """Return the columns of the table, those of pairs left out of which nothing is known on either side."""
    known = {name for row in results.phases for name in ("qh_ratio", "knee") if getattr(row, name) == getattr(row, name) != ""}
    return [column for column in REPETITION_COLUMNS if column[1][2] not in ("qh_ratio", "knee") or column[1][2] in known]


def repetition_table(results: Results) -> list[Line]:
    """Return the lines of the table, each set's with its CVs and smallest changes below."""
    columns = shown_columns(results)
    told = {(row.repetition, row.phase, row.side): row for row in results.phases}
    varies = {(row.set, row.phase, row.side, row.column): row for row in results.variability}
    lines = []
    for number in dict.fromkeys(row.set for row in results.repetitions):
        for row in results.repetitions:
            if row.set == number:
                cells = tuple(
                    _written(getattr(row if phase == OF_REPETITION else told.get((row.number, phase, side)), column, NAN), how)
                    for _, (phase, side, column, how) in columns
                )
                doubt = ", ".join(filter(None, (row.doubt, f"{row.edited} by hand" if row.edited else "")))
                lines.append(Line(number, row.number, "", f"{row.start_s:.1f} s", cells, doubt))
        lines += _of_set(number, varies, columns)
    return lines


def _of_set(
    number: int, varies: dict[tuple[int, str, str, str], VariabilityResult], columns: Sequence[Column]
) -> Iterator[Line]:
    found = [varies.get((number, phase, side, column)) for _, (phase, side, column, _) in columns]
    if not any(found):
        return
    cvs = tuple("" if one is None or one.column == "load_shift_mean_pct" else _written(one.cv_pct, "{:.0f} %") for one in found)
    hows = [how.replace("+", "") for _, (_, _, _, how) in columns]
    changes = tuple("" if one is None else _written(one.smallest_change, how) for one, how in zip(found, hows, strict=True))
    yield Line(number, 0, "CV", "", cvs, "")
    yield Line(number, 0, "clear change", "", changes, "")


def _written(value: float | str, how: str) -> str:
    return "–" if value in ("", math.inf) or value != value else how.format(value)
