"""A session from beginning to end: the parts put together, watched, and everything it leaves written into one folder."""

from __future__ import annotations

import math
import time
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from acquisition.commands import FOLDER, Commands
from acquisition.recording.recorder import Recorder
from acquisition.rig.changed_limits import changed_on
from acquisition.screen_commands import ScreenCommands
from hardware.errors import SquatscopeError
from processing.session_limits import judged_by_last
from ui.archive import running
from ui.archive.folder import Folder, SessionError
from ui.report import report
from ui.report.tables import repetition_csv
from ui.session import dashboard_process
from ui.session.awake import kept_awake
from ui.session.parts import begin, put_away, remove
from ui.session.shutdown import stop_requests
from ui.session.terminal.terminal_view import TerminalView
from ui.steps import shown_on

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import ExitStack

    from rich.console import Console

    from acquisition.engine import Follower
    from acquisition.rig import Rig
    from acquisition.ring import Ring
    from acquisition.timebase.time_base import TimeBase
    from hardware.source import Source
    from processing.results import Results
    from ui.session.dashboard_process import OpenWindow
    from ui.session.parts import Parts, Planned
    from ui.session.shutdown import StopRequest

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
    planned: Planned,
    *,
    headless: bool,
    seconds: float | None = None,
    others: Callable[[Ring], Mapping[str, Follower]] = lambda _ring: {},
) -> Outcome:
    """Run a session until its sources end, `seconds` have passed or somebody ends it, and write what it leaves.

    `others`: further followers of the ring, by name.
    Raises the errors of the parts (SourceError, RingError, RecordingError, SessionError, PipelineError) where it can't begin,
    and then leaves nothing behind.
    """
    remarks: list[str] = []
    with stop_requests() as stop:
        try:
            parts = begin(
                rig,
                sources,
                folder,
                console,
                stop,
                partial(_recorder, folder, rig),
                planned,
                more=lambda ring, _recorder, _gate, _pipeline: {
                    "commands": ScreenCommands(ring, _commands(folder)),
                    **others(ring),
                },
            )
        except KeyboardInterrupt:
            raise SessionError("The session was ended before it began, so nothing was recorded.") from None
        try:
            with (
                kept_awake(),
                running.noted(folder.ring),
                dashboard_process.opened(folder.ring, headless, remarks) as window,
            ):
                _watch(parts, console, seconds, stop, remarks, window)
                console.print("Closing the recording and drawing the picture ...")
                if not parts.gate.refusal:
                    remarks += dashboard_process.save_picture(folder.ring, folder.picture)
        finally:
            parts.engine.stop()
        if parts.gate.refusal:
            parts.undo.close()
            raise SessionError(" ".join([parts.gate.refusal, *parts.engine.faults]))
        return _left_by(parts, folder, console, remarks)


def _left_by(parts: Parts[Recorder], folder: Folder, console: Console, remarks: list[str]) -> Outcome:
    """Close the ring of a session that is over, and write what is made of it."""
    recorder, lost = parts.recorder, parts.losses
    faults = [*lost, *parts.doubts]
    results = parts.live.results(parts.time_base, folder.recording.name, recorder.uuid, recorder.created_utc)
    remarks += [
        f"At {told.at_s:.0f} s, {told.about}: {told.sentence}" for told in results.faults if told.sentence not in faults
    ]
    changed = changed_on(parts.ring.limits)
    parts.ring.close()
    if changed:
        console.print("Computing all of the session by the limits that were changed ...")
        results, trouble = judged_by_last(folder.recording, changed, results)
        faults += [trouble] if trouble else []
        if lost:
            faults.append("Since limits were changed, results are of what the recording holds.")
    _commands(folder).clear()
    put_away(folder.ring, remarks, whole=not lost)
    for write, path in (
        (results.write, folder.metrics),
        (partial(repetition_csv.write, results), folder.repetitions),
        (partial(report.write, results, picture=folder.picture), folder.report),
    ):
        try:
            write(path)
        except SquatscopeError as error:
            faults.append(f"{error} The recording is not touched by that; 'squatscope reprocess' makes what is missing.")
    return Outcome(results, folder, faults, remarks)


def _recorder(folder: Folder, rig: Rig, ring: Ring, time_base: TimeBase, undo: ExitStack) -> Recorder:
    """Make the recorder of the whole session, and the folder of its commands."""
    undo.callback(_commands(folder).clear)
    recorder = Recorder(ring, folder.recording, rig, time_base)
    undo.callback(remove, folder.recording, [])
    undo.callback(recorder.abandon)
    return recorder


def _commands(folder: Folder) -> Commands:
    return Commands(folder.path / FOLDER)


def _watch(
    parts: Parts[Recorder],
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

    turn = -1

    def ended() -> bool:
        over = stop.requested or gate.refusal or parts.watch.must_end or time.monotonic() >= until_s
        return engine.wait(WATCH_S) or bool(over)

    def show(view: TerminalView) -> None:
        nonlocal waiting, turn
        if waiting and gate.open:
            console.print(gate.progress)
            waiting = False
        if window is not None and (news := window.news()):
            console.print(news, soft_wrap=True)
        step = shown_on(parts.ring)
        if step is not None and step.turn != turn:
            turn = step.turn
            console.print(f"{step.title}: {step.do}", soft_wrap=True)
        view.update(gate.progress if waiting else step.do if step is not None else "")

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
