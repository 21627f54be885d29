"""Findings: what is counted over repetitions, in sentences that hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquisition.rig import SIDES, Foot
from acquisition.rig.judgement import PercentRule, ReferenceSettings, Rules
from acquisition.rig.rig_file import example, load
from hardware.severity import Severity
from processing.findings.findings import findings, habits, nothing_found
from processing.flags.kinds import KINDS
from processing.results import FlagResult, Results
from tests.support.repetitions import a_phase, a_repetition, squatted

NAN = float("nan")
FLAG = FlagResult(
    "load_shift", "load", "right", Severity.RED, "load_shift_pct", "id", "%", 1.0, 1.3, 2.0, 17.0, 5.0, 10.0, "plates", 0
)


def of_muscles(ratios: dict[str, list[float]], column: str = "qh_ratio", side: str = "left", **changes) -> Results:
    """Return results of repetitions with these numbers of one leg, by phase."""
    count = max(map(len, ratios.values()))
    rows = [a_repetition(number) for number in range(1, count + 1)]
    phases = [
        a_phase(number, phase, side, **{column: value})
        for phase, values in ratios.items()
        for number, value in enumerate(values, 1)
    ]
    base = Results("r.h5", "0f", "2026", 60.0, 930.0, load(example("demo")), {}, [], [], [])
    return replace(base, repetitions=rows, phases=phases, **changes)


def test_a_finding_is_counted_over_repetitions_in_the_phase_in_which_it_shows_most():
    (found,) = findings(squatted([0.0, 7.0, 12.0, 14.0, 1.0, 11.0], phases=("lowering",)))
    assert (found.side, found.severity, found.phase) == ("right", Severity.RED, "lowering")
    assert (found.beyond_amber, found.beyond_red, found.of) == ((2, 3, 4, 6), (3, 4, 6), 6)
    assert found.formula_id == "repetition.load_shift_mean_pct"
    assert found.sentence() == (
        "Load shifts to the right leg while lowering: beyond 5 % in 4 of 6 repetitions, beyond 10 % in 3, first in repetition "
        "2 at 9.0 s; 9.0 % in the median, at most 14 %"
    )


def test_two_of_five_are_no_finding_and_three_within_six_neither():
    assert findings(squatted([12.0, 0.0, 0.0, 0.0, 12.0, 0.0])) == []
    assert findings(squatted([12.0, 0.0, 12.0, 0.0, 0.0, 12.0])) == []
    assert findings(squatted([12.0, 0.0, 12.0, 0.0, 12.0, 0.0])) != []


def test_how_many_count_is_a_setting():
    rules = Rules(load_shift=PercentRule(amber_pct=5.0, red_pct=10.0, repetitions=1, of_last=1))
    once = squatted([0.0, 12.0, 0.0])
    assert findings(once) == []
    assert len(findings(replace(once, rig=once.rig.model_copy(update={"rules": rules})))) == 1


def test_without_repetitions_nothing_is_found_whatever_was_flagged():
    none = squatted([], flags=[FLAG])
    assert findings(none) == []
    assert nothing_found(none) == "Nothing is found, as no repetition was."
    few = squatted([12.0, 12.0], flags=[FLAG])
    assert findings(few) == []
    assert nothing_found(few) == "Nothing is found: 2 of the 3 repetitions that a pattern is counted in."
    assert nothing_found(squatted([0.0] * 8)) == (
        "Nothing is found: in 8 repetitions nothing that could be judged lay beyond its limit in 3 of 5 in a row."
    )


def test_to_the_left_it_is_the_same_mirrored():
    shifts = [0.0, 7.0, 12.0, 14.0, 1.0, 11.0]
    (right,), (left,) = findings(squatted(shifts)), findings(squatted([-shift for shift in shifts]))
    assert (left.side, left.beyond_amber, left.median, left.peak) == ("left", right.beyond_amber, -right.median, -right.peak)


def test_a_habit_below_the_limit_is_no_finding_and_what_comes_on_top_is():
    wandering = [4.0, 5.5, 5.2, 3.9, 5.4, 4.4, 5.1, 4.6]
    assert findings(squatted(wandering, standing_pct=4.4)) == []
    assert findings(squatted([shift + 4.0 for shift in wandering], standing_pct=4.4))[0].severity is Severity.AMBER
    assert habits(squatted(wandering, standing_pct=4.4), "load_shift_pct") == {1: pytest.approx(4.4)}


def test_a_constant_bias_clearly_beyond_the_limit_is_a_finding_too():
    assert findings(squatted([9.0, 9.6, 8.8, 9.1, 9.4], standing_pct=9.0))[0].severity is Severity.AMBER
    assert findings(squatted([5.2, 5.6, 4.8, 5.1, 5.4], standing_pct=5.1)) == []


def test_a_ratio_is_judged_over_the_first_repetitions_or_the_reference():
    rising = [5.0, 5.2, 4.8, 5.0, 9.0, 9.1, 9.3, 9.2]
    (found,) = [one for one in findings(of_muscles({"rising": rising})) if one.rule == "qh_change"]
    assert (found.side, found.beyond_amber, found.beyond_red) == ("left", (5, 6, 7, 8), ())
    assert (found.compared, found.metric, found.peak) == (True, "qh_change_left", pytest.approx(9.3 / 5.0))
    rig = load(example("demo")).model_copy(update={"reference": ReferenceSettings(name="day 1", qh_left=2.0)})
    assert [one.rule for one in findings(of_muscles({"rising": rising}, rig=rig))] == ["qh_change"]
    assert len(findings(of_muscles({"rising": rising}, rig=rig))[0].beyond_red) == 8
    assert findings(of_muscles({"rising": [5.0, NAN, 9.0, 9.0]})) == []


def test_pressure_under_a_foot_whose_axis_is_unknown_is_no_finding():
    inwards = of_muscles({"bottom": [NAN] * 3 + [20.0] * 5}, "medial_change_worst_mm", "right")
    inwards = replace(inwards, rig=inwards.rig.model_copy(update={"foot": []}))
    assert findings(inwards) == []
    rig = inwards.rig.model_copy(update={"foot": [Foot(side=side, toe_out_deg=15.0) for side in SIDES]})
    (found,) = findings(replace(inwards, rig=rig))
    assert (found.rule, found.side, found.severity) == ("foot_cop_medial", "right", Severity.AMBER)


def test_pressure_that_goes_inwards_in_each_repetition_alike_is_no_finding():
    alike = of_muscles({"bottom": [20.0] * 8}, "medial_worst_mm", "right")
    feet = [Foot(side=side, toe_out_deg=15.0) for side in SIDES]
    assert findings(replace(alike, rig=alike.rig.model_copy(update={"foot": feet}))) == []


def test_the_most_severe_comes_first_then_the_earliest():
    mixed = squatted([0.0, 0.0, 12.0, 12.0, 12.0])
    muscles = of_muscles({"rising": [5.0, 5.0, 5.0, 8.0, 8.0, 8.0]})
    both = replace(muscles, phases=[*mixed.phases, *muscles.phases], tables=mixed.tables)
    assert [one.rule for one in findings(both)] == ["load_shift", "qh_change"]


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.setting)
def test_every_rule_finds_what_it_counts_on_its_side_and_says_what_that_means(kind, side):
    row_side = "both" if kind.leans else side
    low, high = (kind.sign(side) * value for value in (0.5, 1000.0))
    values = [low] * 3 + [high] * 5
    feet = [Foot(side=each, toe_out_deg=15.0) for each in SIDES]
    rules = Rules.model_validate({kind.setting: {**getattr(Rules(), kind.setting).model_dump(), "on": True}})
    rig = load(example("demo")).model_copy(update={"foot": feet, "rules": rules})
    found = [
        one for one in findings(of_muscles({"rising": values}, kind.counted, row_side, rig=rig)) if one.rule == kind.setting
    ]
    assert [one.side for one in found] == [side]
    assert found[0].beyond_amber == (4, 5, 6, 7, 8)
    assert side in found[0].meaning().replace(",", " ").split()
    assert found[0].meaning().endswith(".")
    assert not {"{", "_", "%MVC", "COP", "valgus"} & set(found[0].meaning().replace("{", " { ").split())
    assert found[0].sentence().count("(") == found[0].sentence().count(")")


@given(st.lists(st.floats(-30, 30) | st.just(NAN), max_size=14), st.floats(-4, 4))
def test_numbers_of_a_finding_belong_together(shifts, standing):
    for found in findings(squatted(shifts, standing_pct=standing)):
        assert set(found.beyond_red) <= set(found.beyond_amber) <= set(range(1, len(shifts) + 1))
        assert 3 <= len(found.beyond_amber) <= found.of == np.isfinite(shifts).sum()
        assert abs(found.peak) >= found.amber
        assert (found.severity is Severity.RED) == bool(found.beyond_red)
        assert found.sentence()
