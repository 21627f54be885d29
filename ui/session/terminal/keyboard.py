"""The keyboard of a terminal, key by key and without waiting; a pedal is a keyboard with few keys."""

from __future__ import annotations

import os
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


PAGE_DOWN = "\x1b[6~"
"""What many pedals send."""
_SEQUENCE = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|O.)")


def letters(typed: str) -> str:
    """Return what was typed with `n` for page-down, and nothing for any other key that has no letter."""
    return _SEQUENCE.sub(lambda found: "n" if found[0] == PAGE_DOWN else "", typed)


@contextmanager
def keys() -> Iterator[Callable[[], str]]:
    """Within the context, return what was typed since the last call, "" for nothing; as before afterwards.

    Where there is no keyboard (a pipe, a service) nothing is ever typed.
    """
    if not sys.stdin.isatty():
        yield lambda: ""
    elif sys.platform == "win32":
        import msvcrt

        def typed() -> str:
            found = ""
            while msvcrt.kbhit():
                key = msvcrt.getwch()
                if key in "\x00\xe0":  # a key without a letter: what follows says which
                    key = PAGE_DOWN if msvcrt.getwch() == "Q" else ""
                found += key
            return found

        yield typed
    else:
        import select
        import termios
        import tty

        number = sys.stdin.fileno()
        before = termios.tcgetattr(number)
        try:
            tty.setcbreak(number)

            def typed() -> str:
                found = b""
                while select.select([number], [], [], 0)[0]:
                    content = os.read(number, 64)
                    if not content:
                        break
                    found += content
                return found.decode(errors="replace")

            yield typed
        finally:
            termios.tcsetattr(number, termios.TCSADRAIN, before)
