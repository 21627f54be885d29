"""Traces: a panel into which sweeps write new columns only, one lane for each EMG channel, or forces over each other."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QResizeEvent

from acquisition.rig import UNITS_TO_UV, Electrode, Rig, Side
from ui.dashboard import colours, lettering, raster
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
    """A panel with an image of traces. Subclasses say where lanes lie and which values they span.

    A sweep writes its new columns into the image, and only these are painted; everything around the image is painted when
    its text changes.
    """

    sample_column: str | None = None
    level = False
    gutter = 70.0

    def __init__(self, feed: Feed, title: str, colour: QColor, lanes: list[Lane]) -> None:
        """Follow the streams of the lanes; lanes of one stream stand together."""
        super().__init__(title, colour)
        self.feed = feed
        self.lanes = sorted(lanes, key=lambda lane: list(feed.ring.streams).index(lane.stream))
        self.sweeps: list[tuple[Sweep, slice]] = []
        self._image: NDArray[np.uint32] = np.zeros((1, 1), dtype=np.uint32)
        self._ground = self._image
        self._picture = QImage()
        self._colour = np.array([_parts(lane.colour) for lane in self.lanes], dtype=np.float64).reshape(-1, 3)
        self._top = self._bottom = np.zeros(len(self.lanes), dtype=np.int64)
        self.least = np.full(len(self.lanes), -1.0)
        self.most = np.full(len(self.lanes), 1.0)

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

    # The image.

    def well(self) -> QRect:
        """Return where the image lies in the panel."""
        left, top = round(self.px(self.gutter)), round(self.px(44))
        width = self.width() - left - round(self.px(16))
        return QRect(left, top, max(width, 8), max(self.height() - top - round(self.px(14)), 8))

    def resizeEvent(self, _event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Make a new image and fill it from the ring."""
        self.restart()

    def restart(self) -> None:
        """Make the image anew for the size of the panel, and read the last seconds from the ring."""
        if not self.lanes:
            return
        ratio = self.devicePixelRatioF()
        height, width = (round(size * ratio) for size in (self.well().height(), self.well().width()))
        self._image = np.zeros((height, width), dtype=np.uint32)
        self._picture = QImage(self._image.data, width, height, 4 * width, QImage.Format.Format_RGB32)
        self._picture.setDevicePixelRatio(ratio)
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
        ground = np.full((height, width), colours.WELL.rgb(), dtype=np.uint32)
        for second in range(1, int(SWEEP_S)):
            ground[:, round(second * width / SWEEP_S)] = colours.GRID.rgb()
        for row in self.rules_at(height):
            ground[row] = colours.GRID.rgb()
        return ground

    def _draw_all(self) -> None:
        self._image[:] = self._ground
        ahead = self._ahead()
        for sweep, which in self.sweeps:
            if sweep.newest >= 0:
                self._draw(sweep, which, sweep.newest - sweep.width + 1 + ahead, sweep.newest + 1)
        self.update()

    def _ahead(self) -> int:
        return round(_AHEAD_PX * self.devicePixelRatioF())

    def _draw(self, sweep: Sweep, which: slice, first: int, until: int) -> None:
        raster.draw(
            self._image,
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
            np.uint32(colours.LOST.rgb()),
        )

    def advance(self) -> None:
        """Write the columns that are new, and have only these painted."""
        ahead, ratio, well = self._ahead(), self.devicePixelRatioF(), self.well()
        if self.lanes and self._picture.devicePixelRatio() != ratio:  # the window went to another screen
            self.restart()
        for sweep, which in self.sweeps:
            first = sweep.poll()
            until = sweep.newest + 1
            if first >= until:
                continue
            self._draw(sweep, which, first, until)
            upper, lower = int(self._top[which].min()), int(self._bottom[which].max())
            raster.clear(self._image, self._ground, until, until + ahead, upper, lower)
            if until - first + ahead >= sweep.width:
                self.update(well)
                continue
            start, end = first % sweep.width, (until + ahead - 1) % sweep.width + 1
            for left, right in ((start, end),) if start < end else ((start, sweep.width), (0, end)):
                x = well.left() + int(left / ratio)
                self.update(QRect(x, well.top(), int(right / ratio) - int(left / ratio) + 2, well.height()))

    def refit(self) -> None:
        """Choose scales anew, about once a second, and draw everything again if they have changed."""
        if self.fit():
            self._draw_all()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the columns that changed, or the whole panel."""
        with QPainter(self) as painter:
            well = self.well()
            if not self.lanes or not well.contains(event.rect()):
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                self.draw_field(painter)
                self.draw(painter)
            if self.lanes:
                painter.setClipRect(event.rect())
                painter.drawImage(well.topLeft(), self._picture)


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
        self._shown: dict[str, str] = {}

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
            self.least[:], self.most[:] = -0.02 * full, full
            return True
        return False

    def refresh_digits(self) -> None:
        """Take new numbers; the title changes, so the frame of the panel is drawn anew."""
        total, weight = self.feed.value("fz_total_N"), self.feed.value("body_weight_N")
        text = f"{lettering.number(total)} N" if len(self.lanes) == 3 else ""
        if math.isfinite(total) and math.isfinite(weight):
            text += f" · {total / weight:.2f} × body weight"
        if text != self._shown.get("aside"):
            self._shown["aside"] = text
            self.update(QRect(0, 0, self.width(), self.well().top()))

    def draw(self, painter: QPainter) -> None:
        """Write the scale, and what each colour means."""
        if not self.lanes:
            self.say(painter, "No force traces", "the ring holds no frames of force plates")
            return
        well = self.well()
        for share, value in ((1.0, self._full_N), (0.5, self._full_N / 2), (0.0, 0.0)):
            y = well.bottom() - (share + 0.02) / 1.02 * well.height()
            y = min(max(y, well.top() + self.px(8)), well.bottom() - self.px(8))
            spot = QRectF(0, y - self.px(12), well.left() - self.px(8), self.px(24))
            lettering.write(painter, spot, f"{value:.0f} N", self.px(15), colours.FAINT, lettering.RIGHT)
        x = self.px(18) + lettering.width_of(self.title, self.px(19), bold=True) + self.px(20)
        for lane in self.lanes:
            width = lettering.width_of(lane.label, self.px(17), bold=True)
            painter.fillRect(QRectF(x, self.px(23), self.px(16), self.px(3)), lane.colour)
            spot = QRectF(x + self.px(21), self.px(10), width + 4, self.px(28))
            lettering.write(painter, spot, lane.label, self.px(17), lane.colour, bold=True)
            x += self.px(36) + width
        right = QRectF(x, self.px(10), self.width() - x - self.px(18), self.px(28))
        lettering.write(painter, right, self._shown.get("aside", ""), self.px(17), colours.QUIET, lettering.RIGHT)


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
        self.gutter = 26.0 + min(
            140.0, max((lettering.width_of(lane.label, 20, bold=True) for lane in self.lanes), default=0.0)
        )
        self.gutter = max(self.gutter, 100.0)
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

    def draw(self, painter: QPainter) -> None:
        """Write the muscles' names, and how the lanes are scaled."""
        if not self.lanes:
            self.say(painter, "No EMG on this leg")
            return
        well, count = self.well(), len(self.lanes)
        row = well.height() / count
        for k, lane in enumerate(self.lanes):
            spot = QRectF(self.px(18), well.top() + k * row, well.left() - self.px(24), row)
            two = row > self.px(56)
            name = spot.adjusted(0, 0, 0, -0.42 * row) if two else spot
            lettering.write(painter, name, lane.label, min(self.px(20), 0.8 * row), colours.TEXT, bold=True)
            if two:
                under = spot.adjusted(0, 0.46 * row, 0, 0)
                align = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
                lettering.write(painter, under, _reach(self.most[k]), self.px(14), colours.FAINT, align)
        if self.undersampled_hz is not None:
            self.aside(painter, f"undersampled EMG: {self.undersampled_hz:g} Hz", colours.AMBER, severity=1)
        else:
            scale = "scaled by MVC · " if self.by_mvc else ""
            self.aside(painter, f"{scale}{SWEEP_S:.0f} s")


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
