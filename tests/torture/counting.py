"""A device whose samples say their own number, and which has every fault that a device can have, at times that a seed gives."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hardware.source import Block, SourceState, Stream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from random import Random

FAULTS = ("lost", "held", "silent", "away", "restarted")


@dataclass
class CountingSource:
    """Hands out blocks in real time; each gap is written into `truth` before a sample behind it is handed out."""

    stream: Stream
    truth: Path
    faults: list[tuple[float, str, float]] = field(default_factory=list)
    state: SourceState = SourceState.IDLE
    note: str = ""
    backlog_samples: int = 0

    @classmethod
    def with_faults(cls, stream: Stream, truth: Path, rng: Random, seconds: float) -> CountingSource:
        """Return one with a fault about every second, each with how long it takes."""
        times = sorted(rng.uniform(0.3, seconds) for _ in range(int(seconds)))
        return cls(stream, truth, [(at_s, rng.choice(FAULTS), rng.choice([0.003, 0.05, 0.4, 1.5])) for at_s in times])

    def open(self) -> None:
        """Begin with sample 0."""
        self._index = self._segment = 0
        self._shift_s = 0.0

    def start(self) -> None:
        """Begin to count time."""
        self._start_s = time.perf_counter()
        self.state = SourceState.RUNNING
        self._quiet_until_s = 0.0

    def read(self, timeout_s: float) -> Block | None:
        """Return the next block once its newest sample has been taken."""
        end_s = time.perf_counter() + timeout_s
        while True:
            now_s = time.perf_counter()
            if now_s >= self._quiet_until_s:
                self.state, self.note = SourceState.RUNNING, ""
                self._strike(now_s - self._start_s)
                block = self.stream.block_samples
                if now_s >= self._quiet_until_s and self._taken(now_s) - self._index >= block:
                    return self._hand_out(block, now_s)
            if now_s >= end_s:
                return None
            time.sleep(0.002)

    def _taken(self, now_s: float) -> int:
        return int((now_s - self._start_s) * self.stream.rate_hz)

    def _hand_out(self, count: int, now_s: float) -> Block:
        numbers = np.arange(self._index, self._index + count, dtype=np.float64)
        self._index += count
        self.backlog_samples = max(0, self._taken(now_s) - self._index)
        samples = np.repeat(numbers[:, None], len(self.stream.channels), axis=1)
        return Block(samples, self._index - count, now_s, self._segment)

    def _strike(self, at_s: float) -> None:
        while self.faults and self.faults[0][0] <= at_s:
            _, fault, for_s = self.faults.pop(0)
            if fault in ("held", "silent", "away"):
                self._quiet_until_s = time.perf_counter() + for_s
                self.state = {"silent": SourceState.SILENT, "away": SourceState.LOST}.get(fault, SourceState.RUNNING)
                self.note = "" if fault == "held" else f"It is {fault}."
            if fault != "held":
                self._lose(round(for_s * self.stream.rate_hz), new_segment=fault in ("away", "restarted"))

    def _lose(self, count: int, *, new_segment: bool) -> None:
        self._segment += new_segment
        self._tell(index=self._index + count, missing=count, segment=self._segment)
        self._index += count

    def _tell(self, **line: Any) -> None:
        with self.truth.open("a") as truth:
            truth.write(json.dumps(line) + "\n")

    def drain(self) -> Iterator[Block]:
        """Hand out what was taken until now."""
        now_s = time.perf_counter()
        while (count := min(self.stream.block_samples, self._taken(now_s) - self._index)) > 0:
            yield self._hand_out(count, now_s)
        self.backlog_samples = 0

    def stop(self) -> None:
        """There is nothing to stop."""

    def close(self) -> None:
        """There is nothing to release."""
