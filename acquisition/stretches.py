"""Stretches: rows and their ticks, as rings and recordings hold them; and the description of a stream in an HDF5 group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import h5py
import numpy as np
from numpy.typing import NDArray

from acquisition.storage.hdf5_parts import PartError, number_in, text_in, texts_in
from acquisition.storage.hdf5_text import fixed
from hardware.source import MOST_BLOCK_SAMPLES, MOST_HZ, Channel, Stream

TICK = np.dtype([("row", "<i8"), ("index", "<i8"), ("segment", "<i8"), ("host_s", "<f8")])
"""One tick a block: the row and the sample number after its last sample, the segment of the device's clock, the arrival."""


@dataclass(frozen=True, slots=True)
class Stretch:
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
    """Split ticks into those of stretches: where samples were lost or the device's clock began anew, a stretch ends."""
    lost = ticks["index"] - ticks["row"]
    breaks = np.flatnonzero((np.diff(lost) != 0) | (np.diff(ticks["segment"]) != 0)) + 1
    return np.split(ticks, breaks)


def write_stream(group: h5py.Group, stream: Stream) -> None:
    """Describe a stream in the attributes of its group."""
    group.attrs["rate_hz"] = stream.rate_hz
    group.attrs["channels"] = fixed(stream.channel_names)
    group.attrs["units"] = fixed([channel.unit for channel in stream.channels])
    group.attrs["block_samples"] = stream.block_samples
    group.attrs["dtype"] = fixed(stream.dtype)


def read_stream(group: h5py.Group) -> Stream:
    """Return the stream that the attributes of a group describe; raises PartError where they don't."""
    names, units = texts_in(group, "channels"), texts_in(group, "units")
    channels = tuple(Channel(name, unit) for name, unit in zip(names, units, strict=True))
    name = group.name.rsplit("/", 1)[-1]
    dtype = cast("Any", text_in(group, "dtype"))
    rate_hz, block_samples = number_in(group, "rate_hz"), number_in(group, "block_samples")
    sound = 0 < rate_hz <= MOST_HZ and 1 <= block_samples <= MOST_BLOCK_SAMPLES and block_samples.is_integer()
    if dtype not in ("float32", "float64") or not channels or not sound:
        raise PartError(
            f"its stream {name} is described as {len(channels)} channels of {dtype} at {rate_hz:g} Hz, "
            f"in blocks of {block_samples:g}"
        )
    return Stream(name, rate_hz, channels, dtype, int(block_samples))
