"""An OpenBCI Cyton, with or without Daisy, at wire level on a pseudo-terminal; it can be made to misbehave.

POSIX only: it needs pseudo-terminals. Commands and packets as OpenBCI documents them for the Cyton with firmware 3: packets
of 33 bytes, 0xA0, a counter, eight 24-bit numbers, high byte first, six bytes of acceleration, 0xC0, 250 of them a second.
With a Daisy each row of 16 channels takes two packets, the Daisy's eight channels under an even counter and then the Cyton's
under an odd one, so there are 125 rows a second.
"""

from __future__ import annotations

import os
import pty
import select
import sys
import threading
import tty
from collections.abc import Callable
from os import write
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hardware.host_clock import host_now_s
from hardware.source import SourceError

PACKETS_PER_S = 250.0
GAINS = (1.0, 2.0, 4.0, 6.0, 8.0, 12.0, 24.0)
VREF_UV = 4.5e6
FULL_SCALE = 2**23 - 1
GREETING = "OpenBCI V3 8-16 channel\nOn Board ADS1299 Device ID: 0x3E\nLIS3DH Device ID: 0x33\nFirmware: v3.1.2\n$$$"
GREETING_WITH_DAISY = GREETING.replace("LIS3DH", "On Daisy ADS1299 Device ID: 0x3E\nLIS3DH")
CHANNEL_KEYS = "12345678QWERTYUI"

# (first, n) -> (n, channels) in µV
Signal = Callable[[int, int], NDArray[np.float64]]


class CytonStandIn:
    """Plays a Cyton on the serial port `port`, a link that stays the same when the board is unplugged and plugged in again.

    Use it as a context manager; it is plugged in on entry. `boot_s` is the time until it answers after power comes,
    `first_packet_s` that between the command to stream and the first packet. Misbehaviour: `drop`, `garble`, `clump`,
    `silence`, `answer`, `unplug`, `plug_in`. Samples are numbered from the command to stream on; `samples_sent` are over.
    """

    def __init__(
        self,
        signal: Signal,
        port: Path,
        *,
        daisy: bool = False,
        boot_s: float = 0.0,
        first_packet_s: float = 0.0,
        clock_ppm: float = 0.0,
    ) -> None:
        """Take the signal of 8 channels, 16 with `daisy`; nothing exists until it is plugged in."""
        self.port = port
        self.daisy = daisy
        self.channels = 16 if daisy else 8
        self._packets_per_s = PACKETS_PER_S * (1.0 + clock_ppm * 1e-6)
        self.rate_hz = self._packets_per_s / 2 if daisy else self._packets_per_s
        self.answers = True
        self.boot_s = boot_s
        self.first_packet_s = first_packet_s
        self.commands: list[str] = []
        self.samples_sent = 0
        self.streaming = False
        self._signal = signal
        self._gains = np.full(self.channels, 24.0)
        self._clump = (1, 0.0)
        self._silent = False
        self._drop = 0
        self._garbage = b""
        self._unsent = b""
        self._lock = threading.Lock()
        self._unplugged = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> CytonStandIn:
        """Plug it in."""
        self.plug_in()
        return self

    def __exit__(self, *_: object) -> None:
        """Unplug it, which ends its thread and removes the link."""
        self.unplug()

    def plug_in(self) -> None:
        """Make the port and power up; does nothing while plugged in."""
        if self._thread is not None:
            return
        master, slave, name = _pseudo_terminal()
        self.port.symlink_to(name)
        self._unplugged.clear()
        self.streaming = False
        self._gains[:] = 24.0
        self._thread = threading.Thread(target=self._serve, args=(master, slave), name="cyton stand-in")
        self._thread.start()

    def unplug(self) -> None:
        """Take the port away, whoever holds it; does nothing while unplugged."""
        if self._thread is None:
            return
        self._unplugged.set()
        self._thread.join()
        self._thread = None
        self.port.unlink()

    def drop(self, packets: int) -> None:
        """Lose the next packets on the air; their counters are spent."""
        with self._lock:
            self._drop += packets

    def garble(self, noise: bytes) -> None:
        """Put these bytes on the wire before the next packet."""
        with self._lock:
            self._garbage += noise

    def clump(self, packets: int, late_s: float = 0.0) -> None:
        """From now on send so many packets at once, so late; `clump(1)` ends it."""
        with self._lock:
            self._clump = (packets, late_s)

    def silence(self, on: bool) -> None:
        """Send nothing while on; the counters are spent all the same."""
        with self._lock:
            self._silent = on

    def answer(self, on: bool) -> None:
        """Answer commands, or, as a dongle whose board is switched off, leave them unanswered."""
        self.answers = on

    def counts(self, first: int, n: int) -> NDArray[np.int64]:
        """Return samples `first` to `first + n` as the converter's whole numbers, at the gain each channel has now."""
        counts = np.rint(self._signal(first, n) * self._gains * FULL_SCALE / VREF_UV)
        limited: NDArray[np.int64] = np.clip(counts, -FULL_SCALE - 1, FULL_SCALE).astype(np.int64)
        return limited

    def microvolts(self, first: int, n: int) -> NDArray[np.float64]:
        """Return the same samples as a perfect client would show them, in µV."""
        microvolts: NDArray[np.float64] = self.counts(first, n) * VREF_UV / FULL_SCALE / self._gains
        return microvolts

    def _serve(self, master: int, slave: int) -> None:
        try:
            if self._unplugged.wait(self.boot_s):
                return
            pending = ""
            start_s = 0.0
            packet = 0
            while not self._unplugged.is_set():
                ready, _, _ = select.select([master], [], [], 0.002)
                if ready:
                    pending += os.read(master, 4096).decode("latin-1")
                    was_streaming = self.streaming
                    pending = self._obey(pending)
                    if self.streaming and not was_streaming:
                        start_s = host_now_s() + self.first_packet_s
                        packet = 0
                        self.samples_sent = 0
                if self.streaming:
                    packet = self._stream(packet, host_now_s() - start_s)
                self._send(master)
        finally:
            os.close(master)
            os.close(slave)

    def _obey(self, text: str) -> str:
        """Carry out the commands in `text` and return what is left of it, the beginning of a long command."""
        while text:
            if text[0] == "x":
                end = text.find("X")
                if end < 0:
                    return text
                command, text = text[: end + 1], text[end + 1 :]
            else:
                command, text = text[0], text[1:]
            if not self.answers:
                continue
            self.commands.append(command)
            reply = self._reply(command)
            if reply and not self.streaming:
                self._unsent += reply.encode()
        return ""

    def _reply(self, command: str) -> str:
        if command == "v":
            self.streaming = False
            return GREETING_WITH_DAISY if self.daisy else GREETING
        if command == "d":
            self._gains[:] = 24.0
            return "updating channel settings to default$$$"
        if command == "C":
            return "daisy attached16$$$" if self.daisy else "no daisy to attach!8$$$"
        if command == "c":
            return "daisy removed$$$" if self.daisy else "no daisy to remove!$$$"
        if command[0] == "x":
            return self._set_channel(command)
        if command == "b":
            self.streaming = True
        elif command == "s":
            self.streaming = False
        return ""

    def _set_channel(self, command: str) -> str:
        channel = CHANNEL_KEYS.find(command[1]) if len(command) == 9 else -1
        if not 0 <= channel < self.channels or command[3] not in "0123456":
            return "Failure: invalid channel settings$$$"
        self._gains[channel] = GAINS[int(command[3])]
        return f"Success: Channel set for {channel + 1}$$$"

    def _send(self, master: int) -> None:
        """Send what waits: a port whose reader is held up takes a part, or nothing, and the rest goes first the next time."""
        try:
            self._unsent = self._unsent[write(master, self._unsent) :]
        except BlockingIOError:
            return

    def _stream(self, packet: int, elapsed_s: float) -> int:
        """Put what is due behind what waits, and return the number of the next packet."""
        with self._lock:
            clump, late_s = self._clump
            due = int(max(0.0, elapsed_s - late_s) * self._packets_per_s) // clump * clump
            if due <= packet:
                return packet
            self._unsent += self._garbage + self._packets(packet, due)
            self._garbage = b""
            self.samples_sent = due // 2 if self.daisy else due
        return due

    def _packets(self, begin: int, end: int) -> bytes:
        first = begin // 2 if self.daisy else begin
        last = (end - 1) // 2 if self.daisy else end - 1
        counts = self.counts(first, last - first + 1)
        wire = bytearray()
        for number in range(begin, end):
            if self._silent:
                continue
            if self._drop:
                self._drop -= 1
                continue
            row = counts[(number // 2 if self.daisy else number) - first]
            if self.daisy:
                row = row[:8] if number % 2 else row[8:]
            wire += bytes([0xA0, number % 256])
            wire += b"".join(int(value).to_bytes(3, "big", signed=True) for value in row)
            wire += bytes(6) + b"\xc0"
        return bytes(wire)


def _pseudo_terminal() -> tuple[int, int, str]:
    """Return both ends of a pseudo-terminal, and the name of the one that a client opens."""
    if sys.platform == "win32":
        raise SourceError("Windows has no pseudo-terminals, so no Cyton can be played there.")
    else:  # noqa: RET506 - what mypy takes for another platform must not follow on
        master, slave = pty.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        return master, slave, os.ttyname(slave)
