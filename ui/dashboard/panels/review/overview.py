"""The whole recording in a strip: height and force, repetitions as bars with ends to drag, flags, and what is shown of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPen

from hardware.severity import Severity
from ui.dashboard.drawing import colours, lettering
from ui.dashboard.drawing.excerpt import Band, Picture
from ui.dashboard.feed.under_review import lowest_and_highest
from ui.dashboard.panels.review.time_panel import MARGIN_PX, Grip, TimePanel

if TYPE_CHECKING:
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QPainter

    from processing.results import FlagResult
    from ui.dashboard.feed.under_review import UnderReview

_LANES = {"left": 0, "": 1, "both": 1, "right": 2}
_BARS, _FLAGS = 0.14, 0.24
"""Of the strip so much is for the bars of repetitions, and for the lanes of flags."""
_DRAGGED_PX = 14
"""A bar that is narrower has no ends to drag."""


class Overview(TimePanel):
    """The strip; amber flags are half as high as red ones, and dismissed ones are outlined only."""

    def __init__(self, under: UnderReview) -> None:
        super().__init__(under)
        table = under.force
        columns = ("com_height_mm", "fz_total_N") if table is not None else ()
        self._found = [lowest_and_highest(table, column, under.whole_s) for column in columns if table is not None]
        self._picture: Picture | None = None
        self._picture_size = (0, 0)

    def span_s(self) -> tuple[float, float]:
        """The whole recording."""
        return 0.0, self.under.whole_s

    def line(self) -> QRectF:
        """All but a margin for letters and the axis."""
        below = max(self.px(26), lettering.LEAST_PX + 6.0)
        return QRectF(
            self.px(MARGIN_PX), self.px(10), self.width() - self.px(MARGIN_PX + 20), self.height() - self.px(10) - below
        )

    def grips(self) -> list[Grip]:
        """The ends of bars that are wide enough."""
        least_s = self.px(_DRAGGED_PX) * self.under.whole_s / max(self.line().width(), 1.0)
        wide = [row for row in self.under.repetitions if row.end_s - row.start_s >= least_s]
        return [Grip(row.number, which, float(getattr(row, which))) for row in wide for which in ("start_s", "end_s")]

    def _bands(self, height: int) -> list[Band]:
        half = round((1.0 - _BARS - _FLAGS) * height / 2)
        bands = []
        for k, found in enumerate(self._found):
            known = found[np.isfinite(found)]
            least, most = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
            room = 0.04 * (most - least) or 1.0
            bands.append(Band(k * half + 1, (k + 1) * half - 1, least - room, most + room))
        return bands

    def _strip(self, line: QRectF) -> Picture:
        ratio = self.devicePixelRatioF()
        size = max(8, round(line.width() * ratio)), max(16, round(line.height() * ratio))
        if self._picture is None or self._picture_size != size:
            self._picture, self._picture_size = Picture(*size, *self.span_s()), size
            for found, band, colour in zip(
                self._found, self._bands(size[1]), (colours.NET, colours.QUIET), strict=False
            ):  # without plates there is neither
                self._picture.rule(band, 0.0)
                self._picture.draw_ranges(found, colour, band, max(1.4, 1.6 * self.scale) * ratio)
        return self._picture

    def draw(self, painter: QPainter) -> None:
        """Draw the strip, from its ground to the frame around what is shown."""
        line = self.line()
        painter.drawImage(line, self._strip(line).image)
        self._letters(painter, line)
        self.axis(painter, line)
        bars = QRectF(line.left(), line.bottom() - _BARS * line.height(), line.width(), _BARS * line.height())
        before, per_s = -1, line.width() / self.under.whole_s
        for row in self.under.repetitions:
            chosen = row.number == self.under.number
            x = int(per_s * row.end_s)
            if x == before and not (chosen or row.edited):  # in hours there are more than pixels
                continue
            before = x
            start, _, end = self.instants(row)
            left, right = self.x_of(start), self.x_of(end)
            colour = colours.TEXT if chosen else colours.FAINT
            bar = QRectF(left, bars.top() + self.px(3), max(1.5, right - left), bars.height() - self.px(6))
            painter.fillRect(bar, colour)
            if row.edited:
                painter.fillRect(QRectF(bar.left(), bar.top(), bar.width(), bar.height() / 3), colours.LEFT)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colours.FAINT, max(1.0, self.px(1.5)), Qt.PenStyle.DashLine))
        for start_s, end_s, _ in self.under.dropped():
            left, right = self.x_of(start_s), self.x_of(end_s)
            painter.drawRect(QRectF(left, bars.top() + self.px(3), max(1.5, right - left), bars.height() - self.px(6)))
        top = bars.top() - _FLAGS * line.height()
        drawn = set()
        for k, flag in enumerate(self.under.review.results.flags):
            stripe = int(per_s * flag.start_s), flag.side, flag.severity, flag.dismissed == ""
            if stripe in drawn and k != self.under.flag:
                continue
            drawn.add(stripe)
            self._flag(painter, flag, QRectF(line.left(), top, line.width(), _FLAGS * line.height()), k == self.under.flag)
        self._frame(painter, line)
        self.cursor_line(painter, line)

    def _letters(self, painter: QPainter, line: QRectF) -> None:
        half = (1.0 - _BARS - _FLAGS) * line.height() / 2
        words = [(name, k * half, half) for k, name in enumerate(("height", "force")[: len(self._found)])]
        words += [
            ("flags", 2 * half, _FLAGS * line.height()),
            ("repetitions", line.height() * (1 - _BARS), _BARS * line.height()),
        ]
        for name, top, high in words:
            room = max(high, lettering.LEAST_PX + 4.0)
            spot = QRectF(self.px(12), line.top() + top + (high - room) / 2, line.left() - self.px(22), room)
            lettering.write(painter, spot, name, self.px(16), colours.FAINT, lettering.RIGHT)

    def _flag(self, painter: QPainter, flag: FlagResult, lanes: QRectF, chosen: bool) -> None:
        end_s = self.under.whole_s if math.isnan(flag.end_s) else flag.end_s
        left, right = self.x_of(flag.start_s), self.x_of(end_s)
        lane = lanes.height() / 3
        high = (0.84 if flag.severity is Severity.RED else 0.42) * lane
        top = lanes.top() + (_LANES.get(flag.side, 1) + 0.92) * lane - high
        bar = QRectF(left, top, max(self.px(3), right - left), high)
        colour = colours.SEVERITIES[flag.severity]
        if not flag.dismissed:
            painter.fillRect(bar, colour)
        if flag.dismissed or chosen:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colours.TEXT if chosen else colour, max(1.0, self.px(1.5))))
            painter.drawRect(bar)

    def _frame(self, painter: QPainter, line: QRectF) -> None:
        left, right = self.x_of(self.under.from_s), self.x_of(self.under.to_s)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colours.LEFT, max(1.0, self.px(2.5))))
        painter.drawRoundedRect(QRectF(left, line.top(), max(3.0, right - left), line.height()), self.px(4), self.px(4))

    def meaning(self, at: QPointF) -> str:
        """Return the flags that were up at a point, or what the strip is."""
        second, near_s = self.second_at(at.x()), 3.0 * self.under.whole_s / max(self.line().width(), 1.0)
        found = [
            f"{flag.severity.name}: {flag.label}, from {lettering.clock(flag.start_s)}"
            + (f"; dismissed: {flag.dismissed}" if flag.dismissed else "")
            for flag in self.under.review.results.flags
            if flag.start_s - near_s <= second <= (self.under.whole_s if math.isnan(flag.end_s) else flag.end_s) + near_s
        ]
        return "\n".join(found) or "The whole recording: a click goes there; the ends of a repetition's bar can be dragged."
