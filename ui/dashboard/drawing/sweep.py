"""A sweep: the last seconds of some channels of one stream, column by column, as an oscilloscope's beam writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ui.dashboard.drawing import raster

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from acquisition.ring import Ring
    from acquisition.stretches import Stretch

SWEEP_S = 10.0
_LEVEL_S = 0.5
_DRIFT_S = 1.0


class Sweep:
    """Follows a stream and keeps the lowest and highest value of each of its channels in every column of a screen.

    The time of a sample is its number over the rate, from an origin on the host's clock: the least delay seen in the sweep
    before, so that streams with clocks of their own stand below each other to within a few milliseconds.
    """

    def __init__(
        self,
        ring: Ring,
        name: str,
        columns: Sequence[int],
        factors: Sequence[float],
        *,
        width: int,
        rate_hz: float,
        sample_column: int | None = None,
        level: bool = False,
    ) -> None:
        """Begin `SWEEP_S` ago, with lane k showing `factors[k]` times channel `columns[k]`.

        `rate_hz` counts the samples that say where a row lies: its own, or those of the raw stream which `sample_column` names.
        `level` takes the slow mean off, as EMG with an offset needs.
        """
        stream = ring.streams[name]
        self._reader = ring.reader(name, rows_back=int(SWEEP_S * stream.rate_hz))
        self._rate_hz = rate_hz
        self._sample_column = sample_column
        self._step = rate_hz / stream.rate_hz
        self._pick = np.array(columns, dtype=np.int64)
        self._factor = np.array(factors, dtype=np.float64)
        self._decay = 1.0 / (_LEVEL_S * stream.rate_hz) if level else 0.0
        self._level = np.full(len(columns), np.nan)
        self._last = np.full(len(columns), np.nan)
        self._origin_s = self._least_delay_s = np.nan
        self._next_index = -1.0
        self._segment = -1
        self.width = width
        self.low = np.full((len(columns), width), np.inf)
        self.high = np.full((len(columns), width), -np.inf)
        self.lost = np.zeros(width, dtype=np.uint8)
        self.newest = -1

    def poll(self) -> int:
        """Take what is new; returns the first column that changed, or `newest + 1` if nothing did."""
        first: int | None = None
        while (stretch := self._reader.read()) is not None:
            before = self.newest
            self._take(stretch)
            if first is None:
                first = before if before >= 0 else self.newest - self.width + 1
        return self.newest + 1 if first is None else max(first, self.newest - self.width + 1)

    def _take(self, stretch: Stretch) -> None:
        count = len(stretch.samples)
        if self._sample_column is None:
            index = np.arange(stretch.first_index, stretch.first_index + count, dtype=np.float64)
        else:
            index = stretch.samples[:, self._sample_column].astype(np.float64)
        if not np.isfinite(index).all():
            return
        self._set_origin(stretch, index)
        columns = np.floor((self._origin_s + index / self._rate_hz) * (self.width / SWEEP_S)).astype(np.int64)
        columns = np.maximum(columns, 0)
        breaks = np.flatnonzero(np.diff(index) > 1.5 * self._step) + 1
        for start, end in zip([0, *breaks], [*breaks, count], strict=True):
            joined = bool(0 <= index[start] - self._next_index < 0.5 * self._step) or self.newest < 0
            self.newest = int(
                raster.min_max(
                    stretch.samples[start:end],
                    columns[start:end],
                    joined,
                    self._pick,
                    self._factor,
                    self._level,
                    self._decay,
                    self._last,
                    self.low,
                    self.high,
                    self.lost,
                    self.newest,
                )
            )
            self._next_index = index[end - 1] + self._step

    def _set_origin(self, stretch: Stretch, index: NDArray[np.float64]) -> None:
        """Find the least delay of this sweep; use it from the next sweep on, or now if the device's clock began anew."""
        segment = int(stretch.ticks["segment"][0])
        restarted = segment != self._segment
        if restarted:
            self._least_delay_s, self._segment = np.nan, segment
        rows = stretch.ticks["row"] - stretch.first_row - 1
        within = (rows >= 0) & (rows < len(index))
        if within.any():
            delays = stretch.ticks["host_s"][within] - index[rows[within]] / self._rate_hz
            self._least_delay_s = float(np.fmin(self._least_delay_s, np.min(delays)))
        if restarted:
            self._origin_s = self._least_delay_s
            if np.isnan(self._origin_s):
                self._origin_s = float(stretch.ticks["host_s"][-1]) - index[-1] / self._rate_hz
        elif self.newest // self.width != int((self._origin_s + index[-1] / self._rate_hz) * (1 / SWEEP_S)):
            # A session that is played faster than it was recorded has no such origin, and keeps the first one.
            if abs(self._least_delay_s - self._origin_s) < _DRIFT_S:
                self._origin_s = self._least_delay_s
            self._least_delay_s = np.nan


def warm() -> None:
    """Compile the kernels before anything is shown."""
    for dtype in (np.float32, np.float64):
        low, high = np.full((1, 4), np.inf), np.full((1, 4), -np.inf)
        samples, columns = np.zeros((2, 1), dtype), np.array([0, 1], dtype=np.int64)
        pick, ones, nothing = np.zeros(1, dtype=np.int64), np.ones(1), np.full(1, np.nan)
        lost = np.zeros(4, dtype=np.uint8)
        raster.min_max(samples, columns, True, pick, ones, nothing, 0.1, nothing.copy(), low, high, lost, -1)
    image = np.zeros((4, 4), dtype=np.uint32)
    ground, top, bottom = image.copy(), np.zeros(1, dtype=np.int64), np.full(1, 4, dtype=np.int64)
    raster.draw(image, ground, low, high, lost, 0, 2, top, bottom, -ones, ones, np.ones((1, 3)), 1.0, np.uint32(0))
    raster.clear(image, ground, 0, 2, 0, 4)
