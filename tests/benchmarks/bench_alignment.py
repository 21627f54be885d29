"""How well two devices are aligned after half an hour: `python tests/benchmarks alignment`.

Crystals are 100 ppm apart, blocks come in clumps of 18 ms, those of the EMG 2.5 ms later than the others, 1 % of the packets
are lost, and halfway the EMG is gone for 2 s and begins anew. The error is how far apart the two clocks put the same moment.
"""

from __future__ import annotations

import math

import numpy as np
from rich.console import Console
from rich.table import Table

from tests.support.two_clocks import acquire, fitted, misalignment_s, rig

SECONDS = 1800.0


def main() -> None:
    """Print the alignment error by sync edges and by the host's clock, for several pairs of rates."""
    table = Table(
        "plates", "EMG", "level", "99 % below", "median", "worst", "stated residual", title=f"{SECONDS / 60:g} minutes"
    )
    for plates_hz, emg_hz in ((1000.0, 2000.0), (2000.0, 1000.0), (1000.0, 250.0)):
        two = rig(plates_hz=plates_hz, emg_hz=emg_hz)
        got = acquire(two, SECONDS, away_s=(math.inf, SECONDS / 2))
        for settings in (two, rig(sync=False, plates_hz=plates_hz, emg_hz=emg_hz)):
            lines = fitted(settings, got)
            off_ms = 1e3 * misalignment_s(lines, got)
            told = (np.percentile(off_ms, 99), np.median(off_ms), off_ms.max(), 1e3 * lines["emg"].residual_s)
            table.add_row(f"{plates_hz:g} Hz", f"{emg_hz:g} Hz", lines["emg"].level, *(f"{value:.3f} ms" for value in told))
    Console().print(table)
