"""EMG boards read through BrainFlow, with every lost sample counted and a watchdog for boards that fall silent."""

from __future__ import annotations

import time

import numpy as np
from brainflow.board_shim import BrainFlowError

from hardware.brainflow.session import BoardFacts, Session, begin, board_facts, fetch, prepare, release, source_error
from hardware.brainflow.settings import BrainflowSettings
from hardware.polling import PolledBlocks
from hardware.reconnect import Reconnect
from hardware.sample_numbering import SampleNumbering
from hardware.source import Block, SourceError, SourceState, Stream

SHORTEST_POLL_S = 0.002
LONGEST_POLL_S = 0.02


class BrainflowSource:
    """Hands out the EMG inputs of one board in µV, numbered by its packet counter and this machine's clock.

    BrainFlow raises nothing when a board is unplugged: rows just stop, while a thread of its own spins. After 1 s without rows
    the state is SILENT, after 5 s LOST; the session is then released and joined again in the background. Rows after that are
    a new segment, placed by time; `numbering` counts what was lost and what was rejected. With a Daisy each row comes in two
    packets; where the second of one row and the first of the next are both lost, BrainFlow joins the halves that are left, and
    that row can't be told from a good one.
    """

    def __init__(self, stream: Stream, settings: BrainflowSettings) -> None:
        self.stream = stream
        self.state = SourceState.IDLE
        self.note = ""
        self.backlog_samples = 0
        self._settings = settings
        self._facts: BoardFacts | None = None
        self._columns: list[int] = []
        self._board: Session | None = None
        self._reconnect: Reconnect[Session] | None = None
        self.numbering = SampleNumbering(stream.rate_hz)
        self._polled = PolledBlocks(min(LONGEST_POLL_S, max(SHORTEST_POLL_S, stream.block_samples / stream.rate_hz)))
        self._ran = False
        self._asked_s = 0.0

    def open(self) -> None:
        """Check the settings against the board's description and open the session; takes 1 to 6 s. Raises SourceError."""
        if self._board is not None:
            return
        facts = board_facts(self._settings.board)
        self._columns = self._chosen_rows(facts)
        self._facts = facts
        self._board = prepare(facts, self._settings)
        self._ran = False
        self.numbering = SampleNumbering(self.stream.rate_hz, facts.modulus, facts.step)

    def _chosen_rows(self, facts: BoardFacts) -> list[int]:
        stream = self.stream
        unit = next((channel.unit for channel in stream.channels if channel.unit != "uV"), None)
        if unit is not None:
            raise SourceError(
                f"The stream {stream.name!r} is said to be in {unit!r}, but BrainFlow gives uV; set its units so."
            )
        if stream.rate_hz != facts.rate_hz:
            raise SourceError(
                f"The stream {stream.name!r} is set to {stream.rate_hz:g} Hz, but the board {facts.name} samples at "
                f"{facts.rate_hz:g} Hz; set rate_hz = {facts.rate_hz:g}."
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

    def start(self) -> None:
        """Let the board stream; one that was stopped before is opened anew, which takes 1 s. Raises SourceError."""
        if self._board is None or self._facts is None:
            raise SourceError(f"The stream {self.stream.name!r} can't start before its board is open; open it first.")
        if self.state is not SourceState.IDLE:
            return
        board, self._board = self._board, None
        if self._ran:
            # Packets of the run before wait in the port, and would be taken for the beginning of this one.
            release(board)
            board = prepare(self._facts, self._settings)
        begin(board, self._facts, self._settings)
        self._board = board
        self._ran = True
        self.numbering.restart()
        self._asked_s = self._polled.heard_s = time.monotonic()
        self.state = SourceState.RUNNING

    def read(self, timeout_s: float) -> Block | None:
        """Return the rows that came, in µV, without waiting for a full block; None if none came in time.

        Raises SourceError when a lost board could not be joined again in time.
        """
        block = self._polled.next_block(self._ask, timeout_s)
        # BrainFlow's own buffer is emptied whenever it is asked.
        self.backlog_samples = self._polled.waiting_samples
        return block

    def _ask(self) -> None:
        if self._reconnect is not None:
            board = self._reconnect.result()
            if board is not None:
                self._adopt(board)
        elif self._board is not None and self._facts is not None and self.state is not SourceState.IDLE:
            self._fetch(self._board, self._facts)

    def _fetch(self, board: Session, facts: BoardFacts) -> None:
        asked_s = time.monotonic()
        try:
            data = fetch(board)
        except BrainFlowError as error:
            self._lose(board, source_error(error, "Reading", self._settings))
            return
        if data is None:
            return
        asked_before_s, self._asked_s = self._asked_s, asked_s
        now_s, wall_s = time.monotonic(), time.time()
        if data.shape[1]:
            # Some boards put in their own clock, and the wall clock may be set; but a row came after the last call.
            times_s = np.clip(data[facts.timestamp_row] + (now_s - wall_s), asked_before_s, now_s)
            times_s = np.maximum.accumulate(times_s)
            counters = data[facts.counter_row] if facts.counter_row is not None else np.zeros(data.shape[1])
            rows = np.ascontiguousarray(data[self._columns].T, dtype=self.stream.dtype)
            if self.state is SourceState.SILENT:
                quiet_s = times_s[0] - self._polled.heard_s
                self.note = f"{self._settings.board} sent nothing for {quiet_s:.1f} s, and sends again."
                self.state = SourceState.RUNNING
            self._polled.heard_s = float(times_s[-1])
        else:
            rows = np.empty((0, len(self._columns)), dtype=self.stream.dtype)
            counters = times_s = np.empty(0)
        self._polled.blocks.extend(self.numbering.take(rows, counters, times_s, now_s))
        self._watch(board, now_s)

    def _watch(self, board: Session, now_s: float) -> None:
        state = self._polled.state(now_s)
        quiet_s = now_s - self._polled.heard_s
        note = f"{self._settings.board} has sent nothing for {quiet_s:.1f} s; check its plug, power and distance."
        if state is SourceState.LOST:
            self._lose(board, SourceError(note))
        elif state is SourceState.SILENT and self.state is SourceState.RUNNING:
            self.state = state
            self.note = note

    def _lose(self, board: Session, error: SourceError) -> None:
        self.state = SourceState.LOST
        self.note = str(error)
        self._board = None
        self._reconnect = Reconnect(error, board, self._join, release, self._settings.rejoin_s)

    def _join(self) -> Session:
        facts = board_facts(self._settings.board)
        board = prepare(facts, self._settings)
        begin(board, facts, self._settings)
        return board

    def _adopt(self, board: Session) -> None:
        self._reconnect = None
        self._board = board
        self.numbering.restart()
        now_s = time.monotonic()
        self.note = f"{self._settings.board} was away for {now_s - self._polled.heard_s:.1f} s, and sends again."
        self._asked_s = self._polled.heard_s = now_s
        self.state = SourceState.RUNNING

    def stop(self) -> None:
        """Stop the board, or the attempts to join it again; rows that were not read are dropped."""
        if self._reconnect is not None:
            self._reconnect.cancel()
            self._reconnect = None
        if self._board is not None and self.state is not SourceState.IDLE:
            try:
                self._board.stop_stream()
            except BrainFlowError as error:
                self.note = str(source_error(error, "Stopping", self._settings))
        self._polled.blocks.clear()
        self.state = SourceState.IDLE

    def close(self) -> None:
        """Release the session."""
        self.stop()
        if self._board is not None:
            release(self._board)
            self._board = None
