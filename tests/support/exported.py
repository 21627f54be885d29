"""Recordings for the tests of export: plates of every type, EMG of any rate, gaps and restarts, all of them known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from acquisition.recording import RecordingWriter
from acquisition.rig.rig import PLATE_CHANNELS
from tests.support.recordings import complete
from tests.support.rigs import a_rig
from tests.support.sessions import a_stretch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from acquisition.rig import Rig

CORNERS = {
    "left": [[-10.0, 590.0, 0.0], [-410.0, 590.0, 0.0], [-410.0, 10.0, 0.0], [-10.0, 10.0, 0.0]],
    "right": [[410.0, 10.0, 5.0], [10.0, 10.0, 5.0], [10.0, 590.0, 5.0], [410.0, 590.0, 5.0]],
}
"""The left plate's x points the other way round than the right one's; z of both points down."""


def a_plate(side: str, c3d_type: int, stream: str = "lab", **parts: Any) -> dict[str, Any]:
    """Return a plate of a type as a rig describes it, in odd units, with a zero, off its true origin."""
    count = PLATE_CHANNELS[c3d_type]
    generator = np.random.default_rng(c3d_type)
    calibrated = (
        {"calibration_matrix": (np.eye(6, count) + 0.05 * generator.normal(size=(6, count))).tolist()}
        if c3d_type in (4, 5)
        else {"sensitivities": generator.uniform(0.5, 2.0, count).tolist()}
    )
    corners = np.array(CORNERS[side])
    if side == "left":
        corners = corners[[1, 0, 3, 2]]
    return {
        "name": f"{side} plate",
        "side": side,
        "stream": stream,
        "channels": [f"{side} {i}" for i in range(count)],
        "c3d_type": c3d_type,
        "corners_mm": corners.tolist(),
        "origin_mm": [120.0, 200.0, -41.0] if c3d_type == 3 else [1.5, -2.5, -41.0],
        "zero": generator.normal(size=count).tolist(),
        **calibrated,
        **parts,
    }


def less(plate: dict[str, Any], channels: int) -> dict[str, Any]:
    """Return a plate of type 1 without its free moment (5 channels), or with its vertical force alone (1)."""
    own = slice(2, 3) if channels == 1 else slice(0, channels)
    cut = {name: plate[name][own] for name in ("channels", "sensitivities", "zero")}
    return plate | cut | ({"corners_mm": None} if channels == 1 else {})


def pushed(rng: np.random.Generator, rows: int, plate: dict[str, Any]) -> np.ndarray:
    """Return raw samples of a plate that somebody stands on, of no special shape."""
    raw = np.array(plate["zero"]) + rng.normal(0, 30.0, (rows, len(plate["channels"])))
    down = {1: [2], 2: [2], 3: [4, 5, 6, 7], 4: [2], 5: [2]}[plate["c3d_type"]] if len(plate["channels"]) > 1 else [0]
    raw[:, down] -= 500.0
    return raw


def a_lab(
    plates: Sequence[dict[str, Any]], muscles: Sequence[str] = ("VL", "BF"), rate_hz: float = 1000.0, **parts: Any
) -> Rig:
    """Return a rig of one stream, `lab`, with plates, EMG in V on both legs, and a footswitch."""
    emg = [
        {"muscle": muscle, "side": side, "stream": "lab", "channel": f"{muscle}_{side[0].upper()}"}
        for side in ("left", "right")
        for muscle in muscles
    ]
    channels = [name for plate in plates for name in plate["channels"]] + [e["channel"] for e in emg] + ["footswitch"]
    return a_rig({"name": "lab", "rate_hz": rate_hz, "channels": channels}, plate=list(plates), emg=emg, **parts)


def stood(rig: Rig, rows: int, seed: int = 1) -> np.ndarray:
    """Return raw samples of the stream `lab`: loads on the plates, millivolts on the rest."""
    rng = np.random.default_rng(seed)
    plates = [pushed(rng, rows, plate.model_dump()) for plate in rig.plate]
    others = len(rig.stream_named("lab").channels) - sum(part.shape[1] for part in plates)
    return np.hstack([*plates, 1e-3 * rng.normal(size=(rows, others))])


def written(path: Path, rig: Rig, parts: Mapping[str, Sequence[tuple[int, np.ndarray]]]) -> Path:
    """Write a recording of parts, each with the number of its first sample: what lies between them was lost."""
    writer = RecordingWriter(path, rig, [settings.stream() for settings in rig.stream])
    for name, own in parts.items():
        row = 0
        for first, samples in own:
            writer.append(name, a_stretch(samples, rig.stream_named(name).rate_hz, first, row))
            row += len(samples)
    complete(writer)
    return path
