"""The repetitions, the newest first: depth, tempo, load shift, quad/hamstring ratios, knees, and the worst flag in each."""

from __future__ import annotations

import math
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

    from processing.repetition.table import RepetitionResult
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


class RepetitionTable(Panel):
    """A row for each repetition, as many as fit; load shift is the mean of the whole, with the letter of the fuller leg.

    A doubtful repetition has a question mark, and a repetition in which a flag was up its sign.
    """

    def __init__(self, feed: Feed) -> None:
        super().__init__("REPETITIONS")
        self._feed = feed
        rig = feed.rig
        columns = [*_ALWAYS]
        if rig is not None and len(rig.plate) > 1:
            columns.append(_SHIFT)
        if rig is not None and {e.muscle for e in rig.emg} & {"BF", "ST"}:
            columns += [Column(f"Q:H {side[0].upper()}", 1.0, side, "qh_ratio") for side in SIDES]
        if rig is not None and rig.marker:
            columns += [Column(f"knee {side[0].upper()} mm", 1.0, side, "knee_margin_min_mm") for side in SIDES]
        self.columns = columns

    def rows(self) -> list[RepetitionResult]:
        """Return the repetitions, the newest first."""
        return self._feed.repetitions.rows[::-1]

    def worst(self, row: RepetitionResult) -> Severity:
        """Return the worst severity of the flags that were up within a repetition."""
        within = (f for f in self._feed.flags if f.start_s < row.end_s and not f.end_s <= row.start_s)
        return max((shown.flag.severity for shown in within), default=Severity.FINE)

    def texts(self, row: RepetitionResult) -> list[str]:
        """Return what is written of a repetition, a text for each column."""
        return [self._text(row, column) for column in self.columns]

    def _text(self, row: RepetitionResult, column: Column) -> str:
        if column is _ALWAYS[0]:
            return f"{row.number}{'?' if row.doubt else ''}"
        if column is _ALWAYS[2]:
            return "·".join(f"{seconds:.1f}" for seconds in (row.lowering_s, row.pause_s, row.rising_s))
        if not column.side:
            return f"{getattr(row, column.of):.2f}"
        whole = self._feed.repetitions.whole(row.number, column.side)
        value = math.nan if whole is None else float(getattr(whole, column.of))
        if not math.isfinite(value):
            return "–"
        if column is _SHIFT:
            return f"{abs(value):.1f} {'R' if value > 0 else 'L'}"
        return f"{value:.1f}"

    def showing(self) -> object:
        """All texts, and the signs."""
        self._feed.repetitions.tell()
        shown = self.rows()[: self._fitting()]
        return len(self._feed.repetitions.rows), tuple((*self.texts(row), self.worst(row)) for row in shown)

    def _fitting(self) -> int:
        return max(1, int((self.inside().height() - self.px(HEAD_PX)) // self.px(ROW_PX)))

    def draw(self, painter: QPainter) -> None:
        """Draw the headings, and the rows that fit."""
        rows = self.rows()
        if not rows:
            self.say(painter, "No repetition yet", "each is told once the lifter stands again")
            return
        area = self.inside(top=40)
        edges = self._edges(area)
        for column, (left, right) in zip(self.columns, edges, strict=True):
            spot = QRectF(left, area.top(), right - left, self.px(HEAD_PX))
            lettering.write(painter, spot, column.heading, self.px(14), self._colour(column), lettering.RIGHT)
        fitting = self._fitting()
        for k, row in enumerate(rows[:fitting]):
            y = area.top() + self.px(HEAD_PX) + k * self.px(ROW_PX)
            newest = k == 0
            severity = self.worst(row)
            if severity:
                lettering.sign(painter, QPointF(area.left() + self.px(10), y + self.px(ROW_PX) / 2), self.px(17), severity)
            for text, (left, right) in zip(self.texts(row), edges, strict=True):
                spot = QRectF(left, y, right - left, self.px(ROW_PX))
                colour = colours.TEXT if newest else colours.QUIET
                lettering.write(painter, spot, text, self.px(20 if newest else 18), colour, lettering.RIGHT, bold=newest)
        if len(rows) > fitting:
            self.aside(painter, f"{len(rows)} in all")

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
        """Return what the column below a place means: its formula and unit."""
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
