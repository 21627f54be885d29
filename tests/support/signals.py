"""Signals for the tests: streams as a reader hands them out, and what a recording of them tells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acquisition.caveat import Caveat
from acquisition.formats.importing import ImportResult
from acquisition.formats.signal_file import Segment, SignalFile, SignalStream
from acquisition.recording import Recording
from acquisition.rig.plate_map import plate_map
from processing.force.wrench import PlateWrench, plate_wrench

COP_N = 50.0


def stream(
    samples: Any, labels: list[str], units: list[str] | None = None, rate_hz: float = 1000.0, **more: Any
) -> SignalStream:
    """Return a stream that begins at 0 s, but for what is given."""
    rows = np.asarray(samples, dtype=np.float64)
    given = {"name": "analog", "segments": (Segment(0, 0.0),)} | more
    return SignalStream(rate_hz=rate_hz, labels=labels, units=units or [""] * len(labels), samples=rows, **given)


def signal_file(path: Path, *streams: SignalStream) -> SignalFile:
    return SignalFile(path / "made.csv", streams)


def ids(read: SignalFile) -> list[str]:
    """Return the ids of what a reader told, in order."""
    return [caveat.id for caveat in read.caveats]


def told(result: ImportResult) -> dict[str, Caveat]:
    """Return the caveats by id."""
    assert all(caveat.sentence.endswith(".") for caveat in result.caveats)
    return {caveat.id: caveat for caveat in result.caveats}


def wrenches(result: ImportResult) -> dict[str, PlateWrench]:
    """Return what each plate measured, by side, with nothing taken off."""
    found = {}
    with Recording(result.path) as recording:
        for plate in recording.rig.plate:
            as_read = plate.model_copy(update={"zero": [0.0] * len(plate.channels)})
            columns = [recording.rig.column(plate.stream, name) for name in plate.channels]
            found[plate.side] = plate_wrench(recording.samples(plate.stream), columns, plate_map(as_read), COP_N)
    return found


def times_s(recording: Recording, name: str) -> NDArray[np.float64]:
    """Return when each row of a stream was, by its stored clock."""
    found = []
    for stretch in recording.stretches(name):
        index = stretch.first_index + np.arange(len(stretch.samples))
        found.append(recording.streams[name].clock.host_s(index))
    return np.concatenate(found)
