"""Stop requests: Ctrl-C, a signal of the system or a closing terminal end a session in order."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

CLOSING, CLOSING_S = (2, 5, 6), 20.0
"""Windows' events of a console that closes: the window, the end of the user's session, the end of the system."""
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # Windows knows SIGINT and SIGBREAK, the others SIGHUP


@dataclass(slots=True)
class StopRequest:
    """Whether the process was asked to end; while `interrupts` is true, the first request also raises KeyboardInterrupt."""

    requested: bool = False
    interrupts: bool = True

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        first, self.requested = not self.requested, True  # nothing that locks: a handler runs in the middle of anything
        if self.interrupts and first:  # a second one would interrupt what takes back the half-begun session
            raise KeyboardInterrupt

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep a request from interrupting what must not be left half done; it interrupts at the end of the context."""
        interrupts, self.interrupts = self.interrupts, False
        try:
            yield
        finally:
            self.interrupts = interrupts
        if self.requested and interrupts:
            raise KeyboardInterrupt


def closed(event: int, stop: StopRequest, over: threading.Event) -> bool:
    """Ask a session to stop for an event of Windows' console that closes, and wait until it is over; False for any other."""
    if event not in CLOSING:
        return False
    stop.requested = True
    return over.wait(CLOSING_S)


if sys.platform == "win32":

    @contextmanager
    def _console_closing(stop: StopRequest) -> Iterator[None]:
        """Have a console that closes wait until the context is left: Windows ends the process once its handler returns."""
        import ctypes

        over = threading.Event()
        handler = ctypes.WINFUNCTYPE(ctypes.c_int, ctypes.c_uint)(lambda event: closed(event, stop, over))
        ctypes.windll.kernel32.SetConsoleCtrlHandler(handler, True)
        try:
            yield
        finally:
            over.set()
            ctypes.windll.kernel32.SetConsoleCtrlHandler(handler, False)

else:

    @contextmanager
    def _console_closing(_stop: StopRequest) -> Iterator[None]:
        """Do nothing: a terminal that closes sends SIGHUP."""
        yield


@contextmanager
def stop_requests() -> Iterator[StopRequest]:
    """Catch every request to stop within the context; what was ignored before (nohup) stays ignored.

    After the first request all others are ignored: what is left to do is to say what was found, and impatience must not cost
    that.
    """
    stop = StopRequest()
    caught = [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in caught}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, stop._end)
    try:
        with _console_closing(stop):
            yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if stop.requested else handler)
