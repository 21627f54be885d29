"""The command line in a process of its own, and what a command said and how it ended."""

from __future__ import annotations

import sys

COMMAND = [sys.executable, "-P", "-m", "ui.cli.app"]
WITHOUT_QT = "import sys; sys.modules['PySide6'] = None"
"""For sessions whose picture nobody looks at: the process that draws it costs as much as all the rest of a short session."""
COMMAND_WITHOUT_QT = [sys.executable, "-P", "-c", f"{WITHOUT_QT}; from ui.cli.app import main; main()"]


class Told:
    """What a command said on each of its outputs, and its exit code."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err
