"""TRC files: tab-separated places of markers or key points, as OpenSim, Motion Analysis and OpenCap write them.

The first line names the format, the second and third give rates and the unit of lengths, the fourth the labels, one above each
three columns, the fifth the columns. Then comes a line a frame: its number, its time, and x, y, z of each marker, empty where
it is hidden.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from acquisition.formats.markers.marker_places import MarkerFileError, MarkerPlaces, no_known_unit
from acquisition.rig.units import LENGTHS_MM, millimetres

if TYPE_CHECKING:
    from pathlib import Path

    from acquisition.formats.import_map import Length
    from hardware.arrays import Floats

HEADER_LINES = 5
FIRST_COLUMNS = 2
UNEVEN = 0.02
"""Frames whose times differ from an even rate by more than this share of a frame are not even."""


def read_trc(path: Path, said: Length | None = None) -> MarkerPlaces:
    """Read a TRC file; raises MarkerFileError where it is none, is damaged, or its frames are not even in time.

    `said`: the unit of its lengths by a person, where the file's own is not known.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except FileNotFoundError:
        raise MarkerFileError(f"There is no file {path}.") from None
    except OSError as error:
        raise MarkerFileError(f"{path} can't be read: {error.strerror}.") from error
    if len(lines) <= HEADER_LINES or not lines[0].startswith("PathFileType"):
        raise MarkerFileError(f"{path} is no TRC file: its first line does not begin with PathFileType, or no frame follows.")
    header = dict(zip(lines[1].split("\t"), lines[2].split("\t"), strict=False))
    unit = header.get("Units", "").strip()
    to_mm = millimetres(unit) or (LENGTHS_MM[said] if said else None)
    if to_mm is None:
        raise MarkerFileError(no_known_unit(path, unit, "Units"))
    labels = [label.strip() for label in lines[3].split("\t")[FIRST_COLUMNS::3]]
    while labels and not labels[-1]:
        labels.pop()
    if not labels:
        raise MarkerFileError(f"{path} names no marker in its fourth line.")
    rows = [
        _numbers(path, number, line, len(labels))
        for number, line in enumerate(lines[HEADER_LINES:], HEADER_LINES + 1)
        if line.strip()
    ]
    if len(rows) < 2:
        raise MarkerFileError(f"{path} holds {len(rows)} frames, and two are needed to know their rate.")
    table = np.array(rows)
    places = table[:, FIRST_COLUMNS:].reshape(len(table), len(labels), 3) * to_mm
    places[(places == 0.0).all(axis=2)] = np.nan  # some write what is hidden as zeros
    return MarkerPlaces(path, labels, places, _rate_hz(path, table[:, 1]), float(table[0, 1]))


def _numbers(path: Path, number: int, line: str, markers: int) -> list[float]:
    """Return the numbers of a frame's line, NaN where there is none."""
    cells = [cell.strip().replace(",", ".") for cell in line.split("\t")]
    wanted = FIRST_COLUMNS + 3 * markers
    cells = (cells + [""] * wanted)[:wanted] if len(cells) < wanted or not any(cells[wanted:]) else cells
    if len(cells) > wanted:
        raise MarkerFileError(f"{path}, line {number}, has more numbers than its {markers} markers have.")
    try:
        return [float(cell) if cell else np.nan for cell in cells]
    except ValueError:
        bad = next(cell for cell in cells if cell and not _is_number(cell))
        raise MarkerFileError(f"{path}, line {number}, has {bad!r} where a number should be.") from None


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _rate_hz(path: Path, time_s: Floats) -> float:
    """Return the rate by the frames' own times; that of the header is often that of another program."""
    steps_s = np.diff(time_s)
    step_s = float(np.median(steps_s))
    if not np.isfinite(time_s).all() or step_s <= 0.0:
        raise MarkerFileError(f"The times of the frames in {path} do not go forwards.")
    even_s = (time_s[-1] - time_s[0]) / (len(time_s) - 1)
    apart = np.abs(time_s - time_s[0] - even_s * np.arange(len(time_s)))
    if np.max(apart) > max(UNEVEN * len(time_s) ** 0.5, 0.5) * even_s:
        at = int(np.argmax(np.abs(steps_s - step_s) > UNEVEN * step_s))
        raise MarkerFileError(
            f"The frames of {path} are not even in time: from {time_s[at]:g} s to {time_s[at + 1]:g} s is a step of "
            f"{steps_s[at]:g} s, where {step_s:g} s is usual; export it with all frames."
        )
    return float(1.0 / even_s)
