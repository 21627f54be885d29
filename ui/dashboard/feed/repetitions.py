"""Repetitions as they come: each with its times, and with what force and EMG say of the whole of it, as in the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from processing.emg.filters import envelope_delay_s
from processing.pipeline import EVENTS, REPETITIONS
from processing.repetition.phases import UNITS, Doubt, Repetition
from processing.repetition.table import WHOLE, Frames, PhaseResult, RepetitionResult, phase_rows, repetition_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from acquisition.rig import Rig
    from acquisition.ring import Ring

SAMPLE = 0
"""The first column of all frames: the raw sample at their end."""
AFTER_S = 1.0
"""Frames wait for verdicts on their EMG; so long after a repetition's end all of it has been said."""


class FollowedRepetitions:
    """The repetitions of a ring; `rows` in the order in which they were confirmed, in seconds of the session.

    Numbers of muscles and loads are those of frames that the ring still holds; NaN where it doesn't.
    """

    def __init__(self, ring: Ring, rig: Rig | None) -> None:
        self._ring = ring
        self._rig = rig if rig is not None and rig.plate and _told(ring) else None
        self._reader = ring.reader(REPETITIONS) if self._rig is not None else None
        self._found: list[Repetition] = []
        self._settled = 0
        self.rows: list[RepetitionResult] = []
        self._whole: dict[tuple[int, str], PhaseResult] = {}

    @property
    def newest(self) -> RepetitionResult | None:
        """The one that ended last."""
        return self.rows[-1] if self.rows else None

    def whole(self, number: int, side: str) -> PhaseResult | None:
        """Return what was told of the whole of a repetition on a side, or on `both`."""
        return self._whole.get((number, side))

    def poll(self) -> None:
        """Take those that are new."""
        before = len(self._found)
        while self._reader is not None and (stretch := self._reader.read()) is not None:
            for row in stretch.samples[np.isfinite(stretch.samples).all(axis=1)]:
                told = row.tolist()
                told[-1] = Doubt(int(told[-1]))
                self._found.append(Repetition(*told))
        if len(self._found) > before and self._rig is not None:
            rate_hz = self._ring.streams[self._rig.plate[0].stream].rate_hz
            self.rows = repetition_rows(self._found, lambda samples: samples / rate_hz)

    def tell(self) -> None:
        """Tell force and EMG of repetitions of which not all had been said; not needed more than some times a second."""
        new = self.rows[self._settled :]
        if not new or self._rig is None:
            return
        rig = self._rig
        parts = [self._frames(name, new[0].start_s) for name in sorted(self._ring.derived - EVENTS)]
        force = next(part for part in parts if part.at("fz_total_N") >= 0)
        others = [part for part in parts if part is not force]
        if not all(len(part.time_s) for part in parts):
            return
        since_s = max(float(part.time_s[0]) for part in parts)
        whole = [row for row in new if row.start_s >= since_s]
        for told in phase_rows(whole, force, others, rig.emg_processing.least_activation_pct, rig.knee.slight_mm):
            if told.phase == WHOLE:
                self._whole[told.repetition, told.side] = told
        until_s = min(float(part.time_s[-1]) for part in parts)
        self._settled += sum(row.end_s + AFTER_S < until_s for row in new)

    def _frames(self, name: str, from_s: float) -> Frames:
        """Return the frames of a derived stream from a second of the session on."""
        ring, stream = self._ring, self._ring.streams[name]
        raw = ring.streams[name.rpartition(".")[0]]
        reader = ring.reader(name)
        newest = ring.reader(name, rows_back=1).read()
        if newest is not None:
            now_s = float(newest.samples[-1, SAMPLE]) / raw.rate_hz
            reader = ring.reader(name, rows_back=int(max(0.0, now_s - from_s + AFTER_S) * stream.rate_hz) + 1)
        pieces: list[NDArray[np.float64]] = [np.empty((0, len(stream.channels)))]
        while (stretch := reader.read()) is not None:
            pieces.append(stretch.samples)
        rows = np.concatenate(pieces)
        of_emg = self._rig is not None and name.endswith(".emg")
        lag_s = envelope_delay_s(self._rig.emg_processing, raw.rate_hz) if self._rig is not None and of_emg else 0.0
        return Frames(stream.channel_names, rows[:, SAMPLE] / raw.rate_hz, rows, lag_s)


def _told(ring: Ring) -> bool:
    """Whether a ring has repetitions, in the columns of now."""
    return REPETITIONS in ring.derived and ring.streams[REPETITIONS].channel_names == tuple(UNITS)
