"""Rigs for the tests: all are made here, from streams that say only what matters, or from one that is shipped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acquisition.rig import Rig
from acquisition.rig.rig_file import example, load

if TYPE_CHECKING:
    from hardware.source import Stream


def a_rig(*streams: dict[str, Any] | Stream, name: str = "test", **parts: Any) -> Rig:
    """Return a rig of these streams, each as in a rig file; without more they are simulated, in volts at 1 kHz."""
    return Rig.model_validate({"name": name, "stream": [_settings(stream) for stream in streams], **parts})


def _settings(stream: dict[str, Any] | Stream) -> dict[str, Any]:
    usual: dict[str, Any] = {"rate_hz": 1000.0, "units": "V", "source": {"kind": "simulated"}}
    if isinstance(stream, dict):
        return usual | stream
    return usual | {
        "name": stream.name,
        "rate_hz": stream.rate_hz,
        "channels": list(stream.channel_names),
        "units": [channel.unit for channel in stream.channels],
        "dtype": stream.dtype,
        "block_samples": stream.block_samples,
    }


def example_with(shipped: str = "demo", /, **parts: Any) -> Rig:
    """Return a rig that is shipped, with some of its parts instead of its own."""
    return Rig.model_validate({**load(example(shipped)).model_dump(), **parts})
