"""A whole session as a user runs it: what it leaves, and that replay and reprocessing give the same numbers again."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest

from hardware.severity import Severity
from processing.results import Results
from sim.lifter.lifter import demo_lifter
from tests.support.command_line import COMMAND, COMMAND_WITHOUT_QT
from tests.support.html_page import read_page
from ui.dashboard import qt_missing

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 24.0


def squatscope(*arguments: object, command: list[str] = COMMAND) -> str:
    """Run a command as a user would, and return what it printed; it must go well, and without a warning."""
    python, *rest = command
    done = subprocess.run(
        [python, "-W", "error", *rest, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("session") / "demo [one]"
    said = squatscope("demo", "--seconds", SECONDS, "--seed", 4, "--headless", "--out", folder)
    return folder, said


def assert_same_numbers(one: Results, other: Results) -> None:
    assert list(one.tables) == list(other.tables)
    for name, table in one.tables.items():
        assert table.columns == other.tables[name].columns
        assert table.frames.tobytes() == other.tables[name].frames.tobytes(), name
        assert table.time_s.tobytes() == other.tables[name].time_s.tobytes(), name
    assert repr(one.flags) == repr(other.flags)
    assert repr(one.channels) == repr(other.channels)
    assert repr(one.streams) == repr(other.streams)
    for rows in ("repetitions", "phases", "muscles", "variability"):
        assert repr(getattr(one, rows)) == repr(getattr(other, rows))
    assert (one.seconds, one.body_weight_N) == (other.seconds, other.body_weight_N)


def test_a_session_leaves_its_files_and_no_ring(demo):
    folder, said = demo
    expected = {"recording.h5", "metrics.h5", "repetitions.csv", "report.html"} | (
        {"dashboard.png"} if qt_missing() is None else set()
    )
    assert {path.name for path in folder.iterdir()} == expected
    for path in folder.iterdir():
        assert str(path) in said, "brackets in a name are text"


def test_any_program_can_read_the_recording(demo):
    with h5py.File(demo[0] / "recording.h5") as file:
        assert file.attrs["complete"]
        streams = file["streams"]
        assert {name: streams[name]["samples"].shape[0] for name in streams} == {"plates": 24001, "emg": 47999}
        for stream in streams.values():
            assert len(stream["gaps"]) == 0
            assert np.isfinite(stream["samples"][:]).all()


def test_flags_come_up_once_the_lifter_is_out_of_balance(demo):
    folder, said = demo
    results = Results.read(folder / "metrics.h5")
    onset_s = demo_lifter(SECONDS, 4).imbalances[0].onset_s
    rules = {(flag.rule, flag.side) for flag in results.flags}
    assert {("load_shift", "right"), ("foot_cop_medial", "right")} <= rules
    assert any(rule.startswith("qh") for rule, _ in rules)
    assert all(flag.start_s > onset_s > SECONDS / 3 for flag in results.flags)
    assert any(flag.severity is Severity.RED for flag in results.flags)
    assert "RED    load shifts to the right leg" in said
    assert len(results.repetitions) == len(demo_lifter(SECONDS, 4).bounds(SECONDS))
    assert said.count(" m deep, down in ") == len(results.repetitions)
    assert "Load shifts to the right leg" in said.split(f"Found in {len(results.repetitions)} repetitions:")[1]


@pytest.mark.skipif(qt_missing() is not None, reason="Qt can't be loaded")
def test_the_picture_is_one(demo):
    from PySide6.QtGui import QImage

    picture = QImage(str(demo[0] / "dashboard.png"))
    assert (picture.width(), picture.height()) == (1920, 1080)
    colours = {picture.pixel(x, y) for x in range(0, 1920, 7) for y in range(0, 1080, 7)}
    assert len(colours) > 20


def test_the_report_is_a_page_with_every_finding(demo):
    page = read_page(demo[0] / "report.html")
    assert "Load shifts to the right leg" in page.text
    assert page.text.count("RED") >= 1
    assert len(page.paths) >= 8


@pytest.mark.parametrize("speed", ["inf", "4"])
def test_a_replay_gives_the_same_numbers_bit_for_bit(demo, tmp_path, speed):
    folder = demo[0]
    given = "--replay", folder / "recording.h5", "--speed", speed, "--headless", "--out", tmp_path / "again"
    squatscope("live", *given, command=COMMAND_WITHOUT_QT)
    assert_same_numbers(Results.read(folder / "metrics.h5"), Results.read(tmp_path / "again" / "metrics.h5"))
    with h5py.File(folder / "recording.h5") as one, h5py.File(tmp_path / "again" / "recording.h5") as other:
        for name in one["streams"]:
            for what in ("samples", "ticks"):
                np.testing.assert_array_equal(one["streams"][name][what][:], other["streams"][name][what][:])


def test_reprocessing_gives_the_same_numbers_bit_for_bit(demo, tmp_path):
    said = squatscope("reprocess", demo[0] / "recording.h5", "--out", tmp_path / "results")
    assert "1 of 1 recordings" in said
    assert_same_numbers(Results.read(demo[0] / "metrics.h5"), Results.read(tmp_path / "results" / f"{demo[0].name}.metrics.h5"))
    assert (tmp_path / "results" / f"{demo[0].name}.html").exists()
