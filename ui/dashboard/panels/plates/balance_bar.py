"""The balance bar: how the load is shared between the legs, and how far the net centre of pressure has moved sideways."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QPainter, QPen, QPolygonF

from hardware.severity import Severity
from processing.flags.amounts import amount
from ui.dashboard.drawing import colours, lettering
from ui.dashboard.drawing.panel import Panel
from ui.dashboard.feed.feed import Feed

SHIFT = "load_shift_pct"
SHARE = "load_share_right_pct"
COP = "cop_net_shift_mm"


class BalanceBar(Panel):
    """One large bar, left on the left: the middle is even, the zones begin at the limits of the rules."""

    formulas = ("load_share.total_referenced", "load_shift.total_referenced", "cop_net_shift.lifter_axis")

    def __init__(self, feed: Feed) -> None:
        super().__init__("LOAD SHIFT")
        self._feed = feed
        self._digits = (math.nan, math.nan, math.nan)

    def refresh_digits(self) -> None:
        """Take new numbers."""
        self._digits = (self._feed.value(SHARE), self._feed.value(SHIFT), self._feed.value(COP))

    def showing(self) -> object:
        """Whatever would move the bar by a pixel."""
        feed = self._feed
        bars = (round(value * 8) if math.isfinite(value) else None for value in (feed.value(SHIFT), feed.value(COP)))
        return (*bars, *(lettering.number(value, 1) for value in self._digits), feed.severity(SHIFT), feed.severity(COP))

    def draw(self, painter: QPainter) -> None:
        """Draw the shares, the bar of load shift and below it that of the net centre of pressure."""
        feed, area = self._feed, self.inside(top=14)
        if len(feed.rig.plate if feed.rig else []) < 2:
            self.say(painter, "No load share", "it needs two plates, one under each foot")
            return
        self.aside(painter, "(R − L) / (R + L)")
        share, shift, cop = self._digits
        severity = feed.severity(SHIFT)
        numbers = QRectF(area.left(), area.top() + 0.13 * area.height(), area.width(), 0.33 * area.height())
        side_width = 0.3 * area.width()
        left = math.nan if math.isnan(share) else 100 - round(share)
        self._share(painter, QRectF(numbers.left(), numbers.top(), side_width, numbers.height()), "L", left)
        self._share(painter, QRectF(numbers.right() - side_width, numbers.top(), side_width, numbers.height()), "R", share)
        middle = QRectF(numbers.left() + side_width, numbers.top(), numbers.width() - 2 * side_width, numbers.height())
        self._shift(painter, middle, shift, severity)
        top = numbers.bottom() + 0.03 * area.height()
        bar = QRectF(area.left(), top, area.width(), 0.23 * area.height())
        self._bar(painter, bar, SHIFT, feed.value(SHIFT), span=30.0)
        scale = QRectF(area.left(), bar.bottom() + self.px(3), area.width(), self.px(22))
        for tick in (-20, -10, 0, 10, 20):
            x = scale.center().x() + tick / 30 * scale.width() / 2
            spot = QRectF(x - self.px(40), scale.top(), self.px(80), scale.height())
            lettering.write(painter, spot, f"{abs(tick)} %" if tick else "even", self.px(15), colours.FAINT, lettering.CENTRE)
        self._cop_row(painter, QRectF(area.left(), area.bottom() - self.px(34), area.width(), self.px(34)), cop)

    def _share(self, painter: QPainter, area: QRectF, letter: str, percent: float) -> None:
        colour = colours.LEFT if letter == "L" else colours.RIGHT
        align = lettering.LEFT if letter == "L" else lettering.RIGHT
        value = f"{percent:.0f} %" if math.isfinite(percent) else "–"
        text = f"{letter} {value}" if letter == "L" else f"{value} {letter}"
        lettering.write(painter, area, text, self.px(62), colour, align, bold=True)

    def _shift(self, painter: QPainter, area: QRectF, shift: float, severity: Severity) -> None:
        if math.isnan(shift):
            text, below = "–", "both feet on the plates?" if math.isfinite(self._feed.value("fz_total_N")) else "no data"
        else:
            text = amount(shift, "%", SHIFT)
            below = "even" if round(shift) == 0 else "to the right" if shift > 0 else "to the left"
        upper = QRectF(area.left(), area.top() - 0.12 * area.height(), area.width(), 0.7 * area.height())
        lower = QRectF(area.left(), upper.bottom() - 0.02 * area.height(), area.width(), 0.34 * area.height())
        lettering.write(painter, upper, text, self.px(46), colours.SEVERITIES[severity], lettering.CENTRE, bold=True)
        word = f"{severity.name} · {below}" if severity else below
        lettering.write(painter, lower, word, self.px(20), colours.SEVERITIES[severity], lettering.CENTRE)
        if severity:
            centre = QPointF(upper.center().x() - self.px(92), upper.center().y())
            lettering.sign(painter, centre, self.px(38), severity)

    def _cop_row(self, painter: QPainter, area: QRectF, cop: float) -> None:
        label = value = self.px(150)
        lettering.write(
            painter, QRectF(area.left(), area.top(), label, area.height()), "Net COP shift", self.px(18), colours.QUIET
        )
        severity = self._feed.severity(COP)
        side = "" if math.isnan(cop) or round(cop) == 0 else " R" if cop > 0 else " L"
        text = f"{amount(cop, 'mm', COP)}{side}" if math.isfinite(cop) else "–"
        spot = QRectF(area.right() - value, area.top(), value, area.height())
        lettering.write(painter, spot, text, self.px(22), colours.SEVERITIES[severity], lettering.RIGHT, bold=True)
        bar = QRectF(area.left() + label, area.top(), area.width() - label - value, area.height())
        bar.adjust(0, self.px(6), 0, -self.px(6))
        if severity:
            lettering.sign(painter, QPointF(bar.right() + self.px(18), bar.center().y()), self.px(22), severity)
        self._bar(painter, bar, COP, self._feed.value(COP), span=80.0)

    def _bar(self, painter: QPainter, area: QRectF, metric: str, value: float, span: float) -> None:
        """Draw a track from -span to +span with the zones of its rule, and the value as a bar from the middle."""
        centre, half = area.center().x(), area.width() / 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.WELL)
        painter.drawRoundedRect(area, self.px(5), self.px(5))
        limits = self._feed.limits(metric)
        if limits is not None:
            amber, red = (min(1.0, limit / span) * half for limit in limits)
            for sign in (-1, 1):
                zones = (
                    (amber, red, colours.mixed(colours.AMBER, colours.WELL, 0.26)),
                    (red, half, colours.mixed(colours.RED, colours.WELL, 0.34)),
                )
                for start, end, colour in zones:
                    near = centre + sign * start
                    painter.fillRect(QRectF(min(near, centre + sign * end), area.top(), end - start, area.height()), colour)
                at_red = centre + sign * red
                far = QRectF(min(at_red, centre + sign * half), area.top(), half - red, area.height())
                painter.fillRect(far, QBrush(colours.mixed(colours.RED, colours.WELL, 0.5), Qt.BrushStyle.BDiagPattern))
            painter.setPen(QPen(colours.QUIET, max(1.0, self.px(1.5)), Qt.PenStyle.DashLine))
            for limit in (-red, -amber, amber, red):
                painter.drawLine(QPointF(centre + limit, area.top()), QPointF(centre + limit, area.bottom()))
            painter.setPen(Qt.PenStyle.NoPen)
        if math.isfinite(value):
            reach = max(-1.0, min(1.0, value / span)) * half
            inset = 0.16 * area.height()
            painter.setBrush(colours.RIGHT if value > 0 else colours.LEFT)
            painter.drawRect(QRectF(min(centre, centre + reach), area.top() + inset, abs(reach), area.height() - 2 * inset))
            painter.setBrush(colours.TEXT)
            if abs(value) > span:  # beyond the end of the scale
                tip = centre + math.copysign(half, value)
                back = tip - math.copysign(0.5 * area.height(), value)
                corners = [QPointF(tip, area.center().y()), QPointF(back, area.top()), QPointF(back, area.bottom())]
                painter.drawPolygon(QPolygonF(corners))
            else:
                painter.drawRect(QRectF(centre + reach - self.px(3), area.top(), self.px(6), area.height()))
        painter.fillRect(
            QRectF(centre - self.px(1), area.top() - self.px(4), self.px(2), area.height() + self.px(8)), colours.TEXT
        )
