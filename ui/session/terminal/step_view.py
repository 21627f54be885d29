"""The step of a guided session on a terminal: one thing to do in large letters, what is still wanted, and the keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.align import Align
from rich.console import Group
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from acquisition.commands import CommandError
from hardware.severity import Severity
from processing.screening.guided.asking import StepPart
from ui.palette import AMBER_SENTENCE, LEFT_STYLE, RED_SENTENCE, SCREEN
from ui.session.terminal.keyboard import letters
from ui.steps import Keys, names_of, shown_on

if TYPE_CHECKING:
    from rich.console import Console

    from acquisition.commands import Commands
    from acquisition.ring import Ring
    from processing.screening.guided.asking import Shown

REDRAWS_PER_S = 8


class StepView:
    """Shows what a ring's step board says, and turns keys into commands; off a terminal it prints a line for each change."""

    def __init__(self, ring: Ring, console: Console, commands: Commands) -> None:
        self._ring = ring
        self._console = console
        self._commands = commands
        self._keys = Keys()
        self._said: tuple[str, ...] = ()
        self._step = ""
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
        try:
            for command in self._keys.commands(letters(keys), shown):
                self._commands.give(command)
        except CommandError as error:
            self._console.print(str(error), style=RED_SENTENCE, soft_wrap=True)
        if self._live is not None:
            self._live.update(card(shown, self._keys.wanted(shown)))
        self._print(shown)

    def _print(self, shown: Shown) -> None:
        """Print each step once, and what was said of each try."""
        said, step = tuple(shown.said), f"Step {shown.step + 1} of {shown.steps}: {shown.title}."
        if said != self._said:
            for sentence in said:
                self._console.print(f"  • {sentence}", soft_wrap=True)
        if step != self._step and shown.part is not StepPart.ENDED:
            self._console.print(f"{step} {shown.do}", soft_wrap=True)
        self._said, self._step = said, step

    def _tell_faults(self) -> None:
        for fault in self._ring.faults.read(self._faults):
            style = RED_SENTENCE if fault.severity is Severity.RED else AMBER_SENTENCE
            self._console.print(f"{fault.about}: {fault.sentence}", style=style, soft_wrap=True)
        self._faults = self._ring.faults.count

    def close(self) -> None:
        """Give the terminal back."""
        if self._live is not None:
            self._live.stop()


def card(shown: Shown, wanted: str) -> Panel:
    """Return the picture of a step."""
    lines = [
        Text(shown.title, "bold"),
        Text(""),
        Text(shown.do, LEFT_STYLE),
        Text(""),
        Text(wanted, "bold reverse" if shown.part is StepPart.DOING else "bold"),
        *(Text(f"• {said}", SCREEN.amber) for said in shown.said),
    ]
    return Panel(
        Group(*(Align.center(line) for line in lines)),
        title=f"step {min(shown.step + 1, shown.steps)} of {shown.steps}",
        subtitle=names_of(shown),
        padding=(1, 2),
    )
