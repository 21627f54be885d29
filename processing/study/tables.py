"""The tables of a study: every repetition, the answer of every session, every failure; piece by piece, whatever their size."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

from processing.screening.answers import headline
from processing.screening.triage import triage
from processing.study.outcomes import printable
from processing.tables import PARQUET, arrow_packages, cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from processing.study.folder import StudyFolder
    from processing.study.outcomes import Done, Failed
    from processing.study.plan import PlannedSession

Cells = dict[str, str | int | float | None]

PIECE_ROWS = 1000
"""So many repetitions are in memory at a time."""
GROUP_PIECES = 20
"""So many pieces are a row group of Parquet: of smaller ones its list of columns would outgrow the numbers."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A session with the answer of its triage; `missing`: its sets that are not done, without which there is none."""

    folder: str
    lifter: str
    created_utc: str
    sets: int
    state: str
    basis: str
    causes: str
    answer: str
    missing: str = ""


def answers(folder: StudyFolder, sessions: Iterable[PlannedSession], done: Mapping[str, Done]) -> Iterator[Answered]:
    """Yield the answer of each session; one of which a set is not done has none, since it would be that of fewer sets."""
    for planned in sessions:
        session = planned.session
        lacking = [printable(name.rpartition("/")[2]) for name in planned.sets if name not in done]
        bodies = [] if lacking else [folder.body(name) for name in planned.sets]
        sets = [body.outcome for body in bodies if body.outcome is not None]
        settings = next((body.triage for body in bodies if body.triage is not None), None)
        whose = printable(planned.folder), session.lifter, session.created_utc, len(planned.sets)
        if settings is None:
            why = f"Can't be told, as {len(lacking)} of {len(planned.sets)} sets failed." if lacking else "No set of it counts."
            yield Answered(*whose, "", "", "", why, " ".join(lacking))
            continue
        told = triage(sets, settings)
        causes = "; ".join(" ".join(filter(None, (one.cause, one.muscle, one.side))) for one in told.causes)
        yield Answered(*whose, told.state, told.basis, causes, headline(told))


def table_rows(folder: StudyFolder, done: Sequence[Done]) -> Iterator[Cells]:
    """Yield a row for each repetition, with the way of its recording from the study's folder."""
    for one in done:
        for row in folder.body(one.name).rows:
            yield {"file": printable(one.name), **row}


def write_repetitions(folder: StudyFolder, done: Sequence[Done], path: Path) -> int:
    """Write the table of all repetitions, CSV or Parquet by its name; return how many there are. Raises TableError, OSError.

    It is read twice, once for its columns: those that nobody knows in any repetition are left out.
    """
    kinds: dict[str, type] = {}
    count = 0
    for row in table_rows(folder, done):
        count += 1
        for name, value in row.items():
            if value is not None:
                kinds[name] = float if float in (kinds.get(name), type(value)) else type(value)
            else:
                kinds.setdefault(name, type(None))
    kinds = {name: kind for name, kind in kinds.items() if kind is not type(None)}
    pieces = _pieces(table_rows(folder, done))
    if path.suffix == PARQUET:
        _write_parquet(kinds, pieces, path)
        return count
    with path.open("x", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(kinds)
        for piece in pieces:
            writer.writerows([_cell(row.get(name)) for name in kinds] for row in piece)
    return count


def write_rows(columns: Sequence[str], rows: Iterable[Sequence[object]], path: Path) -> None:
    """Write a small table as CSV; raises OSError."""
    with path.open("x", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(columns)
        writer.writerows(rows)


def failure_rows(failed: Iterable[Failed]) -> list[tuple[str, str]]:
    """Return each failure with its reason, by name."""
    return sorted((printable(one.name), printable(one.why)) for one in failed)


def _pieces(rows: Iterable[Cells]) -> Iterator[list[Cells]]:
    piece: list[Cells] = []
    for row in rows:
        piece.append(row)
        if len(piece) == PIECE_ROWS:
            yield piece
            piece = []
    if piece:
        yield piece


def _write_parquet(kinds: Mapping[str, type], pieces: Iterable[list[Cells]], path: Path) -> None:
    arrow, parquet = arrow_packages()
    types = {str: arrow.string(), int: arrow.int64(), float: arrow.float64(), bool: arrow.bool_()}
    schema = arrow.schema([(name, types[kind]) for name, kind in kinds.items()])
    group = []
    with parquet.ParquetWriter(path, schema) as writer:
        for piece in pieces:
            columns = [arrow.array([_as(kind, row.get(name)) for row in piece], types[kind]) for name, kind in kinds.items()]
            group.append(arrow.table(columns, schema=schema))
            if len(group) == GROUP_PIECES:
                writer.write_table(arrow.concat_tables(group))
                group = []
        if group:
            writer.write_table(arrow.concat_tables(group))


def _cell(value: str | float | None) -> str:
    return "" if value is None else cell(value)


def _as(kind: type, value: object) -> object:
    return float(value) if kind is float and isinstance(value, int) else value
