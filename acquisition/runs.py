"""Rows and their ticks: what rings and recordings hold of a stream, and how a stream is described in an HDF5 group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import h5py
import numpy as np
from numpy.typing import NDArray

from hardware.source import Channel, Stream

TICK = np.dtype([("row", "<i8"), ("index", "<i8"), ("segment", "<i8"), ("host_s", "<f8")])
"""One tick a block: the row and the sample number after its last sample, the segment of the device's clock, the arrival."""


@dataclass(frozen=True, slots=True)
class Run:
    """Rows that follow each other without a gap, copied out of a ring or a recording.

    `samples`: (n, channels). `ticks`: those of its blocks; it ends with the last of them, and may begin within the first.
    `first_index`: the sample number of its first row. `missed`: rows that its reader missed just before it.
    """

    samples: NDArray[Any]
    ticks: NDArray[np.void]
    first_row: int
    first_index: int
    missed: int = 0


def split_at_gaps(ticks: NDArray[np.void]) -> list[NDArray[np.void]]:
    """Split ticks into those of runs: where samples were lost or the device's clock began anew, a run ends."""
    lost = ticks["index"] - ticks["row"]
    breaks = np.flatnonzero((np.diff(lost) != 0) | (np.diff(ticks["segment"]) != 0)) + 1
    return np.split(ticks, breaks)


def write_stream(group: h5py.Group, stream: Stream) -> None:
    """Describe a stream in the attributes of its group."""
    group.attrs["rate_hz"] = stream.rate_hz
    group.attrs["channels"] = list(stream.channel_names)
    group.attrs["units"] = [channel.unit for channel in stream.channels]
    group.attrs["block_samples"] = stream.block_samples
    group.attrs["dtype"] = stream.dtype


def read_stream(group: h5py.Group) -> Stream:
    """Return the stream that the attributes of a group describe; raises KeyError where they don't."""
    attributes = group.attrs
    channels = tuple(Channel(str(c), str(u)) for c, u in zip(attributes["channels"], attributes["units"], strict=True))
    name = group.name.rsplit("/", 1)[-1]
    dtype = cast("Any", str(attributes["dtype"]))
    return Stream(name, float(attributes["rate_hz"]), channels, dtype, int(attributes["block_samples"]))
