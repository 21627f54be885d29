"""Amounts: a value with its unit, written in one way wherever people read it."""

from __future__ import annotations

import math

DECIMAL_BELOW = 9.95
"""From here on a value in % or mm is written without a decimal."""
LARGEST_LOG2 = 20.0


def ratio_of(value: float, metric: str) -> float:
    """Return a value as people read it: its size, and the ratio itself where the column holds its base-2 logarithm."""
    return 2.0 ** min(abs(value), LARGEST_LOG2) if metric.endswith("_log2") else abs(value)


def decimals(value: float, unit: str) -> int:
    """Return with how many decimals a value is written that people read in this unit."""
    return 1 if abs(value) < DECIMAL_BELOW or unit in ("", "times") else 0


def amount(value: float, unit: str, metric: str) -> str:
    """Return a measured value of a column with the unit that people read: `8.4 mm`, `16 %`, `2.7 times`, `undefined`."""
    if not math.isfinite(value):
        return "undefined"
    size = ratio_of(value, metric)
    return f"{size:.{decimals(size, unit)}f} {unit}".rstrip()


def limit(value: float, unit: str, metric: str) -> str:
    """Return a limit as it was set: unlike a measured value it is not rounded; `none` where there is none."""
    if math.isinf(value):
        return "none"
    return f"{ratio_of(value, metric):.6g} {unit}".rstrip()
