"""The time line: the session from its beginning to now, with its repetitions, its flags by side, and what was marked."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPen

from hardware.severity import Severity
from ui.dashboard.drawing import colours, lettering
from ui.dashboard.drawing.panel import Panel

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent, QPainter

    from ui.dashboard.feed.feed import Feed, ShownFlag, ShownMark

LEAST_S = 60.0
"""So much of a session has room from its beginning on."""
_STEPS_S = (10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200)
_LANES = {"left": 0, "": 1, "both": 1, "right": 2}


class FlagTimeline(Panel):
    """Three lanes of flags, left, both and right; amber bars are half as high as red ones, so that colour is not all.

    A click goes back to that second of the session (`wanted`).
    """

    wanted = Signal(float)

    def __init__(self, feed: Feed, shown: Feed) -> None:
        """Draw the flags of a feed, and the second of the one that is on the screen."""
        super().__init__()
        self._feed = feed
        self._shown = shown

    @property
    def whole_s(self) -> float:
        """How much of time the line holds, in s."""
        now_s = self._feed.whole_s if math.isfinite(self._feed.whole_s) else self._feed.session_s
        return max(LEAST_S, now_s) if math.isfinite(now_s) else LEAST_S

    def showing(self) -> object:
        """The flags, the repetitions, the marks, and the time to a pixel."""
        flags = tuple((f.flag.rule, f.flag.start_sample, f.flag.severity, f.end_s) for f in self._feed.flags)
        now_px = round(self._feed.session_s * self.width() / self.whole_s) if math.isfinite(self._feed.session_s) else 0
        return flags, len(self._feed.repetitions.rows), len(self._feed.marks), now_px

    def _line(self) -> QRectF:
        return QRectF(self.px(40), self.px(8), self.width() - self.px(60), self.height() - self.px(30))

    def x_of(self, second: float) -> float:
        """Return where a second of the session is."""
        line = self._line()
        return line.left() + line.width() * second / self.whole_s

    def draw(self, painter: QPainter) -> None:
        """Draw lanes, repetitions, flags, and the axis below."""
        line = self._line()
        lane = line.height() / 3
        painter.fillRect(line, colours.WELL)
        for row in self._feed.repetitions.rows:
            left, right = self.x_of(row.start_s), self.x_of(row.end_s)
            painter.fillRect(QRectF(left, line.top(), max(1.0, right - left), line.height()), colours.GRID)
        for name, colour, y in (("L", colours.LEFT, line.top()), ("R", colours.RIGHT, line.bottom() - self.px(20))):
            spot = QRectF(self.px(12), y, self.px(18), self.px(20))
            lettering.write(painter, spot, name, self.px(17), colour, lettering.RIGHT, bold=True)
        for shown in reversed(self._feed.flags):  # the worst last, on top
            self._bar(painter, line, shown, lane)
        for mark in self._feed.marks:
            self._mark(painter, line, mark)
        self._axis(painter, line)
        now_s = self._shown.session_s
        if math.isfinite(now_s):
            painter.setPen(QPen(colours.TEXT, self.px(2)))
            painter.drawLine(QPointF(self.x_of(now_s), line.top()), QPointF(self.x_of(now_s), line.bottom()))

    def _bar(self, painter: QPainter, line: QRectF, shown: ShownFlag, lane: float) -> None:
        end_s = self._feed.session_s if shown.up else shown.end_s
        if not math.isfinite(end_s):
            return
        left, right = self.x_of(shown.start_s), self.x_of(end_s)
        high = (0.84 if shown.flag.severity is Severity.RED else 0.42) * lane
        top = line.top() + (_LANES.get(shown.side, 1) + 0.92) * lane - high
        painter.fillRect(QRectF(left, top, max(self.px(3), right - left), high), colours.SEVERITIES[shown.flag.severity])

    def _mark(self, painter: QPainter, line: QRectF, mark: ShownMark) -> None:
        x, size = self.x_of(mark.at_s), self.px(7)
        painter.setPen(QPen(colours.QUIET, self.px(2)))
        painter.drawLine(QPointF(x, line.top()), QPointF(x, line.bottom()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.TEXT)
        painter.drawPolygon([QPointF(x - size, line.top()), QPointF(x + size, line.top()), QPointF(x, line.top() + 1.4 * size)])

    def _axis(self, painter: QPainter, line: QRectF) -> None:
        step_s = next((s for s in _STEPS_S if s * line.width() / self.whole_s > self.px(90)), _STEPS_S[-1])
        for k in range(int(self.whole_s // step_s) + 1):
            x = self.x_of(k * step_s)
            painter.fillRect(QRectF(x, line.top(), 1, line.height()), colours.LINE)
            spot = QRectF(x - self.px(40), line.bottom() + self.px(1), self.px(80), self.px(18))
            lettering.write(painter, spot, lettering.clock(k * step_s), self.px(13), colours.FAINT, lettering.CENTRE)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Ask for the second that was clicked."""
        line = self._line()
        if event.button() == Qt.MouseButton.LeftButton and line.width() > 0:
            self.wanted.emit((event.position().x() - line.left()) / line.width() * self.whole_s)

    def meaning(self, at: QPointF) -> str:
        """Return the flags that were up at a point, or what the line is."""
        line = self._line()
        second = (at.x() - line.left()) / line.width() * self.whole_s
        near = 3.0 * self.whole_s / line.width()
        found = [
            f"{shown.flag.severity.name}: {shown.label}, from {lettering.clock(shown.start_s)}"
            for shown in self._feed.flags
            if shown.start_s - near <= second <= (self._feed.session_s if shown.up else shown.end_s) + near
        ]
        found += [f"{mark.label}, {lettering.clock(mark.at_s)}" for mark in self._feed.marks if abs(mark.at_s - second) <= near]
        return "\n".join(found) if found else "Flags over the session; a click goes back to that second, Space returns."
