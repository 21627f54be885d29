"""Counters of rows: the number of each row of a file, from a counter that comes round, and from times where there are some.

Where a counter comes round, and what it rises by from row to row, differs between boards and firmware; both are told from the
counter itself. A counter is blind to losses of whole rounds; the times of the rows tell these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from acquisition.timebase.row_times import CATCH_UP_S, least_of_next, steps_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hardware.arrays import Floats

TWICE = 0.4
"""Share of rows that bear the number of the row before where each number stands twice."""
RUN_S = 1.0
AGAINST_S = 0.15
"""A count that differs from the times by so much can't be right."""
MOST_ROUNDS = 60
MOST_PAUSE_S = 86400.0


class CounterError(ValueError):
    """A column is no counter of rows; the text goes on after a colon."""


@dataclass(frozen=True, slots=True)
class RowNumbers:
    """The number of each row from 0, (rows,) and rising; `round_rows` is after how many rows the counter comes round, 0: never.

    `restarts` are rows at which the counter began anew, numbered by time; `jumps` are rows at which the
    clock of the times was set, and by how much, in s.
    """

    numbers: NDArray[np.int64]
    round_rows: int
    restarts: tuple[int, ...] = ()
    jumps: tuple[tuple[int, float], ...] = ()

    def first_rows(self) -> list[int]:
        """Return the first row of each stretch without a loss."""
        return sorted({0, *(np.flatnonzero(np.diff(self.numbers) != 1) + 1).tolist(), *self.restarts})


def row_numbers(counter: NDArray[np.int64], rounds: Sequence[int]) -> RowNumbers:
    """Number rows by their counter alone; `rounds` are the numbers at which such counters come round, in rising order.

    Raises CounterError where the numbers are not those of a counter.
    """
    rows = len(counter)
    if rows < 2:
        return RowNumbers(np.zeros(rows, np.int64), 0)
    twice = np.mean(np.diff(counter) == 0) > TWICE
    if twice:
        # a number that stands twice is two rows, of which the second is the odd one
        second = np.concatenate([[False], np.diff(counter) == 0])
        counter = 2 * counter + second
        rounds = [2 * one for one in rounds]
    rises = np.diff(counter)
    step = _most_common(rises[rises > 0])
    if step is None or np.mean(rises == step) < 0.5:
        raise CounterError("its numbers do not rise evenly")
    modulus = _modulus(counter, rises, step, rounds)
    counter = _without_stray(counter, step, modulus)
    rises = np.diff(counter)
    missing = (rises - step) % modulus // step if modulus else (rises - step) // step
    missing = np.where((rises == 0) | (missing < 0), 0, missing)
    numbers = np.concatenate([[0], np.cumsum(missing + 1)])
    return RowNumbers(numbers, modulus // step)


def by_times(counted: RowNumbers, times_s: Floats, rate_hz: float) -> RowNumbers:
    """Add the losses of whole rounds that times tell, and number by them what follows a counter that began anew.

    Where times step and the counter goes on as if nothing had been, and no number of whole rounds fits, the clock was set.
    """
    numbers, jumps, restarts = counted.numbers.copy(), [], []
    for row, rise_s, goes_on in _steps(numbers, times_s, rate_hz):
        rounds = round(rise_s * rate_hz / counted.round_rows) if counted.round_rows else 0
        rest_s = rise_s - rounds * counted.round_rows / rate_hz
        if abs(rest_s) <= AGAINST_S and rounds <= MOST_ROUNDS:
            numbers[row:] += rounds * counted.round_rows
        elif goes_on or rise_s > MOST_PAUSE_S:
            jumps.append((row, rise_s))
            times_s = times_s - np.where(np.arange(len(times_s)) >= row, rise_s, 0.0)
        else:
            numbers[row:] += round(rise_s * rate_hz)
            restarts.append(row)
    restarts += _mend_ahead(numbers, times_s, rate_hz)
    return RowNumbers(numbers, counted.round_rows, tuple(restarts), tuple(jumps))


def _steps(numbers: NDArray[np.int64], times_s: Floats, rate_hz: float) -> list[tuple[int, float, bool]]:
    """Return at which rows times step up against the count, by how much, and whether the counter goes on there.

    Rows before a loss are often late, so that a step is seen before it, too: it belongs to the row at which the counter breaks.
    """
    late, near = times_s - numbers / rate_hz, round(RUN_S * rate_hz)
    hold = max(2, round(0.1 * rate_hz))
    found, _ = steps_up(late, round(CATCH_UP_S * rate_hz), hold, AGAINST_S)
    breaks = np.flatnonzero(np.diff(numbers) != 1) + 1
    groups: dict[int, list[int]] = {}
    for row in found.tolist():
        close = breaks[abs(breaks - row) <= near]
        groups.setdefault(int(close[np.argmin(abs(close - row))]) if close.size else row, []).append(row)
    floor = least_of_next(late, round(CATCH_UP_S * rate_hz))
    steps = []
    for row, parts in sorted(groups.items()):
        begin, end = max(0, min(row, *parts) - 1 - hold), min(len(floor) - 1, max(row, *parts))
        steps.append((row, float(floor[end] - floor[begin]), row not in breaks))
    return steps


def _mend_ahead(numbers: NDArray[np.int64], times_s: Floats, rate_hz: float) -> list[int]:
    """Take back, in place, what the count is ahead of the times after a break of the counter; return the rows."""
    late, catch_up = times_s - numbers / rate_hz, max(1, round(CATCH_UP_S * rate_hz))
    floor = least_of_next(late, catch_up)
    mended, begin = [], 0
    for row in (np.flatnonzero(np.diff(numbers) != 1) + 1).tolist():
        if row - begin < RUN_S * rate_hz:
            continue
        ahead_s = float(late[max(begin, row - catch_up) : row].min() - floor[row])
        if len(numbers) - row >= RUN_S * rate_hz and ahead_s > AGAINST_S:
            back = min(round(ahead_s * rate_hz), int(numbers[row] - numbers[row - 1]) - 1)
            numbers[row:] -= back
            late[row:] += back / rate_hz
            floor[row:] += back / rate_hz
            mended.append(row)
        begin = row
    return mended


def _most_common(values: NDArray[np.int64]) -> int | None:
    found, counts = np.unique(values, return_counts=True)
    return int(found[np.argmax(counts)]) if found.size else None


def _modulus(counter: NDArray[np.int64], rises: NDArray[np.int64], step: int, rounds: Sequence[int]) -> int:
    """Return the number at which a counter comes round, 0 where it does not."""
    falls = rises[rises < 0]
    if not falls.size:
        return next((one for one in rounds if one > counter.max()), 0)
    seen = step - (_most_common(falls) or 0)
    if seen > counter.max() and (np.sum(falls == step - seen) > 1 or seen in rounds):
        return seen
    known = next((one for one in rounds if one > counter.max()), 0)
    if not known:
        raise CounterError(f"it falls from row to row, and comes round at none of {', '.join(map(str, rounds))}")
    return known


def _without_stray(counter: NDArray[np.int64], step: int, modulus: int) -> NDArray[np.int64]:
    """Return a counter without single numbers that fit neither the row before nor the one after, while these fit each other."""
    around = counter[2:] - counter[:-2] - 2 * step
    into = counter[1:-1] - counter[:-2] - step
    if modulus:
        around, into = around % modulus, into % modulus
    stray = np.flatnonzero((around == 0) & (into != 0)) + 1
    mended = counter.copy()
    mended[stray] = counter[stray - 1] + step
    if modulus:
        mended[stray] %= modulus
    return mended
