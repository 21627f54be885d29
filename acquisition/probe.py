"""A probe: each source opened by itself, then a few seconds recorded from all that open, to see what a session would meet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from acquisition.engine import Engine
from acquisition.ring import Ring
from acquisition.stretches import Stretch
from hardware.host_clock import host_now_s
from hardware.source import Source, SourceError, SourceState, Stream


@dataclass(slots=True)
class Probe:
    """What one stream gave: why it could not be opened (`fault`, with the device's own `code`), or else how it was.

    `open_s` is how long opening and starting took; `state` and `note` are its source's at the end.
    """

    name: str
    fault: str = ""
    code: int | None = None
    open_s: float = 0.0
    state: SourceState = SourceState.IDLE
    note: str = ""
    stretches: list[Stretch] = field(default_factory=list)


def probe_sources(makers: Mapping[str, Callable[[], Source]], folder: Path, seconds: float) -> list[Probe]:
    """Return a probe of each stream; `makers` make its source, which may raise SourceError as the source itself may.

    A ring for the probe is made in `folder` and removed again.
    """
    probes = {name: Probe(name) for name in makers}
    sources = [source for name, make in makers.items() if (source := _opened(make, probes[name])) is not None]
    if sources:
        _record(sources, probes, folder / "probe.ring.h5", seconds)
    return list(probes.values())


def _opened(make: Callable[[], Source], probe: Probe) -> Source | None:
    """Return a source that could be opened and started, released again."""
    began_s = host_now_s()
    try:
        source = make()
        try:
            source.open()
            source.start()
            probe.open_s = host_now_s() - began_s
        finally:
            source.stop()
            source.close()
        return make()
    except SourceError as error:
        probe.fault, probe.code = str(error), error.code
        return None


def _record(sources: Sequence[Source], probes: Mapping[str, Probe], path: Path, seconds: float) -> None:
    streams: list[Stream] = [source.stream for source in sources]
    ring = Ring.create(path, streams, seconds + 10.0)
    try:
        engine = Engine(ring, sources, {})
        try:
            engine.arm()
            engine.start()
            engine.wait(seconds)
            for stream in streams:
                probes[stream.name].state, probes[stream.name].note = ring.state(stream.name), ring.note(stream.name)
        except SourceError as error:
            for stream in streams:
                probes[stream.name].fault, probes[stream.name].code = str(error), error.code
        finally:
            engine.stop()
        for stream in streams:
            reader = ring.reader(stream.name)
            while (stretch := reader.read()) is not None:
                probes[stream.name].stretches.append(stretch)
    finally:
        ring.close()
        path.unlink()
