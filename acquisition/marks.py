"""Marks: what somebody marks as it happens, commanded from any screen, put into the ring at a second of its session."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from acquisition.commands import Command, Does
from hardware.host_clock import host_now_s

if TYPE_CHECKING:
    from acquisition.commands import Commands
    from acquisition.ring import Ring

LOOK_S = 0.05


def put_mark(ring: Ring, command: Command) -> None:
    """Put a mark at the second of the session for which a command asks; one that has not come yet is now."""
    name = next(name for name in ring.streams if name not in ring.derived)
    stretch = ring.reader(name, rows_back=1).read()
    newest = 0 if stretch is None else int(stretch.ticks["index"][-1]) - 1
    wanted = command.at_s * ring.streams[name].rate_hz
    ring.marks.put(max(0, min(round(wanted), newest)) if math.isfinite(wanted) else newest)


class Marks:
    """A follower that takes marks, in a session which nobody guides; other commands make no sense there."""

    def __init__(self, ring: Ring, commands: Commands) -> None:
        self._ring = ring
        self._commands = commands
        self._next_s = 0.0

    def follow(self) -> bool:
        """Put what was commanded since; return whether there was anything."""
        if host_now_s() < self._next_s:
            return False
        self._next_s = host_now_s() + LOOK_S
        return self._take()

    def _take(self) -> bool:
        marks = [command for command in self._commands.take() if command.does is Does.MARK]
        for command in marks:
            put_mark(self._ring, command)
        return bool(marks)

    def finish(self) -> None:
        """Put what was commanded last."""
        self._take()

    def abandon(self) -> None:
        """Keep what was put; there is nothing to close."""
