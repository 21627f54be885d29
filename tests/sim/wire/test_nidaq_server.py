"""The stand-in for a data acquisition card: its clock, its buffer, and a simulated lifter behind its inputs."""

from __future__ import annotations

import time

import numpy as np
import pytest

from hardware.nidaq.settings import NidaqSettings
from hardware.nidaq.source import NidaqSource
from sim.device import SimulatedDevice
from sim.lifter.lifter import Lifter
from sim.wire.nidaq_card import Card, CardError, CardTask, Rack
from sim.wire.nidaq_server import StandInServer
from tests.support.rigs import a_rig


def numbered(first: int, n: int) -> np.ndarray:
    return np.tile(np.arange(first, first + n, dtype=np.float64)[:, None], 4)


def task_on(rack: Rack, rate_hz: float = 1000.0) -> CardTask:
    task = rack.make_task("")
    task.add_input("Dev1/ai0")
    task.set_clock(rate_hz, 0)
    return task


@pytest.mark.parametrize(("rate_hz", "made_hz"), [(2000.0, 2000.0), (3000.0, 100e6 / 33333)])
def test_clock_divides_its_timebase(rate_hz: float, made_hz: float) -> None:
    assert task_on(Rack(numbered), rate_hz).rate_hz == made_hz


def test_samples_come_no_sooner_than_the_clock_takes_them() -> None:
    task = task_on(Rack(numbered))
    started_s = time.perf_counter()
    task.start()
    task.read(200, 5.0)
    assert time.perf_counter() - started_s >= 0.199 - 1e-3


def test_full_buffer_breaks_the_task_until_it_is_started_again() -> None:
    task = task_on(Rack(numbered))
    task.buffer_samples = 10
    task.start()
    time.sleep(0.03)
    for _ in range(2):
        with pytest.raises(CardError) as caught:
            task.read(5, 0.0)
        assert caught.value.code == -200279
    task.buffer_samples = 10_000
    task.start()
    assert task.read(5, 1.0).shape == (1, 5)


def test_one_card_runs_one_task() -> None:
    rack = Rack(numbered, (Card("Dev1", inputs=4), Card("Dev2", inputs=4)))
    first, second, other = task_on(rack), task_on(rack), rack.make_task("")
    other.add_input("Dev2/ai0")
    first.start()
    other.start()
    with pytest.raises(CardError) as caught:
        second.start()
    assert caught.value.code == -50103
    first.stop()
    second.start()


def test_simulated_lifter_stands_behind_the_card() -> None:
    """What NI's client reads of the lifter is what the simulated device hands out itself, to the last bit."""
    names = ["count", "fx", "fy", "fz", "mx", "my", "mz"]
    rig = a_rig(
        {"name": "daq", "rate_hz": 1000.0, "channels": names},
        name="plate on a card",
        plate=[
            {
                "name": "left",
                "side": "left",
                "stream": "daq",
                "channels": names[1:],
                "c3d_type": 2,
                "corners_mm": [[200, 300, 0], [-200, 300, 0], [-200, -300, 0], [200, -300, 0]],
                "origin_mm": [0, 0, -40],
                "sensitivities": [100, 100, 200, 1e5, 1e5, 1e5],
            }
        ],
    )

    behind, alone = (SimulatedDevice(rig.stream[0], rig, Lifter()) for _ in range(2))
    server = StandInServer(Rack(lambda first, n: behind.samples(first, first + n)))
    settings = NidaqSettings(physical_channels=[f"Dev1/ai{k}" for k in range(7)], server=server.address)
    source = NidaqSource(rig.stream[0].stream(), settings)
    try:
        source.open()
        source.start()
        for _ in range(10):
            block = source.read(2.0)
            assert block is not None
            first = int(block.samples[0, 0])
            np.testing.assert_array_equal(block.samples, alone.samples(first, first + len(block.samples)))
    finally:
        source.close()
        server.kill()
