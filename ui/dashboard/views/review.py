"""The review: a window on one recording, to drop, split and move repetitions, dismiss flags, and change limits."""

from __future__ import annotations

import math
import signal
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRect, QSettings, Qt
from PySide6.QtGui import QCloseEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QApplication

from acquisition.rig.changed_limits import limits_in_words
from hardware.errors import SquatscopeError
from ui.dashboard.drawing import lettering, sweep
from ui.dashboard.drawing.kept_colours import kept_settings, turn_kept_colours, use_kept_colours
from ui.dashboard.feed.under_review import UnderReview
from ui.dashboard.panels.keys_card import KeysCard
from ui.dashboard.panels.review.head import ReviewHead
from ui.dashboard.panels.review.lists import ReviewFlags, ReviewTable
from ui.dashboard.panels.review.overview import Overview
from ui.dashboard.panels.review.traces import ReviewTraces
from ui.dashboard.views.picture import draw_into
from ui.dashboard.views.view import View

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from processing.review import Review
    from ui.dashboard.drawing.panel import Panel

KEYS = (
    ("Del", "drop the repetition; with Shift say why"),
    ("s", "split it at the cursor"),
    ("[  b  ]", "put its start, bottom, end to the cursor; or drag them"),
    ("d", "dismiss the flag, and say why"),
    ("l", "other limits of a rule; or drag those of the load shift"),
    ("u", "undo"),
    ("↑ ↓", "the repetition before, the next one"),
    ("Tab", "the next flag; with Shift the one before"),
    ("← →", "the cursor; with Shift a second"),
    ("Page ↑ ↓", "scroll; or the wheel with Shift"),
    ("+ −  wheel", "look closer, or at more"),
    ("Home  End", "the beginning, the end"),
    ("e", "the next electrodes, where not all have room"),
    ("F9  F11", "dark or light; the whole screen"),
    ("?  F1", "this list"),
)
"""Each key with what it does."""
_CURSOR_S, _LEAP_S, _PAGE, _WHEEL, _ZOOM = 0.02, 1.0, 0.8, 0.1, 1.5


class ReviewWindow(View):
    """The window of one review; every edit is kept, and shown, as soon as it is made."""

    def __init__(self, review: Review) -> None:
        super().__init__(f"squatscope review: {review.path.name}")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(960, 540)
        self.review = review
        self.under = UnderReview(review)
        self.head, self.overview, self.traces = ReviewHead(self.under), Overview(self.under), ReviewTraces(self.under)
        self.table, self.flags = ReviewTable(self.under), ReviewFlags(self.under)
        self.keys = KeysCard(KEYS)
        self._panels: list[Panel] = [self.head, self.overview, self.traces, self.table, self.flags]
        for panel in (*self._panels, self.keys):
            panel.setParent(self)
        self.keys.hide()
        for along in (self.overview, self.traces):
            along.wanted.connect(self._pointed)
            along.moved.connect(self._moved)
            along.zoomed.connect(self._zoomed)
            along.scrolled.connect(self._scrolled)
        self.traces.limited.connect(self._limited)
        self.table.chosen.connect(self._choose)
        self.flags.chosen.connect(self._choose_flag)
        self.head.line.returnPressed.connect(self._reason_given)
        self.head.line.left.connect(self._reason_left)
        self._because: Callable[[str], None] | None = None
        lost = [edit.sentence for edit in review.results.edits if not edit.applied]
        self.head.tell(" ".join(lost), refused=bool(lost))
        self.catch_up()

    def catch_up(self) -> None:
        """Draw everything anew."""
        self.head.beside = self.traces.told()
        for panel in self._panels:
            panel.update()

    # What is looked at.

    def _pointed(self, second: float) -> None:
        here = next((row for row in self.under.repetitions if row.start_s <= second <= row.end_s), None)
        if here is not None:
            self.under.number = here.number
        if self.sender() is self.overview:
            self.under.show(second, self.under.to_s - self.under.from_s)
        self.under.point(second)
        self.catch_up()

    def _zoomed(self, steps: float, second: float) -> None:
        span_s = (self.under.to_s - self.under.from_s) * _ZOOM**-steps
        share = (second - self.under.from_s) / (self.under.to_s - self.under.from_s)
        share = min(max(share, 0.0), 1.0) if self.sender() is self.traces else 0.5
        self.under.show(second + (0.5 - share) * span_s, span_s)
        self.catch_up()

    def _scrolled(self, steps: float) -> None:
        span_s = self.under.to_s - self.under.from_s
        self.under.show((self.under.from_s + self.under.to_s) / 2 + _WHEEL * steps * span_s, span_s)
        self.catch_up()

    def _choose(self, number: int) -> None:
        row = next((row for row in self.under.repetitions if row.number == number), None)
        if row is not None:
            self.under.choose(row)
        self.catch_up()

    def _choose_flag(self, k: int) -> None:
        flags = self.review.results.flags
        if flags:
            self.under.flag = k % len(flags)
            self.under.point(flags[self.under.flag].start_s)
        self.catch_up()

    def _step(self, by: int) -> None:
        rows = self.under.repetitions
        at = next((k for k, row in enumerate(rows) if row.number == self.under.number), None)
        if rows:
            self.under.choose(rows[0 if at is None else min(max(at + by, 0), len(rows) - 1)])
        self.catch_up()

    # What is changed.

    def edit(self, make: Callable[[], object]) -> None:
        """Make an edit, and say what it did; one that is refused says why."""
        rows = self.under.repetitions
        at = next((k for k, row in enumerate(rows) if row.number == self.under.number), 0)
        try:
            make()
        except SquatscopeError as error:
            self.head.tell(str(error), refused=True)
            return
        last = self.review.history.edits[-1]
        said = [edit.sentence for edit in self.review.results.edits if edit.number == last.number or not edit.applied]
        if last.kind == "undo":
            said.insert(0, f"Edit {last.undone} is taken back.")
        self.head.tell(" ".join(said))
        rows = self.under.repetitions
        if rows and self.under.chosen is None:
            self.under.number = rows[min(at, len(rows) - 1)].number
        self.catch_up()

    def _moved(self, number: int, which: str, at_s: float) -> None:
        self.under.number = number
        start_s, bottom_s, end_s = (at_s if which == name else None for name in ("start_s", "bottom_s", "end_s"))
        self.edit(partial(self.review.move, number, start_s=start_s, bottom_s=bottom_s, end_s=end_s))
        self.catch_up()

    def _limited(self, rule: str, amber: float, red: float) -> None:
        self.edit(partial(self.review.limits, rule, amber, red))
        self.catch_up()

    def _ask_limits(self) -> None:
        """Have a rule typed with its limits, and give it these."""
        rules = self.review.results.rig.rules
        stand = (f"{name} {limits_in_words(rules, name)}" for name in type(rules).model_fields if getattr(rules, name).on)
        self._ask(f"Rule, amber, red, such as: load_shift 8 12. Now: {', '.join(stand)}", self._limits_typed)

    def _limits_typed(self, text: str) -> None:
        try:
            rule, *numbers = text.split()
            amber, red = map(float, numbers if len(numbers) > 1 else [*numbers, "inf"])
            made = partial(self.review.limits, rule, amber, red if math.isfinite(red) else None)
        except ValueError:
            self.head.tell("Limits are typed as a rule with amber and red, such as: load_shift 8 12.", refused=True)
            return
        self.edit(made)

    def _of_chosen(self, make: Callable[[int], object]) -> None:
        row = self.under.chosen
        if row is None:
            self.head.tell("No repetition is chosen.", refused=True)
            return
        self.edit(partial(make, row.number))

    def _ask(self, what: str, because: Callable[[str], None]) -> None:
        self._because = because
        self.head.ask(what)

    def _reason_given(self) -> None:
        because, reason = self._because, self.head.line.text()
        self._reason_left()
        if because is not None:
            because(reason)

    def _reason_left(self) -> None:
        self._because = None
        self.head.asked()
        self.setFocus()

    def dismiss(self) -> None:
        """Ask why the chosen flag is none, and dismiss it."""
        flags = self.review.results.flags
        if not flags:
            self.head.tell("There is no flag.", refused=True)
            return
        number, flag = self.under.flag + 1, flags[self.under.flag]
        what = f"Why is {flag.label!r} at {lettering.clock(flag.start_s)} no flag? Enter keeps it, Esc leaves."
        self._ask(what, lambda reason: self.edit(partial(self.review.dismiss, number, reason)))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Do what `KEYS` say."""
        key, text = event.key(), event.text().lower()
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if key == Qt.Key.Key_F1 or text == "?":
            self.keys.setVisible(not self.keys.isVisible())
            self.keys.raise_()
        elif key == Qt.Key.Key_Escape and self.keys.isVisible():
            self.keys.hide()
        elif self.whole_screen(event):
            return
        elif not self._look(key, text, shift=shift) and not event.isAutoRepeat():
            self._change(key, text, shift=shift)

    def _look(self, key: int, text: str, *, shift: bool) -> bool:
        """Go elsewhere, and return whether the key says so."""
        under = self.under
        span_s, middle_s = under.to_s - under.from_s, (under.from_s + under.to_s) / 2
        step_s = _LEAP_S if shift else max(_CURSOR_S, span_s / 1000.0)
        match key:
            case Qt.Key.Key_Left:
                under.point(under.cursor_s - step_s)
            case Qt.Key.Key_Right:
                under.point(under.cursor_s + step_s)
            case Qt.Key.Key_PageUp:
                under.show(middle_s - _PAGE * span_s, span_s)
            case Qt.Key.Key_PageDown:
                under.show(middle_s + _PAGE * span_s, span_s)
            case Qt.Key.Key_Home:
                under.point(0.0)
            case Qt.Key.Key_End:
                under.point(under.whole_s)
            case Qt.Key.Key_Up:
                self._step(-1)
            case Qt.Key.Key_Down:
                self._step(1)
            case _ if text in ("+", "="):
                under.show(under.cursor_s, span_s / _ZOOM)
            case _ if text == "-":
                under.show(under.cursor_s, span_s * _ZOOM)
            case _ if text == "e":
                self.traces.turn()
            case _:
                return False
        self.catch_up()
        return True

    def _change(self, key: int, text: str, *, shift: bool) -> None:
        at_s = self.under.cursor_s
        move = self.review.move
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and shift and self.under.chosen is not None:
            number = self.under.number
            self._ask(
                f"Why is repetition {number} dropped? Enter drops it, Esc leaves.",
                lambda reason: self.edit(partial(self.review.drop, number, reason)),
            )
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._of_chosen(self.review.drop)
        elif text == "s":
            self._of_chosen(lambda number: self.review.split(number, at_s))
        elif text == "[":
            self._of_chosen(lambda number: move(number, start_s=at_s))
        elif text == "b":
            self._of_chosen(lambda number: move(number, bottom_s=at_s))
        elif text == "]":
            self._of_chosen(lambda number: move(number, end_s=at_s))
        elif text == "d":
            self.dismiss()
        elif text == "l":
            self._ask_limits()
        elif text == "u":
            self.edit(self.review.undo)

    def event(self, event: QEvent) -> bool:
        """Go to the next flag, or to the one before, where Qt would go to another widget."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            by = {Qt.Key.Key_Tab: 1, Qt.Key.Key_Backtab: -1}.get(Qt.Key(event.key()), 0)
            if by:
                self._choose_flag(self.under.flag + by)
                return True
        return super().event(event)

    # The window.

    def resizeEvent(self, _event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Lay the panels out for the new size."""
        scale = min(self.width() / 1920, self.height() / 1080)
        gap = round(12 * scale)
        for panel in (*self._panels, self.keys):
            panel.scale = scale
        self.keys.centre_in(self.rect())
        width, height = self.width() - 2 * gap, self.height()
        head, strip, foot = round(88 * scale), round(172 * scale), round(232 * scale)
        y = gap
        self.head.setGeometry(QRect(gap, y, width, head))
        y += head + gap
        self.overview.setGeometry(QRect(gap, y, width, strip))
        y += strip + gap
        below = height - gap - foot
        self.traces.setGeometry(QRect(gap, y, width, below - gap - y))
        left = round(0.5 * width)
        self.table.setGeometry(QRect(gap, below, left, foot))
        self.flags.setGeometry(QRect(2 * gap + left, below, width - left - gap, foot))
        self.catch_up()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Close the recording as well."""
        self.under.close()
        super().closeEvent(event)


def show_review(review: Review) -> int:
    """Show a review until its window is closed, and return the exit code; raises DashboardError where Qt has no fonts."""
    app = QApplication.instance() or QApplication(["squatscope"])
    lettering.typeface(20, False)
    sweep.warm()
    for ending in ("SIGINT", "SIGTERM"):  # Qt's loop hears no Python handler; every edit is kept already
        signal.signal(getattr(signal, ending), signal.SIG_DFL)
    shown = ReviewOnScreen(review)
    screen = QApplication.primaryScreen().availableGeometry()
    shown.window.resize(min(1920, screen.width()), min(1080, screen.height()))
    shown.window.showMaximized()
    return int(app.exec())


class ReviewOnScreen:
    """The window of a review, dark or light as the last one on a ring was left."""

    def __init__(self, review: Review, kept: QSettings | None = None) -> None:
        """Make the window; `kept`: where dark or light is kept, the user's own settings where none are given."""
        self._review = review
        self._kept = kept_settings() if kept is None else kept
        self.window = self._made()

    def _made(self) -> ReviewWindow:
        use_kept_colours(self._kept)
        window = ReviewWindow(self._review)
        window.turned.connect(self.turn)
        return window

    def turn(self) -> None:
        """Turn dark into light, or light into dark."""
        turn_kept_colours(self._kept)
        before, self.window = self.window, self._made()
        self.window.restoreGeometry(before.saveGeometry())
        self.window.show()
        before.close()
        before.deleteLater()


def save(review: Review, png: Path, *, size: tuple[int, int] = (1920, 1080)) -> None:
    """Draw the window of a review and save it as `png`; raises DashboardError where that exists or can't be written."""
    draw_into(png, lambda: ReviewWindow(review), size)
