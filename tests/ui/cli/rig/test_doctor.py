"""The doctor with devices: simulated ones as a user calls it, and the three clients with stand-ins."""

from __future__ import annotations

import threading

import pytest

from acquisition.rig.rig_file import example, load
from hardware.severity import Severity
from sim.lifter.lifter import Lifter
from sim.wire.lab import WireLab
from tests.support.lsl_here import NETWORK
from ui.cli.rig.doctor import collect


def test_demo_rig_is_well(tmp_path, squatscope) -> None:
    told = squatscope("doctor", example("demo"), "--seconds", "3")
    assert (told.code, told.err) == (0, "")
    lines = told.out.splitlines()
    assert any(line.startswith("nidaqmx ") for line in lines)
    assert sum(line.startswith(" ✓ good   EMG ") for line in lines) == 14
    assert sum(line.startswith(" ▲ AMBER  plate ") and "It is loaded" in line for line in lines) == 2
    # On a busy computer blocks may come late, and nothing else may be amber.
    late = sum(line.startswith(" ▲ AMBER  stream ") and "arrival: Opened" in line for line in lines)
    assert lines[-1] == f"{2 + late} amber, nothing red: the session can begin."
    assert list(tmp_path.iterdir()) == []


def test_device_that_is_absent_is_one_red_line_and_the_others_are_checked(tmp_path, squatscope) -> None:
    absent = '[stream.source]\nkind = "nidaqmx"\nphysical_channels = [' + ", ".join(f'"NoDev/ai{i}"' for i in range(12)) + "]\n"
    text = example("cyton").read_text(encoding="utf-8")
    begin = text.index("[stream.source]")
    end = text.index("[[stream]]", begin)
    rig = tmp_path / "rig.toml"
    rig.write_text(text[:begin] + absent + text[end:], encoding="utf-8")
    told = squatscope("doctor", rig, "--seconds", "2")
    assert (told.code, told.err) == (1, "")
    lines = told.out.splitlines()
    assert len([line for line in lines if line.startswith(" ✕ RED    stream plates: ")]) == 1
    assert not [line for line in lines if "plate left" in line]
    assert sum(line.startswith(" ✓ good   EMG ") for line in lines) == 8
    assert "mend what is red" in lines[-1]


def test_wrong_rig_is_told_in_sentences(squatscope) -> None:
    told = squatscope("doctor", "absent.toml")
    assert (told.code, told.out) == (1, "")
    assert told.err == "There is no file absent.toml.\n"


def test_three_clients_with_stand_ins(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pty", reason="a board can only be played on a pseudo-terminal, which this system lacks")
    pytest.importorskip("pylsl", reason="pylsl is not installed, or its library does not load", exc_type=ImportError)
    monkeypatch.chdir(tmp_path)
    before = set(threading.enumerate())
    with WireLab(load(example("wire")), Lifter(), NETWORK) as rig:
        for _ in range(3):  # a stand-in that the machine gives no time is silent, and the doctor rightly says: try again
            checks = collect(rig, 6.0)
            if not any("silent" in check.found for check in checks):
                break
    assert [check for check in checks if check.severity is Severity.RED] == []
    by_what = {check.what: check for check in checks}
    driver = next(check for check in checks if check.what.startswith("NI-DAQmx of 127.0.0.1:"))
    assert driver.severity is Severity.AMBER
    assert driver.found == "Driver 24.8.0; Dev1 is a PCIe-6343, serial 01A2B3C4 (simulated)."
    for name in ("plates", "thighs", "hips"):
        assert by_what[f"stream {name}, rate"].severity is Severity.FINE
        assert by_what[f"sync of {name}"].severity is Severity.FINE
    assert sum(what.startswith("EMG ") and check.severity is Severity.FINE for what, check in by_what.items()) == 16
    assert "Undersampled" in by_what["EMG of hips"].found
    assert set(threading.enumerate()) <= before
    assert list(tmp_path.iterdir()) == []
