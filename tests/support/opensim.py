"""OpenSim's files of one lifter who stands on two plates: forces, and the markers of the legs beside."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.support.trc import write_trc

LEGS = {
    f"{side}{name}": [sign * x, y, z]
    for side, sign in (("R", 1.0), ("L", -1.0))
    for name, (x, y, z) in {
        "ASI": (120.0, 0.0, 950.0),
        "KNE": (180.0, 60.0, 480.0),
        "ANK": (160.0, -20.0, 80.0),
        "HEE": (130.0, -80.0, 30.0),
        "TOE": (150.0, 120.0, 20.0),
    }.items()
}


def forces(path: Path, rows: int = 2000) -> Path:
    """Write OpenSim's file of a lifter who stands on two plates, y up, right along z."""
    labels = ["time"]
    for plate in ("", "1_"):
        labels += [f"{plate}ground_force_{kind}{axis}" for kind in "vp" for axis in "xyz"]
    lines = ["grf", "version=1", f"nRows={rows}", f"nColumns={len(labels)}", "inDegrees=yes", "endheader", "\t".join(labels)]
    right, left = "0\t410\t-20\t0.01\t0\t0.15", "0\t390\t20\t0.02\t0\t-0.15"
    lines += [f"{k / 1000:.4f}\t{right}\t{left}" for k in range(rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def markers(path: Path, frames: int = 200, begins_s: float = 0.0) -> Path:
    """Write the markers of the same lifter, who faces x: lab (x, y) is OpenSim's (z, x)."""
    places = np.tile(np.array(list(LEGS.values())), (frames, 1, 1))
    turned = np.stack([places[..., 1], places[..., 2], places[..., 0]], axis=-1)
    return write_trc(path, list(LEGS), turned, 100.0, begins_s=begins_s)
