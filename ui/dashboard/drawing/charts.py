"""Charts: pyqtgraph's plots as a lab screen wants them, with the dashboard's colours and letters and nothing to drag."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyqtgraph
from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import QGraphicsItem, QGraphicsSimpleTextItem, QGraphicsView

from ui.dashboard.drawing import colours, lettering

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QWidget

pyqtgraph.setConfigOptions(background=colours.PANEL, foreground=colours.FAINT, antialias=False, imageAxisOrder="row-major")


def plot(parent: QWidget) -> pyqtgraph.PlotWidget:
    """Return an empty plot within a panel: no axes, no menu, no autorange, and repainted only where an item says so."""
    widget = pyqtgraph.PlotWidget(parent, enableMenu=False)
    widget.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    widget.setCacheMode(QGraphicsView.CacheModeFlag.CacheNone)
    widget.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
    item = widget.getPlotItem()
    item.hideButtons()
    item.setMouseEnabled(x=False, y=False)
    item.disableAutoRange()
    item.layout.setContentsMargins(0, 0, 0, 0)
    # Axes that touch the view would be drawn again with each of its columns.
    item.layout.setRowSpacing(2, 3)
    item.layout.setColumnSpacing(0, 3)
    for side in ("left", "bottom"):
        item.hideAxis(side)
    return widget


def show_axis(widget: pyqtgraph.PlotWidget, side: str, size: int) -> pyqtgraph.AxisItem:
    """Show the axis on a side, without a line or ticks of its own, `size` pixels wide or high; returns it."""
    axis = widget.getAxis(side)
    axis.setPen(None)
    axis.setTextPen(colours.FAINT)
    axis.setStyle(tickLength=0, tickAlpha=0, autoExpandTextSpace=False, autoReduceTextSpace=False)
    if side == "left":
        axis.setWidth(size)
    else:
        axis.setHeight(size)
    widget.showAxis(side)
    return axis


def mark(axis: pyqtgraph.AxisItem, values: Sequence[float], unit: str, px: float) -> None:
    """Write values with their unit along an axis, in letters of that size, and nothing between them."""
    axis.setTickFont(lettering.typeface(round(px), False)[0])
    axis.setTicks([[(value, f"{value:g} {unit}") for value in values]])


def label(
    parent: QGraphicsItem, text: str, px: float, colour: QColor, width: float, *, bold: bool = False
) -> QGraphicsSimpleTextItem:
    """Return a line of text as an item in its parent's pixels; what is wider than `width` is made smaller, then shortened."""
    font, fitting = lettering.fitted(text, round(px), bold, int(width))
    item = QGraphicsSimpleTextItem(fitting, parent)
    item.setFont(font)
    item.setBrush(QBrush(colour))
    return item
