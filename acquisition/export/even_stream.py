"""Even streams: a recorded stream laid out at one rate, as formats want it that know neither lost samples nor clocks.

Each sample lies where its clock puts it, to within half a sample; slots of lost samples are NaN. Nothing is interpolated but
on demand, at times between the samples.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import make_interp_spline

from acquisition.export.about import ExportError
from acquisition.stretches import split_at_gaps
from hardware.source import CRYSTAL_OFF

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from acquisition.recording import Recording
    from hardware.arrays import Floats

PIECE = 1 << 15
"""Samples that are read at a time."""
ON_SAMPLE = 1e-3
"""A time that is within this part of a sample's duration of a sample takes its value as it is."""
SPLINE, MARGIN = 5, 64
"""The degree of what lies between samples, and how many beyond a piece it looks at: more would alter no digit."""
MOST_LOST_S = 86400.0


class EvenStream:
    """A stream of an open recording, laid out evenly: sample n lies n / `rate_hz` after the first one that there is.

    `rate_hz` is the nominal rate, or the measured one where that is off by more than a crystal can be; `length` counts slots,
    those of lost samples too. Where the device's clock began anew, what follows is moved by whole samples to where the clock
    puts it. Raises ExportError for a stream without samples, or with more than a day lost.
    """

    def __init__(self, recording: Recording, name: str) -> None:
        recorded = recording.streams[name]
        self.name, self._recording = name, recording
        self._channels = len(recorded.stream.channels)
        if not recorded.rows:
            raise ExportError(f"The stream {name} of {recording.path} holds no samples.")
        clock, nominal_hz = recorded.clock, recorded.stream.rate_hz
        self._hz = clock.rate_hz
        self.rate_hz = nominal_hz if abs(self._hz / nominal_hz - 1.0) <= CRYSTAL_OFF else self._hz
        slots: list[int] = []
        rows = [0]
        for part in split_at_gaps(recorded.ticks):
            first = part["index"][:1] - part["row"][:1] + rows[-1]
            at_s = float(clock.host_s(first)[0])
            if not slots:
                self.first_s = at_s
            free = slots[-1] + rows[-1] - rows[-2] if slots else 0
            slots.append(max(free, round((at_s - self.first_s) * self._hz)))
            rows.append(int(part["row"][-1]))
        self._slots, self._rows = np.array(slots), np.array(rows)
        self.length = slots[-1] + rows[-1] - rows[-2]
        if (self.length - rows[-1]) / self.rate_hz > MOST_LOST_S:
            lost_h = (self.length - rows[-1]) / self.rate_hz / 3600.0
            raise ExportError(
                f"The stream {name} of {recording.path} has lost {lost_h:.0f} hours; csv and parquet hold what there is."
            )

    def host_s(self, numbers: NDArray[np.int64]) -> Floats:
        """Return the host time of slots."""
        return np.asarray(self.first_s + numbers / self._hz)

    def in_step(self, other: EvenStream, every: int = 1) -> bool:
        """Return whether each slot of another stream, or each of so many, lies on the next slot of this one."""
        ends = np.array([0, max(1, other.length // every - 1)])
        number = self._number(other.host_s(ends * every))
        return bool(np.abs(number - np.rint(number[0]) - ends).max() < ON_SAMPLE)

    def _number(self, host_s: Floats) -> Floats:
        return (host_s - self.first_s) * self._hz

    def seconds_of(self, host_s: float) -> float:
        """Return how long after the first sample, at `rate_hz`, a host time lies."""
        return (host_s - self.first_s) * self._hz / self.rate_hz

    def read(self, first: int, count: int) -> Floats:
        """Return the values of slots (count, channels), NaN where a sample was lost or there is no slot."""
        values = np.full((count, self._channels), np.nan)
        begin = max(0, int(np.searchsorted(self._slots, first, side="right")) - 1)
        for slot, row, end in zip(self._slots[begin:], self._rows[begin:], self._rows[begin + 1 :], strict=False):
            if slot >= first + count:
                break
            skipped = max(0, first - int(slot))
            taken = min(int(end - row), first + count - int(slot)) - skipped
            if taken > 0:
                to = int(slot) + skipped - first
                values[to : to + taken] = self._recording.samples(self.name, int(row) + skipped, taken)
        return values

    def pieces(self, first: int = 0, end: int | None = None) -> Iterator[tuple[int, Floats]]:
        """Yield pieces of slots from `first` to `end`, each with the number of its first slot."""
        end = self.length if end is None else end
        for at in range(first, end, PIECE):
            yield at, self.read(at, min(PIECE, end - at))

    def at(self, host_s: Floats) -> Floats:
        """Return values (n, channels) at rising host times: samples as they are, and between them a spline through all.

        NaN where samples beside were lost, and beyond the ends by a sample's duration or more.
        """
        number = self._number(host_s)
        number = np.where((number > -1) & (number < self.length), np.clip(number, 0, self.length - 1), number)
        low = int(np.floor(number[0])) - MARGIN
        values = self.read(low, int(np.ceil(number[-1])) + MARGIN + 1 - low)
        nearest = np.rint(number - low).astype(np.int64)
        on = np.abs(number - low - nearest) < ON_SAMPLE
        if on.all():
            return values[nearest]
        found = np.full((len(number), self._channels), np.nan)
        for channel in range(self._channels):
            known = np.concatenate([[False], np.isfinite(values[:, channel]), [False]])
            for begin, end in np.flatnonzero(np.diff(known)).reshape(-1, 2):
                within = (number - low >= begin) & (number - low <= end - 1)
                if within.any() and end - begin > SPLINE:
                    line = make_interp_spline(np.arange(begin, end), values[begin:end, channel], k=SPLINE)
                    found[within, channel] = line(number[within] - low)
        found[on] = values[nearest[on]]
        return found


class Held:
    """Pieces of an even stream in, pieces without NaN out: the last value before stays, and nothing is 0 before the first.

    `lost_s` has the spans, in s of the file, in which a value was held; formats of integers know no NaN, and few programs
    read one in a C3D file.
    """

    def __init__(self, rate_hz: float) -> None:
        self._rate_hz = rate_hz
        self._before: Floats | None = None
        self._spans: list[list[int]] = []

    def take(self, first: int, values: Floats) -> Floats:
        """Return a piece (n, channels), the next one, whose first slot has the number `first`, with nothing left out."""
        known = np.isfinite(values)
        before = np.zeros(values.shape[1]) if self._before is None else self._before
        if not known.all():
            last = np.maximum.accumulate(np.where(known, np.arange(len(values))[:, None], -1), axis=0)
            values = np.where(last >= 0, np.take_along_axis(values, np.maximum(last, 0), axis=0), before)
            lost = np.concatenate([[False], ~known.all(axis=1), [False]])
            for begin, end in np.flatnonzero(np.diff(lost.astype(np.int8))).reshape(-1, 2) + first:
                if self._spans and self._spans[-1][1] == begin:
                    self._spans[-1][1] = int(end)
                else:
                    self._spans.append([int(begin), int(end)])
        if len(values):
            self._before = values[-1].copy()
        return values

    @property
    def lost_s(self) -> list[tuple[float, float]]:
        """The spans from when to when, in s of the file."""
        return [(begin / self._rate_hz, end / self._rate_hz) for begin, end in self._spans]

    @property
    def samples(self) -> int:
        """How many slots hold a value from before."""
        return sum(end - begin for begin, end in self._spans)
