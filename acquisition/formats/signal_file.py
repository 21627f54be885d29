"""Signals of a file: its streams as they stand in it, before it is known which channel is what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hardware.errors import SquatscopeError

if TYPE_CHECKING:
    from pathlib import Path

    from acquisition.caveat import Caveat
    from hardware.arrays import Floats


class SignalFileError(SquatscopeError):
    """A file of signals can't be used; the text is a full sentence."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Rows that follow each other evenly: the first of them, and when it was, in s of the file's own time."""

    first_row: int
    start_s: float


@dataclass(frozen=True, slots=True)
class SignalStream:
    """Channels that were sampled together.

    `samples`: (rows, channels), NaN where the file has no number. `units`: as the file says them, "" where it does not.
    `segments`: the first begins with row 0; a new one where samples were lost or the clock began anew. `rate_hz` is that within
    segments. All streams of a file share one time.
    """

    name: str
    rate_hz: float
    labels: list[str]
    units: list[str]
    samples: Floats
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class SignalFile:
    """All streams of a file, and what was converted, chosen or assumed in reading it."""

    path: Path
    streams: tuple[SignalStream, ...]
    caveats: tuple[Caveat, ...] = ()
