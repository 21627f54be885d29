"""The detector: repetitions from the frames of the vertical force, causally; confirmed at their end, with their phases.

It follows the centre of mass (`motion`) from a quiet stance on: lowering, rising, and back at the top. There a repetition is
confirmed, and its phases are taken anew from the whole of it, with what both its ends tell. What does not come back up, begins
from no stance, holds a frame that is not judged (a foot off its plate, a flight), or is a quick dip, is no repetition.
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from acquisition.rig.units import GRAVITY_M_S2
from hardware.arrays import Floats
from processing.repetition.motion import BIAS, HEIGHT, REST_M_S, TOP_M, VELOCITY, advance, know, stand
from processing.repetition.phases import (
    LEAST_M,
    MOVES_M_S,
    NOT_BACK,
    PAUSE_M_S,
    REPETITION,
    STARTS_M_S,
    Doubt,
    Repetition,
    judge,
)

ONE_LEG = 0.15
"""Who carries less than this share of the weight on one foot rests on the other."""
FLIES = 0.1
"""Of the weight: with less on the plates somebody is in the air."""
BRIDGED_S = 0.1
"""A force that is unknown for no longer is taken as it was before."""
LONGEST_S = 20.0
"""A repetition that takes longer is not followed."""
OTHER_WEIGHT = 0.02
"""A weight that differs by more is another one, and nothing that was known before is of use."""
WEIGHED_M_S2 = 0.03
"""Standard deviation of the bias that a second of stance tells."""
FOUND_AGAIN_S = 1.0
"""Once the way is lost, a force that is quiet for so long is taken for standing; who was low instead soon rises too high."""
TOLD_S = 0.5
"""A stance that lasts is taken into account so often, each time from that long ago on."""
PASSES_S, PAUSES_S = 1.0, 5.0
"""So long a still window may be taken for a slow start, and for a pause at the bottom."""
UNSURE_M_S = 0.3
"""With a velocity that is so unsure the way is lost."""
DEEPEST_M, HIGHEST_M = 1.2, 0.3
"""Beyond these the way is lost, as where a bar was taken."""
BACK_UP = 0.7
"""Of the depth: from there on a rising movement that ends is at the top."""
RISEN = 0.4
"""Less than this of it is no rising movement, however unsure the height."""
SLOWED = 0.5
"""A rising movement has not ended as long as it is faster than this share of its greatest velocity."""
QUIET_SHARE = 0.02
"""A force that is not farther from the weight, as a share of it, is quiet."""
QUIET_S, RESTS_S = 0.2, 0.5
"""A force that is quiet for the first ends a rising movement; for the second, at the top, it is rest."""
DROPS_M = 0.05
"""Who is lower by so much has left the stance, however slowly."""
ENDS_M_S = 0.03
"""Who comes to the top is slower than this, and than twice the velocity's standard deviation on top of it."""
TOP_WANDERS_M = 0.03
"""Resting at the top people are as tall as in the stance, but for so much."""
OFF_TOP_M = 0.1
"""Who ends so much higher or lower than in the stance, before anything is corrected, ends doubtfully."""


class Phase(IntEnum):
    """What the lifter is doing, as a column of frames has it; NaN where it is not known."""

    STANDING = 0
    LOWERING = 1
    BOTTOM = 2
    RISING = 3


_STANDING, _LOWERING, _BOTTOM, _RISING = map(int, Phase)
_LOST = -1

STATE = np.dtype(
    [
        ("frame", np.int64),  # the newest, counted from 0
        ("sample", np.int64),  # its last raw sample, -1 before the first
        ("frame_samples", np.int64),
        ("phase", np.int64),
        ("still", np.int64),  # frames of quiet stance, as last seen
        ("told", np.int64),  # the same when it was last taken into account
        ("weight_N", np.float64),
        ("quiet", np.int64),  # frames in a row within the band
        ("rested", np.int64),  # frames since rest was last taken into account
        ("start", np.int64),  # the frame at the end of which the movement began
        ("lowest_m", np.float64),
        ("fastest_m_s", np.float64),  # while rising
        ("top", np.int64),  # the frame in which rising ended, -1 while it has not
        ("bridged", np.int64),  # frames in this movement whose force was not known
        ("last_N", np.float64),
        ("passing", np.int64),  # still windows in a row that were none of standing
    ]
)


class RepetitionColumns(NamedTuple):
    """Where in a frame's row stands what the detector needs, and what it fills; each field is the column's name."""

    sample: int
    fz_total_N: int
    fz_left_N: int
    fz_right_N: int
    system_weight_N: int
    standing_s: int
    repetition_phase: int
    com_height_mm: int


class RepetitionDetector:
    """Follows frames of force and finds repetitions in them.

    `found` holds all so far, `broken_off` the first raw sample of each movement within which the force was lost.
    """

    def __init__(self, rate_hz: float, frame_samples: int, columns: RepetitionColumns) -> None:
        self._frame_s = frame_samples / rate_hz
        frames = max(8, round((LONGEST_S + 2.0) / self._frame_s))
        self._force_N = np.zeros(frames)
        self._state = np.zeros(1, dtype=STATE)
        self._state["frame"] = self._state["sample"] = -1
        self._state["frame_samples"] = frame_samples
        self._state["phase"] = _LOST
        self._state["weight_N"] = self._state["last_N"] = math.nan
        self._motion = np.zeros((5, 4))
        self._start = np.zeros((5, 4))
        self._fit = np.zeros(5)
        self._columns = np.array([columns], dtype=[(name, np.int64) for name in RepetitionColumns._fields])
        self._rows = np.zeros(4, dtype=REPETITION)
        self.found: list[Repetition] = []
        self.broken_off: list[float] = []

    def follow(self, rows: Floats) -> None:
        """Take these frames (n, columns), whose quiet stances are known, and fill phase and height in place."""
        most = len(rows) // max(1, int(QUIET_S / self._frame_s)) + 2
        if most > len(self._rows):
            self._rows = np.zeros(most, dtype=REPETITION)
        count = _follow(
            rows,
            self._columns,
            self._frame_s,
            self._force_N,
            self._state,
            self._motion,
            self._start,
            self._fit,
            self._rows,
        )
        for row in self._rows[:count]:
            *numbers, doubt = row.item()
            if doubt < 0:
                self.broken_off.append(numbers[0])
            else:
                self.found.append(Repetition(*numbers, Doubt(doubt)))  # type: ignore[call-arg]


@njit(nogil=True, cache=True, error_model="numpy")
def _stand(force_N: Floats, state: NDArray[np.void], motion: Floats, weight_N: float, frames: int, frame_s: float) -> None:
    """Take the last of a still window's `frames` into account, from its middle on, since a slow start hides in its end.

    What is as quiet and is no stance is left aside: a slow start, which has a velocity, and a pause at the bottom.
    """
    s = state[0]
    n = len(force_N)
    same = s.phase != _LOST and abs(weight_N / s.weight_N - 1.0) < OTHER_WEIGHT
    bias = GRAVITY_M_S2 * (weight_N / s.weight_N - 1.0) if same else 0.0
    if not same:
        s.weight_N = weight_N
    v = h = 0.0
    for i in range(s.frame - frames + 1, s.frame + 1):
        before = v
        v += (GRAVITY_M_S2 * (force_N[i % n] / s.weight_N - 1.0) - bias) * frame_s
        h += 0.5 * (before + v) * frame_s
    if same:
        low = s.phase != _STANDING and motion[0, HEIGHT] < BACK_UP * s.lowest_m
        if low or abs(motion[0, VELOCITY] - v) > 2.0 * math.sqrt(motion[2, 1]) + REST_M_S / 2:
            s.passing += 1
            if s.passing * TOLD_S < (PAUSES_S if low else PASSES_S):
                return
            same = False
    if same:
        know(motion, VELOCITY, v, REST_M_S / 2)
        know(motion, HEIGHT, h, TOP_M)
        if s.still == 0:
            know(motion, BIAS, bias, WEIGHED_M_S2)
    else:
        stand(motion, v, h, bias, frames * frame_s)
    s.passing = 0
    s.phase = _STANDING
    s.quiet = s.rested = s.bridged = 0
    s.top = -1
    s.lowest_m = 0.0


@njit(nogil=True, cache=True, error_model="numpy")
def _break_off(state: NDArray[np.void], found: NDArray[np.void]) -> int:
    """Lose the way where no force is known, and return 1 where that was within a movement, which is in `found` then."""
    s = state[0]
    moving = s.phase in (_LOWERING, _RISING) and s.lowest_m < -LEAST_M
    s.phase = _LOST
    s.bridged = 0
    if moving:
        found[0].doubt = -1
        found[0].start_sample = s.sample - (s.frame - s.start) * s.frame_samples
    return 1 if moving else 0


@njit(nogil=True, cache=True, error_model="numpy")
def _follow(
    rows: Floats,
    columns: NDArray[np.void],
    frame_s: float,
    force_N: Floats,
    state: NDArray[np.void],
    motion: Floats,
    start: Floats,
    fit: Floats,
    found: NDArray[np.void],
) -> int:
    s, at = state[0], columns[0]
    n = len(force_N)
    count = 0
    bridge = max(1, int(BRIDGED_S / frame_s))
    for i in range(len(rows)):
        row = rows[i]
        row[at.repetition_phase] = row[at.com_height_mm] = math.nan
        sample = int(row[at.sample])
        gap = s.sample >= 0 and sample - s.sample != s.frame_samples
        if gap:
            count += _break_off(state, found[count : count + 1])
        s.sample = sample
        s.frame += 1
        force = row[at.fz_total_N]
        known = math.isfinite(force)
        if known:
            s.last_N = force
        elif s.phase != _LOST:
            s.bridged += 1
            force = s.last_N
        force_N[s.frame % n] = force
        on_both = min(row[at.fz_left_N], row[at.fz_right_N]) > ONE_LEG * force and not force < FLIES * s.weight_N
        if s.bridged > bridge:
            count += _break_off(state, found[count : count + 1])
        if known and not on_both:
            s.phase = _LOST
        still = int(row[at.standing_s] / frame_s + 0.5)
        if s.phase != _LOST:
            advance(motion, GRAVITY_M_S2 * (force / s.weight_N - 1.0), frame_s)
            count += _step(frame_s, force, force_N, state, motion, start, fit, found[count : count + 1])
        else:
            s.quiet = s.quiet + 1 if on_both and abs(force / s.weight_N - 1.0) < QUIET_SHARE else 0
            if s.quiet * frame_s >= FOUND_AGAIN_S:
                half = int(0.5 * FOUND_AGAIN_S / frame_s)
                _stand(force_N, state, motion, s.weight_N, half, frame_s)
                s.start = s.frame
                start[:] = motion
        if still > s.still and known and (s.still == 0 or (still - s.told) * frame_s >= TOLD_S):
            s.told = still
            _stand(force_N, state, motion, row[at.system_weight_N], max(1, min(still, int(TOLD_S / frame_s))), frame_s)
            if s.phase == _STANDING:
                s.start = s.frame
                start[:] = motion
        s.still = still
        s.passing = s.passing if still > 0 else 0
        if s.phase != _LOST:
            at_bottom = (
                s.phase != _STANDING and abs(motion[0, VELOCITY]) < PAUSE_M_S and motion[0, HEIGHT] < BACK_UP * s.lowest_m
            )
            row[at.repetition_phase] = _BOTTOM if at_bottom else s.phase
            row[at.com_height_mm] = 1000.0 * motion[0, HEIGHT]
    return count


@njit(nogil=True, cache=True, error_model="numpy")
def _step(
    frame_s: float,
    force: float,
    force_N: Floats,
    state: NDArray[np.void],
    motion: Floats,
    start: Floats,
    fit: Floats,
    found: NDArray[np.void],
) -> int:
    """Judge the newest frame; return 1 where it confirms a repetition, which is in `found` then."""
    s = state[0]
    sd_m, sd_m_s = math.sqrt(motion[1, 0]), math.sqrt(motion[2, 1])
    quiet = abs(force / s.weight_N - 1.0 - motion[0, BIAS] / GRAVITY_M_S2) < QUIET_SHARE
    s.quiet = s.quiet + 1 if quiet else 0
    too_long = s.phase != _STANDING and (s.frame - s.start) * frame_s > LONGEST_S
    if motion[0, HEIGHT] > HIGHEST_M + 2.0 * sd_m or motion[0, HEIGHT] < -DEEPEST_M or sd_m_s > UNSURE_M_S or too_long:
        s.phase = _LOST
        return 0
    s.rested += 1
    if s.phase == _STANDING:
        if motion[0, VELOCITY] > -STARTS_M_S:
            s.start = s.frame
            s.bridged = 0
            start[:] = motion
        if motion[0, VELOCITY] < -MOVES_M_S or motion[0, HEIGHT] < start[0, HEIGHT] - DROPS_M:
            s.phase = _LOWERING
            s.lowest_m = motion[0, HEIGHT]
            s.top = -1
        elif min(s.quiet, s.rested) * frame_s >= RESTS_S and abs(motion[0, VELOCITY]) < 2.0 * sd_m_s:
            know(motion, VELOCITY, 0.0, REST_M_S)
            if abs(motion[0, HEIGHT]) < DROPS_M + 2.0 * sd_m:
                know(motion, HEIGHT, 0.0, TOP_WANDERS_M)
            s.rested = 0
        return 0
    s.lowest_m = min(s.lowest_m, motion[0, HEIGHT])
    if s.phase == _LOWERING:
        if motion[0, VELOCITY] >= 0.0:
            s.phase = _RISING
            s.fastest_m_s = 0.0
            s.top = -1
        return 0
    s.fastest_m_s = max(s.fastest_m_s, motion[0, VELOCITY])
    up_m = motion[0, HEIGHT] - s.lowest_m
    high = up_m > -BACK_UP * s.lowest_m - 2.0 * sd_m and up_m > -RISEN * s.lowest_m
    if s.top < 0:
        if motion[0, VELOCITY] < 0.0:
            if not high:
                s.phase = _LOWERING
                return 0
            s.top = s.frame
        slow = motion[0, VELOCITY] < min(ENDS_M_S + 2.0 * sd_m_s, SLOWED * s.fastest_m_s)
        above = motion[0, HEIGHT] > TOP_WANDERS_M + 2.0 * sd_m  # nobody rises beyond the stance: the velocity is wrong
        if s.top < 0 and high and s.quiet * frame_s >= QUIET_S and (slow or above):
            return int(_confirm(frame_s, s.frame - int(QUIET_S / frame_s) + 1, True, force_N, state, motion, start, fit, found))
        return 0
    if motion[0, VELOCITY] > PAUSE_M_S:
        s.top = -1
        return 0
    if (s.frame - s.top) * frame_s < QUIET_S and motion[0, VELOCITY] > -MOVES_M_S:
        return 0
    return int(_confirm(frame_s, s.top, s.quiet * frame_s >= QUIET_S, force_N, state, motion, start, fit, found))


@njit(nogil=True, cache=True, error_model="numpy")
def _confirm(
    frame_s: float,
    end: int,
    rests: bool,
    force_N: Floats,
    state: NDArray[np.void],
    motion: Floats,
    start: Floats,
    fit: Floats,
    found: NDArray[np.void],
) -> int:
    """Take the movement up to frame `end` as done, go on from there, and return 1 where it was a repetition."""
    s = state[0]
    n = len(force_N)
    v = h = 0.0  # since the end
    for i in range(end + 1, s.frame + 1):
        before = v
        v += (GRAVITY_M_S2 * (force_N[i % n] / s.weight_N - 1.0) - motion[0, BIAS]) * frame_s
        h += 0.5 * (before + v) * frame_s
    since_s = (s.frame - end) * frame_s
    end_m_s = motion[0, VELOCITY] - v
    off_top_m = motion[0, HEIGHT] - h - end_m_s * since_s
    was = 0
    if s.lowest_m < -LEAST_M / 2:
        was = judge(frame_s, end, rests, force_N, state, start, fit, found)
        found[0].off_top_m = off_top_m
        found[0].end_m_s = end_m_s
        sd_m = math.sqrt(motion[1, 0])
        if abs(off_top_m) > OFF_TOP_M + 2.0 * sd_m:
            found[0].doubt |= NOT_BACK
    know(motion, HEIGHT, motion[0, HEIGHT] - off_top_m, TOP_M)
    if rests:
        know(motion, VELOCITY, v, REST_M_S)
    s.top = -1
    s.bridged = 0
    s.lowest_m = 0.0
    s.start = end
    start[:] = motion
    start[0, VELOCITY] = motion[0, VELOCITY] - v
    start[0, HEIGHT] = 0.0
    s.phase = _LOWERING if motion[0, VELOCITY] < -MOVES_M_S else _STANDING
    if s.phase == _LOWERING:
        s.lowest_m = motion[0, HEIGHT]
    s.rested = 0
    return was
