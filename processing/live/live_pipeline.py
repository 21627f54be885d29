"""The live pipeline: a follower of the ring that computes what is new and puts frames and flags back into the ring."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from acquisition.rig.changed_limits import LimitsError, changed_on, with_changed
from acquisition.ring.fault_log import FaultsOfSamples
from hardware.host_clock import host_now_s
from hardware.source import Block
from processing.analysis import Analysis
from processing.live.electrode_watch import ElectrodeWatch
from processing.live.plate_watch import PlateWatch

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from acquisition.ring import Ring
    from acquisition.timebase.time_base import TimeBase
    from processing.pipeline import Pipeline
    from processing.results import Results

STRETCH_S = 0.5
"""Longest stretch taken at a time, so that a pipeline which fell behind still shows frames on its way."""


class LivePipeline:
    """Follows all raw streams of a ring; its derived streams must be those of the pipeline."""

    def __init__(self, ring: Ring, pipeline: Pipeline) -> None:
        self.analysis = Analysis(pipeline, ring.path.parent)
        self._own_rules = pipeline.rig.rules
        self._readers = {settings.name: ring.reader(settings.name) for settings in pipeline.rig.stream}
        self._writers = {name: ring.writer(name) for name in ring.derived}
        self._rows = dict.fromkeys(ring.derived, 0)
        self._faults, self._marks = ring.faults, ring.marks
        self._limits, self._limits_turn = ring.limits, ring.limits.turn
        self._found = FaultsOfSamples(ring.faults)
        self._plates = PlateWatch(pipeline.force, self._found)
        self._electrodes = ElectrodeWatch(pipeline.emg, pipeline.rig.quality.window_s, self._found)

    def follow(self) -> bool:
        """Process what is new in every stream; return whether there was anything."""
        if self._limits.turn != self._limits_turn:
            self._judge_anew()
        found = False
        for name, reader in self._readers.items():
            stretch = reader.read(max(1, int(STRETCH_S * reader.stream.rate_hz)))
            if stretch is None:
                continue
            found = True
            self._write(self.analysis.take(name, stretch))
            self._found.host_s = float(stretch.ticks["host_s"][-1])
            self._electrodes.look()
            self._plates.look()
        return found

    def _judge_anew(self) -> None:
        """Judge what comes from now on by the limits that were changed by hand."""
        self._limits_turn = self._limits.turn
        with suppress(LimitsError):  # those of another program
            self.analysis.pipeline.judge_by(with_changed(self._own_rules, changed_on(self._limits)))

    def finish(self) -> None:
        """Process the rest."""
        while self.follow():
            pass
        self._write(self.analysis.finish())

    def _write(self, found: Iterator[tuple[str, NDArray[np.float64]]]) -> None:
        for derived, rows in found:
            self._writers[derived].append(Block(rows, self._rows[derived], host_now_s()))
            self._rows[derived] += len(rows)

    def abandon(self) -> None:
        """Keep what was computed; there is nothing to close."""

    def results(self, time_base: TimeBase, recording: str, recording_uuid: str, created_utc: str) -> Results:
        """Return the results of the session, once it and its time base have finished."""
        return self.analysis.results(
            time_base.clocks(),
            time_base.clocks_differ_s(),
            recording,
            recording_uuid,
            created_utc,
            faults=self._faults.read(),
            marks=self._marks.read(),
        )
