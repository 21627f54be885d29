"""The time base of a running session: arrivals and edges of its raw streams, each taken once, and the clocks that fit them.

Gate, recorder and results all ask it, so that a session has one set of edges and one set of clocks. It reads the ring for
itself: what another follower misses, or where one stops, does not matter to it.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from acquisition.timebase import sync
from acquisition.timebase.arrivals import Arrivals
from acquisition.timebase.stored_clock import apart_s
from acquisition.timebase.sync_edges import EDGE, finders
from hardware.arrival_line import ArrivalLine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from acquisition.rig import Rig
    from acquisition.ring import Ring
    from acquisition.stretches import Stretch
    from acquisition.timebase.clock import Clock

STRETCH_S = 0.5
"""Longest stretch taken at a time, so that streams stay in step where there is much to read."""


class TimeBase:
    """A follower of all raw streams of a ring, which any thread may bring up to date.

    `rows`: how many rows of each stream it has taken. `edges`: all edges (EDGE) found so far in each stream that has a sync
    channel, in the rig's order; an array in it is replaced, never changed.
    """

    def __init__(self, ring: Ring, rig: Rig, recorded: Mapping[str, Clock] | None = None) -> None:
        """Begin at the oldest rows of the ring; `recorded` are the clocks of the recording that is replayed, if one is."""
        self._recorded = recorded
        self._readers = {name: ring.reader(name) for name in ring.streams if name not in ring.derived}
        self._finders = finders(rig)
        self.rows = dict.fromkeys(self._readers, 0)
        self.edges: dict[str, NDArray[np.void]] = {name: np.empty(0, EDGE) for name in self._finders}
        self._arrivals = {name: Arrivals(reader.stream.rate_hz) for name, reader in self._readers.items()}
        self._fitted: dict[str, Clock] | None = None
        self._finished = False
        self.lines = {name: ArrivalLine(reader.stream.rate_hz) for name, reader in self._readers.items()}
        """On which blocks came in the last ten seconds, by stream: the rate that each device has, as soon as it is known."""
        self._lock = threading.Lock()

    def follow(self) -> bool:
        """Take what is new in every stream, half a second of it at most; return whether there was anything."""
        with self._lock:
            return self._take()

    def finish(self) -> None:
        """Take the rest, and nothing that a source left behind may still write: the clocks are the same from now on."""
        with self._lock:
            while self._take():
                pass
            self._finished = True

    def abandon(self) -> None:
        """Keep what was taken; there is nothing to close."""

    def clocks(self) -> Mapping[str, Clock]:
        """Return the clock of each stream: that of the recording which is replayed, or the one that fits what was taken."""
        return self.fitted() if self._recorded is None else self._recorded

    def clocks_differ_s(self) -> dict[str, float]:
        """Return how far each stream's clock is, at most, from the one that fits what was taken."""
        fitted, clocks = self.fitted(), self.clocks()
        return {name: apart_s(clocks[name], fitted[name], arrivals) for name, arrivals in self._arrivals.items()}

    def fitted(self) -> dict[str, Clock]:
        """Return the clock of each stream that fits the arrivals and edges taken so far."""
        with self._lock:
            if self._fitted is None:
                self._fitted = sync.clocks(self._arrivals, self.edges)
            return self._fitted

    def _take(self) -> bool:
        found = False
        for name, reader in self._readers.items():
            stretch = None if self._finished else reader.read(max(1, int(STRETCH_S * reader.stream.rate_hz)))
            if stretch is None:
                continue
            found = True
            self.add(name, stretch)
        return found

    def add(self, name: str, stretch: Stretch) -> None:
        """Take a stretch of a stream, from wherever it was read; in order, and not while this follows the ring."""
        self._fitted = None
        ticks = stretch.ticks.copy()
        ticks["row"] += self.rows[name] - stretch.first_row  # rows that were missed count as lost, as in a recording
        self._arrivals[name].add(ticks, self.rows[name])
        self.lines[name].add(ticks["index"] - 1.0, ticks["host_s"])
        if name in self._finders:
            self.edges[name] = np.concatenate([self.edges[name], self._finders[name].take(stretch)])
        self.rows[name] += len(stretch.samples)
