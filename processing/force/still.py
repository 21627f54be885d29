"""Still seconds: which of them are stances, causally, frame by frame.

Still is not standing. A slow lowering is as quiet as a stance, but it has a velocity, and its mean is not the weight; so
another weight counts once it has been there for longer than a movement with such a force can last. A pause at the bottom has
the weight, but lies lower: between two still seconds the velocity is zero at both ends, so the way between them is known from
the force (`_height`), and what lies low is no stance. Where the first still second was at the bottom, the first move after it
goes up: then nothing refers to it any more, until the next stance.
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

SAME_WEIGHT = 0.0045
"""Two still seconds whose means differ by less have the same weight."""
CLEARLY_OTHER = 0.03
"""A weight that differs by less counts after four windows: no lowering lasts so long."""
FALLEN_M = 0.6
"""One that differs by more counts as soon as nobody can have moved with it: its excess would have carried them so far."""
LOW_M = 0.15
"""What lies lower than this, or rose by more, is not the same standing."""
HEIGHT_KNOWN_S = 15.0
"""For so long the way between two still seconds can be told from the force; a drift of 2 N a minute makes 0.1 m of it."""
MOVES_M_S, MOVES_M = 0.25, 0.1
"""A lifter has moved once the centre of mass is as fast as this, or as far away."""
SLOWS = 0.02
"""Who rises slows down before the top, and is lighter meanwhile by more than this; who has taken a bar is not."""
STILL_M_S, UNSURE_G = 0.06, 0.002
"""Who is faster than this passes; a velocity that is integrated is unsure by the weight's own uncertainty, in g, times the
time."""
NO_PAUSE_S = 5.0
"""Nobody pauses at the bottom for so long."""
MOVED_MM = 8.0
"""A foot whose pressure rests farther from its place has a new one, and that is told (*design*)."""


class StanceKind(IntEnum):
    """Why a still second was taken as the stance to which all refers."""

    FIRST = 0
    AGAIN = 1
    OTHER_WEIGHT = 2
    STEPPED_ON = 3
    WAS_LOW = 4

    @property
    def word(self) -> str:
        """As files have it: `other weight`."""
        return self.name.replace("_", " ").lower()


_FIRST, _AGAIN, _OTHER_WEIGHT, _STEPPED_ON, _WAS_LOW = map(int, StanceKind)

STATE = np.dtype(
    [
        ("standing", np.int64),  # frames without a break in which both feet stood on their plates
        ("left_off", np.int64),  # frames in a row in which that foot was off its plate
        ("right_off", np.int64),
        ("left_blind", np.int64),  # frames in a row in which that foot stood on its plate, which told no place
        ("right_blind", np.int64),
        ("last_sample", np.int64),
        ("settled", np.int64),  # frames in a row with the weight on both feet
        ("aboard", np.int64),  # 1 until both feet have left
        ("moved", np.int64),  # 1 once the lifter has moved since the stance, 2 while that goes up
        ("was_low", np.int64),  # 1 once the stance proved to be low
        ("still", np.int64),  # frames of the stance that lasts, 0 where none does
        ("unknown", np.int64),  # still frames of unknown height in a row
        ("frames", np.int64),  # frames since velocity was zero, -1 where they are not without a break
        ("velocity", np.float64),  # in g times frames, and its sum
        ("way", np.float64),
        ("height_m", np.float64),  # of the newest still second over the stance, NaN where it can't be told
        ("other_N", np.float64),  # another weight, and for how many frames it has been there
        ("other", np.int64),
        (
            "loaded",
            np.int64,
        ),  # until a weight is known: frames with a load, with both feet on, and how quiet the quietest second
        ("on_both", np.int64),
        ("least_sd_share", np.float64),
        ("body_N", np.float64),
        ("system_N", np.float64),
        ("left_x", np.float64),
        ("left_y", np.float64),
        ("right_x", np.float64),
        ("right_y", np.float64),
    ]
)
EVENT = np.dtype([("kind", np.int64), ("sample", np.int64), *((name, np.float64) for name in (
    "body_N", "system_N", "left_x", "left_y", "right_x", "right_y", "left_moved", "right_moved", "sd_N"))])  # fmt: skip


class StillLimits(NamedTuple):
    """What still and standing mean, in frames and shares of the weight."""

    sd_share: float
    least_N: float
    contact_N: float
    both_N: float
    off_frames: float
    frame_samples: float
    frame_s: float
    hop: int
    m_per_way: float
    m_s_per_velocity: float
    height_frames: float
    pause_frames: float
    settled_frames: float


LIMITS = np.dtype([(name, np.int64 if name == "hop" else np.float64) for name in StillLimits._fields])


@njit(nogil=True, cache=True, error_model="numpy")
def _height(state: NDArray[np.void], limits: NDArray[np.void]) -> float:
    """Return how much higher the centre of mass is than at the still second before, in m; NaN where that can't be told.

    The acceleration over g is F / W - 1. A W or a force that is off by a constant makes a velocity that grows evenly; since
    velocity is zero at both ends, taking off its line takes that off too.
    """
    stance = state[0]
    if stance.frames < 0 or stance.frames > limits[0].height_frames:
        return math.nan
    return float((stance.way - stance.velocity * stance.frames / 2.0) * limits[0].m_per_way)


@njit(nogil=True, cache=True, error_model="numpy")
def _passes(state: NDArray[np.void], limits: NDArray[np.void]) -> bool:
    """Return whether the lifter is on the way: at its fastest a slow lowering is quiet, and has the weight."""
    stance = state[0]
    if stance.frames < 0 or stance.frames > limits[0].height_frames:
        return False
    may_m_s = STILL_M_S + UNSURE_G * stance.frames * limits[0].m_s_per_velocity
    return bool(abs(stance.velocity) * limits[0].m_s_per_velocity > may_m_s)


@njit(nogil=True, cache=True, error_model="numpy")
def _rest(state: NDArray[np.void], window: Floats) -> None:
    """Begin to integrate anew, with no velocity in the middle of a still window: a slow start hides in its end."""
    stance = state[0]
    stance.frames = len(window) // 2
    stance.velocity = 0.0
    stance.way = 0.0
    for i in range(stance.frames):
        stance.velocity += window[(stance.standing - stance.frames + i) % len(window), 0] / stance.system_N - 1.0
        stance.way += stance.velocity


@njit(nogil=True, cache=True, error_model="numpy")
def _stand(state: NDArray[np.void], window: Floats, kind: int, sample: int, event: NDArray[np.void]) -> None:
    """Take a still window, with its means of force and places, as the stance to which all refers."""
    stance = state[0]
    total, left_x, left_y, right_x, right_y = 0.0, 0.0, 0.0, 0.0, 0.0
    frames = len(window)
    for i in range(frames):
        total += window[i, 0]
        left_x += window[i, 1]
        left_y += window[i, 2]
        right_x += window[i, 3]
        right_y += window[i, 4]
    stance.system_N = total / frames
    squares = 0.0
    for i in range(frames):
        squares += (window[i, 0] - stance.system_N) ** 2
    stepped_on = kind in (_FIRST, _STEPPED_ON)
    stance.body_N = stance.system_N if stepped_on else min(stance.body_N, stance.system_N)
    told = event[0]
    told.kind = kind
    told.sample = sample
    told.body_N = stance.body_N
    told.system_N = stance.system_N
    told.left_x = left_x / frames
    told.left_y = left_y / frames
    told.right_x = right_x / frames
    told.right_y = right_y / frames
    told.left_moved = math.hypot(told.left_x - stance.left_x, told.left_y - stance.left_y)
    told.sd_N = math.sqrt(squares / frames)
    told.right_moved = math.hypot(told.right_x - stance.right_x, told.right_y - stance.right_y)
    stance.left_x = told.left_x
    stance.left_y = told.left_y
    stance.right_x = told.right_x
    stance.right_y = told.right_y
    stance.height_m = 0.0
    stance.moved = 0
    stance.was_low = 0
    stance.aboard = 1
    stance.other = 0
    stance.unknown = 0
    stance.still = frames
    _rest(state, window)


@njit(nogil=True, cache=True, error_model="numpy")
def _finds_a_place(state: NDArray[np.void], window: Floats) -> bool:
    """Return whether a foot has no place and this window tells one."""
    left, right = 0.0, 0.0
    for i in range(len(window)):
        left += window[i, 1]
        right += window[i, 3]
    stance = state[0]
    return bool((math.isnan(stance.left_x) and math.isfinite(left)) or (math.isnan(stance.right_x) and math.isfinite(right)))


@njit(nogil=True, cache=True, error_model="numpy")
def _rests_elsewhere(state: NDArray[np.void], window: Floats) -> bool:
    """Return whether a foot's pressure rested far from its place throughout a window, as after the foot was moved.

    It is taken fifth by fifth, so that a window within which the foot was moved waits for one in which it rested.
    """
    stance = state[0]
    newest = (stance.standing - 1) % len(window)
    left_mm = math.hypot(window[newest, 1] - stance.left_x, window[newest, 2] - stance.left_y)
    right_mm = math.hypot(window[newest, 3] - stance.right_x, window[newest, 4] - stance.right_y)
    if not (left_mm > MOVED_MM or right_mm > MOVED_MM):  # it is there no more, or never was
        return False
    part = max(1, len(window) // 5)
    left_x, left_y = stance.left_x, stance.left_y
    right_x, right_y = stance.right_x, stance.right_y
    moved = False
    for foot in range(2):
        at_x, at_y = (left_x, left_y) if foot == 0 else (right_x, right_y)
        least, mean_x, mean_y = math.inf, 0.0, 0.0
        far_apart = 0.0
        for first in range(0, len(window) - part + 1, part):
            x, y = 0.0, 0.0
            for i in range(part):
                row = (stance.standing + first + i) % len(window)  # the oldest first
                x += window[row, 1 + 2 * foot] / part
                y += window[row, 2 + 2 * foot] / part
            if first == 0:
                mean_x, mean_y = x, y
            far_apart = max(far_apart, math.hypot(x - mean_x, y - mean_y))
            far = math.hypot(x - at_x, y - at_y)
            least = 0.0 if math.isnan(far) else min(least, far)
        if far_apart > MOVED_MM:
            return False
        moved = moved or (least > MOVED_MM and math.isfinite(least))
    return moved


@njit(nogil=True, cache=True, error_model="numpy")
def _look(window: Floats, state: NDArray[np.void], limits: NDArray[np.void], sample: int, event: NDArray[np.void]) -> bool:
    """Judge the window that ends with this frame; return whether it became a stance, which is in `event` then."""
    stance = state[0]
    frames = len(window)
    total = 0.0
    for i in range(frames):
        total += window[i, 0]
    mean_N = total / frames
    squares = 0.0
    for i in range(frames):
        squares += (window[i, 0] - mean_N) ** 2
    sd_share = math.sqrt(squares / frames) / mean_N if mean_N > limits[0].least_N else math.inf
    stance.least_sd_share = min(stance.least_sd_share, sd_share)
    quiet = sd_share < limits[0].sd_share
    if not quiet:
        stance.still = 0
        stance.other = 0
        stance.unknown = 0
        return False
    if math.isnan(stance.system_N):
        _stand(state, window, _FIRST, sample, event)
        return True
    if stance.aboard == 0:
        _stand(state, window, _STEPPED_ON, sample, event)
        return True
    if abs(mean_N / stance.system_N - 1.0) > SAME_WEIGHT:
        stance.still = 0
        if stance.other > 0 and abs(mean_N / stance.other_N - 1.0) < SAME_WEIGHT:
            stance.other += limits[0].hop
        else:
            stance.other = 1
            stance.other_N = mean_N
        if stance.other <= _frames_of_other(abs(mean_N / stance.system_N - 1.0), frames, limits):
            return False
        _stand(state, window, _OTHER_WEIGHT, sample, event)
        return True
    stance.other = 0
    if _passes(state, limits):
        stance.still = 0
        return False
    return bool(_same_weight(window, state, limits, sample, mean_N, event))


@njit(nogil=True, cache=True, error_model="numpy")
def _frames_of_other(share: float, frames: int, limits: NDArray[np.void]) -> float:
    """Return for how long a weight that differs by a share must be there, in frames after its first still second."""
    if share <= CLEARLY_OTHER:
        return 3.0 * frames
    return float(max(limits[0].hop, math.sqrt(2.0 * FALLEN_M / (share * GRAVITY_M_S2)) / limits[0].frame_s - frames))


@njit(nogil=True, cache=True, error_model="numpy")
def _same_weight(
    window: Floats, state: NDArray[np.void], limits: NDArray[np.void], sample: int, mean_N: float, event: NDArray[np.void]
) -> bool:
    """Judge a still second with the weight that is known: the stance that lasts, another one, or a pause that lies low."""
    stance = state[0]
    if stance.still > 0 and _rests_elsewhere(state, window):
        _stand(state, window, _AGAIN, sample, event)
        return True
    if stance.still > 0:  # it lasts: the weight is that of the whole of it, the places stay, as the load may shift meanwhile
        light = stance.body_N == stance.system_N
        stance.still += limits[0].hop
        stance.system_N += limits[0].hop / stance.still * (mean_N - stance.system_N)
        stance.body_N = stance.system_N if light else stance.body_N
        _rest(state, window)
        return False
    rose_m = _height(state, limits)
    height_m = stance.height_m + rose_m
    if stance.was_low == 1 and abs(height_m) < LOW_M:  # as low as the one that was: a pause at the bottom again
        stance.unknown += limits[0].hop
        if stance.unknown < limits[0].pause_frames:
            stance.height_m = height_m
            _rest(state, window)
            return False
    if stance.was_low == 1:
        _stand(state, window, _WAS_LOW, sample, event)
        return True
    if _finds_a_place(state, window) or abs(height_m) < LOW_M:
        _stand(state, window, _AGAIN, sample, event)
        return True
    if rose_m > LOW_M and not height_m <= LOW_M:
        _stand(state, window, _AGAIN if math.isnan(stance.height_m) else _WAS_LOW, sample, event)
        return True
    stance.unknown = stance.unknown + limits[0].hop if math.isnan(height_m) else 0
    if stance.unknown >= limits[0].pause_frames:
        _stand(state, window, _AGAIN, sample, event)
        return True
    stance.height_m = rose_m if math.isnan(height_m) and rose_m < -LOW_M else height_m
    _rest(state, window)
    return False


@njit(nogil=True, cache=True, error_model="numpy")
def take_frame(
    window: Floats,
    state: NDArray[np.void],
    limits: NDArray[np.void],
    sample: int,
    frame: tuple[float, float, float, float, float],
    event: NDArray[np.void],
) -> bool:
    """Take total force and both feet's places, (N, mm, mm, mm, mm), and return whether that made a stance, told in `event`."""
    stance = state[0]
    frames = len(window)
    i = stance.standing % frames
    for c in range(5):
        window[i, c] = frame[c]
    stance.standing += 1
    if stance.frames >= 0:
        stance.velocity += frame[0] / stance.system_N - 1.0
        stance.way += stance.velocity
        stance.frames += 1
        speed, far = stance.velocity * limits[0].m_s_per_velocity, stance.way * limits[0].m_per_way
        if stance.moved == 0 and stance.height_m == 0.0 and (abs(speed) > MOVES_M_S or abs(far) > MOVES_M):
            stance.moved = 2 if speed > MOVES_M_S and far > 0.0 else 1
        if stance.moved == 2 and frame[0] < (1.0 - SLOWS) * stance.system_N:
            stance.moved = 1
            if speed > 0.0:  # nobody rises from standing: it was a pause at the bottom
                stance.was_low = 1
                stance.left_x = math.nan
                stance.right_x = math.nan
    if stance.standing < frames or (stance.standing - frames) % limits[0].hop:
        return False
    return bool(_look(window, state, limits, sample, event))
