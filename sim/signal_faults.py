"""Signal faults on command: what spoils a channel and loses no sample; for `Faulty`, as those of `faults` are.

Sizes are in the channel's raw unit. What is random depends on the number of the sample alone, not on how blocks are cut.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hardware.arrays import Floats
from hardware.source import Block, Stream

_NOISE = 1 << 16  # samples of noise, which then begins again


class _Part(NamedTuple):
    """Some samples of a channel in a row: values, seconds of the stream, and their numbers."""

    values: Floats
    times_s: Floats
    numbers: NDArray[np.int64]


@dataclass
class _OnChannel(ABC):
    """A fault of one channel from `at_s` on."""

    channel: str
    at_s: float = 0.0
    silent: bool = field(default=False, init=False)

    def rest(self) -> Sequence[Block]:
        """Nothing is held back."""
        return ()

    def pass_on(self, block: Block, _t_s: float, stream: Stream) -> Sequence[Block]:
        """Return the block with its channel spoiled from the time on."""
        column = stream.channel_names.index(self.channel)
        numbers = block.first_index + np.arange(len(block.samples), dtype=np.int64)
        times = numbers / stream.rate_hz
        begins = int(np.searchsorted(times, self.at_s - 1e-9))
        if begins == len(times):
            return (block,)
        samples = block.samples.copy()
        part = _Part(samples[begins:, column].astype(np.float64), times[begins:], numbers[begins:])
        samples[begins:, column] = self._spoiled(part)
        return (replace(block, samples=samples),)

    @abstractmethod
    def _spoiled(self, part: _Part) -> Floats:
        """Return the channel's values as the fault leaves them."""


@dataclass
class FallsOff(_OnChannel):
    """An electrode that falls off a wireless sensor: what is left is its noise, normal with this standard deviation."""

    noise: float = 1e-6

    def _spoiled(self, part: _Part) -> Floats:
        noise = np.random.default_rng(sum(map(ord, self.channel))).standard_normal(_NOISE)
        return np.asarray(self.noise * noise[part.numbers % _NOISE])


@dataclass
class Hum(_OnChannel):
    """Mains on a channel: an RMS at a frequency, with a share of the third harmonic."""

    rms: float = 1e-5
    hz: float = 50.0
    third: float = 0.0

    def _spoiled(self, part: _Part) -> Floats:
        tones = np.sin(2 * np.pi * self.hz * part.times_s) + self.third * np.sin(6 * np.pi * self.hz * part.times_s)
        return np.asarray(part.values + np.sqrt(2.0) * self.rms * tones)


@dataclass
class CutOff(_OnChannel):
    """A converter whose range ends at ± `most`."""

    most: float = 1.0

    def _spoiled(self, part: _Part) -> Floats:
        return np.clip(part.values, -self.most, self.most)


@dataclass
class Sticks(_OnChannel):
    """A channel that gives its last value again and again."""

    _value: float = field(default=np.nan, init=False)

    def _spoiled(self, part: _Part) -> Floats:
        if np.isnan(self._value):
            self._value = float(part.values[0])
        return np.full_like(part.values, self._value)


@dataclass
class Drifts(_OnChannel):
    """A zero that drifts evenly, or is off from the beginning."""

    per_minute: float = 0.0
    offset: float = 0.0

    def _spoiled(self, part: _Part) -> Floats:
        return np.asarray(part.values + self.offset + self.per_minute / 60.0 * (part.times_s - self.at_s))
