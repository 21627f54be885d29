"""The numbering as it was first written, which looks through all held rows again for each: a slow reference."""

from __future__ import annotations

import numpy as np

from hardware.sample_numbering import CONFIRM_ROWS, HELD_AT_MOST, SampleNumbering, _Row


class SlowNumbering(SampleNumbering):
    """Decides as `SampleNumbering` does, and keeps nothing between the rows but the rows."""

    _first: _Row | None = None

    def _hold(self, row: _Row) -> None:
        self._held.append(row)
        run = self._held[len(self._held) - len(self._agreeing()) - 1 :]
        if run[0] is not self._first:
            self._first, self._asked_s, self._least_then = run[0], run[0].time_s, run[0].time_s

    def _agreeing(self) -> list[int]:
        """Return the rise from each to the next, over the longest end of the held rows in which each can follow the other."""
        rises: list[int] = []
        for before, after in zip(self._held[-2::-1], self._held[:0:-1], strict=True):
            rise = self._rows_between(before, after)
            most = max(1.0, (after.time_s - before.time_s) * self._rate_hz + self._early)
            if not 1 <= rise <= most:
                break
            rises.insert(0, rise)
        return rises

    def _settle(self, now_s: float) -> None:
        rises = self._agreeing()
        run = self._held[len(self._held) - len(rises) - 1 :]
        confirmed = len(run) >= CONFIRM_ROWS or (self._locked and rises and rises[-1] == 1)
        if not confirmed:
            if len(self._held) > HELD_AT_MOST:
                self._held.pop(0)
                self.rejected_rows += 1
            return
        offsets = [0, *np.cumsum(rises).tolist()]
        if self._locked and self._last is not None:
            for start in range(max(1, len(run) - 1)):
                rise = self._rows_between(self._last, run[start])
                first = self._last_index + rise - offsets[start]
                late = min(self._late(first + o, row) for o, row in zip(offsets[start:], run[start:], strict=True))
                if rise == 0 or late < -self._early:
                    continue
                if late > self._doubtful:
                    self._least = min(row.time_s - o * self._line.period_s for o, row in zip(offsets, run, strict=True))
                    if self._may_catch_up(now_s):
                        return
                    first += round(late / self._wrap) * self._wrap
                self._take_run(run[start:], [first + o for o in offsets[start:]])
                return
            if len(run) < CONFIRM_ROWS:
                return
            self._segment += 1
        first = self._begin(run, offsets)
        self._take_run(run, [first + o for o in offsets])
        self._locked = True

    def _begin(self, run: list[_Row], offsets: list[int]) -> int:
        if self._last is None:
            return 0
        on_the_line_s = min(row.time_s - o * self._line.period_s for o, row in zip(offsets, run, strict=True))
        return max(self._last_index + 1, self._line.index_at(on_the_line_s))

    def _reject_held(self, but: int) -> None:
        self.rejected_rows += len(self._held) - but
        self._held.clear()

    def _take_run(self, run: list[_Row], indices: list[int]) -> None:
        self._reject_held(but=len(run))
        for index, row in zip(indices, run, strict=True):
            self._accept(index, row)
