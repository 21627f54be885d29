"""Knee over foot: how far a knee comes in within a phase of a repetition, and whether it comes past the foot.

Coming in is told against the lifter's own way: what the knee had earlier in the same repetition, and, while rising, what it had
at the same height while lowering. Who squats wider than the hips are lets the knees go out on the way down and in on the way
up, and that is no fault. A knee that is in from the first frame is told against the repetitions before.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from hardware.arrays import Floats
from processing.repetition.spans import KNOWN

SUSTAINED_S = 0.1
"""A knee has come in, or past the foot, as far as it has in the mean over so long."""
LOWER_HALF = 0.5
"""Past the foot counts from so much of the depth on: knees that are in while somebody stands are how the hips are made."""
BASELINE_REPETITIONS = 3
"""The first repetitions whose median is the lifter's own way (*design*)."""
NONE, SLIGHT, PAST = "none", "slight", "past"


class KneeFrames(NamedTuple):
    """Frames of one knee: time, how far it is medial of the foot's axis and lateral of its inner edge, NaN where unknown.

    `height_mm` is that of the centre of mass, + up, 0 in quiet stance.
    """

    time_s: Floats
    off_axis_mm: Floats
    margin_mm: Floats
    height_mm: Floats


class KneePhase(NamedTuple):
    """A phase: how far the knee comes in within the repetition, and whether it comes past the foot; `None` where unknown."""

    fall_mm: float
    past: bool | None


class Bounds(NamedTuple):
    """The times of a repetition that matter here, in s, and its depth."""

    start_s: float
    rise_s: float
    end_s: float
    depth_mm: float


UNKNOWN = KneePhase(math.nan, None)


def knee_phases(knee: KneeFrames, bounds: Bounds, phases_s: Sequence[tuple[float, float]]) -> list[KneePhase]:
    """Return what a knee does in each of some phases, (from, to) in s, of one repetition.

    A phase of which less than half is known is unknown, and all are where it is not known when rising began. `fall_mm` is never
    negative.
    """
    first, last = np.searchsorted(knee.time_s, [bounds.start_s, bounds.end_s])
    if last - first < 2 or math.isnan(bounds.rise_s):
        return [UNKNOWN] * len(phases_s)
    time_s, height_mm = knee.time_s[first:last], knee.height_mm[first:last]
    half = round(SUSTAINED_S / 2 / float(time_s[1] - time_s[0]))
    off_mm, margin_mm = (_moving_mean(of[first:last], half) for of in (knee.off_axis_mm, knee.margin_mm))
    fall_mm = off_mm - _own_way(time_s, off_mm, height_mm, bounds.rise_s)
    low = height_mm < -LOWER_HALF * bounds.depth_mm
    found = []
    for from_s, to_s in phases_s:
        a, b = np.searchsorted(time_s, [from_s, to_s], side="right")
        known = np.isfinite(knee.off_axis_mm[first + a : first + b])
        if b <= a or known.mean() < KNOWN:
            found.append(UNKNOWN)
            continue
        falls, margins = fall_mm[a:b], margin_mm[a:b][low[a:b]]
        fall = max(0.0, float(np.nanmax(falls))) if np.isfinite(falls).any() else math.nan
        past = bool((margins < 0.0).any()) if np.isfinite(margins).any() else None
        found.append(KneePhase(fall, past))
    return found


def _own_way(time_s: Floats, off_mm: Floats, height_mm: Floats, rise_s: float) -> Floats:
    """Return how far in the knee was: at most lateral so far, and at each height of rising what it was there in lowering."""
    rising = time_s >= rise_s
    way = np.fmin.accumulate(off_mm)
    down = ~rising & np.isfinite(off_mm) & np.isfinite(height_mm)
    way[rising] = math.nan
    if down.any():
        order = np.argsort(height_mm[down], kind="stable")
        way[rising] = np.interp(height_mm[rising], height_mm[down][order], off_mm[down][order])
    return way


def _moving_mean(values: Floats, half: int) -> Floats:
    """Return the mean from `half` frames before to as many after, NaN where one of them is unknown."""
    means = np.full(len(values), math.nan)
    if len(values) > 2 * half:
        means[half : len(values) - half] = np.convolve(values, np.full(2 * half + 1, 1.0 / (2 * half + 1)), "valid")
    return means


def come_in_mm(off_axis_mm: Floats) -> Floats:
    """Return how much further in than in the first repetitions a knee is, by its means in one phase, a repetition each.

    NaN where there are fewer repetitions than make a baseline.
    """
    known = np.isfinite(off_axis_mm)
    first = off_axis_mm[known][:BASELINE_REPETITIONS]
    return off_axis_mm - np.median(first) if len(first) == BASELINE_REPETITIONS else np.full(len(off_axis_mm), math.nan)


def in_words(phase: KneePhase, come_in_mm: float, slight_mm: float) -> str:
    """Return `past`, `slight` or `none`, empty where unknown."""
    if math.isnan(phase.fall_mm) and math.isnan(come_in_mm):
        return ""
    if phase.past:
        return PAST
    return SLIGHT if phase.fall_mm >= slight_mm or come_in_mm >= slight_mm else NONE


def worst_word(words: Iterable[str]) -> str:
    """Return the worst of what is said of some phases, empty where all are unknown."""
    return max(words, key=("", NONE, SLIGHT, PAST).index, default="")
