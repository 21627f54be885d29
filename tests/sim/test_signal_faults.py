"""Signal faults: each does what it names from its time on, to its channel alone, however blocks are cut."""

from __future__ import annotations

import numpy as np
import pytest

from acquisition.rig import microvolts_per_unit
from processing.findings.caveats import caveats
from sim.device import SimulatedDevice, devices
from sim.faults import Faulty
from sim.lifter.lifter import Lifter
from sim.signal_faults import CutOff, Drifts, FallsOff, Hum, Sticks
from tests.support.rigs import example_with
from tests.support.sessions import all_samples, analysed

RIG = example_with()
SECONDS = 12.0
BF = next(electrode for electrode in RIG.emg if (electrode.muscle, electrode.side) == ("BF", "right"))
RAW_PER_UV = 1.0 / microvolts_per_unit(BF, "mV")
RIGHT = next(plate for plate in RIG.plate if plate.side == "right")


def session(stream: str, *faults) -> dict[str, np.ndarray]:
    sources = devices(RIG, Lifter(), speed=None, end_s=SECONDS)
    return {
        source.stream.name: all_samples(Faulty(source, faults if source.stream.name == stream else ())) for source in sources
    }


def column(channel: str, samples: dict[str, np.ndarray], stream: str) -> np.ndarray:
    return samples[stream][:, RIG.column(stream, channel)]


@pytest.fixture(scope="module")
def sound() -> dict[str, np.ndarray]:
    return session("emg")


def test_each_fault_spoils_its_channel_from_its_time_on(sound) -> None:
    fz = RIGHT.channels[2]
    before = round(5.0 * 1000.0)
    whole = column(fz, sound, "plates")
    for fault, expected in (
        (CutOff(fz, 5.0, most=0.5), np.clip(whole, -0.5, 0.5)),
        (Drifts(fz, 5.0, per_minute=6.0, offset=0.1), whole + 0.1 + 0.1 * (np.arange(len(whole)) / 1000.0 - 5.0)),
        (Sticks(fz, 5.0), np.full_like(whole, whole[before])),
        (Hum(fz, 5.0, rms=0.2, hz=60.0), whole + 0.2 * np.sqrt(2) * np.sin(2 * np.pi * 60.0 * np.arange(len(whole)) / 1000.0)),
    ):
        spoiled = session("plates", fault)
        found = column(fz, spoiled, "plates")
        np.testing.assert_array_equal(found[:before], whole[:before])
        np.testing.assert_allclose(found[before:], expected[before:], atol=1e-9)
        others = [i for i in range(whole.ndim and sound["plates"].shape[1]) if i != RIG.column("plates", fz)]
        np.testing.assert_array_equal(spoiled["plates"][:, others], sound["plates"][:, others])
        np.testing.assert_array_equal(spoiled["emg"], sound["emg"])


@pytest.mark.parametrize(
    ("stream", "fault", "told"),
    [
        ("emg", FallsOff(BF.channel, 6.0, noise=RAW_PER_UV), "bad_emg"),
        ("emg", Hum(BF.channel, 0.0, rms=14.0 * RAW_PER_UV), "mains_taken_out"),
        ("emg", CutOff(BF.channel, 0.0, most=20.0 * RAW_PER_UV), "bad_emg"),
        ("emg", Sticks(BF.channel, 6.0), "bad_emg"),
        ("plates", Sticks(RIGHT.channels[2], 6.0), "plate_stuck"),
    ],
)
def test_what_is_spoiled_is_named_by_the_program(stream: str, fault, told: str) -> None:
    found = analysed(RIG, session(stream, fault))
    assert told in {caveat.id for caveat in caveats(found)}
    assert not {flag.rule for flag in found.flags} & {"qh_change", "qh_between_legs", "load_shift"}


def test_blocks_of_any_length_are_spoiled_alike() -> None:
    settings = RIG.stream_named("emg")
    found = []
    for block_samples in (10, 40, 333):
        device = SimulatedDevice(
            settings.model_copy(update={"block_samples": block_samples}), RIG, Lifter(), speed=None, end_s=2.0
        )
        faults = [FallsOff(BF.channel, 0.7, noise=1.0), Hum(BF.channel, 1.1, rms=1.0, third=0.3)]
        found.append(all_samples(Faulty(device, faults)))
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])
