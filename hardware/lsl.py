"""A stream of the Lab Streaming Layer as a source, joined again when its outlet is killed or started anew."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np

from hardware.lsl_network import find, load
from hardware.lsl_settings import LslSettings
from hardware.rejoin import Rejoin
from hardware.row_numbering import RowNumbering
from hardware.source import Block, SourceError, SourceState, Stream

SILENT_S = 1.0
LOST_S = 5.0
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
    joined anew after 5 s. An outlet that was started anew is a new segment, placed by time. Needs the package pylsl.
    """

    def __init__(self, stream: Stream, settings: LslSettings) -> None:
        """Nothing is looked for before `open`."""
        self._stream = stream
        self._settings = settings
        self._state = SourceState.IDLE
        self._note = ""
        self._inlet: _Inlet | None = None
        self._rejoin: Rejoin[_Inlet] | None = None
        self._uid = ""
        self._numbering = RowNumbering(stream.rate_hz)
        self._blocks: deque[Block] = deque()
        self._waiting = 0
        self._row_s = 0.0
        self._life_s = 0.0

    @property
    def stream(self) -> Stream:
        """The stream as the rig describes it."""
        return self._stream

    @property
    def state(self) -> SourceState:
        """What the outlet is doing, as far as samples and its connection tell."""
        return self._state

    @property
    def note(self) -> str:
        """The last fault, as a sentence."""
        return self._note

    @property
    def backlog_samples(self) -> int:
        """Samples that wait here and in LSL's buffer, as of the last read."""
        return self._waiting + sum(len(block.samples) for block in self._blocks)

    @property
    def lost_samples(self) -> int:
        """Samples that were not sent, so far, as the clock says."""
        return self._numbering.lost_samples

    def open(self) -> None:
        """Find the stream and check that it is what the rig says; raises SourceError."""
        if self._inlet is None:
            self._inlet = self._join(self._settings.query, self._settings.find_s, alone=True)
            self._uid = self._inlet.uid
            self._numbering = RowNumbering(self._stream.rate_hz)

    def _join(self, query: str, timeout_s: float, alone: bool) -> _Inlet:
        pylsl = load(self._settings)
        info = find(pylsl, self._stream, query, timeout_s, alone)
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
            raise SourceError(f"The stream {self._stream.name!r} can't start before it is open; open it first.")
        if self._state is SourceState.IDLE:
            self._inlet.pull.flush()
            self._numbering.restart()
            self._row_s = self._life_s = time.monotonic()
            self._state = SourceState.RUNNING

    def read(self, timeout_s: float) -> Block | None:
        """Return the samples that came, without waiting for a full block; None if none came in time.

        Raises SourceError when a lost outlet could not be found again in time.
        """
        until_s = time.monotonic() + timeout_s
        while not self._blocks:
            if self._rejoin is not None:
                self._adopt(self._rejoin)
            elif self._inlet is not None and self._state is not SourceState.IDLE:
                self._fetch(self._inlet)
            left_s = until_s - time.monotonic()
            if self._blocks or left_s <= 0:
                break
            time.sleep(min(POLL_S, left_s))
        return self._blocks.popleft() if self._blocks else None

    def _fetch(self, inlet: _Inlet) -> None:
        try:
            # A timeout of 0, since LSL would wait the whole of any other, however many samples are there.
            samples, _ = inlet.pull.pull_chunk(0.0, max_samples=MOST_SAMPLES)
            self._waiting = int(inlet.pull.samples_available())
        except RuntimeError as error:
            self._lose(inlet, f"The outlet of {self._stream.name!r} is gone ({error}); start it again.")
            return
        now_s = time.monotonic()
        rows = np.asarray(samples, dtype=self._stream.dtype).reshape(-1, len(self._stream.channels))
        if len(rows):
            if self._state is not SourceState.RUNNING:
                self._note = (
                    f"The outlet of {self._stream.name!r} sent nothing for {now_s - self._row_s:.1f} s, and sends again."
                )
                self._state = SourceState.RUNNING
            self._row_s = self._life_s = now_s
        times_s = np.full(len(rows), now_s)
        self._blocks.extend(self._numbering.take(rows, times_s, times_s, now_s))
        self._watch(inlet, now_s)

    def _watch(self, inlet: _Inlet, now_s: float) -> None:
        quiet_s = now_s - self._life_s
        note = f"The outlet of {self._stream.name!r} has sent nothing for {now_s - self._row_s:.1f} s; check its device."
        if quiet_s >= LOST_S:
            self._lose(inlet, note)
        elif quiet_s >= SILENT_S and self._state is SourceState.RUNNING:
            self._state = SourceState.SILENT
            self._note = note

    def _lose(self, inlet: _Inlet, note: str) -> None:
        self._state = SourceState.LOST
        self._note = note
        self._inlet = None
        self._rejoin = Rejoin(
            lambda: _release(inlet), lambda: self._join_again(inlet.source_id), _release, self._settings.rejoin_s
        )
        self._rejoin.start()

    def _adopt(self, rejoin: Rejoin[_Inlet]) -> None:
        if rejoin.is_alive():
            return
        if rejoin.joined is None:
            raise SourceError(
                f"The outlet of {self._stream.name!r} was lost and not found again within {self._settings.rejoin_s:g} s; start "
                f"it, then start anew. The last attempt: {rejoin.reason}"
            )
        self._rejoin = None
        self._inlet = rejoin.joined
        if self._inlet.uid != self._uid:
            self._uid = self._inlet.uid
            self._numbering.restart()
        self._state = SourceState.SILENT
        self._life_s = time.monotonic()

    def stop(self) -> None:
        """Take no more samples; those that were not read are dropped."""
        if self._rejoin is not None:
            self._rejoin.cancel()
            self._rejoin = None
        self._blocks.clear()
        self._state = SourceState.IDLE

    def close(self) -> None:
        """Let go of the outlet."""
        self.stop()
        if self._inlet is not None:
            _release(self._inlet)
            self._inlet = None


def _release(inlet: _Inlet) -> None:
    inlet.pull.close_stream()
    inlet.pull = None
