"""What the doctor says of signals whose faults are known."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from acquisition.probe import Probe
from acquisition.rig import Rig
from acquisition.rig.plate_map import plate_map
from acquisition.rig.rig_file import example, load
from acquisition.storage import host_date
from acquisition.storage.disk import Disk
from acquisition.stretches import TICK, Stretch
from hardware.nidaq.devices import NidaqDevice
from hardware.nidaq.settings import NidaqSettings
from hardware.severity import Severity
from hardware.source import SourceState
from processing.doctor.check import Check
from processing.doctor.checks import (
    check_channels,
    check_emg,
    check_plate,
    check_stream,
    check_sync,
    examine,
)
from processing.doctor.computer import check_date, check_disk, check_driver
from sim.session_clock import sync_level

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 6.0
RNG_SEED = 7


@pytest.fixture(scope="module")
def rig() -> Rig:
    return load(example("wire"))


def runs_of(samples: np.ndarray, rate_hz: float, block: int, jitter_s: float = 0.001, lost_after: int = -1, lost: int = 0):
    """Blocks as they would come out of a ring, in one run or, behind lost samples, in two."""
    rng = np.random.default_rng(RNG_SEED)
    rows = np.arange(block, len(samples) + 1, block)
    ticks = np.zeros(len(rows), TICK)
    ticks["row"] = rows
    ticks["index"] = rows + np.where((lost_after >= 0) & (rows > lost_after), lost, 0)
    ticks["host_s"] = 100.0 + ticks["index"] / rate_hz + jitter_s * rng.random(len(rows))
    cuts = [0, lost_after // block, len(rows)] if lost_after >= 0 else [0, len(rows)]
    return [
        Stretch(
            samples[a * block : b * block],
            ticks[a:b],
            a * block,
            int(ticks["index"][a] - block),
        )
        for a, b in pairwise(cuts)
    ]


def probe(rig: Rig, name: str, samples: np.ndarray, **how) -> Probe:
    settings = rig.stream_named(name)
    rate_hz = how.pop("rate_hz", settings.rate_hz)
    stretches = runs_of(samples, rate_hz, settings.block_samples, **how)
    return Probe(name, open_s=0.1, state=SourceState.RUNNING, stretches=stretches)


def quiet(rig: Rig, name: str, scale: float = 0.01) -> np.ndarray:
    settings = rig.stream_named(name)
    n = int(SECONDS * settings.rate_hz) // settings.block_samples * settings.block_samples
    return scale * np.random.default_rng(RNG_SEED).standard_normal((n, len(settings.channels)))


def loaded(rig: Rig, fz_N: float, noise: float = 0.0005) -> np.ndarray:
    """Raw volts of both plates under a vertical reaction, + up."""
    samples = quiet(rig, "plates", noise)
    for plate in rig.plate:
        plates = plate_map(plate)
        wrench = np.array([0.0, 0.0, fz_N, 0.0, 0.0, 0.0])
        columns = [rig.column("plates", name) for name in plate.channels]
        samples[:, columns] += plates.zero + np.linalg.solve(plates.matrix, wrench)
    return samples


def severities(checks: list[Check]) -> dict[str, Severity]:
    return {check.what: check.severity for check in checks}


def test_source_that_does_not_open_is_red_with_its_code(rig: Rig) -> None:
    (check,) = check_stream(rig.stream[0], Probe("plates", fault="It is away.", code=-201003))
    assert (check.severity, check.found) == (Severity.RED, "It is away. (code -201003)")
    (check,) = check_stream(rig.stream[0], Probe("plates", fault="It is away (error -201003).", code=-201003))
    assert check.found.count("-201003") == 1
    (check,) = check_stream(rig.stream[0], Probe("plates", state=SourceState.SILENT, note="Nothing came."))
    assert check.severity is Severity.RED


@pytest.mark.parametrize(
    ("share", "severity"),
    [(1.0, Severity.FINE), (0.9995, Severity.FINE), (1.0417, Severity.RED), (0.5, Severity.RED), (1.1, Severity.RED)],
)
def test_measured_rate_is_held_against_the_nominal_one(rig: Rig, share: float, severity: Severity) -> None:
    checks = check_stream(rig.stream[0], probe(rig, "plates", quiet(rig, "plates"), rate_hz=1000.0 * share))
    rate = next(check for check in checks if check.what == "stream plates, rate")
    assert rate.severity is severity
    assert float(rate.found.split(" Hz")[0]) == pytest.approx(1000.0 * share, rel=1e-3)


def test_late_blocks_do_not_look_like_a_wrong_rate(rig: Rig) -> None:
    found = severities(check_stream(rig.stream[0], probe(rig, "plates", quiet(rig, "plates"), jitter_s=0.3)))
    assert found["stream plates, rate"] is Severity.FINE
    assert found["stream plates, arrival"] is Severity.AMBER


def test_lost_samples_are_counted(rig: Rig) -> None:
    checks = check_stream(rig.stream[0], probe(rig, "plates", quiet(rig, "plates"), lost_after=2000, lost=25))
    losses = next(check for check in checks if check.what.endswith("losses"))
    assert losses.severity is Severity.AMBER
    assert losses.found.startswith("25 samples")


def test_source_that_fell_silent_or_has_a_note(rig: Rig) -> None:
    silent = probe(rig, "plates", quiet(rig, "plates"))
    silent.state, silent.note = SourceState.LOST, "It is gone."
    assert check_stream(rig.stream[0], silent)[0].severity is Severity.RED
    noted = probe(rig, "plates", quiet(rig, "plates"))
    noted.note = "It samples at another rate."
    assert check_stream(rig.stream[0], noted)[0] == Check(
        Severity.AMBER, "stream plates", noted.note, "The session can begin; watch this stream."
    )


def test_dead_channels_are_named(rig: Rig) -> None:
    samples = quiet(rig, "plates")
    assert [check.severity for check in check_channels(rig, rig.stream[0], probe(rig, "plates", samples))] == [Severity.FINE]
    samples[:, 2] = 0.25
    samples[::2, 4] = np.nan
    samples[100, 7] = 10.0
    found = severities(check_channels(rig, rig.stream[0], probe(rig, "plates", samples)))
    assert found == {f"channel {name} of plates": Severity.RED for name in ("Fz_L", "My_L", "Fy_R")}


@pytest.mark.parametrize(
    ("fz_N", "severity", "says"),
    [
        (0.0, Severity.FINE, "unloaded"),
        (-8.0, Severity.FINE, "-8.0 N"),
        (35.0, Severity.AMBER, "set zero = ["),
        (-35.0, Severity.AMBER, "-35.0 N"),
        (420.0, Severity.AMBER, "loaded, with 420 N"),
        (-420.0, Severity.RED, "pulled upwards"),
    ],
)
def test_plates_load_is_told(rig: Rig, fz_N: float, severity: Severity, says: str) -> None:
    for plate in rig.plate:
        (check,) = check_plate(rig, plate, probe(rig, "plates", loaded(rig, fz_N)))
        assert check.severity is severity
        assert says in f"{check.found} {check.advice}"


def test_zero_that_is_advised_brings_the_plate_to_zero(rig: Rig) -> None:
    samples = loaded(rig, 35.0)
    (check,) = check_plate(rig, rig.plate[1], probe(rig, "plates", samples))
    zero = [float(value) for value in check.advice.split("[")[1].split("]")[0].split(",")]
    tared = rig.model_copy(update={"plate": [rig.plate[0], rig.plate[1].model_copy(update={"zero": zero})]})
    (check,) = check_plate(tared, tared.plate[1], probe(rig, "plates", samples))
    assert check.severity is Severity.FINE
    assert float(check.found.split(": ")[1].split(" N")[0]) == pytest.approx(0.0, abs=0.2)


def test_noisy_plate_can_not_keep_its_gate(rig: Rig) -> None:
    samples = loaded(rig, 0.0, noise=0.03)
    (check,) = check_plate(rig, rig.plate[0], probe(rig, "plates", samples))
    frames = 500.0 * samples[:, 2].reshape(-1, 10).mean(axis=1)
    assert check.severity is Severity.AMBER
    assert f"{np.std(frames):.2f} N" in check.found


def test_electrodes_are_judged_one_by_one(rig: Rig) -> None:
    samples = quiet(rig, "thighs", 20.0)
    t = np.arange(len(samples)) / 2000.0
    samples[:, 1] = 500.0 * np.sin(2 * np.pi * 50.0 * t)
    samples[:, 2] = 3.0
    samples[:, 3] = np.nan
    found = severities(check_emg(rig, probe(rig, "thighs", samples)))
    bad = {"EMG VM left", "EMG RF left", "EMG BF left"}
    assert {what for what, severity in found.items() if severity is Severity.RED} == bad
    assert len(found) == 10
    assert all(severity is Severity.FINE for what, severity in found.items() if what not in bad)


def test_a_saturated_electrode_is_told_in_full_sentences(rig: Rig) -> None:
    samples = quiet(rig, "hips", 20.0)
    samples[:, 1] = 187_500.0
    (check,) = (check for check in check_emg(rig, probe(rig, "hips", samples)) if check.severity is Severity.RED)
    assert check.found == "100 % of its samples are at full scale."
    assert check.advice == "Lower the gain or renew the electrode."


def test_slow_stream_missing_mvc_and_large_offset_are_amber(rig: Rig) -> None:
    electrodes = [e.model_copy(update={"mvc_uV": None} if e.channel == "ADD_L" else {}) for e in rig.emg]
    samples = quiet(rig, "hips", 20.0)
    samples[:, 1] += 120_000.0
    checks = check_emg(rig.model_copy(update={"emg": electrodes}), probe(rig, "hips", samples))
    amber = [check.found for check in checks if check.severity is Severity.AMBER]
    assert len(amber) == 3
    assert "Undersampled" in amber[0]
    assert "ADD left" in amber[1]
    assert "half of the range" in amber[2]


def with_sync(rig: Rig, name: str, pulses: bool = True) -> Probe:
    samples = quiet(rig, name, 20.0)
    if pulses:
        samples[:, -1] += 5000.0 * sync_level(np.arange(len(samples)) / rig.stream_named(name).rate_hz)
    return probe(rig, name, samples)


def test_sync_lines_that_pulse_together_are_good(rig: Rig) -> None:
    checks = check_sync(rig, [with_sync(rig, stream.name) for stream in rig.stream])
    assert severities(checks) == {f"sync of {name}": Severity.FINE for name in ("plates", "thighs", "hips")}


def test_sync_line_that_is_dead_is_red(rig: Rig) -> None:
    probes = [with_sync(rig, "plates"), with_sync(rig, "thighs"), with_sync(rig, "hips", pulses=False)]
    found = severities(check_sync(rig, probes))
    assert found["sync of thighs"] is Severity.FINE
    assert found["sync of hips"] is Severity.RED


def test_rig_without_a_sync_line_is_told_so() -> None:
    (check,) = check_sync(load(example("cyton")), [])
    assert check.severity is Severity.AMBER
    assert "plates, board" in check.found
    assert check_sync(load(example("one-device")), []) == []


@pytest.mark.parametrize(
    ("disk", "severity"),
    [
        (None, Severity.RED),
        (Disk(1e12, 1e9), Severity.FINE),
        (Disk(1e7, 1e9), Severity.RED),
        (Disk(8e8, 1e9), Severity.AMBER),
        (Disk(1e12, 3e6), Severity.AMBER),
        (Disk(1e12, 1e6), Severity.RED),
    ],
)
def test_disk_is_held_against_what_a_session_writes(rig: Rig, disk: Disk | None, severity: Severity) -> None:
    check = check_disk(rig, disk)
    assert check.severity is severity
    assert bool(check.advice) is (severity is not Severity.FINE)


def test_a_date_that_can_t_be_right_is_amber(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_date(tmp_path).severity is Severity.FINE
    monkeypatch.setattr(host_date, "MADE", datetime(2999, 1, 1, tzinfo=UTC))
    check = check_date(tmp_path)
    assert check.severity is Severity.AMBER
    assert "this program is of January 2999" in check.found
    assert "date and time" in check.advice


def test_a_folder_of_several_computers_is_amber_and_says_what_to_do(rig: Rig) -> None:
    check = check_disk(rig, Disk(1e12, 1e9, "nfs4", "The folder lies on a network share: record into another one."))
    assert check.severity is Severity.AMBER
    assert "record into another one" in check.found
    assert check.advice == ""


def test_driver_must_know_the_devices_and_they_must_be_real() -> None:
    settings = NidaqSettings(physical_channels=["Dev1/ai0", "Dev1/ai1"])
    real = NidaqDevice("Dev1", "PCIe-6343", "01A2B3C4", ("Dev1/ai0",), False, "24.8.0")
    made_up = NidaqDevice("Dev1", "PCIe-6343", "00000000", ("Dev1/ai0",), True, "24.8.0")
    other = NidaqDevice("Dev2", "USB-6002", "00000001", (), False, "24.8.0")
    assert check_driver(settings, [real]).severity is Severity.FINE
    assert check_driver(settings, [made_up]).severity is Severity.AMBER
    assert check_driver(settings, [other]).found == "It knows no device Dev1; it has Dev2."
    assert check_driver(settings, []).severity is Severity.RED


def test_a_stream_that_does_not_open_leaves_the_others_checked(rig: Rig) -> None:
    probes = [Probe("plates", fault="No driver."), with_sync(rig, "thighs"), with_sync(rig, "hips")]
    checks = examine(rig, probes, Disk(1e12, 1e9))
    assert [check.what for check in checks if check.severity is Severity.RED] == ["stream plates"]
    assert {"EMG VL left", "EMG GMax right", "sync of hips", "disk"} <= set(severities(checks))
    assert all(bool(check.advice) is (check.severity is not Severity.FINE) for check in checks)
