"""The recorder follows the ring and writes what it finds into a recording, in batches, at its own pace."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

from acquisition.recording import RecordingError, RecordingWriter

if TYPE_CHECKING:
    from pathlib import Path

    from acquisition.rig import Rig
    from acquisition.ring import Ring
    from acquisition.timebase.time_base import TimeBase

BATCH_S = 0.5


class Recorder:
    """A follower of all raw streams of a ring."""

    def __init__(self, ring: Ring, path: Path, rig: Rig, time_base: TimeBase) -> None:
        """Make the recording; raises RecordingError where the file exists or can't be made."""
        self._time_base = time_base
        raw = [stream for name, stream in ring.streams.items() if name not in ring.derived]
        self._writer = RecordingWriter(path, rig, raw)
        self._readers = {stream.name: ring.reader(stream.name) for stream in raw}
        self._next_s = 0.0

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

    def follow(self) -> bool:
        """Write what is new, if a batch is due; return whether anything was written."""
        now = time.monotonic()
        if now < self._next_s:
            return False
        self._next_s = now + BATCH_S
        return self._write()

    def _write(self) -> bool:
        wrote = False
        for name, reader in self._readers.items():
            while (stretch := reader.read()) is not None:
                self._writer.append(name, stretch)
                wrote = True
        # A recording that is cut short then has the edges of what was written.
        while self._time_base.follow():
            continue
        for name, edges in self._time_base.edges.items():
            self._writer.append_edges(name, edges)
        if wrote:
            self._writer.flush()
        return wrote

    def finish(self) -> None:
        """Write the rest and complete the recording, with the clocks of the session's time base."""
        self._time_base.finish()
        self._write()
        self._writer.finish(self._time_base.clocks())

    def abandon(self) -> None:
        """Close the recording as it is."""
        self._writer.abandon()


def bytes_per_s(rig: Rig) -> float:
    """Return what ring and recording of a rig take on the disk together for each second of a session."""
    return 2.5 * sum(s.rate_hz * (len(s.channels) * (4 if s.dtype == "float32" else 8) + 16) for s in rig.stream)


def require_space(folder: Path, needed_bytes: float) -> None:
    """Raise RecordingError where a recording of that size would fill the disk."""
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise RecordingError(
            f"The recording may need {needed_bytes / 1e6:.0f} MB, and {folder} has {free / 1e6:.0f} MB left; "
            "free some space or choose another folder."
        )
