"""The top line: whose rig it is, how long the session has run, and whether what is shown is live."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt

from acquisition.durations import in_words
from acquisition.ring import SessionPhase
from hardware.severity import Severity
from ui.dashboard.drawing import colours, lettering
from ui.dashboard.drawing.panel import Panel

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from ui.dashboard.feed.feed import Feed


_LEAST_NAME = 40


class Header(Panel):
    """Name on the left, session time in the middle, state on the right."""

    def __init__(self, feed: Feed, live: Feed | None = None) -> None:
        """Tell of a feed; `live`: that of the running session, where the other one was taken back."""
        super().__init__()
        self._feed = feed
        self._live = live

    def state(self) -> tuple[Severity, str, str]:
        """Return severity, word and remark of what the session is doing."""
        feed, phase = self._feed, self._feed.ring.phase
        if self._live is not None:
            up = [shown.flag.severity for shown in self._live.flags if shown.up]
            flags = f", now with {len(up)} flag{'s' if len(up) > 1 else ''} up" if up else ""
            return max(up, default=Severity.FINE), "EARLIER", f"of {lettering.clock(self._live.session_s)}{flags}; Esc: now"
        if math.isfinite(feed.whole_s):
            return Severity.FINE, "AT ITS WORST", f"of a session of {lettering.clock(feed.whole_s)}"
        if phase == SessionPhase.FINISHED:
            return Severity.FINE, "SESSION ENDED", "the last values stay on the screen"
        if feed.frozen:
            return Severity.FINE, "SNAPSHOT", "the ring as it was found"
        if feed.gone:
            return Severity.RED, "RING GONE", "its file was deleted or moved: no other screen can open it"
        if feed.dead:
            age = feed.ring.heartbeat_age_s
            since = f"no sign of life for {in_words(age)}" if age >= 0 else "no sign of life since this computer was started"
            return Severity.RED, "ENGINE STOPPED", since
        stopped = [name for name, health in feed.health.items() if health.stopped]
        if stopped:
            return Severity.RED, "SOURCE LOST", ", ".join(stopped)
        if (fault := feed.fault) is not None:
            return fault.severity, "FAULT", fault.sentence
        if phase == SessionPhase.ARMED or not math.isfinite(feed.session_s):
            return Severity.FINE, "ARMED", "waiting for the first samples"
        room_s = feed.ring.room_s.value
        return Severity.FINE, "LIVE", "" if math.isnan(room_s) else f"disk for {in_words(room_s)}"

    def showing(self) -> object:
        """The state, the whole seconds and the newest repetition."""
        return *self.state(), lettering.clock(self._feed.session_s), self.newest()

    def newest(self) -> str:
        """Say which repetition was the newest, and how deep; empty before the first."""
        newest = self._feed.repetitions.newest
        return f"repetition {newest.number}: {newest.depth_m:.2f} m deep" if newest is not None else ""

    def draw(self, painter: QPainter) -> None:
        """Draw the line."""
        m, h, w = self.px(18), float(self.height()), float(self.width())
        lettering.write(painter, QRectF(m, 0, self.px(200), h), "squatscope", self.px(27), colours.TEXT, bold=True)
        name = self._feed.rig.name if self._feed.rig else "this ring doesn't say which rig it is from"
        left = m + self.px(210)
        squats = QRectF(left, self.px(2), 0.42 * w - left, h)
        lettering.write(painter, squats, self.newest(), self.px(19), colours.TEXT, lettering.RIGHT)
        rest = squats.adjusted(0, 0, -lettering.width_of(self.newest(), self.px(19)) - self.px(24), 0)
        if rest.width() > self.px(_LEAST_NAME):
            lettering.write(painter, rest, name, self.px(19), colours.QUIET)
        middle = QRectF(0.42 * w, 0, 0.16 * w, h)
        lettering.write(
            painter, middle, lettering.clock(self._feed.session_s), self.px(40), colours.TEXT, lettering.CENTRE, bold=True
        )
        self._state(painter, QRectF(0.6 * w, 0, 0.4 * w - m, h))

    def _state(self, painter: QPainter, area: QRectF) -> None:
        severity, word, remark = self.state()
        colour = colours.SEVERITIES[severity]
        width = lettering.width_of(word, self.px(22), bold=True) + self.px(64)
        pill = QRectF(area.right() - width, area.top() + 0.16 * area.height(), width, 0.68 * area.height())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.mixed(colour, colours.PANEL, 0.24 if severity else 0.12))
        painter.drawRoundedRect(pill, pill.height() / 2, pill.height() / 2)
        centre = QPointF(pill.left() + self.px(26), pill.center().y())
        if severity:
            lettering.sign(painter, centre, self.px(24), severity)
        else:
            painter.setBrush(colours.TEXT if word == "LIVE" else colours.FAINT)
            painter.drawEllipse(centre, self.px(6), self.px(6))
        spot = pill.adjusted(self.px(46), 0, -self.px(10), 0)
        lettering.write(painter, spot, word, self.px(22), colour, bold=True)
        before = QRectF(area.left(), area.top(), pill.left() - area.left() - self.px(16), area.height())
        lettering.write(painter, before, remark, self.px(18), colour if severity else colours.QUIET, lettering.RIGHT)
