"""Figures for maximal contractions: where the electrodes of a group of muscles belong, and what is to be done against what.

Sites are shares of the lines that SENIAM's sensor locations name, drawn on the left leg; outlines are sketches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen

from ui.dashboard.drawing import colours, lettering

if TYPE_CHECKING:
    from collections.abc import Sequence

Point = tuple[float, float]


class Figure(NamedTuple):
    """A leg, its view, electrodes on lines between two landmarks (name, from, to, share), and the contraction in sticks.

    Points are shares of the field's width and height. `limbs`: lines of the stick figure; `effort`: an arrow, from and to;
    `held`: where a hand or a strap holds against it.
    """

    view: str
    electrodes: tuple[tuple[str, Point, Point, float], ...]
    limbs: tuple[tuple[Point, ...], ...]
    effort: tuple[Point, Point]
    held: Point


_ASIS, _CREST, _SACRUM, _TROCHANTER = (0.64, 0.06), (0.40, 0.02), (0.80, 0.10), (0.24, 0.34)
_SEAT = (0.56, 0.22)
_PRONE = ((0.04, 0.62), (0.52, 0.62), (0.78, 0.62))
FIGURES: dict[str, Figure] = {
    "quadriceps": Figure(
        "left thigh, from the front",
        (
            ("VL", _ASIS, (0.66, 0.88), 2 / 3),
            ("RF", _ASIS, (0.50, 0.82), 1 / 2),
            ("VM", _ASIS, (0.36, 0.92), 4 / 5),
        ),
        (((0.30, 0.10), (0.30, 0.52), (0.66, 0.52), (0.66, 0.94)),),
        ((0.68, 0.82), (0.92, 0.72)),
        (0.68, 0.86),
    ),
    "hamstrings": Figure(
        "left thigh, from behind",
        (("BF", _SEAT, (0.36, 0.92), 1 / 2), ("ST", _SEAT, (0.64, 0.92), 1 / 2)),
        (_PRONE, ((0.78, 0.62), (0.94, 0.34))),
        ((0.90, 0.32), (0.68, 0.26)),
        (0.94, 0.34),
    ),
    "glutes": Figure(
        "left hip, from behind",
        (("GMax", _SACRUM, _TROCHANTER, 1 / 2), ("GMed", _CREST, _TROCHANTER, 1 / 2)),
        (_PRONE[:2], ((0.52, 0.62), (0.76, 0.50), (0.80, 0.24))),
        ((0.72, 0.46), (0.72, 0.20)),
        (0.74, 0.50),
    ),
}
_LATERAL = ((0.82, 0.10), (0.86, 0.40), (0.66, 0.70), (0.68, 0.98))
_MEDIAL = ((0.24, 0.24), (0.26, 0.50), (0.36, 0.70), (0.36, 0.98))


def draw_figure(painter: QPainter, area: QRectF, group: str, px: float) -> None:
    """Draw the figure of a group of muscles into a field: the leg on its left, the contraction on its right."""
    figure = FIGURES[group]
    left = QRectF(area.left(), area.top(), 0.42 * area.width(), area.height())
    right = QRectF(area.left() + 0.5 * area.width(), area.top(), 0.5 * area.width(), area.height())
    mirrored = figure.view.endswith("behind")
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colours.FAINT, 2 * px))
    for edge in (_LATERAL, _MEDIAL):
        painter.drawPath(_curve([_at(left, point, mirrored=mirrored) for point in edge]))
    for name, start, end, share in figure.electrodes:
        a, b = _at(left, start), _at(left, end)
        painter.setPen(QPen(colours.LINE, 1.5 * px, Qt.PenStyle.DashLine))
        painter.drawLine(a, b)
        spot = a + (b - a) * share
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.LEFT)
        painter.drawEllipse(spot, 6 * px, 6 * px)
        name_area = QRectF(spot.x() + 12 * px, spot.y() - 12 * px, 90 * px, 24 * px)
        lettering.write(painter, name_area, name, 17 * px, colours.TEXT, bold=True)
    lettering.write(painter, QRectF(left.left(), left.bottom(), area.width(), 22 * px), figure.view, 15 * px, colours.FAINT)
    _contraction(painter, right, figure, px)


def _contraction(painter: QPainter, area: QRectF, figure: Figure, px: float) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colours.QUIET, 7 * px, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    for limb in figure.limbs:
        painter.drawPolyline([_at(area, point) for point in limb])
    head = _at(area, figure.limbs[0][0])
    painter.setBrush(colours.QUIET)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawEllipse(head, 12 * px, 12 * px)
    painter.setBrush(colours.AMBER)
    painter.drawEllipse(_at(area, figure.held), 7 * px, 7 * px)
    start, end = (_at(area, point) for point in figure.effort)
    painter.setPen(QPen(colours.LEFT, 4 * px))
    painter.drawLine(start, end)
    along = end - start
    long = max(1.0, (along.x() ** 2 + along.y() ** 2) ** 0.5)
    back, across = along * (16 * px / long), QPointF(-along.y(), along.x()) * (8 * px / long)
    painter.drawPolyline([end - back + across, end, end - back - across])


def _at(area: QRectF, point: Point, *, mirrored: bool = False) -> QPointF:
    x = 1.0 - point[0] if mirrored else point[0]
    return QPointF(area.left() + x * area.width(), area.top() + point[1] * area.height())


def _curve(points: Sequence[QPointF]) -> QPainterPath:
    path = QPainterPath(points[0])
    path.cubicTo(points[1], points[2], points[3])
    return path
