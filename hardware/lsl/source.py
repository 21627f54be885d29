"""A stream of the Lab Streaming Layer as a source, joined again when its outlet is killed or started anew."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from hardware.arrays import Floats
from hardware.host_clock import host_now_s
from hardware.lsl.network import find, load, lsl_ahead_s
from hardware.lsl.settings import LslSettings
from hardware.polling import Fetched, PolledSource
from hardware.resource_lock import ResourceLock
from hardware.source import SourceError, SourceState, Stream
from hardware.uncounted_numbering import ARRIVALS, OWN_STAMPS, UncountedNumbering

BUFFER_S = 60
FIND_AGAIN_S = 1.0
OPEN_S = 3.0
POLL_S = 0.005
MOST_SAMPLES = 8192
CORRECT_S = 5.0
CORRECT_BY_S = 0.001
"""A clock's correction is renewed every 5 s and by 1 ms at most, since a single measurement of it may be off by more."""
AHEAD_S = 0.05


@dataclass(slots=True)
class _Inlet:
    """An open inlet; `to_host_s` is what brings its stamps to `host_now_s()`, NaN where they can't be brought there.

    `stamped`: whether its stamps are times of measurement, None before the first row came.
    """

    pull: Any
    uid: str
    source_id: str
    to_host_s: float = math.nan
    stamped: bool | None = None
    corrected_s: float = 0.0


class LslSource(PolledSource[_Inlet]):
    """Hands out the samples of one LSL stream, in whatever unit they were sent, as the rig's stream names them.

    Rows are numbered by the stream's own time stamps, brought to this machine's clock by LSL's measured correction; a stretch
    that the outlet did not send is a gap as long as these say. Stamps that are no times of now are left aside, and rows are
    numbered by when they came. A killed outlet is LOST at once. An outlet that was started anew is a new segment, numbered by
    time. Needs the package pylsl.
    """

    numbering: UncountedNumbering

    def __init__(self, stream: Stream, settings: LslSettings) -> None:
        advice = "check the program that sends it, its device and the network"
        super().__init__(stream, f"The outlet of {stream.name!r}", advice, POLL_S, settings.rejoin_s)
        self._settings = settings
        self._lock = ResourceLock("")
        self._known = ("", "")

    def open(self) -> None:
        """Find the stream and check that it is what the rig says; raises SourceError."""
        if self._held is None:
            found = self._find(self._settings.query, self._settings.find_s, alone=True)
            self._lock = ResourceLock(f"lsl {found.uid}")
            if holder := self._lock.take():
                found.pull.close_stream()
                raise SourceError(f"The outlet of {self.stream.name!r} is in use by {holder.in_words}; end that session first.")
            self._held = found
            self._known = found.uid, found.source_id
            self.numbering = UncountedNumbering(self.stream.rate_hz, OWN_STAMPS)

    def close(self) -> None:
        """Let go of the outlet."""
        super().close()
        self._lock.free()

    def _find(self, query: str, timeout_s: float, alone: bool) -> _Inlet:
        pylsl = load(self._settings)
        info = find(pylsl, self.stream, query, timeout_s, alone)
        try:
            # With recover=True a dead outlet is an empty stream for ever, and its successor looks like the same one.
            inlet = pylsl.StreamInlet(info, max_buflen=BUFFER_S, recover=False, as_numpy=True)
            inlet.open_stream(OPEN_S)
        except RuntimeError as error:
            raise SourceError(
                f"The LSL stream {info.name()!r} of {info.hostname()} was found, but can't be opened ({error}); check that no "
                "firewall is between the machines."
            ) from error
        found = _Inlet(inlet, str(info.uid()), str(info.source_id()))
        with suppress(RuntimeError, TimeoutError):
            found.to_host_s = float(inlet.time_correction(OPEN_S)) - lsl_ahead_s(pylsl)
            found.corrected_s = host_now_s()
        return found

    def start(self) -> None:
        """Take samples from now on; raises SourceError."""
        if self._held is None:
            raise SourceError(f"The stream {self.stream.name!r} can't start before it is open; open it first.")
        if self.state is SourceState.IDLE:
            self._held.pull.flush()
            self.numbering.restart()
            self._running()

    def _fetch(self, held: _Inlet, _asked_before_s: float) -> Fetched:
        try:
            # A timeout of 0, since LSL would wait the whole of any other, however many samples are there.
            samples, stamps_s = held.pull.pull_chunk(0.0, max_samples=MOST_SAMPLES)
        except RuntimeError as error:
            left = int(held.pull.samples_available())
            unread = f", and {left} samples that it had sent can't be had" if left else ""
            raise SourceError(f"{self._device} is gone ({error}){unread}; start it again.") from error
        rows = np.asarray(samples, dtype=self.stream.dtype).reshape(-1, len(self.stream.channels))
        times_s = self._times_s(held, np.asarray(stamps_s, dtype=np.float64), host_now_s())
        return Fetched(rows, times_s, times_s)

    def _times_s(self, held: _Inlet, stamps_s: Floats, now_s: float) -> Floats:
        """Return when rows were measured by their stamps, or when they came where stamps can't say so."""
        times_s = stamps_s + held.to_host_s
        if held.stamped is None and len(times_s):
            since_s = now_s - times_s
            held.stamped = bool(np.all((since_s > -AHEAD_S) & (since_s < BUFFER_S)) and np.all(np.diff(times_s) > 0))
            self.numbering.stamps = OWN_STAMPS if held.stamped else ARRIVALS
        if not held.stamped:
            return np.full(len(times_s), now_s)
        if now_s - held.corrected_s > CORRECT_S:
            self._correct(held, now_s)
        return np.minimum(np.maximum.accumulate(times_s), now_s)

    def _correct(self, held: _Inlet, now_s: float) -> None:
        """Renew the correction of the outlet's clock, as two crystals drift apart."""
        held.corrected_s = now_s
        with suppress(RuntimeError, TimeoutError):
            to_host_s = float(held.pull.time_correction(AHEAD_S)) - lsl_ahead_s(load(self._settings))
            apart_s = to_host_s - held.to_host_s
            held.to_host_s += min(max(apart_s, -CORRECT_BY_S), CORRECT_BY_S)

    def _waiting(self, held: _Inlet) -> int:
        return int(held.pull.samples_available())

    def _join(self) -> _Inlet:
        source_id = self._known[1]
        known = self._settings.query
        if source_id and "'" not in source_id:
            known = self._settings.model_copy(update={"source_id": source_id}).query
        return self._find(known, FIND_AGAIN_S, alone=False)

    def _joined(self, held: _Inlet) -> None:
        if held.uid != self._known[0]:
            self._known = held.uid, held.source_id
            self.numbering.restart()
        self.state = SourceState.SILENT
        self._heard_s = host_now_s()

    def _release(self, held: _Inlet) -> None:
        held.pull.close_stream()
        held.pull = None
