"""The layout of a table in a text file: what separates its columns, its decimal mark, and where its numbers begin."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from acquisition.formats.signal_file import SignalFileError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acquisition.formats.import_map import MapTable
    from acquisition.formats.text.lines import Head

Delimiter = Literal["tab", "comma", "semicolon", "space"]
Decimal = Literal["point", "comma"]
SEPARATORS: dict[Delimiter, str] = {"tab": "\t", "semicolon": ";", "comma": ",", "space": r"\s+"}
MARKS: dict[Decimal, str] = {"point": ".", "comma": ","}
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?$")
MISSING = frozenset(
    {"", "nan", "-nan", "na", "n/a", "null", "none", "inf", "-inf", "+inf", "infinity", "-", "--", "#n/a", "#nv"}
)
MOSTLY = 0.9


@dataclass(frozen=True)
class Layout:
    """Where the numbers of a table stand: the line of the first ones, from 0, how many columns there are, which are numbers.

    `rows` are those of the lines that were looked at.
    """

    delimiter: Delimiter
    decimal: Decimal
    first: int
    columns: int
    numeric: tuple[int, ...]
    rows: int

    def cells(self, line: str) -> list[str]:
        """Return the cells of a line."""
        return split(line, self.delimiter)

    @cached_property
    def score(self) -> float:
        """How well the layout explains the lines: columns of numbers, less those of text."""
        return len(self.numeric) - 2.0 * (self.columns - len(self.numeric))


def split(line: str, delimiter: Delimiter) -> list[str]:
    """Return the cells of a line, without spaces around them."""
    if delimiter == "space":
        return line.split()
    separator = SEPARATORS[delimiter]
    cells = next(csv.reader([line], delimiter=separator, skipinitialspace=True), []) if '"' in line else line.split(separator)
    return [cell.strip() for cell in cells]


def is_number(cell: str, decimal: Decimal) -> bool:
    """Return whether a cell is a number, with this decimal mark."""
    if decimal == "comma":
        cell = "x" if "." in cell else cell.replace(",", ".")
    return bool(NUMBER.match(cell))


def layout_of(head: Head, said: MapTable) -> Layout:
    """Return the layout of the table that a file ends with; raises SignalFileError where it has none, or none that is sure."""
    if head.lines and head.lines[-1].strip() == "":
        head.lines[:] = "\n".join(head.lines).rstrip().split("\n")
    found: list[Layout] = []
    for delimiter in SEPARATORS if said.delimiter is None else (said.delimiter,):
        for decimal in MARKS if said.decimal is None else (said.decimal,):
            if (delimiter, decimal) != ("comma", "comma") or any('"' in line for line in head.lines):
                layout = _layout(head.lines, delimiter, decimal)
                found += [layout] if layout is not None else []
    if not found:
        raise SignalFileError(
            f"{head.path} has no table of numbers: no two lines after each other have numbers in the same columns."
        )
    best = max(found, key=lambda layout: layout.score)
    above = best.cells(head.lines[best.first - 1]) if best.first else []
    cells = [above[column] for column in best.numeric if column < len(above)]
    bad = [cell for cell in cells if not is_number(cell, best.decimal) and cell.lower() not in MISSING]
    if cells and is_number(cells[0], best.decimal) and len(bad) <= len(best.numeric) / 2 and bad:
        raise SignalFileError(f"{head.path}, line {best.first}, has {bad[0][:40]!r} where a number should be.")
    body = head.lines[best.first :]
    if (
        best.delimiter == "comma"
        and best.columns == 2
        and all(re.fullmatch(r"\s*[+-]?\d+,\d+\s*", line) for line in body)
        and not _has_labels(head.lines[: best.first], best)
        and said.delimiter is None
    ):
        raise SignalFileError(
            f"In {head.path} a comma may separate two columns or be a decimal mark; say it in a map file: "
            'table = { decimal = "comma" } or table = { delimiter = "comma" }.'
        )
    return best


def _has_labels(lines: Sequence[str], layout: Layout) -> bool:
    return bool(lines) and len([cell for cell in layout.cells(lines[-1]) if cell]) == layout.columns


def _layout(lines: Sequence[str], delimiter: Delimiter, decimal: Decimal) -> Layout | None:
    rows = [split(line, delimiter) for line in lines]
    last = rows[len(rows) // 2 :]
    if len(last) > 2:
        last = last[:-1]  # the last line of a file may be cut off
    last = [cells for cells in last if any(is_number(cell, decimal) for cell in cells)]
    counts = Counter(len(cells) for cells in last)
    if not counts:
        return None
    columns = counts.most_common(1)[0][0]
    whole = [cells for cells in last if len(cells) == columns]
    numeric = []
    text = 0
    for column in range(columns):
        cells = [row[column] for row in whole]
        numbers = sum(is_number(cell, decimal) for cell in cells)
        missing = sum(cell.lower() in MISSING for cell in cells)
        if numbers and numbers + missing >= MOSTLY * len(cells):
            numeric.append(column)
        elif missing < len(cells):
            text += 1
    if not numeric:
        return None
    fits = [_fits(cells, columns, numeric, decimal, last=at == len(rows) - 1) for at, cells in enumerate(rows)]
    first = next((at for at in range(len(rows) - 1) if fits[at] and fits[at + 1]), None)
    if first is None:
        return None
    return Layout(delimiter, decimal, first, len(numeric) + text if text else len(numeric), tuple(numeric), len(rows) - first)


def _fits(cells: Sequence[str], columns: int, numeric: Sequence[int], decimal: Decimal, *, last: bool) -> bool:
    if len(cells) != columns:
        return last and 0 < len(cells) < columns
    there = [is_number(cells[column], decimal) for column in numeric]
    known = all(number or cells[column].lower() in MISSING for number, column in zip(there, numeric, strict=True))
    return known and 2 * sum(there) >= len(numeric)
