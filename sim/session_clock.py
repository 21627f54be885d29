"""The session clock, shared by the simulated devices of a session: its time, and the sync line that marks it."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from hardware.arrays import Floats
from hardware.host_clock import host_now_s


class SessionClock:
    """Time zero of a session on the shared monotonic clock, set by the first device that starts.

    `speed` is how fast the session runs; None hands out blocks as fast as they are asked for, and time stamps are then those of
    a session that ran in real time.
    """

    def __init__(
        self,
        speed: float | None = 1.0,
        clock: Callable[[], float] = host_now_s,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.speed = speed
        self._clock = clock
        self._sleep = sleep
        self.zero_s: float | None = None

    def begin(self) -> None:
        """Set time zero to now, unless it is set."""
        if self.zero_s is None:
            self.zero_s = self._clock()

    def now_s(self) -> float | None:
        """Return the session's time, None where it runs as fast as it is asked."""
        if self.speed is None or self.zero_s is None:
            return None
        return (self._clock() - self.zero_s) * self.speed

    def wait_until(self, due_s: float, timeout_s: float) -> bool:
        """Wait for a time of the session, at most `timeout_s` of real time; return whether it has come."""
        now = self.now_s()
        if now is None or self.speed is None:
            return True
        left_s = (due_s - now) / self.speed
        if left_s > timeout_s:
            self._sleep(timeout_s)
            return False
        if left_s > 0:
            self._sleep(left_s)
        return True

    def host_s(self, due_s: float) -> float:
        """Return the time stamp of something that was due at a time of the session and has been waited for.

        In a session that runs at another speed than life it is when it was due: what this computer can't keep up with is no
        delay of a device.
        """
        now = self.now_s()
        return (self.zero_s or 0.0) + (max(now, due_s) if now is not None and self.speed == 1.0 else due_s)


def sync_level(t_s: Floats) -> NDArray[np.bool_]:
    """Return whether the sync line is high at these times of the session.

    It rises half a second after every full second and stays high for 0.1 to 0.4 s; the lengths follow a fixed pseudo-random
    pattern, so that a device that joins late can be told by how many seconds.
    """
    second = np.floor(t_s - 0.5)
    length = 0.1 * (1 + (np.abs(second).astype(np.int64) * 2654435761 >> 16) % 4)
    return (t_s - 0.5 - second < length) & (second >= 0)
