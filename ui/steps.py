"""Steps of a guided session as every screen shows them: what the ring's board says, and which keys give which commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from acquisition.commands import Command, Does
from processing.screening.guided.asking import Shown, StepPart
from processing.screening.guided.session_file import GRADES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acquisition.ring import Ring

KEYS = {"n": Does.NEXT, " ": Does.NEXT, "\r": Does.NEXT, "\n": Does.NEXT, "r": Does.REPEAT, "s": Does.SKIP, "q": Does.STOP}
NAMES = {
    Does.NEXT: "n next",
    Does.REPEAT: "r repeat",
    Does.SKIP: "s skip",
    Does.STOP: "q stop",
    Does.RATE: "0 1 2 none, slight, past",
    Does.BAR: "digits and Enter: the bar in kg",
}
ENTER, ERASE = "\r\n", "\x7f\b"


def shown_on(ring: Ring) -> Shown | None:
    """Return what the step board of a ring says; None where it says nothing."""
    try:
        return Shown.model_validate_json(ring.step.read() or "null")
    except ValidationError:
        return None


class Keys:
    """Keys as commands, for what is shown; `typed` is the weight of a bar in the making."""

    def __init__(self) -> None:
        self.typed = ""

    def commands(self, keys: str, shown: Shown) -> Iterator[Command]:
        """Yield the commands that keys give; one that is none of a step's does nothing."""
        for key in keys:
            if shown.part is StepPart.BAR and key in ENTER:
                yield Command(Does.BAR, shown.turn, self.typed)
                self.typed = ""
            elif shown.part is StepPart.BAR and key in ERASE:
                self.typed = self.typed[:-1]
            elif shown.part is StepPart.BAR and (key.isdigit() or key in ".,"):
                self.typed += key
            elif key in "012" and Does.RATE in shown.keys:
                yield Command(Does.RATE, shown.turn, GRADES[int(key)])
            elif (does := KEYS.get(key.lower())) is not None and does in shown.keys:
                yield Command(does, shown.turn)

    def wanted(self, shown: Shown) -> str:
        """Return what is still wanted, with what was typed of it."""
        return f"{shown.wanted}: {self.typed}_" if shown.part is StepPart.BAR else shown.wanted


def names_of(shown: Shown) -> str:
    """Return the keys of a step, in a line."""
    return "   ".join(NAMES[key] for key in shown.keys)
