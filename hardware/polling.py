"""What comes in from a client that must be asked for it, and that says nothing when its device has fallen silent."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from hardware.source import Block, SourceState

SILENT_S = 1.0
LOST_S = 5.0


class PolledBlocks:
    """Keeps the `blocks` that came and were not handed out yet, and watches over the silence since `heard_s`.

    `heard_s` is when the device gave its last sign of life, by `time.monotonic()`.
    """

    def __init__(self, poll_s: float) -> None:
        """Ask every `poll_s`."""
        self.blocks: deque[Block] = deque()
        self.heard_s = 0.0
        self._poll_s = poll_s

    @property
    def waiting_samples(self) -> int:
        """Samples that were not handed out yet."""
        return sum(len(block.samples) for block in self.blocks)

    def next_block(self, ask: Callable[[], None], timeout_s: float) -> Block | None:
        """Return the first block, or None if none came in time; `ask` puts into `blocks` what came, without waiting."""
        until_s = time.monotonic() + timeout_s
        while not self.blocks:
            ask()
            left_s = until_s - time.monotonic()
            if self.blocks or left_s <= 0:
                break
            time.sleep(min(self._poll_s, left_s))
        return self.blocks.popleft() if self.blocks else None

    def state(self, now_s: float) -> SourceState:
        """Return what the silence so far means: RUNNING, SILENT after 1 s, LOST after 5 s."""
        quiet_s = now_s - self.heard_s
        if quiet_s >= LOST_S:
            return SourceState.LOST
        return SourceState.SILENT if quiet_s >= SILENT_S else SourceState.RUNNING
