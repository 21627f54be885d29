"""The view, base of all windows: the ground between panels, the keys that all have, dark and light."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from ui.dashboard.drawing import colours

if TYPE_CHECKING:
    from ui.dashboard.feed.feed import Feed


class View(QWidget):
    """A window. `turned`: dark or light is asked for; `sounded`: sounds are, or none any more; `put_by`: it will be closed."""

    turned = Signal()
    sounded = Signal()
    put_by = Signal()

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    @abstractmethod
    def catch_up(self) -> None:
        """Draw every panel as things stand now, for a first frame or a picture."""

    def whole_screen(self, event: QKeyEvent) -> bool:
        """Do what the keys of every view ask for, and return whether it was one.

        F11 fills the screen, F11 or Escape lets go of it, F9 turns it dark or light, F8 turns sounds on or off.
        """
        key = event.key()
        if key == Qt.Key.Key_F8:
            self.sounded.emit()
        elif key == Qt.Key.Key_F9:
            self.turned.emit()
        elif key == Qt.Key.Key_F11 and not self.isFullScreen():
            self.showFullScreen()
        elif key in (Qt.Key.Key_F11, Qt.Key.Key_Escape) and self.isFullScreen():
            self.showMaximized()
        else:
            return False
        return True

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Say so before it is closed."""
        self.put_by.emit()
        super().closeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the ground between the panels."""
        with QPainter(self) as painter:
            painter.fillRect(event.rect(), colours.GROUND)


class RingView(View):
    """A window on the ring of a feed."""

    def __init__(self, feed: Feed, title: str) -> None:
        super().__init__(title)
        self.feed = feed

    @abstractmethod
    def start(self) -> None:
        """Begin to redraw."""
