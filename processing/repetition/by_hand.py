"""Repetitions by hand: one whose start, bottom or end a person set is told anew, from the same forces and by the same kernels.

The way of the centre of mass is fitted between two tops (`motion.between_tops`). These are the ends of the repetition as it was
found, or farther out where it was moved there; what lies within them needs to be no top, so that each part of a split one has
its own depth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from acquisition.rig.units import GRAVITY_M_S2
from processing.repetition.detector import BRIDGED_S, OFF_TOP_M, STATE
from processing.repetition.motion import HEIGHT, STANDS_M, STANDS_M_S2, VELOCITY, between_tops
from processing.repetition.phases import MOVES_M_S, REPETITION, Doubt, Repetition, tell
from processing.repetition.table import repetition_rows

if TYPE_CHECKING:
    from hardware.arrays import Floats
    from processing.repetition.table import Frames, RepetitionResult

NAN = math.nan
TURNS_S = 0.1
"""A lowest point that is nearer to either end is no bottom (*design*)."""


@dataclass(frozen=True, slots=True)
class ByHand:
    """A repetition as it stands: its row, and from when to when, in s of the session, the tops lie between which it is told.

    `bottom_s`: where a person set its bottom, None where it is as found.
    """

    row: RepetitionResult
    tops_s: tuple[float, float]
    bottom_s: float | None = None

    @classmethod
    def found(cls, row: RepetitionResult) -> ByHand:
        """Return a repetition as it was found: both its ends are tops."""
        return cls(row, (row.start_s, row.end_s))


class _Instants(NamedTuple):
    start_s: float
    bottom_s: float | None
    end_s: float


def moved(one: ByHand, force: Frames, start_s: float | None, bottom_s: float | None, end_s: float | None) -> ByHand:
    """Return a repetition with other instants, in s of the session; None leaves one where it is."""
    row = one.row
    start = row.start_s if start_s is None else start_s
    end = row.end_s if end_s is None else end_s
    bottom_s = one.bottom_s if bottom_s is None else bottom_s
    at = _Instants(start, bottom_s if bottom_s is not None and start < bottom_s < end else None, end)
    tops_s = min(one.tops_s[0], start), max(one.tops_s[1], end)
    return ByHand(_told(row, force, at, tops_s, farther=tops_s != one.tops_s, edited="moved"), tops_s, at.bottom_s)


def split(one: ByHand, force: Frames, at_s: float, numbers: tuple[int, int]) -> tuple[ByHand, ByHand]:
    """Return the two parts of a repetition, before and after a time in s of the session."""
    row = one.row
    parts = _Instants(row.start_s, None, at_s), _Instants(at_s, None, row.end_s)
    first, second = (
        ByHand(replace(_told(row, force, at, one.tops_s, farther=False, edited="split"), number=number), one.tops_s)
        for at, number in zip(parts, numbers, strict=True)
    )
    return first, second


def _told(
    row: RepetitionResult, force: Frames, at: _Instants, tops_s: tuple[float, float], *, farther: bool, edited: str
) -> RepetitionResult:
    """Return the row of a repetition between other instants; what can't be known is NaN, and a doubt says so."""
    near = _near(force, min(tops_s[0], at.start_s), max(tops_s[1], at.end_s))
    sample, time_s = near.frames[:, near.at("sample")], near.time_s
    samples = [float(s) for s in np.interp([at.start_s, at.end_s], time_s, sample)]
    found, doubt = _repetition(near, at, tops_s, row.weight_N, farther=farther)
    found = replace(found, start_sample=samples[0], end_sample=samples[1], doubt=found.doubt | doubt)
    if at.bottom_s is not None:
        bottom = float(np.interp(at.bottom_s, time_s, sample))
        found = replace(found, bottom_sample=bottom, pause_start_sample=bottom, rise_sample=bottom)
    told = repetition_rows([found], lambda of: np.interp(of, sample, time_s))[0]
    if found.doubt & Doubt.NOT_BACK:  # it does not rise by its depth
        told = replace(told, rising_mean_m_s=NAN)
    return replace(told, number=row.number, set=row.set, edited=edited)


def _near(force: Frames, first_s: float, last_s: float) -> Frames:
    """Return the frames around a span, at both ends two more than it has."""
    first, last = np.searchsorted(force.time_s, [first_s, last_s])
    part = slice(max(0, first - 2), last + 3)
    return force._replace(time_s=force.time_s[part], frames=force.frames[part])


def _repetition(
    near: Frames, at: _Instants, tops_s: tuple[float, float], weight_N: float, *, farther: bool
) -> tuple[Repetition, Doubt]:
    """Return a repetition as `tell` has it, or one of which nothing is known, and why."""
    unknown = Repetition(NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, weight_N, NAN, NAN, Doubt(0))
    sample = near.frames[:, near.at("sample")]
    frame_s = float(np.median(np.diff(near.time_s)))
    first, last, start, end = (
        int(i) for i in np.searchsorted(near.time_s, np.array([*tops_s, at.start_s, at.end_s]) - frame_s / 2)
    )
    force_N = _bridged(near.frames[:, near.at("fz_total_N")], frame_s)
    step = np.diff(sample[first : last + 1])
    if (
        last >= len(sample)
        or not len(step)
        or step.max() > 1.5 * np.median(step)
        or not np.isfinite(force_N[first : last + 1]).all()
    ):
        return unknown, Doubt.BROKEN
    heights_m = near.frames[[first, last], near.at("com_height_mm")] / 1000.0
    if farther and not abs(heights_m[1] - heights_m[0]) < OFF_TOP_M:
        return unknown, Doubt.NOT_BACK
    state, fit = _fitted(force_N, first, last, start, frame_s, weight_N)
    state["frame"], state["sample"] = last, int(sample[last])
    state["frame_samples"] = round(float(np.median(step)))
    found = np.zeros(1, dtype=REPETITION)
    tell(frame_s, end, force_N, state, 0.0, fit, found)
    *numbers, doubt = found[0].item()
    told = Repetition(*numbers, Doubt(doubt))  # type: ignore[call-arg]
    least = TURNS_S / frame_s * float(np.median(step))
    inside = at.bottom_s is not None or sample[start] + least < told.bottom_sample < sample[end] - least
    if not inside or not told.start_sample <= told.bottom_sample:
        return unknown, Doubt.UNSURE
    off_top_m = _way_m(force_N[start : end + 1], float(fit[0]), float(fit[1]), frame_s, weight_N)
    doubt = Doubt(0) if abs(off_top_m) < OFF_TOP_M else Doubt.NOT_BACK
    return replace(told, weight_N=weight_N, off_top_m=off_top_m), doubt


def _way_m(force_N: Floats, start_m_s: float, bias_m_s2: float, frame_s: float, weight_N: float) -> float:
    """Return how much higher the centre of mass is at the end of these frames than at that of the first."""
    v = start_m_s + np.cumsum(GRAVITY_M_S2 / weight_N * force_N[1:] - GRAVITY_M_S2 - bias_m_s2) * frame_s
    return float(np.sum(0.5 * (np.append(start_m_s, v[:-1]) + v)) * frame_s)


def _bridged(force_N: Floats, frame_s: float) -> Floats:
    """Return forces with what is unknown for a moment as it was before, and one frame more, which `tell` may look at."""
    filled = np.append(force_N, force_N[-1])
    most = max(1, int(BRIDGED_S / frame_s))
    run = 0
    for i in range(1, len(filled)):
        run = run + 1 if math.isnan(force_N[min(i, len(force_N) - 1)]) else 0
        if 0 < run <= most:
            filled[i] = filled[i - 1]
    return filled


def _fitted(force_N: Floats, first: int, last: int, start: int, frame_s: float, weight_N: float) -> tuple[np.ndarray, Floats]:
    """Return a detector's state that begins in the frame `start`, and the fit of velocity and bias there."""
    known, fit = np.zeros((5, 4)), np.zeros(5)
    known[1 + HEIGHT, HEIGHT], known[1 + VELOCITY, VELOCITY], known[3, 2] = STANDS_M**2, (MOVES_M_S / 2) ** 2, STANDS_M_S2**2
    per_N = GRAVITY_M_S2 / weight_N
    between_tops(force_N, first, last, frame_s, per_N, known, True, fit)
    since_s = (start - first) * frame_s
    fit[0] += float(np.sum(per_N * force_N[first + 1 : start + 1] - GRAVITY_M_S2 - fit[1])) * frame_s
    fit[2] += since_s * (since_s * fit[4] - 2.0 * fit[3])
    fit[3] -= since_s * fit[4]
    state = np.zeros(1, dtype=STATE)
    state["start"], state["weight_N"] = start, weight_N
    return state, fit
