"""Limits that are changed by hand are those that a rig file could have, and a board keeps them to the last bit."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from acquisition.rig.changed_limits import LimitsError, changed_on, limits_in_words, put_on, with_changed, with_limits
from acquisition.rig.judgement import Rules, limits

RULES = Rules()
ON = [name for name in Rules.model_fields if getattr(RULES, name).on]
KEYS = {name: [key for key in getattr(RULES, name).model_dump() if key.startswith(("amber_", "red_"))] for name in ON}
NUMBERS = st.floats() | st.sampled_from([0.0, 1.0, 5.0, 8.0, 12.0, 1e9, 2e9])


@dataclass
class Board:
    """A board of no ring."""

    text: str = ""

    def read(self) -> str:
        """Return the text."""
        return self.text

    def write(self, text: str) -> None:
        """Keep it."""
        self.text = text


@given(st.sampled_from(ON), NUMBERS, NUMBERS)
def test_a_rule_has_the_limits_that_a_rig_file_could_give_it(name, amber, red):
    rule = getattr(RULES, name).model_dump() | dict(zip(KEYS[name], (amber, red), strict=False))
    try:
        expected = Rules.model_validate({name: rule})
    except ValidationError:
        expected = None
    if expected is None:
        with pytest.raises(LimitsError, match=rf"^The limits of .* stay {limits_in_words(RULES, name)}.*\.$"):
            with_limits(RULES, name, amber, red)
        return
    changed = with_limits(RULES, name, amber, red)
    assert changed == expected
    board = Board()
    put_on(board, {name: limits(getattr(changed, name))})
    assert changed_on(board) == {name: limits(getattr(changed, name))}
    assert with_changed(RULES, {name: limits(getattr(changed, name))}) == changed


@pytest.mark.parametrize(
    ("name", "amber", "red", "said"),
    [
        ("load_shift", 12.0, 8.0, "and can't be 12 and 8: in the rule load_shift, red (8) lies below amber (12); give red the"),
        ("load_shift", 0.0, 8.0, "and can't be 0 and 8: Input should be greater than 0."),
        ("load_shift", 5.0, math.inf, "The limits of load shift stay 5/10 %: limits are numbers."),
        ("foot_cop_medial", math.nan, 9.0, "The limits of foot cop medial stay 8 mm: limits are numbers."),
        ("qh_between_legs", 1.0, 3.0, "must be above 1, where both legs are alike"),
        ("qh_limit", 9.0, 12.0, "the rule is switched off in the rig"),
        ("knees", 9.0, 12.0, "There is no rule 'knees'; the rules are load_shift, cop_shift,"),
    ],
)
def test_what_a_rule_can_not_have_is_a_sentence(name, amber, red, said):
    with pytest.raises(LimitsError) as refused:
        with_limits(RULES, name, amber, red)
    assert said in str(refused.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"load_shift": 3}', '{"load_shift": ["x", 2]}', '{"load_shift": [1]}'])
def test_what_is_no_limits_on_a_board_changes_none(text):
    assert changed_on(Board(text)) == {}
