"""The palette: every colour that people see, once, for dark screens, for the terminal and for paper; without Qt.

Left is blue and right is orange everywhere, the pair that all kinds of colour vision tell apart best (M. Okabe and K. Ito,
Color Universal Design, 2008). Amber is a yellow and red a red that leans to pink, away from the orange of the right leg. No
colour stands alone: sides have letters or dashes, severities a sign and a word. What is fine has no colour.
"""

from __future__ import annotations

from dataclasses import dataclass

RIGHT_DASHES = "9 3"
"""On paper the right leg's line is broken like this; the left one's is whole."""
LIMIT_DASHES = "1.5 4"


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours for one kind of ground, as `#rrggbb`; each of `text` to `red` can be read on each of `grounds`."""

    grounds: tuple[str, ...]
    text: str
    quiet: str
    faint: str
    left: str
    right: str
    both: str
    amber: str
    red: str
    line: str
    grid: str
    lost: str
    """A plate or trace without data."""


SCREEN = Palette(
    grounds=("#0b0e12", "#141920", "#0f1318"),
    text="#f2f5f7",
    quiet="#a9b4bf",
    faint="#7d8995",
    left="#56b4e9",
    right="#f58a3c",
    both="#f2f5f7",
    amber="#ffd84a",
    red="#ff5c6a",
    line="#2b333d",
    grid="#1f262e",
    lost="#3a3f46",
)
LIGHT = Palette(
    grounds=("#e8ecf0", "#ffffff", "#f4f6f8"),
    text="#1b1f24",
    quiet="#4f5863",
    faint="#5b6470",
    left="#0068a3",
    right="#a8480c",
    both="#1b1f24",
    amber="#846400",
    red="#ad1136",
    line="#cdd4db",
    grid="#e3e7eb",
    lost="#b9c1c9",
)
"""For screens in a bright room."""
PAPER = Palette(
    grounds=("#ffffff", "#fff8e1", "#fdebee", "#eaf3fa", "#f4f6f8"),
    text="#1b1f24",
    quiet="#4f5863",
    faint="#5b6470",
    left="#0068a3",
    right="#a8480c",
    both="#555555",
    amber="#846400",
    red="#ad1136",
    line="#d9dee4",
    grid="#e3e7eb",
    lost="#b9c1c9",
)
AXIS = "#8b949e"
"""The zero line, on paper."""
ON_AMBER, ON_RED = "#000000", "#ffffff"
AMBER_GROUND, RED_GROUND = "#ffd84a", "#b3123a"
"""A word in a box, on a terminal whose ground nobody knows."""
AMBER_STYLE, RED_STYLE = f"bold {ON_AMBER} on {AMBER_GROUND}", f"bold {ON_RED} on {RED_GROUND}"
LEFT_STYLE, RIGHT_STYLE = f"bold {SCREEN.left}", f"bold {SCREEN.right}"
AMBER_SENTENCE, RED_SENTENCE = "yellow", "bold red"
"""A whole sentence there: the terminal's own colours, which suit its ground."""
