"""Two simulated devices on one sync line, with everything that makes their clocks hard to tell, and the truth.

Blocks come in clumps 18 ms long, on ways of unlike length, and now and then late. One packet in a hundred is lost. For two
seconds a device is gone; when it comes back its clock begins anew, and its sample numbers jump by what its driver guesses.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from acquisition.rig import Rig
from acquisition.stretches import TICK, Stretch, split_at_gaps
from acquisition.timebase.arrivals import Arrivals
from acquisition.timebase.clock import Clock
from acquisition.timebase.sync import clocks
from acquisition.timebase.sync_edges import finders
from hardware.source import Block, Source, Stream, StreamEnded
from sim.device import SimulatedDevice
from sim.faults import Clumps, Faulty
from sim.lifter.lifter import Lifter
from sim.session_clock import SessionClock
from tests.support.rigs import a_rig

ZERO_S = 5000.0
AWAY_S = 2.0
ON_THE_WAY_S = {"plates": 0.0005, "emg": 0.003}
"""What every block of a stream is late at least; no clock of the host can know of it, and edges show it."""
LATE_S = 0.002
"""Mean of what comes on top, exponentially distributed."""


@dataclass
class LostPackets:
    """Each block is lost with some probability."""

    share: float
    seed: int
    silent: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        """Begin the chain of chances."""
        self._chance = np.random.default_rng(self.seed)

    def pass_on(self, block: Block, _t_s: float, _stream: Stream) -> Sequence[Block]:
        """Lose the block, or not."""
        return () if self._chance.random() < self.share else (block,)

    def rest(self) -> Sequence[Block]:
        """Hold nothing back."""
        return ()


@dataclass
class Restart:
    """From `at_s` on the device is gone for AWAY_S; behind that its numbers are `jump` more than they should be."""

    at_s: float
    jump: int
    silent: bool = field(default=False, init=False)

    def pass_on(self, block: Block, t_s: float, _stream: Stream) -> Sequence[Block]:
        """Lose what falls into the outage, and count anew behind it."""
        if t_s < self.at_s:
            return (block,)
        if t_s < self.at_s + AWAY_S:
            return ()
        return (replace(block, first_index=block.first_index + self.jump, segment=block.segment + 1),)

    def rest(self) -> Sequence[Block]:
        """Hold nothing back."""
        return ()


@dataclass(frozen=True)
class Acquired:
    """What came of one stream: all samples by row, ticks, and what the simulator knows."""

    samples: NDArray[np.float64]
    ticks: NDArray[np.void]
    true_hz: float
    jumps: tuple[tuple[int, int], ...]
    """First sample number of each segment, and how much too high its numbers are."""

    def stretches(self) -> list[Stretch]:
        """Return the runs between gaps."""
        row, stretches = 0, []
        for ticks in split_at_gaps(self.ticks):
            end = int(ticks["row"][-1])
            stretches.append(Stretch(self.samples[row:end], ticks, row, int(ticks["index"][-1]) - (end - row)))
            row = end
        return stretches

    def true_s(self, index: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return when samples were taken."""
        firsts, jumps = (np.array(column) for column in zip(*self.jumps, strict=True))
        return ZERO_S + (index - jumps[np.searchsorted(firsts[1:], index, side="right")]) / self.true_hz

    def index_at(self, t_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sample numbers, with fractions, of times at which the device was there; NaN where it was not."""
        index = np.full(len(t_s), np.nan)
        ends = [first for first, _ in self.jumps[1:]] + [int(self.ticks["index"][-1])]
        for (first, jump), end in zip(self.jumps, ends, strict=True):
            at = (t_s - ZERO_S) * self.true_hz + jump
            here = (at >= first) & (at <= end - 1)
            index[here] = at[here]
        return index


def rig(*, sync: bool = True, ppm: float = 100.0, plates_hz: float = 1000.0, emg_hz: float = 2000.0) -> Rig:
    """Return a rig of two devices whose crystals are `ppm` apart, and whose packets last 6 ms."""
    return a_rig(
        *[
            {
                "name": name,
                "rate_hz": rate_hz,
                "channels": ["sync"],
                "block_samples": max(1, round(0.006 * rate_hz)),
                "sync_channel": "sync" if sync else None,
                "source": {"kind": "simulated", "clock_ppm": off, "jitter_s": 0.001},
            }
            for name, rate_hz, off in (("plates", plates_hz, ppm / 2), ("emg", emg_hz, -ppm / 2))
        ],
        name="two clocks",
    )


def acquire(two: Rig, seconds: float, seed: int = 1, away_s: tuple[float, float] = (math.inf, math.inf)) -> dict[str, Acquired]:
    """Run both devices as fast as can be, each gone from its `away_s` on for AWAY_S; return what came of each stream."""
    got = {}
    for number, (settings, gone_s) in enumerate(zip(two.stream, away_s, strict=True)):
        session = SessionClock(None, lambda: ZERO_S)
        device = SimulatedDevice(settings, two, Lifter(seed=seed), session=session, end_s=seconds)
        jump = round((0.7 + number) * settings.rate_hz) + 137
        packets = LostPackets(0.01, seed + number)
        source = Faulty(device, [packets, Restart(gone_s, jump), Clumps(0.0, math.inf, blocks=4)])
        got[settings.name] = _read(source, settings.rate_hz * (1 + settings.source.clock_ppm * 1e-6), jump, seed)
    return got


def _read(source: Source, true_hz: float, jump: int, seed: int) -> Acquired:
    late = np.random.default_rng([seed, round(true_hz)])
    source.open()
    source.start()
    pieces, ticks, jumps = [], [], [(0, 0)]
    row, came_s = 0, 0.0
    while True:
        try:
            block = source.read(0.0)
        except StreamEnded:
            break
        if block is None:
            continue
        if block.segment == len(jumps):
            jumps.append((block.first_index, jump))
        row += len(block.samples)
        pieces.append(block.samples)
        came_s = max(came_s, block.host_s + ON_THE_WAY_S[source.stream.name] + late.exponential(LATE_S))
        ticks.append((row, block.first_index + len(block.samples), block.segment, came_s))
    return Acquired(np.concatenate(pieces), np.array(ticks, TICK), true_hz, tuple(jumps))


def fitted(two: Rig, got: dict[str, Acquired]) -> dict[str, Clock]:
    """Return the clocks, by the path that recordings and results take."""
    edges = {
        name: np.concatenate([finder.take(stretch) for stretch in got[name].stretches()])
        for name, finder in finders(two).items()
    }
    return clocks({s.name: Arrivals.of(got[s.name].ticks, s.rate_hz) for s in two.stream}, edges)


def misalignment_s(lines: dict[str, Clock], got: dict[str, Acquired], step_s: float = 0.01) -> NDArray[np.float64]:
    """Return how far apart the two streams put each moment at which both were there."""
    end_s = min(a.true_s(a.ticks["index"][-1:].astype(float))[0] for a in got.values())
    t_s = np.arange(ZERO_S, end_s, step_s)
    plates, emg = (lines[name].host_s(a.index_at(t_s)) for name, a in got.items())
    apart = plates - emg
    return np.abs(apart[np.isfinite(apart)])
