"""Amounts: one way to write a value, its unit and its limit."""

from __future__ import annotations

import math

import pytest

from processing.flags.amounts import amount, limit

NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "unit", "metric", "said"),
    [
        (-12.34, "%", "load_shift_pct", "12 %"),
        (8.42, "mm", "foot_cop_medial_left_mm", "8.4 mm"),
        (9.96, "mm", "foot_cop_medial_left_mm", "10 mm"),
        (2.04, "times", "qh_change_left", "2.0 times"),
        (12.0, "", "qh_left", "12.0"),
        (-1.0, "times", "qh_between_legs_log2", "2.0 times"),
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
        (1.25, "times", "qh_change_left", "1.25 times"),
        (math.log2(3.0), "times", "qh_between_legs_log2", "3 times"),
        (10.0, "", "qh_left", "10"),
    ],
)
def test_limits_are_said_as_they_were_set(value, unit, metric, said):
    assert limit(value, unit, metric) == said
