"""The command line as a user meets it: every mistake is one sentence on stderr and exit code 1, and leaves nothing behind."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import h5py
import numpy as np
import pytest

from acquisition.recording import RecordingWriter
from acquisition.rig.rig_file import example, examples, load
from acquisition.stretches import TICK, Stretch
from hardware.source import SourceError
from tests.support.command_line import Told
from tests.support.recordings import complete
from tests.support.sessions import recorded, simulated
from tests.support.trc import write_trc

STANDING = {
    "RHip": [100.0, 0.0, 900.0],
    "RKnee": [120.0, 50.0, 480.0],
    "RHeel": [150.0, -80.0, 20.0],
    "RToe": [170.0, 120.0, 10.0],
}
"""Markers of a leg that stands still."""


@pytest.fixture
def files(tmp_path) -> dict[str, Path]:
    """Good files, and every kind of bad one, by what is wrong with it."""
    rig = load(example("demo"))
    recording = tmp_path / "good [one].h5"
    writer = RecordingWriter(recording, rig, [settings.stream() for settings in rig.stream])
    for settings in rig.stream:
        ticks = np.array([(500, 500, 0, 1.5)], TICK)
        writer.append(settings.name, Stretch(np.zeros((500, len(settings.channels))), ticks, 0, 0))
    complete(writer)
    content = recording.read_bytes()
    found = {name: tmp_path / f"{name} [bad].h5" for name in ("absent", "text", "empty", "cut", "foreign")}
    found["text"].write_text("just = a text [bold]\nno = = more")
    found["empty"].write_bytes(b"")
    found["cut"].write_bytes(content[: len(content) // 2])
    with h5py.File(found["foreign"], "w") as file:
        file["x"] = 1
    found["folder"] = tmp_path / "folder [bad]"
    found["folder"].mkdir()
    found["trc"] = write_trc(tmp_path / "pose.trc", list(STANDING), np.tile(list(STANDING.values()), (300, 1, 1)), 60.0)
    return found | {"recording": recording, "rig": example("demo")}


def tree(folder: Path) -> set[tuple[str, int]]:
    return {(str(path.relative_to(folder)), path.stat().st_size if path.is_file() else -1) for path in folder.rglob("*")}


def assert_one_sentence(told: Told, name: str = "") -> None:
    assert told.code == 1
    assert "Traceback" not in told.err
    assert "mistake in squatscope" not in told.err
    lines = told.err.strip().splitlines()
    assert len(lines) == 1, told.err
    assert re.match(r"\S.*[.)?]$", lines[0]), told.err
    assert name in lines[0], "names with [brackets] stay as they are"


COMMANDS = {
    "replay": lambda bad, files: ("live", "--replay", bad, "--headless", "--out", "new"),
    "live": lambda bad, files: ("live", bad, "--headless", "--seconds", "6", "--out", "new"),
    "reprocess": lambda bad, files: ("reprocess", bad, "--out", "new"),
    "settings": lambda bad, files: ("reprocess", files["recording"], "--settings", bad, "--out", "new"),
    "import": lambda bad, files: ("import", bad, "--out", "new"),
    "propose-map": lambda bad, files: ("propose-map", bad),
    "add-markers": lambda bad, files: ("add-markers", bad, files["trc"], "new.h5"),
    "recover": lambda bad, files: ("recover", bad, "new.h5"),
    "check": lambda bad, files: ("check", bad),
}


@pytest.mark.parametrize("wrong", ["absent", "text", "empty", "cut", "foreign", "folder"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_bad_file_is_told_in_a_sentence_and_leaves_nothing(squatscope, files, tmp_path, command, wrong):
    before = tree(tmp_path)
    told = squatscope(*COMMANDS[command](files[wrong], files))
    assert_one_sentence(told, files[wrong].name)
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("demo", "--seconds", "6", "--headless", "--out", "{recording}"), "can't be made: .*; give another one with --out"),
        (("demo", "--seconds", "6", "--headless", "--out", "{recording}/x"), "can't be made"),
        (("reprocess", "{recording}", "--out", "{recording}"), "can't be made"),
        (("live", "{cyton}", "--seconds", "3", "--headless", "--out", "new"), "asked to last 3 s"),
    ],
)
def test_a_path_that_is_taken_is_told_and_stays(squatscope, files, tmp_path, arguments, sentence):
    before = tree(tmp_path)
    names = {"recording": files["recording"], "cyton": example("cyton")}
    told = squatscope(*(argument.format(**names) for argument in arguments))
    assert_one_sentence(told)
    assert re.search(sentence, told.err)
    assert tree(tmp_path) == before


def test_results_that_exist_are_told_and_stay(squatscope, files, tmp_path):
    assert squatscope("reprocess", files["recording"], "--out", "new").code == 0
    before = tree(tmp_path)
    told = squatscope("reprocess", files["recording"], "--out", "new")
    assert_one_sentence(told, "--skip-existing")
    assert tree(tmp_path) == before


def test_one_bad_recording_spoils_no_other(squatscope, files, tmp_path):
    told = squatscope("reprocess", files["text"], files["recording"], "--out", "new")
    assert_one_sentence(told, files["text"].name)
    assert "good [one].h5" in told.out
    assert "1 of 2 recordings" in told.out
    made = {"good [one].metrics.h5", "good [one].repetitions.csv", "good [one].html"}
    assert {path.name for path in (tmp_path / "new").iterdir()} == made


def test_recordings_of_one_name_in_several_folders_keep_apart(squatscope, files, tmp_path):
    for folder in ("P01/one", "P02"):
        (tmp_path / "study" / folder).mkdir(parents=True)
        (tmp_path / "study" / folder / "squat.h5").write_bytes(files["recording"].read_bytes())
    assert squatscope("reprocess", "study", "--out", "new").code == 0
    made = sorted(path.name for path in (tmp_path / "new").glob("*.h5"))
    assert made == ["P01-one-squat.metrics.h5", "P02-squat.metrics.h5"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("live",),
        ("live", "rig.toml", "--replay", "r.h5"),
        ("live", "--replay", "r.h5", "--speed", "0"),
        ("live", "--replay", "r.h5", "--speed", "nan"),
        ("live", "rig.toml", "--seconds", "nan"),
        ("demo", "--seconds", "3"),
        ("demo", "--seconds", "nan"),
        ("demo", "--seconds", "inf"),
        ("demo", "--seconds", "ten"),
        ("demo", "--seed", "-1"),
        ("demo", "--nonsense"),
        ("nonsense",),
        ("reprocess", "r.h5"),
    ],
)
def test_options_that_can_not_be_are_refused(squatscope, tmp_path, arguments):
    told = squatscope(*arguments)
    assert told.code == 2
    assert told.out == ""
    assert "Error" in told.err
    assert tree(tmp_path) == set()


def test_a_rig_is_checked_and_described(squatscope, files, tmp_path):
    rig = tmp_path / "my [red]rig.toml"
    rig.write_text(files["rig"].read_text(encoding="utf-8"), encoding="utf-8")
    told = squatscope("check", rig)
    assert (told.code, told.err) == (0, "")
    assert f"{rig} is a good rig." in told.out
    assert "EMG left: VL, VM, RF, BF, ST, GMax, GMed" in told.out


def test_plates_on_the_wrong_side_are_told_before_a_session(squatscope, files, tmp_path):
    rig = tmp_path / "rig.toml"
    rig.write_text(files["rig"].read_text(encoding="utf-8").replace('right_axis = "x"', 'right_axis = "-x"'), encoding="utf-8")
    told = squatscope("check", rig)
    assert (told.code, told.err) == (0, "")
    assert "The right plate lies to the left of the left one" in told.out
    assert "good rig" not in told.out


def test_a_mistake_in_a_rig_is_told_with_its_line(squatscope, files, tmp_path):
    rig = tmp_path / "bad [rig].toml"
    rig.write_text(files["rig"].read_text(encoding="utf-8").replace("rate_hz = 1000.0", "rate_hz = -5", 1), encoding="utf-8")
    told = squatscope("check", rig)
    assert_one_sentence(told, "bad [rig].toml, line ")
    assert "rate_hz is -5" in told.err


def test_versions_are_told(squatscope):
    told = squatscope("sys-info")
    assert (told.code, told.err) == (0, "")
    for package in ("squatscope", "numpy", "numba", "h5py"):
        assert re.search(rf"^{package} +\d", told.out, re.MULTILINE)


def test_a_mistake_of_the_program_is_no_traceback(squatscope, files, monkeypatch):
    monkeypatch.setattr("acquisition.rig.rig_file.load", lambda _: {}["gone"])
    told = squatscope("check", files["rig"])
    assert told.code == 1
    assert "This is a mistake in squatscope: KeyError: 'gone' (test_app.py, line" in told.err
    assert "Traceback" not in told.err


def test_a_source_that_can_not_be_opened_leaves_nothing(squatscope, files, tmp_path, monkeypatch):
    def refuse(_source: object) -> None:
        raise SourceError("The card [Dev1] is not there; plug it in.")

    monkeypatch.setattr("sim.device.SimulatedDevice.open", refuse)
    before = tree(tmp_path)
    told = squatscope("demo", "--seconds", "6", "--headless", "--out", "new")
    assert_one_sentence(told, "The card [Dev1] is not there; plug it in.")
    assert tree(tmp_path) == before


def test_a_session_ended_before_it_began_leaves_nothing(squatscope, tmp_path, monkeypatch):
    def interrupt(_rig: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ui.session.parts.warm", interrupt)
    told = squatscope("demo", "--seconds", "6", "--headless", "--out", "new")
    assert_one_sentence(told, "ended before it began")
    assert tree(tmp_path) == set()


def test_measures_of_a_lifter_are_made_told_and_used(squatscope, tmp_path):
    rig = load(example("demo"))
    recording = recorded(tmp_path / "set.h5", rig, simulated(rig, seconds=14.0))
    told = squatscope("reference", recording, "--out", "light.toml", "--name", "anna")
    assert told.code == 0
    assert "quadriceps:hamstrings left: " in told.out
    assert "Reference set: light.toml" in told.out
    told = squatscope("reprocess", recording, "--out", "out", "--lifter", "light.toml")
    assert told.code == 0
    assert "is the median of the first" not in told.out
    told = squatscope("mvc", recording, "--out", "mvc.toml")
    assert told.code == 1
    assert "muscles have no MVC yet." in told.err
    assert_one_sentence(squatscope("reference", recording, "--out", "light.toml"))
    assert_one_sentence(squatscope("reprocess", recording, "--out", "again", "--lifter", "nobody.toml"))


def test_version_and_short_help(squatscope):
    assert squatscope("--version").out == f"squatscope {version('squatscope')}\n"
    for arguments in (("-h",), ("live", "-h")):
        told = squatscope(*arguments)
        assert (told.code, told.err) == (0, "")
        assert "[[" not in told.out


def test_a_new_rig_is_a_shipped_one(squatscope, tmp_path):
    listed = squatscope("new-rig").out
    assert all(f"{name} " in listed for name in examples())
    assert squatscope("new-rig", "cyton").out == example("cyton").read_text(encoding="utf-8")
    told = squatscope("new-rig", "cyton", "--out", "my lab.toml")
    assert "squatscope check my lab.toml" in told.out
    assert (tmp_path / "my lab.toml").read_bytes() == example("cyton").read_bytes()
    assert_one_sentence(squatscope("new-rig", "cyton", "-o", "my lab.toml"), "my lab.toml")
    assert_one_sentence(squatscope("new-rig", "cytom"), "cytom")


def test_names_of_results_depend_on_nothing_but_the_recording(squatscope, files, tmp_path):
    session = tmp_path / "monday" / "recording.h5"
    session.parent.mkdir()
    session.write_bytes(files["recording"].read_bytes())
    for count, arguments in enumerate(((session,), (files["recording"], session), (tmp_path / "monday",))):
        assert squatscope("reprocess", *arguments, "--out", f"out{count}").code == 0
        assert (tmp_path / f"out{count}" / "monday.metrics.h5").exists()
    assert (tmp_path / "out1" / "good [one].metrics.h5").exists()


def test_a_folder_is_its_recordings_and_a_rerun_is_one_sentence(squatscope, files, tmp_path):
    lab = tmp_path / "lab"
    for name in ("a", "b"):
        (lab / name).mkdir(parents=True)
        (lab / name / "recording.h5").write_bytes(files["recording"].read_bytes())
    (lab / "notes.h5").write_text("no recording")
    assert squatscope("reprocess", lab, "--out", "out").code == 0
    made = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert made == [f"{name}.{kind}" for name in "ab" for kind in ("html", "metrics.h5", "repetitions.csv")]
    told = squatscope("reprocess", lab, "--out", "out")
    assert_one_sentence(told)
    assert "--skip-existing" in told.err
    (lab / "c").mkdir()
    (lab / "c" / "recording.h5").write_bytes(files["recording"].read_bytes())
    told = squatscope("reprocess", lab, "--out", "out", "--skip-existing")
    assert told.code == 0
    assert "1 of 3 recordings were written into out; 2 were there already" in told.out
    (tmp_path / "empty").mkdir()
    assert_one_sentence(squatscope("reprocess", "empty", "--out", "other"), "empty")
    (tmp_path / "other lab" / "a").mkdir(parents=True)
    (tmp_path / "other lab" / "a" / "recording.h5").write_bytes(files["recording"].read_bytes())
    told = squatscope("reprocess", lab, "other lab", "--out", "third")
    assert_one_sentence(told)
    assert "would both be called 'a'" in told.err


@pytest.mark.parametrize(
    ("rig", "wrong", "right", "says"),
    [
        ("ni-and-cyton", '"CYTON_BORD"', '"CYTON_BOARD"', "did you mean CYTON_BOARD"),
        ("ni-and-cyton", "rate_hz = 200.0", "rate_hz = 250.0", "set rate_hz = 250.0"),
        ("ni-two-plates", '"Dev1/ai0", "Dev1/ai0"', '"Dev1/ai0"', "listed twice"),
        ("demo", "notch_hz = 1200.0", "notch_hz = 0.0", "notch_hz (1200) must be below"),
        ("demo", "envelope_hz = 1000.0", "envelope_hz = 6.0", "envelope_hz (1000) must be below"),
    ],
)
def test_check_refuses_what_a_session_would_refuse(squatscope, tmp_path, rig, wrong, right, says):
    text = example(rig).read_text(encoding="utf-8")
    if right.split(" = ")[0] in ("notch_hz", "envelope_hz") and right not in text:
        text += f"\n[emg_processing]\n{right}\n"
    assert right in text
    (tmp_path / "good.toml").write_text(text, encoding="utf-8")
    assert squatscope("check", "good.toml").code == 0
    (tmp_path / "bad.toml").write_text(text.replace(right, wrong, 1), encoding="utf-8")
    told = squatscope("check", "bad.toml")
    assert (told.code, says in told.err.replace("\n", " ")) == (1, True), told.err
    assert "Traceback" not in told.err


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C can't be sent to one process there")
def test_ctrl_c_while_the_program_is_loaded_shows_no_traceback():
    code = """
import sys, ui.cli
class Slow:
    def find_spec(self, name, *_):
        if name == "typer":
            print("loading", flush=True)
            import time
            time.sleep(60)
sys.meta_path.insert(0, Slow())
ui.cli.main()
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "loading\n"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=240) == ("", "")
    assert process.returncode == 130
