"""The window: panels laid out as the lifter stands, left leg on the left, and the beat at which each of them is redrawn."""

from __future__ import annotations

import math
from contextlib import suppress

from PySide6.QtCore import QRect, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QToolTip

from acquisition.commands import FOLDER, Command, CommandError, Commands, Does
from acquisition.rig.changed_limits import LimitsError, with_limits
from acquisition.ring import RingError, SessionPhase
from ui.dashboard.drawing.panel import Panel
from ui.dashboard.drawing.traces import Traces
from ui.dashboard.feed import scrollback
from ui.dashboard.feed.feed import Feed
from ui.dashboard.panels.flag_timeline import FlagTimeline
from ui.dashboard.panels.flags_list import FlagsList
from ui.dashboard.panels.header import Header
from ui.dashboard.panels.keys_card import KeysCard
from ui.dashboard.panels.muscles.electrode_figure import ElectrodeFigure
from ui.dashboard.panels.muscles.emg_traces import EmgTraces, share_gain
from ui.dashboard.panels.muscles.leg import Leg
from ui.dashboard.panels.plates.balance_bar import RULE, SHIFT, BalanceBar
from ui.dashboard.panels.plates.force_traces import ForceTraces
from ui.dashboard.panels.plates.plates_view import PlatesView
from ui.dashboard.panels.repetition_table import RepetitionTable
from ui.dashboard.panels.step_card import StepCard
from ui.dashboard.panels.stream_states import StreamStates
from ui.dashboard.views.view import RingView

FRAME_MS = 16
_BARS_EVERY, _DIGITS_EVERY, _HEALTH_EVERY, _SCALES_EVERY = 2, 12, 12, 60
_AFTER_END_MS = 1000
_CARD_PX, _TIMELINE_PX = 112, 72
_STEP_S, _LEAP_S = 1.0, 10.0
_LEAST_PX = (900, 500)
"""A smaller window shows less, so that what it shows can be read."""
_SMALL_DESIGN = (1120, 800)
LIMIT_KEYS = {"[": (-1.0, 0.0), "]": (1.0, 0.0), "{": (0.0, -1.0), "}": (0.0, 1.0)}
"""By how many percent each key moves the amber and the red limit of the load shift."""


class Window(RingView):
    """The dashboard of one ring. `frame` is called 60 times a second by a timer which `start` sets going.

    Gone back to an earlier second, it covers itself with another window on the ring as it was then, and goes on below it.
    """

    def __init__(self, feed: Feed, *, close_at_end: bool = False, live: Feed | None = None) -> None:
        """Show a feed; `live`: that of the running session, where this one was taken back to an earlier second."""
        super().__init__(feed, "squatscope")
        self.setMinimumSize(640, 480)
        self._close_at_end = close_at_end
        self._closing = False
        self._count = 0
        rig = feed.rig
        has_emg, has_plates = bool(rig and rig.emg), bool(rig and rig.plate)
        self.header, self.flags, self.streams = Header(feed, live), FlagsList(feed), StreamStates(feed)
        self.timeline = FlagTimeline(feed if live is None else live, shown=feed)
        self.repetitions = RepetitionTable(feed) if has_plates else None
        self.balance, self.plates, self.force = BalanceBar(feed), PlatesView(feed), ForceTraces(feed)
        self.legs = [Leg(feed, "left"), Leg(feed, "right")] if has_emg else []
        self.emg = [EmgTraces(feed, "left"), EmgTraces(feed, "right")] if has_emg else []
        self.centre: list[Panel] = [self.balance, self.plates, self.force] if has_plates else []
        self.unknown = None if has_emg or has_plates else _Unknown(feed)
        self._bars: list[Panel] = [*self.centre[:2], *self.legs]
        self._digits: list[Panel] = [*self.legs, *self.centre]
        self._traces: list[Traces] = [*self.emg, self.force] if has_plates else [*self.emg]
        self.card, self.figure = StepCard(feed), ElectrodeFigure(feed)
        self._guided = False
        self._drawn_group = ""
        self._slow: list[Panel] = [self.header, self.flags, self.streams, self.timeline]
        self._slow += [self.repetitions] if self.repetitions else []
        shown = [*self._slow, *self.centre, *self.legs, *self.emg, *([self.unknown] if self.unknown else [])]
        self._shown: list[Panel] = shown
        for panel in (*shown, self.card, self.figure):
            panel.setParent(self)
        self.card.hide()
        self.figure.hide()
        self._earlier: Window | None = None
        self.timeline.wanted.connect(self.go_to)
        self.balance.targeted.connect(lambda target_pct: self._ask(Command(Does.TARGET, 0, f"{target_pct:g}")))
        self.balance.limited.connect(self.limit)
        self.keys = KeysCard()
        self.keys.setParent(self)
        self.keys.hide()
        self._guide()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.frame)

    def start(self) -> None:
        """Begin to redraw."""
        self._timer.start(FRAME_MS)

    def frame(self) -> None:
        """Take what is new and redraw what has changed: traces at once, bars half as often, digits five times a second."""
        self.feed.poll()
        for traces in self._traces:
            traces.advance()
        if self._count % _DIGITS_EVERY == 0:
            for panel in self._digits:
                panel.refresh_digits()
        if self._count % _BARS_EVERY == 0:
            for panel in self._bars:
                panel.refresh()
        if self._count % _HEALTH_EVERY == 6:
            self._check()
        if self._count % _SCALES_EVERY == 30:
            share_gain(self.emg)
            for traces in self._traces:
                traces.refit()
        self._count += 1

    def catch_up(self) -> None:
        """Bring every panel to the ring's present state at once, for a first frame or a picture."""
        self.feed.poll()
        for traces in self._traces:
            traces.advance()
        share_gain(self.emg)
        for traces in self._traces:
            traces.refit()
        for panel in self._digits:
            panel.refresh_digits()
        for panel in self._bars:
            panel.refresh()
        self._check()
        for panel in self._shown:
            panel.update()

    def _check(self) -> None:
        for health in self.feed.health.values():
            health.poll()
        for panel in self._slow:
            panel.refresh()
        if self._earlier is not None:
            self._earlier.header.refresh()
            self._earlier.timeline.refresh()
            self._earlier.feed.poll_limits()
            self._earlier.balance.refresh()
        self._guide()
        if self._close_at_end and not self._closing and self.feed.ring.phase == SessionPhase.FINISHED:
            self._closing = True
            QTimer.singleShot(_AFTER_END_MS, self.close)

    def resizeEvent(self, _event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Lay the panels out for the new size."""
        self._lay_out()
        if self._earlier is not None:
            self._earlier.setGeometry(self.rect())
            self._earlier.catch_up()  # nothing else redraws it

    def _guide(self) -> None:
        """Show the card from the first step on, and a figure instead of the plates where a step has one."""
        if self._guided and self._drawn_group != self.figure.group:
            self._drawn_group = self.figure.group
            self._lay_out()
        if self._guided or self.card.step is None:
            return
        self._guided = True
        self._drawn_group = self.figure.group
        self._slow.append(self.card)
        self._shown.append(self.card)
        self.card.show()
        self._lay_out()

    def _lay_out(self) -> None:
        small = self.width() < _LEAST_PX[0] or self.height() < _LEAST_PX[1]
        design = _SMALL_DESIGN if small else (1920, 1080)
        scale = min(self.width() / design[0], self.height() / design[1])
        for panel in self._shown:
            panel.scale = scale
        self.figure.scale = self.keys.scale = scale
        self.keys.centre_in(self.rect())
        areas = self._few_areas(scale) if small else self._areas(scale)
        there = {panel for panel, _ in areas}
        for panel in self._shown:
            panel.setVisible(panel in there)
        centre = [area for panel, area in areas if panel in self.centre]
        drawn = bool(self._drawn_group and centre)
        for panel in self.centre:
            panel.setVisible(panel in there and not drawn)
        self.figure.setVisible(drawn)
        if drawn:
            areas.append((self.figure, centre[0].united(centre[-1])))
        for panel, area in areas:
            panel.setGeometry(area)
            panel.update()

    def _areas(self, scale: float) -> list[tuple[Panel, QRect]]:
        gap = round(12 * scale)
        width, height = self.width(), self.height()
        head, foot, line = round(64 * scale), round(196 * scale), round(_TIMELINE_PX * scale)
        top, bottom = 2 * gap + head, height - 3 * gap - foot - line
        areas: list[tuple[Panel, QRect]] = [(self.header, QRect(gap, gap, width - 2 * gap, head))]
        if self._guided:
            tall = round(_CARD_PX * scale)
            areas.append((self.card, QRect(gap, top, width - 2 * gap, tall)))
            top += tall + gap
        areas.append((self.timeline, QRect(gap, bottom + gap, width - 2 * gap, line)))
        below = bottom + line + 2 * gap
        streams = round(0.27 * width)
        table = round(0.31 * width) + gap if self.repetitions else 0
        areas.append((self.flags, QRect(gap, below, width - streams - table - 3 * gap, foot)))
        if self.repetitions:
            areas.append((self.repetitions, QRect(width - streams - table - gap, below, table - gap, foot)))
        areas.append((self.streams, QRect(width - streams - gap, below, streams, foot)))
        middle = round((0.385 if self.legs else 1.0) * (width - 4 * gap)) if self.centre else 0
        if self.legs:
            side = (width - middle - (4 if self.centre else 3) * gap) // 2
            for k, (leg, emg) in enumerate(zip(self.legs, self.emg, strict=True)):
                x = gap if k == 0 else width - gap - side
                leg_height = round(0.31 * (bottom - top))
                areas.append((leg, QRect(x, top, side, leg_height)))
                areas.append((emg, QRect(x, top + leg_height + gap, side, bottom - top - leg_height - gap)))
            x = 2 * gap + side
        else:
            x, middle = gap, width - 2 * gap
        if self.centre and not self.legs:
            tall, half = round(0.4 * (bottom - top)), (middle - gap) // 2
            lower = QRect(gap, top + tall + gap, half, bottom - top - tall - gap)
            areas.append((self.balance, QRect(gap, top, middle, tall)))
            areas.append((self.plates, lower))
            areas.append((self.force, lower.translated(half + gap, 0)))
        elif self.centre:
            shares = (0.4, 0.36, 0.24) if self._guided else (0.33, 0.41, 0.26)  # the bar's letters need their height
            heights = [round(share * (bottom - top - 2 * gap)) for share in shares]
            y = top
            for panel, tall in zip(self.centre, heights, strict=True):
                areas.append((panel, QRect(x, y, middle, tall)))
                y += tall + gap
        if self.unknown is not None:
            areas.append((self.unknown, QRect(gap, top, width - 2 * gap, bottom - top)))
        return areas

    def _few_areas(self, scale: float) -> list[tuple[Panel, QRect]]:
        """Lay out what a small window has room for: what is to be done, load, muscles or else plates, flags, the time line."""
        gap = round(12 * scale)
        width = self.width() - 2 * gap
        below: list[Panel] = [*self.legs] or self.centre[1:2]
        shared: list[list[Panel]] = [self.centre[:1], [] if self._guided and self.centre else below]
        shared += [[self.unknown] if self.unknown else [], [self.flags]]
        fixed: dict[Panel, float] = {self.header: 64 * scale, self.card: _CARD_PX * scale, self.timeline: _TIMELINE_PX * scale}
        card: list[Panel] = [self.card] if self._guided else []
        every: list[list[Panel]] = [[self.header], card, *shared, [self.timeline]]
        rows = [panels for panels in every if panels]
        spare = self.height() - gap - sum(fixed.get(panels[0], 0.0) + gap for panels in rows)
        share = spare / sum(panels[0] not in fixed for panels in rows)
        areas: list[tuple[Panel, QRect]] = []
        y = float(gap)
        for panels in rows:
            tall = fixed.get(panels[0], share)
            wide = (width - (len(panels) - 1) * gap) // len(panels)
            areas += [(panel, QRect(gap + k * (wide + gap), round(y), wide, round(tall))) for k, panel in enumerate(panels)]
            y += tall + gap
        return areas

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Do what `keys_card.KEYS` say; other keys lead a guided session."""
        key, leap = event.key(), event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        step_s = _LEAP_S if leap else _STEP_S
        if key == Qt.Key.Key_Escape and (self.keys.isVisible() or self._earlier):
            self.now() if self.keys.isHidden() else self.keys.hide()
        elif self.whole_screen(event):
            return
        elif key == Qt.Key.Key_F1 or event.text() == "?":
            self.keys.setVisible(not self.keys.isVisible())
            self.keys.raise_()
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.go_to(self.shown_s + (step_s if key == Qt.Key.Key_Right else -step_s))
        elif key == Qt.Key.Key_Home:
            self.go_to(0.0)
        elif key == Qt.Key.Key_End:
            self.now()
        elif event.text().lower() == "f" and not event.isAutoRepeat():
            self.now() if self._earlier else self.go_to(self.feed.session_s)
        elif event.text().lower() == "m" and not event.isAutoRepeat():
            self.mark()
        elif event.text() in LIMIT_KEYS and not event.isAutoRepeat():
            self._limit_by(*LIMIT_KEYS[event.text()])
        elif not event.isAutoRepeat():
            self.card.press("n" if key == Qt.Key.Key_PageDown else event.text())

    @property
    def shown_s(self) -> float:
        """The second of the session that is on the screen; NaN before the first sample."""
        return self.feed.session_s if self._earlier is None else self._earlier.feed.session_s

    def go_to(self, second: float) -> None:
        """Show the ring as it was at a second of its session, no earlier than it reaches and no later than now."""
        if not math.isfinite(second) or self.feed.frozen:
            return
        oldest = scrollback.oldest_s(self.feed.ring)
        second = min(max(second, oldest), self.feed.session_s)
        if not second >= oldest:
            return
        try:
            feed = scrollback.feed_at(self.feed.ring.path, second, self.feed.session_s)
        except RingError:  # deleted meanwhile, which the top line says
            return
        self.now()
        earlier = Window(feed, live=self.feed)
        earlier.setParent(self)
        earlier.setMinimumSize(0, 0)
        earlier.timeline.wanted.connect(self.go_to)
        earlier.setGeometry(self.rect())
        earlier.show()
        earlier.catch_up()
        self._earlier = earlier
        self.keys.raise_()

    def mark(self) -> None:
        """Have the session mark the second that is on the screen."""
        if math.isfinite(self.shown_s):
            self._ask(Command(Does.MARK, 0, at_s=self.shown_s))

    def limit(self, amber_pct: float, red_pct: float) -> None:
        """Have the session judge the load shift by other limits; what the rule can't have is refused where the bar is."""
        if self.feed.rig is None:
            return
        try:
            with_limits(self.feed.rig.rules, RULE, amber_pct, red_pct)
        except LimitsError as error:
            QToolTip.showText(self.balance.mapToGlobal(self.balance.rect().center()), str(error), self.balance)
            return
        self._ask(Command(Does.LIMITS, 0, f"{RULE} {amber_pct:g} {red_pct:g}"))

    def _limit_by(self, amber_pct: float, red_pct: float) -> None:
        """Move the limits of the load shift by so much."""
        if (limits := self.feed.limits(SHIFT)) is not None:
            self.limit(limits[0] + amber_pct, limits[1] + red_pct)

    def _ask(self, command: Command) -> None:
        """Give a command to the session; one that has ended, or hears nobody, does nothing."""
        folder = self.feed.ring.path.parent / FOLDER
        if folder.is_dir():
            with suppress(CommandError):
                Commands(folder).give(command)

    def now(self) -> None:
        """Show what is now again."""
        if self._earlier is not None:
            self._earlier.hide()
            self._earlier.deleteLater()
            self._earlier = None


class _Unknown(Panel):
    """What stands in the middle where the rig has neither plates nor electrodes."""

    def __init__(self, feed: Feed) -> None:
        super().__init__()
        self._known = feed.rig is not None

    def draw(self, painter: QPainter) -> None:
        if self._known:
            self.say(painter, "This rig has neither force plates nor electrodes", "name them in the rig file")
        else:
            self.say(painter, "This ring doesn't say what its channels are", "its description holds no rig that can be read")
