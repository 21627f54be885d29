"""Traces: a panel with a chart, into whose image sweeps write new columns only."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
import pyqtgraph
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QResizeEvent

from ui.dashboard.drawing import charts, colours, lettering, raster
from ui.dashboard.drawing.canvas import Canvas
from ui.dashboard.drawing.panel import Panel
from ui.dashboard.drawing.sweep import SWEEP_S, Sweep
from ui.dashboard.feed.feed import Feed

_AHEAD_PX = 14


@dataclass(frozen=True, slots=True)
class Lane:
    """A channel to show: its column, what brings it to the lane's unit, and how it is called and coloured."""

    label: str
    stream: str
    column: int
    factor: float
    colour: QColor


class Traces(Panel):
    """A panel with a chart, and an image of traces over it. Subclasses say where lanes lie and what they span.

    A sweep writes its new columns into the image, and only these are painted, past the chart's scene, which costs more than
    they do; axes and labels around it are items of the chart, drawn again when their text changes.
    """

    sample_column: str | None = None
    level = False

    def __init__(self, feed: Feed, title: str, colour: QColor, lanes: list[Lane]) -> None:
        super().__init__(title, colour)
        self.feed = feed
        self.lanes = sorted(lanes, key=lambda lane: list(feed.ring.streams).index(lane.stream))
        self.sweeps: list[tuple[Sweep, slice]] = []
        self._pixels: NDArray[np.uint32] = np.zeros((1, 1), dtype=np.uint32)
        self._ground = self._pixels
        self._colour = np.array([_parts(lane.colour) for lane in self.lanes], dtype=np.float64).reshape(-1, 3)
        self._top = self._bottom = np.zeros(len(self.lanes), dtype=np.int64)
        self.least = np.full(len(self.lanes), -1.0)
        self.most = np.full(len(self.lanes), 1.0)
        self.chart = charts.plot(self)
        self.chart.setVisible(bool(self.lanes))
        self._canvas = Canvas(self)
        self._canvas.setVisible(bool(self.lanes))

    # What subclasses say.

    @abstractmethod
    def rows(self, height: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the first row of each lane and the one after its last, in an image of that height."""

    @abstractmethod
    def rules_at(self, height: int) -> list[int]:
        """Return the rows of the image at which the grid has a horizontal line."""

    @abstractmethod
    def fit(self) -> bool:
        """Choose the values that lanes span; returns whether they have changed."""

    @abstractmethod
    def span(self) -> tuple[float, float]:
        """Return where the image begins and ends on the chart's vertical axis."""

    @abstractmethod
    def axis_width(self) -> float:
        """Return how many pixels `write_scale` needs."""

    @abstractmethod
    def write_scale(self, axis: pyqtgraph.AxisItem) -> None:
        """Write what the lanes are, or the values they span, beside the image."""

    # The image.

    def resizeEvent(self, _event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Lay the chart out; the image follows with the next columns."""
        left, top = round(self.px(8)), round(self.px(36))
        self.chart.setGeometry(
            left, top, max(self.width() - left - round(self.px(16)), 8), max(self.height() - top - round(self.px(6)), 8)
        )
        charts.show_axis(self.chart, "left", round(self.axis_width()))
        seconds = charts.show_axis(self.chart, "bottom", max(round(self.px(22)), lettering.LEAST_PX + 4))
        charts.mark(seconds, range(2, int(SWEEP_S), 2), "s", self.px(14))
        layout = self.chart.getPlotItem().layout
        layout.setContentsMargins(0, round(self.px(8)), 0, 0)
        layout.activate()

    def _size(self) -> tuple[int, int]:
        """Return the height and width of the chart in pixels of the screen."""
        area, ratio = self.chart.getViewBox().size(), self.devicePixelRatioF()
        return max(round(area.height() * ratio), 8), max(round(area.width() * ratio), 8)

    def restart(self) -> None:
        """Make the image anew for the size of the chart, and read the last seconds from the ring."""
        if not self.lanes:
            return
        height, width = self._size()
        self._pixels = np.zeros((height, width), dtype=np.uint32)
        corner = self.chart.getViewBox().mapRectToScene(self.chart.getViewBox().rect()).topLeft().toPoint()
        self._canvas.show_pixels(self._pixels, self.chart.pos() + corner, self.devicePixelRatioF())
        self._ground = self._empty(height, width)
        self._top, self._bottom = self.rows(height)
        self.sweeps = []
        for name in dict.fromkeys(lane.stream for lane in self.lanes):
            numbers = [k for k, lane in enumerate(self.lanes) if lane.stream == name]
            which = slice(numbers[0], numbers[-1] + 1)
            self.sweeps.append((self._sweep(name, self.lanes[which], width), which))
        for sweep, _ in self.sweeps:
            sweep.poll()
        self.fit()
        self._draw_all()

    def _sweep(self, name: str, lanes: list[Lane], width: int) -> Sweep:
        ring = self.feed.ring
        names = ring.streams[name].channel_names
        raw = name.rpartition(".")[0]
        by_sample = self.sample_column in names and raw in ring.streams
        return Sweep(
            ring,
            name,
            [lane.column for lane in lanes],
            [lane.factor for lane in lanes],
            width=width,
            rate_hz=ring.streams[raw].rate_hz if by_sample else ring.streams[name].rate_hz,
            sample_column=names.index(self.sample_column) if by_sample and self.sample_column else None,
            level=self.level,
        )

    def _empty(self, height: int, width: int) -> NDArray[np.uint32]:
        ground = np.full((height, width), colours.packed(colours.WELL), dtype=np.uint32)
        grid = colours.packed(colours.GRID)
        ground[:, [round(second * width / SWEEP_S) for second in range(1, int(SWEEP_S))]] = grid
        ground[self.rules_at(height)] = grid
        return ground

    def _draw_all(self) -> None:
        bottom, top = self.span()
        self.chart.setRange(xRange=(0.0, SWEEP_S), yRange=(bottom, top), padding=0.0)
        self.write_scale(self.chart.getAxis("left"))
        self._pixels[:] = self._ground
        ahead = self._ahead()
        for sweep, which in self.sweeps:
            if sweep.newest >= 0:
                self._draw(sweep, which, sweep.newest - sweep.width + 1 + ahead, sweep.newest + 1)
        self._canvas.wrote(0, self._pixels.shape[1])

    def _ahead(self) -> int:
        return round(_AHEAD_PX * self.devicePixelRatioF())

    def _draw(self, sweep: Sweep, which: slice, first: int, until: int) -> None:
        raster.draw(
            self._pixels,
            self._ground,
            sweep.low,
            sweep.high,
            sweep.lost,
            first,
            until,
            self._top[which],
            self._bottom[which],
            self.least[which],
            self.most[which],
            self._colour[which],
            max(1.4, 1.6 * self.scale) * self.devicePixelRatioF(),
            np.uint32(colours.packed(colours.NO_DATA)),
        )

    def advance(self) -> None:
        """Write the columns that are new, and have only these painted."""
        if self._pixels.shape != self._size():  # the window is of another size, or on another screen
            self.restart()
        ahead = self._ahead()
        for sweep, which in self.sweeps:
            first = sweep.poll()
            until = sweep.newest + 1
            if first >= until:
                continue
            self._draw(sweep, which, first, until)
            upper, lower = int(self._top[which].min()), int(self._bottom[which].max())
            raster.clear(self._pixels, self._ground, until, until + ahead, upper, lower)
            start, end = first % sweep.width, (until + ahead - 1) % sweep.width + 1
            if until - first + ahead >= sweep.width:
                start, end = 0, sweep.width
            for left, right in ((start, end),) if start < end else ((start, sweep.width), (0, end)):
                self._canvas.wrote(left, right)

    def refit(self) -> None:
        """Choose scales anew, about once a second, and draw everything again if they have changed."""
        if self.fit():
            self._draw_all()


def _parts(colour: QColor) -> tuple[int, int, int]:
    return colour.red(), colour.green(), colour.blue()
