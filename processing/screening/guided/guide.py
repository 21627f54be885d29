"""The guide: the state machine of a guided session, one thing to do at a time; it follows what is seen and takes commands.

It knows neither screens nor devices: what is seen comes in as `Seen`, commands as `Command`, and what is to be done goes
through a `Stage`. What it asks for is `shown`, as data; whoever shows it sends commands for its `turn`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from acquisition.commands import Does
from acquisition.rig.units import GRAVITY_M_S2
from hardware.errors import SquatscopeError
from processing.screening.guided.acceptance import Judged
from processing.screening.guided.asking import STILL_S, Seen, State, StepPart, shown
from processing.screening.guided.protocol import MvcStep, SetStep, WeighStep, ZeroStep
from processing.screening.guided.session_file import GRADES, Try, now_utc

if TYPE_CHECKING:
    from acquisition.commands import Command
    from processing.screening.guided.asking import Shown
    from processing.screening.guided.protocol import AnyStep
    from processing.screening.guided.session_file import Session

RESTS_S = 1.0
"""A set is over once all repetitions are done and the lifter has stood for so long."""
EMPTY_SHARE, EMPTY_N = 0.2, 100.0


class Stage(Protocol):
    """What a guide has done for it."""

    def begin(self, recording: str) -> float:
        """Begin to record a try, and return from which time on, as `Seen` has it."""

    def end(self) -> None:
        """Complete the recording of a try."""

    def judge(self, one: Try, step: AnyStep) -> Judged:
        """Judge the recording of a try."""

    def keep(self, session: Session) -> None:
        """Write down how far the session has come."""


@dataclass(slots=True)
class _Doing:
    """A try that is being recorded."""

    one: Try
    began_s: float
    repetitions_before: int
    weighed: bool = False
    done_s: float = math.inf


class Guide:
    """Leads one session through its protocol, from the first step that is not done yet."""

    def __init__(self, session: Session, stage: Stage) -> None:
        """Begin at the first step that is not done; with electrodes placed anew, all but sets is done anew, too."""
        self.session = session
        self._stage = stage
        self._seen = Seen(0.0, math.nan, 0.0, 0, squatting=False)
        self._turn = 0
        self._said: list[str] = []
        self.faults: list[str] = []
        """What could not be written, in sentences."""
        self._doing: _Doing | None = None
        self._bars = {one.step: one.bar_kg for one in session.tries if one.bar_kg is not None and one.accepted}
        self._before = session.done(now_utc())
        self._step = self._open_from(0)
        self.part = StepPart.ENDED
        self._arrive()

    @property
    def ended(self) -> bool:
        """Whether every step is done, or the session was stopped."""
        return self.part is StepPart.ENDED

    @property
    def step(self) -> AnyStep | None:
        """The step that is to be done, None behind the last."""
        steps = self.session.protocol.step
        return steps[self._step] if self._step < len(steps) else None

    def _arrive(self) -> None:
        """Come to a step."""
        step = self.step
        if step is None:
            self._go(StepPart.ENDED)
        elif isinstance(step, SetStep) and self._bar_kg(step) is None:
            self._go(StepPart.BAR)
        else:
            self._go(StepPart.READY)
            if isinstance(step, ZeroStep | WeighStep) and not self._said:
                self._begin(step)

    def _go(self, part: StepPart) -> None:
        self.part = part
        self._turn += 1

    def _bar_kg(self, step: SetStep) -> float | None:
        return step.bar_kg if step.bar_kg is not None else self._bars.get(self._step)

    def take(self, command: Command) -> None:
        """Do what a command asks for; one that was given for an earlier turn, or that makes no sense now, does nothing."""
        if command.does is Does.STOP:
            self.stop()
        elif command.turn == self._turn and not self.ended:
            match command.does:
                case Does.NEXT:
                    self._next()
                case Does.REPEAT:
                    self._repeat()
                case Does.SKIP:
                    self._skip()
                case Does.RATE:
                    self._rate(command)
                case Does.BAR:
                    self._take_bar(command.value)

    def _next(self) -> None:
        step = self.step
        if self.part is StepPart.READY and step is not None:
            self._begin(step)
        elif self.part is StepPart.DOING:
            self._finish_try()
        elif self.part is StepPart.RATING:
            self._advance()

    def _begin(self, step: AnyStep) -> None:
        number = len(self.session.tries) + 1
        condition = step.condition if isinstance(step, SetStep) else ""
        what = condition or (step.group if isinstance(step, MvcStep) else step.kind)
        one = Try(
            step=self._step,
            number=number,
            kind=step.kind,
            condition=condition,
            bar_kg=self._bar_kg(step) if isinstance(step, SetStep) else None,
            recording=f"{number:02d}-{what}.h5",
            created_utc=now_utc(),
        )
        self._said = []
        try:
            began_s = self._stage.begin(one.recording)
        except SquatscopeError as error:  # said, and tried again when somebody asks for it
            self._said = [str(error)]
            self._go(StepPart.READY)
            return
        self._doing = _Doing(one, max(began_s, self._seen.time_s), self._seen.repetitions)
        self._go(StepPart.DOING)

    def _finish_try(self) -> None:
        """Judge the try that was recorded, keep it, and go on, or ask for another one."""
        doing, step = self._doing, self.step
        if doing is None or step is None:
            return
        judged = self._end_and_judge(doing.one, step)
        self._doing = None
        self._said = list(judged.why)
        told = {"accepted": judged.accepted, "why": list(judged.why), "reference": list(judged.reference)}
        self._keep(doing.one.model_copy(update=told))
        if math.isfinite(judged.body_weight_N):
            self.session = self.session.model_copy(update={"body_weight_N": judged.body_weight_N})
            self._write()
        if not judged.accepted:
            self._again(step)
        elif judged.rate:
            self._go(StepPart.RATING)
        else:
            self._advance()

    def _end_and_judge(self, one: Try, step: AnyStep) -> Judged:
        try:
            self._stage.end()
        except SquatscopeError as error:
            self._failed(str(error))
            return Judged(accepted=False, why=(str(error),))
        return self._stage.judge(one, step)

    def _failed(self, sentence: str) -> None:
        """Remember once what could not be written."""
        if sentence not in self.faults:
            self.faults.append(sentence)

    def _again(self, step: AnyStep) -> None:
        """Wait for another try of a step; a bar that was typed may have been the wrong one, so it is asked for again."""
        typed = isinstance(step, SetStep) and step.bar_kg is None
        self._go(StepPart.BAR if typed else StepPart.READY)

    def _keep(self, one: Try) -> None:
        self.session = self.session.model_copy(update={"tries": [*self.session.tries, one]})
        self._write()

    def _write(self) -> None:
        """Write the session's file; where that fails it is said, and written with the next try."""
        try:
            self._stage.keep(self.session)
        except SquatscopeError as error:
            self._said = [*self._said, str(error)]
            self._failed(str(error))

    def _advance(self) -> None:
        self._step = self._open_from(self._step + 1)
        self._arrive()

    def _open_from(self, number: int) -> int:
        """Return the first step from one on that was not done before this session was taken up."""
        steps = len(self.session.protocol.step)
        return next((i for i in range(number, steps) if i not in self._before), steps)

    def _repeat(self) -> None:
        """Do a step again: the one that is being done, or the one before, if this one has not begun; all tries are kept."""
        if self._doing is not None:
            self._drop("It was begun anew.")
            self._go(StepPart.READY)
        elif self.part is StepPart.RATING and self.step is not None:
            self._again(self.step)
        elif self._step > 0 and not any(one.step == self._step for one in self.session.tries):
            self._step -= 1
            self._said = []
            self._again(self.session.protocol.step[self._step])

    def _skip(self) -> None:
        """Leave a step out, and mark it."""
        step = self.step
        if self._doing is not None:
            self._drop("It was skipped.")
        if step is not None:
            number = len(self.session.tries) + 1
            self._keep(Try(step=self._step, number=number, kind=step.kind, why=["It was skipped."]))
        self._said = []
        self._advance()

    def _drop(self, why: str) -> None:
        """Keep a try that does not count."""
        doing, self._doing = self._doing, None
        if doing is not None:
            try:
                self._stage.end()
            except SquatscopeError as error:
                self._failed(str(error))
                why = f"{why} {error}"
            self._keep(doing.one.model_copy(update={"accepted": False, "why": [why]}))

    def stop(self) -> None:
        """End the session at this step; a try that is being recorded is kept, and does not count."""
        if self.ended:
            return
        self._drop("The session was stopped.")
        self._go(StepPart.ENDED)

    def _rate(self, command: Command) -> None:
        """Take a coach's rating: of the repetition that just ended while a set is done, of the whole set after it."""
        if command.value not in GRADES:
            return
        if self._doing is not None:
            count = command.repetition or self._counted(self._doing) + self._seen.squatting  # of who is down still: this one
            if count:
                ratings = {**self._doing.one.ratings, count: command.value}
                self._doing.one = self._doing.one.model_copy(update={"ratings": ratings})
        elif self.part is StepPart.RATING:
            *before, last = self.session.tries
            self.session = self.session.model_copy(
                update={"tries": [*before, last.model_copy(update={"rating": command.value})]}
            )  # fmt: skip
            self._write()
            self._advance()

    def _take_bar(self, value: str) -> None:
        try:
            kg = float(value.replace(",", "."))
        except ValueError:
            kg = math.nan
        if self.part in (StepPart.BAR, StepPart.READY) and isinstance(self.step, SetStep):
            if not 0.0 <= kg <= 1000.0:
                self._said = [f"{value!r} is no weight in kg between 0 and 1000."]
                return
            self._bars[self._step] = kg
            self._said = []
            self._go(StepPart.READY)

    def look(self, seen: Seen) -> None:
        """See what the lifter does, and end what is done."""
        self._seen = seen
        doing, step = self._doing, self.step
        if doing is None or step is None:
            return
        if isinstance(step, ZeroStep) and self._empty():
            doing.done_s = min(doing.done_s, max(doing.began_s, seen.time_s))
            if seen.time_s - doing.done_s >= step.seconds:
                self._finish_try()
        elif isinstance(step, ZeroStep):
            doing.done_s = math.inf
        elif isinstance(step, WeighStep):
            if seen.standing_s >= step.seconds and seen.time_s - doing.began_s >= step.seconds:
                self._finish_try()
        elif isinstance(step, SetStep):
            doing.weighed = doing.weighed or (seen.standing_s >= STILL_S and self._expected(step))
            if self._counted(doing) >= step.repetitions and not seen.squatting:
                doing.done_s = min(doing.done_s, seen.time_s)
                if seen.time_s - doing.done_s >= RESTS_S:
                    self._finish_try()

    def _empty(self) -> bool:
        weight_N = self.session.body_weight_N or 0.0
        return not self._seen.total_N > max(EMPTY_N, EMPTY_SHARE * weight_N)

    def _expected(self, step: SetStep) -> bool:
        """Return whether the plates carry about lifter and bar."""
        expected_N = (self.session.body_weight_N or 0.0) + GRAVITY_M_S2 * (self._bar_kg(step) or 0.0)
        return self.session.body_weight_N is None or abs(self._seen.total_N / expected_N - 1.0) < 0.05

    def _counted(self, doing: _Doing) -> int:
        return self._seen.repetitions - doing.repetitions_before

    @property
    def shown(self) -> Shown:
        """What every screen shows now."""
        step, doing = self.step, self._doing
        done_s = doing.done_s if doing is not None else math.inf
        state = State(
            turn=self._turn,
            part=self.part,
            number=self._step,
            steps=len(self.session.protocol.step),
            step=step,
            bar_kg=self._bar_kg(step) if isinstance(step, SetStep) else None,
            said=self._said,
            seen=self._seen,
            repetitions=self._counted(doing) if doing is not None else 0,
            weighed=doing is not None and doing.weighed,
            empty=self._empty(),
            done_for_s=max(0.0, self._seen.time_s - done_s) if math.isfinite(done_s) else 0.0,
        )
        return shown(state)
