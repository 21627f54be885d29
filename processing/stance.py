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

STATE = np.dtype(
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
    """The search for quiet stance and what it found: `watch` is given one frame after the other.

    `frame_samples` raw samples make a frame. A window of `settings.window_s` counts as quiet where the total vertical force
    has a standard deviation (divisor n) below `settings.sd_pct` of its mean, that mean is above `settings.least_N`, and no
    frame is missing or without a centre of pressure under either foot.
    """

    def __init__(self, settings: StillSettings, rate_hz: float, frame_samples: int) -> None:
        """Prepare an empty window for frames of `frame_samples` at a raw rate of `rate_hz`."""
        frames = max(2, round(settings.window_s * rate_hz / frame_samples))
        self.window: NDArray[np.float64] = np.zeros((frames, 3))
        self.state = np.array([(0, -1, -1, math.nan, math.nan, math.nan)], dtype=STATE)
        self.limits: NDArray[np.float64] = np.array([settings.sd_pct / 100.0, settings.least_N])
        self.frame_samples = frame_samples

    def watch(self, sample: int, total_N: float, left_mm: float, right_mm: float) -> bool:
        """Take one frame and return whether quiet stance is known by now.

        `sample`: index of the frame's last raw sample; `total_N`: Fz of both feet; `left_mm`, `right_mm`: centre of pressure
        under each foot along the medial-lateral axis, + = right; NaN where there is none.
        """
        return bool(watch_stance(self.window, self.state, self.limits, self.frame_samples, sample, total_N, left_mm, right_mm))

    @property
    def found(self) -> Stance | None:
        """The stance, None until it is found."""
        state = self.state[0]
        if state["found_sample"] < 0:
            return None
        return Stance(*(state[name].item() for name in ("found_sample", "body_weight_N", "left_mm", "right_mm")))


@njit(nogil=True, cache=True, error_model="numpy")
def watch_stance(
    window: NDArray[np.float64],
    state: NDArray[np.void],
    limits: NDArray[np.float64],
    frame_samples: int,
    sample: int,
    total_N: float,
    left_mm: float,
    right_mm: float,
) -> bool:
    """Do what `QuietStance.watch` does, on its arrays, for use within another kernel."""
    stance = state[0]
    if stance.found_sample >= 0:
        return True
    if sample - stance.last_sample != frame_samples or not math.isfinite(total_N + left_mm + right_mm):
        stance.standing = 0
    stance.last_sample = sample
    if not math.isfinite(total_N + left_mm + right_mm):
        return False
    frames = len(window)
    row = window[stance.standing % frames]
    row[0] = total_N
    row[1] = left_mm
    row[2] = right_mm
    stance.standing += 1
    if stance.standing < frames:
        return False
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
    if mean > limits[1] and math.sqrt(squares / frames) < limits[0] * mean:
        stance.found_sample = sample
        stance.body_weight_N = mean
        stance.left_mm = left / frames
        stance.right_mm = right / frames
        return True
    return False
