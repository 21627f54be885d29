"""A stream of the Lab Streaming Layer as a source, joined again when its outlet is killed or started anew."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from hardware.lsl.network import find, load
from hardware.lsl.settings import LslSettings
from hardware.polling import PolledBlocks
from hardware.reconnect import Reconnect
from hardware.sample_numbering import SampleNumbering
from hardware.source import Block, SourceError, SourceState, Stream

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


class LslSource:
    """Hands out the samples of one LSL stream, in whatever unit they were sent, as the rig's stream names them.

    LSL loses nothing while an outlet lives, so samples are counted as they come; a stretch that the outlet did not send is a
    gap, as long as this machine's clock says. A killed outlet is LOST at once; one that sends nothing is SILENT after 1 s and
    joined anew after 5 s. An outlet that was started anew is a new segment, placed by time; `numbering` counts what was lost.
    Needs the package pylsl.
    """

    def __init__(self, stream: Stream, settings: LslSettings) -> None:
        self.stream = stream
        self.state = SourceState.IDLE
        self.note = ""
        self.backlog_samples = 0
        self._settings = settings
        self._inlet: _Inlet | None = None
        self._reconnect: Reconnect[_Inlet] | None = None
        self._uid = ""
        self.numbering = SampleNumbering(stream.rate_hz)
        self._polled = PolledBlocks(POLL_S)
        self._waiting_samples = 0
        self._row_s = 0.0

    def open(self) -> None:
        """Find the stream and check that it is what the rig says; raises SourceError."""
        if self._inlet is None:
            self._inlet = self._join(self._settings.query, self._settings.find_s, alone=True)
            self._uid = self._inlet.uid
            self.numbering = SampleNumbering(self.stream.rate_hz)

    def _join(self, query: str, timeout_s: float, alone: bool) -> _Inlet:
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

    def _join_again(self, source_id: str) -> _Inlet:
        known = self._settings.query
        if source_id and "'" not in source_id:
            known = self._settings.model_copy(update={"source_id": source_id}).query
        return self._join(known, FIND_AGAIN_S, alone=False)

    def start(self) -> None:
        """Take samples from now on; raises SourceError."""
        if self._inlet is None:
            raise SourceError(f"The stream {self.stream.name!r} can't start before it is open; open it first.")
        if self.state is SourceState.IDLE:
            self._inlet.pull.flush()
            self.numbering.restart()
            self._row_s = self._polled.heard_s = time.monotonic()
            self.state = SourceState.RUNNING

    def read(self, timeout_s: float) -> Block | None:
        """Return the samples that came, without waiting for a full block; None if none came in time.

        Raises SourceError when a lost outlet could not be found again in time.
        """
        block = self._polled.next_block(self._ask, timeout_s)
        self.backlog_samples = self._polled.waiting_samples + self._waiting_samples
        return block

    def _ask(self) -> None:
        if self._reconnect is not None:
            inlet = self._reconnect.result()
            if inlet is not None:
                self._adopt(inlet)
        elif self._inlet is not None and self.state is not SourceState.IDLE:
            self._fetch(self._inlet)

    def _fetch(self, inlet: _Inlet) -> None:
        try:
            # A timeout of 0, since LSL would wait the whole of any other, however many samples are there.
            samples, _ = inlet.pull.pull_chunk(0.0, max_samples=MOST_SAMPLES)
            self._waiting_samples = int(inlet.pull.samples_available())
        except RuntimeError as error:
            self._lose(inlet, SourceError(f"The outlet of {self.stream.name!r} is gone ({error}); start it again."))
            return
        now_s = time.monotonic()
        rows = np.asarray(samples, dtype=self.stream.dtype).reshape(-1, len(self.stream.channels))
        if len(rows):
            if self.state is not SourceState.RUNNING:
                self.note = f"The outlet of {self.stream.name!r} sent nothing for {now_s - self._row_s:.1f} s, and sends again."
                self.state = SourceState.RUNNING
            self._row_s = self._polled.heard_s = now_s
        times_s = np.full(len(rows), now_s)
        self._polled.blocks.extend(self.numbering.take(rows, times_s, times_s, now_s))
        self._watch(inlet, now_s)

    def _watch(self, inlet: _Inlet, now_s: float) -> None:
        state = self._polled.state(now_s)
        note = f"The outlet of {self.stream.name!r} has sent nothing for {now_s - self._row_s:.1f} s; check its device."
        if state is SourceState.LOST:
            self._lose(inlet, SourceError(note))
        elif state is SourceState.SILENT and self.state is SourceState.RUNNING:
            self.state = state
            self.note = note

    def _lose(self, inlet: _Inlet, error: SourceError) -> None:
        self.state = SourceState.LOST
        self.note = str(error)
        self._inlet = None
        self._reconnect = Reconnect(error, inlet, lambda: self._join_again(inlet.source_id), _release, self._settings.rejoin_s)

    def _adopt(self, inlet: _Inlet) -> None:
        self._reconnect = None
        self._inlet = inlet
        if inlet.uid != self._uid:
            self._uid = inlet.uid
            self.numbering.restart()
        self.state = SourceState.SILENT
        self._polled.heard_s = time.monotonic()

    def stop(self) -> None:
        """Take no more samples; those that were not read are dropped."""
        if self._reconnect is not None:
            self._reconnect.cancel()
            self._reconnect = None
        self._polled.blocks.clear()
        self.state = SourceState.IDLE

    def close(self) -> None:
        """Let go of the outlet."""
        self.stop()
        if self._inlet is not None:
            _release(self._inlet)
            self._inlet = None


def _release(inlet: _Inlet) -> None:
    inlet.pull.close_stream()
    inlet.pull = None
