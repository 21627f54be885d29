"""TRC files for the tests, written as OpenSim and OpenCap write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def y_up(places_mm: np.ndarray) -> np.ndarray:
    """Turn places with z up so that y is, and x points where it did."""
    return np.stack([places_mm[..., 0], places_mm[..., 2], -places_mm[..., 1]], axis=-1)


def write_trc(
    path: Path, labels: Sequence[str], places: np.ndarray, rate_hz: float, unit: str = "mm", begins_s: float = 0.0
) -> Path:
    """Write places (frames, markers, 3) as they are, empty where hidden."""
    lines = [
        f"PathFileType\t4\t(X/Y/Z)\t{path.name}",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames",
        f"{rate_hz:g}\t{rate_hz:g}\t{len(places)}\t{len(labels)}\t{unit}\t{rate_hz:g}\t1\t{len(places)}",
        "Frame#\tTime\t" + "\t\t\t".join(labels) + "\t\t",
        "\t\t" + "\t".join(f"{axis}{k}" for k in range(1, len(labels) + 1) for axis in "XYZ"),
        "",
    ]
    for number, frame in enumerate(places.reshape(len(places), -1)):
        cells = ["" if np.isnan(value) else f"{value:.5f}" for value in frame]
        lines.append("\t".join([str(number + 1), f"{begins_s + number / rate_hz:.5f}", *cells]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
