"""The EMG traces of a leg, a lane for each muscle, all to one scale."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph
from numpy.typing import NDArray
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsSimpleTextItem

from acquisition.rig import Electrode, Rig, Side, microvolts_per_unit
from hardware.severity import Severity
from ui.dashboard.drawing import charts, colours, lettering
from ui.dashboard.drawing.traces import Lane, Traces
from ui.dashboard.feed.feed import Feed


class EmgTraces(Traces):
    """The raw EMG of one leg, offset taken off, a lane for each muscle.

    A lane is as high as a multiple of its muscle's MVC. The multiple (`gain`) is the same for all lanes of both legs, so that
    the muscle that works harder looks it; without MVC all lanes share one scale in µV. A bad channel stays within its lane.
    """

    level = True

    def __init__(self, feed: Feed, side: Side) -> None:
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
        by_column = {(e.stream, rig.column(e.stream, e.channel)): e for e in electrodes} if rig else {}
        self.reference = np.array([by_column[lane.stream, lane.column].mvc_uV or typical for lane in self.lanes])
        self.least_gain = 1.0 if self.by_mvc else 100.0
        self.gain = self.least_gain
        least_hz = rig.emg_processing.undersampled_below_hz if rig else 0.0
        rates = [feed.ring.streams[lane.stream].rate_hz for lane in self.lanes]
        self.undersampled_hz = min(rates) if rates and min(rates) < least_hz else None

    def rows(self, height: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Lanes below each other, of equal height."""
        bounds = np.linspace(0, height, len(self.lanes) + 1).astype(np.int64)
        return bounds[:-1] + 1, bounds[1:] - 1

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
            self.aside(painter, f"undersampled EMG: {self.undersampled_hz:g} Hz", colours.AMBER, severity=Severity.AMBER)
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
    factor = microvolts_per_unit(electrode, unit)
    return Lane(label, electrode.stream, column, factor, colours.SIDES[electrode.side])


def _there(feed: Feed, rig: Rig, electrode: Electrode) -> bool:
    """Whether the ring holds what the rig speaks of."""
    stream = feed.ring.streams.get(electrode.stream)
    return stream is not None and rig.column(electrode.stream, electrode.channel) < len(stream.channels)


def _round_up(value: float) -> float:
    """Return the next round number: 1, 1.5, 2, 3, 5 or 7 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(max(value, 1e-3)))
    return next(step * power for step in (1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0) if step * power >= value * (1 - 1e-9))


def _reach(microvolts: float) -> str:
    return f"±{microvolts / 1000:.1f} mV" if microvolts >= 1000 else f"±{microvolts:.0f} µV"
