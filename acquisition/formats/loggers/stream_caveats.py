"""Caveats that streams of several formats share: what their times say of rate and evenness."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acquisition.caveat import Caveat
from hardware.source import CRYSTAL_OFF

if TYPE_CHECKING:
    from acquisition.timebase.row_times import EvenTimes

UNEVEN_S = 0.01
UNEVEN_ROWS = 2.0


def rate_differs(name: str, said_hz: float, rate_hz: float, doubt: float) -> list[Caveat]:
    """Return that a stream's times give another rate than is said of it, where no crystal is off by so much.

    `doubt` is how far off the times' rate may be, as a share.
    """
    if said_hz <= 0 or abs(rate_hz / said_hz - 1.0) <= max(CRYSTAL_OFF, doubt):
        return []
    sentence = (
        f"The stream {name!r} is said to have {said_hz:g} Hz, but its times give {rate_hz:.6g} Hz, which is more than a "
        "crystal can be off; that is taken."
    )
    return [Caveat("rate_contradicts", name, {"said_hz": said_hz, "rate_hz": rate_hz}, sentence)]


def times_uneven(name: str, even: EvenTimes) -> list[Caveat]:
    """Return that rows of a stream are not where even ones would be, where that is more than jitter."""
    if even.uneven_s <= max(UNEVEN_S, UNEVEN_ROWS / even.rate_hz):
        return []
    sentence = (
        f"The rows of the stream {name!r} are not even in time: they lie up to {1000 * even.uneven_s:.0f} ms from even ones at "
        f"{even.rate_hz:.6g} Hz, by which they are timed."
    )
    return [Caveat("times_uneven", name, {"most_ms": 1000.0 * even.uneven_s}, sentence)]
