"""Screen commands: what any screen asks of the ring itself: a mark, the lifter's target zone, other limits of a rule."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from acquisition.commands import Command, Does
from acquisition.logged_in import logged_in
from acquisition.rig import Rig
from acquisition.rig.changed_limits import LimitsError, changed_on, limits_in_words, put_on, with_changed, with_limits, words_of
from acquisition.rig.judgement import limits
from acquisition.ring.fault_log import ABOUT_LIMITS
from hardware.host_clock import host_now_s
from hardware.severity import Severity

if TYPE_CHECKING:
    from acquisition.commands import Commands
    from acquisition.ring import Ring

LOOK_S = 0.05


def carry_out(ring: Ring, command: Command) -> bool:
    """Do what a command asks of a ring, and return whether it was such a one.

    A mark at a second that has not come yet is now. A target that is no number from 0 to 100 % is none. Limits that a
    rule can't have are refused; what became of limits stands in the log of faults, as none.
    """
    if command.does is Does.MARK:
        name = next(name for name in ring.streams if name not in ring.derived)
        stretch = ring.reader(name, rows_back=1).read()
        newest = 0 if stretch is None else int(stretch.ticks["index"][-1]) - 1
        wanted = command.at_s * ring.streams[name].rate_hz
        ring.marks.put(max(0, min(round(wanted), newest)) if math.isfinite(wanted) else newest)
        return True
    if command.does is Does.TARGET:
        try:
            target_pct = float(command.value)
        except ValueError:
            return True
        if 0.0 <= target_pct <= 100.0:
            ring.target_pct.tell(target_pct)
        return True
    if command.does is Does.LIMITS:
        _change_limits(ring, command.value)
        return True
    return False


def _change_limits(ring: Ring, asked: str) -> None:
    """Put other limits of a rule on the ring's board, where the pipeline and all screens find them."""
    try:
        name, amber, red = asked.split()
        wanted = float(amber), float(red)
        own = Rig.model_validate(ring.description["rig"]).rules
    except (ValueError, KeyError, TypeError):
        return
    changed = changed_on(ring.limits)
    try:
        before = with_changed(own, changed)
        after = with_limits(before, name, *wanted)
    except LimitsError as error:
        ring.faults.tell(Severity.FINE, ABOUT_LIMITS, str(error))
        return
    if after == before:
        return
    put_on(ring.limits, {**changed, name: limits(getattr(after, name))})
    was, now = limits_in_words(before, name), limits_in_words(after, name)
    by = f" by {who}" if (who := logged_in()) else ""
    ring.faults.tell(
        Severity.FINE, ABOUT_LIMITS, f"The limits of {words_of(name)} were changed by hand{by} from {was} to {now}."
    )


class ScreenCommands:
    """A follower that takes them, in a session which nobody guides; other commands make no sense there."""

    def __init__(self, ring: Ring, commands: Commands) -> None:
        self._ring = ring
        self._commands = commands
        self._next_s = 0.0

    def follow(self) -> bool:
        """Carry out what was commanded since; return whether there was anything."""
        if host_now_s() < self._next_s:
            return False
        self._next_s = host_now_s() + LOOK_S
        return self._take()

    def _take(self) -> bool:
        done = [carry_out(self._ring, command) for command in self._commands.take()]
        return any(done)

    def finish(self) -> None:
        """Carry out what was commanded last."""
        self._take()

    def abandon(self) -> None:
        """Keep what was done; there is nothing to close."""
