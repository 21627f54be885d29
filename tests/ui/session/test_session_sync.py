"""A session whose sync line is seen goes on; one whose line is missing ends with a sentence and leaves nothing."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from acquisition.rig.rig_file import example, load
from processing.results import Results
from sim.device import devices
from sim.lifter.lifter import demo_lifter
from ui.archive.folder import Folder, SessionError
from ui.session.run import dashboard_process, run_session

SECONDS = 11.0


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Return a function that runs a session of the simulator, as fast as can be, and what it printed."""
    monkeypatch.setattr(dashboard_process, "save_picture", lambda *_: [])

    def started(rig):
        printed = io.StringIO()
        sources = devices(rig, demo_lifter(SECONDS, 1), speed=None, end_s=SECONDS)
        try:
            run_session(
                rig,
                sources,
                Folder(tmp_path / "out"),
                Console(file=printed, width=200),
                seconds=None,
                length_s=SECONDS,
                headless=True,
            )
        finally:
            started.printed = printed.getvalue()

    return started


def test_a_session_says_that_its_streams_are_tied(start, tmp_path):
    start(load(example("demo")))
    assert start.printed.count("sync: plates") == 1
    assert "ms\n" in start.printed
    assert {stream.sync_level for stream in Results.read(tmp_path / "out" / "metrics.h5").streams} == {"edges"}


def test_without_the_line_nothing_is_recorded_and_nothing_left(start, tmp_path):
    demo = load(example("demo"))
    plates, emg = demo.stream
    without = emg.model_copy(update={"channels": [*emg.channels[:-1], "open"], "sync_channel": "open"})
    with pytest.raises(SessionError, match=r"Nothing was recorded, since the sync line .* emg saw 0 edges"):
        start(demo.model_copy(update={"stream": [plates, without]}))
    assert not (tmp_path / "out").exists()
