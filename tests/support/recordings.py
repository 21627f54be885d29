"""Recordings and stretches that a test makes without a session, with the edges and clocks a session's time base would find."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from acquisition.recording import Recording
from acquisition.stretches import TICK
from acquisition.timebase.arrivals import Arrivals
from acquisition.timebase.sync import clocks
from acquisition.timebase.sync_edges import EDGE, finders

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from acquisition.recording import RecordingWriter
    from acquisition.rig import Rig
    from acquisition.stretches import Stretch
    from acquisition.timebase.clock import Clock


def edges_in(rig: Rig, stretches: Mapping[str, Sequence[Stretch]]) -> dict[str, NDArray[np.void]]:
    return {
        name: np.concatenate([np.empty(0, EDGE), *map(finder.take, stretches.get(name, []))])
        for name, finder in finders(rig).items()
    }


def clocks_for(rig: Rig, stretches: Mapping[str, Sequence[Stretch]]) -> dict[str, Clock]:
    rates_hz = {stream.name: stream.rate_hz for stream in rig.stream}
    ticks = {name: np.concatenate([np.empty(0, TICK), *(s.ticks for s in stretches.get(name, []))]) for name in rates_hz}
    return clocks({name: Arrivals.of(ticks[name], rates_hz[name]) for name in ticks}, edges_in(rig, stretches))


def complete(writer: RecordingWriter) -> None:
    """Finish a recording of all streams of its rig."""
    writer.flush()
    with Recording(writer.path) as written:
        rig, stretches = written.rig, {name: list(written.stretches(name)) for name in written.streams}
    for name, edges in edges_in(rig, stretches).items():
        writer.append_edges(name, edges)
    writer.finish(clocks_for(rig, stretches))
