"""Sources, streams and followers that do what a test asks of them."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from hardware.source import Block, Channel, SourceState, Stream, StreamEnded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from acquisition.stretches import Stretch


def a_stream(name="plates", rate_hz=2000.0, channels=3, dtype="float64", block_samples=40) -> Stream:
    return Stream(name, rate_hz, tuple(Channel(f"c{i}", "V") for i in range(channels)), dtype, block_samples)


def numbered(stream: Stream, first_index: int, count: int, host_s: float | None = None, segment: int = 0) -> Block:
    """Make a block whose every column is the sample's number (below 2**24, so that float32 is exact)."""
    numbers = np.arange(first_index, first_index + count) % (1 << 24)
    samples = np.repeat(numbers[:, None], len(stream.channels), axis=1).astype(stream.dtype)
    if host_s is None:
        host_s = (first_index + count - 1) / stream.rate_hz
    return Block(samples, first_index, host_s, segment)


def check_numbers(stretch: Stretch) -> None:
    """Every column of every row must hold its own sample number."""
    expected = np.arange(stretch.first_index, stretch.first_index + len(stretch.samples)) % (1 << 24)
    assert (stretch.samples == expected[:, None]).all()
    assert stretch.ticks["index"][-1] == stretch.first_index + len(stretch.samples)
    assert stretch.ticks["row"][-1] == stretch.first_row + len(stretch.samples)


@dataclass
class FakeSource:
    """Hands out `blocks`, each after `pause_s`; `fail_at` names the call that raises `error`; all calls are listed."""

    stream: Stream
    blocks: Iterable[Block] = ()
    held: Iterable[Block] = ()
    pause_s: float = 0.0
    fail_at: str = ""
    error: Exception | None = None
    on_read: Callable[[], None] = lambda: None
    state: SourceState = SourceState.RUNNING
    note: str = ""
    backlog_samples: int = 0
    calls: list[str] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._left = iter(self.blocks)

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if name == self.fail_at and self.error is not None:
            raise self.error

    def open(self) -> None:
        self._call("open")

    def start(self) -> None:
        self._call("start")

    def read(self, timeout_s: float) -> Block | None:
        self.threads.add(threading.current_thread().name)
        self.on_read()
        if self.pause_s:
            time.sleep(self.pause_s)
        block = next(self._left, None)
        if block is None:
            if self.error is not None and self.fail_at == "read":
                raise self.error
            raise StreamEnded
        return block

    def drain(self) -> Iterator[Block]:
        self._call("drain")
        yield from self.held

    def stop(self) -> None:
        self._call("stop")

    def close(self) -> None:
        self._call("close")
