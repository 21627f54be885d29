"""The dashboard on a screen that is not there: every kind of ring, what is drawn where, and the picture."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pyqtgraph
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, QRect, QSettings, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QGraphicsSimpleTextItem

from acquisition.ring import Ring, RingError, SessionPhase
from hardware.severity import Severity
from hardware.source import Channel, SourceState, Stream
from tests.support.squat_ring import SquatRing, rig_data
from ui.dashboard import DashboardError
from ui.dashboard.drawing import colours, lettering
from ui.dashboard.feed.feed import Feed
from ui.dashboard.views import operator as dashboard_window
from ui.dashboard.views import picture
from ui.dashboard.views.on_screen import OnScreen
from ui.dashboard.views.operator import Window

SIZES = ((1920, 1080), (1366, 768), (960, 540), (640, 480), (640, 1000), (2000, 480))


@pytest.fixture
def opened(qapp, qtbot):
    """Return a function that opens a window on a ring, and lets go of the timer."""

    def open_window(ring: Ring, size: tuple[int, int] = (1366, 768), **kinds: bool) -> Window:
        window = Window(Feed(Ring.attach(ring.path), **kinds))
        qtbot.addWidget(window)
        window.resize(*size)
        window.show()
        window.catch_up()
        return window

    return open_window


def pixels(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    rows = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 4 * image.width()].reshape(image.height(), image.width(), 4)[:, :, 2::-1].astype(int)


def near(image: np.ndarray, colour, distance: int = 30) -> np.ndarray:
    return np.abs(image - np.array(colour.getRgb()[:3])).sum(axis=2) < distance


def texts(panel, monkeypatch) -> list[str]:
    """Return all that a panel writes."""
    found: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(lettering, "write", lambda _painter, _area, text, *_more, **_kinds: found.append(text))
        patch.setattr(lettering, "paragraph", lambda _painter, _area, text, *_more: found.append(text))
        panel.grab()
    return found + [text for chart in panel.findChildren(pyqtgraph.PlotWidget) if chart.isVisible() for text in on(chart)]


def on(chart) -> list[str]:
    """Return all that stands on a chart and on its axes."""
    found = [item.text() for item in chart.scene().items() if isinstance(item, QGraphicsSimpleTextItem)]
    for side in ("left", "bottom"):
        if chart.getAxis(side).isVisible():
            found += [text for level in chart.getAxis(side)._tickLevels for _, text in level]
    return found


def _two_legs(path):
    squat = SquatRing(path, rig_data())
    squat.advance(13.0)
    return squat.ring


def _no_emg(path):
    squat = SquatRing(path, rig_data(emg=False))
    squat.advance(3.0)
    return squat.ring


def _no_plates(path):
    squat = SquatRing(path, rig_data(plates=0))
    squat.advance(3.0)
    return squat.ring


def _nothing_at_all(path):
    return SquatRing(path, rig_data(plates=0, emg=False)).ring


def _one_plate(path):
    squat = SquatRing(path, rig_data(plates=1))
    squat.advance(3.0)
    return squat.ring


def _before_quiet_stance(path):
    squat = SquatRing(path, rig_data(), still=True)
    squat.advance(0.05)
    return squat.ring


def _without_a_sample(path):
    return SquatRing(path, rig_data()).ring


def _bad_channels(path):
    squat = SquatRing(path, rig_data(mvc=False, emg_hz=250.0, others=30, name="A name that is far too long " * 9))
    squat.bad = {0: "hum", 1: "flat", 2: "nan"}
    squat.advance(6.0)
    squat.advance(0.4, lose=("emg", "plates"))
    squat.advance(6.0)
    squat.writers["emg"].report(SourceState.LOST, 5, "It does not answer, and this is a long sentence about it. " * 4)
    return squat.ring


def _flags_everywhere(path):
    squat = SquatRing(path, rig_data(), seconds=5.0)  # the ring has turned over
    squat.advance(13.0)
    for rule in range(12):
        squat.flag(rule, 1 + rule % 2, 1.0, 2.0, peak=np.inf)
        squat.flag(rule, 1 + rule % 2, 9.0 + 0.1 * rule, peak=(np.nan, 5e4)[rule % 3 % 2])
    return squat.ring


def _of_another_program(path):
    derived = [Stream("x.force", 100.0, (Channel("fz_left_N", "N"),)), Stream("flags", 10.0, (Channel("what", "1"),))]
    return Ring.create(path, [Stream("x", 100.0, (Channel("a", "V"),))], 5.0, derived=derived, description={"rig": None})


RINGS = [
    _two_legs, _no_emg, _no_plates, _nothing_at_all, _one_plate, _before_quiet_stance, _without_a_sample, _bad_channels,
    _flags_everywhere, _of_another_program,
]  # fmt: skip


@pytest.mark.parametrize("make", RINGS)
def test_any_ring_is_drawn_at_any_size_with_no_panel_over_another(tmp_path, opened, make):
    ring = make(tmp_path / "ring.h5")
    window = opened(ring)
    for size in SIZES:
        window.resize(*size)
        for _ in range(61):
            window.frame()
        assert near(pixels(window.grab().toImage()), colours.TEXT).any()
        panels = [panel.geometry() for panel in window._shown if panel.isVisible()]
        assert len(panels) == len(window._shown) or min(size[0] / 900, size[1] / 500) < 1.0
        assert {window.header, window.flags, window.timeline} <= {panel for panel in window._shown if panel.isVisible()}
        for k, panel in enumerate(panels):
            assert QRect(0, 0, *size).contains(panel)
            assert not any(panel.intersects(other) for other in panels[k + 1 :])


@pytest.mark.parametrize("make", RINGS)
def test_no_number_that_is_none_is_written(tmp_path, opened, monkeypatch, make):
    window = opened(make(tmp_path / "ring.h5"), frozen=True)
    written = [text for panel in window._shown for text in texts(panel, monkeypatch)]
    assert written
    words = {word.strip("±()") for text in written for word in text.split()}
    assert not words & {"nan", "inf", "-inf", "-nan", "-0", "None"}
    assert "valgus detected" not in " ".join(written).lower()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "4.0"),
        ({"qh_left": np.nan}, "muscles at rest"),
        ({"qh_change_left": np.nan}, "baseline not set yet"),
        ({"qh_change_left": 1.26}, "1.3 times own baseline"),
        ({"qh_between_legs_log2": 1.0}, "0.5 times the right leg"),
        ({"qh_between_legs_log2": np.nan}, ""),
        ({"qh_left": np.nan, "quads_left_pct": np.nan}, "no data"),
        ({"quads_left_pct": 83.6}, "84"),
    ],
)
def test_a_leg_says_what_its_numbers_are_and_why_there_is_none(tmp_path, opened, monkeypatch, changes, expected):
    squat = SquatRing(tmp_path / "ring.h5", rig_data())
    squat.advance(5.5)
    window = opened(squat.ring, frozen=True)
    values = {"qh_left": 4.0, "qh_change_left": 1.0, "qh_between_legs_log2": 0.0, "quads_left_pct": 40.0, "hams_left_pct": 10.0}
    monkeypatch.setattr(window.feed, "value", lambda column: (values | changes).get(column, np.nan))
    window.legs[0].refresh_digits()
    assert expected in texts(window.legs[0], monkeypatch)


def test_legs_without_mvc_or_hamstrings_say_so(tmp_path, opened, monkeypatch):
    squat = SquatRing(tmp_path / "mvc.h5", rig_data(mvc=False))
    window = opened(squat.ring)
    assert "needs an MVC trial" in texts(window.legs[0], monkeypatch)
    data = rig_data()
    data["emg"] = [electrode for electrode in data["emg"] if electrode["muscle"] not in ("BF", "ST")]
    squat = SquatRing(tmp_path / "hams.h5", data)
    window = opened(squat.ring)
    assert "no hams electrode" in texts(window.legs[1], monkeypatch)


@example(text="000\n0\x9c", width=20, px=6)
@given(text=st.text(max_size=80), width=st.integers(20, 400), px=st.integers(6, 60))
@settings(max_examples=60)
def test_text_never_leaves_its_area(qapp, text, width, px):
    font, fitting = lettering.fitted(text, px, False, width)
    measures = lettering.typeface(font.pixelSize(), False)[1]
    assert measures.horizontalAdvance(fitting) <= max(width, measures.horizontalAdvance("…")) + 1


@pytest.mark.parametrize(
    ("value", "decimals", "text"), [(-0.3, 0, "0"), (np.nan, 1, "–"), (np.inf, 0, "–"), (1.25, 1, "1.2"), (-3.0, 0, "-3")]
)
def test_numbers_are_written_as_one_would(value, decimals, text):
    assert lettering.number(value, decimals) == text


@pytest.mark.parametrize(("seconds", "text"), [(np.nan, "0:00"), (7.9, "0:07"), (61, "1:01"), (3725, "1:02:05")])
def test_session_time_is_written_as_a_clock(seconds, text):
    assert lettering.clock(seconds) == text


def test_digits_all_have_the_same_width(qapp):
    widths = {lettering.width_of(digit, 40, bold=bold) for bold in (False, True) for digit in "0123456789"}
    assert len(widths) <= 2  # one for each weight


def test_writing_new_columns_gives_the_image_of_a_full_redraw(tmp_path, opened):
    squat = SquatRing(tmp_path / "ring.h5", rig_data())
    squat.advance(1.0)
    followed = opened(squat.ring)
    for seconds in (0.016, 0.1, 0.7, 3.0, 0.033, 4.0):
        squat.advance(seconds)
        for traces in followed._traces:
            traces.advance()
    for traces in followed._traces:
        written = traces._pixels.copy()
        least, most = traces.least.copy(), traces.most.copy()
        traces.restart()
        traces.least, traces.most = least, most
        traces._draw_all()
        np.testing.assert_array_equal(written, traces._pixels)


def view_of(panel) -> QRect:
    """Return where the image of a panel's chart lies in the panel."""
    view = panel.chart.getViewBox()
    return view.mapRectToScene(view.rect()).toRect().translated(panel.chart.pos())


def test_what_is_written_into_the_image_is_what_the_screen_shows(tmp_path, opened, qapp):
    squat = SquatRing(tmp_path / "ring.h5", rig_data())
    squat.advance(3.0)
    window = opened(squat.ring)
    for _ in range(20):
        qapp.processEvents()
        squat.advance(0.1)
        window.frame()
    qapp.processEvents()
    screen = pixels(window.screen().grabWindow(window.winId()).toImage())  # what was painted, column by column
    for traces in window._traces:
        area = view_of(traces).translated(traces.pos())
        shown = screen[area.top() : area.top() + area.height(), area.left() : area.left() + area.width()]
        written = traces._pixels.view(np.uint8).reshape(*traces._pixels.shape, 4)[:, :, 2::-1]
        np.testing.assert_array_equal(shown, written)


def test_a_force_stands_where_its_axis_says(tmp_path, opened):
    squat = SquatRing(tmp_path / "ring.h5", rig_data(emg=False))
    squat.advance(3.5)  # standing, 820 N in all
    window = opened(squat.ring, (1920, 1080), frozen=True)
    force = window.force
    assert texts_of_scale(force) == ["0 N", "500 N", "1000 N"]
    shown = near(pixels(force.grab(view_of(force)).toImage()), colours.NET)
    rows = np.flatnonzero(shown.any(axis=1))
    view = force.chart.getViewBox()
    expected = view.mapFromView(QPointF(0.0, 820.0)).y()
    assert abs(rows.mean() - expected) < 3
    assert view.viewRange()[0] == [0.0, 10.0]


def texts_of_scale(panel) -> list[str]:
    return [text for level in panel.chart.getAxis("left")._tickLevels for _, text in level]


def test_lanes_are_named_beside_themselves(tmp_path, opened):
    window = opened(SquatRing(tmp_path / "ring.h5", rig_data()).ring, (1920, 1080), frozen=True)
    for traces in window.emg:
        names = {item.text(): item for item in traces.chart.scene().items() if isinstance(item, QGraphicsSimpleTextItem)}
        for k, lane in enumerate(traces.lanes):
            area = names[lane.label].sceneBoundingRect().translated(traces.chart.pos())
            top, bottom = (view_of(traces).top() + rows[k] for rows in traces.rows(view_of(traces).height()))
            assert top <= area.center().y() <= bottom
            assert area.right() < view_of(traces).left()


def test_nothing_can_be_dragged_or_zoomed(tmp_path, opened, qtbot):
    window = opened(SquatRing(tmp_path / "ring.h5", rig_data()).ring)
    charts = [panel.chart for panel in (*window._traces, window.plates)]
    before = [chart.getViewBox().viewRange() for chart in charts]
    for panel in (*window._traces, window.plates):
        middle = window.mapFromGlobal(panel.mapToGlobal(panel.rect().center()))
        for button in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            qtbot.mousePress(window.windowHandle(), button, pos=middle)
            qtbot.mouseMove(window.windowHandle(), pos=middle + QPoint(30, 20))
            qtbot.mouseRelease(window.windowHandle(), button, pos=middle + QPoint(30, 20))
    assert [chart.getViewBox().viewRange() for chart in charts] == before
    assert not any(chart.hasFocus() for chart in charts)


def test_plates_are_drawn_to_scale(tmp_path, opened):
    window = opened(SquatRing(tmp_path / "ring.h5", rig_data()).ring)
    across, along = window.plates.chart.getViewBox().viewPixelSize()
    assert across == pytest.approx(along, rel=1e-6)


@pytest.mark.parametrize("turns", range(4))
def test_the_lifter_s_right_is_on_the_right_however_the_lab_lies(tmp_path, opened, turns):
    data = rig_data(emg=False)
    turn = np.rint(
        [[np.cos(turns * np.pi / 2), -np.sin(turns * np.pi / 2)], [np.sin(turns * np.pi / 2), np.cos(turns * np.pi / 2)]]
    )
    for plate in data["plate"]:
        plate["corners_mm"] = [[*(turn @ corner[:2]).tolist(), corner[2]] for corner in plate["corners_mm"]]
    squat = SquatRing(tmp_path / "ring.h5", data)
    upright = squat._force_rows

    def turned(t, sample):
        rows = upright(t, sample)
        for columns in ([7, 8], [9, 10]):
            rows[:, columns] = rows[:, columns] @ turn.T
        return rows

    squat._force_rows = turned
    squat.advance(2.0)
    window = opened(squat.ring, frozen=True)
    image = pixels(window.plates.grab().toImage())
    centre = slice(round(0.25 * image.shape[1]), round(0.75 * image.shape[1]))
    middle = image[:, centre]
    left, right = (np.flatnonzero(near(middle, colour, 10).any(axis=0)) for colour in (colours.LEFT, colours.RIGHT))
    assert left.max() < right.min()
    rows = np.flatnonzero(near(middle, colours.NET, 10).any(axis=1))
    assert np.abs(rows - image.shape[0] * 0.5).min() < 40  # the feet stand in the middle of the plates, not beside them


@pytest.mark.parametrize(("shift_pct", "colour"), [(12.0, colours.RIGHT), (-12.0, colours.LEFT)])
def test_the_bar_leans_to_the_side_that_carries_more(tmp_path, opened, shift_pct, colour):
    squat = SquatRing(tmp_path / "ring.h5", rig_data())
    squat.shift_pct = shift_pct
    squat.advance(5.5)  # the bottom of the first squat
    window = opened(squat.ring, frozen=True)
    image = pixels(window.balance.grab().toImage())
    bar = image[round(0.58 * image.shape[0]), :]
    reach = np.flatnonzero(near(bar[None], colour).any(axis=0)) - image.shape[1] / 2
    assert reach.size > 20
    assert (np.sign(reach) == np.sign(shift_pct)).all()


def test_a_flag_has_its_sign_word_and_colour(tmp_path, opened):
    squat = SquatRing(tmp_path / "ring.h5", rig_data())
    squat.advance(5.0)
    window = opened(squat.ring, frozen=True)
    calm = pixels(window.flags.grab().toImage())
    assert not near(calm, colours.RED).any()
    squat.flag(1, 2, 4.0)
    window.catch_up()
    warned = pixels(window.flags.grab().toImage())
    assert near(warned, colours.RED).sum() > 500
    assert near(pixels(window.balance.grab().toImage()), colours.RED).sum() > 200
    squat.flag(1, 2, 4.0, 4.9)
    window.catch_up()
    assert not near(pixels(window.flags.grab().toImage()), colours.RED).any()


def test_a_bad_channel_does_not_spoil_the_scale_of_the_others(tmp_path, opened):
    gains = []
    for name, bad in (("good", {}), ("bad", {1: "hum", 8: "flat"})):
        squat = SquatRing(tmp_path / f"{name}.h5", rig_data())
        squat.bad = bad
        squat.advance(9.0)
        gains.append(opened(squat.ring, frozen=True).emg[0].gain)
    assert 0.5 <= gains[1] / gains[0] <= 2.0


def test_undersampled_emg_is_marked(tmp_path, opened):
    for rate_hz, mark in ((250.0, 250.0), (2000.0, None)):
        squat = SquatRing(tmp_path / f"{rate_hz}.h5", rig_data(emg_hz=rate_hz))
        assert opened(squat.ring).emg[0].undersampled_hz == mark


def test_the_header_says_how_the_session_is_doing(tmp_path, opened):
    squat = SquatRing(tmp_path / "ring.h5", rig_data())
    window = opened(squat.ring)
    assert window.header.state()[1] == "ARMED"
    squat.started_s = time.perf_counter() - 5.0
    squat.advance(5.0)
    window.catch_up()
    assert window.header.state() == (0, "LIVE", "")
    squat.ring.room_s.tell(9 * 3600.0)
    assert window.header.state() == (0, "LIVE", "disk for 9 h")
    squat.writers["emg"].report(SourceState.LOST)
    window.catch_up()
    assert window.header.state() == (2, "SOURCE LOST", "emg")
    squat.writers["emg"].report(SourceState.RUNNING)
    squat.ring.faults.tell(Severity.AMBER, "disk", "Little room is left.")
    squat.ring.faults.tell(Severity.RED, "recorder", "The disk is full.")
    window.catch_up()
    assert window.header.state() == (2, "FAULT", "The disk is full.")
    squat.ring.faults.tell(Severity.FINE, "recorder", "There is room again.")
    window.catch_up()
    assert window.header.state() == (1, "FAULT", "Little room is left.")
    squat.ring._session[1] -= 60_000_000_000
    assert window.header.state()[1] == "ENGINE STOPPED"
    squat.ring.beat(SessionPhase.RUNNING)
    if sys.platform != "win32":  # where what is mapped can't be moved
        squat.ring.path.rename(tmp_path / "moved.h5")
        assert window.header.state()[:2] == (2, "RING GONE")
    squat.finish()
    assert window.header.state()[:2] == (0, "SESSION ENDED")


def test_a_session_that_has_ended_is_pictured_at_its_worst_moment(tmp_path, qapp):
    squat = SquatRing(tmp_path / "ring.h5", rig_data())
    squat.advance(5.5)
    assert math.isnan(picture._feed(squat.ring).whole_s)  # a running one as it stands
    squat.flag(1, 2, 5.0)
    squat.advance(1.0)
    squat.flag(1, 2, 5.0, 6.2)
    squat.advance(2.0)
    squat.finish()
    window = Window(picture._feed(Ring.attach(squat.ring.path)))
    window.catch_up()
    assert window.header.state() == (0, "AT ITS WORST", "of a session of 0:08")
    assert 5.0 <= window.feed.session_s <= 6.2


@pytest.mark.parametrize("close_at_end", [True, False])
def test_the_window_closes_after_the_end_only_if_asked(tmp_path, qapp, qtbot, monkeypatch, close_at_end):
    monkeypatch.setattr(dashboard_window, "_AFTER_END_MS", 10)
    squat = SquatRing(tmp_path / "ring.h5", rig_data())
    squat.advance(1.0)
    window = Window(Feed(Ring.attach(squat.ring.path)), close_at_end=close_at_end)
    qtbot.addWidget(window)
    window.show()
    window.start()
    squat.finish()
    if close_at_end:
        qtbot.waitUntil(lambda: not window.isVisible(), timeout=60_000)
    else:
        qtbot.wait(500)
        assert window.isVisible()


def test_the_process_of_a_dashboard_ends_by_itself_after_the_session(tmp_path):
    squat = SquatRing(tmp_path / "ring.h5", rig_data())
    squat.advance(1.0)
    squat.finish()
    code = (
        "import sys, pathlib; from functools import partial; from ui.dashboard.views import on_screen, operator\n"
        "sys.exit(on_screen.show(pathlib.Path(sys.argv[1]), partial(operator.Window, close_at_end=True)))"
    )
    command = [sys.executable, "-W", "error", "-c", code, str(tmp_path / "ring.h5")]
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_f11_fills_the_screen_and_escape_lets_go(tmp_path, opened, qtbot):
    window = opened(SquatRing(tmp_path / "ring.h5", rig_data()).ring)
    qtbot.keyClick(window, Qt.Key.Key_F11)
    assert window.isFullScreen()
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert not window.isFullScreen()


def test_a_picture_is_saved_and_nothing_is_overwritten(tmp_path, qapp):
    squat = SquatRing(tmp_path / "ring.h5", rig_data())
    squat.advance(6.0)
    before = (tmp_path / "ring.h5").read_bytes()
    png = tmp_path / "dashboard.png"
    picture.save(tmp_path / "ring.h5", png, size=(1366, 768))
    image = QImage(str(png))
    assert (image.width(), image.height()) == (1366, 768)
    assert near(pixels(image), colours.LEFT).sum() > 1000
    assert image.pixelColor(QPoint(1, 1)) == colours.GROUND
    kept = png.read_bytes()
    with pytest.raises(DashboardError, match="exists already"):
        picture.save(tmp_path / "ring.h5", png)
    assert png.read_bytes() == kept
    assert (tmp_path / "ring.h5").read_bytes() == before  # the ring was only read
    with pytest.raises(DashboardError, match="can't be written"):
        picture.save(tmp_path / "ring.h5", tmp_path / "no folder" / "dashboard.png")
    with pytest.raises(RingError, match="no file"):
        picture.save(tmp_path / "other.h5", tmp_path / "other.png")


@pytest.mark.skipif(sys.platform != "linux", reason="only fontconfig can be told that there are no fonts")
def test_without_fonts_no_boxes_are_drawn(tmp_path):
    squat = SquatRing(tmp_path / "ring.h5", rig_data())
    squat.advance(1.0)
    empty = tmp_path / "fonts.conf"
    empty.write_text('<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig></fontconfig>')
    code = (
        "import sys, pathlib; from ui.dashboard import DashboardError; from ui.dashboard.views import picture\n"
        "try: picture.save(*map(pathlib.Path, sys.argv[1:]))\n"
        "except DashboardError as error: sys.exit(str(error))"
    )
    environment = os.environ | {"FONTCONFIG_FILE": str(empty), "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", code, str(tmp_path / "ring.h5"), str(tmp_path / "dashboard.png")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "Qt finds no fonts" in done.stderr
    assert not (tmp_path / "dashboard.png").exists()


def test_a_second_screen_goes_over_to_the_next_session(tmp_path, qapp, qtbot):
    one, two = SquatRing(tmp_path / "one.h5", rig_data()), SquatRing(tmp_path / "two.h5", rig_data())
    one.advance(1.0)
    two.advance(1.0)
    kept = QSettings(str(tmp_path / "screens.ini"), QSettings.Format.IniFormat)
    shown = OnScreen(Ring.attach(one.ring.path), Window, kept)
    first = shown.window
    shown.go_over(lambda: two.ring.path)
    assert shown.window is first, "it stays while its session runs"
    one.finish()
    shown.go_over(lambda: None)
    shown.go_over(lambda: one.ring.path)
    assert shown.window is first, "it stays while there is no other"
    shown.go_over(lambda: two.ring.path)
    assert shown.window.feed.ring.path == two.ring.path
    assert shown.window.isVisible()
    assert not first.isVisible()
    shown.window.close()


def test_after_the_end_streams_have_ended_and_have_no_delay(tmp_path, opened, monkeypatch):
    squat = SquatRing(tmp_path / "ring.h5", rig_data())
    squat.advance(3.0)
    squat.finish()
    window = opened(squat.ring)
    words = texts(window.streams, monkeypatch)
    assert "ended" in words
    assert "running" not in words


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
def test_a_dashboard_ends_when_it_is_told_to(tmp_path):
    squat = SquatRing(tmp_path / "ring.h5", rig_data())
    squat.advance(1.0)
    code = (
        "import sys, pathlib; from PySide6.QtCore import QTimer; from ui.dashboard.views import on_screen, operator\n"
        "QTimer.singleShot(0, lambda: print('shown', flush=True)); on_screen.show(pathlib.Path(sys.argv[1]), operator.Window)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "ring.h5")]
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "shown\n"
    process.terminate()
    assert process.wait(240) == -signal.SIGTERM
    process.stdout.close()


def test_a_screen_loads_nothing_that_only_reprocessing_needs():
    """It is a process of its own beside the session: what it loads is its memory, and the time until it opens."""
    code = (
        "import sys, ui.dashboard.views.lifter, ui.dashboard.views.on_screen, ui.dashboard.views.operator\n"
        "print(sorted({'processing.batch', 'scipy.signal', 'scipy.sparse', 'acquisition.formats'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
