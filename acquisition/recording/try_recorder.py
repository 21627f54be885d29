"""The recorder of a guided session: one recording for each try, between `begin` and `end`, out of a ring that goes on."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING

from acquisition.recording.recorder import Recorder

if TYPE_CHECKING:
    from pathlib import Path

    from acquisition.rig import Rig
    from acquisition.ring import Ring
    from acquisition.timebase.time_base import TimeBase


class TryRecorder:
    """A follower like `Recorder`, which writes nothing between tries; any thread may begin and end one."""

    def __init__(self, ring: Ring, rig: Rig, time_base: TimeBase) -> None:
        self._ring = ring
        self._rig = rig
        self._time_base = time_base
        self._current: Recorder | None = None
        self._lock = threading.RLock()
        self.missed: dict[str, int] = {}
        """Rows that were overwritten in the ring before they could be written, by stream, of all tries."""

    @property
    def stuck(self) -> bool:
        """Whether it waits for room on the disk."""
        current = self._current
        return current is not None and current.stuck

    @property
    def deleted(self) -> bool:
        """Whether somebody has deleted the recording of the try."""
        current = self._current
        return current is not None and current.deleted

    @property
    def spare_s(self) -> float:
        """For how long the ring still has room for what was not written; infinite between tries."""
        current = self._current
        return math.inf if current is None else current.spare_s

    def begin(self, path: Path) -> None:
        """Begin a recording with the newest row of the ring; raises RecordingError where it can't be made."""
        with self._lock:
            self.end()
            self._current = Recorder(self._ring, path, self._rig, self._time_base, from_now=True)

    def end(self) -> None:
        """Complete the recording of a try, if there is one; raises RecordingError."""
        with self._lock:
            current, self._current = self._current, None
            if current is None:
                return
            try:
                current.complete()
            except BaseException:
                current.abandon()
                raise
            finally:
                for name, rows in current.missed.items():
                    self.missed[name] = self.missed.get(name, 0) + rows

    def follow(self) -> bool:
        """Write what is new of a try; return whether anything was written."""
        with self._lock:
            return self._current is not None and self._current.follow()

    def finish(self) -> None:
        """Complete the recording of a try that was still running when the session ended."""
        self._time_base.finish()
        self.end()

    def abandon(self) -> None:
        """Close the recording of a try as it is."""
        with self._lock:
            current, self._current = self._current, None
            if current is not None:
                current.abandon()
