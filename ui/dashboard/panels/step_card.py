"""The step card: what a guided session asks for, in large letters, where it is one; keys in the window lead it, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF

from acquisition.commands import FOLDER, CommandError, Commands
from processing.screening.guided.asking import StepPart
from ui.dashboard.drawing import colours, lettering
from ui.dashboard.drawing.panel import Panel
from ui.steps import Keys, names_of, shown_on

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from processing.screening.guided.asking import Shown
    from ui.dashboard.feed.feed import Feed


class StepCard(Panel):
    """One thing to do, what is still wanted, what was said of the last try, and the keys."""

    def __init__(self, feed: Feed) -> None:
        super().__init__()
        self._feed = feed
        self._keys = Keys()
        self._fault = ""

    @property
    def step(self) -> Shown | None:
        """What is asked for; None in a session that nobody guides."""
        return shown_on(self._feed.ring)

    def showing(self) -> object:
        """All that is written."""
        step = self.step
        return None if step is None else (step.model_dump_json(), self._keys.typed, self._fault)

    def press(self, keys: str) -> None:
        """Give the commands of what was typed to the session."""
        step = self.step
        folder = self._feed.ring.path.parent / FOLDER
        if step is None or not folder.is_dir():
            return
        try:
            for command in self._keys.commands(keys, step):
                Commands(folder).give(command)
            self._fault = ""
        except CommandError as error:
            self._fault = str(error)
        self.refresh()

    def draw(self, painter: QPainter) -> None:
        """Draw the card."""
        step = self.step
        if step is None:
            return
        m, w = self.px(18), float(self.width())
        half = 0.76 * w
        write = lettering.write
        head = f"{step.title}  ·  step {min(step.step + 1, step.steps)} of {step.steps}"
        write(painter, QRectF(m, self.px(8), half, self.px(28)), head, self.px(19), colours.QUIET, bold=True)
        write(painter, QRectF(m, self.px(38), half, self.px(50)), step.do, self.px(36), colours.TEXT, bold=True)
        told = "  ·  ".join([*step.said, *([self._fault] if self._fault else [])])
        write(painter, QRectF(m, self.px(84), w - 2 * m, self.px(24)), told, self.px(17), colours.AMBER)
        right = QRectF(m + half, self.px(38), w - half - 2 * m, self.px(50))
        colour = colours.LEFT if step.part is StepPart.DOING else colours.TEXT
        write(painter, right, self._keys.wanted(step), self.px(30), colour, lettering.RIGHT, bold=True)
        keys = QRectF(0.5 * w, self.px(8), 0.5 * w - m, self.px(28))
        write(painter, keys, names_of(step), self.px(16), colours.FAINT, lettering.RIGHT)
