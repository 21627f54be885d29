"""The process behind `sim.wire.lab`: it plays the devices of a rig, each at wire level, until its standard input ends.

Each device has a crystal of its own and numbers its samples by itself; what it shows at an instant is the one lifter at that
instant. It gets rig and lifter as a line of JSON, and answers with another: where the device of each stream is to be found.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from acquisition.rig import Rig, SimulatedSource, StreamSettings
from hardware.arrays import Samples
from hardware.brainflow.settings import BrainflowSettings
from hardware.errors import SquatscopeError
from hardware.host_clock import host_now_s
from hardware.lsl.outlet import LslOutlet
from hardware.lsl.settings import LslSettings
from hardware.nidaq.settings import NidaqSettings
from hardware.source import SourceError
from sim.device import SimulatedDevice
from sim.lifter.lifter import Lifter
from sim.session_clock import SessionClock
from sim.wire.lab import CLOCK_PPM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


PUSH_S = 0.02
CYTON_INPUTS = 8


class _Player:
    """What one device shows: simulated samples of its stream, by the numbers that the device gives them."""

    def __init__(self, settings: StreamSettings, rig: Rig, lifter: Lifter, session: SessionClock) -> None:
        self.clock_ppm = CLOCK_PPM[settings.source.kind]
        self.rate_hz = settings.rate_hz * (1.0 + self.clock_ppm * 1e-6)
        bits = 24 if isinstance(settings.source, BrainflowSettings) else 16
        source = SimulatedSource(kind="simulated", clock_ppm=self.clock_ppm, adc_bits=bits)
        self._device = SimulatedDevice(settings.model_copy(update={"source": source}), rig, lifter, session=session)
        self._quiet = max(1, int(lifter.tempo.quiet_s * self.rate_hz))
        self._session = session

    def begin(self, at_s: float) -> None:
        """Let the session begin at this time, unless another device has begun it."""
        if self._session.zero_s is None:
            self._session.zero_s = at_s

    def samples(self, first: int, n: int, began_s: float) -> Samples:
        """Return n samples, (n, channels), of a device that took its sample 0 at `began_s`.

        Before the session begins the lifter stands still: that time is played over and over.
        """
        if self._session.zero_s is None:
            return self._standing(first, n)
        start = first - round((self._session.zero_s - began_s) * self.rate_hz)
        if start >= 0:
            return self._device.samples(start, start + n)
        before = min(-start, n)
        return self._joined([self._standing(start, before), self._device.samples(0, n - before)])

    def _standing(self, first: int, n: int) -> Samples:
        pieces: list[Samples] = []
        while n > 0:
            at = first % self._quiet
            length = min(n, self._quiet - at)
            pieces.append(self._device.samples(at, at + length))
            first, n = first + length, n - length
        return self._joined(pieces)

    def _joined(self, pieces: list[Samples]) -> Samples:
        return np.concatenate(pieces).astype(self._device.stream.dtype, copy=False)


@contextmanager
def _nidaq(player: _Player, settings: NidaqSettings) -> Iterator[str]:
    # gRPC and the client's stubs take a second to import, so they are only where they are needed.
    from sim.wire.nidaq_card import Card, Rack
    from sim.wire.nidaq_server import StandInServer

    names = {channel.split("/")[0] for channel in settings.physical_channels}
    if len(names) != 1:
        raise SourceError("One NI card can be played, not several; give all physical_channels the same device.")
    card = Card(next(iter(names)), simulated=True, clock_ppm=player.clock_ppm)
    unknown = [channel for channel in settings.physical_channels if channel not in card.input_names]
    if unknown:
        raise SourceError(f"The card that is played has no input {unknown[0]!r}; its inputs are ai0 to ai{card.inputs - 1}.")
    columns = [card.input_names.index(channel) for channel in settings.physical_channels]

    def signal(first: int, n: int) -> NDArray[np.float64]:
        player.begin(rack.epoch_s + first / player.rate_hz)
        inputs = np.zeros((n, card.inputs))
        inputs[:, columns] = player.samples(first, n, rack.epoch_s)
        return inputs

    rack = Rack(signal, (card,))
    server = StandInServer(rack)
    try:
        yield server.address
    finally:
        server.kill()


@contextmanager
def _cyton(player: _Player, settings: BrainflowSettings, channels: int) -> Iterator[str]:
    from sim.wire.cyton import CytonStandIn

    if settings.board != "CYTON_BOARD":
        raise SourceError(f"The board {settings.board!r} can't be played; CYTON_BOARD can.")
    columns = [number - 1 for number in settings.inputs or range(1, channels + 1)]
    began_s = 0.0

    def signal(first: int, n: int) -> NDArray[np.float64]:
        nonlocal began_s
        if first == 0:
            began_s = host_now_s() - n / player.rate_hz
            player.begin(began_s)
        inputs = np.zeros((n, CYTON_INPUTS))
        inputs[:, columns] = player.samples(first, n, began_s)
        return inputs

    with tempfile.TemporaryDirectory(prefix="squatscope-") as folder:
        port = Path(folder) / "cyton"
        with CytonStandIn(signal, port, clock_ppm=player.clock_ppm):
            yield str(port)


@contextmanager
def _outlet(player: _Player, stream: StreamSettings, settings: LslSettings) -> Iterator[str]:
    published = StreamSettings.model_validate({**stream.model_dump(), "name": settings.stream_name or stream.name}).stream()
    outlet = LslOutlet(published, settings, settings.stream_type or "EMG")
    outlet.open()
    ended = threading.Event()

    def push() -> None:
        began_s = host_now_s()
        sent = 0
        while not ended.wait(PUSH_S):
            due = int((host_now_s() - began_s) * player.rate_hz)
            if due > sent:
                outlet.push(player.samples(sent, due - sent, began_s), began_s + due / player.rate_hz)
                sent = due

    thread = threading.Thread(target=push, name="outlet")
    thread.start()
    try:
        yield settings.stream_name
    finally:
        ended.set()
        thread.join()
        outlet.close()


def serve(line: str) -> None:
    """Play the devices that a line of JSON asks for, and say where they are, until standard input ends."""
    asked = json.loads(line)
    rig = Rig.model_validate(asked["rig"])
    lifter = Lifter.model_validate(asked["lifter"])
    session = SessionClock()
    where: dict[str, str] = {}
    with ExitStack() as devices:
        for stream in rig.stream:
            if isinstance(stream.source, SimulatedSource):
                continue
            if stream.source.kind not in CLOCK_PPM:
                raise SourceError(f"The stream {stream.name!r} has a source {stream.source.kind!r}, which can't be played.")
            player = _Player(stream, rig, lifter, session)
            match stream.source:
                case NidaqSettings():
                    device = _nidaq(player, stream.source)
                case BrainflowSettings():
                    device = _cyton(player, stream.source, len(stream.channels))
                case LslSettings():
                    device = _outlet(player, stream, stream.source)
            where[stream.name] = devices.enter_context(device)
        _say(where)
        sys.stdin.read()


def _say(answer: dict[str, str]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        serve(sys.stdin.readline())
    except SquatscopeError as error:
        _say({"error": str(error)})
