"""Simulated lifters through pipeline and analysis, with no ring and no file between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from acquisition.stretches import TICK, Stretch
from acquisition.timebase.clock import Clock, SyncLevel
from processing.analysis import Analysis
from processing.pipeline import Pipeline
from sim.device import SimulatedDevice, devices

if TYPE_CHECKING:
    from acquisition.rig import Rig
    from processing.results import Results
    from sim.lifter.lifter import Lifter


def results_of(rig: Rig, lifter: Lifter, from_s: float, to_s: float) -> Results:
    """Return the results of a lifter between two times of a session, as of a recording of its own."""
    analysis = Analysis(Pipeline(rig))
    clocks = {}
    for device in devices(rig, lifter, speed=None):
        name, rate_hz = device.stream.name, device.stream.rate_hz
        clocks[name] = Clock(rate_hz, np.zeros(1, np.int64), np.zeros(1), 0.0, SyncLevel.EDGES)
        for _ in analysis.take(name, _stretch(device, round(from_s * rate_hz), round(to_s * rate_hz))):
            pass
    for _ in analysis.finish():
        pass
    return analysis.results(clocks, dict.fromkeys(clocks, 0.0), "simulated", "", "")


def _stretch(device: SimulatedDevice, first: int, stop: int) -> Stretch:
    ticks = np.zeros(1, TICK)
    ticks["row"] = ticks["index"] = stop - first
    ticks["host_s"] = (stop - first) / device.stream.rate_hz
    return Stretch(device.samples(first, stop), ticks, 0, 0)
