"""Simulated hours through all that a session keeps: `python -m tests.torture.hours --hours 24`, memory hour by hour.

The demonstration's rig, widened to 28 EMG channels at 2 kHz. What a ring hands out is handed to the time base, the analysis and
the recording's writer as fast as they take it; at the end come results and report. Anonymous memory is what counts: pages of
mapped files can be had back at any time.
"""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from acquisition.recording import RecordingWriter
from acquisition.rig import Rig
from acquisition.rig.rig_file import example, load
from acquisition.ring import Ring
from acquisition.stretches import TICK, Stretch
from acquisition.timebase.time_base import TimeBase
from processing.analysis import Analysis
from processing.pipeline import Pipeline
from tests.support.sessions import simulated
from ui.report import report

PIECE_S = 20
BLOCK_S = 0.02
CHANNELS = 28


def wide_rig() -> Rig:
    """Return the demonstration's rig with so many EMG channels that the stream has CHANNELS."""
    data = load(example("demo")).model_dump()
    emg = next(stream for stream in data["stream"] if stream["name"] == "emg")
    more = CHANNELS - len(emg["channels"])
    if isinstance(emg["units"], list):
        emg["units"] += ["V"] * more
    emg["channels"] += [f"more {number}" for number in range(more)]
    return Rig.model_validate(data)


def stretch_of(rig: Rig, name: str, samples: np.ndarray, turn: int) -> Stretch:
    """Return the same samples as the `turn`-th piece of a session, in blocks of 20 ms that are up to 3 ms late."""
    rate_hz, first = rig.stream_named(name).rate_hz, turn * len(samples)
    block = round(BLOCK_S * rate_hz)
    ticks = np.zeros(len(samples) // block, TICK)
    ticks["row"] = ticks["index"] = first + block * np.arange(1, len(ticks) + 1)
    late_s = np.random.default_rng(turn).exponential(0.001, len(ticks)).clip(0, 0.003)
    ticks["host_s"] = 10.0 + ticks["index"] / rate_hz + late_s
    return Stretch(samples, ticks, first, first)


def anonymous_mb() -> float:
    """Return the memory of this process that is of no file (Linux)."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon")) / 1024


def main(hours: Annotated[float, typer.Option()] = 24.0, record: Annotated[bool, typer.Option()] = True) -> None:
    """Run them, and print a table."""
    rig = wide_rig()
    whole = simulated(rig, seconds=PIECE_S + 1.0)
    rows = {s.name: whole[s.name][: round(PIECE_S * s.rate_hz)] for s in rig.stream}
    table = Table("hour", "anonymous memory, MB", "recording, GB", "CPU, s")
    with TemporaryDirectory(dir=Path.cwd()) as made:
        folder = Path(made)
        pipeline = Pipeline(rig)
        ring = Ring.create(folder / "ring.h5", [settings.stream() for settings in rig.stream], 1.0)
        analysis, time_base = Analysis(pipeline, folder), TimeBase(ring, rig)
        recording = folder / "recording.h5"
        writer = RecordingWriter(recording, rig, [s.stream() for s in rig.stream]) if record else None

        def tell(when: str) -> None:
            size = recording.stat().st_size / 1e9 if recording.exists() else 0.0
            table.add_row(when, f"{anonymous_mb():.0f}", f"{size:.1f}", f"{time.process_time():.0f}")

        tell("0")
        turns = int(hours * 3600 // PIECE_S)
        for turn in range(turns):
            for name, samples in rows.items():
                stretch = stretch_of(rig, name, samples, turn)
                time_base.add(name, stretch)
                for _ in analysis.take(name, stretch):
                    pass
                if writer is not None:
                    writer.append(name, stretch)
            if writer is not None:
                for name, edges in time_base.edges.items():
                    writer.append_edges(name, edges)
                writer.flush()
            if (turn + 1) * PIECE_S % 3600 == 0:
                tell(f"{(turn + 1) * PIECE_S / 3600:g}")
        if writer is not None:
            writer.finish(time_base.clocks())
        tell("recording complete")
        results = analysis.results(time_base.clocks(), time_base.clocks_differ_s(), "r", "0f", "2026-01-02T03:04:05+00:00")
        results.write(folder / "metrics.h5")
        tell("results written")
        report.write(results, folder / "report.html")
        tell("report written")
        Console().print(table)
        status = Path("/proc/self/status").read_text().splitlines()
        peak_mb = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
        Console().print(f"Peak with mapped files: {peak_mb:.0f} MB; results of {results.seconds / 3600:.1f} h.")
        ring.close()


if __name__ == "__main__":
    typer.run(main)
