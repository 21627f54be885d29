"""Replay: the streams of a recording as live sources, block by block as they came."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from acquisition.recording import Recording, RecordingError
from hardware.source import Block, SourceError, SourceState, StreamEnded
from sim.session_clock import SessionClock

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from acquisition.recording import RecordedStream

SLAB_ROWS = 1 << 14
"""So many rows, or a block if it is longer, are read from the recording at a time."""


class ReplaySource:
    """One stream of a recording.

    Its blocks bear their recorded sample numbers, segments and arrival times, so that gaps, clocks and session times come out
    as they were, however fast the replay runs.
    """

    def __init__(self, path: Path, recorded: RecordedStream, clock: SessionClock, first_s: float) -> None:
        """Take a stream's ticks; `first_s` is the arrival of the recording's first block, which is the clock's time zero."""
        self.stream = recorded.stream
        self.state = SourceState.IDLE
        self.note = ""
        self.backlog_samples = 0
        self._path = path
        self._recorded = recorded
        self._clock = clock
        self._first_s = first_s
        self._recording: Recording | None = None
        self._next_tick = 0
        self._row = 0
        self._slab: NDArray[Any] = np.empty((0, 0))
        self._slab_row = 0

    def open(self) -> None:
        """Open the recording, each source for itself; raises SourceError."""
        try:
            self._recording = Recording(self._path)
        except RecordingError as error:
            raise SourceError(str(error)) from error

    def start(self) -> None:
        """Set time zero of the replay, if no other of its sources has."""
        self._clock.begin()
        self.state = SourceState.RUNNING

    def read(self, timeout_s: float) -> Block | None:
        """Return the next block once it is due; raises StreamEnded after the last, SourceError where the file is damaged."""
        if self._next_tick == len(self._recorded.ticks):
            self.state = SourceState.ENDED
            raise StreamEnded
        end, index, segment, host_s = self._recorded.ticks[self._next_tick].item()
        if not self._clock.wait_until(host_s - self._first_s, timeout_s):
            return None
        samples = self._samples(self._row, end)
        self._next_tick += 1
        self._row = end
        return Block(samples, index - len(samples), host_s, segment)

    def _samples(self, row: int, end: int) -> NDArray[Any]:
        if end > self._slab_row + len(self._slab):
            if self._recording is None:
                raise SourceError(f"The replay of {self._path} was not opened.")
            try:
                self._slab = self._recording.samples(self.stream.name, row, max(SLAB_ROWS, end - row))
            except RecordingError as error:
                raise SourceError(str(error)) from error
            self._slab_row = row
        return self._slab[row - self._slab_row : end - self._slab_row]

    def drain(self) -> Iterator[Block]:
        """Hand out nothing: what is not due yet was not asked for."""
        yield from ()

    def stop(self) -> None:
        """Nothing runs by itself."""

    def close(self) -> None:
        """Close the recording."""
        if self._recording is not None:
            self._recording.close()
            self._recording = None


def replay(recording: Path, speed: float | None) -> list[ReplaySource]:
    """Return the streams of a recording as sources, in step with each other; raises RecordingError.

    At `speed` 2 the blocks come twice as fast as they came, with None as fast as they are taken. A ring of `ring_seconds`
    holds the whole recording, so that nobody who follows it is lapped, at any speed.
    """
    with Recording(recording) as opened:
        streams = list(opened.streams.values())
    first_s = min((float(recorded.ticks["host_s"][0]) for recorded in streams if recorded.rows), default=0.0)
    clock = SessionClock(speed)
    return [ReplaySource(recording, recorded, clock, first_s) for recorded in streams]


def ring_seconds(recording: Path) -> float:
    """Return how long a ring must be, in nominal seconds, to hold a whole recording; raises RecordingError."""
    with Recording(recording) as opened:
        return max((recorded.rows / recorded.stream.rate_hz for recorded in opened.streams.values()), default=0.0)
