"""Comparisons of two conditions, beside scipy, by their properties, and by how often they are wrong."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from processing.screening.comparison import Answer, Values, compare, compare_ratings, in_turns, located

TURNS = ((1, 3), (2, 4))
AFTER = ((1, 2), (3, 4))


def values(rng: np.random.Generator, sets: tuple[int, ...], mean: float, sd: float = 1.0, each: int = 6, drift: float = 0.0):
    numbers = [number for number in sets for _ in range(each)]
    of_set = {number: rng.normal(0.0, 0.5 * sd) for number in sets}
    found = [mean + of_set[n] + drift * n + rng.normal(0.0, sd) for n in numbers]
    return Values(tuple(found), tuple(numbers))


def test_the_difference_is_the_median_of_all_pairs_and_its_interval_is_students():
    rng = np.random.default_rng(0)
    a, b = (values(rng, sets, mean) for sets, mean in zip(TURNS, (0.0, 3.0), strict=True))
    change = compare(a, b, 2.0, 1.0)
    pairs = [y - x for x, y in itertools.product(a.values, b.values)]
    assert change.difference == pytest.approx(np.median(pairs))
    assert (change.larger, change.pairs) == (sum(pair > 0 for pair in pairs), 144)
    pooled = (4 * 1.0 + 11 * (np.var(a.values, ddof=1) + np.var(b.values, ddof=1))) / (4 + 22)
    error = math.sqrt(pooled * (2 / 12) * math.pi / 3 + 2 * 0.25 / 2 + 0.15**2)
    of = stats.t(df=26, loc=change.difference, scale=error)
    assert (change.low, change.high) == pytest.approx(of.interval(0.9), rel=2e-3)
    assert change.answer is Answer.MORE
    assert change.probability == pytest.approx(of.sf(1.0), rel=1e-3)


def test_more_and_less_are_two_ways_of_one_change():
    rng = np.random.default_rng(1)
    a, b = (values(rng, sets, mean) for sets, mean in zip(TURNS, (0.0, 4.0), strict=True))
    there, back = compare(a, b, 2.0, 1.0), compare(b, a, 2.0, 1.0)
    assert (there.answer, back.answer) == (Answer.MORE, Answer.LESS)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))


@given(st.integers(0, 10_000), st.floats(-1e3, 1e3), st.floats(0.0, 6.0))
def test_what_is_common_to_both_conditions_changes_nothing(seed: int, common: float, effect: float):
    rng = np.random.default_rng(seed)
    a, b = (values(rng, sets, mean) for sets, mean in zip(TURNS, (0.0, effect), strict=True))
    moved = [Values(tuple(v + common for v in of.values), of.sets) for of in (a, b)]
    plain, shifted = compare(a, b, 2.0, 1.0), compare(*moved, 2.0, 1.0)
    assert shifted.difference == pytest.approx(plain.difference, abs=1e-9)
    assert (shifted.low, shifted.high) == pytest.approx((plain.low, plain.high), abs=1e-9)


@pytest.mark.parametrize(
    ("effect", "answer", "least"), [(0.0, Answer.SAME, 0.75), (4.0, Answer.MORE, 0.9), (-4.0, Answer.LESS, 0.9)]
)
def test_answers_are_right_on_lifters_who_vary(effect: float, answer: Answer, least: float):
    rng = np.random.default_rng(2)
    told = [compare(values(rng, TURNS[0], 0.0), values(rng, TURNS[1], effect), 2.0, 1.0).answer for _ in range(300)]
    assert told.count(answer) >= least * len(told)
    wrong = {Answer.SAME, Answer.MORE, Answer.LESS} - {answer}
    assert sum(one in wrong for one in told) <= 0.02 * len(told)


def test_a_drift_over_the_session_is_no_change():
    rng = np.random.default_rng(3)
    drifting = [
        compare(values(rng, TURNS[0], 0.0, drift=0.5), values(rng, TURNS[1], 0.0, drift=0.5), 2.0, 1.0).answer
        for _ in range(400)
    ]
    assert sum(answer in (Answer.MORE, Answer.LESS) for answer in drifting) <= 0.02 * len(drifting)


def test_sets_that_all_came_after_the_others_tell_no_change():
    rng = np.random.default_rng(4)
    a, b = (values(rng, sets, mean) for sets, mean in zip(AFTER, (0.0, 8.0), strict=True))
    assert compare(a, b, 2.0, 1.0).answer is Answer.IN_ORDER
    assert compare(a, b, 2.0, 1.0, turns=False).answer is Answer.MORE


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [((1, 3), (2, 4), True), ((1, 4), (2, 3), True), ((2, 3), (1, 4), True), ((1, 2), (3, 4), False), ((3, 4), (1, 2), False)],
)
def test_turns(first: tuple[int, ...], second: tuple[int, ...], expected: bool):
    assert in_turns(first, second) is expected


def test_an_unclear_difference_says_how_many_repetitions_would_tell_and_they_do():
    rng = np.random.default_rng(5)
    told = 0
    tried = 0
    while tried < 40:
        a, b = (values(rng, sets, mean, each=3) for sets, mean in zip(TURNS, (0.0, 1.8), strict=True))
        change = compare(a, b, 2.0, 1.0)
        if change.answer is not Answer.UNCLEAR:
            continue
        tried += 1
        assert change.needed > max(change.repetitions)
        sets = max(2, math.ceil(change.needed / 3))
        effect = change.difference  # if it goes on like this
        more_a = values(rng, tuple(range(1, 2 * sets, 2)), 0.0, each=3)
        more_b = values(rng, tuple(range(2, 2 * sets + 1, 2)), effect, each=3)
        told += compare(more_a, more_b, 2.0, 1.0).answer is not Answer.UNCLEAR
    assert told >= 24


@pytest.mark.parametrize(("each", "sets"), [(2, TURNS), (9, ((1,), (2,)))])
def test_too_little_tells_nothing(each: int, sets: tuple[tuple[int, ...], ...]):
    rng = np.random.default_rng(6)
    a, b = (values(rng, of, mean, each=each) for of, mean in zip(sets, (0.0, 9.0), strict=True))
    assert compare(a, b, 2.0, 1.0).answer is Answer.TOO_FEW
    assert compare(Values((), ()), b, 2.0, 1.0).answer is Answer.TOO_FEW
    assert located(values(rng, sets[0], 9.0, each=each), 2.0, 1.0).answer is Answer.TOO_FEW


def test_unknown_repetitions_are_left_out():
    rng = np.random.default_rng(7)
    a, b = (values(rng, sets, mean) for sets, mean in zip(TURNS, (0.0, 4.0), strict=True))
    holed = Values((math.nan, *a.values, math.nan), (1, *a.sets, 3))
    assert compare(holed, b, 2.0, 1.0) == compare(a, b, 2.0, 1.0)


@pytest.mark.parametrize(("mean", "answer"), [(0.0, Answer.SAME), (4.0, Answer.MORE), (-4.0, Answer.LESS)])
def test_a_number_is_told_from_zero(mean: float, answer: Answer):
    rng = np.random.default_rng(8)
    told = [located(values(rng, (1, 3), mean), 2.0, 1.0).answer for _ in range(200)]
    assert told.count(answer) >= 0.85 * len(told)
    assert sum(one is not answer and one is not Answer.UNCLEAR for one in told) <= 2


def test_ratings_are_dealt_out_in_all_ways_as_scipy_does():
    a, b = (
        Values((2.0, 2.0, 1.0, 2.0, 1.0, 2.0), (1, 1, 1, 3, 3, 3)),
        Values((0.0, 1.0, 0.0, 0.0, 1.0, 0.0), (2, 2, 2, 4, 4, 4)),
    )
    change = compare_ratings(a, b)

    def dominance(x: np.ndarray, y: np.ndarray, axis: int = -1) -> np.ndarray:
        signs = np.sign(y[..., None, :] - x[..., :, None])
        return signs.sum(axis=(-2, -1))

    beside = stats.permutation_test((np.array(a.values), np.array(b.values)), dominance, vectorized=True, alternative="less")
    assert change.answer is Answer.LESS
    assert 1.0 - change.probability == pytest.approx(beside.pvalue, rel=1e-9)
    assert change.difference == pytest.approx(beside.statistic / 36)


def test_two_sets_of_each_can_not_show_a_change_of_ratings_but_three_can():
    two = compare_ratings(Values((2.0, 2.0), (1, 3)), Values((0.0, 0.0), (2, 4)))
    three = compare_ratings(Values((2.0,) * 3, (1, 3, 5)), Values((0.0,) * 3, (2, 4, 6)))
    assert two.answer is Answer.UNCLEAR  # chance alone deals them out like this in 1 of 6
    assert two.needed == 3
    assert three.answer is Answer.LESS


def test_ratings_that_stay_are_shown_to_stay_and_only_with_enough_of_them():
    alike = Values((1.0,) * 6, (1, 1, 1, 3, 3, 3)), Values((1.0,) * 6, (2, 2, 2, 4, 4, 4))
    assert compare_ratings(*alike).answer is Answer.SAME
    assert compare_ratings(Values((1.0, 1.0), (1, 3)), Values((1.0, 1.0), (2, 4))).answer is Answer.UNCLEAR
    assert compare_ratings(Values((1.0,), (1,)), Values((1.0,), (2,))).answer is Answer.TOO_FEW


def test_ratings_of_too_few_repetitions_or_of_one_set_tell_nothing():
    many, few = Values((2.0,) * 5, (1, 1, 1, 3, 3)), Values((0.0,) * 3, (2, 4, 4))
    assert compare_ratings(many, few, 5).answer is Answer.TOO_FEW
    assert compare_ratings(many, Values((0.0,) * 6, (2,) * 6), 5).answer is Answer.TOO_FEW
    assert compare_ratings(many, Values((0.0,) * 6, (2, 2, 2, 4, 4, 4)), 5).answer is Answer.LESS
