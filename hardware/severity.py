"""Severity: how bad something is, for rules, results, the doctor and every screen."""

from __future__ import annotations

from enum import IntEnum


class Severity(IntEnum):
    """Fine, amber or red; files and rings hold the number, people read the `word`."""

    FINE = 0
    AMBER = 1
    RED = 2

    @property
    def word(self) -> str:
        """The word in small letters, as results files hold it: `amber`."""
        return self.name.lower()
