"""A session from beginning to end: the parts put together, watched, and everything it leaves written into one folder."""

from __future__ import annotations

import math
import time
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from acquisition.disk import about_overwriting, reserve_bytes
from acquisition.engine import Engine
from acquisition.file_system import file_system_of
from acquisition.recording.recorder import Recorder, bytes_per_s, recorded_bytes_per_s, require_space
from acquisition.ring import Ring
from acquisition.sync_gate import SyncGate
from acquisition.timebase.time_base import TimeBase
from acquisition.watch import Watch
from hardware.errors import SquatscopeError
from hardware.resource_lock import used_by
from processing.live import LivePipeline
from processing.pipeline import Pipeline, warm
from ui.archive import running
from ui.archive.folder import Folder, SessionError
from ui.report import repetition_csv, report
from ui.session import dashboard_process
from ui.session.lsl_publisher import Outlets
from ui.session.shutdown import stop_requests
from ui.session.terminal_view import TerminalView

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from acquisition.engine import Follower
    from acquisition.rig import Rig
    from acquisition.timebase.clock import Clock
    from hardware.source import Source
    from processing.results import Results
    from ui.session.dashboard_process import OpenWindow
    from ui.session.shutdown import StopRequest

MOST_RING_S = 900.0
WATCH_S = 0.1


@dataclass(slots=True)
class Outcome:
    """What a session came to: its results, what went wrong, and what else is worth a sentence."""

    results: Results
    folder: Folder
    faults: list[str]
    remarks: list[str] = field(default_factory=list)


def run_session(
    rig: Rig,
    sources: Sequence[Source],
    folder: Folder,
    console: Console,
    *,
    seconds: float | None,
    length_s: float,
    ring_s: float | None = None,
    recorded: Mapping[str, Clock] | None = None,
    headless: bool,
) -> Outcome:
    """Run a session until its sources end, `seconds` have passed or somebody ends it, and write what it leaves.

    `length_s` is how much will be recorded, infinite where nobody knows. The ring holds `ring_s`, or where that is not given
    all of the session, up to a quarter of an hour. `recorded`: the clocks of the recording that is replayed, if one is.
    Raises the errors of the parts (SourceError, RingError, RecordingError, SessionError, PipelineError) where it can't begin,
    and then leaves nothing behind.
    """
    remarks: list[str] = []
    with stop_requests() as stop:
        try:
            parts = _begin(rig, sources, folder, console, length_s, ring_s, recorded, stop)
        except KeyboardInterrupt:
            raise SessionError("The session was ended before it began, so nothing was recorded.") from None
        try:
            with running.noted(folder.ring), dashboard_process.opened(folder.ring, headless, remarks) as window:
                _watch(parts, console, seconds, stop, remarks, window)
                console.print("Closing the recording and drawing the picture ...")
                if not parts.gate.refusal:
                    remarks += dashboard_process.save_picture(folder.ring, folder.picture)
        finally:
            parts.engine.stop()
        if parts.gate.refusal:
            parts.undo.close()
            raise SessionError(" ".join([parts.gate.refusal, *parts.engine.faults]))
        missed = parts.recorder.missed.items()
        faults = parts.engine.faults + [f"The recorder missed {n} samples of {name}." for name, n in missed if n]
        whole = not faults
        faults += parts.watch.wrong_rates.values()
        if parts.watch.must_end:
            faults.append(parts.watch.must_end)
        recorder = parts.recorder
        results = parts.live.results(parts.time_base, folder.recording.name, recorder.uuid, recorder.created_utc)
        remarks += [
            f"At {told.at_s:.0f} s, {told.about}: {told.sentence}" for told in results.faults if told.sentence not in faults
        ]
        parts.ring.close()
        if not whole and folder.ring.exists():
            remarks.append(f"The ring is kept: 'squatscope recover {folder.ring} NEW.h5' makes a recording from it.")
        else:
            _remove(folder.ring, remarks)
        for write, path in (
            (results.write, folder.metrics),
            (partial(repetition_csv.write, results), folder.repetitions),
            (partial(report.write, results), folder.report),
        ):
            try:
                write(path)
            except SquatscopeError as error:
                faults.append(f"{error} The recording is not touched by that; 'squatscope reprocess' makes what is missing.")
    return Outcome(results, folder, faults, remarks)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a running session is made of; closing `undo` takes back what it has left so far."""

    ring: Ring
    time_base: TimeBase
    recorder: Recorder
    gate: SyncGate
    watch: Watch
    live: LivePipeline
    engine: Engine
    undo: ExitStack


def _begin(
    rig: Rig,
    sources: Sequence[Source],
    folder: Folder,
    console: Console,
    length_s: float,
    ring_s: float | None,
    recorded: Mapping[str, Clock] | None,
    stop: StopRequest,
) -> _Parts:
    """Put the parts together and start them; where that fails, undo what was done."""
    with ExitStack() as undo:
        with stop.held():
            if folder.make():
                undo.callback(_remove_folder, folder.path)
        file_system = file_system_of(folder.path)
        if about := about_overwriting(file_system, recorded_bytes_per_s(rig)):
            console.print(about.strip())
        if math.isfinite(length_s):
            needed_bytes = length_s * bytes_per_s(rig) + reserve_bytes(file_system, recorded_bytes_per_s(rig))
            require_space(folder.path, needed_bytes)
        with console.status("Warming up the kernels ..."):
            warm(rig)
        pipeline = Pipeline(rig)
        with stop.held():
            ring = _make_ring(pipeline, folder, ring_s or min(length_s + 10.0, MOST_RING_S))
            undo.callback(_remove, folder.ring, [])
            undo.callback(ring.close)
        used_by(folder.path)
        time_base = TimeBase(ring, rig, recorded)
        with stop.held():
            recorder = Recorder(ring, folder.recording, rig, time_base)
            undo.callback(_remove, folder.recording, [])
            undo.callback(recorder.abandon)
        gate = SyncGate(time_base, rig, recorder)
        live = LivePipeline(ring, pipeline)
        watch = Watch(ring, time_base, recorder, folder.path, recorded_bytes_per_s(rig), length_s)
        followers: dict[str, Follower] = {"time base": time_base, "recorder": gate, "live pipeline": live, "watch": watch}
        if rig.lsl.outlet:
            followers["LSL outlets"] = outlets = Outlets(ring, rig.lsl)
            undo.callback(outlets.abandon)
        engine = Engine(ring, sources, followers)
        engine.arm()
        stop.interrupts = False
        engine.start()
        return _Parts(ring, time_base, recorder, gate, watch, live, engine, undo.pop_all())


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


def _watch(
    parts: _Parts,
    console: Console,
    seconds: float | None,
    stop: StopRequest,
    remarks: list[str],
    window: OpenWindow | None,
) -> None:
    """Show the session on the terminal until it ends, and end it; it goes on where the terminal doesn't."""
    engine, gate = parts.engine, parts.gate
    until_s = math.inf if seconds is None else time.monotonic() + seconds
    waiting = bool(gate.progress)  # said once it is open, also where that was before the first look

    def ended() -> bool:
        over = stop.requested or gate.refusal or parts.watch.must_end or time.monotonic() >= until_s
        return engine.wait(WATCH_S) or bool(over)

    def show(view: TerminalView) -> None:
        nonlocal waiting
        if waiting and gate.open:
            console.print(gate.progress)
            waiting = False
        if window is not None and (news := window.news()):
            console.print(news, soft_wrap=True)
        view.update(gate.progress if waiting else "")

    try:
        with closing(TerminalView(parts.ring, console)) as view:
            while not ended():
                show(view)
            if stop.requested:
                console.print("The session is brought to its end ...")
            engine.stop()
            show(view)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - rich exits where nobody reads on; no sample is lost for that
        remarks.append(f"The terminal view stopped: {error or type(error).__name__}")
    while not ended():
        pass
    engine.stop()


def _remove(ring: Path, remarks: list[str]) -> None:
    try:
        ring.unlink()
    except FileNotFoundError:
        pass
    except PermissionError:  # Windows keeps a file that a dashboard still maps
        remarks.append(f"{ring} can be deleted once the dashboard is closed.")


def _remove_folder(path: Path) -> None:
    with suppress(OSError):
        path.rmdir()
