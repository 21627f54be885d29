"""Awake: a computer does not fall asleep while a session is recorded."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

WHY = "a session is recorded"
CONTINUOUS, SYSTEM_REQUIRED, DISPLAY_REQUIRED = 0x80000000, 0x1, 0x2
"""Of Windows' SetThreadExecutionState."""


def keeper(system: str = sys.platform) -> list[str]:
    """Return the command that keeps a system awake until its input ends or this process is gone; empty: there is none."""
    if system == "darwin":
        return ["/usr/bin/caffeinate", "-d", "-i", "-m", "-s", "-w", str(os.getpid())]
    inhibit = shutil.which("systemd-inhibit")
    if inhibit is None:
        return []
    return [inhibit, "--what=idle:sleep:handle-lid-switch", "--who=squatscope", f"--why={WHY}", "--mode=block", "cat"]


@contextmanager
def running(command: list[str]) -> Iterator[None]:
    """Run a command within the context; one that can't be run keeps nobody awake, and no session from running."""
    process = None
    if command:
        with suppress(OSError):
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
    try:
        yield
    finally:
        if process is not None:
            with suppress(OSError):
                process.terminate()
            process.communicate()


if sys.platform == "win32":

    @contextmanager
    def kept_awake() -> Iterator[None]:
        """Keep computer and screen awake within the context."""
        import ctypes

        set_state = ctypes.windll.kernel32.SetThreadExecutionState
        set_state(CONTINUOUS | SYSTEM_REQUIRED | DISPLAY_REQUIRED)
        try:
            yield
        finally:
            set_state(CONTINUOUS)

else:

    @contextmanager
    def kept_awake() -> Iterator[None]:
        """Keep the computer awake within the context, where there is a command for that."""
        with running(keeper()):
            yield
