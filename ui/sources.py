"""Which source stands behind each stream of a rig."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acquisition.rig import FileSource
from hardware.source import SourceError
from sim.device import devices
from sim.lifter import demo_lifter

if TYPE_CHECKING:
    from acquisition.rig import Rig
    from hardware.source import Source


def sources_of(rig: Rig, seconds: float | None, seed: int) -> list[Source]:
    """Return a source for each stream of a rig; those that are simulated share one lifter.

    Raises SourceError for a rig that describes an imported file, which can be replayed but not acquired again.
    """
    for settings in rig.stream:
        if isinstance(settings.source, FileSource):
            raise SourceError(
                f"The stream {settings.name!r} came from the file {settings.source.path}; play its recording with --replay."
            )
    return list(devices(rig, demo_lifter(seconds, seed), end_s=seconds))
