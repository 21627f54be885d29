"""The palette's colours for screens, as Qt takes them."""

from __future__ import annotations

from PySide6.QtGui import QColor

from hardware.severity import Severity
from ui.palette import LOST, SCREEN

GROUND, PANEL, WELL = (QColor(ground) for ground in SCREEN.grounds)
LINE = QColor(SCREEN.line)
GRID = QColor(SCREEN.grid)
TEXT = QColor(SCREEN.text)
QUIET = QColor(SCREEN.quiet)
FAINT = QColor(SCREEN.faint)

LEFT = QColor(SCREEN.left)
RIGHT = QColor(SCREEN.right)
NET = QColor(SCREEN.both)
NO_DATA = QColor(LOST)

AMBER = QColor(SCREEN.amber)
RED = QColor(SCREEN.red)

SIDES = {"left": LEFT, "right": RIGHT}
SEVERITIES = {Severity.FINE: TEXT, Severity.AMBER: AMBER, Severity.RED: RED}


def mixed(colour: QColor, ground: QColor, share: float) -> QColor:
    """Return an opaque mixture: `share` 1 is all colour, 0 all ground."""
    pairs = ((colour.red(), ground.red()), (colour.green(), ground.green()), (colour.blue(), ground.blue()))
    return QColor(*(round(share * a + (1 - share) * b) for a, b in pairs))


def packed(colour: QColor) -> int:
    """Return the colour as the four bytes of an opaque RGBA pixel, read as one little-endian number."""
    return int.from_bytes((colour.red(), colour.green(), colour.blue(), 255), "little")
