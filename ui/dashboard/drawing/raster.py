"""The raster of traces, two kernels: samples to the lowest and highest value of each screen column, columns to pixels.

A screen column of 8 ms holds 16 samples of EMG; only their extremes can be seen. Both kernels touch new columns only, as an
oscilloscope's beam does, so that a redraw costs a tenth of a millisecond.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hardware.arrays import Floats, Samples

Pixels = NDArray[np.uint32]


@njit(nogil=True, cache=True)
def min_max(
    samples: Samples,
    columns: NDArray[np.int64],
    joined: bool,
    pick: NDArray[np.int64],
    factor: Floats,
    level: Floats,
    decay: float,
    last: Floats,
    low: Floats,
    high: Floats,
    lost: NDArray[np.uint8],
    newest: int,
) -> int:
    """Widen `low` and `high` (lanes, width) by samples (n, channels); returns the newest column.

    `columns` (n,) are columns since time began, taken modulo the width; `newest` is the last one that was open, -1 at first.
    `joined` says that the first row follows the last one of the call before; where it doesn't, the columns between are
    marked in `lost`. Lane k shows `factor[k]` times channel `pick[k]`, less its slow mean `level[k]` if `decay` > 0.
    `last` keeps the last value of each lane, NaN where there is none: a NaN sample interrupts its lane's line.
    """
    lanes, width = low.shape
    for i in range(samples.shape[0]):
        column = columns[i]
        if newest < 0:
            newest = column - 1
        column = max(column, newest)
        first = max(newest + 1, column - width + 1)
        for c in range(first, column + 1):
            p = c % width
            lost[p] = 0 if joined or c == column else 1
            for lane in range(lanes):
                low[lane, p] = np.inf
                high[lane, p] = -np.inf
        for lane in range(lanes):
            raw = float(samples[i, pick[lane]])
            if not np.isfinite(raw):
                last[lane] = np.nan
                continue
            value = raw
            if decay > 0.0:
                if np.isnan(level[lane]):
                    level[lane] = raw
                level[lane] += decay * (raw - level[lane])
                value = raw - level[lane]
            value *= factor[lane]
            before = last[lane]
            if column > newest and joined and not np.isnan(before):
                start = before
                for c in range(first, column + 1):
                    p = c % width
                    end = before + (value - before) * (c - newest) / (column - newest)
                    low[lane, p] = min(start, end)
                    high[lane, p] = max(start, end)
                    start = end
            else:
                p = column % width
                low[lane, p] = min(low[lane, p], value)
                high[lane, p] = max(high[lane, p], value)
            last[lane] = value
        newest = column
        joined = True
    return newest


@njit(nogil=True, cache=True)
def draw(
    image: Pixels,
    ground: Pixels,
    low: Floats,
    high: Floats,
    lost: NDArray[np.uint8],
    first: int,
    until: int,
    top: NDArray[np.int64],
    bottom: NDArray[np.int64],
    least: Floats,
    most: Floats,
    colour: Floats,
    thickness: float,
    lost_colour: np.uint32,
) -> None:
    """Draw the columns from `first` to `until` of all lanes into `image` (height, width) of pixels 0xffRRGGBB.

    Lane k fills the rows from `top[k]` to `bottom[k]` and shows the values from `least[k]` to `most[k]`, cut off there.
    `ground` is the empty image with its grid; columns in `lost` are hatched. Ends of a stroke are smoothed by how much of
    the pixel they cover; a stroke is at least `thickness` pixels high.
    """
    lanes, width = low.shape
    upper, lower = np.min(top), np.max(bottom)
    for c in range(first, until):
        p = c % width
        for row in range(upper, lower):
            image[row, p] = lost_colour if lost[p] and (row + p) % 8 < 3 else ground[row, p]
        for lane in range(lanes):
            if low[lane, p] > high[lane, p]:
                continue
            scale = (bottom[lane] - top[lane]) / (most[lane] - least[lane])
            start = bottom[lane] - (high[lane, p] - least[lane]) * scale
            end = bottom[lane] - (low[lane, p] - least[lane]) * scale
            spare = thickness - (end - start)
            if spare > 0.0:
                start -= spare / 2
                end += spare / 2
            start = min(max(start, top[lane]), bottom[lane] - thickness)
            end = max(min(end, bottom[lane]), start + thickness)
            red, green, blue = colour[lane, 0], colour[lane, 1], colour[lane, 2]
            for row in range(int(start), min(int(np.ceil(end)), bottom[lane])):
                cover = min(end, row + 1.0) - max(start, float(row))
                under = image[row, p]
                r = cover * red + (1.0 - cover) * ((under >> 16) & 255)
                g = cover * green + (1.0 - cover) * ((under >> 8) & 255)
                b = cover * blue + (1.0 - cover) * (under & 255)
                image[row, p] = np.uint32((255 << 24) | (int(r) << 16) | (int(g) << 8) | int(b))


@njit(nogil=True, cache=True)
def clear(image: Pixels, ground: Pixels, first: int, until: int, upper: int, lower: int) -> None:
    """Empty the columns from `first` to `until`, modulo the width, between two rows: the gap that runs ahead of the beam."""
    width = image.shape[1]
    for c in range(first, until):
        p = c % width
        for row in range(upper, lower):
            image[row, p] = ground[row, p]
