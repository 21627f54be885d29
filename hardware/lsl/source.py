"""A stream of the Lab Streaming Layer as a source, joined again when its outlet is killed or started anew."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from hardware.lsl.network import find, load
from hardware.lsl.settings import LslSettings
from hardware.polling import Fetched, PolledSource
from hardware.sample_numbering import SampleNumbering
from hardware.source import SourceError, SourceState, Stream

BUFFER_S = 60
FIND_AGAIN_S = 1.0
OPEN_S = 3.0
POLL_S = 0.005
MOST_SAMPLES = 8192


@dataclass(slots=True)
class _Inlet:
    pull: Any
    uid: str
    source_id: str


class LslSource(PolledSource[_Inlet]):
    """Hands out the samples of one LSL stream, in whatever unit they were sent, as the rig's stream names them.

    LSL loses nothing while an outlet lives, so samples are counted as they come; a stretch that the outlet did not send is a
    gap, as long as this machine's clock says. A killed outlet is LOST at once. An outlet that was started anew is a new
    segment, placed by time. Needs the package pylsl.
    """

    def __init__(self, stream: Stream, settings: LslSettings) -> None:
        super().__init__(stream, f"The outlet of {stream.name!r}", POLL_S, settings.rejoin_s)
        self._settings = settings
        self._known = ("", "")

    def open(self) -> None:
        """Find the stream and check that it is what the rig says; raises SourceError."""
        if self._held is None:
            self._held = self._find(self._settings.query, self._settings.find_s, alone=True)
            self._known = self._held.uid, self._held.source_id
            self.numbering = SampleNumbering(self.stream.rate_hz)

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
        return _Inlet(inlet, str(info.uid()), str(info.source_id()))

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
            samples, _ = held.pull.pull_chunk(0.0, max_samples=MOST_SAMPLES)
        except RuntimeError as error:
            raise SourceError(f"{self._device} is gone ({error}); start it again.") from error
        rows = np.asarray(samples, dtype=self.stream.dtype).reshape(-1, len(self.stream.channels))
        times_s = np.full(len(rows), time.monotonic())
        return Fetched(rows, times_s, times_s)

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
        self._heard_s = time.monotonic()

    def _release(self, held: _Inlet) -> None:
        held.pull.close_stream()
        held.pull = None
