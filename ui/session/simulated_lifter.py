"""A simulated lifter in a guided session: does what the step board asks for, and, if wanted, so does a coach at the keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acquisition.commands import Command, Does
from acquisition.rig import SIDES, Foot
from acquisition.rig.rig_file import example, load
from processing.screening.guided.asking import StepPart
from processing.screening.guided.protocol import MvcStep, SetStep, WeighStep
from sim.device import devices
from sim.lifter.families import of_family
from sim.lifter.performer import Performer
from sim.lifter.sets import Set
from sim.marker_stream import with_markers
from sim.session_clock import SessionClock
from ui.steps import shown_on

if TYPE_CHECKING:
    from acquisition.commands import Commands
    from acquisition.ring import Ring
    from hardware.source import Source
    from processing.screening.guided.asking import Shown
    from processing.screening.guided.protocol import Protocol
    from sim.lifter.families import Family

LOADED_KG = 60.0
"""What a coach puts on a bar whose weight is asked for."""
AHEAD_S = 1.2
"""A set begins so much later than it was asked for: devices have made the samples until then."""


class SimulatedLab:
    """A simulated lifter of a family with the devices around, for one protocol; `rig` describes them."""

    def __init__(self, family: Family, protocol: Protocol, seed: int, speed: float, *, coach: bool) -> None:
        """`coach`: somebody presses the keys, too."""
        self._steps = protocol.step
        sets = [step for step in self._steps if isinstance(step, SetStep)]
        lifter = of_family(
            family, seed, (Set(repetitions=0, bar_mass_kg=0.0, rest_s=0.0), *map(_set, sets), Set(repetitions=0))
        )
        self._performer = Performer.model_validate(lifter.model_dump())
        self._clock = SessionClock(speed)
        feet = [Foot(side=side, toe_out_deg=lifter.toe_out_deg) for side in SIDES]
        self.rig = with_markers(load(example("demo"))).model_copy(update={"foot": feet})
        self._coach = coach

    def sources(self) -> list[Source]:
        """Return the lab's devices."""
        return list(devices(self.rig, self._performer, session=self._clock))

    def followers(self, ring: Ring, commands: Commands) -> dict[str, _Follower]:
        """Return who looks at the step board of a ring."""
        return {"simulated lifter": _Follower(self, ring, commands)}

    def act(self, shown: Shown, commands: Commands) -> None:
        """Do what is asked at a turn."""
        step = self._steps[shown.step] if shown.step < len(self._steps) else None
        now_s = self._clock.now_s() or 0.0
        if shown.part is StepPart.DOING and isinstance(step, WeighStep):
            self._performer.perform(0, now_s + AHEAD_S)
        elif shown.part is StepPart.DOING and isinstance(step, SetStep):
            number = sum(isinstance(one, SetStep) for one in self._steps[: shown.step + 1])
            self._performer.perform(number, now_s + AHEAD_S)
        if self._coach and (answer := _answer(shown, step, LOADED_KG)) is not None:
            commands.give(answer)


def _set(step: SetStep) -> Set:
    bar_kg = step.bar_kg if step.bar_kg is not None else LOADED_KG
    how = {"cue": step.condition == "cue", "heel_lift": step.condition == "heels", "slow": step.condition == "slow"}
    return Set(repetitions=step.repetitions, bar_mass_kg=bar_kg, rest_s=1.0, **how)


def _answer(shown: Shown, step: object, bar_kg: float) -> Command | None:
    """Return what a coach presses."""
    if shown.part is StepPart.BAR:
        return Command(Does.BAR, shown.turn, f"{bar_kg:g}")
    if isinstance(step, MvcStep):  # nobody here contracts a muscle for its own sake
        return Command(Does.SKIP, shown.turn)
    if shown.part in (StepPart.READY, StepPart.RATING):
        return Command(Does.NEXT, shown.turn)
    return None


class _Follower:
    """Looks at the step board, and acts once at each turn."""

    def __init__(self, lab: SimulatedLab, ring: Ring, commands: Commands) -> None:
        self._lab = lab
        self._ring = ring
        self._commands = commands
        self._turn = 0

    def follow(self) -> bool:
        """Act, if there is a new turn."""
        shown = shown_on(self._ring)
        if shown is None or shown.turn == self._turn:
            return False
        self._turn = shown.turn
        self._lab.act(shown, self._commands)
        return True

    def finish(self) -> None:
        """There is nothing to finish."""

    def abandon(self) -> None:
        """There is nothing to close."""
