"""What the converter of an EMG channel gave: samples that are there, or at an end of its range, and how fine its codes are.

Taken from the raw numbers, before any filter. A channel's range need not be known: a signal that is cut off gives its largest
or its least value again and again, which a muscle never does; and the smallest step between two samples that follow each other
is one code. A device that loses samples on their way may give the last one again, or zeros: one value for a while, between
steps of many codes, which a muscle never does either. Counts stand flat, `counts[row * LANES + channel]`, so that the compiler
runs the channels in SIMD lanes.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from hardware.arrays import Floats
from processing.emg.filters import LANES

LARGEST_UV = 1e9  # what exceeds a kilovolt is no sample of EMG
RAIL_CODES = 100.0
"""A window whose samples span fewer codes gives its largest by chance."""
REPEATS = 3.0
"""A fine one gives it again by chance once or twice."""
COARSE_CODES = 8.0
"""A muscle that never spans more codes can't be measured (*design*)."""
COARSE_UV = 5.0
"""Nor can one at rest, where so much lies between two codes: it gives one value then, as one does that sticks (*design*)."""

FILLED, STEEP_CODES = 4.0, 8.0
"""One value is given again so often, between two steps of so many codes, where samples were lost."""

PRESENT, SATURATED, SUM, _AT_MOST, _AT_LEAST = 0, LANES, 2 * LANES, 3 * LANES, 4 * LANES
_HIGH, _LOW, _FILLED = 5 * LANES, 6 * LANES, 7 * LANES
_OF_WINDOW = 8 * LANES
# Of the session: the last value, the largest and the least so far, and the smallest step.
_LAST, _MOST, _LEAST, STEP = 8 * LANES, 9 * LANES, 10 * LANES, 11 * LANES
# How often the last value was given again, and the step that led to it.
_AGAIN, _ENTRY = 12 * LANES, 13 * LANES
# Of the rows at hand.
_TOTAL, _NEAREST, _HIGHEST, _LOWEST, _ABSENT = 14 * LANES, 15 * LANES, 16 * LANES, 17 * LANES, 18 * LANES
_ROWS = 19 * LANES


def empty_counts(lane_groups: int) -> Floats:
    """Return counts of a session that begins."""
    counts = np.zeros((lane_groups, _ROWS))
    counts[:, _LAST:_MOST] = np.nan
    counts[:, _MOST:_LEAST], counts[:, _LEAST:STEP], counts[:, STEP:] = -np.inf, np.inf, np.inf
    counts[:, _AGAIN:_TOTAL] = 0.0
    begin_window(counts)
    return counts


@njit(nogil=True, cache=True)
def begin_window(counts: Floats) -> None:
    """Set back what belongs to a window."""
    for g in range(counts.shape[0]):
        for i in range(_OF_WINDOW):
            counts[g, i] = 0.0
        for c in range(LANES):
            counts[g, _HIGH + c] = -np.inf
            counts[g, _LOW + c] = np.inf


@njit(nogil=True, cache=True)
def count_samples(rows: Floats, n: int, factor: Floats, full_scale: Floats, counts: Floats) -> bool:
    """Add n rows of raw samples to the counts; returns whether all of them are there.

    `rows` (n + 1, LANES) begin with one for the sample before, which is filled in here; `factor` brings samples to µV, in which
    their sum is. One pass finds what can change at all; a channel that lacks a sample or reaches an end is counted sample by
    sample.
    """
    for c in range(LANES):
        rows[0, c] = counts[_LAST + c]
        counts[_TOTAL + c], counts[_NEAREST + c] = counts[SUM + c], counts[STEP + c]
        counts[_HIGHEST + c], counts[_LOWEST + c], counts[_ABSENT + c] = -np.inf, np.inf, 0.0
    for t in range(1, n + 1):
        for c in range(LANES):
            x = rows[t, c]
            value, step, smallest = x * factor[c], abs(x - rows[t - 1, c]), counts[_NEAREST + c]
            counts[_ABSENT + c] += 0.0 if abs(value) < LARGEST_UV else 1.0
            counts[_TOTAL + c] += value
            smallest = step if step > 0.0 and step < smallest else smallest
            counts[_NEAREST + c] = smallest
            again, entry, steep = counts[_AGAIN + c], counts[_ENTRY + c], STEEP_CODES * smallest
            counts[_FILLED + c] += again if (again >= FILLED) & (entry >= steep) & (step >= steep) else 0.0
            counts[_ENTRY + c] = entry if step == 0.0 else step
            counts[_AGAIN + c] = again + 1.0 if step == 0.0 else 0.0
            counts[_HIGHEST + c] = x if x > counts[_HIGHEST + c] else counts[_HIGHEST + c]
            counts[_LOWEST + c] = x if x < counts[_LOWEST + c] else counts[_LOWEST + c]
    all_there = True
    for c in range(LANES):
        high, low = counts[_HIGHEST + c], counts[_LOWEST + c]
        is_there = counts[_ABSENT + c] == 0.0
        all_there &= is_there
        if is_there and high < counts[_MOST + c] and low > counts[_LEAST + c] and max(high, -low) < full_scale[c]:
            counts[PRESENT + c] += n
            counts[SUM + c], counts[STEP + c], counts[_LAST + c] = counts[_TOTAL + c], counts[_NEAREST + c], rows[n, c]
            counts[_HIGH + c], counts[_LOW + c] = max(high, counts[_HIGH + c]), min(low, counts[_LOW + c])
        else:
            _count_one(rows, n, c, factor[c], full_scale[c], counts)
    return all_there


@njit(nogil=True, cache=True)
def _count_one(rows: Floats, n: int, c: int, factor: float, full_scale: float, counts: Floats) -> None:
    """Add n rows of one channel's samples to its counts, sample by sample."""
    last, most, least, smallest = counts[_LAST + c], counts[_MOST + c], counts[_LEAST + c], counts[STEP + c]
    for t in range(1, n + 1):
        x = rows[t, c]
        if abs(x) >= full_scale:
            counts[SATURATED + c] += 1.0
        if not abs(x * factor) < LARGEST_UV:
            last = np.nan
            continue
        if x >= most:
            counts[_AT_MOST + c] = 0.0 if x > most else counts[_AT_MOST + c] + 1.0
            most = x
        if x <= least:
            counts[_AT_LEAST + c] = 0.0 if x < least else counts[_AT_LEAST + c] + 1.0
            least = x
        if 0.0 < abs(x - last) < smallest:
            smallest = abs(x - last)
        counts[PRESENT + c] += 1.0
        counts[SUM + c] += x * factor
        counts[_HIGH + c], counts[_LOW + c] = max(x, counts[_HIGH + c]), min(x, counts[_LOW + c])
        last = x
    counts[_LAST + c], counts[_MOST + c], counts[_LEAST + c], counts[STEP + c] = last, most, least, smallest


@njit(nogil=True, cache=True)
def spanned_codes(counts: Floats, c: int) -> float:
    """Return how many codes of a channel lie between the largest and the least sample of its window; 0 without a sample."""
    if not counts[_HIGH + c] >= counts[_LOW + c]:
        return 0.0
    return float(1.0 + (counts[_HIGH + c] - counts[_LOW + c]) / counts[STEP + c])


@njit(nogil=True, cache=True)
def at_ends(counts: Floats, c: int) -> float:
    """Return how many samples of a channel's window gave its largest or least value again, where it is fine enough to tell."""
    if spanned_codes(counts, c) < RAIL_CODES:
        return 0.0
    at_most, at_least = counts[_AT_MOST + c], counts[_AT_LEAST + c]
    return float((at_most if at_most >= REPEATS else 0.0) + (at_least if at_least >= REPEATS else 0.0))


@njit(nogil=True, cache=True)
def filled(counts: Floats, c: int) -> float:
    """Return how many samples of a channel's window, which ends here, only repeat the one before while it moves."""
    if counts[_AGAIN + c] >= FILLED and counts[_ENTRY + c] >= STEEP_CODES * counts[STEP + c]:
        counts[_FILLED + c] += counts[_AGAIN + c]
        counts[_AGAIN + c] = 0.0
    return float(counts[_FILLED + c])


@njit(nogil=True, cache=True)
def is_coarse(codes: float) -> bool:
    """Return whether a channel that has spanned so many codes at most is too coarse; one value alone says nothing."""
    return 1.0 < codes < COARSE_CODES + 0.5
