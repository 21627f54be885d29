"""Rows of numbers in text, read in chunks of lines; lines that hold no whole row are told, and not guessed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from acquisition.caveat import Caveat
from acquisition.formats.signal_file import SignalFileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from hardware.arrays import Floats

CHUNK_ROWS = 50_000
MOST_BAD = 0.01


@dataclass(frozen=True, slots=True)
class RowForm:
    """How rows are written: how many `columns` there are, and which of them, from 0, are read as numbers.

    With `decimal_comma`, commas with a space after them part columns, and others are decimal points.
    """

    columns: int
    read: tuple[int, ...]
    separator: str = ","
    decimal_comma: bool = False


@dataclass(frozen=True, slots=True)
class RowChunk:
    """Whole rows that follow each other: their numbers (rows, columns read), and their lines.

    `bad` are the numbers of lines that hold none, among `count` lines.
    """

    table: Floats
    lines: list[str]
    bad: list[int]
    count: int


def row_chunks(lines: Iterable[str], form: RowForm, number: int) -> Iterator[RowChunk]:
    """Read rows from lines, of which the first has this number in its file."""
    lines = iter(lines)
    last_counts = form.columns - 1 in form.read  # then it may be cut off, where its line is not ended
    while chunk := list(islice(lines, CHUNK_ROWS)):
        if form.decimal_comma:
            chunk = [line.replace(", ", "\t").replace(",", ".").replace("\t", ",") for line in chunk]
        at = [
            k
            for k, line in enumerate(chunk)
            if line.rstrip("\r\n").rstrip("\t").count(form.separator) + 1 == form.columns
            and (line[-1:] == "\n" or not last_counts)
        ]
        try:
            table = _table(chunk, at, form)
        except ValueError:
            at = [k for k in at if _has_numbers(chunk[k], form)]
            table = _table(chunk, at, form)
        bad = [number + k for k in sorted(set(range(len(chunk))) - set(at)) if chunk[k].strip()]
        yield RowChunk(table, [chunk[k] for k in at], bad, len(chunk))
        number += len(chunk)


def lines_not_read(path: Path, about: str, bad: list[int], lines: int, columns: int) -> list[Caveat]:
    """Return that lines hold no row; raises SignalFileError where they are too many to be accidents."""
    if not bad:
        return []
    if len(bad) > 1 + MOST_BAD * lines:
        raise SignalFileError(f"{path} has {len(bad)} lines that are no rows of {columns} numbers, the first is line {bad[0]}.")
    sentence = f"{len(bad)} lines of {path.name} are no rows of numbers, the first is line {bad[0]}; they count as lost."
    return [Caveat("lines_not_read", about, {"lines": float(len(bad)), "first_line": float(bad[0])}, sentence)]


def is_number(cell: str) -> bool:
    """Return whether a cell holds a number; NaN is one, and what Python alone takes for one is none."""
    if "_" in cell or not cell.isascii():
        return False
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _has_numbers(line: str, form: RowForm) -> bool:
    cells = line.split(form.separator)
    return all(is_number(cells[column]) for column in form.read)


def _table(lines: list[str], at: list[int], form: RowForm) -> Floats:
    """Return the numbers of the lines at these positions; raises ValueError where one holds none."""
    if not at:
        return np.empty((0, len(form.read)))
    rows = [lines[k] for k in at]
    return np.loadtxt(rows, delimiter=form.separator, usecols=form.read, ndmin=2, comments=None)
