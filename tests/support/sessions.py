"""Simulated sessions for the tests: the samples of a rig's streams, as runs, as results and as recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from acquisition.recording import RecordingWriter
from acquisition.stretches import TICK, Stretch
from hardware.source import StreamEnded
from processing.analysis import Analysis
from processing.pipeline import Pipeline
from sim.device import devices
from sim.lifter.lifter import demo_lifter
from tests.support.recordings import clocks_for, complete

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from acquisition.rig import Rig
    from hardware.source import Source
    from processing.results import Results
    from sim.lifter.lifter import Lifter


def simulated(rig: Rig, seed: int = 3, seconds: float = 8.0) -> dict[str, np.ndarray]:
    """Return the samples of every stream of a rig, from the first to the last, of the demonstration's lifter."""
    return lifted(rig, demo_lifter(seconds, seed), seconds)


def lifted(rig: Rig, lifter: Lifter, seconds: float) -> dict[str, np.ndarray]:
    """Return the samples of every stream of a rig under a lifter."""
    return {device.stream.name: all_samples(device) for device in devices(rig, lifter, speed=None, end_s=seconds)}


def all_samples(source: Source) -> np.ndarray:
    """Return the samples of a source, from the first to the last."""
    source.open()
    source.start()
    blocks = []
    try:
        while True:
            block = source.read(1.0)
            assert block is not None
            blocks.append(block.samples.copy())
    except StreamEnded:
        return np.concatenate(blocks)


def a_stretch(samples: np.ndarray, rate_hz: float, first: int = 0, row: int = 0, block: int = 50) -> Stretch:
    """Return samples as a run of blocks which arrived in time; `first` is the number of the first, `row` its row."""
    ends = np.minimum(np.arange(block, len(samples) + block, block), len(samples))
    ticks = np.zeros(len(ends), TICK)
    ticks["row"], ticks["index"] = row + ends, first + ends
    ticks["host_s"] = 100.0 + (first + ends) / rate_hz
    return Stretch(samples, ticks, row, first)


def analysed(rig: Rig, samples: dict[str, np.ndarray]) -> Results:
    """Return the results of whole streams."""
    return results_of(rig, {name: [a_stretch(rows, rig.stream_named(name).rate_hz)] for name, rows in samples.items()})


def results_of(rig: Rig, stretches: Mapping[str, Sequence[Stretch]]) -> Results:
    """Return the results of streams that come in these stretches."""
    analysis = Analysis(Pipeline(rig))
    for name, parts in stretches.items():
        for stretch in parts:
            list(analysis.take(name, stretch))
    list(analysis.finish())
    return analysis.results(
        clocks_for(rig, stretches),
        dict.fromkeys((stream.name for stream in rig.stream), 0.0),
        "session.h5",
        "0f",
        "2026-01-02T03:04:05+00:00",
    )


def recorded(path: Path, rig: Rig, samples: dict[str, np.ndarray]) -> Path:
    """Write whole streams as a recording."""
    writer = RecordingWriter(path, rig, [settings.stream() for settings in rig.stream])
    for name, rows in samples.items():
        writer.append(name, a_stretch(rows, rig.stream_named(name).rate_hz))
    complete(writer)
    return path
