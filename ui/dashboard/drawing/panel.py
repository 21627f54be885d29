"""The panel, base of all panels: a rounded dark field with a title, drawn at the scale of the window."""

from __future__ import annotations

import textwrap

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QToolTip, QWidget

from hardware.severity import Severity
from processing.formulas import FORMULAS
from ui.dashboard.drawing import colours, lettering

TOLD_WIDTH = 90
"""Letters in a line of what is told of a number."""


class Panel(QWidget):
    """A field of the instrument. `scale` is 1 on a screen of 1920 x 1080; all sizes in `draw` are multiplied by it.

    `formulas`: the ids of what it shows, which a pointer that rests on it is told.
    """

    formulas: tuple[str, ...] = ()

    def __init__(self, title: str = "", colour: QColor = colours.QUIET) -> None:
        """Make an empty field; `title` stands in its upper left corner."""
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.title = title
        self.colour = colour
        self.scale = 1.0
        self._drawn: object = None
        self._field_of: object = None
        self._drawn_field = QPixmap()

    def refresh_digits(self) -> None:
        """Take new numbers; they change less often than bars, so that they can be read."""

    def refresh(self) -> None:
        """Redraw if anything that shows has changed."""
        showing = self.showing()
        if showing is None or showing != self._drawn:
            self._drawn = showing
            self.update()

    def showing(self) -> object:
        """Return all that the drawing depends on, to be compared; None to draw every time."""
        return None

    def draw(self, painter: QPainter) -> None:
        """Draw what is inside the field."""

    def meaning(self, _at: QPointF) -> str:
        """Return what is shown at a point means: unit, formula and sign; empty where there is nothing to say."""
        shown = (FORMULAS[formula] for formula in self.formulas)
        return "\n".join(f"{f.column} [{f.unit}]: {f.text}. Sign: {f.sign}." for f in shown)

    def event(self, event: QEvent) -> bool:
        """Show what a number means where the pointer rests."""
        if not isinstance(event, QHelpEvent) or event.type() is not QEvent.Type.ToolTip:
            return super().event(event)
        told = "\n".join(textwrap.fill(line, TOLD_WIDTH) for line in self.meaning(QPointF(event.pos())).splitlines())
        QToolTip.showText(event.globalPos(), told, self)
        return True

    def px(self, size: float) -> float:
        """Return a size of the 1920 x 1080 design in pixels of this window."""
        return size * self.scale

    def inside(self, top: float = 44, margin: float = 18) -> QRectF:
        """Return the field without its margins and its title."""
        m = self.px(margin)
        return QRectF(m, self.px(top), self.width() - 2 * m, self.height() - self.px(top) - 0.8 * m)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the field, its title and what is inside."""
        with QPainter(self) as painter:
            painter.drawPixmap(0, 0, self._field())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self.draw(painter)

    def _field(self) -> QPixmap:
        """Return what stays as it is, drawn once for each size of the panel."""
        ratio = self.devicePixelRatioF()
        of = self.size(), self.scale, ratio, self.title, self.colour.rgb(), self.field_by()
        if self._field_of != of:
            self._field_of, self._drawn_field = of, QPixmap(self.size() * ratio)
            self._drawn_field.setDevicePixelRatio(ratio)
            with QPainter(self._drawn_field) as painter:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                self.draw_field(painter)
        return self._drawn_field

    def field_by(self) -> object:
        """Return what else the field is drawn by, to be compared: what changes seldom."""
        return None

    def draw_field(self, painter: QPainter) -> None:
        """Draw what changes seldom: the ground, the rounded field and its title."""
        painter.fillRect(self.rect(), colours.GROUND)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.PANEL)
        painter.drawRoundedRect(QRectF(self.rect()), self.px(10), self.px(10))
        if self.title:
            area = QRectF(self.px(18), self.px(10), self.width() - self.px(36), self.px(28))
            lettering.write(painter, area, self.title, self.px(19), self.colour, bold=True)

    def aside(
        self, painter: QPainter, text: str, colour: QColor = colours.FAINT, *, severity: Severity = Severity.FINE
    ) -> None:
        """Write a remark to the right of the title, with a sign before it if it is a warning."""
        taken = lettering.width_of(self.title, self.px(19), bold=True) + self.px(60)
        area = QRectF(taken, self.px(10), self.width() - taken - self.px(18), self.px(28))
        lettering.write(painter, area, text, self.px(16), colour, lettering.RIGHT, bold=severity > 0)
        if severity:
            x = area.right() - min(lettering.width_of(text, self.px(16), bold=True), area.width()) - self.px(16)
            lettering.sign(painter, QPointF(x, area.center().y()), self.px(18), severity)

    def say(self, painter: QPainter, text: str, remark: str = "") -> None:
        """Say in the middle of the field why it is empty."""
        area = self.inside()
        middle = area.center().y()
        write = lettering.write
        write(
            painter,
            QRectF(area.left(), middle - self.px(22), area.width(), self.px(30)),
            text,
            self.px(22),
            colours.QUIET,
            lettering.CENTRE,
        )
        if remark:
            below = QRectF(area.left(), middle + self.px(10), area.width(), self.px(24))
            write(painter, below, remark, self.px(17), colours.FAINT, lettering.CENTRE)
