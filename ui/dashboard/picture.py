"""A picture of the dashboard: the last seconds of a ring as a PNG, on a machine with or without a screen."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from acquisition.ring import Ring
from ui.dashboard import DashboardError, lettering, sweep
from ui.dashboard.feed import Feed
from ui.dashboard.window import Window

if TYPE_CHECKING:
    from pathlib import Path


def save(ring_path: Path, png: Path, size: tuple[int, int] = (1920, 1080)) -> None:
    """Draw the last state of a ring, with the last ten seconds of traces and all flags, and save it as `png`.

    No screen is needed, but a font is: without one Qt draws boxes, so that is refused (on Debian or Ubuntu the package
    fonts-dejavu-core is enough). Raises RingError for a file that is no ring, and DashboardError where `png` exists, can't be
    written, or there is no font.
    """
    if png.exists():
        raise DashboardError(f"{png} exists already, and nothing is ever overwritten; give another name.")
    ring = Ring.attach(ring_path)
    if QApplication.instance() is None and sys.platform == "linux":
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication.instance() or QApplication(["squatscope"])
    lettering.typeface(20, False)
    sweep.warm()
    window = Window(Feed(ring, frozen=True))
    window.resize(*size)
    window.ensurePolished()
    window.grab()  # lays out the panels
    window.catch_up()
    image = window.grab().toImage()
    window.deleteLater()
    app.processEvents()
    if not image.save(str(png)):
        raise DashboardError(f"The picture {png} can't be written; does its folder exist, and is there room on the disk?")
