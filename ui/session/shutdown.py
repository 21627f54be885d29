"""Being told to end, by Ctrl-C, by the system or by a terminal that closes: a session then ends as it should."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # Windows knows SIGINT and SIGBREAK, the others SIGHUP


@dataclass(slots=True)
class Told:
    """Whether somebody told the process to end; while `raises` is true that also raises KeyboardInterrupt."""

    yet: bool = False
    raises: bool = True

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self.yet = True  # nothing that locks: a handler runs in the middle of anything
        if self.raises:
            raise KeyboardInterrupt


@contextmanager
def endings() -> Iterator[Told]:
    """Catch every way of being told to end, as long as the context lasts; what was ignored before (nohup) stays ignored.

    Once told, nothing of it is heard any more: what is left to do is to say what was found, and impatience must not cost that.
    """
    told = Told()
    caught = [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in caught}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, told._end)
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if told.yet else handler)
