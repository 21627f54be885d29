"""The canvas: an array of pixels on the screen, of which only what was written anew is painted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PySide6.QtGui import QPaintEvent


class Canvas(QWidget):
    """Shows an array as it lies, without a copy: what is written into it later needs `wrote` alone."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._image = QImage()
        self._ratio = 1.0

    def show_pixels(self, pixels: NDArray[np.uint32], corner: QPoint, ratio: float) -> None:
        """Show pixels 0xffRRGGBB, (height, width), at a point of the parent; `ratio` of them are one of Qt's."""
        height, width = pixels.shape
        self._image = QImage(pixels.data, width, height, pixels.strides[0], QImage.Format.Format_RGB32)
        self._ratio = ratio
        self.setGeometry(QRect(corner, QSize(math.ceil(width / ratio), math.ceil(height / ratio))))
        self.update()

    def wrote(self, left: int, right: int) -> None:
        """Have the columns from `left` to before `right` painted."""
        first = math.floor(left / self._ratio)
        self.update(first, 0, math.ceil(right / self._ratio) - first, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint what was written."""
        area = event.rect()
        with QPainter(self) as painter:
            if self._ratio == 1.0:
                painter.drawImage(area.topLeft(), self._image, area)
            else:
                corner, size = area.topLeft() * self._ratio, area.size() * self._ratio
                painter.drawImage(area, self._image, QRect(corner, size))
