"""An analysis: the pipeline over one session from its first sample to its last, and everything it gave, kept for the results.

The live follower and the reprocessing of recordings both feed one, stretch by stretch; the same stretches give the same
results.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from acquisition.rig import SIDES
from acquisition.rig.empty_plate import EMPTY_S, LIGHT_N, empty_stretches
from hardware.severity import Severity
from processing.corrected import with_repetitions
from processing.flags.kinds import kind_of
from processing.flags.rules import CHANGE, flags_of
from processing.force.faults.plate_fault import PlateFault
from processing.force.faults.two_plates import pull_inwards_pct, unlike_feet
from processing.force.faults.wrong_plates import off_pct, wrong_cops
from processing.pipeline import EVENTS, FLAGS
from processing.repetition.table import BOTH, RepetitionResult, repetition_rows
from processing.results import (
    ChannelResult,
    FaultResult,
    FlagResult,
    MarkResult,
    PlateFaultResult,
    Results,
    StanceResult,
    StreamResult,
    Table,
    ZeroResult,
)
from processing.results.frame_file import FrameFile, pieces

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from acquisition.rig import Rig
    from acquisition.ring.fault_log import Fault
    from acquisition.ring.mark_log import Mark
    from acquisition.stretches import Stretch
    from acquisition.timebase.clock import Clock
    from processing.emg.verdicts import ChannelQuality
    from processing.force.chain import ForceChain
    from processing.force.empty_watch import TakenOff
    from processing.pipeline import Pipeline


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
        marks: Sequence[Mark] = (),
    ) -> Results:
        """Return the results of what was taken, with session times by the recording's clocks, one for each raw stream.

        `clocks_differ_s`: how far each of them is from one that is fitted to the same ticks and edges. `faults`: those of the
        session; `marks`: at samples of the rig's first stream.
        """
        taken = [(clocks[name], taken) for name, taken in self._taken.items() if taken.rows]
        start_s = min((_host_s(clock, t.first_index) for clock, t in taken), default=0.0)
        end_s = max((_host_s(clock, t.next_index - 1) + 1.0 / clock.rate_hz for clock, t in taken), default=0.0)
        force = self.pipeline.force
        tables = {part.name: self._table(part.name, clocks[part.stream], start_s) for part in self.pipeline.parts}
        repetitions = [] if force is None else self._repetitions(force, clocks[force.stream], start_s)
        body_weight_N = float("nan") if force is None else force.stance.body_weight_N
        zeros = [] if force is None else zeros_of(tables[f"{force.stream}.force"], self._rig, force.taken_off)
        plate_faults = [] if force is None else _plate_faults(force, clocks[force.stream], start_s)
        if force is not None:
            plate_faults += _against_each_other(force, tables[f"{force.stream}.force"], repetitions)
        computed = Results(
            recording=recording,
            recording_uuid=recording_uuid,
            created_utc=created_utc,
            seconds=end_s - start_s,
            body_weight_N=body_weight_N,
            rig=self._rig,
            tables=tables,
            flags=_still_true(self._flags(clocks, start_s), plate_faults, off_pct(zeros, body_weight_N)),
            channels=self._channels(),
            streams=[self._stream(name, clocks[name], clocks_differ_s[name]) for name in self._taken],
            complete=complete,
            faults=[FaultResult(fault.host_s - start_s, fault.severity, fault.about, fault.sentence) for fault in faults],
            marks=self._marks(marks, clocks, start_s),
            stances=[] if force is None else _stances(force, clocks[force.stream], start_s),
            stance_proved_low=force is not None and force.stance.proved_low,
            plate_faults=plate_faults,
            zeros=zeros,
            weighing_refused="" if force is None else force.stance.refused,
            broken_off_s=[] if force is None else _session_s(clocks[force.stream], force.repetitions.broken_off, start_s),
        )
        return with_repetitions(computed, repetitions)

    def _repetitions(self, force: ForceChain, clock: Clock, start_s: float) -> list[RepetitionResult]:
        return repetition_rows(force.repetitions.found, lambda samples: clock.host_s(samples) - start_s)

    def _marks(self, marks: Sequence[Mark], clocks: Mapping[str, Clock], start_s: float) -> list[MarkResult]:
        times_s = _session_s(clocks[self._rig.stream[0].name], [mark.sample for mark in marks], start_s)
        return sorted((MarkResult(at_s, mark.label) for at_s, mark in zip(times_s, marks, strict=True)), key=lambda m: m.at_s)

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


def _still_true(flags: Sequence[FlagResult], faults: Sequence[PlateFaultResult], zeros_pct: float) -> list[FlagResult]:
    """Return a session's flags without those that rest on what only later proved wrong, or as severe as remains certain."""
    wrong = wrong_cops(faults)
    kept = []
    for flag in flags:
        kind = kind_of(flag.rule)
        if kind.without_cop(flag.side, wrong):
            continue
        certain = abs(flag.peak) - kind.unsure * zeros_pct
        if certain >= flag.amber or zeros_pct == 0.0:
            is_red = flag.severity is Severity.RED and (certain >= flag.red or zeros_pct == 0.0)
            kept.append(flag if is_red else replace(flag, severity=Severity.AMBER))
    return kept


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


def zeros_of(table: Table, rig: Rig, taken_off: Sequence[TakenOff] = ()) -> list[ZeroResult]:
    """Return what each plate read wherever nobody was on it, by a table of its forces and what had been taken off of these."""
    found = []
    for plate in rig.plate:
        fz_N = table.column(f"fz_{plate.side}_N")
        if len(table.time_s) < 2 or not np.isfinite(table.sample_of(f"fz_{plate.side}_N")).any():
            continue
        of_plate = [one for one in taken_off if SIDES[one.plate] == plate.side]
        off_N = _off_N(table, of_plate)
        as_read_N = fz_N if off_N is None else fz_N + off_N
        loaded = np.abs(fz_N) > LIGHT_N
        ended = 0
        empty = np.zeros(len(fz_N) + 1, dtype=np.int8)
        for start, end in empty_stretches(as_read_N, 1.0 / table.frame_s):
            empty[start:end] = 1
        known_at = [one.last_sample for one in of_plate]
        for end in 1 + np.searchsorted(table.column("sample"), known_at) if known_at else ():
            empty[max(0, end - round(EMPTY_S / table.frame_s)) : end] = 1
        edges = np.flatnonzero(np.diff(empty, prepend=0))
        for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            part = as_read_N[start:end]
            reads_N, seconds = float(part.mean()), table.frame_s * (end - start)
            before_N, after_N = (0.0, 0.0) if off_N is None else (off_N[start], off_N[min(end, len(off_N) - 1)])
            wrong_N = [reads_N - before_N] if loaded[ended:start].any() else []
            wrong_N += [reads_N - after_N] if loaded[end:].any() else []
            worst_N = max(map(abs, wrong_N), default=0.0)
            found.append(ZeroResult(float(table.time_s[start]), plate.side, seconds, reads_N, float(part.std()), worst_N))
            ended = end
    return sorted(found, key=lambda zero: zero.at_s)


def _off_N(table: Table, taken_off: Sequence[TakenOff]) -> NDArray[np.float64] | None:  # noqa: N802 - units keep their capitals
    """Return what was taken off of a plate's force in each frame; None where nothing ever was."""
    if not taken_off:
        return None
    reads_N = np.array([0.0, *(one.reads_N for one in taken_off)])
    since = np.searchsorted([one.last_sample for one in taken_off], table.column("sample"), side="left")
    return np.asarray(reads_N[since])


def _plate_faults(force: ForceChain, clock: Clock, start_s: float) -> list[PlateFaultResult]:
    return [
        PlateFaultResult(
            _host_s(clock, fault.first_sample) - start_s, fault.side, str(fault.kind), fault.channel, fault.seconds, fault.value
        )
        for fault in force.faults
    ]


def _against_each_other(force: ForceChain, table: Table, repetitions: Sequence[RepetitionResult]) -> list[PlateFaultResult]:
    """Return the plate under which pressure moves much farther than under the other, and feet that seem to pull inwards."""
    bounds = [np.searchsorted(table.time_s, [row.start_s, row.end_s]).tolist() for row in repetitions]
    left_mm, right_mm = (
        sum(table.column(f"cop_{side}_{axis}_mm") * force.axes.forward[side][i] for i, axis in enumerate("xy"))
        for side in SIDES
    )
    spans = [(first, last) for first, last in bounds]
    unlike = unlike_feet(left_mm, right_mm, spans)
    pull_pct = pull_inwards_pct(table.column("outward_push_left_pct"), table.column("outward_push_right_pct"), spans)
    found: list[tuple[str, PlateFault, float]] = [] if unlike is None else [(unlike.side, PlateFault.UNLIKE, unlike.times)]
    found += [(BOTH, PlateFault.INWARDS, pull_pct)] if pull_pct else []
    return [PlateFaultResult(repetitions[0].start_s, side, str(kind), "", 0.0, value) for side, kind, value in found]


def _fault(quality: ChannelQuality) -> tuple[str, str]:
    """Return what is wrong with a channel over the whole session and what to do about it; both empty where nothing is."""
    if quality.good and quality.bad_windows:
        return f"bad for {quality.bad_pct:.0f} % of the time, most often {quality.worst.name.lower()}", ""
    return ("", "") if quality.good else (quality.found, quality.advice)


def _session_s(clock: Clock, samples: Sequence[float], start_s: float) -> list[float]:
    return [float(at_s) for at_s in clock.host_s(np.array(samples, dtype=np.float64)) - start_s]


def _host_s(clock: Clock, index: int) -> float:
    return float(clock.host_s(np.array([index]))[0])
