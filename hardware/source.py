"""The source: one device with one clock, which hands out blocks of one stream.

Whatever makes samples is a source: a data acquisition card, an EMG board, a network inlet, the simulator and the replay of a
recording. The rest of the program can't tell them apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from hardware.errors import SquatscopeError


class SourceError(SquatscopeError):
    """A source can't be opened or has failed; the text is a full sentence that says what was found and what to try.

    `code` is the device's or its client's own error code, where it has one.
    """

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


class StreamEnded(Exception):  # noqa: N818 - an end is not an error
    """A source of limited length has handed out its last block."""


class SourceState(IntEnum):
    """What a source is doing, in words that a screen can show."""

    IDLE = 0
    RUNNING = 1
    SILENT = 2
    LOST = 3
    ENDED = 4


@dataclass(frozen=True, slots=True)
class Channel:
    """One column of a stream: its name, and the unit of its numbers as acquired (`V`, `uV`, `N`, `Nmm`)."""

    name: str
    unit: str


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream of samples from one source: `rate_hz` is nominal, `block_samples` the usual length of a block, not a promise."""

    name: str
    rate_hz: float
    channels: tuple[Channel, ...]
    dtype: Literal["float32", "float64"] = "float64"
    block_samples: int = 40

    @property
    def channel_names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(channel.name for channel in self.channels)


@dataclass(frozen=True, slots=True)
class Block:
    """Samples that arrived together.

    `samples`: (n, channels), in the stream's dtype; it may be the source's own buffer, valid until its next `read`.
    `first_index`: the number of the first sample since the stream began, samples that were lost counted as well; a jump
    is a gap, and says how long it was.
    `host_s`: `host_now_s()` of this machine when the newest sample arrived.
    `segment`: goes up by one whenever the device was started anew, since its clock then starts anew too.
    """

    samples: NDArray[np.float32] | NDArray[np.float64]
    first_index: int
    host_s: float
    segment: int = 0


RATE_OFF = 1e-4
"""How far the rate of a rig may be from that of the device, as a share of it: what a crystal is off, and digits left out."""


MOST_HZ = 1e6
MOST_BLOCK_SAMPLES = 1_000_000
CRYSTAL_OFF = 1e-3
"""How far a device's crystal can make its rate be from the nominal one, as a share of it, with much to spare."""


def same_rate(one_hz: float, other_hz: float) -> bool:
    """Return whether two rates are one and the same, but for digits that were left out."""
    return abs(one_hz / other_hz - 1.0) <= RATE_OFF


class Source(Protocol):
    """One device with one clock. Called by one thread, in the order open, start, read ..., stop, close.

    `stop` and `close` may be called in any state, more than once, and release what is held whatever happened before.
    The attributes are the source's own; others only read them, from any thread. `stream` is what it hands out, known before
    `open`; `state` what it is doing; `note` one sentence about the last fault or warning, empty if there is none;
    `backlog_samples` what waited in the device's or its client's buffer at the end of the last read.
    """

    stream: Stream
    state: SourceState
    note: str
    backlog_samples: int

    def open(self) -> None:
        """Find and prepare the device; raises SourceError."""

    def start(self) -> None:
        """Begin to acquire; raises SourceError."""

    def read(self, timeout_s: float) -> Block | None:
        """Return the next block, or None if none came in time.

        A source that can join again by itself does so in the background; meanwhile this returns None with `state` LOST, and
        still in time. Raises SourceError when it can't go on, StreamEnded when there is nothing more to come.
        """

    def drain(self) -> Iterator[Block]:
        """Hand out what the device's client holds now, before `stop`; what can't be had stays in `backlog_samples`."""

    def stop(self) -> None:
        """Stop acquiring."""

    def close(self) -> None:
        """Release the device."""
