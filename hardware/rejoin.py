"""Joining a lost device again in the background, since looking for it takes seconds and reading must not wait for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from hardware.source import SourceError

RETRY_S = 1.0

Joined = TypeVar("Joined")


class Rejoin(threading.Thread, Generic[Joined]):
    """Lets go of a lost device, then tries to join it, for `rejoin_s` at most.

    `let_go` must not raise; `join_device` returns what was joined or raises SourceError; `release` lets go of that. When the
    thread has ended, `joined` is what was joined, or None, and `reason` says why.
    """

    def __init__(
        self, let_go: Callable[[], None], join_device: Callable[[], Joined], release: Callable[[Joined], None], rejoin_s: float
    ) -> None:
        """Nothing happens before `start`."""
        super().__init__(name="rejoin", daemon=True)
        self.joined: Joined | None = None
        self.reason = ""
        self._let_go = let_go
        self._join_device = join_device
        self._release = release
        self._rejoin_s = rejoin_s
        self._cancelled = threading.Event()

    def run(self) -> None:
        """Try until the device is back, the time is over, or `cancel`."""
        give_up_s = time.monotonic() + self._rejoin_s
        self._let_go()
        while not self._cancelled.is_set():
            try:
                self.joined = self._join_device()
            except SourceError as error:
                self.reason = str(error)
            else:
                return
            if time.monotonic() > give_up_s or self._cancelled.wait(RETRY_S):
                return

    def cancel(self) -> None:
        """End the attempts, wait for the one under way, and let go of what it joined."""
        self._cancelled.set()
        self.join()
        if self.joined is not None:
            self._release(self.joined)
            self.joined = None
