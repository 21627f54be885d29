"""Quiet stance: the first second in which the lifter stands still on both plates; it gives the weight and the references.

The search is causal and works on frames, not on raw samples: their mean takes out the plate's noise (3.4 % of body weight at
1 kHz on one real plate with a person at rest, 0.3 % after the mean over 10 ms), and leaves sway and movement. Once found, a
stance is kept, so that the references don't move under the lifter, and a recording gives offline what it gave live. Only a
foot that leaves its plate has no place any more, since no one steps back onto the same millimetre: it is looked for anew in
the next quiet stance. The other foot keeps its place, and the weight stays that of the first stance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from acquisition.rig.judgement import StillSettings

Floats = NDArray[np.float64]

OFF_S = 0.1
"""A foot has left its plate once it has been off it for so long."""

_STATE = np.dtype(
    [
        ("standing", np.int64),  # frames without a break in which both feet stood on their plates
        ("left_off", np.int64),  # frames in a row in which that foot was off its plate
        ("right_off", np.int64),
        ("last_sample", np.int64),
        ("found_sample", np.int64),  # last sample of the newest window, -1 before the first is found
        ("body_weight_N", np.float64),
        ("left_mm", np.float64),
        ("right_mm", np.float64),
    ]
)


@dataclass(frozen=True, slots=True)
class Stance:
    """Quiet stance: the last raw sample of the newest window, the mean total force of the first, and the feet's places.

    `left_mm` and `right_mm` are mean centres of pressure along the medial-lateral axis in the lab frame, + = right; NaN for a
    foot that has left its plate, until the next quiet stance.
    """

    last_sample: int
    body_weight_N: float
    left_mm: float
    right_mm: float


class QuietStance:
    """The search for quiet stance, and what refers to it: `refer` is given one series of frames after the other.

    `frame_samples` raw samples make a frame. A window of `settings.window_s` counts as quiet where the total vertical force
    has a standard deviation (divisor n) below `settings.sd_pct` of its mean, that mean is above `settings.least_N`, and no
    frame is missing or without a centre of pressure under either foot. A foot is off its plate where its vertical force is not
    above `contact_N`.
    """

    def __init__(self, settings: StillSettings, contact_N: float, rate_hz: float, frame_samples: int) -> None:
        """Prepare an empty window for frames of `frame_samples` at a raw rate of `rate_hz`."""
        frames = max(2, round(settings.window_s * rate_hz / frame_samples))
        self._window = np.zeros((frames, 3))
        self._state = np.array([(0, 0, 0, -1, -1, math.nan, math.nan, math.nan)], dtype=_STATE)
        off_frames = max(1.0, OFF_S * rate_hz / frame_samples)
        self._limits = np.array([settings.sd_pct / 100.0, settings.least_N, contact_N, off_frames])
        self._frame_samples = frame_samples

    def refer(self, last_sample: Floats, force_N: Floats, ml_mm: Floats) -> None:
        """Look for quiet stance in these frames, and refer their `ml_mm` (n, 4) to it, in place; NaN until it is found.

        `last_sample` (n,): index of each frame's last raw sample; `force_N` (n, 3): Fz left, right, both. Columns of `ml_mm`
        before, in mm along the medial-lateral axis with + = right: net centre of pressure, that of the left foot, that of the
        right one, anything. After: net against the middle of the stance (+ = right), left and right foot against their own
        places (+ = medial), body weight in N.
        """
        _refer(last_sample, force_N, ml_mm, self._window, self._state, self._limits, self._frame_samples)

    @property
    def found(self) -> Stance | None:
        """The newest stance, None until the first is found."""
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
        if stance.found_sample < 0:
            stance.body_weight_N = mean
        stance.found_sample = sample
        if math.isnan(stance.left_mm):
            stance.left_mm = left / frames
        if math.isnan(stance.right_mm):
            stance.right_mm = right / frames


@njit(nogil=True, cache=True, error_model="numpy")
def _refer(
    last_sample: Floats,
    force_N: Floats,
    ml_mm: Floats,
    window: Floats,
    state: NDArray[np.void],
    limits: Floats,
    frame_samples: int,
) -> None:
    sd_share, least_N, contact_N, off_frames = limits
    stance = state[0]
    for n in range(len(ml_mm)):
        left_mm, right_mm, total_N = ml_mm[n, 1], ml_mm[n, 2], force_N[n, 2]
        # A force that is no number tells nothing of the foot.
        stance.left_off = stance.left_off + 1 if force_N[n, 0] <= contact_N else 0
        stance.right_off = stance.right_off + 1 if force_N[n, 1] <= contact_N else 0
        if stance.left_off >= off_frames:
            stance.left_mm = math.nan
        if stance.right_off >= off_frames:
            stance.right_mm = math.nan
        if math.isnan(stance.left_mm + stance.right_mm):
            _watch(window, state, sd_share, least_N, frame_samples, int(last_sample[n]), total_N, left_mm, right_mm)
        ml_mm[n, 0] -= 0.5 * (stance.left_mm + stance.right_mm)
        ml_mm[n, 1] = left_mm - stance.left_mm
        ml_mm[n, 2] = stance.right_mm - right_mm
        ml_mm[n, 3] = stance.body_weight_N
