"""The numbers of a table in a text file, read by pandas, and where a cell is none, its line."""

from __future__ import annotations

import itertools
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from acquisition.caveat import Caveat
from acquisition.formats.signal_file import SignalFileError
from acquisition.formats.text.layout import MARKS, MISSING, SEPARATORS, is_number

if TYPE_CHECKING:
    from pathlib import Path

    from acquisition.formats.text.layout import Layout
    from hardware.arrays import Floats

NO_NUMBERS = sorted(
    {word for each in MISSING if each and "inf" not in each for word in (each, each.upper(), each.capitalize())}
)


def read_numbers(path: Path, layout: Layout, encoding: str, caveats: list[Caveat], rows: int | None = None) -> Floats:
    """Return the numbers of a table (rows, its columns of numbers), NaN where a cell is empty, of so many rows at most.

    A last line that is cut off is left out, and told. Raises SignalFileError where a cell is no number.
    """
    pandas = _pandas(path)
    width = max(layout.numeric[-1] + 1, layout.columns)
    try:
        table = pandas.read_csv(
            path,
            sep=SEPARATORS[layout.delimiter],
            decimal=MARKS[layout.decimal],
            header=None,
            names=list(range(width + 1)),
            dtype={column: np.float64 if column in layout.numeric else str for column in range(width + 1)},
            skiprows=layout.first,
            nrows=rows,
            skipinitialspace=True,
            encoding=encoding,
            encoding_errors="replace",
            na_values=NO_NUMBERS,
            index_col=False,
            engine="c",
        )
    except MemoryError:
        raise
    except Exception as error:
        raise _what_is_wrong(path, layout, encoding, width) from error
    if table[width].notna().any():
        extra = table[width].dropna().str.strip()
        if (extra != "").any():
            raise _what_is_wrong(path, layout, encoding, width)
    values = table[list(layout.numeric)].to_numpy(dtype=np.float64)
    if rows is None and len(values) > 1 and np.isnan(values[-1, -1]) and not np.isnan(values[-2, -1]) and _is_cut(path):
        values = values[:-1]
        sentence = "Its last line is cut off and was left out; is the file whole?"
        caveats.append(Caveat("last_line_cut", "recording", {"rows": float(len(values))}, sentence))
    if not len(values):
        raise SignalFileError(f"{path} holds no samples.")
    return np.ascontiguousarray(values)


def _pandas(path: Path) -> Any:  # noqa: ANN401 - it has no types here
    try:
        return import_module("pandas")
    except ImportError:
        raise SignalFileError(
            f"{path} can't be read here: files of lines of numbers are read by pandas, which is not installed; "
            "pip install squatscope[tables]."
        ) from None


def _is_cut(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read(1) not in (b"\n", b"\r", b"\0")


def _what_is_wrong(path: Path, layout: Layout, encoding: str, width: int) -> SignalFileError:
    """Return a sentence about the first line that is not one of the table."""
    with path.open(encoding=encoding, errors="replace", newline=None) as file:
        for number, line in enumerate(itertools.islice(file, layout.first, None), layout.first + 1):
            cells = layout.cells(line.rstrip("\r\n"))
            if any(cells[width:]):
                return SignalFileError(f"{path}, line {number}, has {len(cells)} columns, and the lines before it {width}.")
            for column in layout.numeric:
                cell = cells[column] if column < len(cells) else ""
                if not is_number(cell, layout.decimal) and cell.lower() not in MISSING:
                    return SignalFileError(f"{path}, line {number}, has {cell[:40]!r} where a number should be.")
    return SignalFileError(f"{path} is damaged: its lines of numbers can't be read.")
