"""The host's clock: one for all that compares times, in every process of this machine, and fine enough for single samples."""

from __future__ import annotations

import sys
import time

COARSE = sys.platform == "win32" and sys.version_info < (3, 13)
"""Where `time.monotonic` moves on by 15.6 ms at a time; `perf_counter` counts from the same start in every process there."""


def host_now_s() -> float:
    """Return the time of now in s, from a start of its own; it never falls."""
    return time.perf_counter() if COARSE else time.monotonic()
