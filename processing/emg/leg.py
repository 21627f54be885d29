"""Which muscles of a leg still work along with it: one that did, and lies flat while the others work, has lost its electrode.

An electrode that fell off reads its own noise, which may be less or more than the muscle's at rest. What tells it from a muscle
at rest is that the leg works and it does not; from a weak one, that it does not rise at all. So each channel's run is followed,
the slices since which its RMS has stayed the same but for chance, and how long of it the leg has worked and rested.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hardware.arrays import Floats

LEVELS, PER_OCTAVE, LEAST_UV = 96, 4, 0.01
RISE_AT_MOST = 5.0
CHANCE = 1e-5  # that one slice of noise is so loud, or so quiet
WORKS, RESTS = 0.4, 0.25
"""A muscle works, or rests, at this share of what it gives for two seconds in all (*design*)."""
LOUD_S, SHOWN_S = 2.0, 1.0
KNOWN_S, JOINED = 2.0, 0.8
"""A muscle works along with its leg that has risen in this share of so long in which the leg worked (*design*)."""
FLAT_S, RESTED_S = 1.0, 0.4
"""An electrode is off that has lain flat for so long in which the leg worked, and, above its noise, in which it rested."""
BELOW, REGAINED = 0.5, 0.3
"""Shares of its median while the leg works: below the one a flat channel is off, from the other on it is back (*design*)."""

# Of each electrode: its quietest slice, that of its second quietest window, its loudest; the least and the most of the run, how
# many slices in a row lay outside, its length, how much of it the leg worked and rested; how often the leg worked before it and
# the muscle with it; whether it has fallen, and since how many slices.
QUIETEST, QUIET, LOUDEST, LEAST, MOST, OUTSIDE, LENGTH, WORKED, RESTED, WORKED_BEFORE, JOINED_BEFORE, FALLEN = range(12)
LEG_MEASURES = 12


class Legs(NamedTuple):
    """What is known of the electrodes of both legs: the leg of each, its measures, and how often it gave each level.

    `loud` (electrodes, LEVELS) counts windows by their loudest slice, `working` slices while the leg worked.
    `counts`: by which electrodes the leg is judged, `strength`: what a muscle gives at work. `rise`: times the
    quietest that noise does not reach by chance. Lengths are in slices, those of `loud_windows` and `shown_windows` in windows.
    """

    leg: NDArray[np.int64]
    measures: Floats
    loud: NDArray[np.int64]
    working: NDArray[np.int64]
    strength: Floats
    counts: NDArray[np.bool_]
    rise: float
    known: float
    flat: float
    rested: float
    loud_windows: int
    shown_windows: int


def legs_of(leg: NDArray[np.int64], bandwidth_hz: float, window_s: float, slices: int) -> Legs:
    """Return what is known of electrodes, by the number of each one's leg, before the first window."""
    from scipy import special

    count = len(leg)
    slice_s = window_s / slices
    freedom = max(0.5, 0.5 * bandwidth_hz * slice_s)  # half that of white noise, as sensors are not all white
    low, high = special.gammaincinv(freedom, CHANCE), special.gammainccinv(freedom, CHANCE)
    measures = np.zeros((count, LEG_MEASURES))
    measures[:, :OUTSIDE] = np.nan
    return Legs(
        leg,
        measures,
        np.zeros((count, LEVELS), dtype=np.int64),
        np.zeros((count, LEVELS), dtype=np.int64),
        np.zeros(count),
        np.zeros(count, dtype=np.bool_),
        min(RISE_AT_MOST, math.sqrt(high / max(low, 1e-9))),
        KNOWN_S / slice_s,
        FLAT_S / slice_s,
        RESTED_S / slice_s,
        max(1, round(LOUD_S / window_s)),
        max(1, round(SHOWN_S / window_s)),
    )


@njit(nogil=True, cache=True)
def level_of(uV: float) -> int:
    """Return the level of an RMS."""
    level = round(PER_OCTAVE * math.log2(max(uV, LEAST_UV) / LEAST_UV))
    return min(int(level), LEVELS - 1)


@njit(nogil=True, cache=True)
def has_shown(legs: Legs, e: int) -> bool:
    """Return whether a channel has risen above its quietest, by more than chance and for a second in all."""
    quiet = legs.measures[e, QUIET]
    if not quiet >= 0.0:
        quiet = legs.measures[e, QUIETEST]
    if not quiet >= 0.0:
        return False
    first = level_of(legs.rise * quiet)
    return bool(legs.loud[e, first + 1 if first + 1 < LEVELS else first :].sum() >= legs.shown_windows)


@njit(nogil=True, cache=True)
def learn(legs: Legs, e: int, slices: Floats, is_good: bool) -> None:
    """Take a window in which a channel was heard into what is known of how quiet and how loud it is."""
    m = legs.measures[e]
    least, most = np.nan, np.nan
    for k in range(slices.shape[0]):
        x = slices[k]
        if x == x:
            least = x if not least <= x else least
            most = x if not most >= x else most
    if least != least:
        return
    if not m[QUIETEST] <= least:
        m[QUIETEST], m[QUIET] = least, m[QUIETEST]
    elif not m[QUIET] <= least:
        m[QUIET] = least
    m[LOUDEST] = most if not m[LOUDEST] >= most else m[LOUDEST]
    if is_good:
        legs.loud[e, level_of(most)] += 1


@njit(nogil=True, cache=True)
def weigh(legs: Legs, e: int) -> None:
    """Find what a channel's muscle gives at work: 0 until it has shown itself."""
    strength, count = 0.0, 0
    if has_shown(legs, e) and legs.measures[e, FALLEN] == 0.0:
        for level in range(LEVELS - 1, -1, -1):
            count += legs.loud[e, level]
            if count >= legs.loud_windows:
                strength = LEAST_UV * 2.0 ** (level / PER_OCTAVE)
                break
    legs.strength[e] = strength


@njit(nogil=True, cache=True)
def follow_leg(legs: Legs, e: int, slices: Floats) -> bool:
    """Take the slices of a window (slices, electrodes) into the run of an electrode; return whether its muscle is lost now."""
    m = legs.measures[e]
    was_off = m[FALLEN] > 0.0
    for k in range(slices.shape[0]):
        x = slices[k, e]
        if x != x:
            if not was_off:
                _begin_run(legs, e, x)
            continue
        works, rests = _leg_does(legs, e, slices[k])
        if m[FALLEN] > 0.0:
            m[FALLEN] += 1.0
            m[OUTSIDE] = m[OUTSIDE] + 1.0 if x >= REGAINED * _median(legs.working[e]) else 0.0
            if m[OUTSIDE] >= 2.0:
                m[FALLEN] = 0.0
                _begin_run(legs, e, x)
            continue
        least, most = min(m[LEAST], x), max(m[MOST], x)
        m[LENGTH] += 1.0
        if most <= legs.rise * least:
            m[LEAST], m[MOST], m[OUTSIDE] = least, most, 0.0
            m[WORKED] += works
            m[RESTED] += rests
        else:
            m[OUTSIDE] += 1.0
            if max(most, x) < legs.rise * m[QUIET]:  # at rest all the while, a little more or less
                m[LEAST] = m[MOST] = x
                m[OUTSIDE] = 0.0
                m[WORKED] += works
                m[RESTED] += rests
            elif not m[OUTSIDE] < 2.0 or m[LEAST] != m[LEAST]:
                _begin_run(legs, e, x)
                m[WORKED], m[RESTED] = works, rests
        if _is_off(legs, e):
            m[FALLEN] = m[LENGTH] + 1.0
            m[OUTSIDE] = 0.0
    return m[FALLEN] > 0.0 and not was_off


@njit(nogil=True, cache=True)
def _leg_does(legs: Legs, e: int, levels: Floats) -> tuple[float, float]:
    """Return 1 where at least half of the other muscles of the leg work, and where half of them rest; else 0."""
    others, work, rest = 0, 0, 0
    for o in range(levels.shape[0]):
        if o != e and legs.leg[o] == legs.leg[e] and legs.counts[o] and legs.strength[o] > 0.0 and levels[o] == levels[o]:
            others += 1
            work += 1 if levels[o] >= WORKS * legs.strength[o] else 0
            rest += 1 if levels[o] <= RESTS * legs.strength[o] else 0
    works = others > 0 and 2 * work >= others
    rests = others > 0 and 2 * rest >= others and not works
    return 1.0 if works else 0.0, 1.0 if rests else 0.0


@njit(nogil=True, cache=True)
def _begin_run(legs: Legs, e: int, x: float) -> None:
    """End a run, which tells how the muscle worked along with its leg, and begin one with this slice."""
    m = legs.measures[e]
    if m[WORKED] > 0.0 and m[LEAST] == m[LEAST]:
        m[WORKED_BEFORE] += m[WORKED]
        m[JOINED_BEFORE] += m[WORKED] if m[MOST] >= legs.rise * m[QUIET] else 0.0
        legs.working[e, level_of(math.sqrt(m[LEAST] * m[MOST]))] += int(m[WORKED])
    m[LEAST] = m[MOST] = x
    m[OUTSIDE] = m[WORKED] = m[RESTED] = 0.0
    m[LENGTH] = 1.0


@njit(nogil=True, cache=True)
def _is_off(legs: Legs, e: int) -> bool:
    m = legs.measures[e]
    if m[WORKED] < legs.flat or m[WORKED_BEFORE] < legs.known or m[JOINED_BEFORE] < JOINED * m[WORKED_BEFORE]:
        return False
    return bool(m[MOST] <= BELOW * _median(legs.working[e]) and (m[MOST] <= legs.rise * m[QUIET] or m[RESTED] >= legs.rested))


@njit(nogil=True, cache=True)
def _median(counts: NDArray[np.int64]) -> float:
    """Return the median RMS of what was counted by level."""
    half, passed = 0.5 * counts.sum(), 0
    for level in range(LEVELS):
        passed += counts[level]
        if passed >= half:
            return float(LEAST_UV * 2.0 ** (level / PER_OCTAVE))
    return 0.0
