"""Uncounted numbering: the number of each row of a stream whose device does not count, from the time of each row alone.

Where rows come late and the rows after them come later still, nothing tells at first whether samples were lost or are only on
their way. What is on its way arrives; so rows wait until one comes that is on time, which proves that nothing is missing, or
until those that follow have stayed late for a while, which proves a loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hardware.arrays import Floats, Samples
from hardware.arrival_line import ArrivalLine
from hardware.source import Block

if TYPE_CHECKING:
    from numpy.typing import NDArray

JITTERS = 4.0
SLOPE_POINTS = 8
"""Nothing but times tells a loss here, so the line must be surer of its slope before it is believed."""


@dataclass(frozen=True, slots=True)
class TimeStamps:
    """How far the times of rows can be trusted: lateness below `late_s` is none, lateness for `confirm_s` is a loss."""

    late_s: float
    confirm_s: float


OWN_STAMPS = TimeStamps(late_s=0.01, confirm_s=1.0)
"""Rows bear the time at which they were measured, by their sender's clock."""
ARRIVALS = TimeStamps(late_s=0.25, confirm_s=2.0)
"""Rows bear the time at which they came here."""
FALLING_S = 0.5
SAME_S = 1e-7
FEW_STEPS = 3
CLOSE_S, LEVEL_S = 0.001, 0.15
"""Before a much longer loss rows must keep to the same lateness, as close as 1 ms, for so long that a shorter is believed."""
MUCH_LATER = 4.0


@dataclass(slots=True)
class _Waiting:
    """Rows that came together and wait for their numbers; `least` is the least late: its index if nothing is lost, its time."""

    rows: Samples
    times_s: Floats
    least: tuple[int, float]


class UncountedNumbering:
    """Numbers the rows of one stream and hands them on as blocks; `stamps` may be changed until the first row.

    A loss is counted before the first row that came late, by the device's own rate, as it was seen. Losses shorter
    than `late_s`, or than four times the jitter, can't be told from lateness. `lost_samples` counts what is missing since the
    beginning; `taken_rows` are all that came, `held_rows` those that wait.
    """

    rejected_rows = 0

    def __init__(self, rate_hz: float, stamps: TimeStamps = ARRIVALS) -> None:
        """Count from 0 with the first row."""
        self.stamps = stamps
        self.lost_samples = 0
        self.held_rows = 0
        self.taken_rows = 0
        self._nominal_s = 1.0 / rate_hz
        self._line = ArrivalLine(rate_hz, SLOPE_POINTS)
        self._next = 0
        self._segment = 0
        self._begun = False
        self._timed = True
        self._waiting: list[_Waiting] = []
        self._came_s = 0.0

    @property
    def rate_hz(self) -> float:
        """The rate that the device has, as far as it is known."""
        return 1.0 / self._line.period_s

    def restart(self) -> None:
        """Expect a device that was started anew: a new segment, whose first sample is numbered by time."""
        if self._begun:
            self._timed = False

    def take(self, rows: Samples, _counters: Floats, times_s: Floats, now_s: float) -> list[Block]:
        """Return the rows that are settled by now, as blocks without a gap within.

        `rows` is (n, channels), `times_s` (n) their times on `host_now_s()`, never falling; `now_s` the same clock now.
        Call it without rows, too, so that rows that wait are settled.
        """
        blocks: list[Block] = []
        if len(rows):
            if not self._timed:
                blocks += self.finish()
                self._begin_segment(times_s)
            if not self._begun:
                self._line.add(np.zeros(1), times_s[:1])  # all others are late or not by this one
            self._begun, self._came_s = True, now_s
            self.taken_rows += len(rows)
            self._hold(rows, times_s)
        elif self._waiting and now_s - self._came_s > self._confirm_s:
            return self.finish()
        while block := self._settled():
            blocks.append(block)
        return blocks

    def finish(self) -> list[Block]:
        """Return the rows that still wait, after the last one came: late for a loss, or not."""
        blocks = []
        while self._waiting:
            proven = self._span_s() >= self._confirm_s
            blocks.append(self._settled() or (self._past_a_loss() if proven else self._hand_over(self.held_rows)))
        return blocks

    @property
    def _confirm_s(self) -> float:
        return max(self.stamps.confirm_s, 3.0 * self._line.spacing_s)

    @property
    def _late_s(self) -> float:
        return self.stamps.late_s + JITTERS * self._line.jitter_s

    def _begin_segment(self, times_s: Floats) -> None:
        on_time_s = float(np.min(times_s - np.arange(len(times_s)) * self._line.period_s))
        index = max(self._next, self._line.index_at(on_time_s))
        self.lost_samples += index - self._next
        self._next = index
        self._segment += 1
        self._timed = True

    def _hold(self, rows: Samples, times_s: Floats) -> None:
        self._waiting.append(self._together(rows, times_s, self._next + self.held_rows))
        self.held_rows += len(rows)

    def _settled(self) -> Block | None:
        """Return the rows up to the last that is on time, None where none is and it is too early to speak of a loss."""
        if not self._waiting:
            return None
        if on_time := self._on_time(self._waiting[-1:], self._late_s):  # those before were asked when they were the newest
            return self._hand_over(on_time)
        if self._span_s() < self._confirm_s or self._falling():
            return None
        if not self._line.knows_its_slope and self._may_be_another_rate():
            if not self._line.learn_from(*self._points(), self.stamps.late_s):
                return None
            if on_time := self._on_time(self._waiting, self._late_s + self._uneven_s()):
                return self._hand_over(on_time)
        return self._past_a_loss()

    def _span_s(self) -> float:
        return float(self._waiting[-1].times_s[-1] - self._waiting[0].times_s[0])

    def _on_time(self, asked: list[_Waiting], late_s: float) -> int:
        """Return how many rows wait up to the last of the asked, newest ones that is less than `late_s` late; 0 for none."""
        before = self.held_rows
        for one in reversed(asked):
            before -= len(one.rows)
            first = self._next + before
            if self._line.late_s(*one.least) > late_s:
                continue
            each_s = self._line.late_s(np.arange(first, first + len(one.rows), dtype=np.float64), one.times_s)
            return before + int(np.flatnonzero(each_s <= late_s)[-1]) + 1
        return 0

    def _chunks_late_s(self) -> Floats:
        return np.array([self._line.late_s(*one.least) for one in self._waiting])

    def _uneven_s(self) -> float:
        """Return by how much the lateness of the chunks that wait usually differs from one to the next."""
        return float(np.median(np.abs(np.diff(self._chunks_late_s())))) if len(self._waiting) > 1 else 0.0

    def _falling(self) -> bool:
        """Return whether rows come less and less late, so that what is on its way is still arriving."""
        late_s = self._chunks_late_s()
        least_s = np.array([one.least[1] for one in self._waiting])
        recent = least_s > least_s[-1] - FALLING_S
        return bool((~recent).any() and late_s[recent].min() < late_s[~recent].min() - self._late_s)

    def _past_a_loss(self) -> Block:
        """Return the first of the waiting rows, behind as many samples as the least late of them says are lost.

        Rows that come later still, behind another loss, stay and wait. Rows that were late by various times just before a
        loss are late and nothing more.
        """
        times_s = np.concatenate([one.times_s for one in self._waiting])
        indices = np.arange(self._next, self._next + self.held_rows, dtype=np.float64)
        late_s = self._line.late_s(indices, times_s)
        least_s = float(late_s.min())
        still_to_come_s = np.minimum.accumulate(late_s[::-1])[::-1]
        level = int(np.searchsorted(still_to_come_s, least_s + self._late_s, side="right"))
        if level < len(late_s) and still_to_come_s[level] > MUCH_LATER * least_s:
            close = np.flatnonzero(late_s[:level] <= least_s + max(CLOSE_S, 2.0 * self._line.jitter_s))
            if times_s[close[-1]] - times_s[close[0]] < LEVEL_S:
                return self._hand_over(level)
        lost = max(0, round(least_s / self._line.period_s))
        self.lost_samples += lost
        self._next += lost
        for one in self._waiting:
            one.least = one.least[0] + lost, one.least[1]
        on_time = np.flatnonzero(late_s[:level] - lost * self._line.period_s <= self._late_s)
        return self._hand_over(int(on_time[-1]) + 1)

    def _hand_over(self, count: int) -> Block:
        """Return the first `count` rows that wait as a block, numbered on from the one before."""
        taken: list[_Waiting] = []
        left = count
        while left:
            one = self._waiting.pop(0)
            if len(one.rows) > left:
                head, tail = one.rows[:left], one.rows[left:]
                times_s = one.times_s
                one = _Waiting(head, times_s[:left], one.least)
                self._waiting.insert(0, self._together(tail, times_s[left:], self._next + count))
            taken.append(one)
            left -= len(one.rows)
        rows = taken[0].rows if len(taken) == 1 else np.concatenate([one.rows for one in taken])
        times_s = taken[0].times_s if len(taken) == 1 else np.concatenate([one.times_s for one in taken])
        first = self._next
        self._line.add(*stamped(first, times_s, self._nominal_s))
        self._next += count
        self.held_rows -= count
        return Block(rows, first, float(times_s[-1]), self._segment)

    def _may_be_another_rate(self) -> bool:
        """Return whether the rows that wait come at another rate than the nominal one: then they do so everywhere.

        Or between all chunks, where only the last sample of each bears a time of its own, whatever a few within do that came
        together. A step here and there is a loss.
        """
        _, uneven, last = self._steps()
        between = int(np.count_nonzero(uneven[last[:-1]]))
        within = int(np.count_nonzero(uneven)) - between
        return within > FEW_STEPS or between >= len(self._waiting) - 1

    def _steps(self) -> tuple[Floats, NDArray[np.bool_], NDArray[np.int64]]:
        """Return the times of all rows that wait, which are followed by an uneven step, and the last of each chunk."""
        times_s = np.concatenate([one.times_s for one in self._waiting])
        return times_s, _uneven(times_s, self._nominal_s), np.cumsum([len(one.rows) for one in self._waiting]) - 1

    def _points(self) -> tuple[Floats, Floats]:
        times_s, own, last = self._steps()
        own[last] = True
        return self._next + np.flatnonzero(own).astype(np.float64), times_s[own]

    def _together(self, rows: Samples, times_s: Floats, first: int) -> _Waiting:
        least = int(np.argmin(times_s - np.arange(len(times_s)) * self._line.period_s))
        return _Waiting(rows, times_s, (first + least, float(times_s[least])))


def stamped(first: int, times_s: Floats, nominal_s: float) -> tuple[Floats, Floats]:
    """Return index and time of the rows that bear a time of their own.

    Senders stamp the last sample of a chunk; those before it get their times by the nominal rate, which says nothing of theirs.
    """
    own = _uneven(times_s, nominal_s)
    own[-1] = True
    return first + own.nonzero()[0].astype(np.float64), times_s[own]


def _uneven(times_s: Floats, nominal_s: float) -> NDArray[np.bool_]:
    """Return which times are followed by another step than the nominal one; the last is followed by none."""
    uneven = np.zeros(len(times_s), np.bool_)
    np.greater(np.abs(times_s[1:] - times_s[:-1] - nominal_s), SAME_S, out=uneven[:-1])
    return uneven
