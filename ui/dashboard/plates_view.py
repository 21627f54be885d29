"""The plates from above, to scale, the lifter's right on the right: each foot's centre of pressure with its trail."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from acquisition.rig import Plate, Rig
from processing.force import right_direction
from ui.dashboard import colours, lettering
from ui.dashboard.feed import Feed
from ui.dashboard.panel import Panel

Points = NDArray[np.float64]
ToScreen = Callable[[Points], list[QPointF]]
_TRAIL_STEPS = 6
_RESTING = "stand still for a second to set the reference"


class PlatesView(Panel):
    """Both plates, each foot's centre of pressure, the net one, and the middle of the stance once it is known."""

    def __init__(self, feed: Feed) -> None:
        """Lay the plates out as they lie in the lab."""
        super().__init__("PLATES FROM ABOVE")
        self._feed = feed
        self._plates = list(feed.rig.plate) if feed.rig else []
        self._axes = _right_and_front(feed.rig) if feed.rig else np.eye(2)
        self._corners = [np.asarray(plate.corners_mm)[:, :2] @ self._axes.T for plate in self._plates]
        self._digits: dict[str, float] = {}

    def refresh_digits(self) -> None:
        """Take new numbers."""
        names = ("fz_{}_N", "foot_cop_medial_{}_mm")
        self._digits = {(n := name.format(side)): self._feed.value(n) for name in names for side in ("left", "right")}

    def showing(self) -> object:
        """The newest frame, digits and what is said beside the title."""
        feed = self._feed
        severities = tuple(feed.severity(f"foot_cop_medial_{side}_mm") for side in ("left", "right"))
        return str(feed.newest_s), severities, feed.lost_streams(), str(self._digits)

    def draw(self, painter: QPainter) -> None:
        """Draw plates, trails, points and the numbers of each foot."""
        if not self._plates:
            self.say(painter, "No force plates in this rig")
            return
        place = self.inside(top=42)
        margin = min(0.205 * place.width(), self.px(190))
        to_screen = self._to_screen(place.adjusted(margin, 0, -margin, 0))
        for plate, corners in zip(self._plates, self._corners, strict=True):
            self._plate(painter, plate, to_screen(corners))
        for plate in self._plates:
            self._foot(painter, plate, to_screen)
            self._numbers(painter, place, plate)
        if len(self._plates) == 2:
            self._net(painter, self._net_point(), place, to_screen)
        stopped = self._feed.lost_streams()
        if stopped:
            self.aside(painter, f"{stopped[0]}: no data", colours.RED, severity=2)
        elif math.isfinite(self._feed.value("fz_total_N")) and math.isnan(self._feed.value("body_weight_N")):
            self.aside(painter, _RESTING, colours.TEXT)
        else:
            self.aside(painter, "front is up")

    def _to_screen(self, place: QRectF) -> ToScreen:
        corners = np.concatenate(self._corners)
        least, most = corners.min(axis=0), corners.max(axis=0)
        extent = np.maximum(most - least, 1.0)
        per_mm = min(place.width() / extent[0], place.height() / extent[1]) * np.array([1.0, -1.0])
        origin = np.array([place.center().x(), place.center().y()]) - per_mm * (least + most) / 2

        def to_screen(points: Points) -> list[QPointF]:
            return [QPointF(x, y) for x, y in (origin + per_mm * points).tolist()]

        return to_screen

    def _plate(self, painter: QPainter, plate: Plate, corners: list[QPointF]) -> None:
        colour = colours.SIDES[plate.side]
        painter.setPen(QPen(colour, self.px(2)))
        painter.setBrush(colours.WELL)
        painter.drawPolygon(QPolygonF(corners))
        box = QPolygonF(corners).boundingRect()
        painter.setPen(QPen(colours.GRID, max(1.0, self.px(1))))
        painter.drawLine(
            QPointF(box.center().x(), box.top() + self.px(3)), QPointF(box.center().x(), box.bottom() - self.px(3))
        )
        painter.drawLine(
            QPointF(box.left() + self.px(3), box.center().y()), QPointF(box.right() - self.px(3), box.center().y())
        )
        spot = box.adjusted(self.px(8), self.px(4), -self.px(8), -self.px(4))
        align = Qt.AlignmentFlag.AlignTop | (
            Qt.AlignmentFlag.AlignLeft if plate.side == "left" else Qt.AlignmentFlag.AlignRight
        )
        lettering.write(painter, spot, plate.side[0].upper(), self.px(22), colours.faded(colour, 0.7), align, bold=True)

    def _cop(self, side: str) -> Points:
        """Return the trail of a foot's centre of pressure, (n, 2) in mm to the right and to the front."""
        axes = [self._feed.trail(f"cop_{side}_{axis}_mm") for axis in "xy"]
        return np.column_stack(axes) @ self._axes.T

    def _foot(self, painter: QPainter, plate: Plate, to_screen: ToScreen) -> None:
        trail, colour = self._cop(plate.side), colours.SIDES[plate.side]
        thinned = trail[::2]
        step = len(thinned) // _TRAIL_STEPS
        known = np.isfinite(thinned[:, 0] + thinned[:, 1])
        for k in range(_TRAIL_STEPS):
            piece = slice(k * step, (k + 1) * step + 1)
            painter.setPen(QPen(colours.faded(colour, 0.2 + 0.75 * k / _TRAIL_STEPS), self.px(2.5 + 0.4 * k)))
            painter.drawPolyline(QPolygonF(to_screen(thinned[piece][known[piece]])))
        if np.isfinite(trail[-1]).all():
            painter.setPen(QPen(colours.GROUND, self.px(2)))
            painter.setBrush(colour)
            painter.drawEllipse(to_screen(trail[-1:])[0], self.px(9), self.px(9))

    def _net_point(self) -> Points:
        """Return the net centre of pressure, (2,) in mm to the right and to the front; NaN unless both feet have one."""
        forces = [self._feed.value(f"fz_{side}_N") for side in ("left", "right")]
        left, right = (self._cop(side)[-1] for side in ("left", "right"))
        total = sum(forces)
        return (forces[0] * left + forces[1] * right) / total if total > 0 else np.full(2, np.nan)

    def _net(self, painter: QPainter, point: Points, place: QRectF, to_screen: ToScreen) -> None:
        """Draw the net centre of pressure as a diamond, and the middle of the stance as a line."""
        if not np.isfinite(point).all():
            return
        middle = point[0] - self._feed.value("cop_net_shift_mm")
        if math.isfinite(middle):
            x = to_screen(np.array([[middle, 0.0]]))[0].x()
            painter.setPen(QPen(colours.QUIET, max(1.0, self.px(1.5)), Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(x, place.top()), QPointF(x, place.bottom()))
        spot, r = to_screen(point[None])[0], self.px(8)
        corners = [QPointF(spot.x() + dx * r, spot.y() + dy * r) for dx, dy in ((0, -1), (1, 0), (0, 1), (-1, 0))]
        painter.setPen(QPen(colours.GROUND, self.px(2)))
        painter.setBrush(colours.NET)
        painter.drawPolygon(QPolygonF(corners))

    def _numbers(self, painter: QPainter, place: QRectF, plate: Plate) -> None:
        width = min(0.2 * place.width(), self.px(180))
        x = place.left() if plate.side == "left" else place.right() - width
        align = lettering.LEFT if plate.side == "left" else lettering.RIGHT
        medial = f"foot_cop_medial_{plate.side}_mm"
        severity = self._feed.severity(medial)
        value = self._digits.get(medial, math.nan)
        way = "" if math.isnan(value) or round(value) == 0 else " inward" if value > 0 else " outward"
        rows = (
            (f"{lettering.number(self._digits.get(f'fz_{plate.side}_N', math.nan))} N", 30, colours.SIDES[plate.side], True),
            ("foot COP", 16, colours.QUIET, False),
            (f"{lettering.number(abs(value))} mm{way}", 20, colours.SEVERITIES[severity], severity > 0),
            (lettering.WORDS.get(severity, ""), 18, colours.SEVERITIES[severity], True),
        )
        y = place.center().y() - self.px(76)
        for text, size, colour, bold in rows:
            lettering.write(painter, QRectF(x, y, width, self.px(1.4 * size)), text, self.px(size), colour, align, bold=bold)
            y += self.px(1.4 * size + (8 if size == 30 else 0))
        if severity:
            shift = lettering.width_of(lettering.WORDS[severity], self.px(18), bold=True) + self.px(20)
            sign_x = x + shift if plate.side == "left" else x + width - shift
            lettering.sign(painter, QPointF(sign_x, y - self.px(12)), self.px(24), severity)


def _right_and_front(rig: Rig) -> Points:
    """Return the unit vectors (2, 2) to the lifter's right and front in the lab's x and y; + x is right where none is known."""
    centres = {plate.side: np.mean(np.asarray(plate.corners_mm), axis=0) for plate in rig.plate}
    unknown = np.full(3, np.nan)
    try:
        right = right_direction(rig.lab.right_axis, centres.get("left", unknown), centres.get("right", unknown))[:2]
    except ValueError:
        right = unknown[:2]
    if not np.isfinite(right).all():
        right = np.array([1.0, 0.0])
    return np.array([right, [-right[1], right[0]]])
