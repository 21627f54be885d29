"""Repetitions as CSV: a row for each phase and side of each repetition, for spreadsheets and statistics."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import fields
from typing import TYPE_CHECKING

from acquisition.storage.disk import write_whole
from hardware.errors import SquatscopeError
from processing.repetition.table import WHOLE, PhaseResult, RepetitionResult

if TYPE_CHECKING:
    from pathlib import Path

    from processing.repetition.muscles import MuscleResult
    from processing.results import Results

_OF_REPETITION = tuple(field.name for field in fields(RepetitionResult) if field.name not in ("number", "set"))
_OF_PHASE = tuple(field.name for field in fields(PhaseResult))


class CsvError(SquatscopeError):
    """A table can't be written; the text is a full sentence."""


def write(results: Results, path: Path) -> None:
    """Write the table; raises CsvError where the file exists or can't be written.

    The first line has the columns' names, which end in their units and whose formulas are in `docs/metrics.md`; what is
    undefined is left empty. Each muscle of the session has its mean and peak in each phase, and its onset in the row of the
    whole repetition. Numbers have a point and all digits that they differ by.
    """
    text = io.StringIO(newline="")
    rows = csv.writer(text, lineterminator="\r\n")
    muscles = list(dict.fromkeys(row.muscle for row in results.muscles))
    of_muscles = [f"{muscle}_{number}" for muscle in muscles for number in ("mean_pct", "peak_pct", "onset_s")]
    rows.writerow(["recording", *_OF_PHASE, *of_muscles, *_OF_REPETITION])
    of_number = {row.number: row for row in results.repetitions}
    told = {(row.repetition, row.side, row.muscle): row for row in results.muscles}
    for phase in results.phases:
        repetition = of_number[phase.repetition]
        values = [getattr(phase, name) for name in _OF_PHASE]
        for muscle in muscles:
            values += _of_muscle(told.get((phase.repetition, phase.side, muscle)), phase.phase)
        values += [getattr(repetition, name) for name in _OF_REPETITION]
        rows.writerow([results.recording, *(_cell(value) for value in values)])
    try:
        write_whole(path, text.getvalue().encode())
    except FileExistsError:
        raise CsvError(f"{path} exists already, and nothing is ever overwritten; give another folder.") from None
    except OSError as error:
        raise CsvError(f"The table {path} can't be written: {error.strerror}.") from error


def _of_muscle(row: MuscleResult | None, phase: str) -> list[float]:
    """Return mean and peak of a muscle in a phase, and in the row of the whole repetition its onset."""
    if row is None:
        return [math.nan] * 3
    if phase == WHOLE:
        return [math.nan, math.nan, row.onset_s]
    return [getattr(row, f"{phase}_mean_pct"), getattr(row, f"{phase}_peak_pct"), math.nan]


def _cell(value: float | str) -> str:
    if isinstance(value, float):
        return "" if value != value else f"{value:.9g}"
    return str(value)
