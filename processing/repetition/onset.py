"""Onset: when a muscle begins in a repetition, by its Teager-Kaiser energy against that of quiet stance.

Method: Solnik et al. 2008, Acta of Bioengineering and Biomechanics 10(2):65-68; the energy is smoothed, and a muscle begins
where it stays above mean + k SD of quiet stance. A muscle that does not rest before a repetition, as where repetitions follow
on each other, has no onset.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hardware.arrays import Floats

SMOOTHED_S = 0.03
HELD_S = 0.05
"""The energy is the mean over so long, and must stay above its threshold for so long, which a spike does not."""
K = 5.0
"""Standard deviations above the mean of quiet stance (*design*, from made-up bursts: fewer begin in noise, more begin late)."""
BEFORE_S = 0.5
"""An onset is looked for from so long before the start of a repetition on."""
STANCE_S = 15.0
"""The quiet stance is that of so long before; without one, that of the whole session."""
LEAST_STANCE_S = 0.5


def onsets_s(
    time_s: Floats, frames: Floats, columns: Sequence[int], standing: Floats, repetitions_s: Sequence[tuple[float, float]]
) -> Floats:
    """Return when each muscle began in each repetition, (start, end) in s, as (muscles, repetitions) in s after its start.

    `frames` (n, all columns) at `time_s`, each the end of its frame, have the energy of each muscle in `columns`; `standing` is
    above 0 in frames of quiet stance. Before the start is negative; NaN where there is no stance, where the energy is not
    known, or where the muscle was active before.
    """
    found = np.full((len(columns), len(repetitions_s)), np.nan)
    if len(time_s) < 2 or not repetitions_s:
        return found
    frame_s = float(np.median(np.diff(time_s[:1000])))
    half = round(SMOOTHED_S / frame_s) // 2
    held, least = max(1, round(HELD_S / frame_s)), LEAST_STANCE_S / frame_s
    starts_s, ends_s = np.array(repetitions_s).T
    firsts, lasts, stances = (np.searchsorted(time_s, at_s) for at_s in (starts_s - BEFORE_S, ends_s, starts_s - STANCE_S))
    stood = np.flatnonzero(standing > 0.0)
    smooth = np.empty((len(columns), len(time_s)))
    begins = np.empty((len(columns), len(firsts)), dtype=np.int64)
    _smooth(frames, np.array(columns, dtype=np.int64), half, smooth)
    spans = np.searchsorted(stood, stances), np.searchsorted(stood, firsts)
    _find(smooth, stood, *spans, firsts, lasts, held, least, begins)
    begun = begins >= 0
    found[begun] = (time_s[begins] - starts_s)[begun]
    return found


@njit(nogil=True, cache=True, error_model="numpy")
def _smooth(frames: Floats, columns: NDArray[np.int64], half: int, smooth: Floats) -> None:
    """Write the means over `half` frames before to as many after into `smooth` (muscles, n), NaN where one is unknown."""
    for i in range(len(frames)):
        inside = half <= i < len(frames) - half
        for k in range(len(columns)):
            total = 0.0 if inside else math.nan
            if inside:
                for j in range(i - half, i + half + 1):
                    total += frames[j, columns[k]]
            smooth[k, i] = total / (2 * half + 1)


@njit(nogil=True, cache=True, error_model="numpy")
def _find(
    smooth: Floats,
    stood: NDArray[np.int64],
    stood_firsts: NDArray[np.int64],
    stood_lasts: NDArray[np.int64],
    firsts: NDArray[np.int64],
    lasts: NDArray[np.int64],
    held: int,
    least: float,
    begins: NDArray[np.int64],
) -> None:
    """Write the frame in which each onset lies into `begins` (muscles, repetitions), -1 where there is none.

    `stood` are the frames of quiet stance; those before a repetition are from `stood_firsts` to before `stood_lasts` of them.
    """
    for k in range(len(smooth)):
        whole = _threshold(smooth[k], stood, 0, len(stood), least)
        for r in range(len(firsts)):
            threshold = _threshold(smooth[k], stood, stood_firsts[r], stood_lasts[r], least)
            begins[k, r] = _begin(smooth[k], whole if math.isnan(threshold) else threshold, firsts[r], lasts[r], held)


@njit(nogil=True, cache=True, error_model="numpy")
def _begin(smooth: Floats, threshold: float, first: int, last: int, held: int) -> int:
    """Return where a muscle begins to stay above its threshold, -1 where it never does, is above at first, or is unknown."""
    run, begin = 0, -1
    for i in range(first, last):
        run = run + 1 if smooth[i] > threshold else 0
        if math.isnan(smooth[i]) or math.isnan(threshold) or (run == 1 and i == first):
            return -1
        if run == held and begin < 0:
            begin = i - held + 1
    return begin


@njit(nogil=True, cache=True, error_model="numpy")
def _threshold(smooth: Floats, stood: NDArray[np.int64], first: int, last: int, least: float) -> float:
    """Return mean + K SD of frames of quiet stance, NaN where fewer than `least` of them are known."""
    count, total = 0, 0.0
    for j in range(first, last):
        value = smooth[stood[j]]
        if math.isfinite(value):
            count += 1
            total += value
    if count < least:
        return math.nan
    mean, squares = total / count, 0.0
    for j in range(first, last):
        value = smooth[stood[j]]
        if math.isfinite(value):
            squares += (value - mean) ** 2
    return float(mean + K * math.sqrt(squares / count))
