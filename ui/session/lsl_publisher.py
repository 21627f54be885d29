"""A session on the Lab Streaming Layer while it runs: raw samples, metrics and flags, for other programs to follow.

The name of each published stream begins with `squatscope`, so that a session never takes its own outlets for its devices.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from hardware.lsl.outlet import LslFlags, LslOutlet
from processing.flags.rules import flag_of
from processing.pipeline import EVENTS, FLAGS

if TYPE_CHECKING:
    from acquisition.ring import Ring, StreamReader
    from acquisition.stretches import Stretch
    from hardware.lsl.settings import LslOutletSettings

PREFIX = "squatscope "


class Outlets:
    """A follower of the ring; what it publishes bears the time at which it came into the ring.

    Metrics are published with their rate of about 100 frames a second. A flag is a line such as
    `RED load_shift right: load shifts to the right leg`, sent when it goes up, becomes red, ends
    (`END`) or is withdrawn (`WITHDRAWN`).
    """

    def __init__(self, ring: Ring, settings: LslOutletSettings) -> None:
        """Publish what `settings` ask for, from now on; raises SourceError where that can't be done."""
        self._rules = ring.description["rules"]
        self._told: dict[tuple[int, float], str] = {}
        self._flags: LslFlags | None = None
        self._flag_reader = ring.reader(FLAGS)
        self._followed: list[tuple[StreamReader, LslOutlet]] = []
        wanted = {"raw": set(ring.streams) - ring.derived, "metrics": ring.derived - EVENTS}
        try:
            for content, names in wanted.items():
                for name in sorted(names) if content in settings.publish else ():
                    published = replace(ring.streams[name], name=PREFIX + name)
                    outlet = LslOutlet(published, settings, content.capitalize())
                    outlet.open()
                    self._followed.append((ring.reader(name), outlet))
            if "flags" in settings.publish:
                self._flags = LslFlags(PREFIX + FLAGS, settings)
                self._flags.open()
        except BaseException:
            self.abandon()
            raise

    def follow(self) -> bool:
        """Publish what is new; return whether there was anything."""
        found = False
        for reader, outlet in self._followed:
            stretch = reader.read()
            if stretch is not None:
                outlet.push(stretch.samples, float(stretch.ticks["host_s"][-1]))
                found = True
        if self._flags is not None and (stretch := self._flag_reader.read()) is not None:
            self._tell(self._flags, stretch)
            found = True
        return found

    def _tell(self, flags: LslFlags, stretch: Stretch) -> None:
        for change in stretch.samples:
            flag = flag_of(change)
            word = "WITHDRAWN" if not flag.severity else flag.severity.name if math.isnan(flag.end_sample) else "END"
            if self._told.get((flag.rule, flag.start_sample)) == word:
                continue  # only its peak has grown
            self._told[flag.rule, flag.start_sample] = word
            rule = self._rules[flag.rule]
            flags.push(f"{word} {rule['name']} {rule['side']}: {rule['label']}", float(stretch.ticks["host_s"][-1]))

    def finish(self) -> None:
        """Publish the rest and close."""
        while self.follow():
            pass
        self.abandon()

    def abandon(self) -> None:
        """Take everything off LSL."""
        for _, outlet in self._followed:
            outlet.close()
        if self._flags is not None:
            self._flags.close()
