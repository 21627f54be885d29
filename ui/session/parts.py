"""The parts of a session, put together and started: ring, clocks, recorder, pipeline, watch and engine."""

from __future__ import annotations

import math
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Generic, TypeVar

from acquisition.engine import Engine
from acquisition.recording.recorder import Recorder, bytes_per_s, recorded_bytes_per_s, require_space
from acquisition.recording.try_recorder import TryRecorder
from acquisition.ring import Ring
from acquisition.storage.disk import about_overwriting, reserve_bytes
from acquisition.storage.file_system import file_system_of
from acquisition.storage.host_date import wrong_date
from acquisition.storage.shared_folder import about_sharing
from acquisition.sync_gate import SyncGate
from acquisition.timebase.time_base import TimeBase
from acquisition.watch import Watch
from hardware.resource_lock import used_by
from processing.live import LivePipeline
from processing.pipeline import Pipeline, warm
from ui.session.lsl_publisher import Outlets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from rich.console import Console

    from acquisition.engine import Follower
    from acquisition.rig import Rig
    from acquisition.timebase.clock import Clock
    from hardware.source import Source
    from ui.archive.folder import Folder
    from ui.session.shutdown import StopRequest

MOST_RING_S = 900.0
R = TypeVar("R", Recorder, TryRecorder)


@dataclass(frozen=True, slots=True)
class Planned:
    """What is known of a session beforehand.

    `length_s`: how much will be recorded, infinite where nobody knows. `ring_s`: how much the ring holds; where that is not
    given, all of the session, up to a quarter of an hour. `clocks`: those of the recording that is replayed, if one is.
    """

    length_s: float = math.inf
    ring_s: float | None = None
    clocks: Mapping[str, Clock] | None = None


OPEN_END = Planned()


@dataclass(frozen=True, slots=True)
class Parts(Generic[R]):
    """What a running session is made of; closing `undo` takes back what it has left so far."""

    ring: Ring
    time_base: TimeBase
    recorder: R
    gate: SyncGate
    watch: Watch
    live: LivePipeline
    engine: Engine
    undo: ExitStack

    @property
    def losses(self) -> list[str]:
        """What went wrong so that the recording may lack samples which the ring still holds."""
        found = list(self.engine.faults)
        for name, n in self.recorder.missed.items():
            found += [f"The recorder missed {n} samples of {name}."] if n else []
        return found

    @property
    def doubts(self) -> list[str]:
        """Which rates are not what the rig says, and why the session had to end, if it had."""
        return [*self.watch.wrong_rates.values(), *([self.watch.must_end] if self.watch.must_end else [])]


def begin(
    rig: Rig,
    sources: Sequence[Source],
    folder: Folder,
    console: Console,
    stop: StopRequest,
    recorder_of: Callable[[Ring, TimeBase, ExitStack], R],
    planned: Planned = OPEN_END,
    *,
    more: Callable[[Ring, R, SyncGate, Pipeline], Mapping[str, Follower]] = lambda _ring, _recorder, _gate, _pipeline: {},
) -> Parts[R]:
    """Put the parts of a session together and start them; where that fails, undo what was done.

    `recorder_of` makes the recorder, and says how it is taken back; `more`: further followers.
    """
    with ExitStack() as undo:
        with stop.held():
            if folder.make():
                undo.callback(_remove_folder, folder.path)
        date = wrong_date(folder.path.resolve().parent)
        if date is not None:
            console.print(f"{date.found} {date.advice}")
        file_system = file_system_of(folder.path)
        for about in (
            about_overwriting(file_system, recorded_bytes_per_s(rig)),
            about_sharing(folder.path, file_system),
        ):
            if about:
                console.print(about.strip())
        if math.isfinite(planned.length_s):
            needed_bytes = planned.length_s * bytes_per_s(rig) + reserve_bytes(file_system, recorded_bytes_per_s(rig))
            require_space(folder.path, needed_bytes)
        with console.status("Warming up the kernels ..."):
            warm(rig)
        pipeline = Pipeline(rig)
        with stop.held():
            ring = _make_ring(pipeline, folder, planned.ring_s or min(planned.length_s + 10.0, MOST_RING_S))
            undo.callback(remove, folder.ring, [])
            undo.callback(ring.close)
        used_by(folder.path)
        time_base = TimeBase(ring, rig, planned.clocks)
        with stop.held():
            recorder = recorder_of(ring, time_base, undo)
        gate = SyncGate(time_base, rig, recorder)
        live = LivePipeline(ring, pipeline)
        watch = Watch(ring, time_base, recorder, folder.path, recorded_bytes_per_s(rig), planned.length_s)
        followers: dict[str, Follower] = {"time base": time_base, "recorder": gate, "live pipeline": live, "watch": watch}
        followers.update(more(ring, recorder, gate, pipeline))
        if rig.lsl.outlet:
            followers["LSL outlets"] = outlets = Outlets(ring, rig.lsl)
            undo.callback(outlets.abandon)
        engine = Engine(ring, sources, followers)
        engine.arm()
        stop.interrupts = False
        engine.start()
        return Parts(ring, time_base, recorder, gate, watch, live, engine, undo.pop_all())


def _make_ring(pipeline: Pipeline, folder: Folder, seconds: float) -> Ring:
    rig = pipeline.rig
    return Ring.create(
        folder.ring,
        [settings.stream() for settings in rig.stream],
        seconds,
        derived=pipeline.derived_streams(),
        description={
            "rig": rig.model_dump(mode="json"),
            "rules": [rule.as_data() for rule in pipeline.rules],
            "software_version": version("squatscope"),
        },
    )


def put_away(ring: Path, remarks: list[str], *, whole: bool) -> None:
    """Remove the ring of a session, or keep it where the recording is not whole, and say what for."""
    if whole or not ring.exists():
        remove(ring, remarks)
    else:
        remarks.append(f"The ring is kept: 'squatscope recover {ring} NEW.h5' makes a recording from it.")


def remove(ring: Path, remarks: list[str]) -> None:
    """Remove a ring; where a dashboard still maps it, say so."""
    try:
        ring.unlink()
    except FileNotFoundError:
        pass
    except PermissionError:  # Windows keeps a file that a dashboard still maps
        remarks.append(f"{ring} can be deleted once the dashboard is closed.")


def _remove_folder(path: Path) -> None:
    with suppress(OSError):
        path.rmdir()
