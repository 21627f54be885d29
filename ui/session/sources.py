"""Sources of a rig: one for each of its streams, by the kind that its settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acquisition.rig import FileSource, SimulatedSource
from hardware.brainflow.settings import BrainflowSettings
from hardware.lsl.settings import LslSettings
from hardware.nidaq.settings import NidaqSettings
from hardware.source import SourceError

if TYPE_CHECKING:
    from acquisition.rig import Rig, StreamSettings
    from hardware.source import Source


def sources_of(rig: Rig, seconds: float | None, seed: int) -> list[Source]:
    """Return a source for each stream of a rig; the streams that are simulated share one lifter and one time zero.

    A vendor's client is imported only where a stream needs it. Raises SourceError for settings that don't fit, and for a rig
    that describes an imported file, which can be replayed but not acquired again.
    """
    simulated = _Simulated(rig, seconds, seed)
    return [_source_of(settings, simulated) for settings in rig.stream]


def check_sources(rig: Rig) -> None:
    """Check all of a rig's settings that can be checked without a device; raises SourceError."""
    for settings, source in zip(rig.stream, sources_of(rig, None, 0), strict=True):
        if isinstance(settings.source, BrainflowSettings):
            from hardware.brainflow.source import BrainflowSource

            if isinstance(source, BrainflowSource):
                source.check()


def _source_of(settings: StreamSettings, simulated: _Simulated) -> Source:
    stream = settings.stream()
    match settings.source:
        case SimulatedSource():
            return simulated.source_of(settings)
        case NidaqSettings():
            from hardware.nidaq.source import NidaqSource

            return NidaqSource(stream, settings.source)
        case BrainflowSettings():
            from hardware.brainflow.source import BrainflowSource

            return BrainflowSource(stream, settings.source)
        case LslSettings():
            from hardware.lsl.source import LslSource

            return LslSource(stream, settings.source)
        case FileSource():
            raise SourceError(
                f"The stream {settings.name!r} came from the file {settings.source.path}; play its recording with --replay."
            )


class _Simulated:
    """The simulated devices of one session."""

    def __init__(self, rig: Rig, seconds: float | None, seed: int) -> None:
        from sim.lifter.lifter import demo_lifter
        from sim.session_clock import SessionClock

        self._rig = rig
        self._end_s = seconds
        self._lifter = demo_lifter(seconds, seed)
        self._session = SessionClock()

    def source_of(self, settings: StreamSettings) -> Source:
        """Return the simulated device of one stream."""
        from sim.device import SimulatedDevice

        return SimulatedDevice(settings, self._rig, self._lifter, session=self._session, end_s=self._end_s)
