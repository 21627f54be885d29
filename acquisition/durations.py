"""Durations in words, as people say them of what is left of a disk or gone by."""

from __future__ import annotations


def in_words(seconds: float) -> str:
    """Return a duration in the largest unit of which it has two: `90 s`, `45 min`, `26 h`, `3 days`."""
    for unit, length_s, most in (("s", 1.0, 120.0), ("min", 60.0, 7200.0), ("h", 3600.0, 172800.0)):
        if seconds < most:
            return f"{seconds / length_s:.0f} {unit}"
    return f"{seconds / 86400.0:.0f} days"
