"""The plates from above, to scale, the lifter's right on the right: each foot's centre of pressure with its trail."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QResizeEvent

from acquisition.rig import SIDES, Plate
from acquisition.rig.lifter_axes import right_and_front
from hardware.severity import Severity
from processing.flags.amounts import amount
from ui.dashboard.drawing import charts, colours, lettering
from ui.dashboard.drawing.panel import Panel
from ui.dashboard.feed.feed import Feed
from ui.dashboard.panels.plates.spots import Spots

Points = NDArray[np.float64]
LEAST_UNSURE_MM = 0.5
_RESTING = "stand still for a second to set the reference"


class PlatesView(Panel):
    """Both plates, each foot's centre of pressure, the net one, and the middle of the stance once it is known."""

    formulas = ("cop.lab", "fz.frame_mean", "foot_cop_medial.foot_axis", "foot_cop_medial.foot_width")

    def __init__(self, feed: Feed) -> None:
        super().__init__("PLATES FROM ABOVE")
        self._feed = feed
        self._plates = [plate for plate in feed.rig.plate if plate.corners_mm is not None] if feed.rig else []
        self._axes = right_and_front(feed.rig) if feed.rig else np.eye(2)
        self._corners = [np.asarray(plate.corners_mm)[:, :2] @ self._axes.T for plate in self._plates]
        self._digits: dict[str, float] = {}
        self._moved = ""
        self._outlines = [pyqtgraph.PlotCurveItem(antialias=True, fillLevel="enclosed") for _ in self._plates]
        self._crosses = [pyqtgraph.PlotCurveItem(connect="pairs") for _ in self._plates]
        self._letters = [_letter(plate) for plate in self._plates]
        self._middle = pyqtgraph.InfiniteLine(angle=90)
        self._spots = Spots()
        self.chart = charts.plot(self)
        self.chart.setAspectLocked(True)
        self.chart.setVisible(bool(self._plates))
        for item in (*self._outlines, *self._crosses, *self._letters, self._middle, self._spots):
            self.chart.addItem(item, ignoreBounds=True)

    def refresh_digits(self) -> None:
        """Take new numbers."""
        names = ("fz_{}_N", "foot_cop_medial_{}_mm", "foot_cop_medial_{}_pct", "foot_cop_medial_unsure_{}_mm")
        self._digits = {(n := name.format(side)): self._feed.value(n) for name in names for side in SIDES}

    def showing(self) -> object:
        """Digits and what is said beside the title; the points move on their own."""
        feed = self._feed
        severities = tuple(feed.severity(f"foot_cop_change_{side}_mm") for side in SIDES)
        return severities, feed.lost_streams(), str(self._digits), self._resting()

    def refresh(self) -> None:
        """Move the points if a frame is new, and write what has changed beside them."""
        super().refresh()
        newest = str(self._feed.newest_s)
        if self._plates and newest != self._moved:
            self._moved = newest
            self._move()

    def _resting(self) -> bool:
        return math.isfinite(self._feed.value("fz_total_N")) and math.isnan(self._feed.value("body_weight_N"))

    def resizeEvent(self, _event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Lay the chart out between the numbers, and draw the plates in lines that suit the size of the window."""
        if not self._plates:
            return
        area = self.inside(top=42)
        margin = min(0.205 * area.width(), self.px(190))
        self.chart.setGeometry(area.adjusted(margin, 0, -margin, 0).toRect())
        corners = np.concatenate(self._corners)
        least, most = corners.min(axis=0), corners.max(axis=0)
        self.chart.setRange(xRange=(least[0], most[0]), yRange=(least[1], most[1]), padding=0.015)
        thin = max(1.0, self.px(1))
        for k, (plate, outline) in enumerate(zip(self._plates, self._corners, strict=True)):
            closed = np.vstack([outline, outline[:1]])
            pen = pyqtgraph.mkPen(colours.SIDES[plate.side], width=self.px(2))
            self._outlines[k].setData(closed[:, 0], closed[:, 1], pen=pen, brush=colours.WELL)
            centre = outline.mean(axis=0)
            cross = centre + 0.98 * ((closed[:-1] + closed[1:]) / 2 - centre)[[0, 2, 1, 3]]
            self._crosses[k].setData(cross[:, 0], cross[:, 1], pen=pyqtgraph.mkPen(colours.GRID, width=thin))
            x = outline[:, 0].min() if plate.side == "left" else outline[:, 0].max()
            self._letters[k].setPos(x, outline[:, 1].max())
            self._letters[k].setFont(lettering.typeface(round(self.px(22)), True)[0])
        self._middle.setPen(pyqtgraph.mkPen(colours.QUIET, width=max(1.0, self.px(1.5)), style=Qt.PenStyle.DashLine))
        self._spots.style(self.px(1))
        self._move()

    def _cop(self, side: str) -> Points:
        """Return the trail of a foot's centre of pressure, (n, 2) in mm to the right and to the front."""
        axes = [self._feed.trail(f"cop_{side}_{axis}_mm") for axis in "xy"]
        return np.column_stack(axes) @ self._axes.T

    def _net(self) -> Points:
        """Return the net centre of pressure, (2,) in mm to the right and to the front; NaN unless both feet have one."""
        forces = [self._feed.value(f"fz_{side}_N") for side in SIDES]
        left, right = (self._cop(side)[-1] for side in SIDES)
        total = sum(forces)
        return (forces[0] * left + forces[1] * right) / total if total > 0 else np.full(2, np.nan)

    def _move(self) -> None:
        """Move all points, and the middle of the stance, to where the newest frame has them."""
        net = self._net()
        self._spots.show_at({plate.side: self._cop(plate.side) for plate in self._plates}, net)
        middle = net[0] - self._feed.value("cop_net_shift_mm")
        self._middle.setVisible(math.isfinite(middle))
        if math.isfinite(middle):
            self._middle.setValue(middle)

    def draw(self, painter: QPainter) -> None:
        """Write the numbers of each foot, and a remark beside the title."""
        if not self._plates:
            self.say(painter, "No force plates in this rig")
            return
        for plate in self._plates:
            self._numbers(painter, self.inside(top=42), plate)
        stopped = self._feed.lost_streams()
        if stopped:
            self.aside(painter, f"{stopped[0]}: no data", colours.RED, severity=Severity.RED)
        elif self._resting():
            self.aside(painter, _RESTING, colours.TEXT)
        else:
            self.aside(painter, "front is up")

    def _numbers(self, painter: QPainter, area: QRectF, plate: Plate) -> None:
        width = min(0.2 * area.width(), self.px(180))
        x = area.left() if plate.side == "left" else area.right() - width
        align = lettering.LEFT if plate.side == "left" else lettering.RIGHT
        medial = f"foot_cop_medial_{plate.side}_mm"
        severity = self._feed.severity(f"foot_cop_change_{plate.side}_mm")
        value = self._digits.get(medial, math.nan)
        way = "" if math.isnan(value) or round(value) == 0 else " inward" if value > 0 else " outward"
        unsure = self._digits.get(f"foot_cop_medial_unsure_{plate.side}_mm", 0.0)
        if unsure >= LEAST_UNSURE_MM:
            way += f" ± {unsure:.0f}"
        pct = self._digits.get(f"foot_cop_medial_{plate.side}_pct", math.nan)
        of_width = f"{abs(pct):.0f} % of the foot" if math.isfinite(pct) else ""
        rows = (
            (f"{lettering.number(self._digits.get(f'fz_{plate.side}_N', math.nan))} N", 30, colours.SIDES[plate.side], True),
            ("foot COP", 16, colours.QUIET, False),
            (
                f"{amount(value, 'mm', medial)}{way}" if math.isfinite(value) else "–",
                20,
                colours.SEVERITIES[severity],
                severity > 0,
            ),
            (
                severity.name if severity else of_width,
                18,
                colours.SEVERITIES[severity] if severity else colours.QUIET,
                severity > 0,
            ),
        )
        y = area.center().y() - self.px(76)
        for text, size, colour, bold in rows:
            lettering.write(painter, QRectF(x, y, width, self.px(1.4 * size)), text, self.px(size), colour, align, bold=bold)
            y += self.px(1.4 * size + (8 if size == 30 else 0))
        if severity:
            shift = lettering.width_of(severity.name, self.px(18), bold=True) + self.px(20)
            sign_x = x + shift if plate.side == "left" else x + width - shift
            lettering.sign(painter, QPointF(sign_x, y - self.px(12)), self.px(24), severity)


def _letter(plate: Plate) -> pyqtgraph.TextItem:
    """Return the letter that stands in a plate's upper outer corner."""
    colour = colours.mixed(colours.SIDES[plate.side], colours.WELL, 0.7)
    return pyqtgraph.TextItem(plate.side[0].upper(), colour, anchor=(0 if plate.side == "left" else 1, 0))
