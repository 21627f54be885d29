"""The balance bar: how the load is shared between the legs, and how far the net centre of pressure has moved sideways."""

from __future__ import annotations

import math
from enum import Enum

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QBrush, QMouseEvent, QPainter, QPen, QPolygonF

from hardware.severity import Severity
from processing.flags.amounts import amount
from processing.flags.kinds import kind_on
from ui.dashboard.drawing import colours, lettering
from ui.dashboard.drawing.panel import Panel
from ui.dashboard.feed.feed import Feed

SHIFT = "load_shift_pct"
RULE = kind_on(SHIFT).setting
SHARE = "load_share_right_pct"
COP = "cop_net_shift_mm"
_SPAN_PCT, _COP_SPAN_MM = 30.0, 80.0
_GRIP = 16


class Held(Enum):
    """What of the bar is dragged."""

    TARGET = "target"
    AMBER = "amber"
    RED = "red"


class BalanceBar(Panel):
    """One large bar, left on the left: the middle is even, the zones begin at the limits of the rules.

    Two handles above bound the target zone, within which the lifter's screen says that the load is even. Dragged, they ask for
    another one (`targeted`, in %). Those below are the limits of the rule: dragged, they ask for others (`limited`: amber and
    red, in %), by which flags are raised from then on.
    """

    targeted = Signal(float)
    limited = Signal(float, float)
    formulas = ("load_share.total_referenced", "load_shift.total_referenced", "cop_net_shift.lifter_axis")

    def __init__(self, feed: Feed) -> None:
        super().__init__("LOAD SHIFT")
        self._feed = feed
        self._digits = (math.nan, math.nan, math.nan)
        self._held: Held | None = None
        self._dragged_pct = math.nan

    def refresh_digits(self) -> None:
        """Take new numbers."""
        self._digits = (self._feed.value(SHARE), self._feed.value(SHIFT), self._feed.value(COP))

    def showing(self) -> object:
        """Whatever would move the bar by a pixel."""
        feed = self._feed
        bars = (round(value * 8) if math.isfinite(value) else None for value in (feed.value(SHIFT), feed.value(COP)))
        digits = (lettering.number(value, 1) for value in (*self._digits, self._target_pct, *(self._limits or ())))
        return (*bars, *digits, feed.severity(SHIFT), feed.severity(COP))

    @property
    def _target_pct(self) -> float:
        return self._dragged_pct if self._held is Held.TARGET else self._feed.target_pct

    @property
    def _limits(self) -> tuple[float, float] | None:
        """The amber and the red limit, one of them where it is dragged."""
        limits = self._feed.limits(SHIFT)
        if limits is None or self._held not in (Held.AMBER, Held.RED):
            return limits
        return (self._dragged_pct, limits[1]) if self._held is Held.AMBER else (limits[0], self._dragged_pct)

    @property
    def _shares(self) -> bool:
        return self._feed.rig is not None and len(self._feed.rig.plate) > 1

    def _numbers(self) -> QRectF:
        area = self.inside(top=14)
        return QRectF(area.left(), area.top() + 0.13 * area.height(), area.width(), 0.33 * area.height())

    @property
    def _track(self) -> QRectF:
        area = self.inside(top=14)
        return QRectF(area.left(), self._numbers().bottom() + 0.03 * area.height(), area.width(), 0.23 * area.height())

    @property
    def _cop_area(self) -> QRectF:
        area = self.inside(top=14)
        return QRectF(area.left(), area.bottom() - self.px(34), area.width(), self.px(34))

    @property
    def _cop_track(self) -> QRectF:
        side, inset = self.px(150), self.px(6)
        return self._cop_area.adjusted(side, inset, -side, -inset)

    def field_by(self) -> object:
        """Return limits, target zone and what is held, by which tracks and handles are drawn."""
        return self._shares, self._limits, self._feed.limits(COP), self._target_pct

    def draw_field(self, painter: QPainter) -> None:
        """Draw the tracks with the zones of their rules, handles, the scale, and what the numbers are."""
        super().draw_field(painter)
        if not self._shares:
            return
        self.aside(painter, "(R − L) / (R + L)")
        bar = self._track
        for tick in (-20, -10, 0, 10, 20):
            x = bar.center().x() + tick / _SPAN_PCT * bar.width() / 2
            spot = QRectF(x - self.px(40), bar.bottom() + self.px(3), self.px(80), self.px(22))
            lettering.write(painter, spot, f"{abs(tick)} %" if tick else "even", self.px(15), colours.FAINT, lettering.CENTRE)
        self._zones(painter, bar, self._limits, _SPAN_PCT)
        self._handles(painter)
        row = self._cop_area
        label = QRectF(row.left(), row.top(), self.px(150), row.height())
        lettering.write(painter, label, "Net COP shift", self.px(18), colours.QUIET)
        self._zones(painter, self._cop_track, self._feed.limits(COP), _COP_SPAN_MM)

    def draw(self, painter: QPainter) -> None:
        """Draw the shares, the bar of load shift and below it that of the net centre of pressure."""
        feed, area = self._feed, self.inside(top=14)
        if not self._shares:
            self.say(painter, "No load share", "it needs two plates, one under each foot")
            return
        share, shift, cop = self._digits
        severity = feed.severity(SHIFT)
        numbers = self._numbers()
        side_width = 0.3 * area.width()
        left = math.nan if math.isnan(share) else 100 - round(share)
        self._share(painter, QRectF(numbers.left(), numbers.top(), side_width, numbers.height()), "L", left)
        self._share(painter, QRectF(numbers.right() - side_width, numbers.top(), side_width, numbers.height()), "R", share)
        middle = QRectF(numbers.left() + side_width, numbers.top(), numbers.width() - 2 * side_width, numbers.height())
        self._shift(painter, middle, shift, severity)
        self._value(painter, self._track, feed.value(SHIFT), _SPAN_PCT)
        if self._held is not None:
            spot = QRectF(
                self._at(self._dragged_pct) + self.px(12), self._track.center().y() - self.px(11), self.px(140), self.px(22)
            )
            lettering.write(painter, spot, f"± {self._dragged_pct:g} %", self.px(18), colours.TEXT, bold=True)
        self._cop_row(painter, cop)

    def _at(self, pct: float) -> float:
        """Return where a load shift stands on the bar."""
        return self._track.center().x() + max(-1.0, min(1.0, pct / _SPAN_PCT)) * self._track.width() / 2

    def _handles(self, painter: QPainter) -> None:
        """Draw what can be dragged: the target zone from above, limits from below."""
        size, track = self.px(8), self._track
        painter.setPen(Qt.PenStyle.NoPen)
        shown = [(self._target_pct, colours.TEXT, track.top(), 1.0)] if math.isfinite(self._target_pct) else []
        for limit, severity in zip(self._limits or (), (Severity.AMBER, Severity.RED), strict=False):
            shown.append((limit, colours.SEVERITIES[severity], track.bottom(), -1.0))
        for pct, colour, y, down in shown:
            painter.setBrush(colour)
            for x in (self._at(-pct), self._at(pct)):
                base = y - down * (size if down > 0 else 0.0)
                painter.drawPolygon(QPolygonF([QPointF(x - size, base), QPointF(x + size, base), QPointF(x, y + down * size)]))

    def _near(self, at: QPointF) -> Held | None:
        """Return what can be dragged at a point: above the target zone, below the nearest limit."""
        track, grip = self._track, self.px(_GRIP)
        if not self._shares or not track.top() - grip < at.y() < track.bottom() + grip:
            return None
        zone = [(self._feed.target_pct, Held.TARGET)] if math.isfinite(self._feed.target_pct) else []
        limits = list(zip(self._feed.limits(SHIFT) or (), (Held.AMBER, Held.RED), strict=False))
        handles = zone if at.y() < track.top() + grip else limits
        away = [(abs(at.x() - self._at(sign * pct)), held) for pct, held in handles for sign in (-1.0, 1.0)]
        nearest = min(away, key=lambda one: one[0], default=(math.inf, Held.TARGET))
        return nearest[1] if nearest[0] < grip else None

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Take hold of a handle that is near."""
        if event.button() == Qt.MouseButton.LeftButton and (held := self._near(event.position())) is not None:
            amber, red = self._feed.limits(SHIFT) or (math.nan, math.nan)
            self._dragged_pct = {Held.TARGET: self._feed.target_pct, Held.AMBER: amber, Held.RED: red}[held]
            self._held = held

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Drag it, by whole percents; amber and red do not pass each other."""
        if self._held is None or self._track.width() <= 0:
            return
        shift_pct = abs(event.position().x() - self._track.center().x()) / (self._track.width() / 2) * _SPAN_PCT
        wanted_pct = float(round(max(1.0, min(_SPAN_PCT, shift_pct))))
        amber, red = self._feed.limits(SHIFT) or (math.nan, math.nan)
        if self._held is Held.AMBER:
            wanted_pct = min(wanted_pct, red)
        elif self._held is Held.RED:
            wanted_pct = max(wanted_pct, amber)
        self._dragged_pct = wanted_pct
        self.update()

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Ask for the zone, or the limits, as they were dragged; until they are in force what was stands there again."""
        if self._held is None:
            return
        target_pct, limits = self._target_pct, self._limits
        held, self._held = self._held, None
        if held is Held.TARGET and target_pct != self._feed.target_pct:
            self.targeted.emit(target_pct)
        elif limits is not None and limits != self._feed.limits(SHIFT):
            self.limited.emit(*limits)
        self.update()

    def meaning(self, at: QPointF) -> str:
        """Return what is shown means; near a handle, what it does."""
        held = self._near(at)
        if held is None:
            return super().meaning(at)
        if held is Held.TARGET:
            return (
                f"Target zone: within ± {self._target_pct:g} % the lifter's screen says EVEN. Drag a handle for another one; "
                "limits and flags stay as they are."
            )
        amber, red = self._feed.limits(SHIFT) or (math.nan, math.nan)
        limit = f"Amber limit: ± {amber:g} %" if held is Held.AMBER else f"Red limit: ± {red:g} %"
        return (
            f"{limit} of load shift. Drag it for another one: flags are raised by it from then on, and at the end all of the "
            "session is judged by the last one. Raw data stays as it is."
        )

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

    def _cop_row(self, painter: QPainter, cop: float) -> None:
        area, bar = self._cop_area, self._cop_track
        severity = self._feed.severity(COP)
        side = "" if math.isnan(cop) or round(cop) == 0 else " R" if cop > 0 else " L"
        text = f"{amount(cop, 'mm', COP)}{side}" if math.isfinite(cop) else "–"
        spot = QRectF(area.right() - self.px(150), area.top(), self.px(150), area.height())
        lettering.write(painter, spot, text, self.px(22), colours.SEVERITIES[severity], lettering.RIGHT, bold=True)
        if severity:
            lettering.sign(painter, QPointF(bar.right() + self.px(18), bar.center().y()), self.px(22), severity)
        self._value(painter, bar, self._feed.value(COP), _COP_SPAN_MM)

    def _zones(self, painter: QPainter, area: QRectF, limits: tuple[float, float] | None, span: float) -> None:
        """Draw a track from -span to +span with the zones of its rule."""
        centre, half = area.center().x(), area.width() / 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.WELL)
        painter.drawRoundedRect(area, self.px(5), self.px(5))
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

    def _value(self, painter: QPainter, area: QRectF, value: float, span: float) -> None:
        """Draw a value as a bar from the middle of its track."""
        centre, half = area.center().x(), area.width() / 2
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
