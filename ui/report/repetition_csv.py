"""Repetitions as CSV: a row for each phase and side of each repetition, for spreadsheets and statistics."""

from __future__ import annotations

import csv
import io
from dataclasses import fields
from typing import TYPE_CHECKING

from acquisition.disk import write_whole
from hardware.errors import SquatscopeError
from processing.repetition.table import PhaseResult, RepetitionResult

if TYPE_CHECKING:
    from pathlib import Path

    from processing.results import Results

_OF_REPETITION = tuple(field.name for field in fields(RepetitionResult) if field.name not in ("number", "set"))
_OF_PHASE = tuple(field.name for field in fields(PhaseResult))


class CsvError(SquatscopeError):
    """A table can't be written; the text is a full sentence."""


def write(results: Results, path: Path) -> None:
    """Write the table; raises CsvError where the file exists or can't be written.

    The first line has the columns' names, which end in their units and whose formulas are in `docs/metrics.md`; what is
    undefined is left empty. Numbers have a point and all digits that they differ by.
    """
    text = io.StringIO(newline="")
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(["recording", *_OF_PHASE, *_OF_REPETITION])
    of_number = {row.number: row for row in results.repetitions}
    for phase in results.phases:
        repetition = of_number[phase.repetition]
        values = [getattr(phase, name) for name in _OF_PHASE] + [getattr(repetition, name) for name in _OF_REPETITION]
        rows.writerow([results.recording, *(_cell(value) for value in values)])
    try:
        write_whole(path, text.getvalue().encode())
    except FileExistsError:
        raise CsvError(f"{path} exists already, and nothing is ever overwritten; give another folder.") from None
    except OSError as error:
        raise CsvError(f"The table {path} can't be written: {error.strerror}.") from error


def _cell(value: float | str) -> str:
    if isinstance(value, float):
        return "" if value != value else f"{value:.9g}"
    return str(value)
