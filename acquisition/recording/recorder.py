"""The recorder follows the ring and writes what it finds into a recording, in batches, at its own pace."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from acquisition.recording.recording import NoRoomError, RecordingError, RecordingWriter
from hardware.host_clock import host_now_s
from hardware.severity import Severity

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from acquisition.rig import Rig
    from acquisition.ring import Ring
    from acquisition.stretches import Stretch
    from acquisition.timebase.time_base import TimeBase

BATCH_S = 0.5
RETRY_S = 0.25


class Recorder:
    """A follower of all raw streams of a ring.

    Where the disk is full it tries again from the ring four times a second, and catches up once there is room; `stuck` says
    whether it waits for that.
    """

    def __init__(self, ring: Ring, path: Path, rig: Rig, time_base: TimeBase, *, from_now: bool = False) -> None:
        """Make the recording; raises RecordingError where the file exists or can't be made.

        With `from_now` it begins with the newest row of the ring, and numbers samples and segments from there.
        """
        self._time_base = time_base
        self._from_now = from_now
        self._first: dict[str, int] = {}
        self._first_segment: dict[str, int] = {}
        raw = [stream for name, stream in ring.streams.items() if name not in ring.derived]
        self._writer = RecordingWriter(path, rig, raw)
        self._readers = {stream.name: ring.reader(stream.name, rows_back=0 if from_now else None) for stream in raw}
        self._unwritten: dict[str, Stretch] = {}
        self._marks = ring.marks
        self._marked = ring.marks.count if from_now else 0
        self._marks_of = raw[0].name
        self._faults = ring.faults
        self._next_s = 0.0
        self.stuck = False

    @property
    def uuid(self) -> str:
        """The name that the recording keeps wherever its file goes."""
        return self._writer.uuid

    @property
    def created_utc(self) -> str:
        """When the recording was begun."""
        return self._writer.created_utc

    @property
    def missed(self) -> dict[str, int]:
        """Rows that were overwritten in the ring before they could be written, by stream."""
        return {name: reader.missed for name, reader in self._readers.items()}

    @property
    def deleted(self) -> bool:
        """Whether somebody has deleted the recording; it is written anew at the end."""
        return self._writer.deleted

    @property
    def spare_s(self) -> float:
        """For how long the ring still has room for what was not written, in the stream in which it is least."""
        readers = self._readers.values()
        return min((reader.capacity - reader.waiting) / reader.stream.rate_hz for reader in readers)

    def follow(self) -> bool:
        """Write what is new, if a batch is due; return whether anything was written."""
        now = host_now_s()
        if now < self._next_s:
            return False
        self._next_s = now + BATCH_S
        try:
            wrote = self._write()
        except NoRoomError as error:
            self._next_s = now + RETRY_S
            if not self.stuck:
                self.stuck = True
                self._faults.tell(Severity.RED, "recorder", f"{error} It is tried again and again; free some space.")
            return False
        if self.stuck:
            self.stuck = False
            missed = sum(self.missed.values())
            lost = f"{missed} samples were overwritten meanwhile." if missed else "Nothing was lost."
            self._faults.tell(Severity.FINE, "recorder", f"There is room again, and the recorder has caught up. {lost}")
        return wrote

    def _write(self) -> bool:
        wrote = False
        for name, reader in self._readers.items():
            while (stretch := self._unwritten.pop(name, None) or reader.read()) is not None:
                self._unwritten[name] = stretch
                self._writer.append(name, self._numbered(name, stretch) if self._from_now else stretch)
                del self._unwritten[name]
                wrote = True
        # A recording that is cut short then has the edges of what was written.
        while self._time_base.follow():
            continue
        for name, edges in self._time_base.edges.items():
            self._writer.append_edges(name, self._numbered_edges(name, edges) if self._from_now else edges)
        if (marks := self._marks.read(self._marked)) and (not self._from_now or self._marks_of in self._first):
            first = self._first.get(self._marks_of, 0)
            self._writer.append_marks([mark._replace(sample=mark.sample - first) for mark in marks if mark.sample >= first])
            self._marked += len(marks)
            wrote = True
        if wrote:
            self._writer.flush()
        return wrote

    def _numbered(self, name: str, stretch: Stretch) -> Stretch:
        """Return a stretch with samples and segments numbered from the first one that was recorded."""
        first = self._first.setdefault(name, stretch.first_index)
        segment = self._first_segment.setdefault(name, int(stretch.ticks["segment"][0]))
        ticks = stretch.ticks.copy()
        ticks["index"] -= first
        ticks["segment"] -= segment
        return replace(stretch, ticks=ticks, first_index=stretch.first_index - first)

    def _numbered_edges(self, name: str, edges: NDArray[np.void]) -> NDArray[np.void]:
        """Return the edges since the first sample that was recorded, numbered from there."""
        first = self._first.get(name)
        kept = edges[edges["index"] >= first].copy() if first is not None else edges[:0].copy()
        kept["index"] -= first or 0
        return kept

    def finish(self) -> None:
        """Write the rest and complete the recording, once its session has ended."""
        self._time_base.finish()
        self.complete()

    def complete(self) -> None:
        """Write what is there by now and complete the recording, with the clocks of the session's time base."""
        try:
            self._write()
            clocks = self._time_base.clocks()
            numbered = {name: clock.numbered_from(self._first.get(name, 0)) for name, clock in clocks.items()}
            self._writer.finish(numbered if self._from_now else clocks)
        except NoRoomError as error:
            raise RecordingError(f"{error} {self._where_the_rest_is()}") from error.__cause__

    def _where_the_rest_is(self) -> str:
        """Say what of each stream is not in the recording, and how much of it the ring holds."""
        said = []
        for name, reader in self._readers.items():
            held = len(self._unwritten[name].samples) if name in self._unwritten else 0
            if rows := held + reader.waiting:
                rows_lost = f", and {reader.missed} were overwritten" if reader.missed else ""
                said.append(f"{rows} samples of {name} are in the ring alone{rows_lost}")
        return f"{'; '.join(said)}." if said else "All samples are in it, and its clocks are not."

    def abandon(self) -> None:
        """Close the recording as it is."""
        self._writer.abandon()


def recorded_bytes_per_s(rig: Rig) -> float:
    """Return what the recording of a rig takes on the disk for each second of a session."""
    return sum(s.rate_hz * (len(s.channels) * (4 if s.dtype == "float32" else 8) + 16) for s in rig.stream)


def bytes_per_s(rig: Rig) -> float:
    """Return what ring and recording of a rig take on the disk together for each second of a session."""
    return 2.5 * recorded_bytes_per_s(rig)


def require_space(folder: Path, needed_bytes: float) -> None:
    """Raise RecordingError where a recording of that size would fill the disk."""
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise RecordingError(
            f"The recording may need {needed_bytes / 1e6:.0f} MB, and {folder} has {free / 1e6:.0f} MB left; "
            "free some space or choose another folder."
        )
