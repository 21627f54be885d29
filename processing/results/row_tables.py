"""Tables of rows: dataclasses as compound tables of HDF5, one column for each field."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from acquisition.storage.hdf5_parts import PartError
from acquisition.storage.hdf5_text import fixed
from hardware.severity import Severity

_NUMBERS: dict[str, Any] = {"float": np.float64, "int": np.int64, "bool": np.bool_}


def as_table(kind: type[Any], rows: list[Any]) -> NDArray[Any]:
    """Return dataclasses as rows of an HDF5 compound table, texts as UTF-8 as long as the longest of them."""
    columns: dict[str, list[Any]] = {field.name: [_stored(getattr(row, field.name)) for row in rows] for field in fields(kind)}
    arrays = {
        field.name: np.array(columns[field.name], _NUMBERS[str(field.type)])
        if str(field.type) in _NUMBERS
        else fixed(columns[field.name])
        for field in fields(kind)
    }
    table = np.empty(len(rows), [(name, array.dtype) for name, array in arrays.items()])
    for name, array in arrays.items():
        table[name] = array
    return table


def _stored(value: object) -> object:
    return value.word if isinstance(value, Severity) else value


def from_table(kind: type[Any], dataset: h5py.Dataset) -> list[Any]:
    """Return the rows of a table; columns that an older file lacks have their defaults. Raises PartError for other columns."""
    names = tuple(field.name for field in fields(kind))
    needed = sum(field.default is MISSING for field in fields(kind))
    found = dataset.dtype.names or ()
    if found != names[: len(found)] or len(found) < needed or dataset.ndim != 1:
        raise PartError(f"its table {dataset.name.strip('/')} does not have the columns that it should have")
    return [row_of(kind, row) for row in dataset[:].tolist()]


def row_of(kind: type[Any], values: tuple[Any, ...]) -> Any:  # noqa: ANN401 - a row of that kind
    """Return one row from its values in the table."""
    texts = (value.decode() if isinstance(value, bytes) else value for value in values)
    types = (str(field.type) for field in fields(kind))
    return kind(
        *(Severity[v.upper()] if t == Severity.__name__ else v for t, v in zip(types, texts, strict=False))
    )  # older files lack columns
