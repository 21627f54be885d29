"""Units: every word by the prefixes of the SI, both signs of micro, any case; and nothing that is no unit."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquisition.rig.units import LENGTHS_MM, TIMES_S, millimetres, newton_millimetres, newtons, seconds

PREFIXES = {"milli": 1e-3, "m": 1e-3, "centi": 1e-2, "c": 1e-2, "deci": 1e-1, "d": 1e-1, "micro": 1e-6, "u": 1e-6, "": 1.0}
PREFIXES |= {"\u00b5": 1e-6, "\u03bc": 1e-6}
METRE = re.compile(r"(milli|centi|deci|[mcd])?(?:m|met(?:er|re)s?)")
SECOND = re.compile(r"(milli|micro|[mu\u00b5\u03bc])?(?:s|secs?|seconds?)")
OTHERS = {"in": 25.4, "inch": 25.4, "inches": 25.4, "ft": 304.8, "foot": 304.8, "feet": 304.8}
LONG = {"min": 60.0, "mins": 60.0, "minute": 60.0, "minutes": 60.0, "h": 3600.0, "hour": 3600.0, "hours": 3600.0}
around = st.sampled_from(["{}", " {} ", "[{}]", "({})", "{}."])
case = st.sampled_from([str.lower, str.upper, str.title])


@given(word=st.sampled_from(sorted(LENGTHS_MM)), around=around, case=case)
def test_lengths_are_told_by_their_prefix(word: str, around: str, case: type[str]) -> None:
    match = METRE.fullmatch(word)
    expected = OTHERS[word] if match is None else 1000.0 * PREFIXES[match[1] or ""]
    assert millimetres(around.format(case(word))) == pytest.approx(expected, rel=1e-12)  # type: ignore[call-overload]
    assert newton_millimetres(f"N{word}") == pytest.approx(expected, rel=1e-12)


@given(word=st.sampled_from(sorted(TIMES_S)), around=around, case=case)
def test_times_are_told_by_their_prefix(word: str, around: str, case: type[str]) -> None:
    match = SECOND.fullmatch(word)
    expected = LONG[word] if match is None else PREFIXES[match[1] or ""]
    assert seconds(around.format(case(word))) == pytest.approx(expected, rel=1e-12)  # type: ignore[call-overload]


def test_what_writers_write_is_known() -> None:
    assert {"mm", "cm", "dm", "m", "millimeters", "millimetres", "meter", "meters", "metre", "metres"} <= set(LENGTHS_MM)
    assert {"s", "sec", "seconds", "ms", "msec", "us", "\u00b5s", "\u03bcs", "min", "h"} <= set(TIMES_S)


@pytest.mark.parametrize("unit", ["", "pixels", "m/s", "m^2", "mm2", "V", "km", "N", "ns"])
def test_what_is_no_unit_is_none(unit: str) -> None:
    assert millimetres(unit) is None
    assert seconds(unit) is None


def test_a_kilogram_is_9_80665_newtons() -> None:
    assert newtons("kg") == 9.80665
