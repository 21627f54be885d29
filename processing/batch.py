"""Reprocessing: recordings in, results out, with the code that ran live and any number of recordings at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from acquisition.recording import Recording
from acquisition.rig.judgement import Judgement
from acquisition.storage.hdf5_text import name_of
from hardware.errors import SquatscopeError
from hardware.source import CRYSTAL_OFF
from processing.analysis import Analysis
from processing.corrected import corrected
from processing.pipeline import Pipeline, warm
from processing.repetition.corrections import read_history

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from acquisition.rig import Rig
    from acquisition.timebase.clock import Clock
    from processing.results import Results


def as_recorded(rig: Rig) -> Rig:
    """Return a recording's rig as it is."""
    return rig


def reprocess(
    path: Path,
    rig_for: Callable[[Rig], Rig] = as_recorded,
    progress: Callable[[float], None] = lambda _: None,
    *,
    with_edits: bool = True,
) -> Results:
    """Compute the results of one recording; raises RecordingError, or PipelineError where the settings don't fit it.

    `rig_for` returns the rig to use from the recording's own: with another's ways of judging, or with a lifter's measures;
    plates, channels and streams must stay as they were recorded. `progress` is called with the share done, from 0 to 1. Where a
    stream ran at another rate than its rig says, by more than a crystal can be off, filters and times are designed for the rate
    that was measured. Edits that lie beside the recording are applied, limits instead of the recording's own before
    `rig_for` names others, unless they are left out; where they can't be read EditError is raised.
    """
    with Recording(path) as recording:
        history = read_history(path, recording.uuid) if with_edits else None
        own = rig_for(recording.rig)
        rig = own if history is None else rig_for(history.judged(recording.rig))
        analysis = Analysis(Pipeline(_at_measured_rates(rig, recording.clocks)), rig=rig)
        total = max(1, sum(stream.rows for stream in recording.streams.values()))
        done = 0
        for settings in rig.stream:
            for stretch in recording.stretches(settings.name):
                for _ in analysis.take(settings.name, stretch):
                    pass
                done += len(stretch.samples)
                progress(done / total)
        for _ in analysis.finish():
            pass
        progress(1.0)
        results = analysis.results(
            recording.clocks,
            recording.clocks_differ_s(),
            name_of(path),
            recording.uuid,
            recording.created_utc,
            recording.complete,
            marks=recording.marks,
        )
    return results if history is None else corrected(results, history, own)


def _at_measured_rates(rig: Rig, clocks: Mapping[str, Clock]) -> Rig:
    """Return the rig with the rates at which its streams ran, where these are off by more than a crystal can be."""
    streams = [
        settings.model_copy(update={"rate_hz": rate_hz})
        if abs((rate_hz := clocks[settings.name].rate_hz) / settings.rate_hz - 1.0) > CRYSTAL_OFF
        else settings
        for settings in rig.stream
    ]
    return rig if streams == rig.stream else rig.model_copy(update={"stream": streams})


def with_settings(rig: Rig, other: Rig) -> Rig:
    """Return the rig with the ways of judging of another one."""
    return rig.model_copy(update={name: getattr(other, name) for name in Judgement.model_fields})


def reprocess_many(
    paths: Sequence[Path],
    rig_for: Callable[[Rig], Rig] = as_recorded,
    workers: int = 2,
    progress: Callable[[Path, float], None] = lambda _path, _share: None,
    *,
    with_edits: bool = True,
) -> Iterator[tuple[Path, Results | SquatscopeError]]:
    """Yield each recording with its results, or with what was wrong with it, in the order given.

    The kernels let go of the interpreter, so threads share the machine's cores at no cost to start. They are compiled before:
    a compiler in one thread and HDF5 in another can wait for each other for ever, through what the garbage collector ends.
    """
    _warm_for(paths, rig_for)

    def one(path: Path) -> Results | SquatscopeError:
        try:
            return reprocess(path, rig_for, lambda share: progress(path, share), with_edits=with_edits)
        except SquatscopeError as error:
            return error

    with ThreadPoolExecutor(workers) as pool:
        yield from zip(paths, pool.map(one, paths), strict=True)


def _warm_for(paths: Sequence[Path], rig_for: Callable[[Rig], Rig]) -> None:
    """Compile the kernels for every kind of samples in these recordings; those that can't be read are told in their turn."""
    warmed = set()
    for path in paths:
        try:
            with Recording(path) as recording:
                rig = rig_for(recording.rig)
            kinds = frozenset((stream.name, stream.dtype) for stream in rig.stream)
            if kinds not in warmed:
                warm(rig)
                warmed.add(kinds)
        except SquatscopeError:
            continue
