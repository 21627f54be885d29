"""The file of a ring: how it is laid out in HDF5, once, before anybody maps it.

Every dataset is contiguous, allocated early and on a page of its own, so that it can be mapped, and so that a disk without
room is met before the session and never within it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from acquisition.ring import mark_log
from acquisition.ring.fault_log import FAULT, KEPT
from acquisition.ring.notice_board import NOTICE
from acquisition.storage.disk import allocate, claim
from acquisition.storage.hdf5_parts import PartError, dataset_in, group_in
from acquisition.storage.hdf5_text import fixed
from acquisition.stretches import TICK, write_stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from hardware.source import Stream

FORMAT = "squatscope ring"
FORMAT_VERSION = 2
READ_VERSIONS = (1, 2)
"""The ring of version 1 keeps no faults, an earlier one of version 2 no steps, no marks or no limits."""
COUNTERS_PER_STREAM = 8
NOTE_BYTES = 256
PAGE_BYTES = 4096
HEAD_BYTES = 1 << 20


def make(path: Path, streams: Sequence[tuple[Stream, bool]], seconds: float, description: Mapping[str, Any]) -> None:
    """Make the file of a ring for streams, each with whether it is derived.

    Raises FileExistsError, or OSError where there is no room, and leaves nothing half-made.
    """
    claim(path, size_of(streams, seconds))
    try:
        _layout(path, streams, seconds, description)
        with path.open("r+b", buffering=0) as file:
            allocate(file, 0, path.stat().st_size)
    except OSError:
        path.unlink()
        raise


def size_of(streams: Sequence[tuple[Stream, bool]], seconds: float) -> int:
    """Return the bytes that a ring takes, at most."""
    told = KEPT * FAULT.itemsize + mark_log.KEPT * mark_log.MARK.itemsize + 2 * NOTICE.itemsize + 4 * PAGE_BYTES
    return HEAD_BYTES + told + sum(_size(stream, seconds) for stream, _ in streams)


def _layout(path: Path, streams: Sequence[tuple[Stream, bool]], seconds: float, description: Mapping[str, Any]) -> None:
    """Make the HDF5 file: contiguous datasets, allocated early, each on a page of its own."""
    with h5py.File(path, "w", libver="earliest", alignment_threshold=1, alignment_interval=PAGE_BYTES) as file:
        file.attrs["format"] = fixed(FORMAT)
        file.attrs["format_version"] = FORMAT_VERSION
        file.attrs["description"] = fixed(json.dumps(description))
        file.attrs["streams"] = fixed([stream.name for stream, _ in streams])
        _dataset(file, "counters", (len(streams), COUNTERS_PER_STREAM), np.dtype("<i8"))
        _dataset(file, "session", (COUNTERS_PER_STREAM,), np.dtype("<i8"))
        _dataset(file, "notes", (len(streams),), np.dtype(f"S{NOTE_BYTES}"))
        _dataset(file, "faults", (KEPT,), FAULT)
        _dataset(file, "step", (1,), NOTICE)
        _dataset(file, "limits", (1,), NOTICE)
        _dataset(file, "marks", (mark_log.KEPT,), mark_log.MARK)
        for stream, derived in streams:
            group = file.create_group(f"streams/{stream.name}")
            write_stream(group, stream)
            group.attrs["derived"] = derived
            rows = _capacity(stream, seconds)
            _dataset(group, "samples", (rows, len(stream.channels)), np.dtype(stream.dtype).newbyteorder("<"))
            _dataset(group, "ticks", (rows + 1,), TICK)  # a block has a row at least; one tick may be half written


def _dataset(group: h5py.Group, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    plist.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    group.create_dataset(name, shape, dtype, dcpl=plist)


def _capacity(stream: Stream, seconds: float) -> int:
    return max(int(np.ceil(seconds * stream.rate_hz)), 8 * stream.block_samples)


def _size(stream: Stream, seconds: float) -> int:
    row = len(stream.channels) * np.dtype(stream.dtype).itemsize + TICK.itemsize
    return _capacity(stream, seconds) * row + 4 * PAGE_BYTES


def extents(file: h5py.File, streams: Sequence[Stream]) -> Iterator[tuple[str, tuple[int, tuple[int, ...], np.dtype[Any]]]]:
    """Yield where each dataset lies, its shape and type; raises PartError where they aren't those of a ring."""
    expected = {
        "counters": ((len(streams), COUNTERS_PER_STREAM), np.dtype("<i8")),
        "session": ((COUNTERS_PER_STREAM,), np.dtype("<i8")),
        "notes": ((len(streams),), np.dtype(f"S{NOTE_BYTES}")),
    }
    if "faults" in file:
        expected["faults"] = ((KEPT,), FAULT)
    for board in ("step", "limits"):
        if board in file:
            expected[board] = ((1,), NOTICE)
    if "marks" in file:
        expected["marks"] = ((mark_log.KEPT,), mark_log.MARK)
    found = {name: dataset_in(file, name) for name in expected}
    for stream in streams:
        group = group_in(group_in(file, "streams"), stream.name)
        for name in ("samples", "ticks"):
            found[f"streams/{stream.name}/{name}"] = dataset_in(group, name)
        rows = len(found[f"streams/{stream.name}/samples"])
        expected[f"streams/{stream.name}/samples"] = ((rows, len(stream.channels)), np.dtype(stream.dtype))
        expected[f"streams/{stream.name}/ticks"] = ((rows + 1,), TICK)
    for name, (shape, dtype) in expected.items():
        offset = found[name].id.get_offset()
        if offset is None or (found[name].shape, found[name].dtype) != (shape, dtype):
            raise PartError(f"its dataset {name} is not {shape} {dtype} in one piece")
        yield name, (int(offset), shape, dtype)
