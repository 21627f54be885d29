"""The streams: for each, what its source does, the measured rate, the delay, and what was lost."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF

from acquisition.ring import SessionPhase
from hardware.severity import Severity
from hardware.source import SourceState
from ui.dashboard.drawing import colours, lettering
from ui.dashboard.drawing.panel import Panel

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from ui.dashboard.feed.feed import Feed
    from ui.dashboard.feed.stream_health import StreamHealth

_WORDS: dict[SourceState, tuple[str, Severity]] = {
    SourceState.IDLE: ("idle", Severity.FINE),
    SourceState.RUNNING: ("running", Severity.FINE),
    SourceState.SILENT: ("no data", Severity.AMBER),
    SourceState.LOST: ("lost", Severity.RED),
    SourceState.ENDED: ("ended", Severity.FINE),
}
_SLOW_S = 0.5
_EDGES = (0.07, 0.3, 0.47, 0.65, 0.81, 1.0)


class StreamStates(Panel):
    """One row for each raw stream, with its source's last sentence below it."""

    def __init__(self, feed: Feed) -> None:
        super().__init__("STREAMS")
        self._feed = feed

    def showing(self) -> object:
        """All texts."""
        return tuple((self._texts(health), health.note) for health in self._feed.health.values())

    def draw(self, painter: QPainter) -> None:
        """Draw the rows; what height is left goes to the sentences of the sources."""
        area, streams = self.inside(top=44), list(self._feed.health.values())
        if not streams:
            self.say(painter, "No streams in this ring")
            return
        self.aside(painter, "rate · delay · lost samples")
        line = min(self.px(32), area.height() / len(streams))
        notes = sum(bool(health.note) for health in streams)
        note_height = (area.height() - line * len(streams)) / max(notes, 1)
        y = area.top()
        for health in streams:
            row = QRectF(area.left(), y, area.width(), line)
            severity = self._row(painter, row, health)
            y += line
            if health.note and note_height >= self.px(20):
                below = QRectF(row.left() + _EDGES[0] * row.width(), y, (1 - _EDGES[0]) * row.width(), note_height)
                colour = colours.SEVERITIES[severity] if severity else colours.QUIET
                lettering.paragraph(painter, below, health.note, self.px(16), colour)
                y += note_height

    def _texts(self, health: StreamHealth) -> tuple[Severity, str, str, str, str]:
        finished = self._feed.ring.phase is SessionPhase.FINISHED
        word, severity = _WORDS[SourceState.ENDED if finished and health.state is SourceState.RUNNING else health.state]
        ended = self._feed.frozen or finished or health.state is SourceState.ENDED
        delay = "" if ended or math.isnan(health.delay_s) else _delay(health.delay_s)
        if not ended and health.state == SourceState.RUNNING and health.delay_s > _SLOW_S:
            severity = Severity.AMBER
        if self._feed.dead:
            word, severity = "stopped", Severity.RED
        rate = f"{health.rate_hz:.0f} Hz" if math.isfinite(health.rate_hz) else f"({health.nominal_hz:.0f} Hz)"
        return severity, word, rate, delay, f"lost {health.lost_samples}" if health.lost_samples else ""

    def _row(self, painter: QPainter, line: QRectF, health: StreamHealth) -> Severity:
        severity, word, rate, delay, lost = self._texts(health)
        lettering.sign(painter, QPointF(line.left() + self.px(9), line.center().y()), self.px(18), severity)
        colour = colours.SEVERITIES[severity]
        texts = (
            (health.name, colours.TEXT, lettering.LEFT, True),
            (word, colour if severity else colours.QUIET, lettering.LEFT, severity > 0),
            (rate, colours.TEXT, lettering.RIGHT, False),
            (delay, colours.QUIET, lettering.RIGHT, False),
            (lost, colours.AMBER, lettering.RIGHT, True),
        )
        for (text, tint, align, bold), start, end in zip(texts, _EDGES[:-1], _EDGES[1:], strict=True):
            spot = QRectF(
                line.left() + start * line.width(), line.top(), (end - start) * line.width() - self.px(6), line.height()
            )
            lettering.write(painter, spot, text, self.px(18), tint, align, bold=bold)
        return severity


def _delay(seconds: float) -> str:
    """Return a delay in steps that can be read."""
    return f"{math.ceil(seconds * 100) * 10} ms" if seconds < 1 else f"{seconds:.0f} s" if seconds < 1000 else "> 999 s"
