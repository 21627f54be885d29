"""The colours, from Okabe and Ito's palette for all kinds of colour vision, lightened where a dark ground asks for it.

Left and right keep their colours everywhere. Amber and red never stand alone: a symbol and a word go with them. What is
fine has no colour.
"""

from __future__ import annotations

from PySide6.QtGui import QColor

from hardware.severity import Severity

GROUND = QColor("#0b0e12")
PANEL = QColor("#141920")
WELL = QColor("#0f1318")
LINE = QColor("#2b333d")
GRID = QColor("#1f262e")
TEXT = QColor("#f2f5f7")
QUIET = QColor("#a9b4bf")
FAINT = QColor("#76828e")

LEFT = QColor("#56b4e9")
RIGHT = QColor("#4fd1a5")
NET = QColor("#f2f5f7")
LOST = QColor("#3a3f46")

AMBER = QColor("#f2a900")
RED = QColor("#ff6a3d")

SIDES = {"left": LEFT, "right": RIGHT}
SEVERITIES = {Severity.FINE: TEXT, Severity.AMBER: AMBER, Severity.RED: RED}


def mixed(colour: QColor, ground: QColor, share: float) -> QColor:
    """Return an opaque mixture: `share` 1 is all colour, 0 all ground."""
    pairs = ((colour.red(), ground.red()), (colour.green(), ground.green()), (colour.blue(), ground.blue()))
    return QColor(*(round(share * a + (1 - share) * b) for a, b in pairs))


def packed(colour: QColor) -> int:
    """Return the colour as the four bytes of an opaque RGBA pixel, read as one little-endian number."""
    return int.from_bytes((colour.red(), colour.green(), colour.blue(), 255), "little")
