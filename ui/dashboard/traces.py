"""Traces: a panel into which sweeps write new columns only, one lane for each EMG channel, or forces over each other."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pyqtgraph
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter, QResizeEvent
from PySide6.QtWidgets import QGraphicsSimpleTextItem

from acquisition.rig import UNITS_TO_UV, Electrode, Rig, Side
from ui.dashboard import charts, colours, lettering, raster
from ui.dashboard.feed import Feed
from ui.dashboard.panel import Panel
from ui.dashboard.sweep import SWEEP_S, Sweep

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
    """A panel with a chart whose only picture is an image of traces. Subclasses say where lanes lie and what they span.

    A sweep writes its new columns into the image, and only these are painted; axes and labels around it are items of the
    chart, drawn again when their text changes.
    """

    sample_column: str | None = None
    level = False

    def __init__(self, feed: Feed, title: str, colour: QColor, lanes: list[Lane]) -> None:
        """Follow the streams of the lanes; lanes of one stream stand together."""
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
        self._image = pyqtgraph.ImageItem(compositionMode=QPainter.CompositionMode.CompositionMode_Source)
        self.chart.addItem(self._image, ignoreBounds=True)

    # What subclasses say.

    def rows(self, height: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the first row of each lane and the one after its last, in an image of that height."""
        raise NotImplementedError

    def rules_at(self, height: int) -> list[int]:
        """Return the rows of the image at which the grid has a horizontal line."""
        raise NotImplementedError

    def fit(self) -> bool:
        """Choose the values that lanes span; returns whether they have changed."""
        raise NotImplementedError

    def span(self) -> tuple[float, float]:
        """Return where the image begins and ends on the chart's vertical axis."""
        raise NotImplementedError

    def axis_width(self) -> float:
        """Return how many pixels `write_scale` needs."""
        raise NotImplementedError

    def write_scale(self, axis: pyqtgraph.AxisItem) -> None:
        """Write what the lanes are, or the values they span, beside the image."""
        raise NotImplementedError

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
        place, ratio = self.chart.getViewBox().size(), self.devicePixelRatioF()
        return max(round(place.height() * ratio), 8), max(round(place.width() * ratio), 8)

    def restart(self) -> None:
        """Make the image anew for the size of the chart, and read the last seconds from the ring."""
        if not self.lanes:
            return
        height, width = self._size()
        self._pixels = np.zeros((height, width), dtype=np.uint32)
        # pyqtgraph shows bytes of RGBA as they lie, without a copy: what is written into them later needs an update alone.
        self._image.setImage(self._pixels.view(np.uint8).reshape(height, width, 4), autoLevels=False)
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
        self._image.setRect(QRectF(0.0, top, SWEEP_S, bottom - top))
        self.write_scale(self.chart.getAxis("left"))
        self._pixels[:] = self._ground
        ahead = self._ahead()
        for sweep, which in self.sweeps:
            if sweep.newest >= 0:
                self._draw(sweep, which, sweep.newest - sweep.width + 1 + ahead, sweep.newest + 1)
        self._image.update()

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
            np.uint32(colours.packed(colours.LOST)),
        )

    def advance(self) -> None:
        """Write the columns that are new, and have only these painted."""
        if self._pixels.shape != self._size():  # the window is of another size, or on another screen
            self.restart()
        ahead, height = self._ahead(), len(self._pixels)
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
                self._image.update(QRectF(left, 0, right - left, height))

    def refit(self) -> None:
        """Choose scales anew, about once a second, and draw everything again if they have changed."""
        if self.fit():
            self._draw_all()


class ForceTraces(Traces):
    """The vertical force under each foot and in all, over each other, from zero to a round number."""

    sample_column = "sample"

    def __init__(self, feed: Feed) -> None:
        """Follow the frames of the plates."""
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


class EmgTraces(Traces):
    """The raw EMG of one leg, offset taken off, a lane for each muscle.

    A lane's height is a multiple of the MVC of its muscle, the same for all lanes of both legs (`gain`), so that the busier
    muscle looks it; without MVC all lanes share one scale in µV. A bad channel is cut off within its own lane.
    """

    level = True

    def __init__(self, feed: Feed, side: Side) -> None:
        """Follow the electrodes of one leg."""
        rig = feed.rig
        electrodes = [e for e in rig.emg if e.side == side and _there(feed, rig, e)] if rig else []
        super().__init__(
            feed,
            f"EMG {side.upper()}",
            colours.SIDES[side],
            [_lane(rig, electrode) for electrode in electrodes if rig],
        )
        self._names: list[QGraphicsSimpleTextItem] = []
        known = [e.mvc_uV for e in rig.emg if e.mvc_uV] if rig else []
        self.by_mvc = bool(known)
        typical = float(np.median(known)) if known else 1.0
        by_place = {(e.stream, rig.column(e.stream, e.channel)): e for e in electrodes} if rig else {}
        self.reference = np.array([by_place[lane.stream, lane.column].mvc_uV or typical for lane in self.lanes])
        self.least_gain = 1.0 if self.by_mvc else 100.0
        self.gain = self.least_gain
        least_hz = rig.emg_processing.undersampled_below_hz if rig else 0.0
        rates = [feed.ring.streams[lane.stream].rate_hz for lane in self.lanes]
        self.undersampled_hz = min(rates) if rates and min(rates) < least_hz else None

    def rows(self, height: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Lanes below each other, of equal height."""
        edges = np.linspace(0, height, len(self.lanes) + 1).astype(np.int64)
        return edges[:-1] + 1, edges[1:] - 1

    def rules_at(self, height: int) -> list[int]:
        """The zero line of each lane."""
        top, bottom = self.rows(height)
        return [int(row) for row in (top + bottom) // 2]

    def peaks(self) -> NDArray[np.float64]:
        """Return how far each lane goes out in the sweep, in multiples of its reference; lanes without data are left out."""
        found = []
        for sweep, which in self.sweeps:
            extent = np.fmax(np.abs(sweep.low), np.abs(sweep.high))
            for lane, reference in zip(extent, self.reference[which], strict=True):
                drawn = lane[np.isfinite(lane)]
                if drawn.size:
                    found.append(float(np.quantile(drawn, 0.98)) / reference)
        return np.array(found)

    def fit(self) -> bool:
        """Span from -gain to +gain references."""
        changed = not np.array_equal(self.most, self.gain * self.reference)
        self.most = self.gain * self.reference
        self.least = -self.most
        return changed

    def span(self) -> tuple[float, float]:
        """A step for each lane, downwards."""
        return -float(len(self.lanes)), 0.0

    def axis_width(self) -> float:
        """Room for the longest name, within reason."""
        names = (lettering.width_of(lane.label, self.px(20), bold=True) for lane in self.lanes)
        reach = lettering.width_of(_reach(999.0), self.px(14)) + 1
        return max(reach, min(self.px(140), max(names, default=0.0))) + self.px(18)

    def write_scale(self, axis: pyqtgraph.AxisItem) -> None:
        """Write the muscles' names, and below each how far its lane reaches."""
        for item in self._names:
            item.scene().removeItem(item)
        self._names = []
        axis.setTicks([])
        row, width = axis.height() / len(self.lanes), axis.width() - self.px(14)
        for k, lane in enumerate(self.lanes):
            two = row > self.px(56)
            lines = [charts.label(axis, lane.label, min(self.px(20), 0.8 * row), colours.TEXT, width, bold=True)]
            if two:
                lines.append(charts.label(axis, _reach(self.most[k]), self.px(14), colours.FAINT, width))
            y = (k + 0.5) * row - sum(line.boundingRect().height() for line in lines) / 2
            for line in lines:
                line.setPos(self.px(10), y)
                y += line.boundingRect().height()
            self._names += lines

    def draw(self, painter: QPainter) -> None:
        """Say beside the title how the lanes are scaled."""
        if not self.lanes:
            self.say(painter, "No EMG on this leg")
        elif self.undersampled_hz is not None:
            self.aside(painter, f"undersampled EMG: {self.undersampled_hz:g} Hz", colours.AMBER, severity=1)
        elif self.by_mvc:
            self.aside(painter, "scaled by MVC")


def share_gain(panels: list[EmgTraces]) -> None:
    """Give both legs the scale that suits the busier muscles; up to a fifth of the channels may be bad without spoiling it."""
    peaks = np.concatenate([panel.peaks() for panel in panels]) if panels else np.zeros(0)
    if not peaks.size:
        return
    for panel in panels:
        wanted = _round_up(max(1.2 * float(np.quantile(peaks, 0.8)), panel.least_gain))
        if wanted > panel.gain or wanted <= 0.51 * panel.gain:
            panel.gain = wanted


def _lane(rig: Rig, electrode: Electrode) -> Lane:
    column = rig.column(electrode.stream, electrode.channel)
    unit = rig.stream_named(electrode.stream).stream().channels[column].unit
    label = electrode.channel if electrode.muscle == "other" else electrode.muscle
    factor = UNITS_TO_UV.get(unit, 1.0) / electrode.gain
    return Lane(label, electrode.stream, column, factor, colours.SIDES[electrode.side])


def _there(feed: Feed, rig: Rig, electrode: Electrode) -> bool:
    """Whether the ring holds what the rig speaks of."""
    stream = feed.ring.streams.get(electrode.stream)
    return stream is not None and rig.column(electrode.stream, electrode.channel) < len(stream.channels)


def _round_up(value: float) -> float:
    """Return the next round number: 1, 1.5, 2, 3, 5 or 7 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(max(value, 1e-3)))
    return next(step * power for step in (1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0) if step * power >= value * (1 - 1e-9))


def _parts(colour: QColor) -> tuple[int, int, int]:
    return colour.red(), colour.green(), colour.blue()


def _reach(microvolts: float) -> str:
    return f"±{microvolts / 1000:.1f} mV" if microvolts >= 1000 else f"±{microvolts:.0f} µV"
