"""The demonstration as a short screening: a simulated lifter squats with and without a cue, and is told what to try first."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from acquisition.rig import SIDES, Foot
from acquisition.rig.rig_file import example, load
from acquisition.ring import PUBLISHED
from hardware.errors import SquatscopeError
from processing.pipeline import REPETITIONS as REPETITION_ROWS
from processing.screening.condition import Condition
from processing.screening.guided.asking import Shown, StepPart, text_of, title_of
from processing.screening.guided.protocol import SetStep
from processing.screening.outcomes import SetOutcome, set_outcome
from processing.screening.triage import triage
from sim.device import devices
from sim.lifter.families import of_family
from sim.lifter.motion import Tempo
from sim.lifter.sets import Set
from sim.marker_stream import with_markers
from ui.archive.folder import SessionError
from ui.report.screening_report import ScreeningPage, write
from ui.session.parts import Planned
from ui.session.run import run_session

if TYPE_CHECKING:
    from rich.console import Console

    from acquisition.ring import Ring
    from processing.results import Results
    from processing.screening.triage import Triage
    from sim.lifter.people import Person
    from ui.archive.folder import Folder
    from ui.session.run import Outcome

CONDITIONS = (Condition.LIGHT, Condition.CUE, Condition.LIGHT, Condition.CUE)
REPETITIONS = 4
SIZE = 3.0
QUICK = Tempo(quiet_s=0.0, lowering_s=1.0, rising_s=0.9, top_s=0.35)
"""Four sets in less than a minute."""


def run_demo_screening(
    folder: Folder, console: Console, seed: int, *, headless: bool, speed: float = 1.0
) -> tuple[Outcome, Triage]:
    """Run the demonstration, write its page, and return what it came to, and its answer; raises what a session raises."""
    if folder.screening.exists():
        raise SessionError(
            f"{folder.screening} exists already, and nothing is ever overwritten; give another folder with --out."
        )
    sets = tuple(
        Set(repetitions=REPETITIONS, bar_mass_kg=0.0, cue=one is Condition.CUE, quiet_s=1.8, rest_s=0.3) for one in CONDITIONS
    )
    lifter = of_family("technique", seed, sets, SIZE, tempo=QUICK, depth_m=0.28)
    feet = [Foot(side=side, toe_out_deg=lifter.toe_out_deg) for side in SIDES]
    rig = with_markers(load(example("demo"))).model_copy(update={"foot": feet})
    end_s = lifter.plan.end_s
    outcome = run_session(
        rig,
        list(devices(rig, lifter, speed=speed, end_s=end_s)),
        folder,
        console,
        Planned(end_s),
        headless=headless,
        others=partial(_followers, lifter, rig.plate[0].stream),
    )
    done = _sets_of(outcome.results, lifter)
    told = triage(done, rig.triage)
    page = ScreeningPage("simulated", outcome.results.created_utc[:10], done, told, [outcome.results])
    try:
        write(page, folder.screening)
    except SquatscopeError as error:
        outcome.faults.append(str(error))
    return outcome, told


def _sets_of(results: Results, lifter: Person) -> list[SetOutcome]:
    """Return the sets of the session by their times, as all are done with the same weight and with little rest."""
    starts_s = [*lifter.plan.set_at_s, lifter.plan.end_s]
    return [
        set_outcome(results, i + 1, condition, 0.0, between_s=(float(starts_s[i]), float(starts_s[i + 1])))
        for i, condition in enumerate(CONDITIONS)
    ]


def _followers(lifter: Person, stream: str, ring: Ring) -> dict[str, _Teller]:
    return {"steps": _Teller(lifter, stream, ring)}


class _Teller:
    """Writes on the step board what the lifter is asked for; nobody has to press a key."""

    def __init__(self, lifter: Person, stream: str, ring: Ring) -> None:
        self._lifter = lifter
        self._ring = ring
        self._stream = ring.streams[stream]
        self._told = (-1, 0)
        self._before = 0

    def follow(self) -> bool:
        """Tell the set that it is time for, and how many repetitions of it are done."""
        at_s = self._ring.counter(self._stream.name, PUBLISHED) / self._stream.rate_hz
        number = int((self._lifter.plan.set_at_s <= at_s).sum()) - 1
        counted = self._ring.counter(REPETITION_ROWS, PUBLISHED)
        if number != self._told[0]:
            self._before = counted
        count = counted - self._before
        if (number, count) == self._told:
            return False
        self._told = number, count
        step = SetStep.model_validate({"condition": CONDITIONS[number], "repetitions": REPETITIONS, "bar_kg": 0.0})
        shown = Shown(
            turn=number,
            part=StepPart.DOING,
            step=number,
            steps=len(CONDITIONS),
            title=title_of(step, 0.0),
            do=text_of(step),
            wanted=f"{count} of {REPETITIONS}",
            repetitions=count,
        )
        self._ring.step.write(shown.model_dump_json())
        return True

    def finish(self) -> None:
        """There is nothing to finish."""

    def abandon(self) -> None:
        """There is nothing to close."""
