"""Letters and signs: one family of type, digits of one width, text that never leaves its area, signs for severity."""

from __future__ import annotations

import math
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetricsF, QPainter, QPainterPath, QPen

from hardware.severity import Severity
from ui.dashboard import DashboardError
from ui.dashboard.drawing.colours import FAINT, GROUND, SEVERITIES

# Sans-serif families whose digits all have the same width, so that numbers don't jump.
_FAMILIES = ("Roboto", "Segoe UI", "Noto Sans", "Open Sans", "Helvetica Neue", "Liberation Sans", "DejaVu Sans")
# Names that Qt lists even where there is no font behind them.
_NO_FONTS = {"Monospace", "Sans Serif", "Serif"}
LEAST_PX = 11
# Control characters have no width of their own, and some fonts draw a box for them.
_CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)], " ")

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
CENTRE = Qt.AlignmentFlag.AlignCenter


@lru_cache(maxsize=1)
def _family() -> str:
    found = set(QFontDatabase.families()) - _NO_FONTS
    if not found:
        raise DashboardError(
            "Qt finds no fonts, so nothing could be read on the dashboard; install one (on Debian or Ubuntu: apt-get install "
            "fonts-dejavu-core) or set QT_QPA_FONTDIR to a folder of fonts."
        )
    return next((family for family in _FAMILIES if family in found), "Sans Serif")


@lru_cache(maxsize=256)
def typeface(px: int, bold: bool) -> tuple[QFont, QFontMetricsF]:
    """Return the font of a size in pixels, with its measures; raises DashboardError where there are no fonts at all."""
    font = QFont(_family())
    font.setPixelSize(max(px, LEAST_PX))
    font.setWeight(QFont.Weight.Bold if bold else QFont.Weight.Normal)
    return font, QFontMetricsF(font)


@lru_cache(maxsize=4096)
def fitted(text: str, px: int, bold: bool, width: int) -> tuple[QFont, str]:
    """Return a font and a text that fit into `width`: smaller by up to a quarter, then shortened.

    Control characters become spaces.
    """
    text = text.translate(_CONTROLS)
    for size in (px, round(0.87 * px), round(0.75 * px)):
        font, measures = typeface(size, bold)
        if measures.horizontalAdvance(text) <= width:
            return font, text
    return font, measures.elidedText(text, Qt.TextElideMode.ElideRight, width)


def write(
    painter: QPainter,
    area: QRectF,
    text: str,
    px: float,
    colour: QColor,
    align: Qt.AlignmentFlag = LEFT,
    *,
    bold: bool = False,
) -> None:
    """Write one line into its area; what does not fit is made smaller, then shortened."""
    font, fitting = fitted(text, round(px), bold, int(area.width()) + 1)
    painter.setFont(font)
    painter.setPen(colour)
    painter.drawText(area, int(align) | int(Qt.TextFlag.TextSingleLine), fitting)


def paragraph(painter: QPainter, area: QRectF, text: str, px: float, colour: QColor) -> None:
    """Write a sentence over as many lines as its area holds, smaller if it needs more."""
    text = text.translate(_CONTROLS)
    flags = int(Qt.TextFlag.TextWordWrap) | int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
    for size in (round(px), round(0.87 * px), round(0.75 * px)):
        font, measures = typeface(size, False)
        if measures.boundingRect(area, flags, text).height() <= area.height():
            break
    painter.setFont(font)
    painter.setPen(colour)
    painter.save()
    painter.setClipRect(area)
    painter.drawText(area, flags, text)
    painter.restore()


def width_of(text: str, px: float, *, bold: bool = False) -> float:
    """Return how wide a text is in pixels."""
    return typeface(round(px), bold)[1].horizontalAdvance(text)


def sign(painter: QPainter, centre: QPointF, size: float, severity: Severity, *, dim: bool = False) -> None:
    """Draw the sign of a severity: fine a ring, amber a triangle, red an octagon, both with an exclamation mark."""
    x, y, r = centre.x(), centre.y(), size / 2
    colour = FAINT if dim else SEVERITIES[severity]
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if severity is Severity.FINE:
        painter.setPen(QPen(colour, max(1.5, 0.12 * size)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(centre, 0.6 * r, 0.6 * r)
        painter.restore()
        return
    shape = QPainterPath()
    if severity is Severity.AMBER:
        corners = [(x, y - r), (x + 1.1 * r, y + 0.85 * r), (x - 1.1 * r, y + 0.85 * r)]
    else:
        turns = [math.pi / 8 + k * math.pi / 4 for k in range(8)]
        corners = [(x + 1.05 * r * math.cos(turn), y + 1.05 * r * math.sin(turn)) for turn in turns]
    shape.moveTo(*corners[0])
    for corner in corners[1:]:
        shape.lineTo(*corner)
    shape.closeSubpath()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.fillPath(shape, colour)
    painter.setBrush(GROUND)
    middle = y + (0.12 * r if severity is Severity.AMBER else 0)
    painter.drawRoundedRect(QRectF(x - 0.13 * r, middle - 0.5 * r, 0.26 * r, 0.62 * r), 0.1 * r, 0.1 * r)
    painter.drawEllipse(QPointF(x, middle + 0.42 * r), 0.16 * r, 0.16 * r)
    painter.restore()


def number(value: float, decimals: int = 0) -> str:
    """Return a number as text, or a dash where there is none."""
    return "–" if not math.isfinite(value) else f"{round(value, decimals) + 0.0:.{decimals}f}"


def clock(seconds: float) -> str:
    """Return a session time as m:ss, or h:mm:ss from an hour on; 0:00 before it has begun."""
    whole = max(0, int(seconds)) if math.isfinite(seconds) else 0
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"
