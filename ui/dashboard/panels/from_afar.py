"""Panels that are read from five metres: what to do, where the load is, how many repetitions, how fast and how deep."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt

from hardware.severity import Severity
from processing.screening.guided.asking import StepPart
from ui.dashboard.drawing import colours, lettering
from ui.dashboard.drawing.panel import Panel
from ui.dashboard.panels.plates.balance_bar import SHIFT
from ui.steps import shown_on

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from processing.screening.guided.asking import Shown
    from ui.dashboard.feed.feed import Feed

HEIGHT = "com_height_mm"
FIRST = 3
"""So many repetitions make the depth that the next ones are held against."""
WIDEST_PCT = 30.0


class StepFromAfar(Panel):
    """What a guided session asks for, and what is still wanted; nothing where nobody guides."""

    def __init__(self, feed: Feed) -> None:
        super().__init__()
        self._feed = feed

    @property
    def step(self) -> Shown | None:
        """What is asked for; None in a session that nobody guides."""
        return shown_on(self._feed.ring)

    def showing(self) -> object:
        """The words."""
        return None if self.step is None else (*self.words(self.step), self.step.part)

    @staticmethod
    def words(step: Shown) -> tuple[str, str]:
        """Return what to do and what is wanted; what is asked of who leads is not for the lifter."""
        return (step.title, "") if step.part in (StepPart.RATING, StepPart.BAR) else (step.do, step.wanted)

    def draw(self, painter: QPainter) -> None:
        """Draw what to do over two lines, and what is wanted below."""
        step = self.step
        if step is None:
            return
        area = self.inside(top=14, margin=30)
        upper = QRectF(area.left(), area.top(), area.width(), 0.64 * area.height())
        do, wanted = self.words(step)
        lettering.paragraph(painter, upper, do, self.px(96), colours.TEXT)
        lower = QRectF(area.left(), upper.bottom(), area.width(), 0.36 * area.height())
        colour = colours.LEFT if step.part is StepPart.DOING else colours.QUIET
        lettering.write(painter, lower, wanted, self.px(84), colour, bold=True)


class LoadFromAfar(Panel):
    """Both legs' shares, a bar between them, and one word."""

    def __init__(self, feed: Feed) -> None:
        super().__init__()
        self._feed = feed
        self._shift = math.nan

    def refresh_digits(self) -> None:
        """Take the newest load shift."""
        self._shift = self._feed.value(SHIFT)

    def word(self) -> tuple[str, Severity]:
        """Return where the load is, even within the target zone, and how far beyond a limit."""
        if math.isnan(self._shift):
            return "–", Severity.FINE
        severity = self._feed.severity(SHIFT)
        target_pct = self._feed.target_pct
        even = abs(self._shift) < (target_pct if math.isfinite(target_pct) else 5.0)
        return "EVEN" if even and not severity else "RIGHT" if self._shift > 0 else "LEFT", severity

    def showing(self) -> object:
        """The bar, the shares and the word."""
        now = self._feed.value(SHIFT)
        target = lettering.number(self._feed.target_pct, 1)
        return round(now * 4) if math.isfinite(now) else None, lettering.number(self._shift, 0), self.word(), target

    def draw(self, painter: QPainter) -> None:
        """Draw shares left and right, the word between them, and the bar below."""
        area = self.inside(top=10, margin=30)
        upper = QRectF(area.left(), area.top(), area.width(), 0.58 * area.height())
        for side, sign, align in (("left", -1.0, lettering.LEFT), ("right", 1.0, lettering.RIGHT)):
            share = 50.0 + sign * self._shift / 2.0
            text = f"{share:.0f}" if math.isfinite(share) else "–"
            text = f"L {text}" if side == "left" else f"{text} R"
            lettering.write(painter, upper, text, self.px(170), colours.SIDES[side], align, bold=True)
        word, severity = self.word()
        colour = colours.SEVERITIES[severity]
        lettering.write(painter, upper, word, self.px(150), colour, lettering.CENTRE, bold=True)
        if severity:
            wide = lettering.width_of(word, self.px(150), bold=True)
            centre = QPointF(upper.center().x() - wide / 2 - self.px(80), upper.center().y())
            lettering.sign(painter, centre, self.px(96), severity)
        self._bar(painter, QRectF(area.left(), upper.bottom(), area.width(), 0.4 * area.height()))

    def _bar(self, painter: QPainter, area: QRectF) -> None:
        centre, half = area.center().x(), area.width() / 2.0
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.WELL)
        painter.drawRoundedRect(area, self.px(8), self.px(8))
        if math.isfinite(self._feed.target_pct):
            even = min(1.0, self._feed.target_pct / WIDEST_PCT) * half
            painter.fillRect(QRectF(centre - even, area.top(), 2.0 * even, area.height()), colours.LINE)
        now = self._feed.value(SHIFT)
        if math.isfinite(now):
            reach = max(-1.0, min(1.0, now / WIDEST_PCT)) * half
            colour = colours.RIGHT if reach > 0 else colours.LEFT
            inset = 0.14 * area.height()
            bar = QRectF(min(centre, centre + reach), area.top() + inset, abs(reach), area.height() - 2.0 * inset)
            painter.fillRect(bar, colour)
        painter.fillRect(QRectF(centre - self.px(3), area.top(), self.px(6), area.height()), colours.TEXT)


class CountFromAfar(Panel):
    """How many repetitions, of how many if that is known, and how fast the newest was lowered and lifted."""

    def __init__(self, feed: Feed) -> None:
        super().__init__("REPETITIONS")
        self._feed = feed

    def words(self) -> tuple[str, str]:
        """Return the count, and the newest one's tempo: down, pause, up in s."""
        step = shown_on(self._feed.ring)
        guided = step is not None and step.part is StepPart.DOING
        count = step.repetitions if step is not None and guided else len(self._feed.repetitions.rows)
        newest = self._feed.repetitions.newest
        if newest is None:
            return str(count), ""
        seconds = [newest.lowering_s, newest.pause_s, newest.rising_s]
        return str(count), "  ".join(f"{of:.1f}" for of in seconds if of > 0.0)

    def showing(self) -> object:
        """The words."""
        return self.words()

    def draw(self, painter: QPainter) -> None:
        """Draw the count, and the tempo below."""
        count, tempo = self.words()
        area = self.inside(top=40)
        upper = QRectF(area.left(), area.top(), area.width(), 0.62 * area.height())
        lettering.write(painter, upper, count, self.px(230), colours.TEXT, lettering.CENTRE, bold=True)
        lower = QRectF(area.left(), upper.bottom(), area.width(), 0.38 * area.height())
        told = f"{tempo} s" if tempo else ""
        lettering.write(painter, lower, told, self.px(90), colours.QUIET, lettering.CENTRE, bold=True)


class DepthFromAfar(Panel):
    """How deep the lifter is, beside the depth to reach: the one that was given, or that of the first repetitions."""

    def __init__(self, feed: Feed, target_m: float = math.nan) -> None:
        super().__init__("DEPTH, CENTRE OF MASS")
        self._feed = feed
        self._given_m = target_m

    @property
    def target_m(self) -> float:
        """The depth to reach; NaN before it is known."""
        if math.isfinite(self._given_m):
            return self._given_m
        first = [row.depth_m for row in self._feed.repetitions.rows[:FIRST]]
        return float(np.median(first)) if len(first) == FIRST else math.nan

    def showing(self) -> object:
        """The depth of now to the pixel, and the one to reach."""
        now = self._feed.value(HEIGHT)
        return round(now / 4.0) if math.isfinite(now) else None, self.target_m, len(self._feed.repetitions.rows)

    def draw(self, painter: QPainter) -> None:
        """Draw a shaft with a line at the depth to reach, and the newest repetition's depth beside it."""
        area = self.inside(top=52)
        row = self._feed.repetitions.newest
        newest = f"{100.0 * row.depth_m:.0f}" if row is not None else "–"
        right = QRectF(area.left() + 0.42 * area.width(), area.top(), 0.58 * area.width(), 0.6 * area.height())
        lettering.write(painter, right, newest, self.px(150), colours.TEXT, lettering.CENTRE, bold=True)
        below = QRectF(right.left(), right.bottom(), right.width(), 0.3 * area.height())
        lettering.write(painter, below, "cm", self.px(70), colours.QUIET, lettering.CENTRE, bold=True)
        shaft = QRectF(area.left(), area.top(), 0.36 * area.width(), area.height())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.WELL)
        painter.drawRoundedRect(shaft, self.px(8), self.px(8))
        target, now = self.target_m, -self._feed.value(HEIGHT) / 1000.0
        bottom_m = 1.25 * target if math.isfinite(target) else 0.6
        if math.isfinite(now):
            deep = max(0.0, min(1.0, now / bottom_m)) * shaft.height()
            reached = math.isfinite(target) and now >= target
            painter.fillRect(QRectF(shaft.left(), shaft.top(), shaft.width(), deep), colours.TEXT if reached else colours.QUIET)
        if math.isfinite(target):
            y = shaft.top() + target / bottom_m * shaft.height()
            painter.fillRect(
                QRectF(shaft.left() - self.px(12), y - self.px(4), shaft.width() + self.px(24), self.px(8)), colours.AMBER
            )
