"""Changed limits: amber and red of rules, set by hand instead of the rig's, and held to what holds in a rig file.

A session puts all that were changed on a board of its ring, by rule, so that screens and pipeline judge by the same.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from pydantic import ValidationError

from acquisition.rig.judgement import Rules, RuleSettings, limits
from hardware.errors import SquatscopeError
from hardware.settings import UNITS

if TYPE_CHECKING:
    from acquisition.rig import Rig

Changed = Mapping[str, tuple[float, float]]
"""By rule, its amber and red limit in the rule's own unit; red is infinite where a rule is never red."""


class Board(Protocol):
    """Where a session puts them: the board of its ring, which holds one text."""

    def read(self) -> str:
        """Return the text."""

    def write(self, text: str) -> None:
        """Put another one there."""


class LimitsError(SquatscopeError):
    """Limits that a rule can't have; the text is a full sentence."""


def with_limits(rules: Rules, name: str, amber: float, red: float) -> Rules:
    """Return rules of which one has other limits; raises LimitsError where the rig file could not have them."""
    if name not in Rules.model_fields:
        raise LimitsError(f"There is no rule {name!r}; the rules are {', '.join(Rules.model_fields)}.")
    rule: RuleSettings = getattr(rules, name)
    said = f"The limits of {words_of(name)} stay {limits_in_words(rules, name)}"
    if not rule.on:
        raise LimitsError(f"{said}: the rule is switched off in the rig, and judges nothing.")
    if not (math.isfinite(amber) and (math.isfinite(red) or _never_red(rule))):
        raise LimitsError(f"{said}: limits are numbers.")
    given = {key: amber if key.startswith("amber_") else red for key in _keys(rule)}
    try:
        return Rules.model_validate({**rules.model_dump(), name: {**rule.model_dump(), **given}})
    except ValidationError as error:
        why = error.errors()[0]["msg"].removeprefix("Value error, ")
        numbers = f"{amber:g}" if _never_red(rule) else f"{amber:g} and {red:g}"
        raise LimitsError(f"{said}, and can't be {numbers}: {why}.") from None


def limits_in_words(rules: Rules, name: str) -> str:
    """Return the limits of a rule with their unit: `5/10 %`, or `8 mm` of one that is never red."""
    rule: RuleSettings = getattr(rules, name)
    unit = UNITS[_keys(rule)[0].rpartition("_")[2]].sign
    return f"{'/'.join(f'{limit:g}' for limit in limits(rule) if math.isfinite(limit))} {unit}"


def words_of(name: str) -> str:
    """Return the name of a rule as people read it."""
    return name.replace("_", " ")


def with_changed(rules: Rules, changed: Changed) -> Rules:
    """Return rules with all limits that were changed; raises LimitsError."""
    for name, (amber, red) in changed.items():
        rules = with_limits(rules, name, amber, red)
    return rules


def rig_with_rules(rig: Rig, rules: Rules) -> Rig:
    """Return a rig that judges by other rules; itself where they are its own."""
    return rig if rules == rig.rules else rig.model_copy(update={"rules": rules})


def put_on(board: Board, changed: Changed) -> None:
    """Put all changed limits on a board: as JSON, with null for a red limit that a rule does not have."""
    board.write(json.dumps({name: [amber, red if math.isfinite(red) else None] for name, (amber, red) in changed.items()}))


def changed_on(board: Board) -> dict[str, tuple[float, float]]:
    """Return what a board says; what is no limits, as of another version, is left out."""
    try:
        said = json.loads(board.read() or "{}")
        return {str(name): (float(amber), math.inf if red is None else float(red)) for name, (amber, red) in said.items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def _keys(rule: RuleSettings) -> list[str]:
    """Return the names of its limits, with their unit."""
    return [key for key in type(rule).model_fields if key.startswith(("amber_", "red_"))]


def _never_red(rule: RuleSettings) -> bool:
    return math.isinf(limits(rule)[1])
