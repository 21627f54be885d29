"""Taking up a session: what it left is kept, and another day or another process is noticed."""

from __future__ import annotations

import time

import pytest

from acquisition.ring import Ring, SessionPhase
from hardware.errors import SquatscopeError
from processing.screening.guided.protocol import Protocol, SetStep, WeighStep
from processing.screening.guided.session_file import Try, new_session, now_utc, read_session, write_session
from tests.support.fakes import a_stream
from ui.archive import resuming
from ui.archive.folder import Folder
from ui.archive.resuming import taken_up


@pytest.fixture
def session(tmp_path):
    protocol = Protocol(name="test", step=[WeighStep(), SetStep(condition="light", bar_kg=0.0)])
    made = new_session("A1", protocol).model_copy(
        update={"tries": [Try(step=0, number=1, kind="weigh", created_utc=now_utc())]}
    )
    write_session(tmp_path, made)
    return made


def test_a_session_of_today_goes_on_as_it_is(tmp_path, session):
    assert taken_up(tmp_path, session) == (session, [])


def test_a_session_of_another_day_is_weighed_anew_and_says_so(tmp_path, session):
    then = "2020-01-02T03:04:05+00:00"
    weighed = session.tries[0].model_copy(update={"created_utc": then})
    old = session.model_copy(update={"created_utc": then, "notes": "Knee brace.", "tries": [weighed]})
    fresh, said = taken_up(tmp_path, old)
    assert fresh.done(now_utc()) == set()
    assert fresh.notes.startswith("Knee brace. Went on on 20")
    assert "begun on 2020-01-02" in said[0]
    assert read_session(tmp_path) == fresh


def test_a_session_that_another_process_leads_is_left_alone(tmp_path, session, monkeypatch):
    ring = Ring.create(tmp_path / "ring.h5", [a_stream()], 1.0)
    ring.beat(SessionPhase.RUNNING)
    monkeypatch.setattr(time, "sleep", lambda _: ring.beat(SessionPhase.RUNNING))
    with pytest.raises(SquatscopeError, match="is being led by another process"):
        taken_up(tmp_path, session)
    assert ring.path.exists()


def test_a_ring_that_gives_nothing_is_kept_and_said(tmp_path, session, monkeypatch):
    Ring.create(tmp_path / "ring.h5", [a_stream()], 1.0).close()
    monkeypatch.setattr(resuming, "_is_led", lambda _: False)
    _, said = taken_up(tmp_path, session)
    assert (tmp_path / "ring.killed-1.h5").exists()
    assert "its ring is kept" in said[0]


def test_a_session_without_a_try_is_of_no_other_day(tmp_path, session):
    fresh, said = taken_up(tmp_path, session.model_copy(update={"tries": []}))
    assert (fresh.notes, said) == ("", [])


def test_a_page_is_no_hindrance_to_go_on_and_a_recording_of_a_session_is(tmp_path):
    folder = Folder(tmp_path)
    folder.screening.write_text("the answer so far")
    assert folder.make() is False
    folder.report.write_text("a report")
    with pytest.raises(SquatscopeError, match="exists already"):
        folder.make()
