"""The ring: one HDF5 file of fixed size into which sources write and from which everybody else reads, at their own pace.

HDF5 makes the file and closes it; from then on the writer and all readers map its datasets into memory. Per stream there
are `samples`, a circle of rows, and `ticks`, which say of every block which rows it filled, which sample numbers they bear
and when they came. Rows are counted from the start of the session and never turn back: row r lives in slot
r % capacity.

The writer of a stream announces, writes, then publishes:

1. RESERVED = the row after the new block: everything older than RESERVED - capacity may now be overwritten
2. the samples, then the tick
3. TICKS, then PUBLISHED = the row after the new block: it may be read

A reader looks at PUBLISHED, copies, and then looks at RESERVED: what it copied is whole if RESERVED - capacity has not gone
past it; otherwise it was lapped, and says by how many samples. Readers write nothing, so any number of them cost the writer
nothing. The counters are aligned 8-byte integers, and a fence stands between these steps on either side, so that no processor
turns them around; neither side needs a lock.

After a crash or kill -9 the file opens in any HDF5 program, with no repair, and holds every block that was published.
"""

from __future__ import annotations

import json
import math
import os
import sys
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import h5py
import numpy as np

from acquisition.ring import ring_file
from acquisition.ring.fault_log import FAULT, FaultLog
from acquisition.ring.fence import fence
from acquisition.ring.mark_log import MARK, MarkLog
from acquisition.ring.notice_board import NOTICE, NoticeBoard
from acquisition.ring.told_number import ToldNumber
from acquisition.storage.disk import NO_SPACE
from acquisition.storage.hdf5_parts import groups_in, number_in, text_in, texts_in, words_of
from acquisition.stretches import Stretch, read_stream, split_at_gaps
from hardware.errors import SquatscopeError
from hardware.host_clock import host_now_s
from hardware.source import SourceState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from hardware.source import Block, Stream

RESERVED, PUBLISHED, TICKS, STATE, BACKLOG = range(5)
PHASE, BEAT_NS, ROOM, TARGET = 0, 1, 5, 6
"""Slots of `session`; those of the counts of faults and of marks are between them, and 3 was that of the room in seconds."""
MOST_DESCRIPTION_BYTES = 1 << 16


class RingError(SquatscopeError):
    """A ring can't be made or read; the text is a full sentence."""


class SessionPhase(IntEnum):
    """How far a session has come, as its ring says it."""

    ARMED = 0
    RUNNING = 1
    FINISHED = 2


class Ring:
    """A mapped ring, made by `Ring.create` for writing or opened by `Ring.attach` for reading."""

    def __init__(self, path: Path, *, writable: bool) -> None:
        """Map the datasets of the ring at `path`; raises RingError where it is none."""
        self.path = path
        try:
            with h5py.File(path, "r", locking=False) as file:
                if "format" not in file.attrs or text_in(file, "format") != ring_file.FORMAT:
                    raise RingError(f"{path} is an HDF5 file but not a squatscope ring; is it a recording?")
                if (found := number_in(file, "format_version")) not in ring_file.READ_VERSIONS:
                    readable = " and ".join(map(str, ring_file.READ_VERSIONS))
                    raise RingError(f"{path} is a ring of format {found:g}; this program reads formats {readable}.")
                self.description: dict[str, Any] = json.loads(text_in(file, "description", MOST_DESCRIPTION_BYTES))
                groups = groups_in(file, "streams")
                self.streams = {name: read_stream(groups[name]) for name in texts_in(file, "streams")}
                self.derived = {name for name in self.streams if number_in(groups[name], "derived")}
                extents = dict(ring_file.extents(file, list(self.streams.values())))
            self._bytes = np.memmap(path, mode="r+" if writable else "r")
            self._arrays = {name: self._view(*extent) for name, extent in extents.items()}
            self._counters, self._session, self._notes = (self._arrays[name] for name in ("counters", "session", "notes"))
            self.faults = FaultLog(self._arrays.get("faults", np.empty(0, FAULT)), self._session)
            self.marks = MarkLog(self._arrays.get("marks", np.empty(0, MARK)), self._session)
            self.room_s = ToldNumber(self._session, ROOM)  # for how long the disk has room yet (the watch tells it)
            self.target_pct = ToldNumber(self._session, TARGET)  # how far the load may shift by what the coach wants
            self.step = NoticeBoard(self._arrays.get("step", np.empty(0, NOTICE)))
            self.limits = NoticeBoard(self._arrays.get("limits", np.empty(0, NOTICE)))  # those that were changed by hand
            self._order = {name: i for i, name in enumerate(self.streams)}
            self._ends: dict[str, int] = {}
            self._views: WeakSet[StreamWriter | StreamReader] = WeakSet()
            fence()  # compiled now, and not when the first block comes
            _ = self.phase, [self.state(name) for name in self.streams]
        except RingError:
            raise
        except FileNotFoundError:
            raise RingError(f"There is no file {path}.") from None
        except IsADirectoryError:
            raise RingError(f"{path} is a folder; name the ring in it.") from None
        except Exception as error:  # a damaged file can fail in any way
            raise RingError(f"{path} can't be read as a ring; it is damaged or something else: {words_of(error)}.") from error

    @classmethod
    def create(
        cls,
        path: Path,
        streams: Sequence[Stream],
        seconds: float,
        *,
        derived: Sequence[Stream] = (),
        description: Mapping[str, Any] | None = None,
    ) -> Ring:
        """Make a ring that holds the last `seconds` of every stream, and map it for writing.

        Its space on the disk is allocated in full, so that a full disk is met now and not in the session. `derived` streams
        carry what was computed from the others. Raises RingError where the file exists or there is no room.
        """
        planned = [(stream, False) for stream in streams] + [(stream, True) for stream in derived]
        try:
            ring_file.make(path, planned, seconds, description or {})
        except FileExistsError:
            raise RingError(f"{path} exists already, and nothing is ever overwritten; give another name.") from None
        except OSError as error:
            if error.errno in NO_SPACE:
                raise RingError(
                    f"There is no room for a ring of {ring_file.size_of(planned, seconds) / 1e6:.0f} MB in {path.parent}: "
                    f"{error.strerror}. Free some space, choose another folder, or ask for fewer seconds."
                ) from error
            raise RingError(f"The ring {path} can't be made: {error.strerror or error}") from error
        return cls(path, writable=True)

    @classmethod
    def attach(cls, path: Path) -> Ring:
        """Map a ring for reading, whether its session is running, ended or was killed; raises RingError."""
        return cls(path, writable=False)

    def _view(self, offset: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        count = int(np.prod(shape)) * dtype.itemsize
        return np.asarray(self._bytes[offset : offset + count]).view(dtype).reshape(shape)

    def close(self) -> None:
        """Let go of the mapping, and have all writers and readers of this ring let go of it; they are of no use any more.

        Only then can the file be deleted everywhere: Windows keeps a file that anything maps.
        """
        for view in list(self._views):
            view.let_go()
        self._arrays.clear()
        for told in (self.faults, self.marks, self.room_s, self.target_pct, self.step, self.limits):
            told.let_go()
        del self._bytes, self._counters, self._session, self._notes

    def writer(self, name: str) -> StreamWriter:
        """Return the writer of a stream; there must be only one."""
        writer = StreamWriter(self, name)
        self._views.add(writer)
        return writer

    def reader(self, name: str, rows_back: int | None = None) -> StreamReader:
        """Return a reader that begins at the oldest row still there, or `rows_back` rows before the newest."""
        reader = StreamReader(self, name, rows_back)
        self._views.add(reader)
        return reader

    def counter(self, name: str, which: int) -> int:
        """Return one counter of a stream (RESERVED, PUBLISHED, TICKS, STATE or BACKLOG)."""
        if which == PUBLISHED and name in self._ends:
            return self._ends[name]
        return int(self._counters[self._order[name], which])

    def state(self, name: str) -> SourceState:
        """Return what the source of a stream is doing."""
        return SourceState(self.counter(name, STATE))

    def note(self, name: str) -> str:
        """Return the last sentence of a stream's source about a fault or warning."""
        return bytes(self._notes[self._order[name]]).decode("utf-8", errors="replace")

    @property
    def phase(self) -> SessionPhase:
        """How far the session has come."""
        return SessionPhase(int(self._session[PHASE]))

    @property
    def heartbeat_age_s(self) -> float:
        """Seconds since the engine last gave a sign of life; infinite where that was before this machine was started."""
        age_s = host_now_s() - int(self._session[BEAT_NS]) * 1e-9
        return age_s if age_s >= 0 else math.inf

    def beat(self, phase: SessionPhase) -> None:
        """Give a sign of life, and say how far the session has come (the engine does)."""
        self._session[PHASE] = phase
        self._session[BEAT_NS] = round(1e9 * host_now_s())

    @property
    def seconds(self) -> float:
        """How many seconds of every stream it holds."""
        return min(len(self._arrays[f"streams/{name}/samples"]) / one.rate_hz for name, one in self.streams.items())

    def rewind(self, ends: Mapping[str, int]) -> None:
        """Have readers that are made from now on see each stream as it was when it came to a sample number, to the block.

        Nothing in the file changes, and its session may go on; what it overwrites meanwhile is gone for these readers, too.
        """
        for name, end in ends.items():
            reader = StreamReader(self, name)
            ticks = reader._ticks_between(reader.row, self.counter(name, PUBLISHED))
            rows = ticks["row"][ticks["index"] <= end]
            self._ends[name] = int(rows.max(initial=reader.row))

    def sync(self) -> None:
        """Bring everything to the disk, against power loss; slow, so never called where blocks are written.

        Other threads run meanwhile, as they do not in mmap's own flush.
        """
        if sys.platform == "win32":  # fsync brings what was written to the disk there, and not what is mapped
            import ctypes

            ctypes.windll.kernel32.FlushViewOfFile(
                ctypes.c_void_p(self._bytes.ctypes.data), ctypes.c_size_t(self._bytes.nbytes)
            )
        descriptor = os.open(self.path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class StreamWriter:
    """Writes one stream into the ring; nothing is allocated and nothing is waited for."""

    def __init__(self, ring: Ring, name: str) -> None:
        self.stream = ring.streams[name]
        number = ring._order[name]
        self._samples = ring._arrays[f"streams/{name}/samples"]
        self._ticks = ring._arrays[f"streams/{name}/ticks"]
        self._counters = ring._counters[number]
        self._notes = ring._notes[number : number + 1]
        self._capacity = len(self._samples)
        self._row = int(self._counters[PUBLISHED])
        self._tick = int(self._counters[TICKS])
        if self._tick and self._ticks[(self._tick - 1) % len(self._ticks)]["row"] > self._row:
            self._tick -= 1  # whoever wrote it was killed before its block was published

    def append(self, block: Block) -> None:
        """Publish a block; raises ValueError where it is longer than the ring or has other channels."""
        count = len(block.samples)
        if count == 0:
            return
        if count > self._capacity or block.samples.shape[1:] != self._samples.shape[1:]:
            raise ValueError(
                f"a block of shape {block.samples.shape} does not fit the stream {self.stream.name!r}, whose ring holds "
                f"{self._samples.shape}"
            )
        start = self._row % self._capacity
        until_end = min(count, self._capacity - start)
        end = self._row + count
        self._counters[RESERVED] = end
        fence()
        self._samples[start : start + until_end] = block.samples[:until_end]
        if until_end < count:
            self._samples[: count - until_end] = block.samples[until_end:]
        self._ticks[self._tick % len(self._ticks)] = (end, block.first_index + count, block.segment, block.host_s)
        fence()
        self._counters[TICKS] = self._tick + 1
        self._counters[PUBLISHED] = end
        self._row = end
        self._tick += 1

    def let_go(self) -> None:
        """Let go of the mapping; what is appended after that raises ValueError, what is reported goes nowhere."""
        self._samples, self._ticks = np.empty((0, *self._samples.shape[1:])), self._ticks[:0].copy()
        self._counters, self._notes = self._counters.copy(), self._notes.copy()
        self._capacity = 0

    def report(self, state: SourceState, backlog: int = 0, note: str = "") -> None:
        """Say what the source is doing, for the screens."""
        self._counters[STATE] = state
        self._counters[BACKLOG] = backlog
        self._notes[0] = note.encode()[: ring_file.NOTE_BYTES].decode(errors="ignore").encode()


class StreamReader:
    """Follows one stream, stretch by stretch; keeps its own row and never disturbs the writer."""

    def __init__(self, ring: Ring, name: str, rows_back: int | None = None) -> None:
        """Begin at the oldest row still there, or `rows_back` rows before the newest."""
        self.stream = ring.streams[name]
        self._samples = ring._arrays[f"streams/{name}/samples"]
        self._ticks = ring._arrays[f"streams/{name}/ticks"]
        self._tick_rows = self._ticks["row"]
        self._counters = ring._counters[ring._order[name]]
        self._capacity = len(self._samples)
        self._end = ring._ends.get(name)
        self.row = self._oldest_whole_row()
        if rows_back is not None:
            self.row = max(self.row, self._published() - rows_back)
        self._tick = 0
        self.missed = self._missed_before = 0

    def let_go(self) -> None:
        """Let go of the mapping; nothing new is read after that."""
        self._samples, self._ticks = np.empty((0, *self._samples.shape[1:])), self._ticks[:0].copy()
        self._tick_rows, self._counters = self._ticks["row"], self._counters.copy()
        self._end = self.row

    @property
    def capacity(self) -> int:
        """How many rows the ring holds of this stream."""
        return self._capacity

    @property
    def waiting(self) -> int:
        """Rows that are published and not read yet."""
        return self._published() - self.row

    def _published(self) -> int:
        """Return the row after the newest that this reader sees."""
        return int(self._counters[PUBLISHED]) if self._end is None else self._end

    def read(self, most_rows: int = 1 << 16) -> Stretch | None:
        """Return the next stretch of whole blocks, of about `most_rows` rows at most, or None if there is nothing new.

        Raises RingError where the ring is damaged.
        """
        while True:
            published, reserved = self._published(), int(self._counters[RESERVED])
            if published <= self.row:
                return None
            stretch = self._copy(min(published, self.row + most_rows), published)
            if stretch is not None:
                self.row = stretch.first_row + len(stretch.samples)
                self._missed_before = 0
                return stretch
            oldest = self._oldest_whole_row()
            if oldest <= self.row and reserved == int(self._counters[RESERVED]):
                raise RingError(f"The ring's stream {self.stream.name} is damaged: nothing tells when its row {self.row} came.")
            # Lapped: go on at the oldest row that is safe for a while, and count what lies between.
            resume = max(self.row, min(published, oldest + self._capacity // 8))
            self.missed += resume - self.row
            self._missed_before += resume - self.row
            self.row = resume

    def _oldest_whole_row(self) -> int:
        return max(0, int(self._counters[RESERVED]) - self._capacity)

    def _copy(self, until: int, published: int) -> Stretch | None:
        """Copy the blocks up to row `until`, at least one, as far as they follow on; None if they were overwritten."""
        fence()
        ticks = self._ticks_between(self.row, until)
        # Ticks are overwritten as rows are; one that is newer than what was published shows it.
        if not len(ticks) or not self.row < ticks["row"][0] <= published:
            return None
        if len(ticks) > 1:
            ticks = split_at_gaps(ticks)[0]
            ticks = ticks[: max(1, ticks["row"].searchsorted(until, side="right"))]
        start, count = self.row % self._capacity, int(ticks["row"][-1]) - self.row
        wrapped = max(0, start + count - self._capacity)
        samples = np.concatenate((self._samples[start : start + count], self._samples[:wrapped]))
        fence()
        if self._oldest_whole_row() > self.row:
            return None
        return Stretch(samples, ticks, self.row, self.row + int(ticks["index"][0] - ticks["row"][0]), self._missed_before)

    def _ticks_between(self, row: int, until: int) -> NDArray[np.void]:
        """Copy the ticks of the blocks that hold the rows from `row` to `until`."""
        high = int(self._counters[TICKS])
        first = self._tick = self._tick_of(row, max(self._tick, high - self._capacity), high)
        beyond = self._tick_of(until - 1, first, high) + 1
        return np.asarray(self._ticks[np.arange(first, min(beyond, high)) % len(self._ticks)])

    def _tick_of(self, row: int, low: int, high: int) -> int:
        """Return the number of the first tick, of those from `low` to `high`, whose block ends beyond `row`."""
        while low < high:
            middle = (low + high) // 2
            if self._tick_rows[middle % len(self._ticks)] > row:
                high = middle
            else:
                low = middle + 1
        return low
