"""A view on the screen: opened on a ring, kept open, and gone over to the next session."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QSettings, QTimer
from PySide6.QtWidgets import QApplication

from acquisition.ring import Ring, SessionPhase
from ui.dashboard.drawing import lettering, sweep
from ui.dashboard.drawing.kept_colours import kept_settings, turn_kept_colours, use_kept_colours
from ui.dashboard.feed.feed import Feed
from ui.dashboard.sound import Player, Sound, Sounds

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ui.dashboard.views.view import RingView

_NEXT_MS, _HEAR_MS = 1000, 100


def show(ring_path: Path, view: Callable[[Feed], RingView], next_ring: Callable[[], Path | None] | None = None) -> int:
    """Show a view of a ring until it is closed, and return the exit code of its process.

    With `next_ring`, which is asked once a second from the end of the session on, it goes over to the one that begins next.
    Raises RingError for a file that is no ring, DashboardError where Qt has no fonts.
    """
    ring = Ring.attach(ring_path)
    app = QApplication.instance() or QApplication(["squatscope"])
    lettering.typeface(20, False)
    sweep.warm()
    for ending in ("SIGINT", "SIGTERM"):  # Qt's loop hears no Python handler; there is nothing here to be put in order
        signal.signal(getattr(signal, ending), signal.SIG_DFL)
    shown = OnScreen(ring, view)
    if next_ring is not None:
        shown.follow(next_ring)
    return int(app.exec())


class OnScreen:
    """The window on the screen, and the ring that it shows; size, position, colours and sounds are those of the last time."""

    def __init__(self, ring: Ring, view: Callable[[Feed], RingView], kept: QSettings | None = None) -> None:
        """Open a view of a ring; `kept`: where these are kept, the user's own settings where none are given."""
        self._view = view
        self._player = Player()
        self._kept = kept_settings() if kept is None else kept
        use_kept_colours(self._kept)
        self.window = view(Feed(ring))
        self._name = f"{type(self.window).__name__}/geometry"
        screen = QApplication.primaryScreen().availableGeometry()
        self.window.resize(min(1920, screen.width()), min(1080, screen.height()))
        self._open()
        before = self._kept.value(self._name)
        if isinstance(before, QByteArray):
            self.window.restoreGeometry(before)
        else:
            self.window.showMaximized()
        self._timer = QTimer()
        self._ear = QTimer()
        self._ear.timeout.connect(lambda: self._sounds.look())
        if self._kept.value("sound", False, bool):
            self._ear.start(_HEAR_MS)

    def _open(self) -> None:
        self.window.put_by.connect(self.keep)
        self.window.turned.connect(self.turn)
        self.window.sounded.connect(self.sound)
        self.window.catch_up()
        self._sounds = Sounds(self.window.feed, self._player.play)
        self.window.start()
        self.window.show()

    def keep(self) -> None:
        """Keep size and position for the next time."""
        self._kept.setValue(self._name, self.window.saveGeometry())

    def sound(self) -> None:
        """Turn sounds on, or off."""
        self._kept.setValue("sound", not self._ear.isActive())
        if self._ear.isActive():
            self._ear.stop()
        else:
            self._sounds = Sounds(self.window.feed, self._player.play)
            self._player.play(Sound.STEP)
            self._ear.start(_HEAR_MS)

    def turn(self) -> None:
        """Turn dark into light, or light into dark."""
        turn_kept_colours(self._kept)
        self._replace(self.window.feed.ring.path)

    def follow(self, next_ring: Callable[[], Path | None]) -> None:
        """Go over to the next session once this one has ended."""
        self._timer.timeout.connect(lambda: self.go_over(next_ring))
        self._timer.start(_NEXT_MS)

    def go_over(self, next_ring: Callable[[], Path | None]) -> None:
        """Show the ring that is next, if this session has ended and there is one."""
        feed = self.window.feed
        if feed.ring.phase is not SessionPhase.FINISHED and not feed.dead:
            return
        path = next_ring()
        if path is None or path == feed.ring.path:
            return
        self._replace(path)

    def _replace(self, path: Path) -> None:
        """Put a window on a ring over the one that is shown."""
        before, self.window = self.window, self._view(Feed(Ring.attach(path)))
        before.put_by.disconnect(self.keep)
        self._open()
        self.window.restoreGeometry(before.saveGeometry())
        before.close()
        before.deleteLater()
