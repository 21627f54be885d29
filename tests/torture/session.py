"""The session that is tortured, in a process of its own: `python -m tests.torture.session FOLDER SECONDS SEED [faults]`."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

from rich.console import Console

from hardware.errors import SquatscopeError
from tests.support.rigs import a_rig
from tests.torture.counting import CountingSource
from ui.archive.folder import Folder
from ui.session.parts import Planned
from ui.session.run import run_session

RING_S = 5.0
RATES_HZ = {"plates": 1000.0, "emg": 2000.0}
STREAMS = tuple(
    {"name": name, "rate_hz": rate_hz, "channels": [f"c{i}" for i in range(8)], "block_samples": int(rate_hz * 0.02)}
    for name, rate_hz in RATES_HZ.items()
)
READY, OVER = "armed", "over"


def truth_of(folder: Path, stream: str) -> Path:
    """Return where a stream's gaps are written, beside the session's folder."""
    return folder.with_name(f"{folder.name}.{stream}.truth")


def main() -> int:
    """Run it; say READY once everything is loaded."""
    folder, seconds, seed, *rest = sys.argv[1:]
    sys.modules["PySide6"] = None  # type: ignore[assignment]  # its samples are counted, and nobody looks at its picture
    rig = a_rig(*STREAMS)
    sources = []
    for number, settings in enumerate(rig.stream):
        truth = truth_of(Path(folder), settings.name)
        truth.touch()
        if rest:
            rng = Random(f"{seed} {number}")
            sources.append(CountingSource.with_faults(settings.stream(), truth, rng, float(seconds)))
        else:
            sources.append(CountingSource(settings.stream(), truth))
    print(READY, flush=True)
    try:
        outcome = run_session(
            rig,
            sources,
            Folder(Path(folder)),
            Console(file=sys.stderr, width=200),
            Planned(ring_s=RING_S),
            headless=True,
            seconds=float(seconds),
        )
    except SquatscopeError as error:
        print(f"refused: {error}\n{OVER}", flush=True)
        return 1
    for fault in outcome.faults:
        print(f"fault: {fault}", flush=True)
    print(OVER, flush=True)
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
