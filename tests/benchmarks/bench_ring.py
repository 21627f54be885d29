"""What a block costs in the ring, against other ways to keep it: `python tests/benchmarks ring`.

Blocks of 40 samples x 28 channels, float64, fifty at a time into each in turn, so that another load on the machine meets all
alike. Medians and 99th percentiles. Nothing is synced to the disk, which is the one of TMPDIR.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from io import FileIO
from pathlib import Path

import h5py
import numpy as np
from rich.console import Console
from rich.table import Table

from acquisition.ring import Ring
from hardware.source import Block, Channel, Stream

SAMPLES, CHANNELS, RATE_HZ = 40, 28, 2000.0
BLOCKS, TURN = 6000, 50
STREAM = Stream("daq", RATE_HZ, tuple(Channel(f"c{i}", "V") for i in range(CHANNELS)), "float64", SAMPLES)


def _growing(path: Path) -> tuple[h5py.File, h5py.Dataset]:
    file = h5py.File(path, "x")
    return file, file.create_dataset("x", (0, CHANNELS), "f8", maxshape=(None, CHANNELS), chunks=(2000, CHANNELS))


def _add(dataset: h5py.Dataset, rows: np.ndarray) -> None:
    end = len(dataset)
    dataset.resize(end + len(rows), axis=0)
    dataset[end:] = rows


def _per_block(folder: Path, *, flush: bool) -> Callable[[Block], None]:
    file, dataset = _growing(folder / f"block{flush}.h5")

    def write(block: Block) -> None:
        _add(dataset, block.samples)
        if flush:
            file.flush()

    return write


def _batches(folder: Path) -> Callable[[Block], None]:
    file, dataset = _growing(folder / "batch.h5")
    waiting = np.empty((int(RATE_HZ), CHANNELS))
    filled = 0

    def write(block: Block) -> None:
        nonlocal filled
        waiting[filled : filled + SAMPLES] = block.samples
        filled += SAMPLES
        if filled == len(waiting):
            _add(dataset, waiting)
            file.flush()
            filled = 0

    return write


def _raw_file(file: FileIO) -> Callable[[Block], None]:
    return lambda block: file.write(block.samples.data) and None


def _timed(ways: dict[str, Callable[[Block], object]]) -> dict[str, np.ndarray]:
    """Return microseconds of every call, without the first tenth, in which caches and files warm up."""
    samples = np.random.default_rng(1).normal(size=(SAMPLES, CHANNELS))
    spent = {name: np.empty(BLOCKS) for name in ways}
    for turn in range(0, BLOCKS, TURN):
        for name, way in ways.items():
            for i in range(turn, turn + TURN):
                block = Block(samples, i * SAMPLES, time.perf_counter())
                begin = time.perf_counter_ns()
                way(block)
                spent[name][i] = (time.perf_counter_ns() - begin) / 1e3
    return {name: times[BLOCKS // 10 :] for name, times in spent.items()}


def measure(folder: Path) -> dict[str, np.ndarray]:
    """Return the microseconds of every block, by way."""
    ring = Ring.create(folder / "ring.h5", [STREAM], 60)
    writer, reader = ring.writer("daq"), ring.reader("daq")
    with (folder / "raw.bin").open("xb", buffering=0) as file:
        return _timed(
            {
                "ring": writer.append,
                "ring, a reader takes a block": lambda _: reader.read(SAMPLES),
                "raw file": _raw_file(file),
                "h5py, batches of 1 s": _batches(folder),
                "h5py, every block": _per_block(folder, flush=False),
                "h5py, every block with flush": _per_block(folder, flush=True),
            }
        )


def rows() -> list[tuple[str, str, str, str]]:
    """Return way, median and 99th percentile in µs, and how many times the ring's median that is."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made:
        spent = measure(Path(made))
    ring = float(np.median(spent["ring"]))
    return [
        (name, f"{np.median(times):.1f}", f"{np.percentile(times, 99):.1f}", f"{np.median(times) / ring:.1f}")
        for name, times in spent.items()
    ]


def main() -> None:
    """Measure, and print a table."""
    title = f"A block of {SAMPLES} samples x {CHANNELS} channels"
    table = Table("way", "median, µs", "99 %, µs", "times the ring", title=title)
    for row in rows():
        table.add_row(*row)
    Console().print(table)
