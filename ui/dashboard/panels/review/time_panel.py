"""A panel along time: seconds from left to right, repetitions whose instants can be dragged, and a click that says when."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPen

from ui.dashboard.drawing import colours, lettering
from ui.dashboard.drawing.panel import Panel

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent, QPainter, QWheelEvent

    from processing.repetition.table import RepetitionResult
    from ui.dashboard.feed.under_review import UnderReview

MARGIN_PX = 172
"""So much on the left is for names."""
NEAR_PX = 9
"""So near an instant the pointer takes hold of it."""
_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200)


class Grip(NamedTuple):
    """An instant of a repetition that can be dragged: `which` is the name of its column."""

    number: int
    which: str
    at_s: float


class TimePanel(Panel):
    """Shows what is under review along time. `wanted`: a second that was clicked; `moved`: an instant that was dragged there.

    `zoomed`: the wheel was turned, by so many steps, at a second; `scrolled`: the same sideways, or with Shift.
    """

    wanted = Signal(float)
    moved = Signal(int, str, float)
    zoomed = Signal(float, float)
    scrolled = Signal(float)

    def __init__(self, under: UnderReview, title: str = "") -> None:
        super().__init__(title)
        self.setMouseTracking(True)
        self.under = under
        self._dragged: Grip | None = None
        self._from_px = 0.0

    @abstractmethod
    def span_s(self) -> tuple[float, float]:
        """Return from when to when it shows."""

    @abstractmethod
    def line(self) -> QRectF:
        """Return the field in which time runs."""

    @abstractmethod
    def grips(self) -> list[Grip]:
        """Return what can be dragged."""

    def x_of(self, second: float) -> float:
        """Return where a second is."""
        line, (from_s, to_s) = self.line(), self.span_s()
        return line.left() + line.width() * (second - from_s) / (to_s - from_s)

    def second_at(self, x: float) -> float:
        """Return the second at a point, within what is shown."""
        line, (from_s, to_s) = self.line(), self.span_s()
        share = (x - line.left()) / max(line.width(), 1.0)
        return from_s + min(max(share, 0.0), 1.0) * (to_s - from_s)

    def instants(self, row: RepetitionResult) -> tuple[float, float, float]:
        """Return start, bottom and end of a repetition, the one that is being dragged where the pointer is."""
        names = ("start_s", "bottom_s", "end_s")
        held = self._dragged if self._dragged is not None and self._dragged.number == row.number else None
        start, bottom, end = (
            held.at_s if held is not None and held.which == name else float(getattr(row, name)) for name in names
        )
        return start, bottom, end

    def shown(self) -> list[RepetitionResult]:
        """Return the repetitions that lie at least partly in what is shown."""
        from_s, to_s = self.span_s()
        return [row for row in self.under.repetitions if row.end_s >= from_s and row.start_s <= to_s]

    def _grip_at(self, x: float) -> Grip | None:
        near = [grip for grip in self.grips() if abs(self.x_of(grip.at_s) - x) <= max(self.px(NEAR_PX), 4.0)]
        return min(near, key=lambda grip: (grip.number != self.under.number, abs(self.x_of(grip.at_s) - x)), default=None)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Take hold of an instant, or ask for the second that was clicked."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._from_px = event.position().x()
        self._dragged = self._grip_at(self._from_px)
        if self._dragged is None:
            self.wanted.emit(self.second_at(self._from_px))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Drag what is held; else show that something could be."""
        x = event.position().x()
        if self._dragged is not None:
            self._dragged = self._dragged._replace(at_s=self.second_at(x))
            self.update()
            return
        self.setCursor(Qt.CursorShape.SizeHorCursor if self._grip_at(x) is not None else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Let go: an instant that was dragged at least a little is moved."""
        held, self._dragged = self._dragged, None
        if held is None:
            return
        if abs(event.position().x() - self._from_px) >= 2.0:
            self.moved.emit(held.number, held.which, held.at_s)
        else:
            self.wanted.emit(self.second_at(self._from_px))
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Zoom where the pointer is, or scroll."""
        turned = event.angleDelta()
        sideways = abs(turned.x()) > abs(turned.y())
        if sideways or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.scrolled.emit(-(turned.x() if sideways else turned.y()) / 120.0)
        else:
            self.zoomed.emit(turned.y() / 120.0, self.second_at(event.position().x()))

    def axis(self, painter: QPainter, line: QRectF) -> None:
        """Draw times below a field."""
        from_s, to_s = self.span_s()
        step_s = next((s for s in _STEPS_S if s * line.width() / (to_s - from_s) > self.px(110)), _STEPS_S[-1])
        for k in range(int(from_s / step_s), int(to_s / step_s) + 1):
            x = self.x_of(k * step_s)
            if not line.left() <= x <= line.right():
                continue
            painter.fillRect(QRectF(x, line.top(), 1, line.height()), colours.LINE)
            text = lettering.clock(k * step_s) if step_s >= 1 else f"{k * step_s:.1f} s"
            spot = QRectF(x - self.px(44), line.bottom() + self.px(1), self.px(88), max(self.px(20), lettering.LEAST_PX + 3))
            lettering.write(painter, spot, text, self.px(14), colours.FAINT, lettering.CENTRE)

    def cursor_line(self, painter: QPainter, line: QRectF) -> None:
        """Draw the cursor."""
        x = self.x_of(self.under.cursor_s)
        if line.left() <= x <= line.right():
            painter.setPen(QPen(colours.TEXT, max(1.0, self.px(2))))
            painter.drawLine(QPointF(x, line.top()), QPointF(x, line.bottom()))
