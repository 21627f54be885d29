"""A formula and a metric: how a number is computed, and the column that bears it."""

from __future__ import annotations

from dataclasses import dataclass

DESIGN = "this project's definition"
FRAMES_PER_S = 100.0


def frame_samples(rate_hz: float) -> int:
    """Return how many raw samples make a frame, about 10 ms of them."""
    return max(1, round(rate_hz / FRAMES_PER_S))


@dataclass(frozen=True, slots=True)
class Formula:
    """How a metric is computed.

    `column` is the name of its columns, with parts that vary in braces, and its unit at the end; `unit` is "1" for a pure
    number; `text` is the formula as one would write it; `sign` says what a positive value means; `source` is where it comes
    from.
    """

    id: str
    column: str
    unit: str
    text: str
    sign: str
    source: str


@dataclass(frozen=True, slots=True)
class Metric:
    """One column of a derived stream: its name, which ends in its unit, and the formula that fills it."""

    name: str
    formula: Formula

    @property
    def formula_id(self) -> str:
        """The id under which the formula is stored with the numbers."""
        return self.formula.id

    @property
    def unit(self) -> str:
        """The unit of the numbers, "1" for a pure number."""
        return self.formula.unit
