"""Clocks as a recording keeps them: what `clock` of a stream holds, and whether it can be what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from acquisition.storage.hdf5_parts import PartError, dataset_in, number_in, text_in
from acquisition.storage.hdf5_text import fixed
from acquisition.timebase.clock import Clock, SyncLevel

if TYPE_CHECKING:
    import h5py

    from acquisition.timebase.arrivals import Arrivals

CLOCK = np.dtype([("first_index", "<i8"), ("offset_s", "<f8")])
MOST_TIMES = 11.0
"""A stored rate this many times the nominal one, or its inverse, can't be one: a fit goes up to ten times."""


def write_clock(group: h5py.Group, clock: Clock) -> None:
    """Write the clock of a stream into its group."""
    table = np.zeros(len(clock.first_index), CLOCK)
    table["first_index"], table["offset_s"] = clock.first_index, clock.offset_s
    dataset = group.create_dataset("clock", data=table)
    dataset.attrs["rate_hz"] = clock.rate_hz
    dataset.attrs["residual_s"] = clock.residual_s
    dataset.attrs["sync_level"] = fixed(clock.level)


def read_clock(group: h5py.Group, name: str, nominal_hz: float) -> Clock:
    """Return the clock in the group of a stream; raises PartError where it can't be one."""
    dataset = dataset_in(group, "clock", CLOCK)
    table = dataset[()]
    if table.ndim != 1 or not len(table):
        raise PartError(f"the clock of the stream {name} is no table of segments")
    level = text_in(dataset, "sync_level")
    if level not in list(SyncLevel):
        raise PartError(f"the clock of the stream {name} is of no known sync level")
    clock = Clock(
        rate_hz=number_in(dataset, "rate_hz"),
        first_index=np.ascontiguousarray(table["first_index"]),
        offset_s=np.ascontiguousarray(table["offset_s"]),
        residual_s=number_in(dataset, "residual_s"),
        level=SyncLevel(level),
    )
    if not 1.0 / MOST_TIMES <= clock.rate_hz / nominal_hz <= MOST_TIMES:
        raise PartError(f"the clock of the stream {name} runs at {clock.rate_hz:g} Hz, and the stream at {nominal_hz:g} Hz")
    if not np.isfinite(clock.offset_s).all():
        raise PartError(f"the clock of the stream {name} has an offset that is no number")
    if clock.first_index[0] < 0 or (np.diff(clock.first_index) <= 0).any():
        raise PartError(f"the segments of the clock of the stream {name} are not in order")
    if clock.residual_s < 0 or (np.isnan(clock.residual_s) and clock.level is not SyncLevel.NONE):
        raise PartError(f"the clock of the stream {name} has a residual of {clock.residual_s:g} s")
    return clock


def apart_s(one: Clock, other: Clock, arrivals: Arrivals) -> float:
    """Return how far apart two clocks put a sample at most, of those that a stream has; 0 without any."""
    if not arrivals.segments:
        return 0.0
    ends = [(segment.first_index, segment.next_index - 1) for segment in arrivals.segments]
    turns = np.concatenate([one.first_index[1:], other.first_index[1:]])
    first, last = ends[0][0], ends[-1][1]
    index = np.clip(np.concatenate([np.ravel(ends), turns - 1, turns]), first, last)  # between these both are straight
    return float(np.abs(one.host_s(index) - other.host_s(index)).max())
