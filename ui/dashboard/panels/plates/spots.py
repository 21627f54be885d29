"""Spots on the plates: each foot's centre of pressure with its fading trail, and the net one, painted as one item."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from acquisition.rig import SIDES
from ui.dashboard.drawing import colours
from ui.dashboard.feed.feed import TRAIL_ROWS

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QColor
    from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

    from acquisition.rig import Side

_EVERY = 4  # of the trail's rows, which are 10 ms apart
_SHADES = 12
_PER_SHADE = TRAIL_ROWS // _EVERY // _SHADES
_FOOT_PX, _NET_PX = 10.0, 9.5
_ROOM_MM = 100.0


class Spots(pyqtgraph.GraphicsObject):  # type: ignore[misc]
    """All spots of the plates; positions are in mm, sizes in pixels of the 1920 x 1080 design, of which one is `px` here."""

    def __init__(self) -> None:
        super().__init__()
        self._px = 1.0
        self._fading: dict[Side, list[QPen]] = {}
        self._trails: dict[Side, NDArray[np.float64]] = {}
        self._net = np.full(2, math.nan)
        self._bounds = QRectF()

    def style(self, px: float) -> None:
        """Take the size of a pixel of the design, and the colours of now."""
        self._px = px
        self._fading = {side: [_faded(colours.SIDES[side], shade / _SHADES, px) for shade in range(_SHADES)] for side in SIDES}

    def show_at(self, trails: dict[Side, NDArray[np.float64]], net: NDArray[np.float64]) -> None:
        """Show the trail of each foot, (TRAIL_ROWS, 2) from old to new, and the net one, (2,); NaN is nowhere."""
        self._trails, self._net = trails, net
        points = np.vstack([*trails.values(), net])
        known = points[np.isfinite(points).all(axis=1)]
        if len(known):
            least, most = QPointF(*known.min(axis=0)), QPointF(*known.max(axis=0))
            needed = QRectF(least, most).adjusted(-_ROOM_MM, -_ROOM_MM, _ROOM_MM, _ROOM_MM)
            if not self._bounds.contains(needed):
                self.prepareGeometryChange()
                self._bounds = self._bounds.united(needed)
        self.update()

    def boundingRect(self) -> QRectF:  # noqa: N802 - Qt's name
        """Return where anything has been painted, in mm."""
        return self._bounds

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """Paint in pixels of the screen, so that spots are round and as large at any scale."""
        mm = painter.transform()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        newest = {}
        for side, trail in self._trails.items():
            x_mm, y_mm = trail[_EVERY - 1 :: _EVERY].T
            x, y = mm.m11() * x_mm + mm.m21() * y_mm + mm.dx(), mm.m12() * x_mm + mm.m22() * y_mm + mm.dy()
            points = [
                QPointF(*at) if at[0] == at[0] and at[1] == at[1] else None for at in zip(x.tolist(), y.tolist(), strict=True)
            ]
            newest[side] = points[-1]
            for shade, pen in enumerate(self._fading[side]):
                here = [at for at in points[shade * _PER_SHADE : (shade + 1) * _PER_SHADE] if at is not None]
                if here:
                    painter.setPen(pen)
                    painter.drawPoints(here)
        painter.setPen(QPen(colours.GROUND, 2 * self._px))
        for side, at in newest.items():
            if at is not None:
                painter.setBrush(colours.SIDES[side])
                painter.drawEllipse(at, _FOOT_PX * self._px, _FOOT_PX * self._px)
        if np.isfinite(self._net).all():
            at, tall, wide = mm.map(QPointF(*self._net)), QPointF(0, _NET_PX * self._px), QPointF(0.8 * _NET_PX * self._px, 0)
            painter.setBrush(colours.NET)
            painter.drawPolygon(QPolygonF([at - tall, at + wide, at + tall, at - wide]))


def _faded(colour: QColor, share: float, px: float) -> QPen:
    """Return how points of a trail are painted, from the oldest (0) to the newest (1)."""
    mixed = colours.mixed(colour, colours.WELL, 0.25 + 0.7 * share)
    return QPen(mixed, (3 + 3 * share) * px, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
