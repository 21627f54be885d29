"""A comparison: our number, the reference's, and how far they are apart."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Agreement:
    """One comparison: our number and the reference's where both are typical, and how far they are apart at most."""

    what: str
    reference: str
    ours: float
    theirs: float
    off: float
    unit: str
    cases: str
