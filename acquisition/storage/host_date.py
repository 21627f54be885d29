"""The computer's date, which folders, recordings and sessions bear: named before a session where it can't be right.

A computer without a battery for its clock (a Raspberry Pi), or with an empty one, begins years ago. No sample hangs on it, for
times in a session are those of another clock. Which session was before which does.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MADE = datetime(2026, 11, 1, tzinfo=UTC)
"""This version of the program was not there before."""
AHEAD = timedelta(days=1)
"""What lies beside may be so much later than now, by another time zone's clock or another computer's."""


@dataclass(frozen=True, slots=True)
class WrongDate:
    """A date that can't be right: how that shows, and what to do."""

    found: str
    advice: str = "Set the computer's date and time, or sessions will be dated and ordered wrongly."


def wrong_date(folder: Path, now: datetime | None = None) -> WrongDate | None:
    """Return what is wrong where it is before this program was made, or before what lies in the folder of sessions; or None."""
    now = datetime.now(UTC) if now is None else now
    if now < MADE:
        return WrongDate(f"The computer's clock says {_day(now)}, and this program is of {MADE:%B %Y}.")
    latest, name = datetime.min.replace(tzinfo=UTC), ""
    with suppress(OSError):
        for entry in folder.iterdir():
            with suppress(OSError, OverflowError, ValueError):
                changed = datetime.fromtimestamp(entry.stat().st_mtime, UTC)
                if changed > latest:
                    latest, name = changed, entry.name
    if latest > now + AHEAD:
        return WrongDate(
            f"The computer's clock says {_day(now)}, and {name!r} in {folder} is of {_day(latest)}: it is wrong, or was then."
        )
    return None


def _day(when: datetime) -> str:
    return f"{when.astimezone():%Y-%m-%d %H:%M}"
