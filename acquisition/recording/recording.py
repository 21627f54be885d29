"""A recording: raw samples as acquired with what is needed to understand them, in plain HDF5 for any program.

Per stream there are `samples`, `ticks`, with a sync channel its `edges`, and, once the recording is complete, `gaps` and
`clock`, which is the truth for every reader: only for a recording that was cut short are clocks fitted anew. `marks` are what
somebody marked as it happened. While it is being written any program can open it and sees what was there a second ago. It is
written once, by one writer; everything that is computed from it goes elsewhere.
"""

from __future__ import annotations

import os
import shutil
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from acquisition.recording.gaps import GAP, Gaps, gaps_of
from acquisition.recording.torn_end import sound_edges, sound_ticks, whole, whole_rows
from acquisition.rig import Rig
from acquisition.ring.mark_log import MARK, Mark
from acquisition.storage.disk import NO_SPACE, allocate, claim
from acquisition.storage.hdf5_parts import PartError, dataset_in, groups_in, number_in, text_in, words_of
from acquisition.storage.hdf5_text import fixed, text_of
from acquisition.stretches import TICK, Stretch, read_stream, split_at_gaps, write_stream
from acquisition.timebase import sync
from acquisition.timebase.arrivals import Arrivals
from acquisition.timebase.stored_clock import CLOCK, apart_s, read_clock, write_clock
from acquisition.timebase.sync_edges import EDGE
from hardware.errors import SquatscopeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import TracebackType

    from numpy.typing import NDArray

    from acquisition.timebase.clock import Clock
    from hardware.source import Stream

FORMAT = "squatscope recording"
FORMAT_VERSION = 1
HEAD_BYTES = 1 << 20
METADATA_BYTES = 1 << 16
TICKS_TOGETHER = 1024
EDGES_TOGETHER = 1024
MARKS_TOGETHER = 64
MOST_MARKS = 1_000_000


class RecordingError(SquatscopeError):
    """A recording can't be read or written; the text is a full sentence."""


class NoRoomError(RecordingError):
    """The disk is full; what was to be written may be written later."""


class RecordingWriter:
    """Writes a recording, stretch by stretch; `finish` completes it, `abandon` leaves it as it is."""

    def __init__(self, path: Path, rig: Rig, streams: Sequence[Stream]) -> None:
        """Make the file; raises RecordingError where one exists or it can't be made."""
        self.path = path
        self.uuid = str(uuid.uuid4())
        self.created_utc = datetime.now(UTC).isoformat(timespec="seconds")
        try:
            claim(path, HEAD_BYTES)
        except FileExistsError:
            raise RecordingError(f"{path} exists already, and nothing is ever overwritten; give another name.") from None
        except OSError as error:
            raise RecordingError(f"The recording {path} can't be made: {error.strerror}.") from error
        try:
            self._file = h5py.File(path, "w", libver="earliest", locking=False)
            self._space_file = path.open("r+b", buffering=0)
            self._pending_bytes, self._spare_bytes = 0, METADATA_BYTES
            self._gaps = {stream.name: Gaps() for stream in streams}
            self._describe(rig, streams)
            self._file.flush()
        except (OSError, RuntimeError) as error:
            path.unlink()
            raise RecordingError(f"The recording {path} can't be made: {error}") from error

    def _describe(self, rig: Rig, streams: Sequence[Stream]) -> None:
        attributes = self._file.attrs
        attributes["format"] = fixed(FORMAT)
        attributes["format_version"] = FORMAT_VERSION
        attributes["software_version"] = fixed(version("squatscope"))
        attributes["created_utc"] = fixed(self.created_utc)
        attributes["uuid"] = fixed(self.uuid)
        attributes["complete"] = False
        self._file.create_dataset("rig", data=fixed(rig.model_dump_json(indent=1)))
        self._file.create_dataset("marks", (0,), MARK, maxshape=(None,), chunks=(MARKS_TOGETHER,))
        self._spare_bytes += MARKS_TOGETHER * MARK.itemsize
        synced = _with_sync_channel(rig)
        for stream in streams:
            group = self._file.create_group(f"streams/{stream.name}")
            write_stream(group, stream)
            rows = max(256, int(stream.rate_hz))
            width = len(stream.channels)
            dtype = np.dtype(stream.dtype)
            # NaN is what a reader finds where a killed process has made room for samples and not written them.
            group.create_dataset("samples", (0, width), dtype, maxshape=(None, width), chunks=(rows, width), fillvalue=np.nan)
            group.create_dataset("ticks", (0,), TICK, maxshape=(None,), chunks=(TICKS_TOGETHER,))
            if stream.name in synced:
                group.create_dataset("edges", (0,), EDGE, maxshape=(None,), chunks=(EDGES_TOGETHER,))
                self._spare_bytes += EDGES_TOGETHER * EDGE.itemsize
            self._spare_bytes += rows * width * dtype.itemsize + TICKS_TOGETHER * TICK.itemsize  # a chunk is written whole

    def append(self, name: str, stretch: Stretch) -> None:
        """Write a stretch at the end of a stream; raises RecordingError where the disk is full or gone."""
        group = self._file["streams"][name]
        samples, ticks = group["samples"], group["ticks"]
        row = len(samples)
        moved = stretch.ticks.copy()
        moved["row"] += row - stretch.first_row
        with self._space_for(stretch.samples.nbytes + moved.nbytes):
            samples.resize(row + len(stretch.samples), axis=0)
            samples[row:] = stretch.samples
            ticks.resize(len(ticks) + len(moved), axis=0)
            ticks[-len(moved) :] = moved
        self._gaps[name].add(moved)

    def append_marks(self, marks: Sequence[Mark]) -> None:
        """Write marks behind the others, their samples counted from the first that was recorded of the rig's first stream."""
        rows = np.array([(mark.sample, mark.label.encode()) for mark in marks], dtype=MARK)
        if not len(rows):
            return
        dataset = self._file["marks"]
        with self._space_for(rows.nbytes):
            dataset.resize(len(dataset) + len(rows), axis=0)
            dataset[-len(rows) :] = rows

    def append_edges(self, name: str, edges: NDArray[np.void]) -> None:
        """Write those edges (EDGE) of a stream's sync line that are not in the file yet; `edges` are all there are so far."""
        dataset = self._file["streams"][name]["edges"]
        fresh = edges[len(dataset) :]
        if len(fresh):
            with self._space_for(fresh.nbytes):
                dataset.resize(len(edges), axis=0)
                dataset[-len(fresh) :] = fresh

    def flush(self) -> None:
        """Hand everything to the operating system, so that other programs and a crash find it."""
        with self._space_for(0):
            self._file.flush()
        self._pending_bytes = 0

    @contextmanager
    def _space_for(self, size: int) -> Iterator[None]:
        """Take room for what is about to be written, and tell a failure in a sentence."""
        pending_bytes = self._pending_bytes + size
        try:
            end = self._file.id.get_filesize()
            allocate(self._space_file, end, end + pending_bytes + self._spare_bytes)
        except OSError as error:
            if error.errno in NO_SPACE:
                raise NoRoomError(
                    f"The disk of {self.path.parent} is full, so nothing more goes into {self.path.name}."
                ) from error
            raise RecordingError(f"Writing {self.path} failed ({error.strerror}).") from error
        try:
            self._pending_bytes = pending_bytes
            yield
        except (OSError, RuntimeError) as error:
            raise RecordingError(f"Writing {self.path} failed ({error}).") from error

    def finish(self, clocks: Mapping[str, Clock]) -> None:
        """Add gaps and the clock of each stream, mark the recording as complete, and close it."""
        for name, group in groups_in(self._file, "streams").items():
            gaps, clock = self._gaps[name].found(), clocks[name]
            with self._space_for(gaps.nbytes + len(clock.first_index) * CLOCK.itemsize):
                group.create_dataset("gaps", data=gaps)
                write_clock(group, clock)
        with self._space_for(0):
            self._file.attrs["complete"] = True
            self._file.flush()
        self.abandon()

    def abandon(self) -> None:
        """Close the file as it is, and give back the room that was not needed."""
        with self._space_file:
            end = self._file.id.get_filesize()
            self._file.close()
            self._space_file.truncate(min(end, os.fstat(self._space_file.fileno()).st_size))
            if self.deleted:
                self._rescue()

    @property
    def deleted(self) -> bool:
        """Whether somebody has deleted the file meanwhile; its content is there as long as it is open."""
        return not self._space_file.closed and os.fstat(self._space_file.fileno()).st_nlink == 0

    def _rescue(self) -> None:
        """Write a deleted file anew, from what is still open of it; raises RecordingError."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            claim(self.path, 0)
            self._space_file.seek(0)
            with self.path.open("r+b") as anew:
                shutil.copyfileobj(self._space_file, anew, 1 << 20)
        except OSError as error:
            raise RecordingError(f"{self.path} was deleted in the session and can't be written anew ({error}).") from error


def _with_sync_channel(rig: Rig) -> list[str]:
    return [settings.name for settings in rig.stream if settings.sync_channel is not None]


@dataclass(frozen=True, slots=True)
class RecordedStream:
    """One stream of a recording as it was read: what it is, its ticks, gaps and clock."""

    stream: Stream
    ticks: NDArray[np.void]
    gaps: NDArray[np.void]
    clock: Clock

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return int(self.ticks["row"][-1]) if len(self.ticks) else 0


class Recording:
    """A recording opened for reading; use it in a `with` statement."""

    def __init__(self, path: Path) -> None:
        """Open and check a recording; raises RecordingError where it is none, is damaged, or is of a later format."""
        self.path = path
        try:
            self._file = h5py.File(path, "r", locking=False)
        except FileNotFoundError:
            raise RecordingError(f"There is no file {path}.") from None
        except IsADirectoryError:
            raise RecordingError(f"{path} is a folder; name the recording in it.") from None
        except OSError as error:
            raise RecordingError(f"{path} is no HDF5 file, or is damaged: {words_of(error)}.") from error
        try:
            self._read_head()
        except RecordingError:
            self._file.close()
            raise
        except Exception as error:  # a damaged file can fail in any way
            self._file.close()
            raise RecordingError(f"{path} is damaged or was not written by squatscope: {words_of(error)}.") from error

    def _read_head(self) -> None:
        found = text_in(self._file, "format") if "format" in self._file.attrs else ""
        if found != FORMAT:
            what = f"a {found}" if found.startswith("squatscope") else "an HDF5 file from elsewhere"
            raise RecordingError(f"{self.path} is {what}, not a squatscope recording.")
        if (later := number_in(self._file, "format_version")) > FORMAT_VERSION:
            raise RecordingError(
                f"{self.path} is of format {later:g}; this program reads up to {FORMAT_VERSION}. Install a newer squatscope."
            )
        self.uuid = text_in(self._file, "uuid")
        self.created_utc = datetime.fromisoformat(text_in(self._file, "created_utc")).isoformat(timespec="seconds")
        self.complete = bool(number_in(self._file, "complete"))
        self.rig = Rig.model_validate_json(text_of(dataset_in(self._file, "rig")[()]))
        self._groups = groups_in(self._file, "streams")
        if missing := [settings.name for settings in self.rig.stream if settings.name not in self._groups]:
            raise PartError(f"its stream {missing[0]} is missing")
        streams = {name: self._read_stream(name, group) for name, group in self._groups.items()}
        ticks = {name: self._read_ticks(self._groups[name], stream) for name, stream in streams.items()}
        gaps = {name: gaps_of(ticks[name]) for name in streams}
        if self.complete:
            for name, group in self._groups.items():
                if not np.array_equal(dataset_in(group, "gaps", GAP)[()], gaps[name]):
                    raise PartError(f"the gaps of the stream {name} are not those that its ticks show")
            clocks = {name: read_clock(group, name, streams[name].rate_hz) for name, group in self._groups.items()}
        else:
            arrivals = {name: Arrivals.of(ticks[name], stream.rate_hz) for name, stream in streams.items()}
            clocks = self._fitted(arrivals, ticks)
        self.streams = {name: RecordedStream(streams[name], ticks[name], gaps[name], clocks[name]) for name in streams}

    def _read_stream(self, name: str, group: h5py.Group) -> Stream:
        stream = read_stream(group)
        described = {settings.name: (settings.rate_hz, tuple(settings.channels)) for settings in self.rig.stream}
        if described.get(name) != (stream.rate_hz, stream.channel_names):
            raise PartError(f"its stream {name} is not the one that its rig describes")
        return stream

    def _fitted(self, arrivals: Mapping[str, Arrivals], ticks: Mapping[str, NDArray[np.void]]) -> dict[str, Clock]:
        found = {name: dataset_in(self._groups[name], "edges", EDGE) for name in _with_sync_channel(self.rig)}
        edges = {name: sound_edges(whole(dataset), ticks[name]) for name, dataset in found.items()}
        return sync.clocks(arrivals, edges)

    def _read_ticks(self, group: h5py.Group, stream: Stream) -> NDArray[np.void]:
        samples, ticks_held = dataset_in(group, "samples", stream.dtype), dataset_in(group, "ticks", TICK)
        if samples.shape[1:] != (len(stream.channels),) or len(ticks_held.shape) != 1:
            raise PartError(f"the stream {stream.name} does not have the shape its description says")
        ticks, rows = (ticks_held[:], len(samples)) if self.complete else (whole(ticks_held), whole_rows(samples))
        sound = sound_ticks(ticks, rows)
        if sound < len(ticks):
            if self.complete:
                raise PartError(f"the stream {stream.name} has a tick that can't be, number {sound}")
            ticks = ticks[:sound]  # killed in the middle of a flush, a recording can end in ticks that were not written
        return np.asarray(ticks)

    def samples(self, name: str, first_row: int = 0, rows: int | None = None) -> NDArray[Any]:
        """Return raw samples of a stream, (rows, channels); raises RecordingError where the file is damaged there."""
        end = self.streams[name].rows if rows is None else min(self.streams[name].rows, first_row + rows)
        try:
            return np.asarray(self._groups[name]["samples"][first_row:end])
        except (OSError, RuntimeError, ValueError) as error:
            what = f"is damaged in the stream {name} after row {first_row}"
            raise RecordingError(f"{self.path} {what}: {words_of(error)}.") from error

    def stretches(self, name: str, most_rows: int = 1 << 16) -> Iterator[Stretch]:
        """Yield a stream's stretches in order, each of whole blocks and of about `most_rows` rows at most."""
        row = 0
        for part in split_at_gaps(self.streams[name].ticks) if self.streams[name].rows else []:
            offset = int(part["index"][0] - part["row"][0])
            while len(part):
                count = max(1, int(np.searchsorted(part["row"], row + most_rows, side="right")))
                ticks, part = part[:count], part[count:]
                end = int(ticks["row"][-1])
                yield Stretch(self.samples(name, row, end - row), ticks, row, row + offset)
                row = end

    @property
    def marks(self) -> list[Mark]:
        """What somebody marked as it happened; none in a recording of earlier versions. Raises RecordingError."""
        try:
            if "marks" not in self._file:
                return []
            rows = whole(dataset_in(self._file, "marks", MARK))[:MOST_MARKS].tolist()
            return [Mark(sample, label.decode(errors="replace")) for sample, label in rows if sample >= 0 and label]
        except (OSError, RuntimeError, ValueError) as error:
            raise RecordingError(f"{self.path} is damaged in its marks: {words_of(error)}.") from error

    def edges(self, name: str) -> NDArray[np.void]:
        """Return the edges (EDGE) of a stream's sync line; raises RecordingError where the file is damaged there."""
        try:
            return sound_edges(whole(dataset_in(self._groups[name], "edges", EDGE)), self.streams[name].ticks)
        except (OSError, RuntimeError, ValueError) as error:
            raise RecordingError(f"{self.path} is damaged in the edges of {name}: {words_of(error)}.") from error

    @property
    def clocks(self) -> dict[str, Clock]:
        """The clock of each stream."""
        return {name: recorded.clock for name, recorded in self.streams.items()}

    def clocks_differ_s(self) -> dict[str, float]:
        """Return how far each stream's stored clock is, at most, from one that is fitted to its ticks and edges now.

        It is 0 where the recording is not complete, as its clocks were fitted so. Raises RecordingError where the edges are
        damaged.
        """
        if not self.complete:
            return dict.fromkeys(self.streams, 0.0)
        ticks = {name: recorded.ticks for name, recorded in self.streams.items()}
        arrivals = {name: Arrivals.of(ticks[name], recorded.stream.rate_hz) for name, recorded in self.streams.items()}
        try:
            clocks = self._fitted(arrivals, ticks)
        except Exception as error:  # a damaged file can fail in any way
            raise RecordingError(f"{self.path} is damaged in its edges: {words_of(error)}.") from error
        return {name: apart_s(recorded.clock, clocks[name], arrivals[name]) for name, recorded in self.streams.items()}

    @property
    def start_s(self) -> float:
        """Host time at which the first sample of any stream was taken; 0 in a recording without samples."""
        begun = [s.clock.host_s(s.ticks["index"][:1] - s.ticks["row"][:1])[0] for s in self.streams.values() if s.rows]
        return float(min(begun, default=0.0))

    @property
    def seconds(self) -> float:
        """Length of the longest stream, gaps included."""
        return max((float(s.ticks["index"][-1]) / s.clock.rate_hz for s in self.streams.values() if s.rows), default=0.0)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Recording:
        """Return the recording itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the file."""
        self.close()
