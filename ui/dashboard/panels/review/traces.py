"""The part that is looked at: height, force, load shift, knees and EMG, with the repetitions over them and instants to drag."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPen

from acquisition.rig import SIDES
from acquisition.rig.judgement import limits
from processing.flags.kinds import KINDS
from processing.formulas import FORMULAS
from ui.dashboard.drawing import colours, lettering
from ui.dashboard.drawing.excerpt import Band, Picture, Signals
from ui.dashboard.panels.review.limit_lines import HeldLimit, LimitedLane, dragged, drawn_limits, in_words, limit_at
from ui.dashboard.panels.review.time_panel import MARGIN_PX, NEAR_PX, Grip, TimePanel

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent, QPainter

    from acquisition.rig import Electrode
    from acquisition.rig.judgement import RuleSettings
    from hardware.arrays import Floats
    from processing.flags.kinds import Kind
    from processing.repetition.table import RepetitionResult
    from ui.dashboard.feed.under_review import UnderReview

RAW_S = 60.0
"""Of a longer part EMG is shown as its envelope."""
LANE_PX, EMG_PX = 60, 20
"""A lane of frames is so high beside one of EMG."""
_NARROW_PX = 48
"""A repetition that is narrower has no room for its number and its lines."""


@dataclass(frozen=True, slots=True)
class Lane:
    """Signals in one field: columns of a table or an electrode, whether 0 is its middle, and the rule whose limits it shows."""

    name: str
    unit: str
    colours: tuple[QColor, ...]
    columns: tuple[str, ...] = ()
    electrode: Electrode | None = None
    about_zero: bool = False
    kind: Kind | None = None


class ReviewTraces(TimePanel):
    """The lanes. With more electrodes than have room, `turn` goes on to the next ones.

    `limited`: limits that were dragged, as rule, amber and red.
    """

    limited = Signal(str, float, float)

    def __init__(self, under: UnderReview) -> None:
        super().__init__(under)
        self._lanes = _lanes(under)
        self._electrodes = under.review.found.rig.emg
        self.first = 0
        self._picture: Picture | None = None
        self._of: object = None
        self._ranges: list[tuple[float, float]] = []
        self._held: HeldLimit | None = None

    def span_s(self) -> tuple[float, float]:
        """What is shown."""
        return self.under.from_s, self.under.to_s

    def line(self) -> QRectF:
        """All but a margin for letters and the axis."""
        below = max(self.px(26), lettering.LEAST_PX + 6.0)
        return QRectF(
            self.px(MARGIN_PX), self.px(30), self.width() - self.px(MARGIN_PX + 20), self.height() - self.px(30) - below
        )

    def grips(self) -> list[Grip]:
        """Start, bottom and end of what is shown."""
        names = ("start_s", "bottom_s", "end_s")
        wide = [
            row
            for row in self.shown()
            if row.number == self.under.number or self.x_of(row.end_s) - self.x_of(row.start_s) >= self.px(_NARROW_PX)
        ]
        found = [Grip(row.number, which, float(getattr(row, which))) for row in wide for which in names]
        from_s, to_s = self.span_s()
        return [grip for grip in found if from_s <= grip.at_s <= to_s]

    @property
    def room(self) -> int:
        """How many electrodes have room."""
        left = self.line().height() - len(self._lanes) * self.px(LANE_PX)
        return max(1, int(left // max(self.px(EMG_PX), lettering.LEAST_PX + 2.0)))

    def turn(self) -> None:
        """Go on to the next electrodes, from the last on to the first."""
        self.first = self.first + self.room if self.first + self.room < len(self._electrodes) else 0
        self.update()

    def _shown_lanes(self) -> list[Lane]:
        here = self._electrodes[self.first : self.first + self.room]
        emg = [
            Lane(
                one.channel if one.muscle == "other" else one.name,
                "µV",
                (colours.SIDES[one.side],),
                electrode=one,
                about_zero=True,
            )
            for one in here
        ]
        return [*self._lanes, *emg]

    def _areas(self, lanes: list[Lane], height: float) -> list[tuple[float, float]]:
        """Return from where to where each lane goes, in pixels from the top of the field."""
        shares = [LANE_PX if lane.electrode is None else EMG_PX for lane in lanes]
        if lanes and lanes[-1].electrode is None:
            shares = [1 for _ in lanes]
        edges = np.cumsum([0, *shares]) * height / max(sum(shares), 1)
        return [(float(a), float(b)) for a, b in pairwise(edges)]

    def _draw_lanes(self, line: QRectF) -> Picture:
        ratio = self.devicePixelRatioF()
        size = max(8, round(line.width() * ratio)), max(16, round(line.height() * ratio))
        state = size, self.span_s(), self.first, self.room, [self._own_limits(lane) for lane in self._lanes]
        if self._picture is not None and self._of == state:
            return self._picture
        self._of = state
        self._picture = picture = Picture(*size, *self.span_s())
        lanes = self._shown_lanes()
        told = self._told(lanes)
        self._ranges = self._chosen_ranges(lanes, told)
        areas = self._areas(lanes, size[1])
        for lane, (time_s, values), (least, most), (top, bottom) in zip(lanes, told, self._ranges, areas, strict=True):
            band = Band(round(top) + 1, max(round(bottom) - 1, round(top) + 3), least, most)
            picture.rule(band, 0.0)
            if len(time_s):
                thickness = max(1.2, (1.2 if lane.electrode else 1.8) * self.scale) * ratio
                picture.draw(Signals(time_s, values, lane.colours, [band] * len(lane.colours)), thickness)
        return picture

    def _told(self, lanes: list[Lane]) -> list[tuple[Floats, Floats]]:
        """Return times and values of each lane; electrodes of a stream are read together."""
        found = self.under.review.found
        raw = self.under.to_s - self.under.from_s <= RAW_S
        by_stream: dict[str, list[Electrode]] = {}
        for lane in lanes:
            if lane.electrode is not None:
                by_stream.setdefault(lane.electrode.stream, []).append(lane.electrode)
        signals = {name: self.under.emg(electrodes) for name, electrodes in by_stream.items()} if raw else {}
        told: list[tuple[Floats, Floats]] = []
        for lane in lanes:
            one = lane.electrode
            if one is not None and raw:
                time_s, values = signals[one.stream]
                k = by_stream[one.stream].index(one)
                told.append((time_s, np.ascontiguousarray(values[:, k : k + 1])))
                continue
            columns = list(lane.columns) if one is None else [self._envelope(one)]
            table = found.table_with(*columns) if one is None else found.tables[f"{one.stream}.emg"]
            told.append((np.zeros(0), np.zeros((0, 1))) if table is None else self.under.frames(table, columns))
        return told

    def _envelope(self, electrode: Electrode) -> str:
        """Return the column of an electrode's envelope; they stand in the order of their stream's electrodes."""
        columns = self.under.review.found.tables[f"{electrode.stream}.emg"].columns
        of_stream = [one for one in self._electrodes if one.stream == electrode.stream]
        return [name for name in columns if name.startswith("envelope_")][of_stream.index(electrode)]

    def _chosen_ranges(self, lanes: list[Lane], told: list[tuple[Floats, Floats]]) -> list[tuple[float, float]]:
        """Return the values that each lane spans: all electrodes the same, so that they compare."""
        emg = [np.abs(values) for lane, (_, values) in zip(lanes, told, strict=True) if lane.electrode is not None]
        peaks = [float(np.nanpercentile(of, 99.8)) for of in emg if np.isfinite(of).any()]
        most_uV = max(peaks, default=1.0) or 1.0
        ranges = []
        for lane, (_, values) in zip(lanes, told, strict=True):
            known = values[np.isfinite(values)]
            if lane.electrode is not None:
                ranges.append((-most_uV, most_uV))
            elif not len(known):
                ranges.append((-1.0, 1.0))
            elif lane.about_zero:
                stand = [limit for limit in self._own_limits(lane) or () if math.isfinite(limit)]
                most = max(float(np.abs(known).max()), 1.0, *stand) * 1.05
                ranges.append((-most, most))
            else:
                least, most = min(0.0, float(known.min())), max(0.0, float(known.max()))
                room = 0.04 * (most - least) or 1.0
                ranges.append((least - room, most + room))
        return ranges

    def _own_limits(self, lane: Lane) -> tuple[float, float] | None:
        """Return amber and red of a lane's rule as they stand; None where it has no rule, or one that is off.

        The limits of a ratio don't stand in a lane of its logarithm.
        """
        if lane.kind is None or lane.kind.metric.endswith("_log2"):
            return None
        rule: RuleSettings = getattr(self.under.review.results.rig.rules, lane.kind.setting)
        return limits(rule) if rule.on else None

    def _limited_lanes(self) -> list[LimitedLane]:
        """Return the lanes that have limits, as they are drawn."""
        line, lanes = self.line(), self._shown_lanes()
        if len(self._ranges) != len(lanes):
            return []
        return [
            LimitedLane(
                lane.name, lane.unit, lane.kind.setting, stand, line.top() + top, line.top() + bottom, most, lane.kind.leans
            )
            for lane, (top, bottom), (_, most) in zip(lanes, self._areas(lanes, line.height()), self._ranges, strict=True)
            if lane.kind is not None and (stand := self._own_limits(lane)) is not None
        ]

    def _limit_at(self, at: QPointF) -> HeldLimit | None:
        """Return the limit whose line is near; instants of repetitions go before it."""
        line = self.line()
        if not line.left() <= at.x() <= line.right() or self._grip_at(at.x()) is not None:
            return None
        return limit_at(at.y(), self._limited_lanes(), max(self.px(NEAR_PX) / 2.0, 3.0))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Take hold of a limit that is near, or do what any panel along time does."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._held = self._limit_at(event.position())
        if self._held is None:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Drag a limit that is held; else show that something could be."""
        if self._held is not None:
            self._held = dragged(self._held, event.position().y())
            self.update()
            return
        super().mouseMoveEvent(event)
        if self._dragged is None and self._limit_at(event.position()) is not None:
            self.setCursor(Qt.CursorShape.SizeVerCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Ask for limits as they were dragged, or do what any panel along time does."""
        held, self._held = self._held, None
        if held is None:
            super().mouseReleaseEvent(event)
        elif held.limits != held.lane.limits:
            self.limited.emit(held.lane.rule, *held.limits)
        self.update()

    def draw(self, painter: QPainter) -> None:
        """Draw the lanes, and the repetitions over them."""
        lanes = self._shown_lanes()
        if not lanes:
            self.say(painter, "Nothing to draw", "this recording has neither force plates nor electrodes nor markers")
            return
        line = self.line()
        painter.drawImage(line, self._draw_lanes(line).image)
        for lane, (top, bottom), span in zip(lanes, self._areas(lanes, line.height()), self._ranges, strict=True):
            self._letters(painter, lane, QRectF(0, line.top() + top, line.left(), bottom - top), span)
            painter.fillRect(QRectF(line.left(), line.top() + top, line.width(), 1), colours.LINE)
        drawn_limits(painter, self, line, self._limited_lanes(), self._held)
        self.axis(painter, line)
        for start_s, end_s, number in self.under.dropped():
            left, right = (min(max(self.x_of(at_s), line.left()), line.right()) for at_s in (start_s, end_s))
            if right > left:
                painter.setPen(QPen(colours.FAINT, max(1.0, self.px(1.5)), Qt.PenStyle.DashLine))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(QRectF(left, line.top(), right - left, line.height()))
                spot = QRectF(left, self.px(4), right - left, max(self.px(26), lettering.LEAST_PX + 3.0))
                if spot.width() < self.px(_NARROW_PX):
                    continue
                lettering.write(painter, spot, f"{number} dropped", self.px(16), colours.FAINT, lettering.CENTRE)
        for row in self.shown():
            self._repetition(painter, line, row)
        self.cursor_line(painter, line)

    def _repetition(self, painter: QPainter, line: QRectF, row: RepetitionResult) -> None:
        """Draw a repetition over the lanes: its ground, its instants, its number; of a narrow one the ground alone."""
        chosen = row.number == self.under.number
        instants = self.instants(row)
        left, right = (min(max(self.x_of(at_s), line.left()), line.right()) for at_s in (instants[0], instants[2]))
        tint = QColor(colours.LEFT if chosen else colours.FAINT)
        tint.setAlpha(38 if chosen else 24)
        painter.fillRect(QRectF(left, line.top(), right - left, line.height()), tint)
        if right - left < self.px(_NARROW_PX) and not chosen:
            return
        colour, width = (colours.LEFT, 2.5) if chosen else (colours.FAINT, 1.5)
        for at_s, style in zip(instants, (Qt.PenStyle.SolidLine, Qt.PenStyle.DotLine, Qt.PenStyle.SolidLine), strict=True):
            x = self.x_of(at_s) if math.isfinite(at_s) else -1.0
            if line.left() <= x <= line.right():
                painter.setPen(QPen(colour, max(1.0, self.px(width)), style))
                painter.drawLine(QPointF(x, line.top()), QPointF(x, line.bottom()))
        name = f"{row.number}{'?' if row.doubt else ''}{f' {row.edited}' if row.edited else ''}"
        room = max(right - left, self.px(_NARROW_PX))
        spot = QRectF((left + right - room) / 2, self.px(4), room, max(self.px(26), lettering.LEAST_PX + 3.0))
        ink = colours.TEXT if chosen else colours.QUIET
        lettering.write(painter, spot, name, self.px(18), ink, lettering.CENTRE, bold=chosen)

    def _letters(self, painter: QPainter, lane: Lane, area: QRectF, span: tuple[float, float]) -> None:
        size = min(self.px(17), max(float(lettering.LEAST_PX), area.height() - 2))
        wide = area.width() - self.px(10) - self.px(8)
        colour = lane.colours[0] if len(lane.colours) == 1 and lane.electrode else colours.QUIET
        if lane.electrode is not None or area.height() < self.px(36):
            lettering.write(
                painter, QRectF(self.px(8), area.top(), wide, area.height()), lane.name, size, colour, lettering.RIGHT
            )
            return
        middle = area.center().y()
        lettering.write(
            painter, QRectF(self.px(8), middle - self.px(24), wide, self.px(24)), lane.name, size, colour, lettering.RIGHT
        )
        said = f"{span[0]:.0f} to {span[1]:.0f} {lane.unit}"
        lettering.write(
            painter, QRectF(self.px(8), middle, wide, self.px(24)), said, 0.8 * size, colours.FAINT, lettering.RIGHT
        )

    def meaning(self, at: QPointF) -> str:
        """Return what the lane at a point shows: unit, formula and sign."""
        line, lanes = self.line(), self._shown_lanes()
        areas = self._areas(lanes, line.height())
        lane = next((one for one, (top, end) in zip(lanes, areas, strict=True) if top <= at.y() - line.top() < end), None)
        if (limit := self._limit_at(at)) is not None:
            return in_words(limit)
        if lane is None:
            return "Lines: start, bottom and end of each repetition; they can be dragged."
        if lane.electrode is not None:
            return f"{lane.name} [µV]: {self.told()}."
        table = self.under.review.found.table_with(*lane.columns)
        ids = [] if table is None else [table.formula_ids[table.columns.index(name)] for name in lane.columns]
        return "\n".join(f"{f.column} [{f.unit}]: {f.text}. Sign: {f.sign}." for f in map(FORMULAS.__getitem__, ids))

    def told(self) -> str:
        """Say how EMG is drawn, and which of it."""
        count = len(self._electrodes)
        if not count:
            return "no EMG"
        self._draw_lanes(self.line())
        last = min(self.first + self.room, count)
        which = f" {self.first + 1} to {last} of {count} (e: more)" if last - self.first < count else ""
        how = "" if self.under.to_s - self.under.from_s <= RAW_S else ", envelopes"
        most_uV = self._ranges[-1][1]
        return f"EMG{which} ±{lettering.number(most_uV)} µV{how}"


def _lanes(under: UnderReview) -> list[Lane]:
    """Return the lanes of frames that a recording has."""
    found = under.review.found
    lanes = []
    sides = [plate.side for plate in found.rig.plate]
    if under.force is not None:
        forces = [*(f"fz_{side}_N" for side in SIDES if side in sides)]
        lanes.append(Lane("height", "mm", (colours.NET,), ("com_height_mm",)))
        lanes.append(Lane("force", "N", tuple(colours.SIDES[side] for side in SIDES if side in sides), tuple(forces)))
    for kind in KINDS:
        if kind.lane and (len(sides) > 1 or not kind.of_both_plates) and found.table_with(*kind.columns) is not None:
            ink = (colours.NET,) if kind.leans else (colours.LEFT, colours.RIGHT)
            lanes.append(Lane(kind.short, kind.unit, ink, kind.columns, about_zero=True, kind=kind))
    knees = tuple(f"knee_margin_{side}_mm" for side in SIDES)
    if found.table_with(*knees) is not None:
        lanes.append(Lane("knee margin", "mm", (colours.LEFT, colours.RIGHT), knees))
    return lanes
