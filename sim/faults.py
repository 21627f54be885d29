"""Faults on command: any source can be wrapped in faults that strike at set times of its stream.

Times are seconds of the stream, sample index / nominal rate, so that a fault strikes the same samples at any speed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from hardware.source import Block, Source, SourceError, SourceState, Stream, StreamEnded


class Fault(Protocol):
    """Something that befalls a stream; it sees every block once, in order."""

    @property
    def silent(self) -> bool:
        """Whether it holds the device silent now."""

    def pass_on(self, block: Block, t_s: float, stream: Stream, /) -> Sequence[Block]:
        """Return what comes out instead of a block whose first sample is at `t_s`; may raise SourceError."""

    def rest(self) -> Sequence[Block]:
        """Return what is still held back when the stream ends."""


class _Plain:
    """A fault that holds nothing back."""

    silent = False

    def rest(self) -> Sequence[Block]:
        return ()


@dataclass
class LostBlocks(_Plain):
    """The first `blocks` blocks from `at_s` on are lost: the next block's first index jumps."""

    at_s: float
    blocks: int = 1
    _lost: int = field(default=0, init=False)

    def pass_on(self, block: Block, t_s: float, _stream: Stream) -> Sequence[Block]:
        """Lose the block if it is one of them."""
        if t_s < self.at_s or self._lost >= self.blocks:
            return (block,)
        self._lost += 1
        return ()


@dataclass
class Silence(_Plain):
    """Nothing comes for `for_s`, and what was sampled meanwhile is lost."""

    at_s: float
    for_s: float
    silent: bool = field(default=False, init=False)

    def pass_on(self, block: Block, t_s: float, _stream: Stream) -> Sequence[Block]:
        """Lose the block if it falls into the silence."""
        self.silent = self.at_s <= t_s < self.at_s + self.for_s
        return () if self.silent else (block,)


@dataclass
class Clumps:
    """From `at_s` on for `for_s`, blocks are held back and come `blocks` at a time, all with the time of the last."""

    at_s: float
    for_s: float
    blocks: int = 5
    silent: bool = field(default=False, init=False)
    _held: list[Block] = field(default_factory=list, init=False)

    def pass_on(self, block: Block, t_s: float, _stream: Stream) -> Sequence[Block]:
        """Hold the block back, or return all that are held."""
        self._held.append(replace(block, samples=block.samples.copy()))
        clumping = self.at_s <= t_s < self.at_s + self.for_s
        return () if clumping and len(self._held) < self.blocks else self.rest()

    def rest(self) -> Sequence[Block]:
        """Return the blocks that are held, as if they had arrived together."""
        held, self._held = self._held, []
        return [replace(block, host_s=held[-1].host_s) for block in held]


@dataclass
class Death(_Plain):
    """The device is gone from `at_s` on."""

    at_s: float
    code: int | None = None

    def pass_on(self, block: Block, t_s: float, stream: Stream) -> Sequence[Block]:
        """Raise SourceError once the time has come."""
        if t_s < self.at_s:
            return (block,)
        raise SourceError(
            f"The device of the stream {stream.name!r} stopped answering {self.at_s:g} s after its start; check its "
            "cable and its power.",
            self.code,
        )


@dataclass
class NotANumber(_Plain):
    """For `for_s` some channels hold NaN, all of them where none is named."""

    at_s: float
    for_s: float
    channels: tuple[str, ...] = ()

    def pass_on(self, block: Block, t_s: float, stream: Stream) -> Sequence[Block]:
        """Return the block with NaN in the samples that it befalls."""
        times = t_s + np.arange(len(block.samples)) / stream.rate_hz
        rows = np.flatnonzero((times >= self.at_s) & (times < self.at_s + self.for_s))
        if not len(rows):
            return (block,)
        names = stream.channel_names
        columns = [names.index(name) for name in self.channels] if self.channels else list(range(len(names)))
        samples = block.samples.copy()
        samples[rows[:, None], columns] = np.nan
        return (replace(block, samples=samples),)


@dataclass
class SlowStart(_Plain):
    """The first block comes `delay_s` late; the device begins to count its samples only then."""

    delay_s: float
    silent: bool = field(default=True, init=False)
    _begin: int = field(default=0, init=False)

    def pass_on(self, block: Block, t_s: float, _stream: Stream) -> Sequence[Block]:
        """Lose what comes before, then count from 0."""
        if self.silent:
            if t_s < self.delay_s:
                return ()
            self.silent, self._begin = False, block.first_index
        return (replace(block, first_index=block.first_index - self._begin),)


class Faulty:
    """A source with faults: each block goes through them in their order."""

    def __init__(self, source: Source, faults: Sequence[Fault]) -> None:
        self.stream = source.stream
        self._source = source
        self._faults = faults
        self._ready: deque[Block] = deque()
        self._failure = ""
        self._ended = False
        self._take_state()

    def _take_state(self) -> None:
        """LOST behind a Death, SILENT in a silence, else all as the wrapped source says."""
        self.state = self._source.state
        if self._failure:
            self.state = SourceState.LOST
        elif self.state is SourceState.RUNNING and any(fault.silent for fault in self._faults):
            self.state = SourceState.SILENT
        self.note = self._failure or self._source.note
        self.backlog_samples = self._source.backlog_samples

    def open(self) -> None:
        """Open the wrapped source."""
        self._source.open()
        self._take_state()

    def start(self) -> None:
        """Start the wrapped source; a fault that has struck does not strike again."""
        self._failure = ""
        self._source.start()
        self._take_state()

    def read(self, timeout_s: float) -> Block | None:
        """Return what the faults leave of the next block; None in a silence, SourceError behind a Death."""
        try:
            return self._read(timeout_s)
        finally:
            self._take_state()

    def _read(self, timeout_s: float) -> Block | None:
        if not self._ready and not self._ended:
            try:
                block = self._source.read(timeout_s)
            except StreamEnded:
                self._ended = True
                self._ready.extend(self._pass_rest())
            else:
                if block is not None:
                    self._ready.extend(self._pass(block, self._faults))
        if self._ready:
            return self._ready.popleft()
        if self._ended:
            raise StreamEnded
        return None

    def drain(self) -> Iterator[Block]:
        """Hand out what the faults leave of what the wrapped source holds."""
        for block in self._source.drain():
            self._ready.extend(self._pass(block, self._faults))
        while self._ready:
            yield self._ready.popleft()
        self._take_state()

    def stop(self) -> None:
        """Stop the wrapped source."""
        self._source.stop()
        self._take_state()

    def close(self) -> None:
        """Close the wrapped source."""
        self._source.close()
        self._take_state()

    def _pass(self, block: Block, faults: Sequence[Fault]) -> list[Block]:
        blocks = [block]
        stream = self.stream
        for fault in faults:
            try:
                blocks = [out for one in blocks for out in fault.pass_on(one, one.first_index / stream.rate_hz, stream)]
            except SourceError as error:
                self._failure = str(error)
                raise
        return blocks

    def _pass_rest(self) -> list[Block]:
        return [
            out
            for position, fault in enumerate(self._faults)
            for block in fault.rest()
            for out in self._pass(block, self._faults[position + 1 :])
        ]
