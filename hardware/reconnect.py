"""Reconnecting a lost device, in the background: looking for it takes seconds, and reading must not wait for that."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from hardware.host_clock import host_now_s
from hardware.source import SourceError

RETRY_S = 1.0

Joined = TypeVar("Joined")


class Reconnect(threading.Thread, Generic[Joined]):
    """Lets go of a lost device, then tries to join it every `retry_s`, `delay_s` from now on, for `rejoin_s` at most.

    `join_device` returns what was joined or raises SourceError; `release` lets go of it and must not raise. `error` is the
    fault that the device was lost with, then that of the latest attempt.
    """

    def __init__(
        self,
        error: SourceError,
        lost: Joined,
        join_device: Callable[[], Joined],
        release: Callable[[Joined], None],
        rejoin_s: float,
        *,
        retry_s: float = RETRY_S,
        delay_s: float = 0.0,
    ) -> None:
        super().__init__(name="reconnect", daemon=True)
        self.error = error
        self._lost = lost
        self._joined: Joined | None = None
        self._join_device = join_device
        self._release = release
        self._rejoin_s = rejoin_s
        self._retry_s = retry_s
        self._delay_s = delay_s
        self._cancelled = threading.Event()
        self.start()

    def run(self) -> None:
        """Try until the device is back, the time is over, or `cancel`."""
        give_up_s = host_now_s() + self._rejoin_s
        self._release(self._lost)
        self._cancelled.wait(self._delay_s)
        while not self._cancelled.is_set():
            try:
                self._joined = self._join_device()
            except SourceError as error:
                self.error = error
            else:
                return
            if host_now_s() > give_up_s or self._cancelled.wait(self._retry_s):
                return

    def result(self, timeout_s: float = 0.0) -> Joined | None:
        """Return what was joined, None if that takes longer than `timeout_s`; raises SourceError when the time is over."""
        self.join(max(timeout_s, 0.0))
        if self.is_alive():
            return None
        if self._joined is None:
            raise SourceError(f"{self.error} It was tried again for {self._rejoin_s:.0f} s.", self.error.code) from self.error
        return self._joined

    def cancel(self) -> None:
        """End the attempts, wait for the one under way, and let go of what it joined."""
        self._cancelled.set()
        self.join()
        if self._joined is not None:
            self._release(self._joined)
            self._joined = None
