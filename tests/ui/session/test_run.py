"""Sessions that don't go to plan: ended by a signal, killed, on a full disk, with nobody reading; no sample is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest

from acquisition.commands import FOLDER, Command, Commands, Does
from acquisition.recording import Recording
from acquisition.ring import Ring
from acquisition.ring.mark_log import Mark
from processing.results import Results
from tests.support.command_line import COMMAND_WITHOUT_QT, WITHOUT_QT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits of files are other things there")

RECORDED_BYTES = 1 << 20  # what a recording takes before its first sample
# What a child does before its session begins, once its ring is there: from now on no file may grow beyond a limit.
FULL_DISK = f"""
import resource
{WITHOUT_QT}
import ui.session.parts, ui.cli.app
make = ui.session.parts.LivePipeline
def limited(*arguments):
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_700_000, resource.RLIM_INFINITY))
    return make(*arguments)
ui.session.parts.LivePipeline = limited
ui.cli.app.main()
"""


@pytest.fixture
def start():
    """Start sessions; whatever still runs afterwards is killed."""
    running = []

    def begin(*arguments: object, code: str = "", **options) -> subprocess.Popen:
        command = [sys.executable, "-P", "-c", code] if code else COMMAND_WITHOUT_QT
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options
        running.append(subprocess.Popen([*command, *map(str, arguments)], **pipes))
        return running[-1]

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def demo(folder: Path, seconds: float = 60) -> tuple[object, ...]:
    return "demo", "--seconds", seconds, "--headless", "--out", folder


def wait_for_samples(folder: Path, seconds: float) -> None:
    """Wait until a session records and has acquired so much."""
    deadline = time.perf_counter() + 240
    while time.perf_counter() < deadline:
        if (folder / "recording.h5").exists() and (folder / "recording.h5").stat().st_size > RECORDED_BYTES:
            ring = Ring.attach(folder / "ring.h5")
            if all(ring.reader(name).waiting > seconds * ring.streams[name].rate_hz for name in ("plates", "emg")):
                return
        time.sleep(0.05)
    pytest.fail("the session did not begin")


@pytest.mark.parametrize("number", [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)])
def test_a_session_that_is_told_to_end_completes_its_files(start, tmp_path, number):
    folder = tmp_path / "s"
    process = start(*demo(folder))
    wait_for_samples(folder, 1.5)
    Commands(folder / FOLDER).give(Command(Does.MARK, 0, at_s=1.25))
    process.send_signal(number)
    if number == signal.SIGINT:
        time.sleep(0.2)
        process.send_signal(number)  # impatience harms nothing
    out, err = process.communicate(timeout=240)
    assert (process.returncode, err) == (0, ""), err
    assert "The session is brought to its end" in out
    assert {"recording.h5", "metrics.h5", "report.html"} <= {path.name for path in folder.iterdir()}
    assert not (folder / "ring.h5").exists()
    assert not (folder / FOLDER).exists()
    with Recording(folder / "recording.h5") as recording:
        assert recording.complete
        assert 1.5 < recording.seconds < 30
        assert recording.marks == [Mark(1250, "mark 1")]
    results = Results.read(folder / "metrics.h5")
    assert len(results.tables["plates.force"].frames) > 150
    assert [(mark.at_s, mark.label) for mark in results.marks] == [(pytest.approx(1.25, abs=0.01), "mark 1")]
    assert "mark 1 at 1.2" in (folder / "report.html").read_text(encoding="utf-8")


def test_a_killed_session_is_recovered_whole(start, tmp_path):
    folder = tmp_path / "s [killed]"
    process = start(*demo(folder))
    wait_for_samples(folder, 1.5)
    process.kill()
    process.communicate()
    ring = Ring.attach(folder / "ring.h5")
    published = {name: ring.reader(name).waiting for name in ("plates", "emg")}
    time.sleep(2.1)  # a session counts as running as long as its last sign of life is younger
    recover = start("recover", folder / "ring.h5", tmp_path / "r [ecovered].h5")
    out, err = recover.communicate(timeout=240)
    assert (recover.returncode, err) == (0, ""), err
    assert str(tmp_path / "r [ecovered].h5") in out
    with Recording(tmp_path / "r [ecovered].h5") as recording:
        assert recording.complete
        assert {name: stream.rows for name, stream in recording.streams.items()} == published
        assert all(len(stream.gaps) == 0 for stream in recording.streams.values())


def test_a_disk_that_fills_up_costs_no_sample(start, tmp_path):
    folder = tmp_path / "s"
    process = start(*demo(folder, 6), code=FULL_DISK)
    out, err = process.communicate(timeout=240)
    assert process.returncode == 1
    assert "Traceback" not in err
    assert "The recorder stopped early. The disk of " in err
    assert "samples of plates are in the ring alone" in err
    assert f"squatscope recover {folder / 'ring.h5'}" in out
    results = Results.read(folder / "metrics.h5")
    assert len(results.tables["plates.force"].frames) == 600
    recover = start("recover", folder / "ring.h5", tmp_path / "whole.h5")
    assert recover.communicate(timeout=240)[1] == ""
    with Recording(tmp_path / "whole.h5") as recording:
        assert {name: stream.rows for name, stream in recording.streams.items()} == {"plates": 6001, "emg": 12000}


def test_no_room_for_the_ring_is_told_before_the_session(start, tmp_path):
    def limit() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))

    process = start(*demo(tmp_path / "s"), preexec_fn=limit)
    _, err = process.communicate(timeout=240)
    assert process.returncode == 1
    assert len(err.strip().splitlines()) == 1
    assert "There is no room for a ring of" in err
    assert not list(tmp_path.iterdir())


def test_a_session_goes_on_when_nobody_reads_what_it_says(start, tmp_path):
    folder = tmp_path / "s"
    reading, writing = os.pipe()
    process = start(*demo(folder, 6), stdout=writing)
    os.close(writing)
    os.close(reading)
    process.communicate(timeout=240)
    assert len(Results.read(folder / "metrics.h5").tables["plates.force"].frames) == 600
    with h5py.File(folder / "recording.h5") as file:
        assert file.attrs["complete"]
        assert np.isfinite(file["streams/plates/samples"][:]).all()


def test_two_sessions_in_one_folder_spoil_nothing(start, tmp_path):
    folder = tmp_path / "s"
    first, second = start(*demo(folder, 6)), start(*demo(folder, 6))
    ends = sorted((process.communicate(timeout=240)[1], process.returncode) for process in (first, second))
    assert ends[0] == ("", 0)
    assert ends[1][1] == 1
    assert "exists already" in ends[1][0]
    with Recording(folder / "recording.h5") as recording:
        assert recording.complete
        assert recording.streams["emg"].rows == 12000
