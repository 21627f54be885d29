"""Warnings of NI-DAQmx, statuses above 0, which its client hands to Python's `warnings` at every call anew.

They are heard in the thread that called, so that a source learns of its own, and told once each. What else warns is shown as
before.
"""

from __future__ import annotations

import threading
import warnings
from collections import defaultdict
from typing import TextIO

from nidaqmx.errors import DaqWarning

_heard: defaultdict[int, dict[int, str]] = defaultdict(dict)
_show = warnings.showwarning


def listen() -> None:
    """Hear the driver's warnings from now on; once is enough."""
    global _show
    if warnings.showwarning is not _hear:
        _show = warnings.showwarning
        warnings.showwarning = _hear


def heard() -> dict[int, str]:
    """Return what was heard in this thread and not asked for yet: the driver's own words by code, on one line each."""
    return _heard.pop(threading.get_ident(), {})


def _hear(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    if isinstance(message, DaqWarning):
        words = " ".join(str(message).split())
        _heard[threading.get_ident()].setdefault(int(message.error_code), words)
    else:
        _show(message, category, filename, lineno, file, line)
