"""A time column: the rate of a table's rows, and where it jumps, since samples are lost or a file was joined there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from acquisition.caveat import Caveat
from acquisition.formats.signal_file import Segment, SignalFileError

if TYPE_CHECKING:
    from pathlib import Path

    from hardware.arrays import Floats

JUMP = 1.5
"""A step longer than so many usual ones is a jump."""
UNEVEN = 0.3
"""Samples further from an even line than this share of a step, beyond what digits leave out, are not even."""
ALIKE = 0.9
MOST_ROWS_SHORT = 3
MOST_SEGMENTS_SHARE = 0.02
"""A time column that jumps more often than at this share of its rows has no rate."""


@dataclass(frozen=True, slots=True)
class RowTimes:
    """How many rows are even in time, the rate within segments, and the segments."""

    rows: int
    rate_hz: float
    segments: tuple[Segment, ...]


def row_times(path: Path, time_s: Floats, first_line: int, caveats: list[Caveat]) -> RowTimes:
    """Return the rate and segments that times in s say; raises SignalFileError where they are missing, go back or are uneven.

    `first_line`: the line of the first row, from 1.
    """
    bad = np.flatnonzero(~np.isfinite(time_s))
    if len(bad):
        raise SignalFileError(f"{path}, line {first_line + bad[0]}, has no time; the time column needs one in every row.")
    if len(time_s) < 2:
        raise SignalFileError(f"{path} holds {len(time_s)} samples, and two are needed to know their rate.")
    steps_s = np.diff(time_s)
    digit_s = _digit(time_s)
    hidden_s = 0.0 if _alike(steps_s) else digit_s
    back = np.flatnonzero(steps_s < -1e-12)
    if len(back):
        at = int(back[0])
        raise SignalFileError(
            f"{path}, line {first_line + at + 1}: the time goes back from {time_s[at]:g} s to {time_s[at + 1]:g} s, so what "
            "came when can't be known; split the file there."
        )
    if len(time_s) > MOST_ROWS_SHORT and 0 <= steps_s[-1] < steps_s[:-1].min() / JUMP - hidden_s:
        sentence = f"Its last row comes {steps_s[-1]:g} s after the one before, not evenly, and is left out."
        caveats.append(Caveat("last_row_left_out", "recording", {"step_s": float(steps_s[-1])}, sentence))
        time_s, steps_s = time_s[:-1], steps_s[:-1]
    total_s = float(time_s[-1] - time_s[0])
    if total_s <= 0:
        raise SignalFileError(f"The times in {path} do not go forwards.")
    even_s = total_s / (len(time_s) - 1)
    line_s = time_s[0] + even_s * np.arange(len(time_s))
    if steps_s.max() <= JUMP * even_s + hidden_s and np.abs(time_s - line_s).max() <= UNEVEN * even_s + digit_s:
        begins = Segment(0, _begin(time_s, 0, len(time_s), even_s))
        return RowTimes(len(time_s), _whole_hz(1.0 / even_s, digit_s / total_s), (begins,))
    usual_s = float(np.mean(steps_s[steps_s <= JUMP * np.median(steps_s) + hidden_s]))
    jumps = np.flatnonzero(steps_s > JUMP * usual_s + hidden_s) + 1
    if not usual_s > 0 or not 0 < len(jumps) <= max(1.0, MOST_SEGMENTS_SHARE * len(time_s)):
        raise _uneven(path, time_s, first_line, usual_s)
    starts = [0, *jumps.tolist()]
    ends = [*jumps.tolist(), len(time_s)]
    within = sum(end - start - 1 for start, end in zip(starts, ends, strict=True))
    lasts_s = float(sum(time_s[end - 1] - time_s[start] for start, end in zip(starts, ends, strict=True)))
    even_s = lasts_s / max(1, within)
    segments = []
    for start, end in zip(starts, ends, strict=True):
        begins_s = _begin(time_s, start, end, even_s)
        apart_s = np.abs(time_s[start:end] - begins_s - even_s * np.arange(end - start)).max()
        if apart_s > UNEVEN * even_s + digit_s:
            raise _uneven(path, time_s, first_line, even_s)
        segments.append(Segment(start, begins_s))
    lost_s = float(steps_s[jumps - 1].sum() - even_s * len(jumps))
    sentence = (
        f"Its times jump {len(jumps)} times, first from {time_s[jumps[0] - 1]:g} s to {time_s[jumps[0]]:g} s "
        f"(line {first_line + jumps[0]}); what lies between, {lost_s:.3g} s in all, counts as lost samples."
    )
    caveats.append(Caveat("time_jumps", "recording", {"jumps": float(len(jumps)), "lost_s": lost_s}, sentence))
    return RowTimes(len(time_s), _whole_hz(1.0 / even_s, digit_s / max(lasts_s, even_s)), tuple(segments))


def _begin(time_s: Floats, start: int, end: int, even_s: float) -> float:
    """Return when a segment began, by all of its times; digits that were left out cancel."""
    off_s = time_s[start:end] - even_s * np.arange(end - start)
    return float((off_s.min() + off_s.max()) / 2)


def _alike(steps_s: Floats) -> bool:
    """Return whether nearly all steps are one, so that digits which were left out hide no lost sample."""
    usual_s = float(np.median(steps_s))
    return bool(np.mean(np.abs(steps_s - usual_s) <= 1e-6 * max(usual_s, 1.0)) >= ALIKE)


def _digit(time_s: Floats) -> float:
    """Return what the last digit of the times is, in s."""
    for digit_s in (1.0, 0.1, 0.01, 1e-3, 1e-4, 1e-5):
        if np.abs(time_s / digit_s - np.rint(time_s / digit_s)).max() < 1e-3:
            return digit_s
    return 1e-6


def _whole_hz(rate_hz: float, off: float) -> float:
    """Return a whole rate where digits that were left out can be all that is between."""
    whole = round(rate_hz)
    return float(whole) if whole and abs(rate_hz / whole - 1.0) <= max(1e-6, 2.0 * off) else float(rate_hz)


def _uneven(path: Path, time_s: Floats, first_line: int, usual_s: float) -> SignalFileError:
    steps_s = np.diff(time_s)
    at = int(np.argmax(np.abs(steps_s - usual_s)))
    return SignalFileError(
        f"The rows of {path} are not even in time: line {first_line + at + 1} comes {steps_s[at]:g} s after the one before, "
        f"where {usual_s:g} s is usual; export it with an even rate, or say the rate in a map file: "
        'table = { time = "", rate_hz = 1000.0 }.'
    )
