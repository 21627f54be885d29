"""The lifter's screen: few things, so large that they are read from five metres; any number of them on a session."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QTimer
from PySide6.QtGui import QKeyEvent, QResizeEvent

from ui.dashboard.panels.from_afar import CountFromAfar, DepthFromAfar, LoadFromAfar, StepFromAfar
from ui.dashboard.panels.header import Header
from ui.dashboard.views.view import RingView

if TYPE_CHECKING:
    from ui.dashboard.drawing.panel import Panel
    from ui.dashboard.feed.feed import Feed

FRAME_MS = 33
_DIGITS_EVERY = 10


class LifterView(RingView):
    """The lifter's screen of one ring; `frame` is called 30 times a second by a timer which `start` sets going."""

    def __init__(self, feed: Feed, *, target_m: float = math.nan) -> None:
        super().__init__(feed, "squatscope, for the lifter")
        self.setMinimumSize(640, 360)
        self.header, self.step, self.load = Header(feed), StepFromAfar(feed), LoadFromAfar(feed)
        self.repetitions, self.deep = CountFromAfar(feed), DepthFromAfar(feed, target_m)
        self._panels: list[Panel] = [self.header, self.step, self.load, self.repetitions, self.deep]
        for panel in self._panels:
            panel.setParent(self)
        self._guided = self.step.step is not None
        self._count = 0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.frame)

    def start(self) -> None:
        """Begin to redraw."""
        self._timer.start(FRAME_MS)

    def frame(self) -> None:
        """Take what is new and redraw what has changed."""
        self.feed.poll()
        if self._count % _DIGITS_EVERY == 0:
            self.load.refresh_digits()
            for health in self.feed.health.values():
                health.poll()
        if (self.step.step is not None) != self._guided:
            self._guided = not self._guided
            self._lay_out()
        for panel in self._panels:
            panel.refresh()
        self._count += 1

    def catch_up(self) -> None:
        """Bring every panel to the ring's present state at once."""
        self._count = 0
        self.frame()
        for panel in self._panels:
            panel.update()

    def resizeEvent(self, _event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Lay the panels out for the new size."""
        self._lay_out()

    def _lay_out(self) -> None:
        width, height = self.width(), self.height()
        scale = min(width / 1920, height / 1080)
        gap, head = round(12 * scale), round(64 * scale)
        rows = (0.36, 0.3, 0.34) if self._guided else (0.0, 0.46, 0.54)
        left = height - head - (5 if self._guided else 4) * gap
        step, load, below = (round(share * left) for share in rows)
        y = 2 * gap + head
        areas: list[tuple[Panel, QRect]] = [(self.header, QRect(gap, gap, width - 2 * gap, head))]
        if self._guided:
            areas.append((self.step, QRect(gap, y, width - 2 * gap, step)))
            y += step + gap
        areas.append((self.load, QRect(gap, y, width - 2 * gap, load)))
        y += load + gap
        half = (width - 3 * gap) // 2
        areas.append((self.repetitions, QRect(gap, y, half, below)))
        areas.append((self.deep, QRect(2 * gap + half, y, half, below)))
        self.step.setVisible(self._guided)
        for panel, area in areas:
            panel.scale = scale
            panel.setGeometry(area)
            panel.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Take the keys of every view."""
        self.whole_screen(event)
