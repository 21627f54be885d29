"""The electrode figure: in a step of maximal contractions, instead of the plates, which nobody stands on then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF

from processing.screening.guided.asking import SITES
from ui.dashboard.drawing import colours, lettering
from ui.dashboard.drawing.figures import FIGURES, draw_figure
from ui.dashboard.drawing.panel import Panel
from ui.steps import shown_on

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from ui.dashboard.feed.feed import Feed

_LINE_PX = 30


class ElectrodeFigure(Panel):
    """Where the electrodes of a group belong, and the contraction that is asked for."""

    def __init__(self, feed: Feed) -> None:
        super().__init__("ELECTRODES AND CONTRACTION")
        self._feed = feed

    @property
    def group(self) -> str:
        """The group of muscles of the step, empty in any other step."""
        step = shown_on(self._feed.ring)
        return step.figure if step is not None and step.figure in FIGURES else ""

    def showing(self) -> object:
        """The group."""
        return self.group

    def draw(self, painter: QPainter) -> None:
        """Draw the figure, and the sites in words below it."""
        group = self.group
        if not group:
            return
        self.aside(painter, "sketch; sites after SENIAM")
        sites = SITES[group].split(". ")
        area = self.inside()
        words = self.px(_LINE_PX) * len(sites)
        draw_figure(painter, area.adjusted(0, 0, 0, -words - self.px(40)), group, self.scale)
        for k, site in enumerate(sites):
            line = QRectF(area.left(), area.bottom() - words + k * self.px(_LINE_PX), area.width(), self.px(_LINE_PX))
            lettering.write(painter, line, site.removesuffix("."), self.px(17), colours.QUIET)
