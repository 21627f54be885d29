"""The head of a review: which recording, how many repetitions, what was just done, and where a reason is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtWidgets import QLineEdit

from hardware.severity import Severity
from ui.dashboard.drawing import colours, lettering
from ui.dashboard.drawing.panel import Panel

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QPainter, QResizeEvent

    from ui.dashboard.feed.under_review import UnderReview

MOST_LETTERS = 300


class ReasonLine(QLineEdit):
    """A line to type a reason into; Enter takes it, Escape leaves it."""

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Leave with Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            return
        super().keyPressEvent(event)


class ReviewHead(Panel):
    """Two lines: the recording with its counts, and what was done, or why it can't be."""

    def __init__(self, under: UnderReview) -> None:
        super().__init__()
        self._under = under
        self.said, self.refused = "", False
        self.beside = ""
        self.line = ReasonLine(self)
        self.line.setMaxLength(MOST_LETTERS)
        ground, line, text = (colour.name() for colour in (colours.WELL, colours.LEFT, colours.TEXT))
        self.line.setStyleSheet(f"background: {ground}; border: 1px solid {line}; color: {text}; padding: 0 6px;")
        self.line.hide()

    def ask(self, what: str) -> None:
        """Have a reason typed."""
        self.line.setPlaceholderText(what)
        self.line.clear()
        self.line.show()
        self.line.setFocus()

    def asked(self) -> None:
        """Take the line away."""
        self.line.hide()
        self.update()

    def tell(self, sentence: str, *, refused: bool = False) -> None:
        """Say what was done, or why it can't be."""
        self.said, self.refused = sentence, refused
        self.update()

    def _second(self) -> QRectF:
        return QRectF(self.px(20), self.px(44), self.width() - self.px(40), self.height() - self.px(50))

    def resizeEvent(self, _event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Lay the line out over the second one."""
        self.line.setGeometry(self._second().toRect())
        self.line.setFont(lettering.typeface(round(self.px(19)), False)[0])

    def draw(self, painter: QPainter) -> None:
        """Write both lines."""
        review = self._under.review
        now, found, edits = len(self._under.repetitions), len(review.found.repetitions), len(review.history.standing())
        counts = f"{now} repetition{'' if now == 1 else 's'}"
        if edits:
            counts += f" ({found} found) · {edits} edit{'' if edits == 1 else 's'}"
        counts = f"{self.beside} · {counts} · ? keys" if self.beside else f"{counts} · ? keys"
        wide = min(lettering.width_of(counts, self.px(20)) + self.px(10), 0.6 * self.width())
        right = QRectF(self.width() - self.px(20) - wide, self.px(6), wide, self.px(36))
        name = QRectF(self.px(20), self.px(6), right.left() - self.px(40), self.px(36))
        title = f"{review.path.name}  {lettering.clock(self._under.whole_s)}"
        lettering.write(painter, name, title, self.px(24), colours.TEXT, bold=True)
        lettering.write(painter, right, counts, self.px(20), colours.QUIET, lettering.RIGHT)
        second = self._second()
        if self.refused:
            lettering.sign(painter, QPointF(second.left() + self.px(10), second.center().y()), self.px(20), Severity.AMBER)
            second.setLeft(second.left() + self.px(30))
        lettering.write(painter, second, self.said, self.px(19), colours.AMBER if self.refused else colours.QUIET)

    def meaning(self, _at: QPointF) -> str:
        """Return all that it says, which may have been shortened."""
        return "\n".join(text for text in (str(self._under.review.path), self.said) if text)
