"""Polled sources: clients that must be asked for rows, and that say nothing when their device has fallen silent.

What all of them share stands here: handing out blocks, watching the silence, losing the device, joining it again in the
background. What differs is how to fetch, join and release.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from hardware.host_clock import host_now_s
from hardware.reconnect import Reconnect
from hardware.source import SourceError, SourceState
from hardware.uncounted_numbering import UncountedNumbering

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hardware.arrays import Floats, Samples
    from hardware.sample_numbering import SampleNumbering
    from hardware.source import Block, Stream

SILENT_S = 1.0
LOST_S = 5.0
DRAIN_S = 2.0
ABSENT_S = 0.5
"""A poll that comes later than this after the one before was held up in this process, or with it; that is no silence."""

Held = TypeVar("Held")


@dataclass(frozen=True, slots=True)
class Fetched:
    """Rows that a client handed out: samples (n, channels), packet counters (n) and times (n) on `host_now_s()`.

    `times_s` is when each row was measured, as far as its sender says so, else when it came.
    """

    rows: Samples
    counters: Floats
    times_s: Floats


class PolledSource(ABC, Generic[Held]):
    """A source whose client is polled; `Held` is what is held of a device while it is joined.

    After 1 s without rows the state is SILENT, after 5 s LOST; the device is then let go and joined again in the background
    for `rejoin_s`. Silence counts only while the source is polled. `device` names the device in sentences, `advice` says
    what to look at when it is silent; `numbering` counts what was lost and what was rejected.
    """

    def __init__(self, stream: Stream, device: str, advice: str, poll_s: float, rejoin_s: float) -> None:
        self.stream = stream
        self.state = SourceState.IDLE
        self.note = ""
        self.backlog_samples = 0
        self.numbering: SampleNumbering | UncountedNumbering = UncountedNumbering(stream.rate_hz)
        self._device = device
        self._advice = advice
        self._poll_s = poll_s
        self._rejoin_s = rejoin_s
        self._held: Held | None = None
        self._reconnect: Reconnect[Held] | None = None
        self._blocks: deque[Block] = deque()
        self._heard_s = 0.0
        self._polled_s = 0.0

    @abstractmethod
    def open(self) -> None:
        """Find and prepare the device; raises SourceError."""

    @abstractmethod
    def start(self) -> None:
        """Begin to acquire; raises SourceError."""

    @abstractmethod
    def _fetch(self, held: Held, asked_before_s: float) -> Fetched | None:
        """Return what came since the last call at `asked_before_s`, None where the client can't be asked just now.

        Raises SourceError where the device is gone.
        """

    @abstractmethod
    def _join(self) -> Held:
        """Find the device again and let it run; raises SourceError."""

    @abstractmethod
    def _release(self, held: Held) -> None:
        """Let go of the device, whatever its state; must not raise."""

    @abstractmethod
    def _joined(self, held: Held) -> None:
        """Take note of a device that was joined again."""

    def _waiting(self, _held: Held) -> int:
        """Return how many samples wait in the client."""
        return 0

    def drain(self) -> Iterator[Block]:
        """Hand out what the client holds, and what waits here for its number."""
        held, until_s = self._held, host_now_s() + DRAIN_S
        left = self._waiting(held) if held is not None else 0  # what comes from now on is not asked for
        while held is not None and self._held is held and self.state is not SourceState.IDLE:
            rows = self._take_from(held)
            left -= rows or 0
            if (rows is not None and left <= 0) or host_now_s() > until_s:
                break
            time.sleep(self._poll_s)
        self._blocks.extend(self.numbering.finish())
        while self._blocks:
            yield self._blocks.popleft()
        self.backlog_samples = max(0, left)

    def read(self, timeout_s: float) -> Block | None:
        """Return the rows that came, without waiting for a full block; None if none came in time.

        Raises SourceError when a lost device could not be joined again in time.
        """
        until_s = host_now_s() + timeout_s
        while not self._blocks:
            self._poll()
            left_s = until_s - host_now_s()
            if self._blocks or left_s <= 0:
                break
            time.sleep(min(self._poll_s, left_s))
        block = self._blocks.popleft() if self._blocks else None
        waiting = self._waiting(self._held) if self._held is not None else 0
        self.backlog_samples = waiting + self.numbering.held_rows + sum(len(one.samples) for one in self._blocks)
        return block

    def _running(self) -> None:
        """Count silence from now on."""
        self._heard_s = self._polled_s = host_now_s()
        self.state = SourceState.RUNNING

    def _poll(self) -> None:
        if self._reconnect is not None:
            held = self._reconnect.result()
            if held is not None:
                self._reconnect = None
                self._held = held
                self._joined(held)
                self._polled_s = host_now_s()
        elif self._held is not None and self.state is not SourceState.IDLE:
            self._take_from(self._held)

    def _take_from(self, held: Held) -> int | None:
        """Take what came, and return how many rows that were; None where the client could not be asked, or has failed."""
        polled_s = host_now_s()
        try:
            fetched = self._fetch(held, self._polled_s)
        except SourceError as error:
            self._lose(held, error)
            return None
        if fetched is None:
            return None
        now_s = host_now_s()
        away_s, self._polled_s = polled_s - self._polled_s, polled_s
        if len(fetched.rows):
            if self.state is not SourceState.RUNNING:
                self.note = f"{self._device} sent nothing for {now_s - self._heard_s:.1f} s, and sends again."
                self.state = SourceState.RUNNING
            self._heard_s = now_s
        elif away_s > ABSENT_S:
            self._heard_s += away_s
        self._blocks.extend(self.numbering.take(fetched.rows, fetched.counters, fetched.times_s, now_s))
        self._watch(held, now_s - self._heard_s)
        return len(fetched.rows)

    def _watch(self, held: Held, quiet_s: float) -> None:
        note = f"{self._device} has sent nothing for {quiet_s:.1f} s; {self._advice}."
        if quiet_s >= LOST_S:
            self._lose(held, SourceError(note))
        elif quiet_s >= SILENT_S and self.state is SourceState.RUNNING:
            self.state = SourceState.SILENT
            self.note = note

    def _lose(self, held: Held, error: SourceError) -> None:
        self.state = SourceState.LOST
        self.note = str(error)
        self._held = None
        self._reconnect = Reconnect(error, held, self._join, self._release, self._rejoin_s)

    def stop(self) -> None:
        """Stop acquiring, or the attempts to join again; rows that were not read are dropped."""
        if self._reconnect is not None:
            self._reconnect.cancel()
            self._reconnect = None
        self._blocks.clear()
        self.state = SourceState.IDLE

    def close(self) -> None:
        """Let go of the device."""
        self.stop()
        if self._held is not None:
            self._release(self._held)
            self._held = None
