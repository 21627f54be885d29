"""How fast the EMG kernel is against SciPy doing the same work, side by side: `python tests/benchmarks emg`.

16 EMG channels among 28, 2 kHz; band-pass (4 sections), notch (1), rectify, low-pass (2 sections). Ratios of medians of
interleaved repeats, so that another load on the machine meets both alike. SciPy makes new arrays in each call; how long they
are decides whether they come from fresh pages, and with that up to a third of its time.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numba import njit
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy import signal

from acquisition.rig import Rig
from acquisition.rig.judgement import EmgSettings
from processing.emg.chain import EmgChain
from processing.emg.envelope_kernel import STATE, TILE, band_pass_tile, low_pass_tile, take_offset_off
from processing.emg.filters import LANES, band_pass, emg_sections, envelope_low_pass, notch
from tests.support.rigs import a_rig

RATE_HZ = 2000.0
CHANNELS = 28
SETTINGS = EmgSettings(notch_hz=50.0)

LENGTHS = (("10 s", 10.0, 25, "7"), ("60 s", 60.0, 9, "7"), ("a block of 20 ms", 0.02, 2000, "20"))
"""What is measured: a name, its seconds, how often, and the ratio that is aimed at."""


def _rig(dtype: str) -> Rig:
    muscles = ("VL", "VM", "RF", "BF", "ST", "GMax", "GMed", "ADD")
    return a_rig(
        {
            "name": "daq",
            "rate_hz": RATE_HZ,
            "channels": [f"c{i}" for i in range(CHANNELS)],
            "units": "uV",
            "dtype": dtype,
        },
        name="bench",
        emg=[
            {"muscle": m, "side": s, "stream": "daq", "channel": f"c{12 + 8 * j + i}", "mvc_uV": 300.0}
            for j, s in enumerate(("left", "right"))
            for i, m in enumerate(muscles)
        ],
        emg_processing=SETTINGS.model_dump(),
    )


def _medians(repeats: int, *works: Callable[[], object]) -> list[float]:
    times: list[list[float]] = [[] for _ in works]
    for _ in range(repeats):
        for work, spent in zip(works, times, strict=True):
            begin = time.perf_counter()
            work()
            spent.append(time.perf_counter() - begin)
    return [float(np.median(spent)) for spent in times]


def _scipy(emg: NDArray[np.float64]) -> Callable[[], object]:
    first = np.vstack((band_pass(SETTINGS, RATE_HZ), notch(SETTINGS.notch_hz, RATE_HZ)))
    second = envelope_low_pass(SETTINGS, RATE_HZ)
    z1 = np.zeros((len(first), 2, emg.shape[1]))
    z2 = np.zeros((len(second), 2, emg.shape[1]))

    def work() -> object:
        band, _ = signal.sosfilt(first, emg, axis=0, zi=z1)
        return signal.sosfilt(second, np.abs(band), axis=0, zi=z2)

    return work


@njit(nogil=True)
def _filters(raw, columns, factor, b, notches, z, work, envelope):
    tile, band, left = work[0], work[1], work[2]
    for start in range(0, raw.shape[0], TILE):
        n = min(TILE, raw.shape[0] - start)
        for t in range(n):
            for c in range(LANES):
                tile[t, c] = raw[start + t, columns[c]]
        take_offset_off(tile, n, factor, z, left)
        band_pass_tile(tile, n, b, notches, z, band)
        low_pass_tile(tile, n, b, z, left, start, 20, envelope)


def _kernel(raw: NDArray[np.float32] | NDArray[np.float64]) -> Callable[[], object]:
    """The filters alone: pick the columns, take the offset off, band-pass, notch, rectify, low-pass."""
    arguments = (
        np.arange(CHANNELS - LANES, CHANNELS),
        np.ones(LANES),
        emg_sections(SETTINGS, RATE_HZ),
        np.repeat(notch(SETTINGS.notch_hz, RATE_HZ)[0, [0, 1, 2, 4, 5], None], LANES, axis=1),
        np.zeros(STATE),
        np.zeros((3, TILE, LANES)),
        np.zeros((len(raw) // 20 + 2, LANES)),
    )
    return lambda: _filters(raw, *arguments)


def _chain(raw: NDArray[np.float32] | NDArray[np.float64], dtype: str) -> Callable[[], object]:
    """All of it: filters, quality of each channel, activations and Q:H of both legs."""
    chain = EmgChain(_rig(dtype), "daq")
    index = 0

    def work() -> object:
        nonlocal index
        index += len(raw)
        return chain.process(raw, index - len(raw))

    return work


def rows() -> list[tuple[str, float, str]]:
    """Return name, how many times faster than SciPy, and aim of each measurement."""
    rng = np.random.default_rng(1)
    results: list[tuple[str, float, str]] = []
    for dtype in ("float64", "float32"):
        for what, seconds, repeats, wanted in LENGTHS:
            raw = rng.normal(0.0, 100.0, (round(seconds * RATE_HZ), CHANNELS)).astype(dtype)
            emg = np.ascontiguousarray(raw[:, CHANNELS - LANES :])
            works = (_scipy(emg), _kernel(raw), _chain(raw, dtype))
            for work in works:
                work()
            scipy_s, kernel_s, chain_s = _medians(repeats, *works)
            results.append((f"EMG filters, {dtype}, {what}", scipy_s / kernel_s, wanted))
            results.append((f"EMG filters, quality and Q:H, {dtype}, {what}", scipy_s / chain_s, "-"))
    return results


def main() -> None:
    """Measure, and print a table."""
    table = Table("EMG: times as fast as scipy.signal.sosfilt", "measured", "aim", title="16 channels at 2 kHz, one thread")
    for name, ratio, aim in rows():
        table.add_row(name, f"{ratio:.1f}", aim)
    Console().print(table)
