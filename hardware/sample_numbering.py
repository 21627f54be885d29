"""Sample numbering: the number of each row of a device that counts, from its packet counter and the host's clock together.

A small counter comes round: eight bits are blind to 256 lost packets, and a broken packet may carry any number. The host's
clock is late and uneven, but no row can come before it was measured. Each settles what the other can't.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hardware.arrays import Floats, Samples
from hardware.arrival_line import ArrivalLine
from hardware.source import Block

CONFIRM_ROWS = 4
HOLD_S = 0.1
EARLY_S = 0.03
"""Rows that come together are later than others by less than this."""
EARLY_ROWS = 3.0
HELD_AT_MOST = 64


@dataclass(frozen=True, slots=True)
class _Row:
    values: NDArray[Any]
    counter: int
    time_s: float


class SampleNumbering:
    """Numbers the rows of one stream and hands them on as blocks; rows that were never measured are left out.

    `modulus` is the number at which the counter comes round, `step` what it rises by from row to row. A row that continues the
    count is passed on at once. Any other is held until its successors confirm it: two in a row that fit the clock, or four
    that agree with each other; the clock says how often the counter came round meanwhile. Four agreeing rows that don't fit
    the clock mean a device that started anew, hence a new segment, numbered by time. Rows late by three quarters of the
    counter's range are held for 0.1 s, and on as long as they come less late by 0.03 s each time: a clump that was only
    delivered late catches up, also where it is read slowly; a loss does not.

    `rejected_rows` and `lost_samples` count what was left out and what is missing since the beginning.
    """

    def __init__(self, rate_hz: float, modulus: int, step: int = 1) -> None:
        """Count from 0 with the first row that is confirmed."""
        self._rate_hz = rate_hz
        self._modulus = modulus
        self._step = step
        self._wrap = modulus // step
        self._doubtful = 0.75 * self._wrap
        self._early = max(EARLY_ROWS, EARLY_S * rate_hz)
        self._line = ArrivalLine(rate_hz)
        self._held: list[_Row] = []
        # The longest end of the held rows in which each can follow the one before: where it begins, how many rows it rises by
        # up to each of them, and the least of arrival less what that takes; kept up with each row, so that a row costs the
        # same however many are held.
        self._agree_from = 0
        self._offsets: list[int] = []
        self._least = np.inf
        # When it was last asked whether the held rows catch up, and the least then.
        self._asked_s, self._least_then = 0.0, np.inf
        self._taken: list[tuple[int, int, _Row]] = []
        self._last: _Row | None = None
        self._last_index = -1
        self._locked = False
        self._segment = 0
        self.rejected_rows = 0
        self.lost_samples = 0

    def restart(self) -> None:
        """Expect a device that was started anew: a new segment, whose first sample is numbered by time."""
        self._reject_held(but=0)
        self._locked = False
        if self._last is not None:
            self._segment += 1

    def take(self, rows: Samples, counters: Floats, times_s: Floats, now_s: float) -> list[Block]:
        """Return the rows that are settled by now, as blocks without a gap within.

        `rows` is (n, channels), `counters` (n), `times_s` (n) their arrival on `host_now_s()`, never falling; `now_s` the
        same clock now. Call it without rows, too, so that held rows are settled.
        """
        if len(rows) and self._all_continue(counters, times_s):
            first = self._last_index + 1
            self._last = _Row(rows[-1], int(counters[-1]), float(times_s[-1]))
            self._last_index += len(rows)
            self._line.add(np.arange(first, first + len(rows), dtype=np.float64), times_s)
            return [Block(rows, first, float(times_s[-1]), self._segment)]
        for values, counter, time_s in zip(rows, counters.tolist(), times_s.tolist(), strict=True):
            row = _Row(values, int(counter), time_s)
            if self._continues(row):
                self._reject_held(but=0)
                self._accept(self._last_index + 1, row)
            else:
                self._hold(row)
                self._settle(time_s)
        if self._held:
            self._settle(now_s)
        return self._hand_over()

    def finish(self) -> list[Block]:
        """Return nothing: rows that no successor confirmed are left out."""
        self._reject_held(but=0)
        return []

    @property
    def held_rows(self) -> int:
        """How many rows wait for their successors."""
        return len(self._held)

    @property
    def rate_hz(self) -> float:
        """The rate that the device has, as far as it is known."""
        return 1.0 / self._line.period_s

    def _all_continue(self, counters: Floats, times_s: Floats) -> bool:
        if not self._locked or self._held or self._last is None:
            return False
        expected = self._last.counter + self._step * np.arange(1, len(counters) + 1)
        if np.any(counters != expected % self._modulus):
            return False
        first = self._last_index + 1
        late_s = self._line.late_s(np.arange(first, first + len(times_s), dtype=np.float64), times_s)
        return bool(np.max(late_s) <= self._doubtful * self._line.period_s)

    def _continues(self, row: _Row) -> bool:
        if not self._locked or self._last is None or self._rows_between(self._last, row) != 1:
            return False
        return self._late(self._last_index + 1, row) <= self._doubtful

    def _rows_between(self, before: _Row, after: _Row) -> int:
        """How many rows the counter rose by, 1 to a whole round; 0 where it can't have risen so."""
        rise = (after.counter - before.counter) % self._modulus
        if rise % self._step:
            return 0
        return rise // self._step or self._wrap

    def _late(self, index: int, row: _Row) -> float:
        """By how many samples a row came later than the fastest rows do, if it is sample `index`."""
        return self._line.late_s(index, row.time_s) / self._line.period_s

    def _hold(self, row: _Row) -> None:
        """Hold a row, and see whether it can follow the one held before it."""
        offset = 0
        if self._held and self._offsets:
            before = self._held[-1]
            rise = self._rows_between(before, row)
            most = max(1.0, (row.time_s - before.time_s) * self._rate_hz + self._early)
            offset = self._offsets[-1] + rise if 1 <= rise <= most else 0
        if not offset:
            self._agree_from, self._offsets, self._least = len(self._held), [], np.inf
            self._asked_s, self._least_then = row.time_s, row.time_s
        self._held.append(row)
        self._offsets.append(offset)
        self._least = min(self._least, row.time_s - offset * self._line.period_s)

    def _settle(self, now_s: float) -> None:
        offsets, held, at = self._offsets, self._held, self._agree_from
        count = len(offsets)
        confirmed = count >= CONFIRM_ROWS or (self._locked and count > 1 and offsets[-1] - offsets[-2] == 1)
        if not confirmed:
            if len(held) > HELD_AT_MOST:  # the oldest is before the run, which is shorter than CONFIRM_ROWS
                held.pop(0)
                self._agree_from -= 1
                self.rejected_rows += 1
            return
        if self._locked and self._last is not None:
            for start in range(max(1, count - 1)):
                rise = self._rows_between(self._last, held[at + start])
                first = self._last_index + rise - offsets[start]
                late = self._line.late_s(first, self._least_from(start)) / self._line.period_s
                if rise == 0 or late < -self._early:
                    continue
                if late > self._doubtful:
                    if self._may_catch_up(now_s):
                        return
                    first += round(late / self._wrap) * self._wrap
                self._accept_held(start, first)
                return
            if count < CONFIRM_ROWS:
                return
            self._segment += 1
        self._accept_held(0, self._numbered_by_time())
        self._locked = True

    def _may_catch_up(self, now_s: float) -> bool:
        """Return whether the held rows came less and less late since it was last asked, or whether it is too early to say."""
        if now_s - self._asked_s < HOLD_S:
            return True
        caught_up_s = self._least_then - self._least
        self._asked_s, self._least_then = now_s, self._least
        return caught_up_s >= EARLY_S

    def _least_from(self, start: int) -> float:
        """Return the least of arrival less what the rise takes, in seconds, over the run from its row `start` on."""
        if start == 0:
            return self._least
        pairs = zip(self._offsets[start:], self._held[self._agree_from + start :], strict=True)
        return min(row.time_s - offset * self._line.period_s for offset, row in pairs)

    def _numbered_by_time(self) -> int:
        if self._last is None:
            return 0
        return max(self._last_index + 1, self._line.index_at(self._least))

    def _reject_held(self, but: int) -> None:
        self.rejected_rows += len(self._held) - but
        self._held, self._offsets, self._agree_from, self._least = [], [], 0, np.inf

    def _accept_held(self, start: int, first: int) -> None:
        """Take the run from its row `start` on, with the offsets counted from sample `first`."""
        rows, offsets = self._held[self._agree_from + start :], self._offsets[start:]
        self._reject_held(but=len(rows))
        for offset, row in zip(offsets, rows, strict=True):
            self._accept(first + offset, row)

    def _accept(self, index: int, row: _Row) -> None:
        if self._last is not None:
            self.lost_samples += index - self._last_index - 1
        self._taken.append((self._segment, index, row))
        self._line.add(np.array([float(index)]), np.array([row.time_s]))
        self._last, self._last_index = row, index

    def _hand_over(self) -> list[Block]:
        blocks: list[Block] = []
        starts = [
            i for i, (segment, index, _) in enumerate(self._taken) if i == 0 or (segment, index - 1) != self._taken[i - 1][:2]
        ]
        for begin, end in pairwise([*starts, len(self._taken)]):
            segment, first, _ = self._taken[begin]
            values = np.stack([row.values for _, _, row in self._taken[begin:end]])
            blocks.append(Block(values, first, self._taken[end - 1][2].time_s, segment))
        self._taken.clear()
        return blocks
