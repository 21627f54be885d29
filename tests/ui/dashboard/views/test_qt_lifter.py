"""The lifter's screen: what stands on it, how large, and that it keeps its shape on every size of screen."""

from __future__ import annotations

import math

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent

from acquisition.commands import FOLDER, Commands, Does
from acquisition.ring import Ring
from acquisition.screen_commands import carry_out
from hardware.severity import Severity
from processing.screening.guided.asking import Shown, StepPart
from tests.support.squat_ring import SquatRing, rig_data
from ui.dashboard.drawing import lettering
from ui.dashboard.feed.feed import Feed
from ui.dashboard.views.lifter import LifterView
from ui.dashboard.views.operator import Window
from ui.dashboard.views.picture import save

SIZES = ((3840, 2160), (1920, 1080), (1024, 768), (640, 360))
LEAST = 1 / 22
"""Of the height of the screen: on one of half a metre these letters have 2 cm, which five metres need."""


@pytest.fixture
def squat(tmp_path):
    squat = SquatRing(tmp_path / "ring.h5", rig_data())
    squat.advance(13.0)
    return squat


@pytest.fixture
def view(squat, qtbot):
    made = LifterView(Feed(Ring.attach(squat.ring.path), frozen=True))
    qtbot.addWidget(made)
    made.resize(1920, 1080)
    made.show()
    made.catch_up()
    return made


def written(view: LifterView, monkeypatch) -> dict[str, float]:
    """Return all that is written below the top line, with its size in pixels."""
    found: dict[str, float] = {}
    with monkeypatch.context() as patch:
        patch.setattr(lettering, "write", lambda _painter, _area, text, px, *_more, **_kinds: found.update({text: px}))
        patch.setattr(lettering, "paragraph", lambda _painter, _area, text, px, *_more: found.update({text: px}))
        for panel in (view.step, view.load, view.repetitions, view.deep):
            if panel.isVisible():
                panel.grab()
    return {text: px for text, px in found.items() if text}


def asked(repetitions: int = 2, part: StepPart = StepPart.DOING) -> str:
    return Shown(
        turn=1, part=part, step=1, steps=4, title="Set", do="Squat 5 times.", wanted="2 of 5", repetitions=repetitions
    ).model_dump_json()


def test_all_that_is_written_can_be_read_from_five_metres(squat, view, monkeypatch):
    squat.ring.step.write(asked())
    view.catch_up()
    sizes = written(view, monkeypatch)
    small = {
        text: px
        for text, px in sizes.items()
        if px < LEAST * view.height() and text not in ("REPETITIONS", "DEPTH, CENTRE OF MASS")
    }
    assert small == {}
    assert {"Squat 5 times.", "2 of 5", "2"} <= set(sizes)


def test_without_a_guide_there_is_no_step_and_the_rest_is_larger(squat, view):
    assert not view.step.isVisible()
    tall = view.load.height()
    squat.ring.step.write(asked())
    view.catch_up()
    assert view.step.isVisible()
    assert view.load.height() < tall


@pytest.mark.parametrize("part", [StepPart.RATING, StepPart.BAR])
def test_what_is_for_who_leads_is_not_shown_to_the_lifter(squat, view, monkeypatch, part):
    squat.ring.step.write(asked(part=part))
    view.catch_up()
    words = written(view, monkeypatch)
    assert "Set" in words
    assert not {"2 of 5", "Squat 5 times."} & set(words)


@pytest.mark.parametrize(("shift", "word"), [(2.0, "EVEN"), (-4.9, "EVEN"), (7.0, "RIGHT"), (-30.0, "LEFT"), (math.nan, "–")])
def test_one_word_says_where_the_load_is(view, monkeypatch, shift, word):
    monkeypatch.setattr(view.feed, "value", lambda _column: shift)
    monkeypatch.setattr(view.feed, "severity", lambda *_: Severity.FINE)
    view.load.refresh_digits()
    assert view.load.word() == (word, Severity.FINE)
    text = written(view, monkeypatch)
    left = f"L {50.0 - shift / 2.0:.0f}" if math.isfinite(shift) else "L –"
    assert {word, left} <= set(text)


def test_the_depth_to_reach_is_that_of_the_first_three_or_the_one_given(squat, qtbot):
    feed = Feed(Ring.attach(squat.ring.path), frozen=True)
    view = LifterView(feed)
    qtbot.addWidget(view)
    for end_s, depth_m in ((2.5, 0.40), (5.0, 0.30)):
        squat.repetition(end_s, depth_m)
    feed.poll()
    assert math.isnan(view.deep.target_m)
    for end_s, depth_m in ((7.5, 0.34), (10.0, 0.9)):
        squat.repetition(end_s, depth_m)
    feed.poll()
    assert view.deep.target_m == 0.34
    given = LifterView(feed, target_m=0.5)
    qtbot.addWidget(given)
    assert given.deep.target_m == 0.5


def test_the_newest_repetition_s_tempo_is_told(squat, view):
    assert view.repetitions.words() == ("0", "")
    squat.repetition(9.0, pause_s=0.5)
    view.catch_up()
    count, tempo = view.repetitions.words()
    assert count == "1"
    seconds = [float(one) for one in tempo.split()]
    assert (len(seconds), seconds[1], sum(seconds)) == (3, 0.5, pytest.approx(2.0, abs=0.1))


@pytest.mark.parametrize("size", SIZES)
def test_nothing_overlaps_on_any_screen(squat, view, size):
    squat.ring.step.write(asked())
    view.resize(*size)
    view.catch_up()
    panels = [view.header, view.step, view.load, view.repetitions, view.deep]
    for i, panel in enumerate(panels):
        assert view.rect().contains(panel.geometry())
        assert not any(panel.geometry().intersects(other.geometry()) for other in panels[i + 1 :])


@pytest.mark.parametrize("plates", [0, 1])
def test_a_rig_with_fewer_plates_is_shown_too(tmp_path, qtbot, monkeypatch, plates):
    squat = SquatRing(tmp_path / "ring.h5", rig_data(plates=plates))
    squat.advance(3.0)
    view = LifterView(Feed(Ring.attach(squat.ring.path), frozen=True))
    qtbot.addWidget(view)
    view.resize(1280, 720)
    view.show()
    view.catch_up()
    assert "–" in written(view, monkeypatch)


def test_a_picture_of_it_is_saved(squat, tmp_path):
    save(squat.ring.path, tmp_path / "watch.png", LifterView, size=(960, 540))
    assert (QImage(str(tmp_path / "watch.png")).width(), QImage(str(tmp_path / "watch.png")).height()) == (960, 540)


@pytest.fixture
def window(squat, qtbot):
    """The operator's screen of the same session."""
    window = Window(Feed(Ring.attach(squat.ring.path), frozen=True))
    qtbot.addWidget(window)
    window.resize(1920, 1080)
    window.show()
    window.catch_up()
    return window


def test_the_target_zone_is_dragged_at_the_load_bar_and_says_what_is_even(squat, view, window, qtbot):
    bar, commands = window.balance, Commands(squat.ring.path.parent / FOLDER)

    def at(pct: float) -> QPoint:
        return QPoint(round(bar._at(pct)), round(bar._track.top()))

    view._shift = view.load._shift = 7.0
    assert view.load.word() == ("RIGHT", Severity.FINE)
    for start, end in ((15.0, 20.0), (5.0, 5.0)):  # beside the handles, and not moved
        qtbot.mousePress(bar, Qt.MouseButton.LeftButton, pos=at(start))
        qtbot.mouseMove(bar, at(end))
        qtbot.mouseRelease(bar, Qt.MouseButton.LeftButton, pos=at(end))
    assert commands.take() == []
    assert "± 5 %" in bar.meaning(QPointF(at(5.0)))
    qtbot.mousePress(bar, Qt.MouseButton.LeftButton, pos=at(-5.0))
    bar.mouseMoveEvent(moved_to(at(-9.2)))
    qtbot.mouseRelease(bar, Qt.MouseButton.LeftButton, pos=at(-9.2))
    (asked,) = commands.take()
    assert (asked.does, asked.value) == (Does.TARGET, "9")
    assert carry_out(squat.ring, asked)
    assert (window.feed.target_pct, view.feed.target_pct) == (9.0, 9.0)
    assert view.load.word() == ("EVEN", Severity.FINE)
    assert window.feed.limits("load_shift_pct") == (5.0, 10.0)


def test_limits_are_dragged_at_the_load_bar_and_every_screen_shows_them(squat, view, window, qtbot):
    bar, commands = window.balance, Commands(squat.ring.path.parent / FOLDER)

    def at(pct: float) -> QPoint:
        return QPoint(round(bar._at(pct)), round(bar._track.bottom()))

    def dragged(start: float, end: float) -> list[tuple[Does, str]]:
        qtbot.mousePress(bar, Qt.MouseButton.LeftButton, pos=at(start))
        bar.mouseMoveEvent(moved_to(at(end)))
        bar.grab()
        qtbot.mouseRelease(bar, Qt.MouseButton.LeftButton, pos=at(end))
        asked = commands.take()
        assert all(carry_out(squat.ring, one) for one in asked)
        window.feed.poll()
        return [(one.does, one.value) for one in asked]

    assert bar.meaning(QPointF(at(-10.0))).startswith("Red limit: ± 10 % of load shift. Drag it")
    assert dragged(7.5, 20.0) == dragged(5.0, 5.0) == []
    assert dragged(-5.0, -8.3) == [(Does.LIMITS, "load_shift 8 10")]
    assert dragged(10.0, 2.0) == [(Does.LIMITS, "load_shift 8 8")], "red stops at amber"
    assert dragged(8.0, 12.0) == [], "amber stops at red"
    later = Feed(Ring.attach(squat.ring.path), frozen=True)
    for feed in (window.feed, view.feed, later):
        feed.poll()
        assert feed.limits("load_shift_pct") == (8.0, 8.0)
        assert feed.limits("cop_net_beyond_load_mm") == (20.0, 40.0)
        assert feed.target_pct == 8.0, "which nobody dragged"
    assert (squat.ring.faults.count, window.feed.fault) == (2, None)


def test_keys_move_the_limits_and_what_can_not_be_is_refused_in_a_sentence(squat, qtbot, monkeypatch):
    said = []
    monkeypatch.setattr("ui.dashboard.views.operator.QToolTip.showText", lambda _at, text, _panel: said.append(text))
    window = Window(Feed(Ring.attach(squat.ring.path), frozen=True))
    qtbot.addWidget(window)
    window.catch_up()
    commands = Commands(squat.ring.path.parent / FOLDER)
    for key, value in (("]", "6 10"), ("}", "6 11"), ("[", "5 11"), ("{", "5 10")):
        qtbot.keyClicks(window, key)
        (asked,) = commands.take()
        assert asked.value == f"load_shift {value}"
        assert carry_out(squat.ring, asked)
        window.feed.poll()
    squat.ring.limits.write('{"load_shift": [10, 10]}')
    window.feed.poll()
    qtbot.keyClicks(window, "]")
    assert commands.take() == []
    assert said == [
        "The limits of load shift stay 10/10 %, and can't be 11 and 10: in the rule load_shift, red (10) lies below amber "
        "(11); give red the larger value."
    ]


def test_limits_of_a_ratio_are_on_the_scale_of_its_column(squat):
    feed = Feed(Ring.attach(squat.ring.path), frozen=True)
    squat.ring.limits.write('{"qh_between_legs": [4, 8]}')
    feed.poll()
    assert feed.limits("qh_between_legs_log2") == (2.0, 3.0)
    squat.ring.limits.write('{"load_shift": [8, 2]}')  # of no rig: what was stays
    feed.poll()
    assert feed.limits("load_shift_pct") == (5.0, 10.0)


def moved_to(point: QPoint) -> QMouseEvent:
    """Return a move with the left button held, which the tests' own mouse does not make."""
    held, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    return QMouseEvent(QEvent.Type.MouseMove, QPointF(point), QPointF(point), held, held, none)
