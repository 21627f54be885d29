"""The protocol of a screening as data, in TOML: its steps, what each asks for, and when it is accepted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from acquisition.rig.rig_file import RigError, read_toml
from hardware.settings import NotNegative, Seconds, Settings
from processing.screening.condition import Condition

PROTOCOLS = Path(__file__).parent / "protocols"
MOST_STEPS = 100
Group = Literal["quadriceps", "hamstrings", "glutes"]


class Step(Settings):
    """What all steps have: what is asked for, in a sentence of its own where the usual one does not do."""

    text: str = ""


class ZeroStep(Step):
    """Nobody on the plates, for so long: what they read then is nothing."""

    kind: Literal["zero"] = "zero"
    seconds: Seconds = 2.0


class WeighStep(Step):
    """Stand still on both plates without a bar: weight, and the place of each foot."""

    kind: Literal["weigh"] = "weigh"
    seconds: Seconds = 2.0


class MvcStep(Step):
    """Maximal contractions of a group of muscles, each as long as this, with as many tries."""

    kind: Literal["mvc"] = "mvc"
    group: Group
    seconds: Seconds = 4.0
    tries: Annotated[int, Field(ge=3, le=5)] = 3


class SetStep(Step):
    """A set of squats in one condition; a bar that is not given is asked for."""

    kind: Literal["set"] = "set"
    condition: Literal["light", "cue", "slow", "heels", "depth", "loaded"]
    repetitions: Annotated[int, Field(ge=1, le=50)] = 6
    bar_kg: NotNegative | None = None

    @property
    def how(self) -> Condition:
        """The condition."""
        return Condition(self.condition)


AnyStep = Annotated[ZeroStep | WeighStep | MvcStep | SetStep, Field(discriminator="kind")]


class Protocol(Settings):
    """The steps of a screening, in order; `step` is a table that repeats."""

    format_version: Literal[1] = 1
    name: str
    step: Annotated[list[AnyStep], Field(min_length=1, max_length=MOST_STEPS)]

    @model_validator(mode="after")
    def _something_to_compare(self) -> Protocol:
        conditions = {step.condition for step in self.step if isinstance(step, SetStep)}
        if conditions and "light" not in conditions:
            raise ValueError("no set is light, so there is nothing to compare others with; give one the condition 'light'")
        return self


def protocols() -> tuple[str, ...]:
    """Return the names of the protocols that are shipped."""
    return tuple(sorted(path.stem for path in PROTOCOLS.glob("*.toml")))


def load_protocol(path: Path) -> Protocol:
    """Read a protocol's file, or one that is shipped by its name; raises RigError with a sentence per mistake."""
    if not path.exists() and path.name in protocols():
        path = PROTOCOLS / f"{path.name}.toml"
    try:
        return read_toml(path, Protocol)
    except RigError as error:
        if not path.exists():
            raise RigError(f"{error} Protocols that are shipped: {', '.join(protocols())}.") from None
        raise
