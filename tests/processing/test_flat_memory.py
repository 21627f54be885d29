"""An hour costs the memory that a minute costs: what the engine's process keeps of a session does not grow with it."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from acquisition.rig.rig_file import example, load
from acquisition.ring import Ring
from acquisition.stretches import TICK, Stretch
from acquisition.timebase.time_base import TimeBase
from processing.analysis import Analysis
from processing.pipeline import Pipeline
from processing.results import Results
from tests.support.sessions import simulated
from ui.report import report

if TYPE_CHECKING:
    from acquisition.rig import Rig

PIECE_S = 20
BLOCK_S = 0.02
HALF_HOURS = 2
MOST_BYTES_A_HALF_HOUR = 1_500_000


def _stretch(rig: Rig, name: str, samples: np.ndarray, turn: int) -> Stretch:
    """Return the same samples as the `turn`-th piece of a session, in blocks of 20 ms that are up to 3 ms late."""
    rate_hz, first = rig.stream_named(name).rate_hz, turn * len(samples)
    block = round(BLOCK_S * rate_hz)
    ticks = np.zeros(len(samples) // block, TICK)
    ticks["row"] = ticks["index"] = first + block * np.arange(1, len(ticks) + 1)
    ticks["host_s"] = (
        10.0 + ticks["index"] / rate_hz + np.random.default_rng(turn).exponential(0.001, len(ticks)).clip(0, 0.003)
    )
    return Stretch(samples, ticks, first, first)


@pytest.fixture
def half_hours(tmp_path: Path) -> tuple[list[int], Results]:
    """Return what was held after each simulated half hour, in bytes, and the results of all of them."""
    rig = load(example("demo"))
    rows = {
        name: samples[: round(PIECE_S * rig.stream_named(name).rate_hz)]
        for name, samples in simulated(rig, seconds=PIECE_S + 1.0).items()
    }
    pipeline = Pipeline(rig)
    ring = Ring.create(tmp_path / "ring.h5", [settings.stream() for settings in rig.stream], 1.0)
    analysis, time_base = Analysis(pipeline, tmp_path), TimeBase(ring, rig)
    held = []
    tracemalloc.start()
    try:
        for turn in range(HALF_HOURS * 1800 // PIECE_S):
            for name, samples in rows.items():
                stretch = _stretch(rig, name, samples, turn)
                time_base.add(name, stretch)
                for _ in analysis.take(name, stretch):
                    pass
            if (turn + 1) * PIECE_S % 1800 == 0:
                held.append(tracemalloc.get_traced_memory()[0])
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        clocks, differ_s = time_base.clocks(), time_base.clocks_differ_s()
        results = analysis.results(clocks, differ_s, "session.h5", "0f", "2026-01-02T03:04:05+00:00")
        results.write(tmp_path / "metrics.h5")
        report.write(results, tmp_path / "report.html")
        held.append(tracemalloc.get_traced_memory()[1] - before)
    finally:
        tracemalloc.stop()
        ring.close()
    return held, results


def test_an_hour_takes_the_memory_of_half_an_hour(half_hours):
    (first, last, closing), results = half_hours
    assert results.seconds == pytest.approx(HALF_HOURS * 1800, abs=1)
    assert {len(table.frames) for table in results.tables.values()} >= {HALF_HOURS * 1800 * 100}
    assert (last - first) / (HALF_HOURS - 1) < MOST_BYTES_A_HALF_HOUR
    assert closing < 100e6
