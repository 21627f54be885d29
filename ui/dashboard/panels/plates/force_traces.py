"""The force traces: the vertical force under each foot and in all, over each other."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from ui.dashboard.drawing import charts, colours, lettering
from ui.dashboard.drawing.traces import Lane, Traces
from ui.dashboard.feed.feed import Feed


class ForceTraces(Traces):
    """The vertical force under each foot and in all, over each other, from zero to a round number."""

    sample_column = "sample"
    formulas = ("fz.frame_mean", "fz_total.sum")

    def __init__(self, feed: Feed) -> None:
        lanes = []
        names = (("total", "fz_total_N", colours.NET), ("L", "fz_left_N", colours.LEFT), ("R", "fz_right_N", colours.RIGHT))
        sides = {plate.side for plate in feed.rig.plate} if feed.rig else set()
        for name in sorted(feed.ring.derived):
            columns = feed.ring.streams[name].channel_names
            for label, column, colour in names:
                there = len(sides) == 2 or (label != "total" and column.split("_")[1] in sides)
                if column in columns and there:
                    lanes.append(Lane(label, name, columns.index(column), 1.0, colour))
        super().__init__(feed, "VERTICAL FORCE", colours.QUIET, lanes)
        self._full_N = 0.0
        self._beside = ""

    def rows(self, height: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """All lanes take the whole height."""
        return np.zeros(len(self.lanes), dtype=np.int64), np.full(len(self.lanes), height, dtype=np.int64)

    def rules_at(self, height: int) -> list[int]:
        """A line at each half."""
        return [height // 2]

    def fit(self) -> bool:
        """Span from zero to the next round number above the highest force, at least 1000 N; shrink only by half or more."""
        highest = max((float(np.max(sweep.high)) for sweep, _ in self.sweeps), default=0.0)
        full = next((step for step in (1000.0, 1500.0, 2000.0, 3000.0, 4000.0, 6000.0) if step > 1.05 * highest), 10000.0)
        if full > self._full_N or full <= 0.5 * self._full_N:
            self._full_N = full
            self.least[:], self.most[:] = self.span()
            return True
        return False

    def span(self) -> tuple[float, float]:
        """From just below zero."""
        return -0.02 * self._full_N, self._full_N

    def axis_width(self) -> float:
        """Room for the highest scale."""
        return lettering.width_of("10000 N", self.px(15)) + self.px(6)

    def write_scale(self, axis: pyqtgraph.AxisItem) -> None:
        """Newtons at the bottom, in the middle and at the top."""
        charts.mark(axis, (0.0, self._full_N / 2, self._full_N), "N", self.px(15))

    def refresh_digits(self) -> None:
        """Take new numbers; they stand beside the title."""
        total, weight = self.feed.value("fz_total_N"), self.feed.value("body_weight_N")
        text = f"{lettering.number(total)} N" if len(self.lanes) == 3 else ""
        if math.isfinite(total) and math.isfinite(weight):
            text += f" · {total / weight:.2f} × body weight"
        if text != self._beside:
            self._beside = text
            self.update(0, 0, self.width(), self.chart.y())

    def draw(self, painter: QPainter) -> None:
        """Write what each colour means, and the newest numbers."""
        if not self.lanes:
            self.say(painter, "No force traces", "the ring holds no frames of force plates")
            return
        x = self.px(18) + lettering.width_of(self.title, self.px(19), bold=True) + self.px(20)
        for lane in self.lanes:
            width = lettering.width_of(lane.label, self.px(17), bold=True)
            painter.fillRect(QRectF(x, self.px(23), self.px(16), self.px(3)), lane.colour)
            spot = QRectF(x + self.px(21), self.px(10), width + 4, self.px(28))
            lettering.write(painter, spot, lane.label, self.px(17), lane.colour, bold=True)
            x += self.px(36) + width
        right = QRectF(x, self.px(10), self.width() - x - self.px(18), self.px(28))
        lettering.write(painter, right, self._beside, self.px(17), colours.QUIET, lettering.RIGHT)
