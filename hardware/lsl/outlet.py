"""Publishing a stream, or flags as text, on the Lab Streaming Layer; nothing is published unless it is asked for."""

from __future__ import annotations

import socket
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hardware.lsl.network import load, lsl_ahead_s
from hardware.lsl.settings import LslNetwork
from hardware.source import SourceError, Stream

BUFFER_S = 60


class LslOutlet:
    """Publishes samples of one stream, raw or derived, with its channels' names and units.

    `content` is the type of the stream in LSL's words, such as "EMG" or "Force". Needs the package pylsl.
    """

    def __init__(self, stream: Stream, network: LslNetwork, content: str) -> None:
        self._stream = stream
        self._network = network
        self._content = content
        self._outlet: Any = None
        self._ahead_s = 0.0

    def open(self) -> None:
        """Publish the stream; raises SourceError."""
        if self._outlet is not None:
            return
        pylsl = load(self._network)
        number = pylsl.cf_float32 if self._stream.dtype == "float32" else pylsl.cf_double64
        channels = self._stream.channels
        info = pylsl.StreamInfo(
            self._stream.name, self._content, len(channels), self._stream.rate_hz, number, _source_id(self._stream.name)
        )
        info.set_channel_labels([channel.name for channel in channels])
        info.set_channel_units([channel.unit for channel in channels])
        self._outlet = pylsl.StreamOutlet(info, max_buffered=BUFFER_S)
        self._ahead_s = lsl_ahead_s(pylsl)

    def push(self, samples: NDArray[np.float32] | NDArray[np.float64], host_s: float) -> None:
        """Send (n, channels) samples, the newest of which is of `host_s` on `host_now_s()`; raises SourceError."""
        if self._outlet is None:
            raise SourceError(f"The stream {self._stream.name!r} is not on LSL yet; open it before samples are pushed.")
        if samples.ndim != 2 or samples.shape[1] != len(self._stream.channels):
            raise SourceError(
                f"The stream {self._stream.name!r} takes samples of {len(self._stream.channels)} columns, and got an array of "
                f"{samples.shape}; push one row for each sample."
            )
        self._outlet.push_chunk(samples, host_s + self._ahead_s)

    def close(self) -> None:
        """Take the stream off LSL."""
        self._outlet = None


class LslFlags:
    """Publishes flags, one line of text each, as an irregular stream of the type "Markers". Needs the package pylsl."""

    def __init__(self, name: str, network: LslNetwork) -> None:
        self._name = name
        self._network = network
        self._outlet: Any = None
        self._ahead_s = 0.0

    def open(self) -> None:
        """Publish the stream of flags; raises SourceError."""
        if self._outlet is None:
            pylsl = load(self._network)
            info = pylsl.StreamInfo(self._name, "Markers", 1, 0.0, pylsl.cf_string, _source_id(self._name))
            self._outlet = pylsl.StreamOutlet(info)
            self._ahead_s = lsl_ahead_s(pylsl)

    def push(self, text: str, host_s: float) -> None:
        """Send a flag that was raised at `host_s` on `host_now_s()`; raises SourceError."""
        if self._outlet is None:
            raise SourceError(f"The flags {self._name!r} are not on LSL yet; open them before one is pushed.")
        self._outlet.push_sample([text], host_s + self._ahead_s)

    def close(self) -> None:
        """Take the stream of flags off LSL."""
        self._outlet = None


def _source_id(name: str) -> str:
    """The same after a restart, so that others join it again, and another on another machine."""
    return f"squatscope-{socket.gethostname()}-{name}"
