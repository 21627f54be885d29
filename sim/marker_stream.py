"""A stream of markers for a rig that has none: what motion capture would add, of the simulated lifter."""

from __future__ import annotations

from acquisition.rig import SIDES, Marker, Rig, SimulatedSource, StreamSettings
from sim.lifter.markers import NAMES

STREAM, SYNC, RATE_HZ = "markers", "sync", 100.0


def with_markers(rig: Rig) -> Rig:
    """Return the rig with a stream of simulated markers on both legs; as it is where it has one already."""
    if any(stream.name == STREAM for stream in rig.stream):
        return rig
    legs = [(side, point) for side in SIDES for point in NAMES]
    channels = [f"{side[0].upper()}{NAMES[point]}_{axis}" for side, point in legs for axis in "xyz"]
    stream = StreamSettings(
        name=STREAM,
        rate_hz=RATE_HZ,
        channels=[*channels, SYNC],
        units=[*("mm" for _ in channels), "V"],
        block_samples=2,
        sync_channel=SYNC,
        source=SimulatedSource(kind="simulated"),
    )
    markers = [
        Marker(point=point, side=side, stream=STREAM, channels=channels[3 * i : 3 * i + 3])
        for i, (side, point) in enumerate(legs)
    ]
    return rig.model_copy(update={"stream": [*rig.stream, stream], "marker": markers})
