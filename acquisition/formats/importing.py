"""Import, the part all formats share: channel names, and the recording that is made."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from acquisition.recording import RecordingError, RecordingWriter
from acquisition.stretches import TICK, Stretch
from acquisition.timebase import clock
from acquisition.timebase.arrivals import Arrivals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from acquisition.caveat import Caveat
    from acquisition.rig import Rig, StreamSettings
    from hardware.arrays import Floats

STREAM, MARKERS = "analog", "markers"
TICK_S = 0.02


@dataclass(frozen=True, slots=True)
class ImportResult:
    """An imported recording: its path, its rig, all that was converted, chosen or assumed, and a summary for the screen."""

    path: Path
    rig: Rig
    caveats: tuple[Caveat, ...]
    summary: str


def unique_names(labels: list[str]) -> list[str]:
    """Return a name for each channel: its label, with its number from 1 where that is empty or was there before."""
    names: list[str] = []
    for number, label in enumerate(labels, 1):
        name = label or f"analog {number}"
        while name in names:
            name = f"{name} ({number})"
        names.append(name)
    return names


def even_ticks(rows: int, settings: StreamSettings, starts_s: float = 0.0) -> NDArray[np.void]:
    """Return the ticks (TICK) of samples that came evenly and without delay, the first at `starts_s`."""
    ends = np.append(np.arange(settings.block_samples, rows, settings.block_samples), rows)
    ticks = np.zeros(len(ends), TICK)
    ticks["row"] = ticks["index"] = ends
    ticks["host_s"] = starts_s + (ends - 1) / settings.rate_hz
    return ticks


def even_stretch(samples: Floats, settings: StreamSettings, starts_s: float = 0.0) -> Stretch:
    """Return samples (n, channels) that came evenly, the first at `starts_s`."""
    return Stretch(samples, even_ticks(len(samples), settings, starts_s), 0, 0)


def write_recording(out: Path, rig: Rig, streams: Mapping[str, Sequence[Stretch]]) -> None:
    """Write the recording of streams, each by its stretches in order, whole or not at all (RecordingError)."""
    writer = RecordingWriter(out, rig, [settings.stream() for settings in rig.stream])
    try:
        clocks = {}
        for settings in rig.stream:
            arrivals, rows = Arrivals(settings.rate_hz), 0
            for stretch in streams[settings.name]:
                writer.append(settings.name, stretch)
                ticks = stretch.ticks.copy()
                ticks["row"] += rows - stretch.first_row
                arrivals.add(ticks, rows)
                rows += len(stretch.samples)
            clocks[settings.name] = clock.fit(arrivals)
        writer.finish(clocks)
    except BaseException as error:
        with suppress(RecordingError):
            writer.abandon()
        out.unlink(missing_ok=True)
        if isinstance(error, RecordingError):
            raise RecordingError(f"Writing {out} failed, and nothing of it was kept: {error.__cause__ or error}.") from error
        raise
