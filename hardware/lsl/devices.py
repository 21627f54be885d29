"""LSL streams that can be seen from this machine, as `squatscope devices` lists them."""

from __future__ import annotations

from dataclasses import dataclass

from hardware.lsl.network import load
from hardware.lsl.settings import LslNetwork

LOOK_S = 1.2


@dataclass(frozen=True, slots=True)
class LslStream:
    """One stream as its outlet describes it; a `rate_hz` of 0 means that its samples come irregularly."""

    name: str
    content: str
    channels: int
    rate_hz: float
    host: str
    source_id: str


def discover(network: LslNetwork) -> list[LslStream]:
    """Return the streams that answer within LOOK_S, by name; raises SourceError where pylsl is missing."""
    pylsl = load(network)
    found = [
        LslStream(
            info.name(),
            info.type(),
            int(info.channel_count()),
            float(info.nominal_srate()),
            info.hostname(),
            info.source_id(),
        )
        for info in pylsl.resolve_streams(LOOK_S)
    ]
    return sorted(found, key=lambda stream: (stream.name, stream.host, stream.source_id))
