"""The command line: one command for each thing that people do with squatscope."""

from __future__ import annotations

import sys


def main() -> None:
    """Run a command; whoever ends it while the program is still being loaded finds no traceback."""
    try:
        from ui.cli.app import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(130)
