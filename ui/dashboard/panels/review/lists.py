"""The lists of a review: repetitions and flags, with the one that is chosen, as many as fit around it; a click chooses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt, Signal

from ui.dashboard.drawing import colours, lettering
from ui.dashboard.drawing.panel import Panel
from ui.dashboard.panels.repetition_table import RepetitionRows

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent, QPainter

    from hardware.severity import Severity
    from processing.repetition.table import PhaseResult, RepetitionResult
    from ui.dashboard.feed.under_review import UnderReview

ROW_PX = 27


def first_shown(chosen: int, fitting: int, count: int) -> int:
    """Return which row stands first, so that the chosen one is in the middle where it can be."""
    return max(0, min(chosen - fitting // 2, count - fitting))


class ReviewTable(RepetitionRows):
    """The repetitions as they stand, in the order of time."""

    chosen = Signal(int)

    def __init__(self, under: UnderReview) -> None:
        super().__init__(under.review.found.rig)
        self._under = under

    def rows(self) -> list[RepetitionResult]:
        """Return the repetitions as they stand."""
        return self._under.repetitions

    def whole(self, number: int, side: str) -> PhaseResult | None:
        """Return what was told of the whole of a repetition."""
        return self._under.whole(number, side)

    def worst(self, row: RepetitionResult) -> Severity:
        """Return the worst severity of the flags within it."""
        return self._under.worst(row)

    def first(self) -> int:
        """Return the first row, with the chosen one in the middle."""
        rows = self.rows()
        at = next((k for k, row in enumerate(rows) if row.number == self._under.number), 0)
        return first_shown(at, self.fitting(), len(rows))

    def stands_out(self, row: RepetitionResult) -> bool:
        """The chosen one does."""
        return row.number == self._under.number

    def empty(self) -> tuple[str, str]:
        """Say that none was found, or none is left."""
        return (
            ("No repetition is left", "u undoes") if self._under.review.found.repetitions else ("No repetition was found", "")
        )

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Choose the repetition that was clicked."""
        row = self.row_at(event.position())
        if row is not None and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(row.number)


class ReviewFlags(Panel):
    """The flags, with their time, and why one was dismissed; the chosen one is set off."""

    chosen = Signal(int)

    def __init__(self, under: UnderReview) -> None:
        super().__init__("FLAGS")
        self._under = under

    def _fitting(self) -> int:
        return max(1, int(self.inside(top=40).height() // self.px(ROW_PX)))

    def _first(self) -> int:
        return first_shown(self._under.flag, self._fitting(), len(self._under.review.results.flags))

    def draw(self, painter: QPainter) -> None:
        """Draw a row for each flag that fits."""
        flags, area, first = self._under.review.results.flags, self.inside(top=40), self._first()
        if not flags:
            self.say(painter, "No flag")
            return
        for k, flag in enumerate(flags[first : first + self._fitting()]):
            chosen = first + k == self._under.flag
            row = QRectF(area.left(), area.top() + k * self.px(ROW_PX), area.width(), self.px(ROW_PX))
            if chosen:
                painter.fillRect(row.adjusted(-self.px(6), 0, self.px(6), 0), colours.LINE)
            sign = QPointF(row.left() + self.px(10), row.center().y())
            lettering.sign(painter, sign, self.px(17), flag.severity, dim=bool(flag.dismissed))
            colour = colours.FAINT if flag.dismissed else colours.TEXT if chosen else colours.QUIET
            time = QRectF(row.left() + self.px(24), row.top(), self.px(84), row.height())
            lettering.write(painter, time, lettering.clock(flag.start_s), self.px(18), colour, lettering.RIGHT)
            text = f"{flag.label}{f'; dismissed: {flag.dismissed}' if flag.dismissed else ''}"
            rest = QRectF(time.right() + self.px(14), row.top(), row.right() - time.right() - self.px(14), row.height())
            lettering.write(painter, rest, text, self.px(18), colour, bold=chosen)
        dismissed = sum(bool(flag.dismissed) for flag in flags)
        self.aside(painter, f"{len(flags) - dismissed} of {len(flags)}" if dismissed else f"{len(flags)} in all")

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Choose the flag that was clicked."""
        k = self._first() + int((event.position().y() - self.inside(top=40).top()) // self.px(ROW_PX))
        if event.button() == Qt.MouseButton.LeftButton and self._first() <= k < len(self._under.review.results.flags):
            self.chosen.emit(k)

    def meaning(self, at: QPointF) -> str:
        """Return the whole of what a row says."""
        flags = self._under.review.results.flags
        k = self._first() + int((at.y() - self.inside(top=40).top()) // self.px(ROW_PX))
        if not 0 <= k < len(flags):
            return "Flags: d dismisses the one that is set off, Tab goes to the next."
        flag = flags[k]
        return f"{flag.severity.name}: {flag.label}{f'; dismissed: {flag.dismissed}' if flag.dismissed else ''}"
