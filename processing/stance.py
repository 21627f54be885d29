"""Quiet stance: the first second in which the lifter stands still on both plates; it gives the weight and the references.

The search is causal and works on frames, not on raw samples: their mean takes out the plate's noise (3.4 % of body weight at
1 kHz on one real plate with a person at rest, 0.3 % after the mean over 10 ms), and leaves sway and movement. Once found, a
stance is kept, so that the references don't move under the lifter, and a recording gives offline what it gave live.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from acquisition.settings import StillSettings

Floats = NDArray[np.float64]

_STATE = np.dtype(
    [
        ("standing", np.int64),  # frames without a break in which both feet stood on their plates
        ("last_sample", np.int64),
        ("found_sample", np.int64),  # last sample of the window, -1 before it is found
        ("body_weight_N", np.float64),
        ("left_mm", np.float64),
        ("right_mm", np.float64),
    ]
)


@dataclass(frozen=True, slots=True)
class Stance:
    """A quiet stance: the last raw sample of its window, the mean total force, and each foot's mean centre of pressure.

    `left_mm` and `right_mm` run along the medial-lateral axis in the lab frame, + = right.
    """

    last_sample: int
    body_weight_N: float
    left_mm: float
    right_mm: float

    @property
    def middle_mm(self) -> float:
        """Halfway between the two feet's places."""
        return 0.5 * (self.left_mm + self.right_mm)


class QuietStance:
    """The search for quiet stance, and what refers to it: `refer` is given one run of frames after the other.

    `frame_samples` raw samples make a frame. A window of `settings.window_s` counts as quiet where the total vertical force
    has a standard deviation (divisor n) below `settings.sd_pct` of its mean, that mean is above `settings.least_N`, and no
    frame is missing or without a centre of pressure under either foot.
    """

    def __init__(self, settings: StillSettings, rate_hz: float, frame_samples: int) -> None:
        """Prepare an empty window for frames of `frame_samples` at a raw rate of `rate_hz`."""
        frames = max(2, round(settings.window_s * rate_hz / frame_samples))
        self._window = np.zeros((frames, 3))
        self._state = np.array([(0, -1, -1, math.nan, math.nan, math.nan)], dtype=_STATE)
        self._sd_share, self._least_N = settings.sd_pct / 100.0, settings.least_N
        self._frame_samples = frame_samples

    def refer(self, last_sample: Floats, total_N: Floats, places: Floats) -> None:
        """Look for quiet stance in these frames, and refer their `places` (n, 4) to it, in place; NaN until it is found.

        `last_sample` (n,): index of each frame's last raw sample; `total_N` (n,): Fz of both feet. Columns of `places` before,
        in mm along the medial-lateral axis with + = right: net centre of pressure, that of the left foot, that of the right
        one, anything. After: net against the middle of the stance (+ = right), left and right foot against their own places
        (+ = medial), body weight in N.
        """
        _refer(last_sample, total_N, places, self._window, self._state, self._sd_share, self._least_N, self._frame_samples)

    @property
    def found(self) -> Stance | None:
        """The stance, None until it is found."""
        state = self._state[0]
        if state["found_sample"] < 0:
            return None
        return Stance(*(state[name].item() for name in ("found_sample", "body_weight_N", "left_mm", "right_mm")))


@njit(nogil=True, cache=True, error_model="numpy")
def _watch(
    window: Floats,
    state: NDArray[np.void],
    sd_share: float,
    least_N: float,
    frame_samples: int,
    sample: int,
    total_N: float,
    left_mm: float,
    right_mm: float,
) -> None:
    """Take one frame into the window, and keep the stance if the window is full and quiet."""
    stance = state[0]
    stands = math.isfinite(total_N + left_mm + right_mm)
    if not stands or sample - stance.last_sample != frame_samples:
        stance.standing = 0
    stance.last_sample = sample
    if not stands:
        return
    frames = len(window)
    i = stance.standing % frames
    window[i, 0] = total_N
    window[i, 1] = left_mm
    window[i, 2] = right_mm
    stance.standing += 1
    if stance.standing < frames:
        return
    total = 0.0
    left = 0.0
    right = 0.0
    for i in range(frames):
        total += window[i, 0]
        left += window[i, 1]
        right += window[i, 2]
    mean = total / frames
    squares = 0.0
    for i in range(frames):
        squares += (window[i, 0] - mean) ** 2
    if mean > least_N and math.sqrt(squares / frames) < sd_share * mean:
        stance.found_sample = sample
        stance.body_weight_N = mean
        stance.left_mm = left / frames
        stance.right_mm = right / frames


@njit(nogil=True, cache=True, error_model="numpy")
def _refer(
    last_sample: Floats,
    total_N: Floats,
    places: Floats,
    window: Floats,
    state: NDArray[np.void],
    sd_share: float,
    least_N: float,
    frame_samples: int,
) -> None:
    stance = state[0]
    for n in range(len(places)):
        left_mm, right_mm = places[n, 1], places[n, 2]
        if stance.found_sample < 0:
            _watch(window, state, sd_share, least_N, frame_samples, int(last_sample[n]), total_N[n], left_mm, right_mm)
        places[n, 0] -= 0.5 * (stance.left_mm + stance.right_mm)
        places[n, 1] = left_mm - stance.left_mm
        places[n, 2] = stance.right_mm - right_mm
        places[n, 3] = stance.body_weight_N
