"""Spans of frames: mean, greatest, smallest and worst values of columns between two frames, NaN where too little is known."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hardware.arrays import Floats

MEAN, MOST, LEAST, SD, HIGHEST, FARTHEST, WHERE = range(7)
"""What is told of a column in a span: mean, greatest and smallest value, standard deviation; over a window the highest mean and
the mean that is farthest from zero; and the frame of the greatest value."""
STATISTICS = 7
KNOWN = 0.5
"""Of a span so much must be known."""


def span_statistics(
    frames: Floats, firsts: NDArray[np.int64], lasts: NDArray[np.int64], columns: list[int], window: int
) -> Floats:
    """Return statistics (spans, columns, STATISTICS) of frames from each `first` to before `last`, `window` frames long."""
    out = np.full((len(firsts), len(columns), STATISTICS), np.nan)
    _fill(frames, firsts, lasts, np.array(columns, dtype=np.int64), max(1, window), out)
    return out


def means_and_peaks(frames: Floats, firsts: NDArray[np.int64], lasts: NDArray[np.int64], columns: list[int]) -> Floats:
    """Return mean and greatest value (spans, columns, 2) of frames from each `first` to before `last`."""
    out = np.full((len(firsts), len(columns), 2), np.nan)
    _means_and_peaks(frames, firsts, lasts, np.array(columns, dtype=np.int64), np.empty(len(columns), np.int64), out)
    return out


def means_together(
    frames: Floats, firsts: NDArray[np.int64], lasts: NDArray[np.int64], columns: tuple[int, int]
) -> tuple[Floats, Floats]:
    """Return the means (spans,) of two columns over the frames of each span in which both are known."""
    out = np.full((len(firsts), 2), np.nan)
    _means_together(frames, firsts, lasts, *columns, out)
    return out[:, 0], out[:, 1]


@njit(nogil=True, cache=True, error_model="numpy")
def _means_together(frames: Floats, firsts: NDArray[np.int64], lasts: NDArray[np.int64], a: int, b: int, out: Floats) -> None:
    for k in range(len(firsts)):
        first, last = max(0, firsts[k]), min(len(frames), lasts[k])
        count, of_a, of_b = 0, 0.0, 0.0
        for i in range(first, last):
            if math.isfinite(frames[i, a] + frames[i, b]):
                count += 1
                of_a += frames[i, a]
                of_b += frames[i, b]
        if count > 0 and count >= KNOWN * (last - first):
            out[k, 0], out[k, 1] = of_a / count, of_b / count


@njit(nogil=True, cache=True, error_model="numpy")
def _means_and_peaks(
    frames: Floats,
    firsts: NDArray[np.int64],
    lasts: NDArray[np.int64],
    columns: NDArray[np.int64],
    counts: NDArray[np.int64],
    out: Floats,
) -> None:
    for k in range(len(firsts)):
        first, last = max(0, firsts[k]), min(len(frames), lasts[k])
        counts[:] = 0
        out[k, :, 0], out[k, :, 1] = 0.0, -math.inf
        for i in range(first, last):
            for c in range(len(columns)):
                value = frames[i, columns[c]]
                if math.isfinite(value):
                    counts[c] += 1
                    out[k, c, 0] += value
                    out[k, c, 1] = max(out[k, c, 1], value)
        for c in range(len(columns)):
            if counts[c] == 0 or counts[c] < KNOWN * (last - first):
                out[k, c, 0] = out[k, c, 1] = math.nan
            else:
                out[k, c, 0] /= counts[c]


@njit(nogil=True, cache=True, error_model="numpy")
def _fill(
    frames: Floats, firsts: NDArray[np.int64], lasts: NDArray[np.int64], columns: NDArray[np.int64], window: int, out: Floats
) -> None:
    for k in range(len(firsts)):
        first, last = max(0, firsts[k]), min(len(frames), lasts[k])
        for c in range(len(columns)):
            column = columns[c]
            if column < 0 or last <= first:
                continue
            _of_span(frames, first, last, column, min(window, last - first), out[k, c])


@njit(nogil=True, cache=True, error_model="numpy")
def _of_span(frames: Floats, first: int, last: int, column: int, window: int, out: Floats) -> None:
    count, total, squares = 0, 0.0, 0.0
    most, least, highest, farthest = -math.inf, math.inf, -math.inf, 0.0
    run, inside, where = 0, 0.0, first
    for i in range(first, last):
        value = frames[i, column]
        if not math.isfinite(value):
            run, inside = 0, 0.0
            continue
        count += 1
        total += value
        squares += value * value
        if value > most:
            most, where = value, i
        least = min(least, value)
        run += 1
        inside += value
        if run > window:
            inside -= frames[i - window, column]
        if run >= window:
            mean = inside / window
            highest = max(highest, mean)
            farthest = mean if abs(mean) > abs(farthest) else farthest
    if count < KNOWN * (last - first) or count == 0:
        return
    mean = total / count
    out[MEAN], out[MOST], out[LEAST], out[WHERE] = mean, most, least, where
    out[SD] = math.sqrt(max(0.0, squares / count - mean * mean))
    if highest > -math.inf:
        out[HIGHEST], out[FARTHEST] = highest, farthest
