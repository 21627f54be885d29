"""Times of rows: the even stretches in them, and the rate within these.

A stamp may be late, by its sender's haste or by its way, and what is late catches up. A loss does not: all stamps after it stay
later. So a step counts where the least late of the following rows is later than the row before, by more than the usual haste.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import minimum_filter1d

from hardware.source import MOST_HZ

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from hardware.arrays import Floats

CATCH_UP_S = 10.0
"""What is late catches up within this time, or is a loss."""
CONFIRM_S = 0.1
"""A step is believed that holds for so long."""
BACKWARDS_S = 0.02
LEAST_ROWS = 8.0
"""Rows a stretch has at least, on average, where rows are even at all."""
BLOCKS = 200
PASSES = 3
NEARLY = 2e-3
"""So close to the nominal rate, this is the better one to find losses with."""
FAR_S = 1.0
UNEVEN_ROWS, UNEVEN_SHARE = 10.0, 0.01
"""Rows that lie further from even ones than so many, and than this share of all, are not even."""
SIGMA_OF_MAD = 1.4826


class NotEvenError(ValueError):
    """Times are not those of even rows; the text goes on after a colon."""


@dataclass(frozen=True, slots=True)
class EvenTimes:
    """Even stretches of rows: the first row of each, when it was in s, and the rate that all share.

    `nominal_hz` is kept as the rate where times don't contradict it, which they do by more than `doubt` (a share of the rate).
    `uneven_s`: how far rows are from these times at most, what is late and catches up aside.
    """

    first_rows: tuple[int, ...]
    starts_s: tuple[float, ...]
    rate_hz: float
    doubt: float
    uneven_s: float


def even_times(times_s: Floats, nominal_hz: float = 0.0, breaks: Iterable[int] = ()) -> EvenTimes:
    """Return the even stretches of rows by their times, (rows,); `breaks` are rows at which one begins in any case.

    `nominal_hz` is 0 where nothing says it. Raises NotEvenError for fewer than two rows, and for times that are none,
    or of rows that are not even at all.
    """
    rows = len(times_s)
    if rows < 2:
        raise NotEvenError(f"it has {rows} rows, and two are needed to know a rate")
    if not np.isfinite(times_s).all():
        raise NotEvenError("some of its times are no numbers")
    times = times_s - times_s[0]
    number = np.arange(rows, dtype=np.float64)
    period = first_period(number, times, nominal_hz)
    _require_possible(period)
    forced = sorted({0, *(int(row) for row in breaks if 0 < row < rows)})
    firsts, doubt = forced, 1.0
    for _ in range(PASSES):
        firsts = _first_rows(times, times - number * period, period, forced)
        period, doubt = fitted_period(number, times, period, firsts)
        _require_possible(period)
    if len(firsts) > max(1.0, rows / LEAST_ROWS):
        raise NotEvenError(f"its rows are not even in time: they jump {len(firsts) - 1} times in {rows} rows")
    if nominal_hz > 0 and agrees(1.0 / period, nominal_hz, doubt, rows):
        period = 1.0 / nominal_hz
    late = times - number * period
    starts, uneven_s = [], 0.0
    for first, end in zip(firsts, [*firsts[1:], rows], strict=True):
        middle = float(np.median(late[first:end]))
        floor = least_of_next(late[first:end], round(CATCH_UP_S / period))
        uneven_s = max(uneven_s, float(np.ptp(floor)))
        starts.append(float(times_s[0]) + first * period + middle)
    if uneven_s > (UNEVEN_ROWS + UNEVEN_SHARE * rows) * period:
        raise NotEvenError(f"its rows are not even in time: they lie up to {uneven_s:.3g} s from rows at {1.0 / period:.4g} Hz")
    return EvenTimes(tuple(firsts), tuple(starts), 1.0 / period, doubt, uneven_s)


def _require_possible(period_s: float) -> None:
    if not period_s > 0.0:
        raise NotEvenError("its times do not go forwards")
    if period_s < 1.0 / MOST_HZ:
        raise NotEvenError(f"its times are those of {1.0 / period_s:.3g} Hz, which no device has")


def goes_back(first_rows: Sequence[int], starts_s: Sequence[float], rate_hz: float) -> bool:
    """Return whether a stretch begins before the one before it ends, by more than jitter."""
    rows, starts = np.array(first_rows, dtype=np.float64), np.array(starts_s)
    return bool((np.diff(starts) < (np.diff(rows) - 1.5) / rate_hz - 0.5 * BACKWARDS_S).any())


def agrees(rate_hz: float, nominal_hz: float, doubt: float, rows: int) -> bool:
    """Return whether a measured rate is the nominal one, as far as it is known, or for as many rows as there are."""
    return abs(nominal_hz / rate_hz - 1.0) <= max(doubt, 0.05 / rows)


def least_of_next(values: Floats, rows: int) -> Floats:
    """Return, for each value, the least of it and of the `rows` that follow."""
    size = min(rows, len(values)) + 1
    return np.asarray(minimum_filter1d(values, size, mode="nearest", origin=-(size // 2)))


def steps_up(late: Floats, rows: int, hold: int, least: float) -> tuple[NDArray[np.intp], Floats]:
    """Return at which rows lateness rises by more than `least`, and than four times its spread, and stays; and by how much.

    It stays where it does not fall again within `rows`; where rows are late at all, the last `hold` of them can't tell.
    """
    floor = least_of_next(late, rows)
    spread = float(np.median(late - floor))
    if spread > 0.05 * least:
        tail = floor[-hold:]
        floor[-hold:] = np.where(tail - tail[0] > FAR_S, tail, tail[0])
    least = max(least, 4.0 * spread)
    rises = np.diff(floor, prepend=floor[0])
    together = floor - np.concatenate([np.full(min(hold, len(floor)), floor[0]), floor[:-hold]])
    found = set(np.flatnonzero(rises > least).tolist())
    high = np.flatnonzero(together > least)
    for run in np.split(high, np.flatnonzero(np.diff(high) > 1) + 1) if high.size else ():
        begin = max(0, int(run[0]) - hold + 1)
        if found.isdisjoint(range(begin, int(run[-1]) + 1)):
            found.add(begin + int(np.argmax(rises[begin : int(run[0]) + 1])))
    at = np.array(sorted(found), dtype=np.intp)
    return at, rises[at]


def _first_rows(times: Floats, late: Floats, period: float, forced: list[int]) -> list[int]:
    """Return the rows with which even stretches begin."""
    back = np.flatnonzero(np.diff(times) < -max(BACKWARDS_S, 1.5 * period)) + 1
    certain = sorted({*forced, *back.tolist()})
    firsts = set(certain)
    hold = max(2, round(CONFIRM_S / period))
    for first, end in zip(certain, [*certain[1:], len(times)], strict=True):
        steps, _ = steps_up(late[first:end], round(CATCH_UP_S / period), hold, 0.6 * period)
        firsts |= set((steps + first).tolist())
    return sorted(firsts)


def first_period(numbers: Floats, times_s: Floats, nominal_hz: float) -> float:
    """Return about which period numbered rows have, however many losses there are; the nominal one where it nearly is."""
    span = max(1, min(len(numbers) // 20, round(nominal_hz) if nominal_hz > 0 else 100))
    period = float(np.median((times_s[span:] - times_s[:-span]) / (numbers[span:] - numbers[:-span])))
    return 1.0 / nominal_hz if abs(period * nominal_hz - 1.0) < NEARLY else period


def fitted_period(numbers: Floats, times_s: Floats, period_s: float, firsts: Iterable[int] = (0,)) -> tuple[float, float]:
    """Return the period that fits numbered rows, from one near it, and how far off it may be, as a share (1: not known).

    It is the median of the slopes between blocks of a stretch (`firsts` are their first rows), each counted by how far these
    are apart: rows that were held up do not bend it.
    """
    late, rows = times_s - numbers * period_s, len(numbers)
    size = -(-rows // BLOCKS)
    slopes, apart, rest, longest = [], [], [], 0.0
    firsts = list(firsts)
    for first, end in zip(firsts, [*firsts[1:], rows], strict=True):
        blocks = (end - first) // size
        if blocks < 2:
            continue
        whole = slice(first, first + blocks * size)
        level = np.median(late[whole].reshape(blocks, size), axis=1)
        centre = numbers[whole].reshape(blocks, size).mean(axis=1)
        one, other = np.triu_indices(blocks, 1)
        slopes.append((level[other] - level[one]) / (centre[other] - centre[one]))
        apart.append(centre[other] - centre[one])
        rest.append((centre, level))
        longest = max(longest, float(centre[-1] - centre[0]))
    if not slopes:
        return period_s, 1.0
    all_slopes, weights = np.concatenate(slopes), np.concatenate(apart)
    order = np.argsort(all_slopes)
    half = np.searchsorted(np.cumsum(weights[order]), 0.5 * weights.sum())
    slope = float(all_slopes[order][half])
    left = [level - slope * centre for centre, level in rest]
    spread = np.concatenate([abs(one - np.median(one)) for one in left])
    sigma = SIGMA_OF_MAD * float(np.median(spread))
    doubt = 3.0 * sigma * (12.0 / len(spread)) ** 0.5 / (longest * period_s)
    return period_s + slope, doubt
