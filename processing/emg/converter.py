"""What the converter of an EMG channel gave: samples that are there, or at an end of its range, and how fine its codes are.

Taken from the raw numbers, before any filter. A channel's range need not be known: a signal that is cut off gives its largest
or its least value again and again, which a muscle never does; and the smallest step between two samples that follow each other
is one code. Counts stand flat, `counts[row * LANES + channel]`, so that the compiler runs the channels in SIMD lanes.
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

PRESENT, SATURATED, SUM, _AT_MOST, _AT_LEAST = 0, LANES, 2 * LANES, 3 * LANES, 4 * LANES
_HIGH, _LOW = 5 * LANES, 6 * LANES
_OF_WINDOW = 7 * LANES
# Of the session: the last value, the largest and the least so far, and the smallest step.
_LAST, _MOST, _LEAST, STEP = 7 * LANES, 8 * LANES, 9 * LANES, 10 * LANES
_ROWS = 11 * LANES


def empty_counts(lane_groups: int) -> Floats:
    """Return counts of a session that begins."""
    counts = np.zeros((lane_groups, _ROWS))
    counts[:, _LAST:_MOST] = np.nan
    counts[:, _MOST:_LEAST], counts[:, _LEAST:STEP], counts[:, STEP:] = -np.inf, np.inf, np.inf
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
def count_samples(raw: Floats, n: int, factor: Floats, full_scale: Floats, counts: Floats) -> None:
    """Add n rows of raw samples (n, LANES) to the counts; `factor` brings them to µV, in which their sum is."""
    for t in range(n):
        for c in range(LANES):
            x = raw[t, c]
            value = x * factor[c]
            present = abs(value) < LARGEST_UV
            most, least, last = counts[_MOST + c], counts[_LEAST + c], counts[_LAST + c]
            step = abs(x - last)
            smallest = counts[STEP + c]
            counts[PRESENT + c] += 1.0 if present else 0.0
            counts[SATURATED + c] += 1.0 if abs(x) >= full_scale[c] else 0.0
            counts[SUM + c] += value if present else 0.0
            at_most, at_least = counts[_AT_MOST + c], counts[_AT_LEAST + c]
            counts[_AT_MOST + c] = 0.0 if present and x > most else at_most + (1.0 if x == most else 0.0)
            counts[_AT_LEAST + c] = 0.0 if present and x < least else at_least + (1.0 if x == least else 0.0)
            counts[STEP + c] = step if present and step > 0.0 and step < smallest else smallest
            counts[_MOST + c] = x if present and x > most else most
            counts[_LEAST + c] = x if present and x < least else least
            counts[_HIGH + c] = x if present and x > counts[_HIGH + c] else counts[_HIGH + c]
            counts[_LOW + c] = x if present and x < counts[_LOW + c] else counts[_LOW + c]
            counts[_LAST + c] = x if present else np.nan


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
def is_coarse(codes: float) -> bool:
    """Return whether a channel that has spanned so many codes at most is too coarse; one value alone says nothing."""
    return 1.0 < codes < COARSE_CODES + 0.5
