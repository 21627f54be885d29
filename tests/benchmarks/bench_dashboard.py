"""What a frame of the dashboard costs, against pyqtgraph's curves: `python tests/benchmarks dashboard`.

Frames are drawn by Qt's software raster without a screen. CPU time of the whole process counts, that of Qt's threads as well;
writing the samples does not. 60 frames a second in a tenth of a core are 1.7 ms a frame.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
import pyqtgraph
from numpy.typing import NDArray
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
BLOCK_S, BLOCKS = 0.02, 300
MEMORY_S = 6.0


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


def glass_ms(size: tuple[int, int]) -> NDArray[np.float64]:
    """Return for each block of 20 ms how long after its last sample it stood on the screen, in ms, at the window's own pace."""
    app = QApplication.instance() or QApplication([])
    sweep.warm()
    with tempfile.TemporaryDirectory() as folder:
        squat = SquatRing(Path(folder) / "bench.ring", rig_data(others=TRACES - 14))
        squat.advance(12.0, started_s=time.perf_counter() - 12.0)
        window = Window(Feed(Ring.attach(squat.ring.path)))
        window.resize(*size)
        window.show()
        window.catch_up()
        window.start()
        taken = window.emg[0].sweeps[0][0]._reader
        begun_s = time.perf_counter()
        waiting: list[tuple[int, float]] = []
        delays_s = []
        blocks = 0
        while blocks < BLOCKS or waiting:
            now_s = time.perf_counter()
            if blocks < BLOCKS and now_s >= begun_s + BLOCK_S * (blocks + 1):
                squat.advance(BLOCK_S, started_s=now_s - squat.t - BLOCK_S)
                waiting.append((squat.sent["emg"], now_s))
                blocks += 1
            before = taken.row
            app.processEvents()  # what a frame has taken is painted with the next events
            while waiting and waiting[0][0] <= before:
                delays_s.append(time.perf_counter() - waiting.pop(0)[1])
            time.sleep(0.0005)
        window.close()
        window.deleteLater()
        app.processEvents()
    return 1e3 * np.array(delays_s)


def own_memory_mb() -> float:
    """Return the memory that a dashboard's process shares with nobody and no file backs, in MB; NaN off Linux."""
    with tempfile.TemporaryDirectory() as folder:
        squat = SquatRing(Path(folder) / "bench.ring", rig_data(others=TRACES - 14))
        squat.advance(12.0)
        command = [sys.executable, "-m", "ui.cli.app", "dashboard", str(squat.ring.path)]
        shown = subprocess.Popen(command, cwd=Path(__file__).parents[2])
        try:
            time.sleep(MEMORY_S)
            rollup = Path(f"/proc/{shown.pid}/smaps_rollup")
            lines = rollup.read_text(encoding="ascii").splitlines() if rollup.exists() else []
            return next((float(line.split()[1]) / 1e3 for line in lines if line.startswith("Private_Dirty")), math.nan)
        finally:
            shown.kill()
            shown.wait()


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
    glass = glass_ms((1920, 1080))
    told = f"median {np.median(glass):.1f} ms, 99th percentile {np.quantile(glass, 0.99):.1f} ms ({len(glass)} blocks)"
    table.append(("sample to screen, 1920 x 1080, 60 frames a second", "", told))
    table.append(("own memory of its process", "", f"{own_memory_mb():.0f} MB"))
    table.append((f"pyqtgraph setData, {TRACES} x {POINTS}, traces alone, 1920 x 1080", f"{curves_ms((1920, 1080)):.1f}", ""))
    return table


def main() -> None:
    """Measure, and print a table."""
    table = Table("a frame", "CPU, ms", "")
    for row in rows():
        table.add_row(*row)
    Console().print(table)
