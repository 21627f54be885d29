"""Tables for statistics: a row for each repetition over any number of recordings, with whose it is and how it was computed.

Whose it is comes from the file of the session in whose folder a recording lies; elsewhere lifter, condition and load are empty.
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import fields
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from acquisition.recording import is_recording, recordings_in
from acquisition.storage.disk import write_whole
from acquisition.storage.hdf5_text import name_of
from hardware.errors import SquatscopeError
from processing.batch import as_recorded, reprocess
from processing.repetition.table import PhaseResult, RepetitionResult
from processing.results import Results, settings_sha256
from processing.screening.guided.session_file import NAME, read_session, try_of
from processing.screening.recorded_sets import results_of_try

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from processing.repetition.muscles import MuscleResult
    from processing.screening.guided.session_file import Session, Try

Row = dict[str, str | int | float]
PARQUET = ".parquet"
_EXISTS = "{} exists already, and nothing is ever overwritten; give another name."
_OF_REPETITION = tuple(field.name for field in fields(RepetitionResult))
_OF_PHASE = tuple(field.name for field in fields(PhaseResult) if field.name not in ("repetition", "set", "phase", "side"))


class TableError(SquatscopeError):
    """A table can't be made or written; the text is a full sentence."""


def files_in(paths: Sequence[Path]) -> list[Path]:
    """Return the files that paths name: of a folder the recordings in it and below, and where there are none, the results.

    Of a session those of its sets that count.
    """
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        found += [file for file in recordings_in(path) if _counts(file)] or sorted(path.rglob("*.metrics.h5"))
    if not found:
        raise TableError(f"There is no recording in {', '.join(map(str, paths))}.")
    return list(dict.fromkeys(found))


def _counts(file: Path) -> bool:
    """Return whether a recording is a set that counts in its session, or of no session."""
    if not (file.parent / NAME).exists():
        return True
    try:
        session = read_session(file.parent)
    except SquatscopeError:  # told where its rows are asked for
        return True
    return any(one.recording == file.name for one in session.counting())


def rows_of(path: Path) -> list[Row]:
    """Return a row for each repetition of a recording, or of a file of results; raises SquatscopeError for any other file."""
    if not is_recording(path):
        return [row | {"software_version": ""} for row in rows_from(Results.read(path))]  # whose it was is not in them
    found = try_of(path)
    if found is None:
        return rows_from(reprocess(path))
    return rows_from(results_of_try(path.parent, *found, as_recorded), name_of(path.parent), *found)


def rows_from(results: Results, folder: str = "", session: Session | None = None, one: Try | None = None) -> list[Row]:
    """Return a row for each repetition of results, with whose it is, where they are of a try of a session in a folder."""
    whose: Row = {"lifter": "", "session": "", "condition": "", "bar_kg": math.nan, "order": 0, "set_rating": ""}
    if session is None or one is None:
        return _rows(results, whose)
    whose |= {"lifter": session.lifter, "session": folder, "condition": one.condition, "order": one.number}
    whose |= {"bar_kg": math.nan if one.bar_kg is None else one.bar_kg, "set_rating": one.rating}
    return [row | {"rating": one.ratings.get(int(row["number"]), "")} for row in _rows(results, whose)]


def _rows(results: Results, whose: Row) -> list[Row]:
    computed: Row = {
        "recording": results.recording,
        "recording_uuid": results.recording_uuid,
        "created_utc": results.created_utc,
        "settings_sha256": settings_sha256(results.rig),
        "software_version": version("squatscope"),
        "body_weight_N": results.body_weight_N,
    }
    rows = []
    phases: dict[int, list[PhaseResult]] = {}
    for phase in results.phases:
        phases.setdefault(phase.repetition, []).append(phase)
    muscles: dict[int, list[MuscleResult]] = {}
    for muscle in results.muscles:
        muscles.setdefault(muscle.repetition, []).append(muscle)
    for repetition in results.repetitions:
        row = whose | computed | {name: getattr(repetition, name) for name in _OF_REPETITION}
        for phase in phases.get(repetition.number, []):
            where = f"{phase.phase}_{phase.side}"
            row |= {f"{where}_{name}": getattr(phase, name) for name in _OF_PHASE}
        for muscle in muscles.get(repetition.number, []):
            row[f"onset_{muscle.side}_{muscle.muscle}_s"] = muscle.onset_s
        rows.append(row)
    return rows


def table_of(paths: Iterable[Path], failed: Callable[[Path, SquatscopeError], None]) -> tuple[list[str], list[Row]]:
    """Return the columns of a table, those that are known nowhere left out, and its rows, file by file.

    A file that can't be read is handed to `failed`, and the others go on.
    """
    rows: list[Row] = []
    for path in paths:
        try:
            rows += rows_of(path)
        except SquatscopeError as error:
            failed(path, error)
    names = dict.fromkeys(name for row in rows for name in row)
    return [name for name in names if any(_known(row.get(name, math.nan)) for row in rows)], rows


def _known(value: str | float) -> bool:
    return value == value and value != ""


def refuse_existing(path: Path) -> None:
    """Raise TableError where something is at a path already."""
    if path.exists():
        raise TableError(_EXISTS.format(path))


def write_table(columns: Sequence[str], rows: Sequence[Row], path: Path) -> None:
    """Write a table as CSV, or as Parquet where the name ends so; raises TableError where it can't be, or the file exists."""
    content = _parquet(columns, rows) if path.suffix == PARQUET else _csv(columns, rows)
    try:
        write_whole(path, content)
    except FileExistsError:
        raise TableError(_EXISTS.format(path)) from None
    except OSError as error:
        raise TableError(f"The table {path} can't be written: {error.strerror}.") from error


def _csv(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([cell(row.get(name, "")) for name in columns] for row in rows)
    return text.getvalue().encode()


def cell(value: str | float) -> str:
    """Return a value as CSV has it: nine digits, and nothing where it is unknown."""
    return "" if not _known(value) else f"{value:.9g}" if isinstance(value, float) else str(value)


def arrow_packages() -> tuple[Any, Any]:
    """Return pyarrow and its Parquet; raises TableError where it is not installed."""
    try:
        return import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError:
        raise TableError(
            "Parquet needs the package pyarrow: install it with 'pip install squatscope[tables]', or write a .csv."
        ) from None


def _parquet(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    arrow, parquet = arrow_packages()
    made = arrow.table({name: _column([row.get(name) for row in rows]) for name in columns})
    sink = arrow.BufferOutputStream()
    parquet.write_table(made, sink)
    return bytes(sink.getvalue().to_pybytes())


def _column(values: list[str | int | float | None]) -> list[object]:
    """Return a column as Parquet has it: what is unknown is no value, and numbers are of one kind."""
    floats = any(isinstance(value, float) for value in values)
    return [None if value is None or not _known(value) else float(value) if floats and not isinstance(value, str) else value
            for value in values]  # fmt: skip
