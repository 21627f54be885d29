"""Analog inputs read through NI-DAQmx, on this machine or through an NI gRPC Device Server, as one task with one clock."""

from __future__ import annotations

import math
import time
import uuid
from collections import deque
from contextlib import suppress
from typing import Any

import nidaqmx
import numpy as np
from nidaqmx.constants import AcquisitionType, TerminalConfiguration
from nidaqmx.errors import Error
from nidaqmx.stream_readers import AnalogMultiChannelReader

from hardware.nidaq_connection import OVERFLOWS, TIMED_OUT, Connection, device_code, may_come_back
from hardware.nidaq_settings import NidaqSettings
from hardware.source import Block, SourceError, SourceState, Stream

BACKLOG_EVERY_S = 0.25
SILENT_AFTER_S = 1.0
RATE_TOLERANCE = 1e-4
# A computer that overflows this often within this time can't keep up, and restarting for ever would hide it.
OVERFLOWS_AT_MOST = 5
OVERFLOWS_WITHIN_S = 60.0

_TERMINALS = {
    "DEFAULT": TerminalConfiguration.DEFAULT,
    "RSE": TerminalConfiguration.RSE,
    "NRSE": TerminalConfiguration.NRSE,
    "DIFFERENTIAL": TerminalConfiguration.DIFF,
    "PSEUDODIFFERENTIAL": TerminalConfiguration.PSEUDO_DIFF,
}


class NidaqSource:
    """Reads blocks of volts from all inputs of one NI-DAQmx task.

    A read that times out hands out the samples that did come, as a shorter block. After an overflow, or when the device or
    its server was away, the task is built anew: a new segment, and a gap whose length is estimated from this machine's
    clock, to about the time that a start takes. Raises SourceError where settings and stream don't fit together.
    """

    def __init__(self, stream: Stream, settings: NidaqSettings) -> None:
        """Prepare the buffers; the device is not touched before `open`."""
        columns = len(stream.channels)
        if len(settings.physical_channels) != columns:
            raise SourceError(
                f"The stream {stream.name!r} has {columns} channels and its source has {len(settings.physical_channels)} "
                "physical_channels; list one input for each channel, in the same order."
            )
        other = next((channel for channel in stream.channels if channel.unit != "V"), None)
        if other is not None:
            raise SourceError(
                f"The channel {other.name!r} of the stream {stream.name!r} is said to be in {other.unit!r}, but NI-DAQmx "
                "hands out volts; set its unit to 'V'."
            )
        self._stream = stream
        self._settings = settings
        self._state = SourceState.IDLE
        self._note = ""
        self._fault = ""
        self._backlog = 0
        self._actual_rate_hz = stream.rate_hz
        self._raw = np.empty((columns, stream.block_samples), dtype=np.float64)
        self._block = np.empty((stream.block_samples, columns), dtype=stream.dtype)
        # The name lets a task that a broken connection left behind on the server be found and cleared.
        self._task_name = f"squatscope_{stream.name}_{uuid.uuid4().hex[:8]}" if settings.server else ""
        self._connection = Connection(settings.server, settings.tls_certificate, settings.answer_s)
        self._task: Any = None
        self._reader: Any = None
        self._next_index = 0
        self._segment = 0
        # Where the device was, and when: the newest sample that it is known to have taken.
        self._seen_index: int | None = None
        self._seen_s = 0.0
        self._backlog_due_s = 0.0
        self._last_block_s = 0.0
        self._lost_since_s: float | None = None
        self._retry_at_s = 0.0
        self._overflows: deque[float] = deque(maxlen=OVERFLOWS_AT_MOST)

    @property
    def stream(self) -> Stream:
        """What this source hands out; `rate_hz` is what was asked for, see `actual_rate_hz`."""
        return self._stream

    @property
    def state(self) -> SourceState:
        """What the source is doing now."""
        return self._state

    @property
    def note(self) -> str:
        """One sentence about the last fault or warning, empty if there is none."""
        return self._note

    @property
    def backlog_samples(self) -> int:
        """Samples per channel that wait in the driver's buffer, asked for about four times a second."""
        return self._backlog

    @property
    def actual_rate_hz(self) -> float:
        """The rate that the device's clock divider can make, as read back from it; the nominal one before `open`."""
        return self._actual_rate_hz

    def open(self) -> None:
        """Make the task: inputs, clock and buffer; raises SourceError."""
        self._connection.open()
        try:
            self._make_task()
        except Error as error:
            self.close()
            raise self._connection.explain(error, self._doing("opened")) from error

    def start(self) -> None:
        """Begin to acquire; raises SourceError."""
        if self._task is None:
            raise SourceError(f"{self._doing('started')}: it is not open. Call open first.")
        try:
            self._run_task()
        except Error as error:
            self._release_task()
            raise self._connection.explain(error, self._doing("started")) from error

    def read(self, timeout_s: float) -> Block | None:
        """Return the next block, shorter than usual if time ran out, or None if nothing came; raises SourceError."""
        if self._state is SourceState.LOST:
            self._rejoin(timeout_s)
            return None
        if self._reader is None or self._state not in (SourceState.RUNNING, SourceState.SILENT):
            raise SourceError(f"{self._doing('read')}: it is not running. Call open and start first.")
        # No input reads NaN: if it is still there after a partial read, the samples stayed behind at the server.
        self._raw[0, 0] = math.nan
        try:
            count = int(self._reader.read_many_sample(self._raw, self._stream.block_samples, max(timeout_s, 0.0)))
        except Error as error:
            if device_code(error) != TIMED_OUT:
                self._fail(error)
                return None
            count = getattr(error, "samps_per_chan_read", 0)
        if count <= 0:
            self._nothing_came()
            return None
        return self._deliver(count)

    def stop(self) -> None:
        """Stop acquiring; never raises."""
        if self._task is not None and self._state is not SourceState.IDLE:
            with suppress(Error):
                self._task.stop()
        self._state = SourceState.IDLE

    def close(self) -> None:
        """Release the task and the connection, also where the server is gone; never raises."""
        self._release_task()
        self._state = SourceState.IDLE
        self._connection.close()

    def _doing(self, what: str) -> str:
        return f"The stream {self._stream.name!r} can't be {what}"

    def _make_task(self) -> None:
        s = self._settings
        rate_hz = self._stream.rate_hz
        buffer_samples = max(math.ceil(s.buffer_s * rate_hz), 2 * self._stream.block_samples)
        task = nidaqmx.Task(self._task_name, grpc_options=self._connection.options(self._task_name))
        try:
            for name, terminal, range_V in zip(s.physical_channels, s.channel_terminals, s.channel_ranges, strict=True):
                task.ai_channels.add_ai_voltage_chan(
                    name, terminal_config=_TERMINALS[terminal], min_val=-range_V, max_val=range_V
                )
            task.timing.cfg_samp_clk_timing(rate_hz, sample_mode=AcquisitionType.CONTINUOUS)
            task.in_stream.input_buf_size = buffer_samples
            self._actual_rate_hz = task.timing.samp_clk_rate
            reader = AnalogMultiChannelReader(task.in_stream)
            # The client packs what it gets by its own count of channels; checked once here, not with an RPC at every read.
            if task.in_stream.num_chans != self._raw.shape[0]:
                raise SourceError(
                    f"{self._doing('opened')}: the device made {task.in_stream.num_chans} channels of the "
                    f"{self._raw.shape[0]} physical_channels; name each input by itself."
                )
            reader.verify_array_shape = False
        except BaseException:
            with suppress(Error):
                task.close()
            raise
        self._task, self._reader = task, reader
        off = self._actual_rate_hz / rate_hz - 1.0
        if abs(off) > RATE_TOLERANCE:
            self._note = (
                f"The device samples the stream {self._stream.name!r} at {self._actual_rate_hz:.7g} Hz instead of "
                f"{rate_hz:g} Hz, which its clock can't make; set rate_hz to what it makes."
            )

    def _run_task(self) -> None:
        self._task.start()
        now_s = time.monotonic()
        if self._seen_index is not None:
            missed = round((now_s - self._seen_s) * self._actual_rate_hz)
            self._next_index = max(self._next_index, self._seen_index + missed)
            self._segment += 1
        self._seen_index, self._seen_s = self._next_index, now_s
        self._backlog_due_s = now_s + BACKLOG_EVERY_S
        self._last_block_s = now_s
        self._backlog = 0
        self._state = SourceState.RUNNING

    def _release_task(self) -> None:
        task, self._task, self._reader = self._task, None, None
        if task is not None:
            with suppress(Error):
                task.close()

    def _deliver(self, count: int) -> Block | None:
        columns = self._raw.shape[0]
        # What was read lies packed at the beginning, channel after channel, also where it is less than was asked for.
        rows = self._raw.reshape(-1)[: columns * count].reshape(columns, count)
        first_index = self._next_index
        self._next_index += count
        now_s = self._last_block_s = time.monotonic()
        if math.isnan(rows[0, 0]):
            self._note = (
                f"The server kept {count} samples of the stream {self._stream.name!r} to itself when a read timed out; "
                "they are lost. Update the NI gRPC Device Server."
            )
            return None
        block = self._block[:count]
        np.copyto(block, rows.T, casting="same_kind")
        self._state = SourceState.RUNNING
        self._lost_since_s = None
        if now_s >= self._backlog_due_s:
            self._measure_backlog()
        return Block(block, first_index, now_s, self._segment)

    def _measure_backlog(self) -> None:
        # If the device is gone, the next read says so; the block in hand is good.
        with suppress(Error):
            self._backlog = int(self._task.in_stream.avail_samp_per_chan)
            self._seen_index, self._seen_s = self._next_index + self._backlog, time.monotonic()
        self._backlog_due_s = time.monotonic() + BACKLOG_EVERY_S

    def _nothing_came(self) -> None:
        if time.monotonic() - self._last_block_s > SILENT_AFTER_S:
            self._state = SourceState.SILENT
            self._note = (
                f"The device of the stream {self._stream.name!r} runs but has handed out no samples for "
                f"{time.monotonic() - self._last_block_s:.0f} s; check its sample clock and its trigger."
            )

    def _fail(self, error: Error) -> None:
        """Note a fault that a new task may cure, or raise SourceError."""
        now_s = time.monotonic()
        overflow = device_code(error) in OVERFLOWS
        explained = self._connection.explain(error, f"The stream {self._stream.name!r} broke off")
        self._release_task()
        self._fault = str(explained)
        self._state = SourceState.IDLE
        if overflow:
            self._overflows.append(now_s)
            if len(self._overflows) == OVERFLOWS_AT_MOST and now_s - self._overflows[0] < OVERFLOWS_WITHIN_S:
                raise SourceError(
                    f"{explained} That was {OVERFLOWS_AT_MOST} times within {OVERFLOWS_WITHIN_S:.0f} s: this computer "
                    "can't keep up.",
                    explained.code,
                ) from error
        elif not may_come_back(error):
            raise explained from error
        self._lost_since_s = now_s if self._lost_since_s is None else self._lost_since_s
        self._await_return(now_s, explained, error, wait_s=0.0 if overflow else self._settings.retry_s)

    def _await_return(self, now_s: float, explained: SourceError, error: Error, wait_s: float) -> None:
        lost_s = now_s - (now_s if self._lost_since_s is None else self._lost_since_s)
        if lost_s > self._settings.rejoin_s:
            self._state = SourceState.IDLE
            raise SourceError(f"{explained} It was tried again for {lost_s:.0f} s.", explained.code) from error
        self._note = f"{explained} Trying again since {lost_s:.0f} s."
        self._retry_at_s = now_s + wait_s
        self._state = SourceState.LOST

    def _rejoin(self, timeout_s: float) -> None:
        """Try to build the task anew; the samples come with the next read."""
        wait_s = self._retry_at_s - time.monotonic()
        if wait_s > 0.0:
            time.sleep(min(wait_s, max(timeout_s, 0.0)))
            if wait_s > timeout_s:
                return
        before = self._next_index
        try:
            self._clear_leftover()
            self._make_task()
            self._run_task()
        except Error as error:
            self._release_task()
            explained = self._connection.explain(error, self._doing("started again"))
            self._await_return(time.monotonic(), explained, error, self._settings.retry_s)
            return
        lost = self._next_index - before
        self._note = f"{self._fault} It runs again; about {lost} samples were lost."

    def _clear_leftover(self) -> None:
        """Clear what the broken connection left on the server, which would keep the device reserved."""
        if self._task_name:
            with suppress(Error):
                nidaqmx.Task(self._task_name, grpc_options=self._connection.options(self._task_name, attach=True)).close()
