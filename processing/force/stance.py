"""Quiet stance: the seconds in which the lifter stands still on both plates; they give the weight and each foot's place.

The search is causal and works on frames, not on raw samples. The mean over a frame takes out the plate's noise (3.4 % of body
weight at 1 kHz on one real plate with a person at rest, 0.3 % after the mean over 10 ms), and leaves sway and movement; and a
recording gives offline what it gave live. A foot that leaves its plate loses its place, since no one steps back onto the same
millimetre.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from acquisition.rig import SIDES
from acquisition.rig.judgement import StillSettings
from acquisition.rig.lifter_axes import UNKNOWN_TOE_OUT_DEG, LifterAxes
from acquisition.rig.units import GRAVITY_M_S2
from hardware.arrays import Floats
from processing.force.cop_watch import cop_watch_of, is_no_cop
from processing.force.still import EVENT, HEIGHT_KNOWN_S, LIMITS, NO_PAUSE_S, STATE, StanceKind, StillLimits, take_frame
from processing.repetition.detector import ONE_LEG

OFF_S = 0.1
"""A foot has left its plate once it has been off it for so long."""
LEAST_LOAD = 0.4
"""Of the weight: with less on the plates somebody is in the air, or holds on to something."""
SETTLED_S = 1.0
"""Nothing is judged for so long after a landing, or before a leaving."""


class StanceColumns(NamedTuple):
    """Where in a frame's row stands what the search needs, and what it fills; each field is the column's name."""

    sample: int
    fz_left_N: int
    fz_right_N: int
    fz_total_N: int
    cop_left_x_mm: int
    cop_left_y_mm: int
    cop_right_x_mm: int
    cop_right_y_mm: int
    cop_net_shift_mm: int
    cop_net_beyond_load_mm: int
    foot_cop_medial_left_mm: int
    foot_cop_medial_right_mm: int
    foot_cop_medial_left_pct: int
    foot_cop_medial_right_pct: int
    foot_cop_medial_unsure_left_mm: int
    foot_cop_medial_unsure_right_mm: int
    outward_push_left_pct: int
    outward_push_right_pct: int
    free_moment_left_Nm: int
    free_moment_right_Nm: int
    force_line_left_mm: int
    force_line_right_mm: int
    body_weight_N: int
    system_weight_N: int
    judged: int
    standing_s: int


@dataclass(frozen=True, slots=True)
class Stance:
    """One quiet stance: why it was taken, the last raw sample of its first window, weights in N, and where each foot stood.

    `left_mm` and `right_mm` are mean centres of pressure (x, y) in the lab axes; `left_moved_mm` and `right_moved_mm` how far
    they lie from the place before, NaN where there was none. `system_weight_N` is body and bar; `body_weight_N` the least that
    was weighed since the lifter stepped on. `sd_N`: how quiet the first window was, the standard deviation of its total force.
    """

    kind: StanceKind
    last_sample: int
    body_weight_N: float
    system_weight_N: float
    left_mm: tuple[float, float]
    right_mm: tuple[float, float]
    left_moved_mm: float
    right_moved_mm: float
    sd_N: float


class QuietStance:
    """The search for quiet stance, and what refers to it: `refer` is given one series of frames after the other.

    `frame_samples` raw samples of `rate_hz` make a frame. A window of `settings.window_s` counts as still where the total
    vertical force has a standard deviation (divisor n) below `settings.sd_pct` of its mean, that mean is above
    `settings.least_N`, and no frame is missing or without a centre of pressure under either foot, if its plate tells one (none
    for longer than a window is a plate whose moments are not known, and who stands on it is weighed all the same). A
    foot is off its plate where its vertical force is not above `contact_N`. `watches` (left, right) tell which centres of
    pressure can't be one: they become NaN, with all that rests on them, and the lifter is weighed all the same.
    """

    def __init__(
        self,
        settings: StillSettings,
        contact_N: float,
        rate_hz: float,
        frame_samples: int,
        columns: StanceColumns,
        axes: LifterAxes,
        ankle_height_mm: float,
        located: tuple[bool, bool] = (True, True),
        watches: NDArray[np.void] | None = None,
    ) -> None:
        """Prepare the search; `located`: whether it is known where the left and the right plate lie."""
        per_s = rate_hz / frame_samples
        self._settings, self._frame_s = settings, 1.0 / per_s
        frames = max(2, round(settings.window_s * per_s))
        self._window = np.zeros((frames, 5))
        self._state = np.zeros(1, dtype=STATE)
        for name in ("height_m", "other_N", "body_N", "system_N", "left_x", "left_y", "right_x", "right_y"):
            self._state[name] = math.nan
        self._state["least_sd_share"] = math.inf
        self._state["last_sample"] = self._state["frames"] = -1
        limits = StillLimits(
            sd_share=settings.sd_pct / 100.0,
            least_N=settings.least_N,
            contact_N=contact_N,
            both_N=contact_N if axes.apart else math.inf,
            off_frames=max(1.0, OFF_S * per_s),
            frame_samples=float(frame_samples),
            frame_s=1.0 / per_s,
            hop=max(1, frames // 10),
            m_per_way=GRAVITY_M_S2 / per_s**2,
            m_s_per_velocity=GRAVITY_M_S2 / per_s,
            height_frames=HEIGHT_KNOWN_S * per_s,
            pause_frames=NO_PAUSE_S * per_s,
            settled_frames=SETTLED_S * per_s,
        )
        self._hop = limits.hop
        self._limits = np.array([limits], dtype=LIMITS)
        # Records, since numba looks into a tuple anew at every call.
        self._columns = np.array([columns], dtype=[(name, np.int64) for name in StanceColumns._fields])
        unsure = [0.0 if axes.known(side) else math.sin(math.radians(UNKNOWN_TOE_OUT_DEG)) for side in SIDES]
        pct_per_mm = [100.0 / axes.width_mm[side] for side in SIDES]
        per_pct = [ankle_height_mm / 100.0] * len(SIDES)
        nowhere = [0.0 if known else 1.0 for known in located]
        self._located = located
        self._axes = np.array([axes.right, *axes.medial.values(), *axes.forward.values(), unsure, pct_per_mm, per_pct, nowhere])
        self._watches = watches if watches is not None else np.concatenate([cop_watch_of(None, self._frame_s) for _ in SIDES])
        self._events = np.zeros(4, dtype=EVENT)
        self.stances: list[Stance] = []

    def refer(self, rows: Floats) -> None:
        """Look for quiet stance in these frames (n, columns), and refer them to it, in place; NaN until it is found.

        After that the net centre of pressure is told against the middle of the stance (+ = right), each foot's against its own
        place at rest (+ = medial).
        """
        most = len(rows) // self._hop + 2
        if most > len(self._events):
            self._events = np.zeros(most, dtype=EVENT)
        count = _refer(rows, self._columns, self._axes, self._window, self._state, self._limits, self._watches, self._events)
        for event in self._events[:count]:
            kind, sample, body_N, system_N, left_x, left_y, right_x, right_y, left_moved, right_moved, sd_N = event.item()
            left, right = (left_x, left_y), (right_x, right_y)
            if not self._located[0]:
                left, left_moved = (math.nan, math.nan), math.nan
            if not self._located[1]:
                right, right_moved = (math.nan, math.nan), math.nan
            self.stances.append(Stance(StanceKind(kind), sample, body_N, system_N, left, right, left_moved, right_moved, sd_N))

    @property
    def body_weight_N(self) -> float:  # noqa: N802 - units keep their capitals
        """The body weight as it is known now, NaN before the first stance."""
        return float(self._state[0]["body_N"])

    @property
    def unweighed_s(self) -> float:
        """For how long a load has been on the plates without being weighed."""
        return float(self._state[0]["loaded"]) * self._frame_s if math.isnan(self._state[0]["system_N"]) else 0.0

    @property
    def refused(self) -> str:
        """Why nobody could be weighed so far, without an end; empty once somebody was."""
        state, settings = self._state[0], self._settings
        if not math.isnan(state["system_N"]):
            return ""
        if state["loaded"] * self._frame_s < settings.window_s:
            return f"never more than {settings.least_N:g} N stood on the plates for {settings.window_s:g} s"
        if state["on_both"] * self._frame_s < settings.window_s:
            return f"both feet were never on their plates for {settings.window_s:g} s"
        if math.isinf(state["least_sd_share"]):
            return f"nobody stood on both plates for {settings.window_s:g} s without a break"
        share_pct = 100.0 * float(state["least_sd_share"])
        return (
            f"in the quietest {settings.window_s:g} s on both plates the total force varied by {share_pct:.1f} % of the weight "
            f"(standard deviation), and less than {settings.sd_pct:g} % is still enough"
        )

    @property
    def proved_low(self) -> bool:
        """Whether the newest stance was at the bottom of a squat, and no other has been found since."""
        return bool(self._state[0]["was_low"])


_inlined = njit(nogil=True, error_model="numpy", inline="always")


@_inlined
def _feel(state: NDArray[np.void], limits: NDArray[np.void], left_N: float, right_N: float) -> None:
    """Notice a foot that leaves its plate; a force that is no number tells nothing of the foot."""
    stance = state[0]
    stance.left_off = stance.left_off + 1 if left_N <= limits[0].contact_N else 0
    stance.right_off = stance.right_off + 1 if right_N <= limits[0].contact_N else 0
    if stance.left_off >= limits[0].off_frames:
        stance.left_x = math.nan
        stance.left_y = math.nan
    if stance.right_off >= limits[0].off_frames:
        stance.right_x = math.nan
        stance.right_y = math.nan
    if stance.left_off >= limits[0].off_frames and stance.right_off >= limits[0].off_frames:
        stance.aboard = 0
        stance.was_low = 0


@_inlined
def _settle(state: NDArray[np.void], limits: NDArray[np.void], left_N: float, right_N: float) -> float:
    """Return 1 where the frame may be judged: the weight is known and has been on both feet for long enough; else 0."""
    stance = state[0]
    total = left_N + right_N
    on_both = min(left_N, right_N) > max(limits[0].both_N, ONE_LEG * total)
    loaded = total > LEAST_LOAD * stance.system_N
    stance.settled = stance.settled + 1 if on_both and loaded and stance.aboard == 1 else 0
    return 1.0 if stance.settled > limits[0].settled_frames else 0.0


@_inlined
def _blind(foot_N: float, total_N: float, place: float, before: int, limits: NDArray[np.void]) -> int:
    """Return for how many frames in a row a plate that a foot stands on has told no place."""
    return before + 1 if math.isnan(place) and foot_N > max(limits[0].contact_N, ONE_LEG * total_N) else 0


@_inlined
def _tells(foot_N: float, total_N: float, place: float, blind: int, window: Floats, limits: NDArray[np.void]) -> bool:
    """Return whether a frame tells what is to be known of a foot: its place, or that there is none for longer than a window.

    A place that is back begins a window of its own.
    """
    if math.isfinite(place):
        return blind <= len(window)
    return bool(_blind(foot_N, total_N, place, blind, limits) > len(window))


@njit(nogil=True, cache=True, error_model="numpy")
def _refer(
    rows: Floats,
    columns: NDArray[np.void],
    axes: Floats,
    window: Floats,
    state: NDArray[np.void],
    limits: NDArray[np.void],
    watches: NDArray[np.void],
    events: NDArray[np.void],
) -> int:
    stance, at = state[0], columns[0]
    count = 0
    right_x, right_y = axes[0, 0], axes[0, 1]
    for n in range(len(rows)):
        row = rows[n]
        left_N, right_N, total_N = row[at.fz_left_N], row[at.fz_right_N], row[at.fz_total_N]
        lx, ly = row[at.cop_left_x_mm], row[at.cop_left_y_mm]
        rx, ry = row[at.cop_right_x_mm], row[at.cop_right_y_mm]
        sample = int(row[at.sample])
        if math.isnan(stance.system_N) and total_N > limits[0].least_N:
            stance.loaded += 1
            stance.on_both += 1 if min(left_N, right_N) > limits[0].both_N else 0
        _feel(state, limits, left_N, right_N)
        # A plate of which nobody knows where it lies tells no place, and none is waited for; all that needs one stays NaN.
        left_nowhere, right_nowhere = axes[8, 0] > 0.0, axes[8, 1] > 0.0
        left_told = left_nowhere or _tells(left_N, total_N, lx + ly, stance.left_blind, window, limits)
        right_told = right_nowhere or _tells(right_N, total_N, rx + ry, stance.right_blind, window, limits)
        stance.left_blind = _blind(left_N, total_N, lx + ly, stance.left_blind, limits)
        stance.right_blind = _blind(right_N, total_N, rx + ry, stance.right_blind, limits)
        stands = math.isfinite(total_N) and left_told and right_told
        if not stands or sample - stance.last_sample != limits[0].frame_samples:
            stance.standing = 0
            stance.still = 0
            stance.other = 0
            stance.frames = -1
        stance.last_sample = sample
        if is_no_cop(watches, 0, lx, ly, sample):
            lx = ly = row[at.cop_left_x_mm] = row[at.cop_left_y_mm] = math.nan
            row[at.outward_push_left_pct] = row[at.free_moment_left_Nm] = math.nan
        if is_no_cop(watches, 1, rx, ry, sample):
            rx = ry = row[at.cop_right_x_mm] = row[at.cop_right_y_mm] = math.nan
            row[at.outward_push_right_pct] = row[at.free_moment_right_Nm] = math.nan
        if stands:
            left, right = (0.0, 0.0) if left_nowhere else (lx, ly), (0.0, 0.0) if right_nowhere else (rx, ry)
            frame = (total_N, left[0], left[1], right[0], right[1])
            count += take_frame(window, state, limits, sample, frame, events[count : count + 1])
        dlx, dly = lx - stance.left_x, ly - stance.left_y
        drx, dry = rx - stance.right_x, ry - stance.right_y
        both = 1.0 if min(left_N, right_N) > limits[0].both_N else math.nan
        share = both * right_N / total_N
        width = right_x * (stance.right_x - stance.left_x) + right_y * (stance.right_y - stance.left_y)
        beyond = (1.0 - share) * (right_x * dlx + right_y * dly) + share * (right_x * drx + right_y * dry)
        row[at.cop_net_shift_mm] = beyond + (share - 0.5) * width
        row[at.cop_net_beyond_load_mm] = beyond
        row[at.foot_cop_medial_left_mm] = axes[1, 0] * dlx + axes[1, 1] * dly
        row[at.foot_cop_medial_right_mm] = axes[2, 0] * drx + axes[2, 1] * dry
        row[at.foot_cop_medial_left_pct] = axes[6, 0] * row[at.foot_cop_medial_left_mm]
        row[at.foot_cop_medial_right_pct] = axes[6, 1] * row[at.foot_cop_medial_right_mm]
        row[at.foot_cop_medial_unsure_left_mm] = axes[5, 0] * abs(axes[3, 0] * dlx + axes[3, 1] * dly)
        row[at.foot_cop_medial_unsure_right_mm] = axes[5, 1] * abs(axes[4, 0] * drx + axes[4, 1] * dry)
        row[at.force_line_left_mm] = row[at.foot_cop_medial_left_mm] + axes[7, 0] * row[at.outward_push_left_pct]
        row[at.force_line_right_mm] = row[at.foot_cop_medial_right_mm] + axes[7, 1] * row[at.outward_push_right_pct]
        row[at.body_weight_N] = stance.body_N
        row[at.system_weight_N] = stance.system_N
        row[at.judged] = _settle(state, limits, left_N, right_N)
        row[at.standing_s] = stance.still * limits[0].frame_s
    return count
