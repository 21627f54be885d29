"""Vicon Nexus's text export: blocks of devices and of trajectories, each with its rate, names, labels and units above it.

A device's name stands over its first column and holds for those that follow. A block ends with an empty line.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from acquisition.formats.markers.marker_places import MarkerPlaces, no_known_unit
from acquisition.formats.signal_file import Segment, SignalFile, SignalFileError, SignalStream
from acquisition.formats.signals.force_labels import is_of_force
from acquisition.formats.text.layout import Layout, is_number, layout_of, split
from acquisition.formats.text.lines import Head, read_head
from acquisition.formats.text.numbers import read_numbers
from acquisition.rig.units import LENGTHS_MM, millimetres

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from acquisition.caveat import Caveat
    from acquisition.formats.import_map import MapTable
    from hardware.arrays import Floats

DEVICES, TRAJECTORIES = "devices", "trajectories"
BLOCKS = (DEVICES, TRAJECTORIES, "model outputs", "joints", "segments", "events")
ABOVE = 5
"""Lines of a block above its numbers: its name, its rate, names, labels and units."""
MEASURES = re.compile(r"\s*-\s*(?:force|moment|cop)\s*$", re.IGNORECASE)
"""What of a plate a device's name says, which its labels say as well."""


def begins_block(line: str) -> str | None:
    """Return the name of the block, small, that a line begins; None where it begins none."""
    name = line.strip(' \t\r\n,;"\ufeff').lower()
    return name if name in BLOCKS else None


def read_nexus(path: Path, said: MapTable) -> SignalFile:
    """Read the devices of a Nexus export; raises SignalFileError where it has none, or is damaged."""
    caveats: list[Caveat] = []
    head = read_head(path)
    found = [_stream(head, begins, ends, said, caveats) for name, begins, ends in _blocks(head) if name == DEVICES]
    if not found:
        raise SignalFileError(f"{path} has no block of devices, so neither forces nor EMG.")
    return SignalFile(path, tuple(found), tuple(caveats))


def read_nexus_markers(path: Path, said: MapTable) -> MarkerPlaces | None:
    """Return the trajectories of a Nexus export in mm, None where it has none."""
    head = read_head(path)
    for name, begins, ends in _blocks(head):
        if name == TRAJECTORIES:
            layout, names, labels, units, rate_hz = _described(head, begins, said)
            values = read_numbers(path, layout, head.encoding, [], _rows(begins, ends))
            at = [i for i, column in enumerate(layout.numeric) if labels[column].upper() == "X" and i + 2 < len(layout.numeric)]
            columns = [layout.numeric[i] for i in at]
            if not at:
                return None
            to_mm = [millimetres(units[column]) or (LENGTHS_MM[said.lengths] if said.lengths else np.nan) for column in columns]
            places = np.stack([values[:, i : i + 3] for i in at], axis=1) * np.array(to_mm)[:, None]
            unknown = [units[column] for column, scale in zip(columns, to_mm, strict=True) if np.isnan(scale)]
            doubt = no_known_unit(path, unknown[0], "line of units") if unknown else ""
            return MarkerPlaces(path, [names[column] for column in columns], places, rate_hz, doubt=doubt)
    return None


def _blocks(head: Head) -> list[tuple[str, int, int | None]]:
    """Return name, line and end of each block, from 0; the end is None of one that goes on beyond the head."""
    with head.path.open(encoding=head.encoding, errors="replace") as file:
        lines = [line for line in enumerate(file) if not line[1].strip(" \t\r\n,;") or begins_block(line[1])]
    begun = [(name, number) for number, line in lines if (name := begins_block(line))]
    empty = [number for number, line in lines if not begins_block(line)]
    return [(name, number, next((end for end in empty if end > number + ABOVE), None)) for name, number in begun]


def _rows(begins: int, ends: int | None) -> int | None:
    return None if ends is None else ends - begins - ABOVE


def _described(head: Head, begins: int, said: MapTable) -> tuple[Layout, list[str], list[str], list[str], float]:
    """Return layout, device, label and unit of each column, and the rate, of the block that begins at a line."""
    with head.path.open(encoding=head.encoding, errors="replace") as file:
        lines = [line.rstrip("\r\n") for number, line in enumerate(file) if begins <= number < begins + ABOVE + 200]
    end = next((i for i, line in enumerate(lines) if i > ABOVE and not line.strip(" \t,;")), len(lines))
    block = replace(head, lines=lines[:end])
    if end <= ABOVE:
        raise SignalFileError(f"{head.path} holds no samples.")
    layout = layout_of(block, said)
    if layout.first != ABOVE:
        raise SignalFileError(
            f"{head.path}, line {begins + layout.first + 1}: the numbers of a block of Nexus begin {ABOVE} lines below its "
            f"name, and here after {layout.first}."
        )
    rate = split(lines[1], layout.delimiter)[0]
    if not is_number(rate, layout.decimal) or not 0 < float(rate.replace(",", ".")) < float("inf"):
        raise SignalFileError(f"{head.path}, line {begins + 2}, has {rate!r} where the rate of its block should be.")
    width = layout.numeric[-1] + 1
    names, labels, units = (_wide(split(line, layout.delimiter), width) for line in lines[2:ABOVE])
    over, held = [], ""
    for name in names:
        held = name or held
        over.append(held)
    plain = Layout(layout.delimiter, layout.decimal, begins + ABOVE, max(layout.columns, width), layout.numeric, layout.rows)
    return plain, over, labels, units, float(rate.replace(",", "."))


def _wide(cells: Sequence[str], width: int) -> list[str]:
    return [*cells, *[""] * width][:width]


def _stream(head: Head, begins: int, ends: int | None, said: MapTable, caveats: list[Caveat]) -> SignalStream:
    layout, names, labels, units, rate_hz = _described(head, begins, said)
    values = read_numbers(head.path, layout, head.encoding, caveats, _rows(begins, ends))
    counted = {label.lower(): i for i, label in enumerate(labels[column] for column in layout.numeric)}
    left = [i for i, c in enumerate(layout.numeric) if labels[c].lower() not in ("frame", "sub frame", "time", "subtime")]
    if not left:
        raise SignalFileError(f"{head.path} has a block of devices without a channel.")
    columns = [layout.numeric[i] for i in left]
    own = [f"{MEASURES.sub('', names[c])} {labels[c]}".strip() if is_of_force(labels[c]) else labels[c] for c in columns]
    own_units = [units[c] for c in columns]
    return SignalStream("devices", rate_hz, own, own_units, values[:, left], _segments(head.path, values, counted, rate_hz))


def _segments(path: Path, values: Floats, counted: dict[str, int], rate_hz: float) -> tuple[Segment, ...]:
    """Return the segments that frames and subframes count; raises SignalFileError where they go back."""
    if "frame" not in counted or "sub frame" not in counted:
        return (Segment(0, 0.0),)
    frame, sub = values[:, counted["frame"]], values[:, counted["sub frame"]]
    number = (frame - frame[0]) * (np.nanmax(sub) + 1) + sub - sub[0]
    steps = np.diff(number)
    if not np.isfinite(number).all() or (steps < 1).any():
        at = int(np.argmax(~(steps >= 1))) + 1
        raise SignalFileError(
            f"The frames of {path} do not count up: frame {frame[at]:g}.{sub[at]:g} follows {frame[at - 1]:g}."
        )
    begins = [0, *(np.flatnonzero(steps > 1) + 1).tolist()]
    return tuple(Segment(row, float(number[row]) / rate_hz) for row in begins)
