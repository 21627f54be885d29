"""A window as it was left: its size and place, dark or light."""

from __future__ import annotations

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


def test_size_and_place_are_those_of_the_last_time(ring, kept, qtbot):
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
