"""An analysis: the pipeline over one session from its first sample to its last, and everything it gave, kept for the results.

The live follower and the reprocessing of recordings both feed one, stretch by stretch; the same stretches give the same
results.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from acquisition.rig.empty_plate import empty_stretches
from hardware.severity import Severity
from processing.emg.filters import envelope_delay_s
from processing.flags.rules import CHANGE, flags_of
from processing.frame_file import FrameFile, pieces
from processing.pipeline import EVENTS, FLAGS
from processing.repetition.muscles import MuscleResult, muscle_rows
from processing.repetition.table import Frames, PhaseResult, RepetitionResult, phase_rows, repetition_rows
from processing.repetition.variability import variability
from processing.results import (
    ChannelResult,
    FaultResult,
    FlagResult,
    PlateFaultResult,
    Results,
    StanceResult,
    StreamResult,
    Table,
    ZeroResult,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from acquisition.rig import Rig
    from acquisition.ring.fault_log import Fault
    from acquisition.stretches import Stretch
    from acquisition.timebase.clock import Clock
    from processing.emg.verdicts import ChannelQuality
    from processing.force.chain import ForceChain
    from processing.pipeline import Part, Pipeline


@dataclass(slots=True)
class _Taken:
    """What was taken of a raw stream: rows, and the samples and gaps before, between and behind them."""

    rows: int = 0
    first_index: int = 0
    next_index: int = 0
    segment: int = 0
    missing: int = 0
    gaps: int = 0

    def add(self, stretch: Stretch) -> None:
        """Count a stretch; what its reader missed before it is a gap like any other."""
        segment = int(stretch.ticks["segment"][0])
        if (stretch.first_index, segment) != (self.next_index, self.segment):
            self.gaps += 1
            self.missing += stretch.first_index - self.next_index
        if not self.rows:
            self.first_index = stretch.first_index
        self.rows += len(stretch.samples)
        self.next_index, self.segment = stretch.first_index + len(stretch.samples), segment


class Analysis:
    """One session's pipeline and what it has returned so far."""

    def __init__(self, pipeline: Pipeline, folder: Path | None = None, rig: Rig | None = None) -> None:
        """Begin; frames that memory should not hold go into a file without a name, in `folder` where one is given.

        `rig`: what the results tell of the lab, where the pipeline was built for rates that were measured.
        """
        self.pipeline = pipeline
        self._rig = rig or pipeline.rig
        self._folder = folder
        self._frames = {part.name: FrameFile(len(part.chain.metrics), folder) for part in pipeline.parts}
        self._changes: list[NDArray[np.float64]] = [np.empty((0, len(CHANGE)))]
        self._taken = {stream.name: _Taken() for stream in self._rig.stream}
        self._withdrawals = dict.fromkeys(pipeline.emg, 0)
        self._withdrawn: set[tuple[int, float]] = set()

    def take(self, stream: str, stretch: Stretch) -> Iterator[tuple[str, NDArray[np.float64]]]:
        """Process a stretch of a raw stream, and yield what it gives: (derived stream, rows); it must be exhausted."""
        self._taken[stream].add(stretch)
        yield from self._kept(self.pipeline.process(stream, stretch.samples, stretch.first_index))
        yield from self._withdraw()

    def finish(self) -> Iterator[tuple[str, NDArray[np.float64]]]:
        """Yield what still waits, as `take` does, once every stream has ended; it must be exhausted before `results`."""
        yield from self._kept(self.pipeline.finish())
        yield from self._withdraw()

    def _withdraw(self) -> Iterator[tuple[str, NDArray[np.float64]]]:
        """Take back what has rested on electrodes that were found since the last time to have had no muscle behind them."""
        for part in self.pipeline.parts:
            chain = self.pipeline.emg.get(part.stream)
            if chain is None or part.chain is not chain:
                continue
            for electrode, first, last in chain.withdrawn[self._withdrawals[part.stream] :]:
                columns = chain.resting_on(electrode)
                self._frames[part.name].withdraw(columns, first, last)
                metrics = {chain.metrics[column].name for column in columns}
                changes = [
                    (flag.rule, float(Severity.FINE), flag.start_sample, np.nan, np.nan, np.nan)
                    for flag in flags_of(np.concatenate(self._changes))
                    if self.pipeline.rules[flag.rule].stream == part.stream
                    and self.pipeline.rules[flag.rule].metric in metrics
                    and (first <= flag.start_sample < last or first <= flag.raised_sample < last)
                ]
                self._withdrawn.update((rule, start) for rule, _, start, *_ in changes)
                if changes:
                    self._changes.append(np.array(changes))
                    yield FLAGS, self._changes[-1]
            self._withdrawals[part.stream] = len(chain.withdrawn)

    def _kept(self, found: Iterator[tuple[str, NDArray[np.float64]]]) -> Iterator[tuple[str, NDArray[np.float64]]]:
        for name, rows in found:
            kept = rows.copy()
            if name == FLAGS:
                kept = kept[[(int(rule), start) not in self._withdrawn for rule, start in kept[:, [0, 2]]]]
                self._changes.append(kept)
            elif name not in EVENTS:
                self._frames[name].append(kept)
            yield name, kept

    def results(
        self,
        clocks: Mapping[str, Clock],
        clocks_differ_s: Mapping[str, float],
        recording: str,
        recording_uuid: str,
        created_utc: str,
        complete: bool = True,
        faults: Sequence[Fault] = (),
    ) -> Results:
        """Return the results of what was taken, with session times by the recording's clocks, one for each raw stream.

        `clocks_differ_s`: how far each of them is from one that is fitted to the same ticks and edges. `faults`: those of the
        session.
        """
        taken = [(clocks[name], taken) for name, taken in self._taken.items() if taken.rows]
        start_s = min((_host_s(clock, t.first_index) for clock, t in taken), default=0.0)
        end_s = max((_host_s(clock, t.next_index - 1) + 1.0 / clock.rate_hz for clock, t in taken), default=0.0)
        force = self.pipeline.force
        tables = {part.name: self._table(part.name, clocks[part.stream], start_s) for part in self.pipeline.parts}
        repetitions = [] if force is None else self._repetitions(force, clocks[force.stream], start_s)
        phases, muscles = ([], []) if force is None else self._phases(repetitions, tables)
        return Results(
            recording=recording,
            recording_uuid=recording_uuid,
            created_utc=created_utc,
            seconds=end_s - start_s,
            body_weight_N=force.stance.body_weight_N if force is not None else float("nan"),
            rig=self._rig,
            tables=tables,
            flags=self._flags(clocks, start_s),
            channels=self._channels(),
            streams=[self._stream(name, clocks[name], clocks_differ_s[name]) for name in self._taken],
            complete=complete,
            faults=[FaultResult(fault.host_s - start_s, fault.severity, fault.about, fault.sentence) for fault in faults],
            stances=[] if force is None else _stances(force, clocks[force.stream], start_s),
            stance_proved_low=force is not None and force.stance.proved_low,
            plate_faults=[] if force is None else _plate_faults(force, clocks[force.stream], start_s),
            zeros=[] if force is None else zeros_of(tables[f"{force.stream}.force"], self._rig),
            weighing_refused="" if force is None else force.stance.refused,
            repetitions=repetitions,
            phases=phases,
            muscles=muscles,
            variability=variability(repetitions, phases),
            broken_off_s=[] if force is None else _session_s(clocks[force.stream], force.repetitions.broken_off, start_s),
        )

    def _repetitions(self, force: ForceChain, clock: Clock, start_s: float) -> list[RepetitionResult]:
        return repetition_rows(force.repetitions.found, lambda samples: clock.host_s(samples) - start_s)

    def _phases(
        self, repetitions: list[RepetitionResult], tables: Mapping[str, Table]
    ) -> tuple[list[PhaseResult], list[MuscleResult]]:
        force, *others = (
            Frames(table.columns, table.time_s, table.frames, self._lag_s(part))
            for part in sorted(self.pipeline.parts, key=lambda part: part.chain is not self.pipeline.force)
            for table in (tables[part.name],)
        )
        rig = self._rig
        phases = phase_rows(repetitions, force, others, rig.emg_processing.least_activation_pct, rig.knee.slight_mm)
        return phases, muscle_rows(repetitions, rig.emg, force, others)

    def _lag_s(self, part: Part) -> float:
        """Return how far a part's frames lag behind what they tell."""
        if part.chain is not self.pipeline.emg.get(part.stream):
            return 0.0
        return envelope_delay_s(self._rig.emg_processing, self.pipeline.rig.stream_named(part.stream).rate_hz)

    def _table(self, name: str, clock: Clock, start_s: float) -> Table:
        metrics = next(part.chain.metrics for part in self.pipeline.parts if part.name == name)
        frames = self._frames[name].rows()
        times_s = FrameFile(1, self._folder)
        for piece in pieces(frames):
            times_s.append(clock.host_s(piece[:, :1]) - start_s)
        return Table(
            columns=tuple(metric.name for metric in metrics),
            units=tuple(metric.unit for metric in metrics),
            formula_ids=tuple(metric.formula_id for metric in metrics),
            time_s=times_s.rows()[:, 0],
            frames=frames,
        )

    def _flags(self, clocks: Mapping[str, Clock], start_s: float) -> list[FlagResult]:
        found = []
        flags_up = [part.book.flags_up() for part in self.pipeline.parts]
        for flag in flags_of(np.concatenate([*self._changes, *flags_up])):
            if (flag.rule, flag.start_sample) in self._withdrawn:
                continue
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
                        notch_hz=quality.notch_hz,
                        mains_uV=quality.mains_uV,
                    )
                )
        return found

    def _stream(self, name: str, clock: Clock, clock_differs_s: float) -> StreamResult:
        settings = self._rig.stream_named(name)
        taken = self._taken[name]
        carries_emg = any(electrode.stream == name for electrode in self._rig.emg)
        return StreamResult(
            name=name,
            nominal_hz=settings.rate_hz,
            rate_hz=clock.rate_hz,
            rows=taken.rows,
            missing=taken.missing,
            gaps=taken.gaps,
            residual_s=clock.residual_s,
            sync_level=str(clock.level),
            undersampled=carries_emg and settings.rate_hz < self._rig.emg_processing.undersampled_below_hz,
            clock_differs_s=clock_differs_s,
            designed_hz=self.pipeline.rig.stream_named(name).rate_hz,
        )


def _stances(force: ForceChain, clock: Clock, start_s: float) -> list[StanceResult]:
    found = []
    for stance in force.stance.stances:
        width_mm = float(force.axes.right @ (np.array(stance.right_mm) - np.array(stance.left_mm)))
        weights = stance.body_weight_N, stance.system_weight_N
        moved = stance.left_moved_mm, stance.right_moved_mm
        at_s = _host_s(clock, stance.last_sample) - start_s
        places = *stance.left_mm, *stance.right_mm
        found.append(StanceResult(at_s, stance.kind.word, *weights, width_mm, *places, *moved, stance.sd_N))
    return found


def zeros_of(table: Table, rig: Rig) -> list[ZeroResult]:
    """Return what each plate read wherever nobody was on it, by a table of its forces."""
    found = []
    for plate in rig.plate:
        fz_N = table.column(f"fz_{plate.side}_N")
        if len(table.time_s) < 2 or not np.isfinite(table.sample_of(f"fz_{plate.side}_N")).any():
            continue
        for start, end in empty_stretches(fz_N, 1.0 / table.frame_s):
            part = fz_N[start:end]
            seconds = table.frame_s * (end - start)
            found.append(ZeroResult(float(table.time_s[start]), plate.side, seconds, float(part.mean()), float(part.std())))
    return sorted(found, key=lambda zero: zero.at_s)


def _plate_faults(force: ForceChain, clock: Clock, start_s: float) -> list[PlateFaultResult]:
    return [
        PlateFaultResult(
            _host_s(clock, fault.first_sample) - start_s, fault.side, str(fault.kind), fault.channel, fault.seconds, fault.value
        )
        for fault in force.watch.faults
    ]


def _fault(quality: ChannelQuality) -> tuple[str, str]:
    """Return what is wrong with a channel over the whole session and what to do about it; both empty where nothing is."""
    if quality.good and quality.bad_windows:
        return f"bad for {quality.bad_pct:.0f} % of the time, most often {quality.worst.name.lower()}", ""
    return ("", "") if quality.good else (quality.found, quality.advice)


def _session_s(clock: Clock, samples: Sequence[float], start_s: float) -> list[float]:
    return [float(at_s) for at_s in clock.host_s(np.array(samples, dtype=np.float64)) - start_s]


def _host_s(clock: Clock, index: int) -> float:
    return float(clock.host_s(np.array([index]))[0])
