"""The host's clock: one for all that compares times, in every process of this machine, and fine enough for single samples."""

from __future__ import annotations

import time


def host_now_s() -> float:
    """Return the time of now in s, from a start that all processes share; it never falls.

    `time.monotonic` would do, but on Windows before Python 3.13 it moves on by 15.6 ms at a time; elsewhere the two are one.
    """
    return time.perf_counter()
