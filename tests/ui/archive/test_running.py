"""Running sessions are found by their notes, the newest first, and those that were killed are not."""

from __future__ import annotations

import os
import stat
import sys

import pytest

from acquisition.ring import Ring, SessionPhase
from tests.support.fakes import a_stream
from ui.archive import running


@pytest.fixture(autouse=True)
def notes(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def begun(tmp_path):
    """Begin a session of a name: its ring gives a sign of life."""

    def begin(name: str) -> Ring:
        (tmp_path / name).mkdir()
        ring = Ring.create(tmp_path / name / "ring.h5", [a_stream()], 1.0)
        ring.beat(SessionPhase.RUNNING)
        return ring

    return begin


def test_the_newest_session_is_found_while_it_runs(begun):
    one, two = begun("one"), begun("two")
    assert running.newest() is None
    with running.noted(one.path):
        assert running.newest() == one.path.resolve()
        with running.noted(two.path):
            os.utime(next(path for path in running.notes().iterdir() if path.name.endswith("two")), (2e9, 2e9))
            assert running.newest() == two.path.resolve()
            two.beat(SessionPhase.FINISHED)
            assert running.newest() == one.path.resolve()
    assert running.newest() is None


def test_a_session_that_was_killed_leaves_nothing_for_ever(begun, monkeypatch):
    ring = begun("killed")
    note = running.notes() / "1-killed"
    note.write_text(str(ring.path))
    assert running.newest() == ring.path
    monkeypatch.setattr(running, "ALIVE_S", -1.0)
    assert running.newest() is None
    assert not note.exists()
    (running.notes() / "2-gone").write_text("nowhere/ring.h5")
    assert running.newest() is None


@pytest.mark.skipif(sys.platform == "win32", reason="modes are not kept there")
def test_only_its_user_may_look(notes):
    assert stat.S_IMODE(running.notes().stat().st_mode) == 0o700


def test_a_folder_that_can_not_be_written_stops_no_session(begun, monkeypatch):
    def refuse():
        raise PermissionError

    monkeypatch.setattr(running, "notes", refuse)
    with running.noted(begun("one").path):
        assert running.newest() is None
