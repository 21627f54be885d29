"""The keys of a window, in a list that `?` shows over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QPen

from ui.dashboard.drawing import colours, lettering
from ui.dashboard.drawing.panel import Panel

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

KEYS = (
    ("f", "freeze the screen; f again: now"),
    ("← →", "a second back, or on; with Shift ten"),
    ("Home  End", "as far back as the ring reaches; now"),
    ("click on the time line", "go to that second"),
    ("m", "mark what is on the screen; it is kept with the recording"),
    ("drag at the load bar", "above, the lifter's target zone; below, amber and red"),
    ("[ ]  { }", "the amber limit of the load 1 % down, up; the red one"),
    ("rest the pointer", "what a number means, with unit and formula"),
    ("F8  F9  F11", "sounds; dark or light; the whole screen"),
    ("Esc", "leave this list, then the past, then the whole screen"),
    ("?  F1", "this list"),
    ("n r s q 0 1 2", "in a guided session: as its card says"),
)
"""Each key of the operator's window with what it does."""
_WIDTH, _ROW, _TOP = 980, 46, 64


class KeysCard(Panel):
    """The list, in the middle of the window."""

    def __init__(self, keys: tuple[tuple[str, str], ...] = KEYS) -> None:
        super().__init__("KEYS", colours.TEXT)
        self._keys = keys
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def centre_in(self, window: QRect) -> None:
        """Take the middle of a window."""
        wide, tall = round(self.px(_WIDTH)), round(self.px(_TOP + _ROW * len(self._keys) + 12))
        self.setGeometry((window.width() - wide) // 2, (window.height() - tall) // 2, wide, tall)

    def draw(self, painter: QPainter) -> None:
        """Draw a row for each key."""
        painter.setPen(QPen(colours.FAINT, self.px(2)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), self.px(10), self.px(10))
        for k, (key, does) in enumerate(self._keys):
            y = self.px(_TOP + _ROW * k)
            name = QRectF(self.px(24), y, self.px(280), self.px(_ROW))
            lettering.write(painter, name, key, self.px(24), colours.LEFT, lettering.RIGHT, bold=True)
            what = QRectF(self.px(336), y, self.width() - self.px(360), self.px(_ROW))
            lettering.write(painter, what, does, self.px(24), colours.TEXT)
