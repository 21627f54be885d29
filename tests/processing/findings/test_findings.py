"""The summary: what was flagged, in sentences that hold."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from acquisition.rig.rig_file import example, load
from processing.findings.findings import amount, findings, setting
from processing.flags.kinds import KINDS
from processing.results import FlagResult, Results

NAN = float("nan")


def flag(rule: str = "load_shift", side: str = "right", severity: str = "amber", **changes) -> FlagResult:
    base = FlagResult(
        rule, f"{rule} on the {side}", side, severity, "load_shift_pct", "id", "%", 1.0, 1.3, 2.0, 7.0, 5.0, 10.0, "plates", 0
    )
    return replace(base, **changes)


def results(flags=()) -> Results:
    return Results("r.h5", "0f", "2026", 10.0, 930.0, load(example("demo")), {}, list(flags), [], [])


def test_flags_of_one_rule_and_side_are_one_finding():
    found = findings(
        results(
            flags=[
                flag(start_s=4.0, end_s=NAN, peak=-8.0, severity="red"),
                flag(start_s=1.0, end_s=2.5, peak=7.0),
                flag(side="left", start_s=0.5, end_s=1.0, peak=-6.0),
            ]
        )
    )
    assert [(f.side, f.severity, f.times, f.first_s, f.total_s, f.peak, f.limit) for f in found] == [
        ("right", "red", 2, 1.0, 7.5, -8.0, 10.0),
        ("left", "amber", 1, 0.5, 0.5, -6.0, 5.0),
    ]
    assert found[0].sentence() == "Load_shift on the right: 2 times, first at 1.0 s, 7.5 s in all, at most 8.0 % (limit 10 %)"
    assert ": once, first at 0.5 s" in found[1].sentence()


def test_the_most_severe_comes_first_then_the_earliest():
    flags = [
        flag("a", start_s=3.0, severity="red"),
        flag("b", start_s=1.0),
        flag("c", start_s=2.0, severity="red"),
        flag("d", start_s=0.5),
    ]
    assert [finding.label[0] for finding in findings(results(flags=flags))] == ["c", "a", "d", "b"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.setting}-{kind.side}")
def test_every_flag_has_a_meaning_in_plain_words(kind):
    (found,) = findings(results(flags=[flag(kind.setting, kind.side)]))
    assert f"{kind.side} " in found.meaning()
    assert found.meaning().endswith(".")
    assert not {"{", "_", "%MVC", "COP", "valgus"} & set(found.meaning().replace("{", " { ").split())


def test_a_flag_of_an_unknown_rule_has_no_meaning():
    (found,) = findings(results(flags=[flag("from_a_later_version")]))
    assert found.meaning() == ""


def test_no_flags_are_no_findings():
    assert findings(results()) == []


@pytest.mark.parametrize(
    ("value", "unit", "metric", "said"),
    [
        (-12.34, "%", "load_shift_pct", "12 %"),
        (9.96, "mm", "foot_cop_medial_left_mm", "10.0 mm"),
        (2.04, "1", "qh_change_left", "2.0 times"),
        (12.0, "1", "qh_left", "12.0"),
        (-1.0, "1", "qh_between_legs_log2", "2.0 times"),
        (NAN, "%", "load_shift_pct", "undefined"),
    ],
)
def test_amounts_are_said_as_people_say_them(value, unit, metric, said):
    assert amount(value, unit, metric) == said


@pytest.mark.parametrize(
    ("value", "unit", "metric", "said"),
    [
        (12.5, "mm", "foot_cop_medial_left_mm", "12.5 mm"),
        (5.0, "%", "load_shift_pct", "5 %"),
        (1.25, "1", "qh_change_left", "1.25 times"),
        (math.log2(3.0), "1", "qh_between_legs_log2", "3 times"),
        (10.0, "1", "qh_left", "10"),
    ],
)
def test_limits_are_said_as_they_were_set(value, unit, metric, said):
    assert setting(value, unit, metric) == said
