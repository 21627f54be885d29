"""A screening session: the guide among the followers of a ring, a recording for each try, and the answer at the end."""

from __future__ import annotations

import math
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from acquisition.commands import FOLDER, Commands
from acquisition.recording.try_recorder import TryRecorder
from acquisition.rig.changed_limits import changed_on, put_on
from acquisition.ring import PUBLISHED
from acquisition.screen_commands import carry_out
from hardware.errors import SquatscopeError
from processing.batch import as_recorded
from processing.lifter import dynamic_reference, mvc_of
from processing.pipeline import REPETITIONS
from processing.screening.condition import Condition
from processing.screening.guided.acceptance import Judged, Known, judge, judge_mvc
from processing.screening.guided.asking import Seen
from processing.screening.guided.guide import Guide
from processing.screening.guided.protocol import MvcStep
from processing.screening.guided.session_file import now_utc, write_session
from processing.screening.outcomes import set_outcome
from processing.screening.recorded_sets import results_of_try, with_contractions
from processing.session_limits import keep_limits, limits_kept
from ui.archive import running
from ui.archive.folder import Folder, SessionError
from ui.session import dashboard_process
from ui.session.awake import kept_awake
from ui.session.parts import begin, put_away
from ui.session.shutdown import stop_requests
from ui.session.terminal.keyboard import keys
from ui.session.terminal.step_view import StepView

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import ExitStack
    from pathlib import Path

    from rich.console import Console

    from acquisition.engine import Follower
    from acquisition.rig import Rig
    from acquisition.rig.changed_limits import Changed
    from acquisition.ring import Ring
    from acquisition.ring.notice_board import NoticeBoard
    from acquisition.sync_gate import SyncGate
    from acquisition.timebase.time_base import TimeBase
    from hardware.source import Source
    from processing.pipeline import Pipeline
    from processing.screening.guided.protocol import AnyStep
    from processing.screening.guided.session_file import Session, Try
    from ui.session.dashboard_process import OpenWindow
    from ui.session.parts import Parts

WATCH_S = 0.05


@dataclass(slots=True)
class Screened:
    """What a screening session came to: its file, what went wrong, and what else is worth a sentence."""

    session: Session
    faults: list[str]
    remarks: list[str] = field(default_factory=list)


def run_screening(
    rig: Rig,
    sources: Sequence[Source],
    folder: Path,
    session: Session,
    console: Console,
    *,
    headless: bool,
    others: Callable[[Ring, Commands], Mapping[str, Follower]] = lambda _ring, _commands: {},
) -> Screened:
    """Lead a lifter through a protocol in one folder of the archive, and return the session when it is over.

    `others`: further followers of the ring, such as a simulated lifter who does what the guide asks. Raises SessionError for a
    rig without plates, and the errors of the parts where it can't begin.
    """
    if not rig.plate:
        raise SessionError(f"The rig {rig.name} has no force plates, and a screening counts squats by them.")
    remarks: list[str] = []
    home = Folder(folder)
    commands = Commands(folder / FOLDER)
    lead: list[GuideFollower] = []

    def recorder_of(ring: Ring, time_base: TimeBase, undo: ExitStack) -> TryRecorder:
        recorder = TryRecorder(ring, rig, time_base)
        undo.callback(recorder.abandon)
        return recorder

    def more(ring: Ring, recorder: TryRecorder, gate: SyncGate, pipeline: Pipeline) -> dict[str, Follower]:
        if changed := _limits_before(folder, session):
            put_on(ring.limits, changed)
        stage = _Stage(folder, recorder, session, pipeline, partial(_newest_s, ring, rig), ring.limits)
        lead.append(GuideFollower(ring, rig, gate, commands, partial(Guide, session, stage), session))
        return {"guide": lead[0], **others(ring, commands)}

    with stop_requests() as stop:
        parts = begin(rig, sources, home, console, stop, recorder_of, more=more)
        try:
            with (
                kept_awake(),
                running.noted(home.ring),
                dashboard_process.opened(home.ring, headless, remarks) as window,
            ):
                _watch(parts, console, commands, window, lambda: lead[0].ended or stop.requested)
        finally:
            parts.engine.stop()
        refused = [parts.gate.refusal] if parts.gate.refusal else []
        faults = [*parts.losses, *lead[0].faults, *refused, *parts.doubts]
        changed = changed_on(parts.ring.limits)
        faults += _keep_for_all(folder, lead[0].session, changed)
        parts.ring.close()
        put_away(home.ring, remarks, whole=not faults)
        commands.clear()
    return Screened(lead[0].session, faults, remarks)


def _watch(
    parts: Parts[TryRecorder], console: Console, commands: Commands, window: OpenWindow | None, ended: Callable[[], bool]
) -> None:
    """Show the steps on the terminal, and send what is typed, until the session ends."""
    with keys() as typed, closing(StepView(parts.ring, console, commands)) as view:
        while not (ended() or parts.gate.refusal or parts.watch.must_end or parts.engine.wait(WATCH_S)):
            view.update(typed())
            if window is not None and (news := window.news()):
                console.print(news, soft_wrap=True)
        parts.engine.stop()
        view.update()


class GuideFollower:
    """The guide as a follower of the ring: it sees frames and repetitions, takes commands, and writes on the step board."""

    def __init__(
        self, ring: Ring, rig: Rig, gate: SyncGate, commands: Commands, guide: Callable[[], Guide], session: Session
    ) -> None:
        """Wait for the first samples, and then begin with the `guide`."""
        self._ring = ring
        self._gate = gate
        self._commands = commands
        plates = rig.plate[0].stream
        self._frames = ring.reader(f"{plates}.force")
        self._columns = {name: i for i, name in enumerate(self._frames.stream.channel_names)}
        self._rate_hz = rig.stream_named(plates).rate_hz
        self._repetitions = ring.reader(REPETITIONS)
        self._count = 0
        self._seen = Seen(0.0, math.nan, 0.0, 0, squatting=False)
        self._session = session
        self._begin = guide
        self._guide: Guide | None = None
        self._failed = False
        self._written = ""

    @property
    def session(self) -> Session:
        """The session as it is by now."""
        return self._session if self._guide is None else self._guide.session

    @property
    def ended(self) -> bool:
        """Whether the guide has nothing more to ask for, or failed."""
        return self._failed or (self._guide is not None and self._guide.ended)

    @property
    def faults(self) -> list[str]:
        """What of the recordings and of the session's file could not be written."""
        return [] if self._guide is None else self._guide.faults

    def follow(self) -> bool:
        """See what is new, do what was commanded, and say what is wanted; return whether anything was new."""
        new = self._look()
        if self._guide is None:
            if not new or not self._gate.open:  # a try would begin before the streams do, or before they are tied
                return new
            self._guide = self._begin()
        for command in self._commands.take():
            if not carry_out(self._ring, command):
                self._guide.take(command)
        if new:
            self._guide.look(self._seen)
        text = self._guide.shown.model_dump_json()
        if text != self._written:
            self._ring.step.write(text)
            self._written = text
        return new

    def _look(self) -> bool:
        new = False
        while (stretch := self._repetitions.read()) is not None:
            self._count += len(stretch.samples)
        while (stretch := self._frames.read()) is not None:
            new = True
            row = stretch.samples[-1]
            self._seen = Seen(
                time_s=float(row[self._columns["sample"]]) / self._rate_hz,
                total_N=float(row[self._columns["fz_total_N"]]),
                standing_s=float(row[self._columns["standing_s"]]),
                repetitions=self._count,
                squatting=bool(row[self._columns["repetition_phase"]] > 0),
            )
        return new

    def finish(self) -> None:
        """End the try that is being recorded, if there is one."""
        if self._guide is not None:
            self._guide.stop()

    def abandon(self) -> None:
        """End the session: nobody leads it any more."""
        self._failed = True


def _newest_s(ring: Ring, rig: Rig) -> float:
    """Return the time of the newest sample of the plates' stream."""
    stream = rig.stream_named(rig.plate[0].stream)
    return ring.counter(stream.name, PUBLISHED) / stream.rate_hz


def _keep_for_all(folder: Path, session: Session, changed: Changed) -> list[str]:
    """Keep limits that were changed for every set of a session, also those before the change; return what went wrong."""
    faults = []
    for one in (one for one in session.tries if one.kind == "set" and one.recording):
        try:
            keep_limits(folder / one.recording, changed)
        except SquatscopeError as error:
            faults.append(f"The limits that were changed are not kept for {one.recording}: {error}")
    return faults


def _limits_before(folder: Path, session: Session) -> dict[str, tuple[float, float]]:
    """Return the limits by which the last set of a session that is resumed is judged, where they are not its rig's."""
    last = next((one for one in reversed(session.tries) if one.kind == "set" and one.recording), None)
    with suppress(SquatscopeError):  # which whatever is made of that recording tells
        return {} if last is None else limits_kept(folder / last.recording)
    return {}


class _Stage:
    """What the guide has done: recordings begun and ended, judged by the code that ran live, and the session's file."""

    def __init__(
        self,
        folder: Path,
        recorder: TryRecorder,
        session: Session,
        pipeline: Pipeline,
        now_s: Callable[[], float],
        limits: NoticeBoard,
    ) -> None:
        """Begin, live numbers by what contractions are known; `now_s` gives the time of the newest sample of the plates.

        `limits`: the board of those that were changed by hand, which judge a set as they judged it on the screens.
        """
        self._limits = limits
        self._pipeline = pipeline
        self._session = session
        self._refer()
        self._folder = folder
        self._recorder = recorder
        self._now_s = now_s
        current = session.placement(now_utc())
        here = [one for one in session.tries if one.accepted and session.placement(one.created_utc) == current]
        weighed = session.body_weight_N if any(one.kind == "weigh" for one in here) else None
        self._known = Known(weighed or math.nan, sets=sum(one.kind == "set" for one in here))
        for one in session.counting():
            if one.condition == Condition.LIGHT:
                results = results_of_try(folder, session, one, as_recorded)
                self._known.light.append(set_outcome(results, one.number, Condition.LIGHT, one.bar_kg or 0.0))

    def begin(self, recording: str) -> float:
        """Begin to record a try, and return from which time of the plates' stream on."""
        self._recorder.begin(self._folder / recording)
        return self._now_s()

    def end(self) -> None:
        """Complete the recording of a try."""
        self._recorder.end()

    def judge(self, one: Try, step: AnyStep) -> Judged:
        """Judge the recording of a try; what can't be computed is no try that counts."""
        try:
            if isinstance(step, MvcStep):
                return judge_mvc(mvc_of([self._folder / one.recording]), step)
            keep_limits(self._folder / one.recording, changed_on(self._limits))
            results = results_of_try(self._folder, self._session, one, as_recorded)
            judged = judge(results, step, self._known, one.number, one.bar_kg or 0.0)
            if one.condition == Condition.LIGHT:
                judged = replace(judged, reference=tuple(dynamic_reference(self._folder / one.recording)))
        except SquatscopeError as error:
            return Judged(accepted=False, why=(str(error),))
        if math.isfinite(judged.body_weight_N):
            self._known.body_weight_N = judged.body_weight_N
        if judged.accepted and judged.outcome is not None:
            self._known.sets += 1
            if judged.outcome.condition is Condition.LIGHT:
                self._known.light.append(judged.outcome)
        return judged

    def keep(self, session: Session) -> None:
        """Write down how far the session has come."""
        new = len(session.tries) > len(self._session.tries) and session.tries[-1].kind == "mvc"
        self._session = session
        if new:
            self._refer()
        write_session(self._folder, session)

    def _refer(self) -> None:
        """Have live numbers in % of the contractions of this session, as those of its recordings are."""
        self._pipeline.refer_to(with_contractions(self._session, now_utc(), self._pipeline.rig))
