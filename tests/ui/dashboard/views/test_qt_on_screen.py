"""A window as it was left: its size and position, dark or light."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from PySide6.QtCore import QSettings, Qt

from acquisition.ring import Ring
from tests.support.screens import grounds
from tests.support.squat_ring import SquatRing, rig_data
from ui.dashboard.drawing import colours
from ui.dashboard.views.lifter import LifterView
from ui.dashboard.views.on_screen import OnScreen
from ui.dashboard.views.operator import Window
from ui.palette import LIGHT, SCREEN

SCREENS = {"near": (0, 0, 1366, 768), "far": (1366, 0, 1920, 1080)}
"""Two screens side by side: name, and left, top, width, height."""
LEFT_ON_A_SCREEN = """
import sys
from pathlib import Path
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from acquisition.ring import Ring
from ui.dashboard.views.lifter import LifterView
from ui.dashboard.views.on_screen import OnScreen
ring, kept, *at = sys.argv[1:]
app = QApplication([])
shown = OnScreen(Ring.attach(Path(ring)), LifterView, QSettings(kept, QSettings.Format.IniFormat))
if at:
    shown.window.showNormal()
    shown.window.setGeometry(*map(int, at))
app.processEvents()
print(shown.window.screen().name(), *shown.window.geometry().getRect())
shown.window.close()
"""


def left_on_a_screen(tmp_path, *screens: str, at: tuple[int, ...] = ()) -> tuple[str, tuple[int, ...]]:
    """Open a window in a process with these screens, put it somewhere, close it; return on which screen it was, and where."""
    names = ("x", "y", "width", "height")
    settings = [{"name": name, "logicalDpi": 96, "dpr": 1} | dict(zip(names, SCREENS[name], strict=True)) for name in screens]
    (tmp_path / "screens.json").write_text(json.dumps({"screens": settings}), encoding="utf-8")
    environment = os.environ | {"QT_QPA_PLATFORM": f"offscreen:configfile={tmp_path / 'screens.json'}"}
    given = [str(tmp_path / "ring.h5"), str(tmp_path / "screens.ini"), *map(str, at)]
    command = [sys.executable, "-c", LEFT_ON_A_SCREEN, *given]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=True)
    name, *rect = done.stdout.split()
    return name, tuple(map(int, rect))


@pytest.fixture
def kept(tmp_path):
    yield QSettings(str(tmp_path / "screens.ini"), QSettings.Format.IniFormat)
    colours.use(SCREEN)


@pytest.fixture
def ring(tmp_path):
    squat = SquatRing(tmp_path / "ring.h5", rig_data())
    squat.advance(8.0)
    squat.flag(1, 2, 5.0)
    return squat.ring


def test_the_first_time_it_is_as_large_as_the_screen(ring, kept, qtbot):
    shown = OnScreen(Ring.attach(ring.path), Window, kept)
    qtbot.addWidget(shown.window)
    assert shown.window.isMaximized()


def test_size_and_position_are_those_of_the_last_time(ring, kept, qtbot):
    shown = OnScreen(Ring.attach(ring.path), LifterView, kept)
    shown.window.showNormal()
    shown.window.setGeometry(40, 30, 700, 500)  # the screen of the tests is a small one
    shown.window.close()
    again = OnScreen(Ring.attach(ring.path), LifterView, kept)
    qtbot.addWidget(again.window)
    assert (again.window.width(), again.window.height()) == (700, 500)


def test_f9_turns_dark_into_light_and_back_and_is_kept(ring, kept, qtbot):
    shown = OnScreen(Ring.attach(ring.path), Window, kept)
    assert grounds(shown.window) == {SCREEN.grounds[0]}
    qtbot.keyClick(shown.window, Qt.Key.Key_F9)
    assert grounds(shown.window) == {LIGHT.grounds[0]}
    shown.window.close()
    again = OnScreen(Ring.attach(ring.path), LifterView, kept)
    assert grounds(again.window) == {LIGHT.grounds[0]}
    qtbot.keyClick(again.window, Qt.Key.Key_F9)
    assert grounds(again.window) == {SCREEN.grounds[0]}
    again.window.close()


@pytest.mark.skipif(sys.platform != "linux", reason="Qt reads a description of screens from a path without a colon")
@pytest.mark.usefixtures("ring")
def test_a_window_of_a_screen_that_was_unplugged_comes_back_on_one_that_is_there(tmp_path):
    far = (1500, 80, 1600, 900)
    assert left_on_a_screen(tmp_path, "near", "far", at=far) == ("far", far)
    name, (x, y, width, height) = left_on_a_screen(tmp_path, "near")
    assert name == "near"
    assert 0 <= x < 10
    assert 0 <= y < 10
    assert (width, height) <= (1366, 768)
