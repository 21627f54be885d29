"""Rows of repetitions: depth, tempo, load shift, quad/hamstring ratios, knees, and the worst flag in each."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF

from acquisition.rig import SIDES
from hardware.severity import Severity
from processing.repetition.columns import OF_PHASE, OF_REPETITION
from processing.repetition.table import BOTH
from ui.dashboard.drawing import colours, lettering
from ui.dashboard.drawing.panel import Panel

if TYPE_CHECKING:
    from PySide6.QtGui import QColor, QPainter

    from acquisition.rig import Rig
    from processing.repetition.table import PhaseResult, RepetitionResult
    from ui.dashboard.feed.feed import Feed

ROW_PX = 27
HEAD_PX = 22


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, how wide it is beside the others, whose it is, and what is written of a repetition."""

    heading: str
    width: float
    side: str = ""
    of: str = ""
    """The column of a repetition, or of the whole of it on a side; empty where several are written together."""


_ALWAYS = (Column("", 0.55), Column("depth m", 1.25, of="depth_m"), Column("tempo s", 1.6))
_SHIFT = Column("load %", 1.1, BOTH, "load_shift_mean_pct")


class RepetitionRows(Panel):
    """A row for each repetition, as many as fit; load shift is the mean of the whole, with the letter of the fuller leg.

    A doubtful repetition has a question mark, and a repetition in which a flag was up its sign. Subclasses say whose they are.
    """

    def __init__(self, rig: Rig | None) -> None:
        super().__init__("REPETITIONS")
        columns = [*_ALWAYS]
        if rig is not None and len(rig.plate) > 1:
            columns.append(_SHIFT)
        if rig is not None and {e.muscle for e in rig.emg} & {"BF", "ST"}:
            columns += [Column(f"Q:H {side[0].upper()}", 1.0, side, "qh_ratio") for side in SIDES]
        if rig is not None and rig.marker:
            columns += [Column(f"knee {side[0].upper()} mm", 1.0, side, "knee_margin_min_mm") for side in SIDES]
        self.columns = columns

    @abstractmethod
    def rows(self) -> list[RepetitionResult]:
        """Return the repetitions in the order in which they are shown."""

    @abstractmethod
    def whole(self, number: int, side: str) -> PhaseResult | None:
        """Return what was told of the whole of a repetition on a side, or on `both`."""

    @abstractmethod
    def worst(self, row: RepetitionResult) -> Severity:
        """Return the worst severity of the flags that were up within a repetition."""

    @abstractmethod
    def first(self) -> int:
        """Return which of the rows stands first in the field."""

    @abstractmethod
    def stands_out(self, row: RepetitionResult) -> bool:
        """Return whether a row is written larger than others."""

    @abstractmethod
    def empty(self) -> tuple[str, str]:
        """Return what is said where there is no repetition."""

    def texts(self, row: RepetitionResult) -> list[str]:
        """Return what is written of a repetition, a text for each column."""
        return [self._text(row, column) for column in self.columns]

    def _text(self, row: RepetitionResult, column: Column) -> str:
        if column is _ALWAYS[0]:
            return f"{row.number}{'?' if row.doubt else ''}"
        if column is _ALWAYS[2]:
            return "·".join(lettering.number(seconds, 1) for seconds in (row.lowering_s, row.pause_s, row.rising_s))
        if not column.side:
            return lettering.number(float(getattr(row, column.of)), 2)
        whole = self.whole(row.number, column.side)
        value = math.nan if whole is None else float(getattr(whole, column.of))
        if not math.isfinite(value):
            return "–"
        if column is _SHIFT:
            return f"{abs(value):.1f} {'R' if value > 0 else 'L'}"
        return f"{value:.1f}"

    def fitting(self) -> int:
        """Return how many rows fit."""
        return max(1, int((self.inside().height() - self.px(HEAD_PX)) // self.px(ROW_PX)))

    def draw(self, painter: QPainter) -> None:
        """Draw the headings, and the rows that fit."""
        rows, first = self.rows(), self.first()
        if not rows:
            self.say(painter, *self.empty())
            return
        area = self.inside(top=40)
        edges = self._edges(area)
        for column, (left, right) in zip(self.columns, edges, strict=True):
            spot = QRectF(left, area.top(), right - left, self.px(HEAD_PX))
            lettering.write(painter, spot, column.heading, self.px(14), self._colour(column), lettering.RIGHT)
        fitting = self.fitting()
        for k, row in enumerate(rows[first : first + fitting]):
            y = area.top() + self.px(HEAD_PX) + k * self.px(ROW_PX)
            strong = self.stands_out(row)
            severity = self.worst(row)
            if severity:
                lettering.sign(painter, QPointF(area.left() + self.px(10), y + self.px(ROW_PX) / 2), self.px(17), severity)
            for text, (left, right) in zip(self.texts(row), edges, strict=True):
                spot = QRectF(left, y, right - left, self.px(ROW_PX))
                colour = colours.TEXT if strong else colours.QUIET
                lettering.write(painter, spot, text, self.px(20 if strong else 18), colour, lettering.RIGHT, bold=strong)
        if len(rows) > fitting:
            self.aside(painter, f"{len(rows)} in all")

    def row_at(self, at: QPointF) -> RepetitionResult | None:
        """Return the repetition whose row is at a point."""
        line = (at.y() - self.inside(top=40).top() - self.px(HEAD_PX)) // self.px(ROW_PX)
        here = self.rows()[self.first() : self.first() + self.fitting()]
        return here[int(line)] if 0 <= line < len(here) else None

    def _edges(self, area: QRectF) -> list[tuple[float, float]]:
        left, gap = area.left() + self.px(18), self.px(10)
        unit = (area.right() - left) / sum(column.width for column in self.columns)
        edges: list[tuple[float, float]] = []
        for column in self.columns:
            edges.append((left + (gap if edges else 0.0), left + unit * column.width))
            left += unit * column.width
        return edges

    def _colour(self, column: Column) -> QColor:
        return colours.SIDES.get(column.side, colours.FAINT)

    def meaning(self, at: QPointF) -> str:
        """Return what the column below a point means: its formula and unit."""
        edges = self._edges(self.inside(top=40))
        for column, (left, right) in zip(self.columns, edges, strict=True):
            if left <= at.x() <= right:
                formulas = OF_PHASE if column.side else OF_REPETITION
                if column is _ALWAYS[2]:
                    return "\n".join(f"{name} [s]: {formulas[name].text}" for name in ("lowering_s", "pause_s", "rising_s"))
                if column.of:
                    formula = formulas[column.of]
                    return f"{column.of} [{formula.unit}]: {formula.text}. Sign: {formula.sign}."
        return "The number of the repetition; ? = doubtful; the sign is the worst flag that was up in it."


class RepetitionTable(RepetitionRows):
    """The repetitions of a feed, the newest first."""

    def __init__(self, feed: Feed) -> None:
        super().__init__(feed.rig)
        self._feed = feed

    def rows(self) -> list[RepetitionResult]:
        """Return the repetitions, the newest first."""
        return self._feed.repetitions.rows[::-1]

    def whole(self, number: int, side: str) -> PhaseResult | None:
        """Return what the feed was told."""
        return self._feed.repetitions.whole(number, side)

    def worst(self, row: RepetitionResult) -> Severity:
        """Return the worst severity of the flags that were up within a repetition."""
        within = (f for f in self._feed.flags if f.start_s < row.end_s and not f.end_s <= row.start_s)
        return max((shown.flag.severity for shown in within), default=Severity.FINE)

    def first(self) -> int:
        """The newest."""
        return 0

    def stands_out(self, row: RepetitionResult) -> bool:
        """The newest does."""
        return row is self._feed.repetitions.newest

    def empty(self) -> tuple[str, str]:
        """That they come."""
        return "No repetition yet", "each is told once the lifter stands again"

    def showing(self) -> object:
        """All texts, and the signs."""
        self._feed.repetitions.tell()
        shown = self.rows()[: self.fitting()]
        return len(self._feed.repetitions.rows), tuple((*self.texts(row), self.worst(row)) for row in shown)
