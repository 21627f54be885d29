"""Files of tables, written piece by piece: CSV with every digit, and Parquet with units and all else that is known."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from acquisition.export.about import ExportError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hardware.arrays import Floats


@dataclass(frozen=True, slots=True)
class Heading:
    """A column of a file: its name, its unit (empty: none), and whether it holds texts."""

    name: str
    unit: str = ""
    text: bool = False


class TableFile(Protocol):
    """A file that rows are appended to."""

    def write(self, columns: Sequence[Floats | list[str]]) -> None:
        """Append rows, given column by column, numbers as an array and texts as a list."""

    def close(self) -> None:
        """Complete the file."""


class CsvFile:
    """A table as CSV (RFC 4180): numbers with as many digits as bring them back to the bit, what is undefined as nothing."""

    def __init__(self, path: Path, headings: Sequence[Heading]) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\r\n")
        self._writer.writerow([heading.name for heading in headings])

    def write(self, columns: Sequence[Floats | list[str]]) -> None:
        """Append rows."""
        self._writer.writerows(zip(*map(cells, columns), strict=True))

    def close(self) -> None:
        """Complete the file."""
        self._file.close()


class ParquetFile:
    """A table as Parquet, by pyarrow: what is undefined is null; the schema has units, and `about` as JSON at `squatscope`."""

    def __init__(self, path: Path, headings: Sequence[Heading], about: Mapping[str, Any]) -> None:
        self._arrow, parquet = load_arrow()
        text = self._arrow.dictionary(self._arrow.int32(), self._arrow.string())
        fields = [
            self._arrow.field(
                heading.name,
                text if heading.text else self._arrow.float64(),
                metadata={"unit": heading.unit} if heading.unit else None,
            )
            for heading in headings
        ]
        self._schema = self._arrow.schema(fields, metadata={"squatscope": as_json(about)})
        self._writer = parquet.ParquetWriter(path, self._schema)

    def write(self, columns: Sequence[Floats | list[str]]) -> None:
        """Append rows."""
        arrays = [
            self._arrow.array(column).dictionary_encode()
            if isinstance(column, list) and column
            else self._arrow.array(column, field.type, from_pandas=True)
            for column, field in zip(columns, self._schema, strict=True)
        ]
        self._writer.write_table(self._arrow.Table.from_arrays(arrays, schema=self._schema))

    def close(self) -> None:
        """Complete the file."""
        self._writer.close()


def load_arrow() -> tuple[Any, Any]:
    """Return pyarrow and its part for Parquet; raises ExportError where it is not installed."""
    try:
        return import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError:
        raise ExportError(
            "Parquet needs the package pyarrow: install it with 'pip install squatscope[tables]', or export as csv."
        ) from None


def as_json(content: Mapping[str, Any]) -> str:
    """Return content as JSON, in which a number that is none is null."""
    return json.dumps(_known(content), indent=1, ensure_ascii=False)


def _known(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return {key: _known(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_known(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def cells(column: Floats | list[str], undefined: str = "") -> list[Any]:
    """Return a column as the cells of a text file, which write a number with all its digits."""
    if isinstance(column, list):
        return column
    numbers: list[Any] = column.tolist()
    return numbers if np.isfinite(column).all() else [undefined if number != number else number for number in numbers]
