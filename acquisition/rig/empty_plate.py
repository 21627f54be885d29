"""Empty plates: stretches in which nobody is on one, told by how little its force varies and by where in its range it lies."""

from __future__ import annotations

import numpy as np

from hardware.arrays import Floats

FRAME_S = 0.01
"""Plates are judged by means of so long: at 1 kHz the noise of one real plate is 3 % of body weight, and 0.3 % after it."""
EMPTY_S, EMPTY_SD_N = 1.0, 1.0
"""Nobody is on a plate that varies by less for so long: one foot of somebody who stands still varies by more."""
UNLOADED_PCT = 5.0
"""Samples that FORCE_PLATFORM:ZERO names are unloaded within so much of the plate's range from its unloaded end."""
RANGE_N = 100.0
"""A plate whose force varies by less was loaded throughout, or never."""
LIGHT_N = 220.0
"""What never varies is an empty plate if it reads less than this, and may be a model that stands if it reads more."""
PIECE_FRAMES, MOST_SAMPLED = 60_000, 1 << 20
"""Hours are looked through in pieces of ten minutes; their range is that of a sample."""
LARGEST_N = 1e9
"""What is larger is no force."""
READS_N, READS_NMM = 5.0, 1000.0
"""What an empty plate may read of forces and moments before it is told; that puts pressure under a foot of 400 N 2.5 mm off."""


def is_unloaded(there_N: float, fz_N: Floats) -> bool:
    """Return whether a reading is that of the empty plate: next to none of its range away from its unloaded end."""
    return _at_unloaded_end(there_N, *_range(fz_N))


def _range(fz_N: Floats) -> tuple[float, float]:
    low_N, high_N = np.nanpercentile(fz_N[:: 1 + len(fz_N) // MOST_SAMPLED], [1, 99])
    return float(low_N), float(high_N)


def _at_unloaded_end(there_N: float, low: float, high: float) -> bool:
    end = low if abs(low) <= abs(high) else high
    reach = high - low
    if reach < RANGE_N:
        return abs(there_N) < LIGHT_N
    return abs(there_N - end) < max(READS_N, UNLOADED_PCT / 100 * reach)


def empty_stretches(fz_N: Floats, rate_hz: float) -> list[tuple[int, int]]:
    """Return first and end sample of each stretch in which nobody is on a plate, by its vertical force (samples,) in N."""
    size = max(1, round(FRAME_S * rate_hz))
    count = len(fz_N) // size
    window = max(2, round(EMPTY_S * rate_hz / size))
    found: list[tuple[int, int]] = []
    for first in range(0, count - window + 1, PIECE_FRAMES):
        frames = fz_N[first * size : min(count, first + PIECE_FRAMES + window - 1) * size].reshape(-1, size).mean(axis=1)
        for start in first + np.flatnonzero(_spread(frames, window) < EMPTY_SD_N):
            if found and start < found[-1][1]:
                found[-1] = (found[-1][0], int(start) + window)
            else:
                found.append((int(start), int(start) + window))
    samples = [(start * size, end * size) for start, end in found]
    if not samples:
        return []
    of_all = _range(fz_N)
    return [(start, end) for start, end in samples if _at_unloaded_end(float(fz_N[start:end].mean()), *of_all)]


def _spread(frames: Floats, window: int) -> Floats:
    """Return the standard deviation of each window of frames; NaN where one of them is no number."""
    missing = ~(np.abs(frames) < LARGEST_N)
    level = np.median(frames[~missing]) if not missing.all() else 0.0
    known = np.where(missing, 0.0, frames - level)
    sums = [np.concatenate([[0.0], np.cumsum(values)]) for values in (known, known**2, missing)]
    mean, square, gone = (total[window:] - total[:-window] for total in sums)
    spread = np.sqrt(np.maximum(0.0, square / window - (mean / window) ** 2))
    return np.where(gone > 0, np.nan, spread)
