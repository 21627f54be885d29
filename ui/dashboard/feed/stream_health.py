"""Stream health: measured rate, age of the newest block, lost samples, and what the source says."""

from __future__ import annotations

import math
from collections import deque
from itertools import takewhile
from typing import TYPE_CHECKING

from acquisition.ring import BACKLOG
from hardware.host_clock import host_now_s
from hardware.source import SourceState

if TYPE_CHECKING:
    from acquisition.ring import Ring

_RATE_S = 20.0
_LEAST_S = 3.0
_DELAY_POLLS = 10


class StreamHealth:
    """Watches the ticks of one raw stream; `poll` it a few times a second.

    `rate_hz` is measured over the last seconds, NaN until it can be. `delay_s` is the largest age of the newest block in
    the last ten polls, with what waits in the device's buffer. `lost_samples` counts from the start of the session.
    """

    def __init__(self, ring: Ring, name: str) -> None:
        self.name = name
        self.nominal_hz = ring.streams[name].rate_hz
        self._ring = ring
        self._reader = ring.reader(name, rows_back=int(_RATE_S * self.nominal_hz))
        self._arrivals: deque[tuple[float, int]] = deque()
        self._ages: deque[float] = deque(maxlen=_DELAY_POLLS)
        self._segment: int | None = None
        self.index = 0
        self.lost_samples = 0
        self.rate_hz = math.nan
        self.delay_s = math.nan
        self.state = SourceState.IDLE
        self.note = ""

    def poll(self) -> None:
        """Take the ticks that are new."""
        while (stretch := self._reader.read()) is not None:
            tick = stretch.ticks[-1]
            if int(tick["segment"]) != self._segment:
                self._arrivals.clear()
                self._segment = int(tick["segment"])
            self.lost_samples = int(tick["index"]) - int(tick["row"])
            self.index = int(tick["index"])
            self._arrivals.extend((float(one["host_s"]), int(one["index"])) for one in stretch.ticks)
        self._measure()
        self.state = self._ring.state(self.name)
        self.note = self._ring.note(self.name)

    def _measure(self) -> None:
        arrivals = self._arrivals
        if not arrivals:
            return
        while arrivals[-1][0] - arrivals[0][0] > _RATE_S:
            arrivals.popleft()
        begin_s, last_s = arrivals[0][0], arrivals[-1][0]
        if last_s - begin_s > _LEAST_S:
            # Blocks come late, never early: of the first and of the last second, the one with the least delay counts.
            first = min(takewhile(lambda arrival: arrival[0] < begin_s + 1.0, arrivals), key=self._lateness)
            last = min(takewhile(lambda arrival: arrival[0] > last_s - 1.0, reversed(arrivals)), key=self._lateness)
            self.rate_hz = (last[1] - first[1]) / (last[0] - first[0])
        else:
            self.rate_hz = math.nan
        waiting_s = self._ring.counter(self.name, BACKLOG) / self.nominal_hz
        self._ages.append(host_now_s() - last_s + waiting_s)
        self.delay_s = max(self._ages)

    def _lateness(self, arrival: tuple[float, int]) -> float:
        return arrival[0] - arrival[1] / self.nominal_hz

    @property
    def session_s(self) -> float:
        """Seconds of the session by this stream's samples, lost ones counted as well; NaN before the first one."""
        return self.index / self.nominal_hz if self.index else math.nan

    @property
    def stopped(self) -> bool:
        """Whether nothing comes from the source though it should."""
        return self.state in (SourceState.LOST, SourceState.SILENT)
