"""The step card: a guided session is shown and led in the window, and a session that nobody guides has no card."""

from __future__ import annotations

import pytest

from acquisition.commands import Command, Commands, Does
from acquisition.rig.rig_file import example, load
from acquisition.ring import Ring
from processing.pipeline import Pipeline
from processing.screening.guided.asking import Shown, StepPart
from ui.palette import SCREEN
from ui.steps import NAMES

pytest.importorskip("PySide6.QtWidgets")

FIGURES = ("quadriceps", "hamstrings", "glutes")


@pytest.fixture
def window(tmp_path, qtbot):
    from PySide6.QtCore import Qt

    from ui.dashboard.feed.feed import Feed
    from ui.dashboard.views.operator import Window

    rig = load(example("demo"))
    streams = [settings.stream() for settings in rig.stream]
    derived = Pipeline(rig).derived_streams()
    ring = Ring.create(tmp_path / "ring.h5", streams, 1.0, derived=derived, description={"rig": rig.model_dump(mode="json")})
    made = Window(Feed(ring))
    qtbot.addWidget(made)
    made.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    made.resize(1280, 720)
    made.show()
    made.catch_up()
    return made


def step(part: StepPart = StepPart.READY, turn: int = 3, keys: tuple[Does, ...] = tuple(NAMES), figure: str = "") -> str:
    told = {"title": "Set, light", "do": "Squat 6 times.", "wanted": "press next", "keys": list(keys), "figure": figure}
    return Shown(turn=turn, part=part, step=1, steps=4, **told).model_dump_json()


def test_the_card_comes_with_the_first_step(window):
    assert not window.card.isVisible()
    before = window.streams.geometry()
    window.feed.ring.step.write(step())
    window.catch_up()
    assert window.card.isVisible()
    assert window.card.geometry().top() > window.header.geometry().bottom()
    assert window.streams.geometry() == before
    assert not window.grab().isNull()


@pytest.mark.parametrize("group", list(FIGURES))
def test_a_contraction_has_a_figure_instead_of_the_plates_and_a_set_has_none(window, group: str):
    from PySide6.QtGui import QColor

    window.feed.ring.step.write(step(figure=group))
    window.catch_up()
    assert window.figure.isVisible()
    assert not any(panel.isVisible() for panel in window.centre)
    assert not any(panel.geometry().intersects(window.figure.geometry()) for panel in (*window.legs, window.card))
    drawn = window.figure.grab().toImage()
    blue = QColor(SCREEN.left).rgb()
    assert any(drawn.pixel(x, y) == blue for x in range(drawn.width()) for y in range(0, drawn.height(), 2))
    window.feed.ring.step.write(step(turn=4))
    window.catch_up()
    assert not window.figure.isVisible()
    assert all(panel.isVisible() for panel in window.centre)


def test_keys_in_the_window_are_commands_for_what_is_shown(window, qtbot, tmp_path):
    from PySide6.QtCore import Qt

    commands = Commands(tmp_path / "commands")
    window.feed.ring.step.write(step())
    window.catch_up()
    for key in (Qt.Key.Key_N, Qt.Key.Key_PageDown, Qt.Key.Key_1, Qt.Key.Key_X, Qt.Key.Key_R):
        qtbot.keyClick(window, key)
    given = [(one.does, one.turn, one.value) for one in commands.take()]
    assert given == [(Does.NEXT, 3, ""), (Does.NEXT, 3, ""), (Does.RATE, 3, "slight"), (Does.REPEAT, 3, "")]


def test_the_weight_of_a_bar_is_typed(window, qtbot, tmp_path):
    from PySide6.QtCore import Qt

    commands = Commands(tmp_path / "commands")
    window.feed.ring.step.write(step(StepPart.BAR, 5, (Does.BAR, Does.STOP)))
    window.catch_up()
    for key in (Qt.Key.Key_6, Qt.Key.Key_3, Qt.Key.Key_Backspace, Qt.Key.Key_0, Qt.Key.Key_N, Qt.Key.Key_Return):
        qtbot.keyClick(window, key)
    assert commands.take() == [Command(Does.BAR, 5, "60")]


def test_keys_lead_nothing_where_nobody_guides(window, qtbot, tmp_path):
    from PySide6.QtCore import Qt

    qtbot.keyClick(window, Qt.Key.Key_N)
    assert not (tmp_path / "commands").exists()
