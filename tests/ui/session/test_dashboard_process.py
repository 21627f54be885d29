"""The dashboard's process beside a session: whatever becomes of its window is told, with what opens it again."""

from __future__ import annotations

import sys

import pytest

from ui import dashboard
from ui.cli.rig import sysinfo
from ui.dashboard import DEBIAN_PACKAGES, why_it_ended, window_trouble
from ui.session import dashboard_process
from ui.session.dashboard_process import opened


@pytest.fixture
def child(monkeypatch):
    """Have another program instead of the dashboard's."""
    monkeypatch.setattr(dashboard_process, "has_display", lambda: True)
    monkeypatch.setattr(dashboard_process, "qt_missing", lambda: None)

    def instead(code: str) -> None:
        monkeypatch.setattr(dashboard_process, "COMMAND", [sys.executable, "-c", code])

    return instead


def news_of(window) -> str:
    while (said := window.news()) is None:
        pass
    return said


def test_a_window_that_is_closed_is_told_with_what_opens_it_again(child, tmp_path):
    child("pass")
    remarks = []
    with opened(tmp_path / "ring.h5", False, remarks) as window:
        said = news_of(window)
        assert window.news() is None, "told once"
    assert said.startswith("The dashboard was closed; the session goes on")
    assert f"squatscope dashboard {tmp_path / 'ring.h5'}" in said
    assert remarks == []


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_an_abort_is_told_with_its_reason(child, tmp_path):
    child(
        "import os, sys; sys.stderr.write('qt.qpa.plugin: From 6.5.0, xcb-cursor0 or libxcb-cursor0 is needed to load the Qt "
        "xcb platform plugin.\\n'); sys.stderr.flush(); os.abort()"
    )
    with opened(tmp_path / "ring.h5", False, []) as window:
        said = news_of(window)
    assert "xcb-cursor0 is missing (was ended by SIGABRT)" in said
    assert all(package in said for package in DEBIAN_PACKAGES)


def test_a_window_that_does_not_close_is_ended_and_that_is_told(child, tmp_path, monkeypatch):
    monkeypatch.setattr(dashboard_process, "CLOSE_S", 0.05)
    child("import time; time.sleep(600)")
    remarks = []
    with opened(tmp_path / "ring.h5", False, remarks) as window:
        assert window.news() is None
    assert remarks == ["The dashboard did not close at the end, and was ended."]


def test_without_a_display_no_window_is_tried(monkeypatch, tmp_path):
    monkeypatch.setattr(dashboard_process, "has_display", lambda: False)
    remarks = []
    with opened(tmp_path / "ring.h5", False, remarks) as window:
        assert window is None
    assert remarks == ["There is no display, so no dashboard was opened."]


@pytest.mark.parametrize(
    ("code", "said", "told"),
    [
        (1, "ring.h5 is no ring\n", "The dashboard's process ended with code 1: ring.h5 is no ring."),
        (-9, "", "The dashboard's process was ended by SIGKILL and said nothing."),
        (-6, "qt.qpa.xcb: could not connect to display :7\n", "the display can't be reached (was ended by SIGABRT)"),
    ],
)
def test_every_end_has_a_sentence(code, said, told):
    if sys.platform != "win32":
        assert told in why_it_ended(code, said)


def test_sys_info_opens_a_window_and_says_what_came_of_it(monkeypatch):
    monkeypatch.setattr(sysinfo, "has_display", lambda: True)
    monkeypatch.setattr(sysinfo, "qt_missing", lambda: None)
    monkeypatch.setattr(sysinfo, "window_trouble", lambda: "No window could be opened: libxcb-cursor.so.0 is missing.")
    assert sysinfo.lines()[-1].endswith("No window could be opened: libxcb-cursor.so.0 is missing.")
    monkeypatch.setattr(sysinfo, "has_display", lambda: False)
    assert "no display" in sysinfo.lines()[-1]


def test_a_window_opens_where_there_is_a_screen_for_it(monkeypatch):
    if dashboard.qt_missing():
        pytest.skip("Qt can't be loaded here")
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert window_trouble() is None
    monkeypatch.setattr(dashboard, "OPEN_A_WINDOW", "import os; os.abort()")
    if sys.platform != "win32":
        assert "SIGABRT" in (window_trouble() or "")
