"""EMG boards read through BrainFlow, with every lost sample counted and a watchdog for boards that fall silent."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from brainflow.board_shim import BrainFlowError

from hardware.brainflow.session import BoardFacts, Session, begin, board_facts, fetch, prepare, release, source_error, waiting
from hardware.brainflow.settings import BrainflowSettings
from hardware.host_clock import host_now_s
from hardware.polling import Fetched, PolledSource
from hardware.resource_lock import ResourceLock
from hardware.sample_numbering import SampleNumbering
from hardware.source import SourceError, SourceState, Stream, same_rate
from hardware.uncounted_numbering import UncountedNumbering

SHORTEST_POLL_S = 0.002
LONGEST_POLL_S = 0.02


class BrainflowSource(PolledSource[Session]):
    """Hands out the EMG inputs of one board in µV, numbered by its packet counter and this machine's clock.

    BrainFlow raises nothing when a board is unplugged: rows just stop, while a thread of its own spins. Rows of a board that
    was joined again are a new segment, numbered by time. With a Daisy each row comes in two packets; where the second of one
    row and the first of the next are both lost, BrainFlow joins the halves that are left, and that row can't be told from a
    good one.
    """

    def __init__(self, stream: Stream, settings: BrainflowSettings) -> None:
        poll_s = min(LONGEST_POLL_S, max(SHORTEST_POLL_S, stream.block_samples / stream.rate_hz))
        super().__init__(stream, settings.board, "check its plug, power and distance", poll_s, settings.rejoin_s)
        self._settings = settings
        self._facts: BoardFacts | None = None
        self._columns: list[int] = []
        self._ran = False
        port = settings.serial_port or settings.mac_address or f"{settings.ip_address}:{settings.ip_port}"
        self._lock = ResourceLock(f"{settings.board} {Path(port).resolve() if settings.serial_port else port}")

    def close(self) -> None:
        """Let go of the board and its port."""
        super().close()
        self._lock.free()

    def open(self) -> None:
        """Check the settings against the board's description and open the session; takes 1 to 6 s. Raises SourceError."""
        if self._held is not None:
            return
        facts = board_facts(self._settings.board)
        self._columns = self._chosen_rows(facts)
        self._facts = facts
        if holder := self._lock.take():
            raise SourceError(
                f"The port {self._settings.serial_port} of {self._settings.board} is in use by {holder.in_words}; end that "
                "session first, or name another port."
            )
        try:
            self._held = prepare(facts, self._settings)
        except SourceError:
            self._lock.free()
            raise
        self._ran = False
        rate_hz = self.stream.rate_hz
        self.numbering = (
            UncountedNumbering(rate_hz) if facts.modulus is None else SampleNumbering(rate_hz, facts.modulus, facts.step)
        )

    def _chosen_rows(self, facts: BoardFacts) -> list[int]:
        stream = self.stream
        unit = next((channel.unit for channel in stream.channels if channel.unit != "uV"), None)
        if unit is not None:
            raise SourceError(
                f"The stream {stream.name!r} is said to be in {unit!r}, but BrainFlow gives uV; set its units so."
            )
        if not same_rate(stream.rate_hz, facts.rate_hz) and not self._settings.rate_from_config:
            raise SourceError(
                f"The stream {stream.name!r} is set to {stream.rate_hz!r} Hz, but the board {facts.name} samples at "
                f"{facts.rate_hz!r} Hz; set rate_hz = {facts.rate_hz!r}, or rate_from_config = true in [stream.source] where "
                "config sets the board to another rate."
            )
        inputs = self._settings.inputs or list(range(1, len(stream.channels) + 1))
        if len(inputs) != len(stream.channels):
            raise SourceError(
                f"The stream {stream.name!r} has {len(stream.channels)} channels, but {len(inputs)} inputs are listed; "
                "list as many."
            )
        if max(inputs) > len(facts.input_rows):
            raise SourceError(
                f"The stream {stream.name!r} asks for input {max(inputs)}, but the board {facts.name} has "
                f"{len(facts.input_rows)}; leave out what it does not have."
            )
        return [facts.input_rows[number - 1] for number in inputs]

    def check(self) -> None:
        """Check the settings against the board's description, without a board; raises SourceError."""
        self._chosen_rows(board_facts(self._settings.board))

    def start(self) -> None:
        """Let the board stream; one that was stopped before is opened anew, which takes 1 s. Raises SourceError."""
        if self._held is None or self._facts is None:
            raise SourceError(f"The stream {self.stream.name!r} can't start before its board is open; open it first.")
        if self.state is not SourceState.IDLE:
            return
        board, self._held = self._held, None
        if self._ran:
            # Packets of the run before wait in the port, and would be taken for the beginning of this one.
            release(board)
            board = prepare(self._facts, self._settings)
        begin(board, self.stream.rate_hz, self._settings)
        self._held = board
        self._ran = True
        self.numbering.restart()
        self._running()

    def _fetch(self, held: Session, asked_before_s: float) -> Fetched | None:
        facts = self._facts
        try:
            data = fetch(held)
        except BrainFlowError as error:
            raise source_error(error, "Reading", self._settings) from error
        if data is None or facts is None:
            return None
        now_s, wall_s = host_now_s(), time.time()
        # Some boards put in their own clock, and the wall clock may be set; but a row came after the last call.
        times_s = np.clip(data[facts.timestamp_row] + (now_s - wall_s), asked_before_s, now_s)
        counters = data[facts.counter_row] if facts.counter_row is not None else np.zeros(data.shape[1])
        rows = np.ascontiguousarray(data[self._columns].T, dtype=self.stream.dtype)
        return Fetched(rows, counters, np.maximum.accumulate(times_s))

    def _waiting(self, held: Session) -> int:
        return waiting(held)

    def _join(self) -> Session:
        facts = board_facts(self._settings.board)
        board = prepare(facts, self._settings)
        begin(board, self.stream.rate_hz, self._settings)
        return board

    def _joined(self, _held: Session) -> None:
        self.numbering.restart()
        self.note = f"{self._device} was away for {host_now_s() - self._heard_s:.1f} s, and sends again."
        self._running()

    def _release(self, held: Session) -> None:
        release(held)

    def stop(self) -> None:
        """Stop the board, or the attempts to join it again; rows that were not read are dropped."""
        if self._held is not None and self.state is not SourceState.IDLE:
            try:
                self._held.stop_stream()
            except BrainFlowError as error:
                self.note = str(source_error(error, "Stopping", self._settings))
        super().stop()
