"""Console output of the command line: lines, and errors as a sentence with an exit code."""

from __future__ import annotations

from typing import NoReturn

from rich.console import Console

from ui.palette import RED_SENTENCE

console = Console(highlight=False, markup=False)  # names and paths may hold [brackets]


def say(text: str = "", style: str = "") -> None:
    """Print a line, which a terminal wraps and a file keeps whole."""
    console.print(text, style=style, soft_wrap=True)


def fail(sentence: str) -> NoReturn:
    """Say what is wrong, and exit with 1."""
    Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(sentence, style=RED_SENTENCE)
    raise SystemExit(1)
