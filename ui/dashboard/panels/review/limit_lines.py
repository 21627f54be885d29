"""Limit lines: the amber and the red limit of a rule over the lane of what it judges, to be dragged.

They stand on either side of 0 where the metric leans both ways.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPen

from hardware.severity import Severity
from ui.dashboard.drawing import colours, lettering

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QPainter

    from ui.dashboard.drawing.panel import Panel

LIMITED = (Severity.AMBER, Severity.RED)


class LimitedLane(NamedTuple):
    """A lane with a rule on it: from where to where it goes, in pixels, and up to which value on either side of 0."""

    name: str
    unit: str
    rule: str
    limits: tuple[float, float]
    top: float
    bottom: float
    most: float
    leans: bool

    def y_of(self, value: float) -> float:
        """Return where a value is."""
        return self.top + (0.5 - value / (2.0 * self.most)) * (self.bottom - self.top)

    def on_sides(self, limit: float) -> tuple[float, ...]:
        """Return the values at which a limit is drawn."""
        return (-limit, limit) if self.leans else (limit,)

    def value_at(self, y: float) -> float:
        """Return the value at a point, whichever side of 0, within the lane."""
        share = 0.5 - (y - self.top) / (self.bottom - self.top)
        return min(abs(share) * 2.0 * self.most, self.most)


class HeldLimit(NamedTuple):
    """A limit that is dragged: of which lane, 0 for amber and 1 for red, and where it is by now."""

    lane: LimitedLane
    which: int
    value: float

    @property
    def limits(self) -> tuple[float, float]:
        """Amber and red as they would be."""
        amber, red = self.lane.limits
        return (amber, self.value) if self.which else (self.value, red)

    @property
    def said(self) -> str:
        """Where it is, as people read it."""
        return f"{'± ' if self.lane.leans else ''}{self.value:g} {self.lane.unit}".rstrip()


def drawn_limits(painter: QPainter, panel: Panel, line: QRectF, lanes: Sequence[LimitedLane], held: HeldLimit | None) -> None:
    """Draw the limits of lanes within a field, and the number of the one that is dragged."""
    for lane in lanes:
        mine = held if held is not None and held.lane.rule == lane.rule else None
        for severity, limit in zip(LIMITED, lane.limits if mine is None else mine.limits, strict=True):
            painter.setPen(QPen(colours.SEVERITIES[severity], max(1.0, panel.px(1.5)), Qt.PenStyle.DashLine))
            for value in lane.on_sides(limit) if limit <= lane.most else ():
                y = lane.y_of(value)
                painter.drawLine(QPointF(line.left(), y), QPointF(line.right(), y))
        if mine is not None:
            y = min(max(lane.y_of(mine.value), lane.top + panel.px(22)), lane.bottom)
            spot = QRectF(line.left() + panel.px(6), y - panel.px(22), panel.px(160), panel.px(22))
            colour = colours.SEVERITIES[LIMITED[mine.which]]
            lettering.write(painter, spot, mine.said, panel.px(18), colour, bold=True)


def limit_at(y: float, lanes: Sequence[LimitedLane], near_px: float) -> HeldLimit | None:
    """Return the limit whose line is nearest to a point, None where none is near."""
    found: HeldLimit | None = None
    for lane in lanes:
        for which, limit in enumerate(lane.limits):
            away = min(abs(lane.y_of(value) - y) for value in lane.on_sides(limit))
            if away <= near_px and limit <= lane.most:
                found, near_px = HeldLimit(lane, which, limit), away
    return found


def dragged(held: HeldLimit, y: float) -> HeldLimit:
    """Return a limit dragged to a point, by whole units; amber and red do not pass each other."""
    wanted = float(max(1, math.floor(held.lane.value_at(y) + 0.5)))
    amber, red = held.lane.limits
    return held._replace(value=max(wanted, amber) if held.which else min(wanted, red))


def in_words(held: HeldLimit) -> str:
    """Say what a limit is, and what it does where it is dragged."""
    word = LIMITED[held.which].word.capitalize()
    return (
        f"{word} limit: {held.said} of {held.lane.name}. Drag it for another one: all flags of the "
        "recording are raised by it; u undoes."
    )
