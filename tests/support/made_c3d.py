"""C3D files made for the tests: by ezc3d, with everything that can be wrong put in on purpose."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import ezc3d
import numpy as np
from numpy.typing import NDArray

LEFT = [[-400.0, 300.0, 0.0], [0.0, 300.0, 0.0], [0.0, -300.0, 0.0], [-400.0, -300.0, 0.0]]
RIGHT = [[0.0, 300.0, 0.0], [400.0, 300.0, 0.0], [400.0, -300.0, 0.0], [0.0, -300.0, 0.0]]
PLATE_LABELS = ["Fx1", "Fy1", "Fz1", "Mx1", "My1", "Mz1", "Fx2", "Fy2", "Fz2", "Mx2", "My2", "Mz2"]
PLATE_UNITS = ["N"] * 3 + ["Nmm"] * 3


def standing(fz_N: float = 400.0, samples: int = 1000, cop_mm: tuple[float, float] = (30.0, -50.0)) -> NDArray[np.float64]:
    """Return the six channels of a type 2 plate that is stood on: the reaction in its own axes, z down, origin at the top.

    The first 100 samples are unloaded. In the plate's axes COPx = -My/Fz and COPy = Mx/Fz.
    """
    rows = np.zeros((samples, 6))
    fz = np.where(np.arange(samples) < 100, 0.0, -fz_N + 3.0 * np.sin(np.arange(samples) / 9.0))
    rows[:, 2] = fz
    rows[:, 3] = cop_mm[1] * fz
    rows[:, 4] = -cop_mm[0] * fz
    return rows


def make(
    path: Path,
    analog: NDArray[np.float64] | None = None,
    labels: list[str] | None = None,
    units: list[str] | None = None,
    *,
    corners: Any = (LEFT, RIGHT),
    types: Any = (2, 2),
    channels: Any = ((1, 2, 3, 4, 5, 6), (7, 8, 9, 10, 11, 12)),
    origins: Any = ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
    matrices: Any = None,
    zero: Any = (1, 0),
    rate_hz: float = 1000.0,
    point_units: str = "mm",
    markers: dict[str, NDArray[np.float64]] | None = None,
    without: tuple[str, ...] = (),
    used: int | None = None,
) -> Path:
    """Write a C3D file of two loaded plates, but for what is given; `without` leaves out parameters of FORCE_PLATFORM."""
    if analog is None:
        analog = np.hstack([standing(400.0), standing(500.0)])
    file = ezc3d.c3d()
    markers = {"C7": np.zeros((len(analog) // 10, 3))} if markers is None else markers
    file["parameters"]["POINT"]["RATE"]["value"] = [100.0]
    file["parameters"]["POINT"]["LABELS"]["value"] = list(markers)
    file["parameters"]["POINT"]["UNITS"]["value"] = [point_units]
    points = np.ones((4, len(markers), len(analog) // 10))
    for i, track in enumerate(markers.values()):
        points[:3, i] = np.asarray(track).T
    file["data"]["points"] = points
    file["parameters"]["ANALOG"]["RATE"]["value"] = [rate_hz]
    file["parameters"]["ANALOG"]["LABELS"]["value"] = (labels or PLATE_LABELS)[: analog.shape[1]]
    file["data"]["analogs"] = analog.T[None]
    values: dict[str, Any] = {
        "USED": [len(types) if used is None else used],
        "TYPE": list(types),
        "ZERO": list(zero),
        "CORNERS": np.moveaxis(np.array(corners, float), 0, -1).swapaxes(0, 1),
        "ORIGIN": np.array(origins, float).T,
        "CHANNEL": np.array(channels, float).T,
    }
    if matrices is not None:
        values["CAL_MATRIX"] = np.moveaxis(np.array(matrices, float), 0, -1)
    for name, value in values.items():
        if name not in without:
            file.add_parameter("FORCE_PLATFORM", name, value)
    file.add_parameter("ANALOG", "UNITS", units or PLATE_UNITS * (analog.shape[1] // 6))
    file.write(str(path))
    return path


def make_integers(path: Path, counts: NDArray[np.int64], scale: float, offset: int, form: str, corners: Any = LEFT) -> Path:
    """Write a C3D file of one type 2 plate as 16-bit integers, byte by byte, which ezc3d does not write."""
    samples, channels = counts.shape

    def name(text: str, group: int) -> bytes:
        return struct.pack("<bb", len(text), group) + text.encode()

    def parameter(text: str, group: int, kind: int, sizes: list[int], data: bytes) -> bytes:
        body = struct.pack("<bB", kind, len(sizes)) + bytes(sizes) + data + b"\0"
        return name(text, group) + struct.pack("<H", 2 + len(body)) + body

    def floats(*values: float) -> bytes:
        return struct.pack(f"<{len(values)}f", *values)

    def words(*values: int) -> bytes:
        return struct.pack(f"<{len(values)}H", *values)

    section = bytes([1, 0x50, 4, 84])
    for number, group in enumerate(("POINT", "ANALOG", "FORCE_PLATFORM"), 1):
        section += name(group, -number) + struct.pack("<H", 3) + b"\0"
    section += parameter("USED", 1, 2, [], words(0)) + parameter("SCALE", 1, 4, [], floats(1.0))
    section += parameter("RATE", 1, 4, [], floats(100.0)) + parameter("FRAMES", 1, 2, [], words(samples))
    section += parameter("DATA_START", 1, 2, [], words(6)) + parameter("UNITS", 1, -1, [2], b"mm")
    section += parameter("USED", 2, 2, [], words(channels)) + parameter("RATE", 2, 4, [], floats(100.0))
    section += parameter("GEN_SCALE", 2, 4, [], floats(1.0)) + parameter("SCALE", 2, 4, [channels], floats(*[scale] * channels))
    section += parameter("OFFSET", 2, 2, [channels], words(*[offset] * channels))
    section += parameter("FORMAT", 2, -1, [len(form)], form.encode())
    section += parameter("LABELS", 2, -1, [3, channels], "".join(PLATE_LABELS[:channels]).encode())
    section += parameter("UNITS", 2, -1, [3, channels], b"N  N  N  NmmNmmNmm")
    section += parameter("USED", 3, 2, [], words(1)) + parameter("TYPE", 3, 2, [1], words(2))
    section += parameter("CORNERS", 3, 4, [3, 4, 1], floats(*np.ravel(corners))) + parameter(
        "ORIGIN", 3, 4, [3, 1], floats(0, 0, 0)
    )
    section += parameter("CHANNEL", 3, 2, [6, 1], words(1, 2, 3, 4, 5, 6))
    header = struct.pack("<BBHHHHHfHHf", 2, 0x50, 0, channels, 1, samples, 0, 1.0, 6, 1, 100.0)
    path.write_bytes(header.ljust(512, b"\0") + section.ljust(4 * 512, b"\0") + counts.astype("<u2").tobytes())
    return path
