"""A picture of the dashboard as a PNG, on a machine with or without a screen."""

from __future__ import annotations

import math
import os
import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer
from PySide6.QtWidgets import QApplication

from acquisition.ring import Ring, SessionPhase
from acquisition.storage.disk import write_whole
from ui.dashboard import DashboardError
from ui.dashboard.drawing import lettering, sweep
from ui.dashboard.feed import worst_frame as worst_frame
from ui.dashboard.feed.feed import Feed
from ui.dashboard.views.operator import Window

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ui.dashboard.views.view import RingView, View

_EXISTS = "{} exists already, and nothing is ever overwritten; give another name."


def save(
    ring_path: Path, png: Path, view: Callable[[Feed], RingView] = Window, *, size: tuple[int, int] = (1920, 1080)
) -> None:
    """Draw a ring, with ten seconds of traces, and save it as `png`.

    A session that goes on is drawn as it stands, one that has ended at its worst frame, or at its end if no flag was up.
    No screen is needed, but a font is: without one Qt draws boxes, so that is refused (on Debian or Ubuntu the package
    fonts-dejavu-core is enough). Raises RingError for a file that is no ring, and DashboardError where `png` exists, can't be
    written, or there is no font.
    """
    if png.exists():
        raise DashboardError(_EXISTS.format(png))
    ring = Ring.attach(ring_path)
    draw_into(png, lambda: view(_feed(ring)), size)


def draw_into(png: Path, made: Callable[[], View], size: tuple[int, int] = (1920, 1080)) -> None:
    """Make a window where nobody sees it, and save it as `png`; raises DashboardError as `save` does."""
    if png.exists():
        raise DashboardError(_EXISTS.format(png))
    if QApplication.instance() is None and sys.platform == "linux":
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication.instance() or QApplication(["squatscope"])
    lettering.typeface(20, False)
    sweep.warm()
    window = made()
    window.resize(*size)
    window.ensurePolished()
    window.grab()  # lays out the panels
    window.catch_up()
    image = window.grab().toImage()
    window.close()
    window.deleteLater()
    app.processEvents()
    content = QBuffer()
    image.save(content, "PNG")  # type: ignore[call-overload]
    try:
        write_whole(png, bytes(content.data().data()))
    except FileExistsError:
        raise DashboardError(_EXISTS.format(png)) from None
    except OSError as error:
        raise DashboardError(f"The picture {png} can't be written: {error.strerror}.") from error


def _feed(ring: Ring) -> Feed:
    feed = Feed(ring, frozen=True)
    if ring.phase != SessionPhase.FINISHED:
        return feed
    feed.poll()
    for health in feed.health.values():
        health.poll()
    worst_s = worst_frame.rewind(ring, feed)
    return feed if math.isnan(worst_s) else Feed(ring, frozen=True, whole_s=feed.session_s)
