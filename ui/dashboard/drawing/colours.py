"""The palette's colours for screens, as Qt takes them: dark, or light for a bright room."""

from __future__ import annotations

from PySide6.QtGui import QColor

from hardware.severity import Severity
from ui.palette import SCREEN, Palette

GROUND, PANEL, WELL = QColor(), QColor(), QColor()
LINE, GRID, NO_DATA = QColor(), QColor(), QColor()
TEXT, QUIET, FAINT = QColor(), QColor(), QColor()
LEFT, RIGHT, NET = QColor(), QColor(), QColor()
AMBER, RED = QColor(), QColor()

SIDES = {"left": LEFT, "right": RIGHT}
SEVERITIES = {Severity.FINE: TEXT, Severity.AMBER: AMBER, Severity.RED: RED}


def use(palette: Palette) -> None:
    """Take the colours of a palette: each colour stays the object that others hold, and what is drawn anew shows it."""
    ground, panel, well = palette.grounds
    for colour, given in (
        (GROUND, ground),
        (PANEL, panel),
        (WELL, well),
        (LINE, palette.line),
        (GRID, palette.grid),
        (NO_DATA, palette.lost),
        (TEXT, palette.text),
        (QUIET, palette.quiet),
        (FAINT, palette.faint),
        (LEFT, palette.left),
        (RIGHT, palette.right),
        (NET, palette.both),
        (AMBER, palette.amber),
        (RED, palette.red),
    ):
        colour.setRgba(QColor(given).rgba())


use(SCREEN)


def mixed(colour: QColor, ground: QColor, share: float) -> QColor:
    """Return an opaque mixture: `share` 1 is all colour, 0 all ground."""
    pairs = ((colour.red(), ground.red()), (colour.green(), ground.green()), (colour.blue(), ground.blue()))
    return QColor(*(round(share * a + (1 - share) * b) for a, b in pairs))


def packed(colour: QColor) -> int:
    """Return the colour as a pixel 0xffRRGGBB, which is Qt's own and painted without being converted."""
    return int(colour.rgb())
