"""One leg's muscles: the quadriceps/hamstring ratio against its own baseline, and how active each group is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QRectF, Qt

from acquisition.rig import GLUTES, HAMSTRINGS, QUADRICEPS
from hardware.severity import Severity
from processing.flags.amounts import amount
from ui.dashboard.drawing import colours, lettering
from ui.dashboard.drawing.panel import Panel

if TYPE_CHECKING:
    from PySide6.QtGui import QColor, QPainter

    from acquisition.rig import Side
    from ui.dashboard.feed.feed import Feed

_GROUPS = (("Quads", "quads", QUADRICEPS), ("Hams", "hams", HAMSTRINGS), ("Glutes", "glutes", GLUTES))
_FULL_PCT = 125.0
_TICKS_PCT = (25, 50, 75, 100)
_RATIO_WIDTH = 0.39
_SCALE, _VALUE = 22, 64


class Leg(Panel):
    """Q:H as a large number with its change, and a bar in %MVC for each group."""

    formulas = ("qh.mvc_ratio", "qh_change.baseline_ratio", "qh_between_legs.log2_ratio", "group.mean_activation")

    def __init__(self, feed: Feed, side: Side) -> None:
        super().__init__(f"{side.upper()} LEG", colours.SIDES[side])
        self._feed = feed
        self._side: Side = side
        self._electrodes = [e for e in feed.rig.emg if e.side == side] if feed.rig else []
        self._digits: dict[str, float] = {}
        least_hz = feed.rig.emg_processing.undersampled_below_hz if feed.rig else 0.0
        self._undersampled = any(feed.ring.streams[e.stream].rate_hz < least_hz for e in self._electrodes)

    def refresh_digits(self) -> None:
        """Take new numbers."""
        names = [f"{column}_{self._side}_pct" for _, column, _ in _GROUPS]
        names += [f"qh_{self._side}", f"qh_change_{self._side}", "qh_between_legs_log2"]
        self._digits = {name: self._feed.value(name) for name in names}

    def _severity(self) -> Severity:
        metrics = (f"qh_{self._side}", f"qh_change_{self._side}", "qh_between_legs_log2")
        return max(self._feed.severity(metric, self._side) for metric in metrics)

    def showing(self) -> object:
        """Whatever would move a bar by a pixel."""
        bars = (self._feed.value(f"{column}_{self._side}_pct") for _, column, _ in _GROUPS)
        steps = tuple(round(3 * value) if math.isfinite(value) else None for value in bars)
        texts = tuple(lettering.number(value, 2) for value in self._digits.values())
        return steps, texts, self._severity(), tuple(self._feed.lost_streams(self._side))

    def draw(self, painter: QPainter) -> None:
        """Draw the ratio on the left and the bars on the right."""
        if not self._electrodes:
            self.say(painter, "No EMG on this leg")
            return
        area = self.inside(top=46)
        self._ratio(painter, QRectF(area.left(), area.top(), _RATIO_WIDTH * area.width(), area.height()))
        self._bars(painter)
        stopped = self._feed.lost_streams(self._side)
        if stopped:
            self.aside(painter, f"{stopped[0]}: no data", colours.RED, severity=Severity.RED)
        else:
            self._say_unit(painter)

    def _say_unit(self, painter: QPainter) -> None:
        if self._undersampled:
            self.aside(painter, "% of MVC, undersampled", colours.AMBER, severity=Severity.AMBER)
        else:
            self.aside(painter, "% of MVC")

    def _ratio(self, painter: QPainter, area: QRectF) -> None:
        ratio = self._digits.get(f"qh_{self._side}", math.nan)
        change = self._digits.get(f"qh_change_{self._side}", math.nan)
        between = self._digits.get("qh_between_legs_log2", math.nan)
        severity = self._severity()
        colour = colours.SEVERITIES[severity]
        h = area.height()
        self._caption(painter, QRectF(area.left(), area.top(), area.width(), 0.14 * h), severity)
        big = QRectF(area.left(), area.top() + 0.13 * h, area.width(), 0.42 * h)
        text = lettering.number(ratio, 1 if not ratio >= 100 else 0)
        lettering.write(painter, big, text, min(self.px(72), 0.36 * h), colour, bold=True)
        lines: tuple[tuple[str, Severity], ...] = ((self._why(), Severity.FINE),)
        if math.isfinite(ratio):
            other = "left" if self._side == "right" else "right"
            log2 = between if self._side == "right" else -between
            factor = 2.0 ** min(log2, 20.0)  # NaN stays NaN in this order
            of_change = self._feed.severity(f"qh_change_{self._side}", self._side)
            of_legs = self._feed.severity("qh_between_legs_log2", self._side)
            lines = (
                (f"{amount(change, 'times', '')} own baseline" if math.isfinite(change) else "baseline not set yet", of_change),
                (f"{amount(factor, 'times', '')} the {other} leg" if math.isfinite(factor) else "", of_legs),
            )
        for k, (line, warned) in enumerate(lines):
            spot = QRectF(area.left(), area.top() + (0.6 + 0.18 * k) * h, area.width(), 0.17 * h)
            lettering.write(painter, spot, line, self.px(19), colours.SEVERITIES[warned] if warned else colours.QUIET)

    def _caption(self, painter: QPainter, area: QRectF, severity: Severity) -> None:
        """Say what the number is, and beside it how severe it is; the warning alone where there is no room for both."""
        word = severity.name if severity else ""
        caption = lettering.width_of("quad : ham", self.px(18))
        warning = self.px(46) + lettering.width_of(word, self.px(18), bold=True)
        both = caption + warning <= area.width()
        if both or not severity:
            lettering.write(painter, area, "quad : ham", self.px(18), colours.QUIET)
        if severity:
            x = area.left() + self.px(13) + (caption + self.px(13) if both else 0)
            lettering.sign(painter, QPointF(x, area.center().y()), self.px(24), severity)
            spot = QRectF(x + self.px(17), area.top(), area.right() - x - self.px(17), area.height())
            lettering.write(painter, spot, word, self.px(18), colours.SEVERITIES[severity], bold=True)

    def _why(self) -> str:
        """Say why there is no ratio."""
        if self._feed.lost_streams(self._side):
            return "no data"
        active = self._digits.get(f"quads_{self._side}_pct", math.nan) + self._digits.get(f"hams_{self._side}_pct", math.nan)
        if math.isfinite(active):
            return "muscles at rest"
        for name, group in (("quads", QUADRICEPS), ("hams", HAMSTRINGS)):
            electrodes = [e for e in self._electrodes if e.muscle in group]
            if not electrodes:
                return f"no {name} electrode"
            if all(e.mvc_uV is None for e in electrodes):
                return "needs an MVC trial"
        return "no data"

    def _rows(self) -> list[tuple[str, str, QColor, QRectF, QRectF]]:
        """Return of each group its name, its metric, the colour of its letters, and the areas of its name and of its bar."""
        area = self.inside(top=46)
        left = area.left() + _RATIO_WIDTH * area.width() + self.px(14)
        row = (area.height() - self.px(_SCALE)) / len(_GROUPS)
        label = self.px(72)
        rows = []
        for k, (name, column, muscles) in enumerate(_GROUPS):
            colour = colours.TEXT if any(e.muscle in muscles for e in self._electrodes) else colours.FAINT
            spot = QRectF(left, area.top() + k * row, label, row)
            track = QRectF(left + label, spot.top() + 0.2 * row, area.right() - left - label - self.px(_VALUE), 0.6 * row)
            rows.append((name, f"{column}_{self._side}_pct", colour, spot, track))
        return rows

    def draw_field(self, painter: QPainter) -> None:
        """Draw names and empty bars of the groups, and their scale."""
        super().draw_field(painter)
        if not self._electrodes:
            return
        for name, _, colour, spot, track in self._rows():
            lettering.write(painter, spot, name, self.px(19), colour)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.WELL)
            painter.drawRoundedRect(track, self.px(4), self.px(4))
        bottom = self.inside(top=46).bottom()
        for tick in _TICKS_PCT:
            x = track.left() + tick / _FULL_PCT * track.width()
            spot = QRectF(x - self.px(30), bottom - self.px(_SCALE), self.px(60), self.px(_SCALE))
            lettering.write(painter, spot, str(tick), self.px(15), colours.FAINT, lettering.CENTRE)

    def _bars(self, painter: QPainter) -> None:
        rows = self._rows()
        for _, metric, colour, spot, track in rows:
            level = self._feed.value(metric)
            if math.isfinite(level):
                reach = max(0.0, min(1.0, level / _FULL_PCT)) * track.width()
                painter.fillRect(QRectF(track.left(), track.top(), reach, track.height()), colours.SIDES[self._side])
                if level > _FULL_PCT:
                    painter.fillRect(QRectF(track.right() - self.px(5), track.top(), self.px(5), track.height()), colours.TEXT)
            digits = self._digits.get(metric, math.nan)
            at = QRectF(track.right(), spot.top(), self.px(_VALUE), spot.height())
            lettering.write(painter, at, lettering.number(digits), self.px(26), colour, lettering.RIGHT, bold=True)
        first, last = rows[0][-1], rows[-1][-1]
        for tick in _TICKS_PCT:
            x = first.left() + tick / _FULL_PCT * first.width()
            line = QRect(round(x), round(first.top()), 2 if tick == 100 else 1, round(last.bottom() - first.top()))
            painter.fillRect(line, colours.mixed(colours.TEXT, colours.WELL, 0.45 if tick == 100 else 0.2))
