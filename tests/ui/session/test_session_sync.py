"""A session whose sync line is seen goes on; one whose line is missing ends with a sentence and leaves nothing."""

from __future__ import annotations

import io
import os

import h5py
import pytest
from rich.console import Console
from typer.testing import CliRunner

from acquisition.engine import Engine
from acquisition.rig.rig_file import example, load
from acquisition.timebase.sync_edges import EdgeFinder
from processing.batch import reprocess
from processing.pipeline import Pipeline
from processing.results import Results
from sim.device import devices
from sim.lifter.lifter import demo_lifter
from ui.archive.folder import Folder, SessionError
from ui.cli.app import app
from ui.session import parts
from ui.session.parts import Planned
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
                Planned(SECONDS),
                headless=True,
            )
        finally:
            started.printed = printed.getvalue()

    return started


def test_a_session_says_that_its_streams_are_tied(start, tmp_path):
    before = tmp_path / "2999-12-31-1"
    before.mkdir()
    os.utime(before, (32503586400, 32503586400))
    start(load(example("demo")))
    printed = " ".join(start.printed.split())
    assert printed.count("'2999-12-31-1'") == printed.count("Set the computer's date and time") == 1
    assert start.printed.count("sync: plates") == 1
    assert "ms\n" in start.printed
    assert {stream.sync_level for stream in Results.read(tmp_path / "out" / "metrics.h5").streams} == {"edges"}


def test_each_sample_is_searched_for_edges_once_and_one_pipeline_is_built(start, tmp_path, monkeypatch):
    searched, built = {}, []
    take, init = EdgeFinder.take, Pipeline.__init__

    def counted(finder, stretch):
        searched.setdefault(id(finder), []).append((stretch.first_index, len(stretch.samples)))
        return take(finder, stretch)

    monkeypatch.setattr(EdgeFinder, "take", counted)
    monkeypatch.setattr(Pipeline, "__init__", lambda pipeline, rig: built.append(rig) or init(pipeline, rig))
    monkeypatch.setattr(parts, "warm", lambda rig: None)
    start(load(example("demo")))
    streams = Results.read(tmp_path / "out" / "metrics.h5").streams
    assert len(built) == 1
    assert sorted(sum(count for _, count in taken) for taken in searched.values()) == sorted(stream.rows for stream in streams)


@pytest.mark.parametrize("complete", [True, False])
def test_a_replay_keeps_the_clocks_of_a_complete_recording(start, tmp_path, complete):
    start(load(example("demo")))
    original = tmp_path / "out" / "recording.h5"
    with h5py.File(original, "r+") as file:
        file.attrs["complete"] = complete
        clock = file["streams/emg/clock"]
        clock["offset_s"] = clock["offset_s"][:] + 0.25
    again = tmp_path / "again"
    done = CliRunner().invoke(app, ["live", "--replay", str(original), "--speed", "inf", "--headless", "--out", str(again)])
    assert done.exit_code == 0, done.output
    live, later, first = Results.read(again / "metrics.h5"), reprocess(again / "recording.h5"), reprocess(original)
    assert live.streams == later.streams == first.streams
    assert live.streams[1].clock_differs_s == pytest.approx(0.25 * complete, abs=1e-3)
    for name, table in first.tables.items():
        assert table.time_s.tobytes() == live.tables[name].time_s.tobytes() == later.tables[name].time_s.tobytes()


def test_it_says_so_as_well_where_they_were_tied_before_the_screen_first_looked(start, monkeypatch):
    begin = Engine.start

    def run_to_the_end(engine):
        begin(engine)
        engine.wait(240)
        engine.stop()

    monkeypatch.setattr(Engine, "start", run_to_the_end)
    start(load(example("demo")))
    assert start.printed.count("sync: plates") == 1


def test_without_the_line_nothing_is_recorded_and_nothing_left(start, tmp_path):
    demo = load(example("demo"))
    plates, emg = demo.stream
    without = emg.model_copy(update={"channels": [*emg.channels[:-1], "open"], "sync_channel": "open"})
    with pytest.raises(SessionError, match=r"Nothing was recorded, since the sync line .* emg saw 0 edges"):
        start(demo.model_copy(update={"stream": [plates, without]}))
    assert not (tmp_path / "out").exists()
