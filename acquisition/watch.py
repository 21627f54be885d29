"""The watch: what could go wrong in a session without anybody noticing, looked at once a second and told in the ring.

Rates that no crystal explains, a disk that fills, a recording that somebody deleted, and a ring that is about to be
overwritten before it was written down.
"""

from __future__ import annotations

import math
import shutil
from typing import TYPE_CHECKING

from acquisition.durations import in_words
from acquisition.storage.disk import reserve_bytes
from acquisition.storage.file_system import file_system_of
from hardware.host_clock import host_now_s
from hardware.severity import Severity
from hardware.source import CRYSTAL_OFF

if TYPE_CHECKING:
    from pathlib import Path

    from acquisition.recording.recorder import Recorder
    from acquisition.recording.try_recorder import TryRecorder
    from acquisition.ring import Ring
    from acquisition.timebase.time_base import TimeBase

LOOK_S = 1.0
SPARE_S = 1.0
SPARE_SHARE = 0.2
"""A session ends when the ring has no more room than that for what waits for a full disk; what comes later overwrites it."""
LOOKS = 3
"""A rate must be off this many times in a row; one look may fall on a busy moment of this computer."""
LITTLE_S = 1800.0
"""Where nobody knows how long a session will be, less room than for half an hour is told."""


class Watch:
    """A follower of a session that reads no samples; `must_end` is why the session can't go on, empty while it can.

    Where overwriting takes new room of the disk, a session must end before that is full. For how long it has room stands in the
    ring. `wrong_rates`: what was said of rates, by stream.
    """

    def __init__(
        self,
        ring: Ring,
        time_base: TimeBase,
        recorder: Recorder | TryRecorder,
        folder: Path,
        bytes_per_s: float,
        length_s: float,
    ) -> None:
        self._reserve_bytes = reserve_bytes(file_system_of(folder), bytes_per_s)
        self.must_end = ""
        self.wrong_rates: dict[str, str] = {}
        self._ring = ring
        self._time_base = time_base
        self._recorder = recorder
        self._folder = folder
        self._bytes_per_s = bytes_per_s
        self._least_spare_s = max(SPARE_S, SPARE_SHARE * ring.seconds)
        self._end_s = host_now_s() + length_s
        self._next_s = 0.0
        self._told: set[str] = set()
        self._off: dict[str, int] = {}

    def follow(self) -> bool:
        """Look, if a second has passed; there is never anything to catch up with."""
        if self._recorder.stuck:
            self._look_at_the_ring()
        now_s = host_now_s()
        if now_s >= self._next_s:
            self._next_s = now_s + LOOK_S
            self._look(now_s)
        return False

    def finish(self) -> None:
        """There is nothing to catch up with."""

    def abandon(self) -> None:
        """There is nothing to close."""

    def _look(self, now_s: float) -> None:
        self._look_at_rates()
        self._look_at_the_disk(now_s)
        if self._recorder.deleted:
            self._once("recorder", "The recording was deleted while it is written; it is kept, and written anew at the end.")
        if not self._ring.path.exists():
            self._once("ring", "The ring's file was deleted or moved: the session goes on, and no other screen can open it.")

    def _look_at_the_ring(self) -> None:
        if self._recorder.spare_s < self._least_spare_s:
            self._end(
                "The disk is full, and the ring will soon hold no more: the session is ended before samples are lost. Free "
                "some space, then make the recording from the ring."
            )

    def _look_at_rates(self) -> None:
        for name, line in self._time_base.lines.items():
            off = abs(line.rate_off()) > CRYSTAL_OFF
            self._off[name] = self._off.get(name, 0) + 1 if off else 0
            if name in self.wrong_rates or self._off[name] < LOOKS:
                continue
            nominal_hz = self._ring.streams[name].rate_hz
            sentence = (
                f"The stream {name} runs at about {1.0 / line.period_s:.5g} Hz, and the rig says {nominal_hz!r} Hz: more than "
                "a crystal can be off. Its filters rest on the rig's rate; set the device to that rate, or rate_hz to the "
                "device's."
            )
            self.wrong_rates[name] = sentence
            self._ring.faults.tell(Severity.RED, name, sentence)

    def _look_at_the_disk(self, now_s: float) -> None:
        try:
            free = shutil.disk_usage(self._folder).free
        except OSError:
            return  # the folder is gone; what becomes of the recording is told
        if free < self._reserve_bytes:
            self._end(
                "The disk is almost full, and what is overwritten takes room of it, too: the session is ended before samples "
                "are lost. Free some space before the next one."
            )
        room_s = max(0.0, free - self._reserve_bytes) / self._bytes_per_s
        self._ring.room_s.tell(room_s)
        needed_s = self._end_s - now_s if math.isfinite(self._end_s) else LITTLE_S
        if room_s < needed_s:
            self._once("disk", f"The disk has room for {in_words(room_s)} more of recording; free some space.")

    def _end(self, why: str) -> None:
        if not self.must_end:
            self.must_end = why
            self._ring.faults.tell(Severity.RED, "disk", why)

    def _once(self, about: str, sentence: str) -> None:
        if about not in self._told:
            self._told.add(about)
            self._ring.faults.tell(Severity.AMBER, about, sentence)
