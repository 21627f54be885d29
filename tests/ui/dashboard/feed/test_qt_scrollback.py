"""Going back on the dashboard: what was, while the session goes on; the table of repetitions, the time line, the keys."""

from __future__ import annotations

import math

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt

from acquisition.commands import FOLDER, Commands, Does
from acquisition.ring import Ring
from acquisition.screen_commands import carry_out
from hardware.severity import Severity
from tests.support.squat_ring import SquatRing, rig_data
from ui.dashboard.feed import scrollback
from ui.dashboard.feed.feed import Feed
from ui.dashboard.panels.keys_card import KEYS
from ui.dashboard.views.operator import Window


@pytest.fixture
def squat(tmp_path):
    squat = SquatRing(tmp_path / "ring.h5", rig_data())
    squat.advance(7.5)
    squat.repetition(7.0, 0.41)
    squat.flag(1, 1, 5.0, 6.2)
    squat.shift_pct = 14.0
    squat.advance(5.0)
    squat.repetition(12.0, 0.37, doubt=1)
    squat.flag(1, 2, 10.0)
    squat.advance(2.0)
    return squat


@pytest.fixture
def window(squat, qtbot):
    window = Window(Feed(Ring.attach(squat.ring.path)))
    qtbot.addWidget(window)
    window.resize(1920, 1080)
    window.show()
    window.catch_up()
    return window


def test_each_repetition_has_a_row_the_newest_first(window):
    table = window.repetitions
    newest, first = table.rows()
    assert [row.number for row in (newest, first)] == [2, 1]
    texts = dict(zip([column.heading for column in table.columns], table.texts(first), strict=True))
    assert (texts[""], texts["depth m"]) == ("1", "0.41")
    assert texts["load %"].endswith(" R")
    assert float(texts["load %"][:-2]) == pytest.approx(3.2, abs=1.0)
    assert float(texts["Q:H R"]) == pytest.approx(1.4 * float(texts["Q:H L"]), rel=0.06)
    assert table.texts(newest)[0] == "2?"
    assert (table.worst(first), table.worst(newest)) == (Severity.AMBER, Severity.RED)


def test_the_left_key_goes_back_and_escape_returns(window, squat, qtbot):
    assert window.shown_s == pytest.approx(14.5)
    qtbot.keyClick(window, Qt.Key.Key_Left)
    assert window.shown_s == pytest.approx(13.5, abs=0.05)
    qtbot.keyClick(window, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert window.shown_s == pytest.approx(3.5, abs=0.05)
    earlier = window._earlier
    assert earlier.repetitions.rows() == []
    assert earlier.feed.flags == []
    assert earlier.header.state()[:2] == (Severity.RED, "EARLIER")  # a red flag is up now
    squat.advance(1.0)  # the session goes on below
    window.catch_up()
    assert window.feed.session_s == pytest.approx(15.5)
    assert window.shown_s == pytest.approx(3.5, abs=0.05)
    qtbot.keyClick(window, Qt.Key.Key_Right)
    assert window.shown_s == pytest.approx(4.5, abs=0.05)
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert window._earlier is None
    assert window.shown_s == pytest.approx(15.5)


def test_the_screen_is_frozen_and_let_go(window, squat, qtbot):
    qtbot.keyClicks(window, "f")
    squat.advance(3.0)
    window.catch_up()
    assert window.shown_s == pytest.approx(14.5, abs=0.05)
    qtbot.keyClicks(window, "f")
    assert window.shown_s == pytest.approx(17.5)


def test_the_past_ends_where_the_ring_does(tmp_path, qtbot):
    squat = SquatRing(tmp_path / "ring.h5", rig_data(), seconds=5.0)
    squat.advance(12.0)
    window = Window(Feed(Ring.attach(squat.ring.path)))
    qtbot.addWidget(window)
    window.resize(960, 540)
    window.catch_up()
    qtbot.keyClick(window, Qt.Key.Key_Home)
    assert scrollback.oldest_s(squat.ring) <= window.shown_s + 0.05 < 9.0
    qtbot.keyClick(window, Qt.Key.Key_End)
    assert window._earlier is None


def test_before_the_first_sample_there_is_no_past(tmp_path, qtbot):
    squat = SquatRing(tmp_path / "ring.h5", rig_data())
    window = Window(Feed(Ring.attach(squat.ring.path)))
    qtbot.addWidget(window)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Home, Qt.Key.Key_F):
        qtbot.keyClick(window, key)
    assert window._earlier is None


def test_a_click_on_the_time_line_goes_there_and_flags_are_told_there(window, qtbot):
    line = window.timeline
    assert line.whole_s == 60.0
    at = QPoint(round(line.x_of(5.5)), line.height() // 2)
    assert "AMBER: load shifts to the right leg" in line.meaning(QPointF(at))
    assert "goes back" in line.meaning(QPointF(line.x_of(40.0), 5.0))
    qtbot.mouseClick(line, Qt.MouseButton.LeftButton, pos=at)
    assert window.shown_s == pytest.approx(5.5, abs=0.1)
    qtbot.mouseClick(window._earlier.timeline, Qt.MouseButton.LeftButton, pos=QPoint(round(line.x_of(12.0)), 9))
    assert window.shown_s == pytest.approx(12.0, abs=0.1)


def test_what_is_shown_can_be_asked_for_its_formula(window):
    assert "100 (Fz_R - Fz_L) / (Fz_R + Fz_L)" in window.balance.meaning(QPointF(1, 1))
    assert "Sign" in window.legs[0].meaning(QPointF(1, 1))
    table = window.repetitions
    told = {
        column.heading: table.meaning(QPointF((left + right) / 2, 5.0))
        for column, (left, right) in zip(table.columns, table._edges(table.inside(top=40)), strict=True)
    }
    assert "integrated twice" in told["depth m"]
    assert "load_shift_mean_pct [%]" in told["load %"]
    assert told["tempo s"].count("[s]") == 3


def test_the_keys_are_listed(window, qtbot):
    assert not window.keys.isVisible()
    qtbot.keyClicks(window, "?")
    assert window.keys.isVisible()
    assert window.rect().contains(window.keys.geometry())
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert not window.keys.isVisible()
    assert len({key for key, _ in KEYS}) == len(KEYS)


def test_a_rig_without_plates_has_no_table(tmp_path, qtbot):
    squat = SquatRing(tmp_path / "ring.h5", rig_data(plates=0))
    squat.advance(3.0)
    window = Window(Feed(Ring.attach(squat.ring.path)))
    qtbot.addWidget(window)
    window.resize(1280, 720)
    window.catch_up()
    assert window.repetitions is None
    window.go_to(2.0)
    assert window.shown_s == pytest.approx(2.0, abs=0.1)
    assert math.isfinite(window._earlier.feed.value("quads_left_pct"))


def test_what_is_on_the_screen_is_marked_for_the_session_and_stands_on_the_time_line(window, squat, qtbot):
    folder = squat.ring.path.parent / FOLDER
    qtbot.keyClick(window, "m")  # nobody listens
    assert not folder.exists()
    commands = Commands(folder)
    qtbot.keyClick(window, "m")
    qtbot.keyClick(window, Qt.Key.Key_Left)
    qtbot.keyClick(window, "m")
    marked = commands.take()
    assert [command.does for command in marked] == [Does.MARK] * 2
    assert [command.at_s for command in marked] == pytest.approx([14.5, 13.5], abs=0.05)
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    window.catch_up()
    before = window.timeline.grab().toImage()
    for command in marked:
        assert carry_out(squat.ring, command)
    window.catch_up()
    assert [round(mark.at_s, 1) for mark in window.feed.marks] == [14.5, 13.5]
    assert window.timeline.grab().toImage() != before
    assert "mark 2, 0:13" in window.timeline.meaning(QPointF(window.timeline.x_of(13.5), 20))


def test_the_past_is_drawn_anew_in_a_window_of_another_size(window, qapp):
    window.go_to(12.0)
    window.resize(1366, 768)
    qapp.processEvents()
    resized = window._earlier.grab().toImage()
    window.now()
    window.go_to(12.0)
    qapp.processEvents()
    assert window._earlier.grab().toImage() == resized
