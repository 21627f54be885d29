"""Analog inputs read through NI-DAQmx, on this machine or through an NI gRPC Device Server, as one task with one clock."""

from __future__ import annotations

import math
import uuid
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import nidaqmx
import numpy as np
from nidaqmx.constants import AcquisitionType, TerminalConfiguration
from nidaqmx.errors import Error
from nidaqmx.stream_readers import AnalogMultiChannelReader

from hardware.host_clock import host_now_s
from hardware.nidaq import driver_warnings
from hardware.nidaq.connection import OVERFLOWS, TIMED_OUT, Connection, device_code, may_come_back
from hardware.nidaq.settings import NidaqSettings
from hardware.reconnect import Reconnect
from hardware.resource_lock import ResourceLock
from hardware.source import Block, SourceError, SourceState, Stream, same_rate

DRAIN_S = 2.0
BACKLOG_EVERY_S = 0.25
SILENT_AFTER_S = 1.0
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


@dataclass(slots=True)
class _Task:
    daq: Any
    reader: Any
    rate_hz: float
    started_s: float = 0.0


class NidaqSource:
    """Reads blocks of volts from all inputs of one NI-DAQmx task.

    A read that times out hands out the samples that did come, as a shorter block. After an overflow, or when the device or
    its server was away, the task is built anew in the background: a new segment, and a gap whose length is estimated from
    this machine's clock, to about the time that a start takes. `actual_rate_hz` is what the device's clock divider can make,
    as read back from it; the nominal rate before `open`. Raises SourceError where settings and stream don't fit together.
    """

    def __init__(self, stream: Stream, settings: NidaqSettings) -> None:
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
        self.stream = stream
        self.state = SourceState.IDLE
        self.note = ""
        self.backlog_samples = 0
        self.actual_rate_hz = stream.rate_hz
        self._settings = settings
        self._fault = ""
        self._raw = np.empty((columns, stream.block_samples), dtype=np.float64)
        self._block = np.empty((stream.block_samples, columns), dtype=stream.dtype)
        # The name lets a task that a broken connection left behind on the server be found and cleared.
        self._task_name = f"squatscope_{stream.name}_{uuid.uuid4().hex[:8]}" if settings.server else ""
        self._connection = Connection(settings.server, settings.tls_certificate, settings.answer_s)
        devices = dict.fromkeys(channel.split("/")[0] for channel in settings.physical_channels)
        self._locks = {device: ResourceLock(f"nidaqmx {settings.server} {device}") for device in devices}
        self._warned: set[int] = set()
        self._task: _Task | None = None
        self._reconnect: Reconnect[_Task] | None = None
        self._next_index = 0
        self._segment = 0
        # Where the device was, and when: the newest sample that it is known to have taken.
        self._seen_index: int | None = None
        self._seen_s = 0.0
        self._backlog_due_s = 0.0
        self._last_block_s = 0.0
        # Counted until samples come again: a device that returns only to break off at once is lost all the while.
        self._lost_since_s = math.inf
        self._overflows: deque[float] = deque(maxlen=OVERFLOWS_AT_MOST)

    def open(self) -> None:
        """Make the task: inputs, clock and buffer; raises SourceError."""
        for device, lock in self._locks.items():
            if holder := lock.take():
                self.close()
                raise SourceError(
                    f"{self._doing('opened')}: the device {device} is in use by {holder.in_words}; end that session first."
                )
        driver_warnings.listen()
        self._connection.open()
        try:
            self._task = self._make_task()
        except Error as error:
            self.close()
            raise self._connection.explain(error, self._doing("opened")) from error
        self.actual_rate_hz = self._task.rate_hz
        if not same_rate(self.actual_rate_hz, self.stream.rate_hz):
            self.close()
            raise SourceError(
                f"{self._doing('opened')} at {self.stream.rate_hz!r} Hz: the device's clock can't make that, and would "
                f"sample at {self.actual_rate_hz!r} Hz; set rate_hz = {self.actual_rate_hz!r}."
            )

    def start(self) -> None:
        """Begin to acquire; raises SourceError."""
        if self._task is None:
            raise SourceError(f"{self._doing('started')}: it is not open. Call open first.")
        task, self._task = self._task, None
        self._start(task, "started")
        self._adopt(task)

    def read(self, timeout_s: float) -> Block | None:
        """Return the next block, shorter than usual if time ran out, or None if nothing came; raises SourceError."""
        if self._reconnect is not None:
            self._await_return(self._reconnect, timeout_s)
            return None
        if self._task is None or self.state is SourceState.IDLE:
            raise SourceError(f"{self._doing('read')}: it is not running. Call open and start first.")
        # No input reads NaN: if it is still there after a partial read, the samples stayed behind at the server.
        self._raw[0, 0] = math.nan
        try:
            count = int(self._task.reader.read_many_sample(self._raw, self.stream.block_samples, max(timeout_s, 0.0)))
        except Error as error:
            if device_code(error) != TIMED_OUT:
                self._lose(self._task, error)
                return None
            count = getattr(error, "samps_per_chan_read", 0)
        self._hear()
        if count <= 0:
            self._nothing_came()
            return None
        return self._deliver(self._task, count)

    def _hear(self) -> None:
        """Tell a warning of the driver the first time that it comes."""
        for code, words in driver_warnings.heard().items():
            if code not in self._warned:
                self._warned.add(code)
                self.note = f"NI-DAQmx warns of the stream {self.stream.name!r}, and samples go on: {words.rstrip('.')}."

    def drain(self) -> Iterator[Block]:
        """Hand out what is in the device's buffer now."""
        left = 0
        if self._task is not None and self.state is SourceState.RUNNING:
            with suppress(Error):
                left = int(self._task.daq.in_stream.avail_samp_per_chan)
        while left > 0 and self._reconnect is None:
            block = self.read(DRAIN_S)
            if block is None:
                break
            left -= len(block.samples)
            yield block
        self.backlog_samples = max(0, left)

    def stop(self) -> None:
        """Stop acquiring, or trying to join the device again; never raises."""
        if self._reconnect is not None:
            self._reconnect.cancel()
            self._reconnect = None
        if self._task is not None and self.state is not SourceState.IDLE:
            with suppress(Error):
                self._task.daq.stop()
        self.state = SourceState.IDLE

    def close(self) -> None:
        """Release the task and the connection, also where the server is gone; never raises."""
        self.stop()
        if self._task is not None:
            _release(self._task)
            self._task = None
        self._connection.close()
        for lock in self._locks.values():
            lock.free()

    def _doing(self, what: str) -> str:
        return f"The stream {self.stream.name!r} can't be {what}"

    def _make_task(self) -> _Task:
        s = self._settings
        rate_hz = self.stream.rate_hz
        buffer_samples = max(math.ceil(s.buffer_s * rate_hz), 2 * self.stream.block_samples)
        task = nidaqmx.Task(self._task_name, grpc_options=self._connection.options(self._task_name))
        try:
            for name, terminal, range_V in zip(s.physical_channels, s.channel_terminals, s.channel_ranges, strict=True):
                task.ai_channels.add_ai_voltage_chan(
                    name, terminal_config=_TERMINALS[terminal], min_val=-range_V, max_val=range_V
                )
            task.timing.cfg_samp_clk_timing(rate_hz, sample_mode=AcquisitionType.CONTINUOUS)
            task.in_stream.input_buf_size = buffer_samples
            actual_rate_hz = task.timing.samp_clk_rate
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
        return _Task(task, reader, actual_rate_hz)

    def _start(self, task: _Task, doing: str) -> None:
        """Let a task run; raises SourceError, and then the task is released."""
        try:
            task.daq.start()
        except Error as error:
            _release(task)
            raise self._connection.explain(error, self._doing(doing)) from error
        task.started_s = host_now_s()

    def _adopt(self, task: _Task) -> None:
        """Read from a task that runs; what the one before it missed is a gap."""
        if self._seen_index is not None:
            missed = round((task.started_s - self._seen_s) * task.rate_hz)
            self._next_index = max(self._next_index, self._seen_index + missed)
            self._segment += 1
        self._task = task
        self._seen_index, self._seen_s = self._next_index, task.started_s
        self._backlog_due_s = task.started_s + BACKLOG_EVERY_S
        self._last_block_s = host_now_s()
        self.backlog_samples = 0
        self.state = SourceState.RUNNING

    def _deliver(self, task: _Task, count: int) -> Block | None:
        columns = self._raw.shape[0]
        # What was read lies packed at the beginning, channel after channel, also where it is less than was asked for.
        rows = self._raw.reshape(-1)[: columns * count].reshape(columns, count)
        first_index = self._next_index
        self._next_index += count
        now_s = self._last_block_s = host_now_s()
        if math.isnan(rows[0, 0]):
            self.note = (
                f"The server kept {count} samples of the stream {self.stream.name!r} to itself when a read timed out; "
                "they are lost. Update the NI gRPC Device Server."
            )
            return None
        block = self._block[:count]
        np.copyto(block, rows.T, casting="same_kind")
        self.state = SourceState.RUNNING
        self._lost_since_s = math.inf
        if now_s >= self._backlog_due_s:
            self._measure_backlog(task)
        return Block(block, first_index, now_s, self._segment)

    def _measure_backlog(self, task: _Task) -> None:
        # If the device is gone, the next read says so; the block in hand is good.
        with suppress(Error):
            self.backlog_samples = int(task.daq.in_stream.avail_samp_per_chan)
            self._seen_index, self._seen_s = self._next_index + self.backlog_samples, host_now_s()
        self._backlog_due_s = host_now_s() + BACKLOG_EVERY_S

    def _nothing_came(self) -> None:
        if host_now_s() - self._last_block_s > SILENT_AFTER_S:
            self.state = SourceState.SILENT
            self.note = (
                f"The device of the stream {self.stream.name!r} runs but has handed out no samples for "
                f"{host_now_s() - self._last_block_s:.0f} s; check its sample clock and its trigger."
            )

    def _lose(self, task: _Task, error: Error) -> None:
        """Begin to join the device again after a fault that a new task may cure, else raise SourceError."""
        now_s = host_now_s()
        explained = self._connection.explain(error, f"The stream {self.stream.name!r} broke off")
        self._task = None
        self._fault = str(explained)
        self._lost_since_s = min(self._lost_since_s, now_s)
        lost_s = now_s - self._lost_since_s
        overflow = device_code(error) in OVERFLOWS
        ending = ""
        if overflow and self._cannot_keep_up(now_s):
            ending = f" That was {OVERFLOWS_AT_MOST} times within {OVERFLOWS_WITHIN_S:.0f} s: this computer can't keep up."
        elif lost_s > self._settings.rejoin_s:
            ending = f" It was tried again for {lost_s:.0f} s."
        elif overflow or may_come_back(error):
            self.note = f"{explained} Trying again."
            self.state = SourceState.LOST
            retry_s = self._settings.retry_s
            self._reconnect = Reconnect(
                explained,
                task,
                self._join_again,
                _release,
                self._settings.rejoin_s - lost_s,
                retry_s=retry_s,
                delay_s=0.0 if overflow else retry_s,
            )
            return
        _release(task)
        self.state = SourceState.IDLE
        raise SourceError(f"{explained}{ending}", explained.code) from error

    def _cannot_keep_up(self, now_s: float) -> bool:
        self._overflows.append(now_s)
        return len(self._overflows) == OVERFLOWS_AT_MOST and now_s - self._overflows[0] < OVERFLOWS_WITHIN_S

    def _join_again(self) -> _Task:
        # What the broken connection left on the server would keep the device reserved.
        if self._task_name:
            with suppress(Error):
                nidaqmx.Task(self._task_name, grpc_options=self._connection.options(self._task_name, attach=True)).close()
        try:
            task = self._make_task()
        except Error as error:
            raise self._connection.explain(error, self._doing("started again")) from error
        self._start(task, "started again")
        return task

    def _await_return(self, reconnect: Reconnect[_Task], timeout_s: float) -> None:
        """Adopt the new task, if it is there in time; the samples come with the next read."""
        try:
            task = reconnect.result(timeout_s)
        except SourceError:
            self._reconnect = None
            self.state = SourceState.IDLE
            raise
        if task is None:
            self.note = f"{reconnect.error} Trying again since {host_now_s() - self._lost_since_s:.0f} s."
            return
        self._reconnect = None
        before = self._next_index
        self._adopt(task)
        self.note = f"{self._fault} It runs again; about {self._next_index - before} samples were lost."


def _release(task: _Task) -> None:
    with suppress(Error):
        task.daq.close()
