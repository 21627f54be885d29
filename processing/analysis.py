"""An analysis: the pipeline over one session from its first sample to its last, and everything it gave, kept for the results.

The live follower and the reprocessing of recordings both feed one, stretch by stretch; the same stretches give the same
results.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from acquisition.recording import gaps_of
from acquisition.stretches import TICK
from acquisition.timebase import sync
from acquisition.timebase.sync_edges import EDGE, finders
from processing.flags.rules import CHANGE, flags_of
from processing.pipeline import FLAGS, Pipeline
from processing.results import ChannelResult, FlagResult, Results, StreamResult, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from acquisition.rig import Rig
    from acquisition.stretches import Stretch
    from acquisition.timebase.clock import Clock
    from processing.emg.quality import ChannelQuality


class Analysis:
    """One session's pipeline and what it has returned so far."""

    def __init__(self, rig: Rig) -> None:
        """Begin with nothing."""
        self.pipeline = Pipeline(rig)
        self._rig = rig
        self._frames: dict[str, list[NDArray[np.float64]]] = {part.name: [] for part in self.pipeline.parts}
        self._changes: list[NDArray[np.float64]] = [np.empty((0, len(CHANGE)))]
        self._ticks: dict[str, list[NDArray[np.void]]] = {stream.name: [] for stream in rig.stream}
        self._rows = dict.fromkeys(self._ticks, 0)
        self._finders = finders(rig)
        self._edges: dict[str, list[NDArray[np.void]]] = {name: [np.empty(0, EDGE)] for name in self._finders}

    def take(self, stream: str, stretch: Stretch) -> Iterator[tuple[str, NDArray[np.float64]]]:
        """Process a stretch of a raw stream, and yield what it gives: (derived stream, rows); it must be exhausted."""
        ticks = stretch.ticks.copy()
        ticks["row"] += self._rows[stream] - stretch.first_row  # rows that were missed count as lost, and show as a gap
        self._rows[stream] += len(stretch.samples)
        self._ticks[stream].append(ticks)
        if stream in self._finders:
            self._edges[stream].append(self._finders[stream].take(stretch))
        for name, rows in self.pipeline.process(stream, stretch.samples, stretch.first_index):
            kept = rows.copy()
            (self._changes if name == FLAGS else self._frames[name]).append(kept)
            yield name, kept

    def results(self, recording: str, recording_uuid: str, created_utc: str, complete: bool = True) -> Results:
        """Return the results of what was taken, with session times from the clocks that fit its ticks and sync edges."""
        ticks = {name: np.concatenate([np.empty(0, TICK), *parts]) for name, parts in self._ticks.items()}
        rates_hz = {stream.name: stream.rate_hz for stream in self._rig.stream}
        clocks = sync.clocks(ticks, rates_hz, {name: np.concatenate(found) for name, found in self._edges.items()})
        start_s = session_start_s(ticks, clocks)
        stance = self.pipeline.force.stance.found if self.pipeline.force is not None else None
        return Results(
            recording=recording,
            recording_uuid=recording_uuid,
            created_utc=created_utc,
            seconds=session_end_s(ticks, clocks) - start_s,
            body_weight_N=stance.body_weight_N if stance is not None else float("nan"),
            rig=self._rig,
            tables={part.name: self._table(part.name, clocks[part.stream], start_s) for part in self.pipeline.parts},
            flags=self._flags(clocks, start_s),
            channels=self._channels(),
            streams=[self._stream(stream.name, ticks[stream.name], clocks[stream.name]) for stream in self._rig.stream],
            complete=complete,
        )

    def _table(self, name: str, line: Clock, start_s: float) -> Table:
        metrics = next(part.chain.metrics for part in self.pipeline.parts if part.name == name)
        frames = np.concatenate([np.empty((0, len(metrics))), *self._frames[name]])
        return Table(
            columns=tuple(metric.name for metric in metrics),
            units=tuple(metric.unit for metric in metrics),
            formula_ids=tuple(metric.formula_id for metric in metrics),
            time_s=line.host_s(frames[:, 0]) - start_s,
            frames=frames,
        )

    def _flags(self, clocks: dict[str, Clock], start_s: float) -> list[FlagResult]:
        found = []
        flags_up = [part.book.flags_up() for part in self.pipeline.parts]
        for flag in flags_of(np.concatenate([*self._changes, *flags_up])):
            rule = self.pipeline.rules[flag.rule]
            start, raised, end = (
                clocks[rule.stream].host_s(np.array([flag.start_sample, flag.raised_sample, flag.end_sample])) - start_s
            )
            found.append(
                FlagResult(
                    rule=rule.name,
                    label=rule.label,
                    side=rule.side,
                    severity=flag.severity,
                    metric=rule.metric,
                    formula_id=rule.formula_id,
                    unit=rule.unit,
                    start_s=float(start),
                    raised_s=float(raised),
                    end_s=float(end),
                    peak=flag.peak,
                    amber=rule.amber,
                    red=rule.red,
                    stream=rule.stream,
                    start_sample=int(flag.start_sample),
                )
            )
        return sorted(found, key=lambda flag: (flag.start_s, flag.rule, flag.side))

    def _channels(self) -> list[ChannelResult]:
        found: list[ChannelResult] = []
        for stream, chain in self.pipeline.emg.items():
            for quality in chain.quality:
                what, advice = _fault(quality)
                found.append(
                    ChannelResult(
                        name=quality.name,
                        stream=stream,
                        bad_pct=quality.bad_pct,
                        noise_uV=quality.noise_uV,
                        offset_uV=quality.dc_uV,
                        mains_pct=quality.mains_pct,
                        saturated_pct=quality.saturated_pct,
                        missing_pct=quality.missing_pct,
                        only_noise=quality.good and quality.only_noise,
                        found=what,
                        advice=advice,
                    )
                )
        return found

    def _stream(self, name: str, ticks: NDArray[np.void], line: Clock) -> StreamResult:
        settings = self._rig.stream_named(name)
        gaps = gaps_of(ticks)
        carries_emg = any(electrode.stream == name for electrode in self._rig.emg)
        return StreamResult(
            name=name,
            nominal_hz=settings.rate_hz,
            rate_hz=line.rate_hz,
            rows=int(ticks["row"][-1]) if len(ticks) else 0,
            missing=int(gaps["missing"].sum()),
            gaps=len(gaps),
            residual_s=line.residual_s,
            sync_level=str(line.level),
            undersampled=carries_emg and settings.rate_hz < self._rig.emg_processing.undersampled_below_hz,
        )


def _fault(quality: ChannelQuality) -> tuple[str, str]:
    """Return what is wrong with a channel over the whole session and what to do about it; both empty where nothing is."""
    if quality.good and quality.bad_windows:
        return f"bad for {quality.bad_pct:.0f} % of the time, most often {quality.worst.name.lower()}", ""
    return ("", "") if quality.good else (quality.found, quality.advice)


def session_start_s(ticks: dict[str, NDArray[np.void]], clocks: dict[str, Clock]) -> float:
    """Return the host time of the first sample of any stream; 0 where there is none."""
    first = (clocks[n].host_s(t["index"][:1] - t["row"][:1])[0] for n, t in ticks.items() if len(t))
    return float(min(first, default=0.0))


def session_end_s(ticks: dict[str, NDArray[np.void]], clocks: dict[str, Clock]) -> float:
    """Return the host time at which the last sample of all streams was over; 0 where there is none."""
    last = (clocks[n].host_s(t["index"][-1:] - 1)[0] + 1.0 / clocks[n].rate_hz for n, t in ticks.items() if len(t))
    return float(max(last, default=0.0))
