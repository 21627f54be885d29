"""Torn ends: what can be believed of a recording whose writer was killed, be it in the middle of a flush."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import h5py
    from numpy.typing import NDArray


def sound_ticks(ticks: NDArray[np.void], rows: int) -> int:
    """Return how many ticks there are before the first that contradicts those before it or has no samples."""
    row, index = ticks["row"], ticks["index"]
    lost, segment = np.diff(index - row, prepend=0), np.diff(ticks["segment"], prepend=0)
    good = (np.diff(row, prepend=0) > 0) & (row <= rows) & (lost >= 0) & (segment >= 0) & np.isfinite(ticks["host_s"])
    return int(np.argmin(np.append(good, False)))


def whole_rows(dataset: h5py.Dataset) -> int:
    """Return how many rows can be read: the newest chunk may lie beyond the end that the file knows of."""
    rows = len(dataset)
    while rows and dataset.chunks:
        first = (rows - 1) // dataset.chunks[0] * dataset.chunks[0]
        try:
            dataset[first:rows]
        except OSError:
            rows = first
        else:
            break
    return rows


def whole(dataset: h5py.Dataset) -> NDArray[Any]:
    """Return the rows that can be read."""
    return np.asarray(dataset[: whole_rows(dataset)])


def sound_edges(edges: NDArray[np.void], ticks: NDArray[np.void]) -> NDArray[np.void]:
    """Return the edges before the first that was not written or lies behind the last sample that was."""
    index = edges["index"]
    good = (np.diff(index, prepend=0) > 0) & (index < (ticks["index"][-1] if len(ticks) else 0))
    return np.asarray(edges[: np.argmin(np.append(good, False))])
