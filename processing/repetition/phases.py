"""Phases: where lowering, pause and rising of one repetition begin and end, and how deep it is, from the whole of it.

Its two ends tell more than was known on the way: the lifter is as high at both, so velocity at the start and bias are fitted
to that (`motion.between_tops`), and the way between them is taken anew.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntFlag

import numpy as np
from numba import njit
from numpy.typing import NDArray

from acquisition.rig.units import GRAVITY_M_S2
from hardware.arrays import Floats
from processing.repetition.motion import RATE, between_tops

MOVES_M_S, STARTS_M_S = 0.10, 0.02
"""Faster than the first is a clear movement, slower than the second is none."""
SHALLOW_M, LEAST_M = 0.15, 0.10
"""A repetition less deep than the first is doubtful; what is less deep than the second is none."""
DIP_S, DEEP_DIP_M, DEEP_DIP_S = 0.6, 0.25, 0.5
"""Shallow and down in less than the first is a dip; so is less deep than the second and down in less than the third."""
BAND_N, BAND_SHARE = 20.0, 0.015
"""Lowering begins where the force leaves the larger of these around the weight."""
PAUSE_M_S, PAUSE_S = 0.05, 0.2
"""Slower than the first, for longer than the second, is a pause at the bottom."""
UNSURE_M = 0.015
"""A depth with a larger standard deviation is doubtful."""


class Doubt(IntFlag):
    """Why a repetition is doubtful."""

    SHALLOW = 1
    UNSURE = 2
    NOT_BACK = 4
    BROKEN = 8


SHALLOW, UNSURE, NOT_BACK, BROKEN = map(int, Doubt)

UNITS = {
    "start_sample": "1",
    "deceleration_sample": "1",
    "pause_start_sample": "1",
    "bottom_sample": "1",
    "rise_sample": "1",
    "end_sample": "1",
    "confirmed_sample": "1",
    "depth_m": "m",
    "depth_sd_m": "m",
    "lowering_peak_m_s": "m/s",
    "rising_peak_m_s": "m/s",
    "weight_N": "N",
    "off_top_m": "m",
    "end_m_s": "m/s",
    "doubt": "1",
}
"""What is known of a repetition, with its units; see `Repetition`."""
REPETITION = np.dtype([(name, np.int64 if name == "doubt" else np.float64) for name in UNITS])


@dataclass(frozen=True, slots=True)
class Repetition:
    """One repetition; its instants are raw samples, with parts of one, of the stream of forces.

    Lowering (eccentric) goes from `start_sample` to `pause_start_sample`, its deceleration begins at `deceleration_sample`;
    rising (concentric) goes from `rise_sample` to `end_sample`. Between them is a pause, or none; `bottom_sample` is where the
    lowest point was, which within a pause is chance. `depth_m` is the way of the centre of mass of body and bar, with its
    standard deviation; `weight_N` the weight for which it comes back to its height. `off_top_m` and `end_m_s`: by how much it
    seemed not to, before that.
    """

    start_sample: float
    deceleration_sample: float
    pause_start_sample: float
    bottom_sample: float
    rise_sample: float
    end_sample: float
    confirmed_sample: float
    depth_m: float
    depth_sd_m: float
    lowering_peak_m_s: float
    rising_peak_m_s: float
    weight_N: float
    off_top_m: float
    end_m_s: float
    doubt: Doubt


@njit(nogil=True, cache=True, error_model="numpy")
def _sample(state: NDArray[np.void], frame: float) -> float:
    """Return the last raw sample of a frame, of which there may be parts."""
    return float(state[0].sample - (state[0].frame - frame) * state[0].frame_samples)


@njit(nogil=True, cache=True, error_model="numpy")
def judge(
    frame_s: float,
    end: int,
    rests: bool,
    force_N: Floats,
    state: NDArray[np.void],
    start: Floats,
    fit: Floats,
    found: NDArray[np.void],
) -> int:
    """Fill `found` from the whole movement up to the end of frame `end`, and return 1 where it is a repetition.

    `state` is the detector's, `start` what was known of the motion when it began, `fit` a buffer of five.
    """
    s = state[0]
    between_tops(force_N, s.start, end, frame_s, GRAVITY_M_S2 / s.weight_N, start, rests, fit)
    return int(tell(frame_s, end, force_N, state, start[0, RATE] * frame_s, fit, found))


@njit(nogil=True, cache=True, error_model="numpy")
def tell(
    frame_s: float,
    end: int,
    force_N: Floats,
    state: NDArray[np.void],
    rate: float,
    fit: Floats,
    found: NDArray[np.void],
) -> int:
    """Fill `found` as `judge` does, from velocity and bias at the start that `fit` has, and what the bias gains a frame."""
    s, r = state[0], found[0]
    n = len(force_N)
    per_N = GRAVITY_M_S2 / s.weight_N
    # First pass: the lowest point, and the greatest velocities before and after it.
    v, h = fit[0], 0.0
    lowest, bottom, least_v, deceleration = 0.0, s.start, 0.0, s.start
    most_v = 0.0
    fastest = s.start
    crossing = 0.0
    for i in range(s.start + 1, end + 1):
        before = v
        v += (per_N * force_N[i % n] - GRAVITY_M_S2 - fit[1] - rate * (i - s.start)) * frame_s
        h += 0.5 * (before + v) * frame_s
        if h < lowest:
            lowest, bottom = h, i
            most_v, fastest = 0.0, i
            # Between this frame's end and the next the velocity crosses zero.
            after = v + (per_N * force_N[(i + 1) % n] - GRAVITY_M_S2 - fit[1] - rate * (i + 1 - s.start)) * frame_s
            crossing = -v / (after - v) if after > 0.0 > v else 0.0
        if v < least_v and lowest == h:
            least_v, deceleration = v, i
        if v > most_v:
            most_v, fastest = v, i
    # Second pass: where the pause begins and ends, and where lowering begins.
    band_N = max(BAND_N, BAND_SHARE * s.weight_N)
    weight_N = s.weight_N * (1.0 + fit[1] / GRAVITY_M_S2)
    v = fit[0]
    onset, pause_start, rise = s.start, deceleration, fastest
    pausing = False
    for i in range(s.start + 1, end + 1):
        force = force_N[i % n]
        v += (per_N * force - GRAVITY_M_S2 - fit[1] - rate * (i - s.start)) * frame_s
        if i < deceleration and (v > -STARTS_M_S or (abs(force - weight_N) < band_N and v > -MOVES_M_S)):
            onset = i
        if i > deceleration and not pausing and v > -PAUSE_M_S:
            pausing = True
            pause_start = i
        if bottom < i < fastest and v < PAUSE_M_S:
            rise = i
    if rise == fastest:
        rise = bottom
    r.start_sample = _sample(state, onset)
    r.deceleration_sample = _sample(state, deceleration)
    paused = (rise - pause_start) * frame_s >= PAUSE_S
    r.bottom_sample = _sample(state, bottom + crossing)
    r.pause_start_sample = _sample(state, pause_start) if paused else r.bottom_sample
    r.rise_sample = _sample(state, rise) if paused else r.bottom_sample
    r.end_sample = _sample(state, end)
    r.confirmed_sample = _sample(state, s.frame)
    r.depth_m = -lowest
    after_s = (bottom - s.start) * frame_s
    c1 = -0.5 * after_s * after_s
    r.depth_sd_m = math.sqrt(max(0.0, after_s * after_s * fit[2] + 2.0 * after_s * c1 * fit[3] + c1 * c1 * fit[4]))
    r.lowering_peak_m_s = -least_v
    r.rising_peak_m_s = most_v
    r.weight_N = weight_N
    r.doubt = 0
    if r.depth_m < SHALLOW_M:
        r.doubt |= SHALLOW
    if r.depth_sd_m > UNSURE_M:
        r.doubt |= UNSURE
    if s.bridged > 0:
        r.doubt |= BROKEN
    lowering_s = (bottom - onset) * frame_s
    dip = (r.depth_m < SHALLOW_M and lowering_s < DIP_S) or (r.depth_m < DEEP_DIP_M and lowering_s < DEEP_DIP_S)
    return 1 if r.depth_m >= LEAST_M and not dip else 0
