"""A simulated data acquisition card: inputs that follow a function of time, a sample clock, a finite buffer.

It behaves as NI-DAQmx's C reference and NI's own tests of their Python client describe it; NI's driver is not part of it.
"""

from __future__ import annotations

import math
import threading
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hardware.host_clock import host_now_s

# (first, n) -> (n, inputs) in V. Sample 0 was taken when the rack was set up, and the card's clock never stops, so that
# what a task missed between two starts can be told.
Signal = Callable[[int, int], NDArray[np.float64]]

INVALID_TASK = -200088
DUPLICATE_TASK = -200089
UNKNOWN_DEVICE = -200220
UNKNOWN_CHANNEL = -200170
OVERWRITTEN = -200279
NOT_YET_AVAILABLE = -200284
NOT_ACCESSIBLE = -201003
RESERVED = -50103

TEXTS = {
    INVALID_TASK: "Task specified is invalid or does not exist.",
    DUPLICATE_TASK: "Task name specified conflicts with an existing task name.",
    UNKNOWN_DEVICE: "Device identifier is invalid.",
    UNKNOWN_CHANNEL: "Physical channel specified does not exist on this device.",
    OVERWRITTEN: "The application is not able to keep up with the hardware acquisition.",
    NOT_YET_AVAILABLE: "Some or all of the samples requested have not yet been acquired.",
    NOT_ACCESSIBLE: "Device cannot be accessed.",
    RESERVED: "The specified resource is reserved. The operation could not be completed as specified.",
}


# Highest rate in Hz, and the buffer in samples that NI-DAQmx's manual says a continuous task then gets at least.
LEAST_BUFFERS = ((100.0, 1_000), (10e3, 10_000), (1e6, 100_000), (math.inf, 1_000_000))


class CardError(Exception):
    """An NI-DAQmx error; `read` are the samples (inputs, n) that a timed-out read did get, None for any other error."""

    def __init__(self, code: int, read: NDArray[np.float64] | None = None) -> None:
        super().__init__(TEXTS.get(code, f"Error {code}."))
        self.code = code
        self.read = read


@dataclass(frozen=True, slots=True)
class Card:
    """A card's properties; its clock divides `timebase_hz` by a whole number, so not every rate can be made.

    `clock_ppm` is how far its crystal is off, of which the card itself knows nothing.
    """

    name: str = "Dev1"
    product: str = "PCIe-6343"
    serial: int = 0x01A2B3C4
    inputs: int = 32
    simulated: bool = False
    timebase_hz: float = 100e6
    clock_ppm: float = 0.0

    @property
    def input_names(self) -> list[str]:
        """The names of the analog inputs."""
        return [f"{self.name}/ai{number}" for number in range(self.inputs)]


class Rack:
    """The cards of one machine, what is plugged in, and the faults that were ordered."""

    def __init__(self, signal: Signal, cards: tuple[Card, ...] = (Card(),)) -> None:
        self.signal = signal
        self.cards = {card.name: card for card in cards}
        self.epoch_s = host_now_s()
        self.changed = threading.Condition()
        self.away: set[str] = set()
        self.tasks: dict[str, CardTask] = {}
        self.cut_reads: list[int] = []
        self.calls: Counter[str] = Counter()
        self._ordered: defaultdict[str, list[int]] = defaultdict(list)

    def fail_next(self, call: str, code: int, times: int = 1) -> None:
        """Let the next calls of this name (`ReadAnalogF64`) fail with an NI-DAQmx code."""
        self._ordered[call] += [code] * times

    def cut_next_read(self, samples: int) -> None:
        """Let the next read time out when it has this many samples."""
        self.cut_reads.append(samples)

    def unplug(self, name: str) -> None:
        """Take a card away, also from the tasks that run on it."""
        with self.changed:
            self.away.add(name)
            self.changed.notify_all()

    def plug_in(self, name: str) -> None:
        """Bring a card back; tasks that lost it stay broken."""
        with self.changed:
            self.away.discard(name)

    def begin(self, call: str) -> None:
        """Count a call, and raise the fault that was ordered for it."""
        self.calls[call] += 1
        if self._ordered[call]:
            raise CardError(self._ordered[call].pop(0))

    def make_task(self, name: str) -> CardTask:
        """Make a task; an empty name gets one."""
        name = name or f"_unnamedTask<{len(self.tasks):X}>"
        if name in self.tasks:
            raise CardError(DUPLICATE_TASK)
        self.tasks[name] = task = CardTask(self, name)
        return task

    def task(self, name: str) -> CardTask:
        """Return a task; raises CardError where it is unknown."""
        if name not in self.tasks:
            raise CardError(INVALID_TASK)
        return self.tasks[name]

    def clear(self, name: str) -> None:
        """Stop and forget a task."""
        self.task(name).stop()
        del self.tasks[name]


class CardTask:
    """One analog input task: inputs in the order in which they were added, one clock, one buffer."""

    def __init__(self, rack: Rack, name: str) -> None:
        self.rack = rack
        self.name = name
        self.inputs: list[str] = []
        self.columns: list[int] = []
        self.rate_hz = self.true_rate_hz = 1000.0
        self.buffer_samples = 0
        self.running = False
        self.broken = 0
        self.first = 0
        self.read_samples = 0

    @property
    def cards(self) -> set[str]:
        """The names of the cards that the inputs are on."""
        return {name.split("/")[0] for name in self.inputs}

    def add_input(self, name: str) -> None:
        """Add one input, such as `Dev1/ai3`."""
        card = self.rack.cards.get(name.split("/")[0])
        if card is None or card.name in self.rack.away:
            raise CardError(UNKNOWN_DEVICE)
        if name not in card.input_names:
            raise CardError(UNKNOWN_CHANNEL)
        self.inputs.append(name)
        self.columns.append(card.input_names.index(name))

    def set_clock(self, rate_hz: float, buffer_samples: int) -> None:
        """Set the rate, which becomes the nearest that the clock can make, and the buffer, which NI-DAQmx may enlarge."""
        timebase_hz = min(self.rack.cards[name].timebase_hz for name in self.cards)
        self.rate_hz = timebase_hz / round(timebase_hz / rate_hz)
        self.true_rate_hz = self.rate_hz * (1.0 + max(self.rack.cards[name].clock_ppm for name in self.cards) * 1e-6)
        least = next(size for limit_hz, size in LEAST_BUFFERS if rate_hz <= limit_hz)
        self.buffer_samples = max(buffer_samples, least)

    def start(self) -> None:
        """Reserve the cards and let the clock run."""
        if self.cards & self.rack.away:
            raise CardError(NOT_ACCESSIBLE)
        if any(task.running and task is not self and task.cards & self.cards for task in self.rack.tasks.values()):
            raise CardError(RESERVED)
        self.first = math.ceil((host_now_s() - self.rack.epoch_s) * self.true_rate_hz)
        self.read_samples = 0
        self.broken = 0
        self.running = True

    def stop(self) -> None:
        """Stop the clock and give the cards back."""
        self.running = False

    @property
    def available(self) -> int:
        """Samples per input that were taken and not yet read."""
        if not self.running:
            return 0
        taken = math.floor((host_now_s() - self.rack.epoch_s) * self.true_rate_hz) + 1 - self.first
        return max(taken, 0) - self.read_samples

    def read(self, samples: int, timeout_s: float) -> NDArray[np.float64]:
        """Return (inputs, samples) in V when all are there; raises CardError, with what there is where time ran out."""
        deadline_s = host_now_s() + timeout_s
        cut = self.rack.cut_reads.pop(0) if self.rack.cut_reads else None
        wanted = samples if cut is None else cut
        with self.rack.changed:
            while True:
                self._check()
                now_s = host_now_s()
                if self.available >= wanted or now_s >= deadline_s:
                    break
                self.rack.changed.wait(min((wanted - self.available) / self.rate_hz, deadline_s - now_s))
            got = min(self.available, wanted)
            first = self.first + self.read_samples
            self.read_samples += got
        volts = np.ascontiguousarray(self.rack.signal(first, got)[:, self.columns].T)
        if got < samples:
            raise CardError(NOT_YET_AVAILABLE, volts)
        return volts

    def _check(self) -> None:
        if self.cards & self.rack.away:
            self.broken = NOT_ACCESSIBLE
        elif not self.broken and self.available > self.buffer_samples:
            self.broken = OVERWRITTEN
        if self.broken:
            raise CardError(self.broken)
