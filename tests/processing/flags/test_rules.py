"""The rules against a plain reading of their docstring, in any pieces, with gaps and undefined values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquisition.rig.judgement import BetweenLegsRule, MillimetreRule, PercentRule, Rules
from processing.flags.rules import AMBER, CHANGE, RED, TAKEN_BACK_S, TELL, Flag, Rule, RuleBook, flag_of, flags_of, rules_for
from processing.formulas import metric

RATE_HZ, FRAME = 1000.0, 10
METRICS = (metric("frame.last_sample"), metric("load_shift.total_referenced"), metric("cop_net_beyond_load.lifter_axis"))
AMBER_PCT, RED_PCT, RELEASE_PCT = 5.0, 10.0, 4.0


def rule(column: int = 1, sign: float = 1.0, hold_s: float = 0.03) -> Rule:
    return Rule(
        name="load_shift",
        label="load shifts to the right leg",
        metric=METRICS[column].name,
        formula_id=METRICS[column].formula_id,
        unit="%",
        side="right",
        sign=sign,
        amber=AMBER_PCT,
        red=RED_PCT,
        release=RELEASE_PCT,
        hold_s=hold_s,
        stream="plates",
        short="load shift",
        meaning="",
        read_unit="%",
    )


def book(*rules: Rule, first_rule: int = 0) -> RuleBook:
    return RuleBook(rules, METRICS, RATE_HZ, FRAME, first_rule)


def frames(values: list[float], numbers: list[int] | None = None) -> np.ndarray:
    """Return frames with these values in both columns; `numbers` counts the frames, all that aren't in it were dropped."""
    rows = np.empty((len(values), 3))
    rows[:, 0] = (np.arange(len(values)) if numbers is None else np.array(numbers)) * FRAME + FRAME - 1.0
    rows[:, 1] = rows[:, 2] = values
    return rows


@dataclass
class Expected:
    start: float
    raised: float
    end: float
    severity: int
    peak: float


def expected_flags(rows: np.ndarray, one: Rule) -> list[Expected]:
    """Read the docstring of the rules slowly: look at whole stretches, backwards from each frame."""
    hold = one.hold_s * RATE_HZ
    samples, values = rows[:, 0], one.sign * rows[:, METRICS.index(next(m for m in METRICS if m.name == one.metric))]

    def held(limit: float, at: int, since: int) -> bool:
        """Whether the value has been beyond a limit up to frame `at` for the hold, without a break, from `since` on."""
        first = at
        while (
            first - 1 >= since
            and values[at] >= limit
            and values[first - 1] >= limit
            and samples[first] - samples[first - 1] == FRAME
        ):
            first -= 1
        return bool(values[at] >= limit and samples[at] - samples[first] >= hold)

    flags: list[Expected] = []
    up: Expected | None = None
    since, begun = 0, None
    for n in range(len(rows)):
        known = np.flatnonzero(np.isfinite(values[:n]))
        last = samples[known[-1]] if len(known) else math.nan
        if up is not None:
            if samples[n] - last > max(hold, FRAME):
                up.end, up, since, begun = last, None, n + 1, None
                continue
            if values[n] < one.release:
                up.end, up, since, begun = samples[n], None, n + 1, None
                continue
        elif begun is not None and (not values[n] >= one.amber or samples[n] - samples[n - 1] != FRAME):
            begun = None
        if begun is None and up is None and values[n] >= one.amber:
            begun = n
            since = n
        if up is None and begun is not None and held(one.amber, n, begun):
            up = Expected(samples[begun], samples[n], math.nan, AMBER, 0.0)
            flags.append(up)
        if up is not None:
            up.peak = float(np.nanmax(values[begun : n + 1]))
            if up.severity == AMBER and held(one.red, n, since):
                up.severity, up.raised = RED, samples[n]
    return flags


values = st.one_of(
    st.sampled_from([0.0, 3.9, 4.0, 4.5, 5.0, 7.0, 9.9, 10.0, 12.0, -6.0, -12.0, math.nan]),
    st.floats(-20, 20, width=32),
)
runs = st.lists(st.tuples(values, st.integers(1, 12)), max_size=12).map(lambda parts: [v for v, n in parts for _ in range(n)])


@st.composite
def sessions(draw: st.DrawFn) -> np.ndarray:
    """Runs of values that last a while, with frames that are missing."""
    series = draw(runs)
    steps = draw(st.lists(st.sampled_from([1, 1, 1, 1, 1, 1, 2, 3, 5, 9]), min_size=len(series), max_size=len(series)))
    return frames(series, list(np.cumsum(steps, dtype=int)))


def changes_of(rules: RuleBook, rows: np.ndarray, cuts: list[int]) -> np.ndarray:
    edges = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    parts = [rules.process(rows[a:b]).copy() for a, b in pairwise(edges)]
    return np.concatenate(parts) if parts else np.empty((0, len(CHANGE)))


@settings(max_examples=300)
@given(sessions(), st.sampled_from([0.0, 0.005, 0.01, 0.03, 0.05]), st.sampled_from([1.0, -1.0]))
def test_flags_are_those_that_the_docstring_describes(rows, hold_s, sign):
    one = rule(sign=sign, hold_s=hold_s)
    under_test = book(one)
    changes = under_test.process(rows).copy()
    found = flags_of(np.concatenate([changes, under_test.flags_up()]))
    expected = expected_flags(rows, one)
    assert [(f.start_sample, f.raised_sample, f.severity) for f in found] == [(e.start, e.raised, e.severity) for e in expected]
    np.testing.assert_array_equal([f.end_sample for f in found], [e.end for e in expected])
    assert [f.peak for f in found] == [sign * e.peak for e in expected]


@settings(max_examples=150)
@given(sessions(), st.lists(st.integers(0, 150), max_size=6))
def test_cutting_the_frames_changes_nothing(rows, cuts):
    rules = rule(), rule(2, sign=-1.0), rule(2, hold_s=0.0)
    whole, cut = book(*rules), book(*rules)
    np.testing.assert_array_equal(changes_of(whole, rows, []), changes_of(cut, rows, cuts))
    np.testing.assert_array_equal(whole.flags_up(), cut.flags_up())


@settings(max_examples=150)
@given(sessions())
def test_every_change_keeps_within_its_bounds(rows):
    rules = rule(), rule(2, sign=-1.0), rule(2, hold_s=0.0)
    under_test = book(*rules, first_rule=7)
    told: dict[float, np.ndarray] = {}
    for n in range(len(rows)):
        changes = under_test.process(rows[n : n + 1]).copy()
        assert len(set(changes[:, 0])) == len(changes), "more than one row for a rule in one frame"
        for change in changes:
            number, severity, start, raised, end, peak = change
            one = rules[int(number) - 7]
            assert severity in (AMBER, RED)
            assert raised - start >= one.hold_s * RATE_HZ
            assert start <= raised <= rows[n, 0]
            assert math.isnan(end) or raised <= end <= rows[n, 0]
            assert one.sign * peak >= (one.red if severity == RED else one.amber)
            before = told.get(number)
            if before is not None and start == before[2]:
                assert severity >= before[1]
                assert one.sign * (peak - before[5]) >= 0
                assert math.isnan(before[4]), "a flag was told again after its end"
            told[number] = change


def test_a_limit_counts_as_reached_and_the_release_as_not_yet_back():
    under_test = book(rule())
    changes = under_test.process(frames([5.0, 5.0, 5.0, 5.0, 4.0, 4.0, 3.999]))
    (flag,) = flags_of(changes)
    assert (flag.start_sample, flag.raised_sample, flag.end_sample) == (9, 39, 69)


def test_red_needs_a_hold_of_its_own():
    under_test = book(rule())
    under_test.process(frames([6.0] * 5 + [11.0, 11.0, 11.0, 9.0]))
    assert under_test.flags_up()[0, 1] == AMBER
    under_test.process(frames([11.0] * 4, [9, 10, 11, 12]))
    flags_up = under_test.flags_up()[0]
    assert (flags_up[1], flags_up[3]) == (RED, 129)


def test_red_does_not_count_what_was_undefined():
    under_test = book(rule())
    under_test.process(frames([6.0] * 5 + [11.0, 11.0, math.nan, 11.0, 11.0]))
    assert under_test.flags_up()[0, 1] == AMBER


def test_a_missing_frame_begins_a_hold_anew():
    under_test = book(rule())
    under_test.process(frames([6.0] * 6, [0, 1, 2, 4, 5, 6]))
    assert len(under_test.flags_up()) == 0
    under_test.process(frames([6.0], [7]))
    assert under_test.flags_up()[0, 2] == 49


def test_a_flag_ends_where_its_value_was_last_known():
    under_test = book(rule())
    changes = under_test.process(frames([6.0] * 5 + [math.nan] * 6)).copy()
    (flag,) = flags_of(changes)
    assert flag.end_sample == 49
    assert len(under_test.flags_up()) == 0


def test_a_hold_of_zero_keeps_one_flag_up():
    under_test = book(rule(hold_s=0.0))
    changes = under_test.process(frames([6.0] * 20))
    assert len(changes) == 1
    assert np.isnan(changes[0, 4])


def test_a_growing_peak_is_told_again_and_standing_knows_the_last_of_it():
    under_test = book(rule(sign=-1.0))
    series = [-6.0] * 4 + [-6.0 * TELL, -6.001 * TELL, -6.1 * TELL]
    changes = under_test.process(frames(series)).copy()
    assert changes[:, 5].tolist() == [-6.0, -6.001 * TELL]
    assert under_test.flags_up()[0, 5] == -6.1 * TELL


def test_infinity_is_no_value():
    under_test = book(rule())
    assert len(under_test.process(frames([math.inf] * 20))) == 0
    assert len(under_test.flags_up()) == 0


def test_no_rules_and_no_frames_are_no_changes():
    assert book().process(frames([6.0] * 20)).shape == (0, len(CHANGE))
    assert book().flags_up().shape == (0, len(CHANGE))
    assert book(rule()).process(frames([])).shape == (0, len(CHANGE))


def test_more_frames_than_ever_before_find_room():
    rows = frames([6.0, 0.0] * 5000)
    changes = book(rule(hold_s=0.0), rule(2, hold_s=0.0)).process(rows)
    assert len(changes) == len(rows) * 2


def test_each_side_has_a_rule_and_what_is_off_or_unmeasured_has_none():
    chosen = Rules(
        load_shift=PercentRule(amber_pct=4.0, red_pct=9.0, release_pct=50.0, hold_s=0.1),
        cop_shift=MillimetreRule(amber_mm=1.0, red_mm=2.0, on=False),
    )
    rules = rules_for(chosen, METRICS, "plates")
    assert [(r.name, r.side, r.sign, r.amber, r.red, r.release, r.hold_s) for r in rules] == [
        ("load_shift", "left", -1.0, 4.0, 9.0, 2.0, 0.1),
        ("load_shift", "right", 1.0, 4.0, 9.0, 2.0, 0.1),
    ]


def test_a_ratio_between_legs_is_judged_on_a_logarithmic_scale():
    between = (metric("frame.last_sample"), metric("qh_between_legs.log2_ratio"))
    left, right = rules_for(Rules(qh_between_legs=BetweenLegsRule(amber_ratio=2.0, red_ratio=4.0)), between, "emg")
    assert (left.sign, right.sign) == (-1.0, 1.0)
    assert (right.amber, right.red, right.release) == pytest.approx((1.0, 2.0, 0.8))


# Frames that are not judged

JUDGED_METRICS = (*METRICS, metric("judged.weight_on_both_feet"))
BACK = round(TAKEN_BACK_S * RATE_HZ / FRAME)


def judged_flags(rows: np.ndarray, cuts: list[int], hold_s: float) -> list[Flag]:
    one = RuleBook([rule(hold_s=hold_s), rule(sign=-1.0, hold_s=hold_s)], JUDGED_METRICS, RATE_HZ, FRAME, 0)
    edges = [0, *sorted(cuts), len(rows)]
    changes = [one.process(rows[a:b]).copy() for a, b in pairwise(edges)]
    return flags_of(np.concatenate([*changes, one.flags_up()]))


@settings(max_examples=80, deadline=None)
@given(
    pieces=st.lists(
        st.tuples(st.integers(1, 250), st.sampled_from([0.0, 4.5, 7.0, -7.0, 12.0, -12.0, math.nan]), st.booleans()),
        min_size=1,
        max_size=12,
    ),
    cuts=st.lists(st.integers(0, 500), max_size=6),
    hold_s=st.sampled_from([0.0, 0.03, 0.3]),
)
def test_what_was_not_judged_and_the_second_before_it_raises_no_flag(pieces, cuts, hold_s):
    """What comes up and is withdrawn leaves the same flags as if those values had never been there."""
    values = np.concatenate([np.full(n, value) for n, value, _ in pieces])
    judged = np.concatenate([np.full(n, float(is_judged)) for n, _, is_judged in pieces])
    rows = np.column_stack([frames(list(values)), judged])
    found = judged_flags(rows, [cut for cut in cuts if cut < len(rows)], hold_s)
    hidden = judged == 0.0
    for leaving in np.flatnonzero(np.diff(judged) < 0) + 1:
        hidden[max(0, leaving - BACK) : leaving] = True
    masked = np.column_stack([frames(list(np.where(hidden, math.nan, values))), np.ones(len(rows))])
    expected = judged_flags(masked, [], hold_s)
    last = len(rows) * FRAME - 1.0  # a flag that is up in an end which is not judged has not ended yet, or just has
    for flag, wanted in zip(found, expected, strict=True):
        assert (flag.rule, flag.severity, flag.start_sample, flag.raised_sample, flag.peak) == (
            wanted.rule,
            wanted.severity,
            wanted.start_sample,
            wanted.raised_sample,
            wanted.peak,
        )
        ends = flag.end_sample, wanted.end_sample
        assert ends[0] == ends[1] or (math.isnan(ends[0]) and (math.isnan(ends[1]) or last - ends[1] < BACK * FRAME + 1000))


def test_a_flag_that_comes_up_as_a_foot_leaves_is_withdrawn():
    rows = np.column_stack([frames([0.0] * 200 + [12.0] * 60 + [0.0] * 200), [1.0] * 260 + [0.0] * 200])
    one = RuleBook([rule(hold_s=0.3)], JUDGED_METRICS, RATE_HZ, FRAME, 0)
    up = one.process(rows[:260]).copy()
    assert [flag.severity for flag in flags_of(up)] == [RED]
    withdrawn = one.process(rows[260:261]).copy()
    assert [flag_of(change).severity for change in withdrawn] == [0]
    assert flags_of(np.concatenate([up, withdrawn])) == []


def test_a_foot_whose_axis_is_unknown_has_no_rule_that_rests_on_it():
    metrics = (*METRICS, *(metric("foot_cop_change.own_repetitions", side=side) for side in ("left", "right")))
    found = rules_for(Rules(), metrics, "plates", {"left"})
    assert {(one.name, one.side) for one in found if one.name == "foot_cop_medial"} == {("foot_cop_medial", "right")}
    assert [one.red for one in found if one.name == "foot_cop_medial"] == [math.inf]
