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
    time_s: Floats, energies: Sequence[Floats], standing: Floats, repetitions_s: Sequence[tuple[float, float]]
) -> Floats:
    """Return when each muscle began in each repetition, (start, end) in s, as (muscles, repetitions) in s after its start.

    `energies`: one of each muscle, of frames at `time_s`, each the end of its frame; `standing` is above 0 in frames of quiet
    stance. Before the start is negative; NaN where there is no stance, where the energy is not known, or where the muscle was
    active before.
    """
    found = np.full((len(energies), len(repetitions_s)), np.nan)
    if len(time_s) < 2 or not repetitions_s:
        return found
    frame_s = float(np.median(np.diff(time_s[:1000])))
    half = round(SMOOTHED_S / frame_s) // 2
    held, least = max(1, round(HELD_S / frame_s)), LEAST_STANCE_S / frame_s
    starts_s, ends_s = np.array(repetitions_s).T
    firsts, lasts, stances = (np.searchsorted(time_s, at_s) for at_s in (starts_s - BEFORE_S, ends_s, starts_s - STANCE_S))
    stood = standing > 0.0
    smooth = np.empty(len(time_s))
    begins = np.empty(len(firsts), dtype=np.int64)
    for k, energy in enumerate(energies):
        _smooth(energy, half, smooth)
        _find(smooth, stood, firsts, lasts, stances, held, least, begins)
        begun = begins >= 0
        found[k, begun] = time_s[begins[begun]] - starts_s[begun]
    return found


@njit(nogil=True, cache=True, error_model="numpy")
def _smooth(energy: Floats, half: int, smooth: Floats) -> None:
    """Write the mean over `half` frames before to as many after into `smooth`, NaN where one of them is unknown."""
    for i in range(len(energy)):
        if i < half or i >= len(energy) - half:
            smooth[i] = math.nan
            continue
        total = 0.0
        for j in range(i - half, i + half + 1):
            total += energy[j]
        smooth[i] = total / (2 * half + 1)


@njit(nogil=True, cache=True, error_model="numpy")
def _find(
    smooth: Floats,
    stood: NDArray[np.bool_],
    firsts: NDArray[np.int64],
    lasts: NDArray[np.int64],
    stances: NDArray[np.int64],
    held: int,
    least: float,
    begins: NDArray[np.int64],
) -> None:
    """Write the frame in which each repetition's onset lies into `begins`, -1 where there is none."""
    whole = _threshold(smooth, stood, 0, len(smooth), least)
    for k in range(len(firsts)):
        threshold = _threshold(smooth, stood, stances[k], firsts[k], least)
        if math.isnan(threshold):
            threshold = whole
        run, begin = 0, -1
        for i in range(firsts[k], lasts[k]):
            run = run + 1 if smooth[i] > threshold else 0
            if math.isnan(smooth[i]) or math.isnan(threshold) or (run == 1 and i == firsts[k]):
                begin = -1
                break
            if run == held and begin < 0:
                begin = i - held + 1
        begins[k] = begin


@njit(nogil=True, cache=True, error_model="numpy")
def _threshold(smooth: Floats, stood: NDArray[np.bool_], first: int, last: int, least: float) -> float:
    """Return mean + K SD of the frames of quiet stance in a span, NaN where there are fewer than `least`."""
    count, total = 0, 0.0
    for i in range(first, last):
        if stood[i] and math.isfinite(smooth[i]):
            count += 1
            total += smooth[i]
    if count < least:
        return math.nan
    mean, squares = total / count, 0.0
    for i in range(first, last):
        if stood[i] and math.isfinite(smooth[i]):
            squares += (smooth[i] - mean) ** 2
    return float(mean + K * math.sqrt(squares / count))
