"""Comparison of two conditions: whether a number changed from one kind of set to the other, did not, or can't be told yet.

Repetitions of a set are alike, and a lifter drifts: so sets count on their own, and a change is claimed of sets in turns only.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from scipy import special

FEWEST, FEWEST_SETS = 5, 2
"""Repetitions, and sets, of each condition below which nothing is told (*design*)."""
CHANGED_FROM, SAME_FROM = 0.95, 0.90
"""How probable it must be that a change is there, or that none is (*design*)."""
PRIOR_DF = 4.0
"""So many degrees of freedom weighs what is known of a number's spread beforehand."""
BETWEEN_SETS = 0.5
"""Standard deviation between sets, of that between repetitions (*design*)."""
MEDIAN_EFFICIENCY = 0.955
"""Of the Hodges-Lehmann estimate beside the mean, where the spread is normal: 3 / pi."""
LEAST_SPREADS = 1.5
"""A change that matters is never smaller than so many standard deviations of a repetition."""
NEEDED = 12.4
"""2 (1.645 + 0.842)²: for a test at 5 % to find in 80 % what is there."""
INTERVAL = 0.95
DRIFT_PER_SET = 0.15
"""By so many standard deviations of a repetition a number drifts from a set to the next, with nothing changed (*design*)."""
DRAWS = 20_000
ORDINAL_SAME = 0.5
MOST_RATINGS = 12
"""More ratings than that of a condition are not asked for."""
GRADES = (0.0, 1.0, 2.0)
"""None, slight and past."""


class Answer(StrEnum):
    """What a comparison says: it went down, as hoped or feared up, by what matters; it did neither; it can't be told."""

    LESS = "less"
    MORE = "more"
    SAME = "not changed"
    UNCLEAR = "unclear"
    TOO_FEW = "too few"
    IN_ORDER = "one condition after the other"


class Values(NamedTuple):
    """A number of every repetition of one condition, and the set that each belongs to, numbered through the session."""

    values: tuple[float, ...]
    sets: tuple[int, ...]

    def known(self) -> Values:
        """Return it without repetitions in which the number is unknown."""
        kept = [(value, number) for value, number in zip(self.values, self.sets, strict=True) if math.isfinite(value)]
        return Values(tuple(value for value, _ in kept), tuple(number for _, number in kept))


@dataclass(frozen=True, slots=True)
class Change:
    """A number in one condition beside another: by how much it is larger in the second, and what that says.

    `low` to `high`: 90 % interval of the difference. In `larger` of `pairs` pairs it was the larger in the second, ties being
    half. `smallest`: what matters. `needed`: about so many repetitions in each condition would tell, 0 where that is told.
    `probability`: of what is answered, NaN where nothing is.
    """

    answer: Answer
    difference: float
    low: float
    high: float
    larger: float
    pairs: int
    repetitions: tuple[int, int]
    sets: tuple[int, int]
    smallest: float
    needed: int
    probability: float = math.nan


def compare(
    first: Values, second: Values, smallest: float, spread: float, certain: float = CHANGED_FROM, *, turns: bool = True
) -> Change:
    """Return by how much a number is larger in the second of two conditions, and whether that is a change.

    The difference is the median of all pairs (Hodges and Lehmann 1963); its standard error takes the spread of repetitions,
    moderated by what is known of it (`spread`, as in Smyth 2004), that of sets, and what may drift between the middles of both
    conditions. Changed: by more than half of `smallest` with a probability of `certain`. Not changed: by less than it with
    90 %. `smallest` is raised to 1.5 standard deviations of a repetition. With `turns` a change is claimed only where neither
    condition lies wholly before the other.
    """
    a, b = first.known(), second.known()
    counts, sets = (len(a.values), len(b.values)), (len(set(a.sets)), len(set(b.sets)))
    if not all(counts):
        return _too_few(math.nan, math.nan, 0, counts, sets, smallest)
    pairs = np.subtract.outer(np.array(b.values), np.array(a.values))
    difference = float(np.median(pairs))
    larger = float((pairs > 0).sum() + 0.5 * (pairs == 0).sum())
    if min(counts) < FEWEST or min(sets) < FEWEST_SETS:
        return _too_few(difference, larger, pairs.size, counts, sets, smallest)
    df = sum(counts) - 2
    own = sum(float(((np.array(of.values) - np.mean(of.values)) ** 2).sum()) for of in (a, b))
    variance = (PRIOR_DF * spread**2 + own) / (PRIOR_DF + df)
    drift = DRIFT_PER_SET * spread * abs(float(np.mean(b.sets)) - float(np.mean(a.sets)))
    change = _told(
        difference, larger, pairs.size, counts, sets, _Spread(variance, drift, spread, df), smallest, certain, both=True
    )
    if turns and change.answer in (Answer.LESS, Answer.MORE) and not in_turns(a.sets, b.sets):
        needed = _needed(difference, variance, change.smallest, max(counts))
        return replace(change, answer=Answer.IN_ORDER, needed=needed, probability=math.nan)
    return change


def located(of: Values, smallest: float, spread: float, certain: float = CHANGED_FROM) -> Change:
    """Return whether a number lies beyond 0 by what matters, as `compare` does for the difference of two conditions."""
    a = of.known()
    counts, sets = (len(a.values), len(a.values)), (len(set(a.sets)), len(set(a.sets)))
    if not a.values:
        return _too_few(math.nan, math.nan, 0, counts, sets, smallest)
    values = np.array(a.values)
    upper = np.triu_indices(len(values))
    difference = float(np.median((values[:, None] + values[None, :])[upper] / 2.0))
    larger = float((values > 0).sum() + 0.5 * (values == 0).sum())
    if counts[0] < FEWEST or sets[0] < FEWEST_SETS:
        return _too_few(difference, larger, len(values), counts, sets, smallest)
    df = counts[0] - 1
    variance = (PRIOR_DF * spread**2 + float(((values - values.mean()) ** 2).sum())) / (PRIOR_DF + df)
    return _told(
        difference, larger, len(values), counts, sets, _Spread(variance, 0.0, spread, df), smallest, certain, both=False
    )


class _Spread(NamedTuple):
    """How repetitions vary: their variance, what may drift between conditions, what was known beforehand, and its freedom."""

    variance: float
    drift: float
    known: float
    df: int


def _told(
    difference: float,
    larger: float,
    pairs: int,
    counts: tuple[int, int],
    sets: tuple[int, int],
    spread: _Spread,
    smallest: float,
    certain: float,
    *,
    both: bool,
) -> Change:
    """Return what a difference says; `both`: it is one of two conditions, else a number of the first."""
    conditions = 2 if both else 1
    of_repetitions = spread.variance * sum(1.0 / n for n in list(counts)[:conditions]) / MEDIAN_EFFICIENCY
    of_sets = (BETWEEN_SETS * spread.known) ** 2 * sum(1.0 / k for k in list(sets)[:conditions])
    error = math.sqrt(of_repetitions + of_sets + spread.drift**2)
    smallest = max(smallest, LEAST_SPREADS * math.sqrt(spread.variance))
    df = spread.df + PRIOR_DF
    answer, probability = _answer(difference, error, df, smallest, certain)
    unclear = answer is Answer.UNCLEAR
    needed = _needed(difference, spread.variance if both else spread.variance / 2.0, smallest, max(counts)) if unclear else 0
    half = float(special.stdtrit(df, INTERVAL)) * error
    low, high = difference - half, difference + half
    return Change(answer, difference, low, high, larger, pairs, counts, sets, smallest, needed, probability)


def _answer(difference: float, error: float, df: float, smallest: float, certain: float) -> tuple[Answer, float]:
    """Return what a difference says, and how probable that is."""

    def below(bound: float) -> float:
        return float(special.stdtr(df, (bound - difference) / error))

    more, less, same = 1.0 - below(smallest / 2.0), below(-smallest / 2.0), below(smallest) - below(-smallest)
    if more >= certain:
        return Answer.MORE, more
    if less >= certain:
        return Answer.LESS, less
    return (Answer.SAME, same) if same >= SAME_FROM else (Answer.UNCLEAR, math.nan)


def _needed(difference: float, variance: float, smallest: float, so_far: int) -> int:
    """Return how many repetitions of each condition would tell, if it goes on like this."""
    away = max(abs(difference) - smallest / 2.0, smallest - abs(difference))
    return max(so_far + 1, math.ceil(NEEDED * variance / away**2))


def _too_few(
    difference: float, larger: float, pairs: int, counts: tuple[int, int], sets: tuple[int, int], smallest: float
) -> Change:
    return Change(
        Answer.TOO_FEW, difference, -math.inf, math.inf, larger, pairs, counts, sets, smallest, max(FEWEST, *counts)
    )  # fmt: skip


def in_turns(first: Sequence[int], second: Sequence[int]) -> bool:
    """Return whether sets of two conditions were done in turns: neither lies wholly before the other."""
    return min(first) < max(second) and min(second) < max(first)


def compare_ratings(first: Values, second: Values, fewest: int = FEWEST_SETS, *, turns: bool = True) -> Change:
    """Return whether ratings (`GRADES`: an order, no amounts) are larger in the second of two conditions.

    Compared pair by pair, never averaged. Changed: so many pairs more larger than smaller, or more, come by chance in 5 % of
    all ways to deal these ratings out, counted exactly. Not changed: the share of larger pairs less that of smaller ones is
    nearer to 0 than a half with 90 %, by what is then probable of each rating's share in each condition (Dirichlet, 1/3 each).
    `difference` is that share. Below `fewest` ratings, or two sets, of a condition nothing is told.
    """
    a, b = first.known(), second.known()
    counts, sets = (len(a.values), len(b.values)), (len(set(a.sets)), len(set(b.sets)))
    if min(counts) < fewest or min(sets) < FEWEST_SETS:
        return _too_few(math.nan, math.nan, 0, counts, sets, ORDINAL_SAME)
    in_a, in_b = (np.array([of.values.count(grade) for grade in GRADES]) for of in (a, b))
    pairs = counts[0] * counts[1]
    more = _dominance(in_a, in_b)
    larger = 0.5 * (pairs + more)
    chance_more, chance_less = _by_chance(in_a + in_b, counts[0], more)
    low, high, same = _probable(in_a, in_b)
    answer, probability = Answer.UNCLEAR, math.nan
    if chance_more <= 1.0 - CHANGED_FROM:
        answer, probability = Answer.MORE, 1.0 - chance_more
    elif chance_less <= 1.0 - CHANGED_FROM:
        answer, probability = Answer.LESS, 1.0 - chance_less
    elif same >= SAME_FROM:
        answer, probability = Answer.SAME, same
    if answer in (Answer.LESS, Answer.MORE) and turns and not in_turns(a.sets, b.sets):
        answer = Answer.IN_ORDER
    needed = 0 if answer in (Answer.LESS, Answer.MORE, Answer.SAME) else _ratings_needed(in_a, in_b)
    return Change(answer, more / pairs, low, high, larger, pairs, counts, sets, ORDINAL_SAME, needed, probability)


def _ratings_needed(in_a: np.ndarray, in_b: np.ndarray) -> int:
    """Return how many ratings of each condition would tell, if they go on in the same shares; 0 where more than a few."""
    for count in range(min(in_a.sum(), in_b.sum()) + 1, MOST_RATINGS + 1):
        more_a, more_b = (np.rint(of * count / of.sum()).astype(int) for of in (in_a, in_b))
        if more_a.sum() == more_b.sum() == count:
            chances = _by_chance(more_a + more_b, count, _dominance(more_a, more_b))
            if min(chances) <= 1.0 - CHANGED_FROM or _probable(more_a, more_b)[2] >= SAME_FROM:
                return int(count)
    return 0


def _dominance(in_a: np.ndarray, in_b: np.ndarray) -> float:
    """Return in how many more pairs the second is the larger than the smaller, by how often each grade was given."""
    below_a, below_b = (np.concatenate([[0.0], np.cumsum(of)[:-1]]) for of in (in_a, in_b))
    return float((in_b * below_a).sum() - (in_a * below_b).sum())


def _by_chance(both: np.ndarray, count_a: int, more: float) -> tuple[float, float]:
    """Return in which share of all ways to deal out the ratings there are so many pairs more, and so many less."""
    ways_more = ways_less = ways = 0
    for in_a in itertools.product(*(range(int(n) + 1) for n in both)):
        if sum(in_a) != count_a:
            continue
        these = math.prod(math.comb(int(n), k) for n, k in zip(both, in_a, strict=True))
        found = _dominance(np.array(in_a), both - np.array(in_a))
        ways += these
        ways_more += these if found >= more else 0
        ways_less += these if found <= more else 0
    return ways_more / ways, ways_less / ways


def _probable(in_a: np.ndarray, in_b: np.ndarray) -> tuple[float, float, float]:
    """Return the 90 % interval of the difference of shares, and how probable it is that it is nearer to 0 than a half."""
    prior = np.full(len(in_a), 1.0 / 3.0)
    rng = np.random.default_rng(0)  # the same ratings give the same answer
    drawn_a, drawn_b = (rng.dirichlet(of + prior, DRAWS) for of in (in_a, in_b))
    below = np.cumsum(drawn_a, axis=1) - drawn_a
    above = 1.0 - np.cumsum(drawn_a, axis=1)
    share = (drawn_b * (below - above)).sum(axis=1)
    low, high = np.percentile(share, [5.0, 95.0])
    return float(low), float(high), float((np.abs(share) < ORDINAL_SAME).mean())
