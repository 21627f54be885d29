"""How fast the force kernel is against a plain copy of the same block: `python tests/benchmarks force`.

Two plates of six channels among 12 or 28, 2 kHz, with a foot on each. Medians of interleaved repeats; a copy is the least that
any code can do which reads the block and writes as much.
"""

from __future__ import annotations

import time

import numpy as np
from rich.console import Console
from rich.table import Table

from acquisition.rig import Rig
from processing.force.chain import ForceChain
from tests.support.rigs import a_rig

RATE_HZ = 2000.0
AIM = "0.75 of a copy"

SAMPLES, REPEATS = 120_000, 30


def _rig(channels: int, dtype: str) -> Rig:
    names = [f"c{i}" for i in range(channels)]
    corners = [[400.0, 600.0, 0.0], [0.0, 600.0, 0.0], [0.0, 0.0, 0.0], [400.0, 0.0, 0.0]]

    def plate(side: str, first: int) -> dict[str, object]:
        moved = [[x + 500.0 * (side == "right"), y, z] for x, y, z in corners]
        return {
            "name": side,
            "side": side,
            "stream": "daq",
            "channels": names[first : first + 6],
            "c3d_type": 2,
            "corners_mm": moved,
            "origin_mm": [0.0, 0.0, -40.0],
        }

    stream = {
        "name": "daq",
        "rate_hz": RATE_HZ,
        "channels": names,
        "units": "V",
        "dtype": dtype,
        "source": {"kind": "simulated"},
    }
    return a_rig(stream, name="bench", plate=[plate("left", 0), plate("right", 6)])


def _ratio(channels: int, dtype: str, samples: int, repeats: int) -> tuple[float, float]:
    """Return how fast the kernel is as a share of a copy's speed, and its microseconds per block."""
    chain = ForceChain(_rig(channels, dtype))
    block = np.random.default_rng(1).normal(400.0, 5.0, (samples, channels)).astype(dtype)
    target = np.empty_like(block)
    chain.process(block, 0)
    kernel_s, copy_s = [], []
    for i in range(repeats):
        begin = time.perf_counter()
        chain.process(block, (i + 1) * samples)
        middle = time.perf_counter()
        np.copyto(target, block)
        copy_s.append(time.perf_counter() - middle)
        kernel_s.append(middle - begin)
    return float(np.median(copy_s) / np.median(kernel_s)), float(np.median(kernel_s) * 1e6)


def rows() -> list[tuple[str, str, str]]:
    """Return name, result and aim of each measurement."""
    found = []
    for channels, dtype in ((12, "float64"), (28, "float64"), (12, "float32")):
        share, _ = _ratio(channels, dtype, SAMPLES, REPEATS)
        found.append((f"force kernel, 60 s, {channels} channels {dtype}", f"{share:.2f} of a copy", AIM))
    _, block_us = _ratio(12, "float64", 40, 100 * REPEATS)
    found.append(("force kernel, 20 ms block, 12 channels", f"{block_us:.1f} µs", ""))
    return found


def main() -> None:
    """Print the table."""
    table = Table("force", "measured", "aim")
    for row in rows():
        table.add_row(*row)
    Console().print(table)
