"""Signals: the raw channels of a stream in physical units, each column named with its side and unit.

Forces in N and moments in N·mm about the origin of the lab, reaction on the foot, lab axes, + up; centre of pressure in mm;
EMG in µV at the skin; markers in mm; all other channels as they were recorded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from acquisition.rig import UNITS_TO_MM, microvolts_per_unit
from acquisition.rig.plate_map import PlateMap, plate_map

if TYPE_CHECKING:
    from collections.abc import Callable

    from acquisition.rig import Rig, Side
    from hardware.arrays import Floats


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name with the unit, `fz_left_N`; the signal alone, `fz`; and what it is, for a person."""

    name: str
    signal: str
    unit: str
    side: Side | Literal[""]
    kind: Literal["force", "emg", "marker", "other"]
    channel: str
    about: str


@dataclass(frozen=True, slots=True)
class Signals:
    """Columns, and what computes their values (n, columns) from raw samples (n, channels) of the stream."""

    columns: tuple[Column, ...]
    of: Callable[[Floats], Floats]


def signals_of(rig: Rig, stream: str) -> Signals:
    """Return all signals of a stream: forces, EMG, markers, and the other channels in their own units."""
    groups = [*_forces(rig, stream), emg_of(rig, stream), _markers(rig, stream), others_of(rig, stream)]
    return joined([group for group in groups if group.columns])


def joined(groups: list[Signals]) -> Signals:
    """Return groups of signals as one, each column with a name of its own."""
    columns: list[Column] = []
    taken: set[str] = set()
    for column in (column for group in groups for column in group.columns):
        name, number = column.name, 2
        while name in taken:
            name, number = f"{column.name}_{number}", number + 1
        taken.add(name)
        columns.append(Column(name, column.signal, column.unit, column.side, column.kind, column.channel, column.about))

    def of(raw: Floats) -> Floats:
        return np.hstack([group.of(raw) for group in groups]) if groups else np.empty((len(raw), 0))

    return Signals(tuple(columns), of)


def beside_emg(rig: Rig, stream: str) -> Signals:
    """Return forces, moments, centres of pressure and markers of a stream."""
    return joined([group for group in (*_forces(rig, stream), _markers(rig, stream)) if group.columns])


def emg_of(rig: Rig, stream: str) -> Signals:
    """Return the electrodes of a stream, in µV at the skin."""
    own = [electrode for electrode in rig.emg if electrode.stream == stream]
    units = [channel.unit for channel in rig.stream_named(stream).stream().channels]
    at = [rig.column(stream, electrode.channel) for electrode in own]
    per_unit = np.array([microvolts_per_unit(e, units[c]) for e, c in zip(own, at, strict=True)])
    columns = []
    for electrode in own:
        signal = electrode.muscle if electrode.muscle != "other" else _word(electrode.channel)
        gain = f", divided by the gain of {electrode.gain:g}" if electrode.gain != 1.0 else ""
        about = f"EMG of {electrode.name}, channel {electrode.channel}{gain}"
        columns.append(Column(f"{signal}_{electrode.side}_uV", signal, "uV", electrode.side, "emg", electrode.channel, about))
    return Signals(tuple(columns), lambda raw: raw[:, at] * per_unit)


def others_of(rig: Rig, stream: str) -> Signals:
    """Return the channels of a stream that are of no plate, electrode or marker, as they were recorded."""
    used = {channel for plate in rig.plate if plate.stream == stream for channel in plate.channels}
    used |= {electrode.channel for electrode in rig.emg if electrode.stream == stream}
    used |= {channel for marker in rig.marker if marker.stream == stream for channel in marker.channels}
    left = [(i, c) for i, c in enumerate(rig.stream_named(stream).stream().channels) if c.name not in used]
    at = [i for i, _ in left]
    columns = tuple(
        Column(
            "_".join(filter(None, (_word(c.name), _word(c.unit)))), _word(c.name), c.unit, "", "other", c.name, "as recorded"
        )
        for _, c in left
    )
    return Signals(columns, lambda raw: raw[:, at])


def _forces(rig: Rig, stream: str) -> list[Signals]:
    found = []
    for plate in rig.plate:
        if plate.stream == stream:
            at = [rig.column(stream, channel) for channel in plate.channels]
            found.append(_of_plate(at, plate_map(plate), plate.side, plate.name, rig.plates.cop_N))
    return found


def _of_plate(at: list[int], its_map: PlateMap, side: Side, name: str, cop_N: float) -> Signals:
    what = [(f"f{axis}", "N", f"force on the {side} foot along the lab's {axis}") for axis in "xyz"]
    what += [(f"m{axis}", "Nmm", f"its moment about the {axis} through the lab's origin") for axis in "xyz"]
    what += [(f"cop_{axis}", "mm", f"{axis} of the centre of pressure; none up to {cop_N:g} N") for axis in "xy"]
    columns = tuple(
        Column(f"{signal}_{side}_{unit}", signal, unit, side, "force", name, f"plate {name}: {about}")
        for signal, unit, about in what
    )
    normal = its_map.rotation[:, 2]

    def of(raw: Floats) -> Floats:
        wrench = its_map.wrench(raw[:, at])
        force, moment = wrench[:, :3], wrench[:, 3:]
        with np.errstate(divide="ignore", invalid="ignore"):
            tilting = moment if its_map.gives_turn else np.column_stack([moment[:, :2], np.zeros(len(moment))])
            cop = its_map.centre_mm + np.cross(normal, tilting) / (force @ normal)[:, None]
        cop[~(force[:, 2] > cop_N)] = np.nan
        return np.hstack([force, moment + np.cross(its_map.centre_mm, force), cop[:, :2]])

    return Signals(columns, of)


def _markers(rig: Rig, stream: str) -> Signals:
    own = [marker for marker in rig.marker if marker.stream == stream]
    channels = rig.stream_named(stream).stream().channels
    at = [rig.column(stream, channel) for marker in own for channel in marker.channels]
    to_mm = np.array([UNITS_TO_MM[channels[column].unit] for column in at])
    columns = tuple(
        Column(
            f"{marker.point}_{axis}_{marker.side}_mm",
            f"{marker.point}_{axis}",
            "mm",
            marker.side,
            "marker",
            channel,
            f"{axis} of the marker {marker.point} {marker.side}",
        )
        for marker in own
        for axis, channel in zip("xyz", marker.channels, strict=True)
    )
    return Signals(columns, lambda raw: raw[:, at] * to_mm)


def _word(text: str) -> str:
    """Return a text as a part of a column's name: letters of any script, digits and underscores."""
    return re.sub(r"\W+", "_", text).strip("_")
