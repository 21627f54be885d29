"""Commands to a running session: one small folder that only its user can write to, a file for each command.

Each screen and pedal leaves a file of its own, so none can spoil another's, and one that crashes leaves nothing half-written:
a command is written under another name and then renamed. A command says of which step and try it was given, so that of two
people who press at once the second is not taken for an answer to what comes next.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import count
from typing import TYPE_CHECKING

from hardware.errors import SquatscopeError

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "commands"
"""Its name, beside the ring of the session."""
SUFFIX = ".command"
MOST_BYTES = 4096
_NUMBERS = count()


class CommandError(SquatscopeError):
    """A command can't be given; the text is a full sentence."""


class Does(StrEnum):
    """What a command asks for."""

    NEXT = "next"
    REPEAT = "repeat"
    SKIP = "skip"
    STOP = "stop"
    RATE = "rate"
    BAR = "bar"
    MARK = "mark"
    TARGET = "target"
    LIMITS = "limits"


@dataclass(frozen=True, slots=True)
class Command:
    """A command, and of which moment of the session it was given (`turn`: the guide counts them).

    `value`: the bar's weight in kg, the grade of a rating, a target in %, or a rule with its amber and red limit
    (`load_shift 8 12`); `repetition`: which one a rating is of, 0 for the whole set; `at_s`: at which second of the session a
    mark is.
    """

    does: Does
    turn: int
    value: str = ""
    repetition: int = 0
    at_s: float = 0.0


class Commands:
    """The folder of commands of one session, made where it is missing; raises CommandError where it can't be."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise CommandError(f"The folder of commands {folder} can't be made: {error.strerror}.") from error

    def give(self, command: Command) -> None:
        """Give a command; raises CommandError where the session's folder can't be written to."""
        name = f"{time.time_ns():020d}-{os.getpid()}-{next(_NUMBERS)}"
        path = self._folder / name
        try:
            path.write_text(json.dumps(asdict(command)), encoding="utf-8")
            path.rename(path.with_suffix(SUFFIX))
        except OSError as error:
            raise CommandError(f"The command {command.does} can't be given: {self._folder}: {error.strerror}.") from error

    def take(self) -> list[Command]:
        """Return the commands that were given since, in their order, and remove them; what is none is left out."""
        found = []
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            try:
                content = path.read_bytes()[:MOST_BYTES]
                path.unlink()
                said = json.loads(content)
                does, turn, repetition = Does(said["does"]), int(said["turn"]), int(said["repetition"])
                found.append(Command(does, turn, str(said["value"]), repetition, float(said["at_s"])))
            except (OSError, ValueError, KeyError, TypeError):
                continue
        return found

    def clear(self) -> None:
        """Remove what was never taken, and the folder."""
        for path in self._folder.iterdir():
            path.unlink(missing_ok=True)
        self._folder.rmdir()
