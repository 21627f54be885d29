"""Excerpts: a part of some signals as a picture, one column of pixels after the other, by the kernels of the live traces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QImage

from ui.dashboard.drawing import colours, raster

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from PySide6.QtGui import QColor

    from hardware.arrays import Floats


@dataclass(frozen=True, slots=True)
class Band:
    """Rows of a picture, from `top` to before `bottom`, that show values from `least` to `most`."""

    top: int
    bottom: int
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Signals:
    """Signals (n, signals) with one time each, in s, and for each of them its colour and its band."""

    time_s: Floats
    values: Floats
    colours: Sequence[QColor]
    bands: Sequence[Band]


class Picture:
    """A picture of some size, whose columns stand for times; `image` is what was drawn so far."""

    def __init__(self, width: int, height: int, from_s: float, to_s: float) -> None:
        """Begin with an empty one."""
        self._pixels = np.full((max(height, 1), max(width, 1)), colours.packed(colours.WELL), dtype=np.uint32)
        self._from_s, self._per_s = from_s, width / (to_s - from_s)
        self.image = QImage(self._pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)

    def rule(self, band: Band, value: float) -> None:
        """Draw the grid's line at a value of a band."""
        if band.least < value < band.most:
            row = int(band.bottom - (value - band.least) / (band.most - band.least) * (band.bottom - band.top))
            self._pixels[min(max(row, 0), len(self._pixels) - 1)] = colours.packed(colours.GRID)

    def draw(self, signals: Signals, thickness: float) -> None:
        """Draw signals; where samples are missing between two, the columns are hatched."""
        count, width = signals.values.shape[1], self._pixels.shape[1]
        low, high = np.full((count, width), np.inf), np.full((count, width), -np.inf)
        lost = np.zeros(width, dtype=np.uint8)
        inside = np.floor((signals.time_s - self._from_s) * self._per_s)
        kept = (inside >= 0) & (inside < width)
        columns, values, time_s = inside[kept].astype(np.int64), signals.values[kept], signals.time_s[kept]
        if not len(columns):
            return
        self._min_max(values, columns, time_s, low, high, lost)
        self._paint(signals, low, high, lost, thickness)

    def draw_ranges(self, found: NDArray[np.float64], colour: QColor, band: Band, thickness: float) -> None:
        """Draw one signal of which the lowest and highest values (2, parts) of equal parts of the picture are known."""
        width = self._pixels.shape[1]
        parts = found.shape[1]
        edges = np.minimum(np.arange(width) * parts // width, parts - 1)
        low = np.fmin.reduceat(found[0], edges) if parts >= width else found[0][edges]
        high = np.fmax.reduceat(found[1], edges) if parts >= width else found[1][edges]
        one = Signals(np.zeros(0), np.zeros((0, 1)), [colour], [band])
        low[1:], high[1:] = np.fmin(low[1:], high[:-1]), np.fmax(high[1:], low[:-1])  # so that columns touch
        low, high = np.where(np.isfinite(low), low, np.inf), np.where(np.isfinite(high), high, -np.inf)
        self._paint(one, low[None], high[None], np.zeros(width, dtype=np.uint8), thickness)

    def _min_max(
        self,
        values: Floats,
        columns: NDArray[np.int64],
        time_s: Floats,
        low: Floats,
        high: Floats,
        lost: NDArray[np.uint8],
    ) -> None:
        count = values.shape[1]
        pick, ones, nothing = np.arange(count), np.ones(count), np.full(count, np.nan)
        steps = np.diff(time_s)
        breaks = np.flatnonzero(steps > 1.5 * np.median(steps)) + 1 if len(steps) else np.zeros(0, dtype=np.int64)
        newest, last = -1, nothing.copy()
        for start, end in zip([0, *breaks], [*breaks, len(columns)], strict=True):
            newest = int(
                raster.min_max(
                    np.ascontiguousarray(values[start:end]),
                    columns[start:end],
                    False,
                    pick,
                    ones,
                    nothing,
                    0.0,
                    last,
                    low,
                    high,
                    lost,
                    newest,
                )
            )

    def _paint(self, signals: Signals, low: Floats, high: Floats, lost: NDArray[np.uint8], thickness: float) -> None:
        bands = signals.bands
        raster.draw(
            self._pixels,
            self._pixels.copy(),
            low,
            high,
            lost,
            0,
            self._pixels.shape[1],
            np.array([band.top for band in bands]),
            np.array([band.bottom for band in bands]),
            np.array([band.least for band in bands]),
            np.array([band.most for band in bands]),
            np.array([(c.red(), c.green(), c.blue()) for c in signals.colours], dtype=np.float64),
            thickness,
            np.uint32(colours.packed(colours.NO_DATA)),
        )
