"""How long from a sample's arrival to its flag: `python tests/benchmarks delay` runs a short session in real time.

Both ends are in the ring: the tick of the raw block says when it came, the tick of the frame or flag when it was put there. The
hold time of a rule comes on top, and so does the length of a block, which a device keeps to itself until it is full.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from acquisition.engine import Engine
from acquisition.recording.recorder import Recorder
from acquisition.rig.rig_file import example, load
from acquisition.ring import Ring
from acquisition.timebase.time_base import TimeBase
from processing.live import LivePipeline
from processing.pipeline import FLAGS, Pipeline, warm
from sim.device import devices
from sim.lifter.lifter import demo_lifter

SECONDS = 15.0


def _read(ring: Ring, name: str) -> tuple[np.ndarray, np.ndarray]:
    reader = ring.reader(name)
    runs = []
    while (stretch := reader.read()) is not None:
        runs.append(stretch)
    return np.concatenate([r.samples for r in runs]), np.concatenate([r.ticks for r in runs])


def rows() -> list[tuple[str, str, str]]:
    """Return name, result and aim of each measurement."""
    rig = load(example("demo"))
    warm(rig)
    pipeline = Pipeline(rig)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        ring = Ring.create(
            Path(folder) / "ring.h5",
            [settings.stream() for settings in rig.stream],
            SECONDS + 10,
            derived=pipeline.derived_streams(),
        )
        time_base = TimeBase(ring, rig)
        recorder = Recorder(ring, Path(folder) / "recording.h5", rig, time_base)
        followers = {"time base": time_base, "recorder": recorder, "live": LivePipeline(ring, pipeline)}
        engine = Engine(ring, devices(rig, demo_lifter(SECONDS, 1), end_s=SECONDS), followers)
        engine.arm()
        engine.start()
        engine.wait()
        engine.stop()
        raw = {settings.name: _read(ring, settings.name)[1] for settings in rig.stream}
        changes, flag_ticks = _read(ring, FLAGS)
        for part in pipeline.parts:
            frames, ticks = _read(ring, part.name)
            told = ticks[np.searchsorted(ticks["row"], np.arange(len(frames)), side="right")]["host_s"]
            found.append(_row(f"{part.name}: sample to frame", _came(raw[part.stream], frames[:, 0]), told))
        newest = np.fmax(changes[:, 3], changes[:, 4])
        came = [
            _came(raw[pipeline.rules[int(change[0])].stream], np.array([sample]))[0]
            for change, sample in zip(changes, newest, strict=True)
        ]
        told = flag_ticks[np.searchsorted(flag_ticks["row"], np.arange(len(changes)), side="right")]["host_s"]
        first = np.unique(changes[:, [0, 2]], axis=0, return_index=True)[1]
        found.append(_row("sample to flag", np.array(came)[first], told[first]))
        ring.close()
    return found


def _came(ticks: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """Return when the block came that holds each sample."""
    return ticks[np.searchsorted(ticks["index"], samples, side="right")]["host_s"]


def _row(name: str, came_s: np.ndarray, told_s: np.ndarray) -> tuple[str, str, str]:
    p50, p99 = np.percentile(1e3 * (told_s - came_s), [50, 99])
    return name, f"{p50:.1f} ms, 99 % within {p99:.1f} ms ({len(told_s)} seen)", ""


def main() -> None:
    """Print the table."""
    table = Table("delay", "measured", "aim")
    for row in rows():
        table.add_row(*row)
    Console().print(table)
