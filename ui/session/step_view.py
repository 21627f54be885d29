"""The step of a guided session on a terminal: one thing to do in large letters, what is still wanted, and the keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError
from rich.align import Align
from rich.console import Group
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from acquisition.commands import Command, Does
from hardware.severity import Severity
from processing.screening.guided.asking import Moment, Shown
from processing.screening.guided.guide import GRADES
from ui.palette import SCREEN

if TYPE_CHECKING:
    from rich.console import Console

    from acquisition.commands import Commands
    from acquisition.ring import Ring

REDRAWS_PER_S = 8
KEYS = {"n": Does.NEXT, " ": Does.NEXT, "\r": Does.NEXT, "\n": Does.NEXT, "r": Does.REPEAT, "s": Does.SKIP, "q": Does.STOP}
"""Page-down, which many pedals send, is next as well."""
PAGE_DOWN = "\x1b[6~"
NAMES = {
    Does.NEXT: "n next",
    Does.REPEAT: "r repeat",
    Does.SKIP: "s skip",
    Does.STOP: "q stop",
    Does.RATE: "0 1 2 none, slight, past",
    Does.BAR: "digits and Enter: the bar in kg",
}


class StepView:
    """Shows what a ring's step board says, and turns keys into commands; off a terminal it prints a line for each change."""

    def __init__(self, ring: Ring, console: Console, commands: Commands) -> None:
        self._ring = ring
        self._console = console
        self._commands = commands
        self._typed = ""
        self._line: tuple[str, str, tuple[str, ...]] = ("", "", ())
        self._faults = 0
        self._live: Live | None = None
        if console.is_terminal:
            self._live = Live(console=console, refresh_per_second=REDRAWS_PER_S, transient=True)
            self._live.start(refresh=False)

    def update(self, keys: str = "") -> None:
        """Show what is new, and send what was typed."""
        self._tell_faults()
        shown = shown_on(self._ring)
        if shown is None:
            return
        self._press(keys.replace(PAGE_DOWN, "n"), shown)
        if self._live is not None:
            self._live.update(card(shown, self._typed))
        self._print(shown)

    def _press(self, keys: str, shown: Shown) -> None:
        for key in keys:
            if shown.moment is Moment.BAR and (key.isdigit() or key in ".,"):
                self._typed += key
            elif shown.moment is Moment.BAR and key in "\x7f\b":
                self._typed = self._typed[:-1]
            elif shown.moment is Moment.BAR and key in "\r\n":
                self._commands.give(Command(Does.BAR, shown.turn, self._typed))
                self._typed = ""
            elif key in "012" and Does.RATE in shown.keys:
                self._commands.give(Command(Does.RATE, shown.turn, GRADES[int(key)]))
            elif (does := KEYS.get(key.lower())) is not None and does in shown.keys:
                self._commands.give(Command(does, shown.turn))

    def _print(self, shown: Shown) -> None:
        """Print each step once, and what was said of each try."""
        line = (f"Step {shown.step + 1} of {shown.steps}: {shown.title}", shown.do, tuple(shown.said))
        if line == self._line:
            return
        if line[2] != self._line[2]:
            for said in shown.said:
                self._console.print(f"  • {said}", soft_wrap=True)
        if line[:2] != self._line[:2] and shown.moment is not Moment.ENDED:
            self._console.print(f"{line[0]}. {line[1]}", soft_wrap=True)
        self._line = line

    def _tell_faults(self) -> None:
        for fault in self._ring.faults.read(self._faults):
            style = "bold red" if fault.severity is Severity.RED else "yellow"
            self._console.print(f"{fault.about}: {fault.sentence}", style=style, soft_wrap=True)
        self._faults = self._ring.faults.count

    def close(self) -> None:
        """Give the terminal back."""
        if self._live is not None:
            self._live.stop()


def shown_on(ring: Ring) -> Shown | None:
    """Return what the step board of a ring says; None where it says nothing."""
    try:
        return Shown.model_validate_json(ring.step.read() or "null")
    except ValidationError:
        return None


def card(shown: Shown, typed: str = "") -> Panel:
    """Return the picture of a step."""
    wanted = f"{shown.wanted}{f': {typed}_' if shown.moment is Moment.BAR else ''}"
    lines = [
        Text(shown.title, "bold"),
        Text(""),
        Text(shown.do, f"bold {SCREEN.left}"),
        Text(""),
        Text(wanted, "bold reverse" if shown.moment is Moment.DOING else "bold"),
        *(Text(f"• {said}", "yellow") for said in shown.said),
    ]
    keys = "   ".join(NAMES[key] for key in shown.keys)
    return Panel(
        Group(*(Align.center(line) for line in lines)),
        title=f"step {min(shown.step + 1, shown.steps)} of {shown.steps}",
        subtitle=keys,
        padding=(1, 2),
    )
