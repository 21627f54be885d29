"""What a frame of the dashboard costs, against pyqtgraph's curves: `python tests/benchmarks dashboard`.

Frames are drawn by Qt's software raster without a screen. CPU time of the whole process counts, that of Qt's threads as well;
writing the samples does not. 60 frames a second in half a core are 8.3 ms a frame.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
import pyqtgraph
from PySide6.QtWidgets import QApplication
from rich.console import Console
from rich.table import Table

from acquisition.ring import Ring
from tests.support.squat_ring import SquatRing, rig_data
from ui.dashboard.drawing import sweep
from ui.dashboard.feed.feed import Feed
from ui.dashboard.views.operator import Window

FRAMES = 300
FRAME_S = 1 / 60
TRACES, POINTS = 28, 20_000


def dashboard_ms(size: tuple[int, int]) -> tuple[float, float, float]:
    """Return the mean, the median and the 99th percentile of CPU ms per frame: 28 EMG channels at 2 kHz, 12 of plates."""
    app = QApplication.instance() or QApplication([])
    sweep.warm()
    with tempfile.TemporaryDirectory() as folder:
        squat = SquatRing(Path(folder) / "bench.ring", rig_data(others=TRACES - 14))
        squat.advance(12.0, started_s=time.perf_counter() - 12.0)
        squat.flag(1, 2, 11.0)
        window = Window(Feed(Ring.attach(squat.ring.path)))
        window.resize(*size)
        window.show()
        window.catch_up()
        costs = np.empty(FRAMES)
        for k in range(-min(30, FRAMES), FRAMES):
            squat.advance(FRAME_S, started_s=time.perf_counter() - squat.t - FRAME_S)
            start = time.process_time()
            window.frame()
            app.processEvents()
            costs[k] = (time.process_time() - start) * 1e3
        window.close()
        window.deleteLater()
        app.processEvents()
    return float(costs.mean()), float(np.median(costs)), float(np.quantile(costs, 0.99))


def curves_ms(size: tuple[int, int], frames: int = 5) -> float:
    """Return the CPU ms per frame of pyqtgraph's setData with 28 curves of 20,000 points, as one would write it first."""
    app = QApplication.instance() or QApplication([])
    layout = pyqtgraph.GraphicsLayoutWidget()
    layout.resize(*size)
    curves = [layout.addPlot(row=k, col=0).plot(pen="w") for k in range(TRACES)]
    layout.show()
    samples = np.random.default_rng(0).normal(size=(TRACES, POINTS + frames * 33))
    app.processEvents()
    start = time.process_time()
    for frame in range(frames):
        for trace, curve in zip(samples, curves, strict=True):
            curve.setData(trace[frame * 33 : frame * 33 + POINTS])
        app.processEvents()
    cost = (time.process_time() - start) * 1e3 / frames
    layout.close()
    app.processEvents()
    return cost


def rows() -> list[tuple[str, str, str]]:
    """Return a table: what was drawn, CPU ms per frame, remarks."""
    table = []
    for size in ((1920, 1080), (1366, 768)):
        mean, median, worst = dashboard_ms(size)
        share = mean * 60 / 10
        remark = f"median {median:.2f}, 99th percentile {worst:.2f}; {share:.0f} % of a core at 60 frames a second"
        table.append((f"dashboard, everything, {size[0]} x {size[1]}", f"{mean:.2f}", remark))
    table.append((f"pyqtgraph setData, {TRACES} x {POINTS}, traces alone, 1920 x 1080", f"{curves_ms((1920, 1080)):.1f}", ""))
    return table


def main() -> None:
    """Measure, and print a table."""
    table = Table("a frame", "CPU, ms", "")
    for row in rows():
        table.add_row(*row)
    Console().print(table)
