"""A check of the doctor: what was looked at, what was found, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hardware.severity import Severity


@dataclass(frozen=True, slots=True)
class Check:
    """One line: what was looked at, what was found, and what to do about it (empty where it is green)."""

    severity: Severity
    what: str
    found: str
    advice: str = ""
