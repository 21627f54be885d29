"""The review's window: keys and the mouse make edits, numbers follow, and any recording can be looked at."""

from __future__ import annotations

import math
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QSettings, Qt

from acquisition.rig import Rig
from acquisition.rig.rig_file import example, load
from processing.repetition.corrections import edits_of
from processing.review import Review
from tests.support.screens import grounds
from tests.support.sessions import recorded, simulated
from ui.dashboard.drawing import colours
from ui.dashboard.drawing.excerpt import Band, Picture, Signals
from ui.dashboard.feed.under_review import BINS, lowest_and_highest
from ui.dashboard.views.review import KEYS, ReviewOnScreen, ReviewWindow, save
from ui.palette import LIGHT, SCREEN

if TYPE_CHECKING:
    from pathlib import Path

RIG = load(example("demo"))
ENTER = Qt.Key.Key_Return


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    return recorded(tmp_path_factory.mktemp("review") / "made.h5", RIG, simulated(RIG, seconds=17.0))


@pytest.fixture
def recording(made: Path, tmp_path: Path) -> Path:
    path = tmp_path / "set.h5"
    shutil.copy(made, path)
    return path


def opened(path: Path, qtbot, size: tuple[int, int] = (1920, 1080)) -> ReviewWindow:
    window = ReviewWindow(Review(path, who="coach"))
    qtbot.addWidget(window)
    window.resize(*size)
    window.show()
    window.grab()
    return window


@pytest.fixture
def window(recording: Path, qtbot) -> ReviewWindow:
    return opened(recording, qtbot)


def numbers(window: ReviewWindow) -> list[int]:
    return [row.number for row in window.table.rows()]


def test_it_begins_with_the_first_repetition(window) -> None:
    row = window.under.chosen
    assert row is not None
    assert row.number == 1
    assert window.under.from_s <= row.start_s < window.under.cursor_s < row.end_s <= window.under.to_s
    assert numbers(window) == [1, 2, 3, 4]
    assert "4 repetitions" not in window.head.said
    assert window.windowTitle() == "squatscope review: set.h5"


def test_del_drops_and_u_undoes(window, recording, qtbot) -> None:
    qtbot.keyClick(window, Qt.Key.Key_Down)
    qtbot.keyClick(window, Qt.Key.Key_Delete)
    assert numbers(window) == [1, 3, 4]
    assert window.under.number == 3
    assert "Repetition 2" in window.head.said
    assert not window.head.refused
    assert window.under.dropped()[0][2] == 2
    assert Review(recording).results.repetitions == window.review.results.repetitions  # kept at once
    qtbot.keyClicks(window, "u")
    assert numbers(window) == [1, 2, 3, 4]
    assert "Edit 1 is taken back." in window.head.said
    qtbot.keyClicks(window, "u")
    assert window.head.refused


def test_shift_del_asks_why(window, qtbot) -> None:
    qtbot.keyClick(window, Qt.Key.Key_Delete, Qt.KeyboardModifier.ShiftModifier)
    assert window.head.line.isVisible()
    qtbot.keyClicks(window.head.line, "stumbled")
    qtbot.keyClick(window.head.line, ENTER)
    assert window.review.history.edits[-1].reason == "stumbled"
    assert numbers(window) == [2, 3, 4]


def test_s_splits_at_the_cursor(window, qtbot) -> None:
    row = window.under.chosen
    window.under.point(row.bottom_s + 0.3)
    qtbot.keyClicks(window, "s")
    first, second = window.under.repetitions[:2]
    assert (first.number, second.number) == (5, 6)
    assert first.end_s == second.start_s == pytest.approx(row.bottom_s + 0.3)
    assert window.table.texts(second)[0] == "6?"
    assert "–" in window.table.texts(second)[1]
    assert window.under.number == 5


def test_brackets_and_b_move_instants_to_the_cursor(window, qtbot) -> None:
    row = window.under.chosen
    for key, at_s, name in (
        ("[", row.start_s + 0.1, "start_s"),
        ("b", row.bottom_s + 0.1, "bottom_s"),
        ("]", row.end_s - 0.1, "end_s"),
    ):
        window.under.point(at_s)
        qtbot.keyClicks(window, key)
        assert not window.head.refused, window.head.said
        assert getattr(window.under.chosen, name) == pytest.approx(at_s)
    assert window.under.chosen.edited == "moved"


@pytest.mark.parametrize("along", ["overview", "traces"])
def test_an_end_is_dragged(window, qtbot, along) -> None:
    panel, row = getattr(window, along), window.under.chosen
    spot = QPoint(round(panel.x_of(row.end_s)), round(panel.line().center().y()))
    to = QPoint(round(panel.x_of(row.end_s - 0.3)), spot.y())
    qtbot.mousePress(panel, Qt.MouseButton.LeftButton, pos=spot)
    qtbot.mouseMove(panel, to)
    panel.mouseMoveEvent(_moved(to))
    panel.grab()
    qtbot.mouseRelease(panel, Qt.MouseButton.LeftButton, pos=to)
    per_px = (panel.span_s()[1] - panel.span_s()[0]) / panel.line().width()
    assert window.under.chosen.end_s == pytest.approx(row.end_s - 0.3, abs=2 * per_px)
    assert window.under.chosen.edited == "moved"
    qtbot.keyClicks(window, "u")
    assert window.under.chosen == row


def _moved(to: QPoint):
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QMouseEvent

    none, left = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
    return QMouseEvent(QEvent.Type.MouseMove, QPointF(to), QPointF(to), left, left, none)


def _drag_limit(window, qtbot, start: float, end: float) -> None:
    """Drag the limit of the load shift that stands at a value to another one, at the left end of the lane."""
    panel = window.traces
    panel.grab()
    (lane,) = panel._limited_lanes()
    x = next(x for x in range(round(panel.line().left()) + 2, panel.width()) if panel._grip_at(x) is None)
    spot, to = QPoint(x, round(lane.y_of(start))), QPoint(x, round(lane.y_of(end)))
    qtbot.mousePress(panel, Qt.MouseButton.LeftButton, pos=spot)
    panel.mouseMoveEvent(_moved(to))
    panel.grab()
    qtbot.mouseRelease(panel, Qt.MouseButton.LeftButton, pos=to)


def test_limits_are_dragged_and_typed_and_undone(window, qtbot) -> None:
    found = window.review.results
    (lane,) = (window.traces.grab(), window.traces._limited_lanes())[1]
    assert lane.limits == (5.0, 10.0)
    spot = QPointF(window.traces.line().right() - 2.0, lane.y_of(-5.0))
    assert window.traces.meaning(spot).startswith("Amber limit: ± 5 % of load shift. Drag it")
    _drag_limit(window, qtbot, 5.0, 5.0)
    assert window.review.history.edits == []
    _drag_limit(window, qtbot, -5.0, -8.2)
    assert window.head.said == "The limits of load shift are 8/10 % instead of 5/10 %."
    assert not window.head.refused
    by_hand = window.review.results
    assert {flag.amber for flag in by_hand.flags if flag.rule == "load_shift"} <= {8.0}
    assert repr(by_hand.flags) == repr(Review(window.review.path).results.flags) != repr(found.flags)
    _drag_limit(window, qtbot, 10.0, 3.0)
    assert window.traces._limited_lanes()[0].limits == (8.0, 8.0), "red stops at amber"
    for said in ("load_shift 9 7", "load_shift", "load_shift x 3", "load_shift 8 8", "knees 1 2"):
        qtbot.keyClicks(window, "l")
        assert "load_shift 8/8 %" in window.head.line.placeholderText()
        qtbot.keyClicks(window.head.line, said)
        qtbot.keyClick(window.head.line, ENTER)
        assert window.head.refused, window.head.said
    qtbot.keyClicks(window, "l")
    qtbot.keyClicks(window.head.line, "foot_cop_medial 2")
    qtbot.keyClick(window.head.line, ENTER)
    assert "The limits of foot cop medial are 2 mm instead of 8 mm." in window.head.said
    qtbot.keyClicks(window, "uuu")
    assert window.review.results is window.review.found
    assert repr(window.review.results.flags) == repr(found.flags)


def test_a_flag_is_dismissed_for_a_reason(window, qtbot) -> None:
    flags = window.review.results.flags
    assert len(flags) > 1
    qtbot.keyClick(window, Qt.Key.Key_Tab)
    assert window.under.flag == 1
    assert window.under.cursor_s == pytest.approx(flags[1].start_s)
    qtbot.keyClicks(window, "d")
    qtbot.keyClick(window.head.line, Qt.Key.Key_Escape)
    assert not edits_of(window.review.path).exists()
    qtbot.keyClicks(window, "d")
    qtbot.keyClick(window.head.line, ENTER)
    assert "for a reason" in window.head.said
    assert window.head.refused
    qtbot.keyClicks(window, "d")
    qtbot.keyClicks(window.head.line, "looked aside")
    qtbot.keyClick(window.head.line, ENTER)
    assert window.review.results.flags[1].dismissed == "looked aside"
    assert window.under.flag == 1
    qtbot.keyClick(window, Qt.Key.Key_Backtab)
    assert window.under.flag == 0
    qtbot.keyClicks(window, "u")
    assert not window.review.results.flags[1].dismissed


def test_the_wheel_and_keys_zoom_and_scroll_within_the_recording(window, qtbot) -> None:
    whole_s = window.under.whole_s
    for key in "++++++++++++":
        qtbot.keyClicks(window, key)
        assert window.under.from_s <= window.under.cursor_s <= window.under.to_s
    assert window.under.to_s - window.under.from_s == pytest.approx(1.0)
    qtbot.keyClick(window, Qt.Key.Key_PageDown)
    qtbot.keyClick(window, Qt.Key.Key_End)
    assert window.under.to_s == pytest.approx(whole_s)
    assert window.under.cursor_s == pytest.approx(whole_s)
    qtbot.keyClick(window, Qt.Key.Key_Right)
    assert window.under.cursor_s == pytest.approx(whole_s)
    window.traces.zoomed.emit(-20.0, whole_s)
    assert (window.under.from_s, window.under.to_s) == (0.0, pytest.approx(whole_s))
    qtbot.keyClick(window, Qt.Key.Key_Home)
    assert window.under.cursor_s == 0.0


def test_it_scrolls_within_the_recording_and_tells_what_a_lane_means(window, qtbot) -> None:
    window.under.show(5.0, 4.0)
    window.traces.scrolled.emit(1.0)
    assert window.under.from_s == pytest.approx(3.4)
    window.traces.scrolled.emit(-1000.0)
    assert (window.under.from_s, window.under.to_s) == (0.0, pytest.approx(4.0))
    line = window.traces.line()
    assert "com_height_mm [mm]" in window.traces.meaning(QPointF(400.0, line.top() + 5.0))
    assert "µV" in window.traces.meaning(QPointF(400.0, line.bottom() - 5.0))
    assert "dragged" in window.traces.meaning(QPointF(400.0, 2.0))


def test_a_click_goes_there_and_chooses_what_is_there(window, qtbot) -> None:
    row = window.under.repetitions[2]
    panel = window.overview
    at_s = row.start_s + 0.5
    qtbot.mouseClick(panel, Qt.MouseButton.LeftButton, pos=QPoint(round(panel.x_of(at_s)), 30))
    assert window.under.number == 3
    assert window.under.cursor_s == pytest.approx(at_s, abs=0.05)
    area = window.table.inside(top=40)
    first = QPoint(round(area.center().x()), round(area.top() + window.table.px(22) + 5))
    qtbot.mouseClick(window.table, Qt.MouseButton.LeftButton, pos=first)
    assert window.under.number == window.table.rows()[window.table.first()].number
    assert "flags" in window.overview.meaning(QPointF(0, 0)).lower() or "whole recording" in window.overview.meaning(
        QPointF(0, 0)
    )


def test_the_keys_are_listed(window, qtbot) -> None:
    qtbot.keyClicks(window, "?")
    assert window.keys.isVisible()
    assert window.keys.geometry().height() <= window.height()
    assert any("split" in does for _, does in KEYS)
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert not window.keys.isVisible()


def rig_of(channels: int, *, plates: bool, name: str = "demo") -> Rig:
    emg = RIG.stream_named("emg")
    names = [f"ch{k}" for k in range(channels)]
    muscles = [
        {"stream": "emg", "channel": one, "muscle": "other", "side": ("left", "right")[k % 2]} for k, one in enumerate(names)
    ]
    known = RIG.model_dump()
    streams = [known["stream"][k] for k, stream in enumerate(RIG.stream) if stream.name == "plates" and plates]
    if channels:
        like = next(stream for stream in known["stream"] if stream["name"] == emg.name)
        streams.append(
            {
                **like,
                "sync_channel": None,
                "channels": names,
                "units": ["uV"] * channels,
            }
        )
    rig = {**known, "name": name, "stream": streams, "emg": muscles, "plate": known["plate"] if plates else []}
    return Rig.model_validate(rig)


@pytest.mark.parametrize(("channels", "plates"), [(0, True), (64, False)])
@pytest.mark.parametrize("size", [(960, 540), (3840, 2160)])
def test_other_recordings_are_drawn(tmp_path, qtbot, channels, plates, size) -> None:
    rig = rig_of(channels, plates=plates)
    samples = simulated(RIG, seconds=8.0)
    rng = np.random.default_rng(1)
    made = {"plates": samples["plates"]} if plates else {}
    if channels:
        settings = rig.stream_named("emg")
        made["emg"] = rng.normal(0.0, 1e-4, (int(8 * settings.rate_hz), channels)).astype(settings.dtype)
    path = recorded(tmp_path / f"{'ü' * 100}{'n' * 40}.h5", rig, made)
    window = opened(path, qtbot, size)
    assert (window.under.force is not None) == plates
    told = window.traces.told()
    assert told == "no EMG" if not channels else f"of {channels} (e: more)" in told
    before = window.traces.first
    qtbot.keyClicks(window, "e")
    window.grab()
    assert (window.traces.first > before) == bool(channels)
    qtbot.keyClick(window, Qt.Key.Key_Delete)
    assert window.head.refused == (not window.under.review.found.repetitions)
    qtbot.keyClicks(window, "-" * 3)
    window.grab()


def test_a_recording_without_samples_has_a_window(tmp_path, qtbot) -> None:
    rig = rig_of(0, plates=True)
    path = recorded(tmp_path / "empty.h5", rig, {"plates": simulated(RIG, seconds=8.0)["plates"][:50]})
    window = opened(path, qtbot)
    assert window.table.empty()[0] == "No repetition was found"
    qtbot.keyClicks(window, "sd[b]u")
    assert window.head.refused


def test_edits_that_are_not_applied_are_told_at_once(recording, qtbot) -> None:
    review = Review(recording)
    review.split(1, review.repetition(1).bottom_s)
    review.drop(6)
    review.undo(1)
    window = opened(recording, qtbot)
    assert window.head.refused
    assert "is not applied" in window.head.said


def test_the_overview_knows_the_lowest_and_highest_of_each_part(window) -> None:
    table = window.under.force
    found = lowest_and_highest(table, "fz_total_N", window.under.whole_s)
    values = table.column("fz_total_N")
    bins = min(BINS, len(values) // 2)
    assert found.shape == (2, bins)
    assert np.nanmin(found[0]) == np.nanmin(values)
    assert np.nanmax(found[1]) == np.nanmax(values)
    k = int(np.nanargmax(values))
    assert found[1, int(table.time_s[k] * bins / window.under.whole_s)] == values[k]


def test_emg_is_that_of_the_samples_in_what_is_shown(window, recording) -> None:
    from squatscope import open as opened_in_python

    window.under.show(6.0, 2.0)
    electrodes = window.review.found.rig.emg[:2]
    time_s, values = window.under.emg(list(electrodes))
    assert time_s[0] <= 5.0 + 1e-9
    assert 6.9 < time_s[-1] < 7.2
    frame = opened_in_python(recording).emg
    same = (frame.index >= time_s[0] - 1e-9) & (frame.index <= time_s[-1] + 1e-9)
    assert values == pytest.approx(frame[same].to_numpy()[:, :2])
    assert time_s == pytest.approx(frame.index[same].to_numpy())


def test_a_gap_is_hatched_and_a_line_goes_on_where_there_is_none() -> None:
    picture = Picture(100, 20, 0.0, 1.0)
    time_s = np.concatenate([np.arange(0.0, 0.3, 0.02), np.arange(0.7, 1.0, 0.02)])
    band = Band(0, 20, -1.0, 1.0)
    picture.draw(Signals(time_s, np.zeros((len(time_s), 1)), [colours.LEFT], [band]), 2.0)
    line = [picture.image.pixelColor(x, 10) == colours.LEFT for x in range(100)]
    assert all(line[2:28])
    assert not any(line[31:69])
    assert all(line[72:98])
    hatched = [picture.image.pixelColor(x, 3) == colours.NO_DATA for x in range(100)]
    assert any(hatched[32:68])
    assert not any(hatched[:28])


def test_a_picture_is_made_without_a_screen_and_never_over_another(recording, tmp_path) -> None:
    from ui.dashboard import DashboardError

    png = tmp_path / "review.png"
    save(Review(recording), png, size=(960, 540))
    assert png.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(DashboardError, match="exists already"):
        save(Review(recording), png)
    assert math.isfinite(png.stat().st_size)


def test_f9_turns_it_light_as_all_windows_and_keeps_the_edits(recording, tmp_path, qtbot) -> None:
    kept = QSettings(str(tmp_path / "screens.ini"), QSettings.Format.IniFormat)
    review = Review(recording, who="coach")
    shown = ReviewOnScreen(review, kept)
    qtbot.addWidget(shown.window)
    shown.window.resize(1200, 700)
    shown.window.show()
    first = shown.window
    review.drop(numbers(first)[0])
    try:
        assert grounds(first) == {SCREEN.grounds[0]}
        qtbot.keyClick(first, Qt.Key.Key_F9)
        assert shown.window is not first
        assert grounds(shown.window) == {LIGHT.grounds[0]}
        assert kept.value("light", False, bool) is True
        assert 1 not in numbers(shown.window)
        shown.window.close()
    finally:
        colours.use(SCREEN)
