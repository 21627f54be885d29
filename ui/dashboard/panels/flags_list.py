"""The flags that are up, as large cards, the worst first; those that have ended stand on the time line."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPen

from hardware.severity import Severity
from processing.flags.amounts import amount
from ui.dashboard.drawing import colours, lettering
from ui.dashboard.drawing.panel import Panel

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from ui.dashboard.feed.feed import Feed, ShownFlag

# Columns and rows of cards, by how many flags are up: few are large, many are small.
_GRIDS = ((2, 1, 2), (4, 1, 4), (8, 2, 4), (12, 3, 4))


class FlagsList(Panel):
    """Cards with sign, word, side, label, peak and since when."""

    def __init__(self, feed: Feed) -> None:
        super().__init__("FLAGS AT THIS MOMENT")
        self._feed = feed

    def showing(self) -> object:
        """The flags, and whole seconds while one is up."""
        up = any(shown.up for shown in self._feed.flags)
        flags = tuple((f.flag.rule, f.flag.start_sample, f.flag.severity, f.up, f.flag.peak) for f in self._feed.flags)
        return flags, int(self._feed.session_s) if up and math.isfinite(self._feed.session_s) else 0

    def draw(self, painter: QPainter) -> None:
        """Draw the cards of those that are up, and how many have ended."""
        up = [shown for shown in self._feed.flags if shown.up]
        self._cards(painter, self.inside(top=44), up)
        if ended := len(self._feed.flags) - len(up):
            self.aside(painter, f"{ended} ended")

    def _cards(self, painter: QPainter, area: QRectF, up: list[ShownFlag]) -> None:
        if not self._feed.rules:
            self._calm(painter, area, "No rules are switched on")
            return
        if not up:
            self._calm(painter, area, "No flag is up")
            return
        columns, rows = next(((c, r) for most, c, r in _GRIDS if len(up) <= most), _GRIDS[-1][1:])
        gap = self.px(8)
        width = (area.width() - (columns - 1) * gap) / columns
        height = (area.height() - (rows - 1) * gap) / rows
        fits = columns * rows
        for k, shown in enumerate(up[:fits]):
            column, row = divmod(k, rows)
            card = QRectF(area.left() + column * (width + gap), area.top() + row * (height + gap), width, height)
            self._card(painter, card, shown, columns)
        if len(up) > fits:
            self.title_remark(painter, f"and {len(up) - fits} more")

    def title_remark(self, painter: QPainter, text: str) -> None:
        """Write beside the title."""
        x = self.px(18) + lettering.width_of(self.title, self.px(19), bold=True) + self.px(16)
        lettering.write(painter, QRectF(x, self.px(10), self.px(300), self.px(28)), text, self.px(17), colours.TEXT, bold=True)

    def _calm(self, painter: QPainter, area: QRectF, text: str) -> None:
        lettering.sign(painter, QPointF(area.left() + self.px(22), area.center().y() - self.px(6)), self.px(40), Severity.FINE)
        spot = area.adjusted(self.px(60), -self.px(6), 0, -self.px(6))
        lettering.write(painter, spot, text, self.px(26), colours.QUIET)

    def _card(self, painter: QPainter, card: QRectF, shown: ShownFlag, columns: int) -> None:
        """Draw sign and word, what it is, and peak and time: in one line, or in two where the card is tall."""
        severity = shown.flag.severity
        colour = colours.SEVERITIES[severity]
        painter.setPen(QPen(colour, self.px(2)))
        painter.setBrush(colours.mixed(colour, colours.PANEL, 0.16))
        painter.drawRoundedRect(card.adjusted(1, 1, -1, -1), self.px(6), self.px(6))
        size = min(self.px(42), 0.66 * card.height())
        lettering.sign(painter, QPointF(card.left() + 0.85 * size, card.center().y()), size, severity)
        text = card.adjusted(1.6 * size, self.px(2), -self.px(12), -self.px(2))
        word, what = severity.name, shown.label[:1].upper() + shown.label[1:]
        if card.height() > self.px(54):
            upper, lower = text.adjusted(0, 0, 0, -0.44 * text.height()), text.adjusted(0, 0.54 * text.height(), 0, 0)
            lettering.write(painter, upper, what, self.px(27), colours.TEXT, bold=True)
            line = f"{word} · {shown.side} · peak {amount(shown.flag.peak, shown.unit, shown.metric)} · {self._when(shown)}"
            lettering.write(painter, lower, line, self.px(19), colour, bold=True)
            return
        px = self.px(19 if columns == 1 else 17)
        word_width = lettering.width_of(Severity.AMBER.name, px, bold=True) + self.px(14)
        lettering.write(painter, QRectF(text.left(), text.top(), word_width, text.height()), word, px, colour, bold=True)
        if columns == 1:
            detail = f"{amount(shown.flag.peak, shown.unit, shown.metric)} · {self._when(shown)}"
            detail_width = self.px(250)
        else:
            what = f"{shown.short} {shown.side}"
            detail = amount(shown.flag.peak, shown.unit, shown.metric)
            detail_width = self.px(90)
        left = text.left() + word_width
        spot = QRectF(left, text.top(), text.right() - detail_width - left, text.height())
        lettering.write(painter, spot, what, px, colours.TEXT, bold=True)
        spot = QRectF(text.right() - detail_width, text.top(), detail_width, text.height())
        lettering.write(painter, spot, detail, px, colour, lettering.RIGHT)

    def _when(self, shown: ShownFlag) -> str:
        """Return since when a flag is up, and for how long."""
        now = self._feed.session_s
        lasting = f", {max(0.0, now - shown.start_s):.0f} s" if math.isfinite(now) else ""
        return f"since {lettering.clock(shown.start_s)}{lasting}"
