"""What repetitions cost beside the chains, and how soon they are told: `python tests/benchmarks repetitions`.

A session of the demonstration's rig; the detector runs within the force chain, rows and variability are made at its end.
Medians of repeats.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from processing.batch import reprocess
from processing.emg.filters import envelope_delay_s
from processing.pipeline import Pipeline
from processing.repetition.muscles import muscle_rows
from processing.repetition.table import Frames, phase_rows
from processing.repetition.variability import variability
from sim.lifter.lifter import demo_lifter
from tests.support.rigs import example_with
from tests.support.sessions import analysed, lifted, recorded

SECONDS, REPEATS = 60.0, 15
AIM = "less than 10 % of the chains"


def rows() -> list[tuple[str, str, str]]:
    """Return name, result and aim of each measurement."""
    rig = example_with()
    samples = lifted(rig, demo_lifter(SECONDS, 1), SECONDS)
    results = analysed(rig, samples)
    frames = next(table.frames for name, table in results.tables.items() if name.endswith("force"))
    lag_s = envelope_delay_s(rig.emg_processing, rig.stream_named(rig.emg[0].stream).rate_hz)
    plates, *emg = (
        Frames(table.columns, table.time_s, table.frames, 0.0 if name.endswith("force") else lag_s)
        for name, table in results.tables.items()
    )
    chains_s, detector_s, rows_s = [], [], []
    for _ in range(REPEATS):
        pipeline = Pipeline(rig)
        begin = time.perf_counter()
        for name, stream in samples.items():
            for _found in pipeline.process(name, stream, 0):
                pass
        chains_s.append(time.perf_counter() - begin)
        force = Pipeline(rig).force
        if force is None:
            raise RuntimeError("The demonstration's rig has no plates.")
        again = frames.copy()
        begin = time.perf_counter()
        force.repetitions.follow(again)
        middle = time.perf_counter()
        variability(results.repetitions, phase_rows(results.repetitions, plates, emg, 5.0, 10.0))
        muscle_rows(results.repetitions, rig.emg, plates, emg)
        rows_s.append(time.perf_counter() - middle)
        detector_s.append(middle - begin)
    share_pct = [100.0 * float(np.median(part) / np.median(chains_s)) for part in (detector_s, rows_s)]
    rate_hz = rig.stream_named(rig.plate[0].stream).rate_hz
    told = [] if pipeline.force is None else pipeline.force.repetitions.found
    late_s = max(((r.confirmed_sample - r.end_sample) / rate_hz for r in told), default=float("nan"))
    with tempfile.TemporaryDirectory() as folder:
        path = recorded(Path(folder) / "r.h5", rig, samples)
        reprocess(path)
        begin = time.perf_counter()
        reprocess(path)
        faster = SECONDS / (time.perf_counter() - begin)
    return [
        (f"detector, {SECONDS:g} s, {len(results.repetitions)} repetitions", f"{share_pct[0]:.1f} % of the chains", AIM),
        ("rows of phases and muscles, and variability", f"{share_pct[1]:.1f} % of the chains", "both together"),
        ("a repetition is told after its end", f"{late_s:.2f} s", "0.3 s"),
        ("reprocessing, reading included", f"{faster:.0f} times real time", "2000, on one core"),
    ]


def main() -> None:
    """Print the table."""
    table = Table("repetitions", "measured", "aim")
    for row in rows():
        table.add_row(*row)
    Console().print(table)
