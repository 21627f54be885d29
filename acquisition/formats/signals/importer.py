"""Signal import: the streams of a file, of whatever format, become a recording, which everything else can read."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from acquisition.caveat import Caveat
from acquisition.formats.c3d.foot_axes import about_angles, feet_said, lab_of
from acquisition.formats.c3d.foot_markers import feet_of, foot_angles
from acquisition.formats.c3d.plates import choose_plates
from acquisition.formats.electrodes import FileChannel, electrodes_of, unit_named
from acquisition.formats.import_map import ImportMap, MapCheck, read_map
from acquisition.formats.imported_rig import imported_rig
from acquisition.formats.importing import MARKERS, TICK_S, ImportResult, even_stretch, unique_names, write_recording
from acquisition.formats.markers.leg_markers import leg_markers
from acquisition.formats.markers.marker_places import MarkerFileError
from acquisition.formats.signal_file import SignalFile, SignalFileError, SignalStream
from acquisition.formats.signals.force_labels import labelled_plates
from acquisition.formats.signals.plates import StreamPlates, fill_in
from acquisition.formats.signals.times import checked, stretches_of
from acquisition.formats.summary import rig_in_words
from acquisition.rig import FileSource, StreamSettings
from acquisition.rig.lifter_axes import right_said
from acquisition.storage.hdf5_text import name_of
from hardware.source import MOST_HZ

if TYPE_CHECKING:
    from pathlib import Path

    from acquisition.formats.markers.marker_places import MarkerPlaces
    from hardware.arrays import Floats

OF_A_PLATE = ("plate_outline_assumed", "moments_not_used", "vertical_force_alone")
"""What is told of a plate only if it is taken."""


@dataclass(frozen=True, slots=True, eq=False)
class _Named:
    """A stream of the file with the name, channel names and units that it has in the recording."""

    stream: SignalStream
    name: str
    channels: list[str]
    units: list[str]

    def settings(self, path: str) -> StreamSettings:
        return StreamSettings(
            name=self.name,
            rate_hz=self.stream.rate_hz,
            channels=self.channels,
            units=self.units,
            block_samples=max(1, round(self.stream.rate_hz * TICK_S)),
            source=FileSource(kind="file", path=path),
        )


def import_signals(
    file: SignalFile, out: Path, map_file: Path | None = None, markers: MarkerPlaces | None = None
) -> ImportResult:
    """Turn the signals of a file into a recording with a raw stream for each of its own, as the file scales them.

    `markers`, in the file's axes and time, were recorded with it. Raises SignalFileError where the file can't be used,
    RigError where the map file has mistakes, and RecordingError where the recording exists or can't be written; no
    half-written recording stays behind.
    """
    mapping = read_map(map_file)
    streams = _named(file)
    if map_file:
        _check_map(map_file, mapping, file, streams)
    streams = [_with_said_units(each, mapping) for each in streams]
    caveats = list(file.caveats)
    path = name_of(file.path)

    of_plates = _stream_of_plates(streams, mapping)
    stream = streams[of_plates]
    found = StreamPlates(stream.stream.rate_hz, stream.stream.samples, np.empty((0, 0, 3)))
    fill_in(found, stream.channels, stream.units, mapping.plate, mapping.table.lengths, caveats)
    if map_file:
        check = MapCheck(map_file, file.path)
        known = sorted([plate.number for plate in found.plates] + list(found.unread))
        for i, plate in enumerate(mapping.plate):
            if plate.number is not None:
                check.has(("plate", i, "number"), "plate", plate.number, known)
        for i, marker in enumerate(mapping.marker):
            check.has(("marker", i, "label"), "marker", marker.label, unique_names(markers.labels) if markers else [])
        check.done()
    feet = feet_of([], found.markers, np.nan)
    markers = _upright(markers, caveats)
    if markers is not None:
        found.markers = _from(markers, stream.stream.segments[0].start_s)
        feet = feet_of(markers.labels, found.markers, markers.rate_hz)
    angles = foot_angles(feet, [plate.corners_mm.mean(axis=0) for plate in found.plates if plate.located])
    lab, on_foot = lab_of(mapping.lab, angles), feet_said(mapping.foot, angles)
    sides = {plate.number or number: plate.side for number, plate in enumerate(mapping.plate, 1)}
    pads = {plate.number or number: plate.pad_mm for number, plate in enumerate(mapping.plate, 1)}
    chosen, apart, about_plates = choose_plates(
        file.path, found, sides, feet, right_said(lab), mapping.plates.contact_N, found.labelled
    )
    taken = {plate.of_file.name for plate in chosen}
    caveats = [caveat for caveat in caveats if caveat.id not in OF_A_PLATE or caveat.about in taken]
    caveats += [*about_angles(lab, on_foot, angles), *about_plates]
    columns = {column for plate in found.plates for column in plate.columns}
    electrodes, unmapped = electrodes_of(_channels(streams, of_plates, columns), mapping.emg, caveats)
    legs = None
    if markers is not None:
        legs = leg_markers(markers.labels, markers.places_mm, markers.rate_hz, path, mapping.marker, caveats)
    settings = [each.settings(path) for each in streams]
    plates = [
        plate.settings(stream.name, [stream.channels[c] for c in plate.of_file.columns], pads.get(plate.of_file.number, 0.0))
        for plate in chosen
    ]
    stands = lab if apart else lab.model_copy(update={"feet_apart": False})
    rig = imported_rig(file.path, SignalFileError, mapping, settings, plates, electrodes, legs, on_foot, stands)
    begins_s = min(each.stream.segments[0].start_s for each in streams)
    begins_s = begins_s if markers is None or legs is None else min(begins_s, markers.starts_s)
    stretches = {each.name: stretches_of(each.stream, own, begins_s) for each, own in zip(streams, settings, strict=True)}
    if legs is not None and markers is not None:
        stretches[legs.stream.name] = [even_stretch(legs.samples, legs.stream, markers.starts_s - begins_s)]
    write_recording(out, rig, stretches)
    lines = [*_title(path, streams), *rig_in_words(rig, chosen, list(dict.fromkeys(unmapped)))]
    return ImportResult(out, rig, tuple(caveats), "\n".join(lines))


def _upright(markers: MarkerPlaces | None, caveats: list[Caveat]) -> MarkerPlaces | None:
    """Return markers with z up, None where there are none, or where that can't be told, which is told."""
    try:
        return None if markers is None else markers.upright()
    except MarkerFileError as error:
        caveats.append(Caveat("markers_left_out", "markers", {}, f"Its markers are left out. {error}"))
        return None


def _from(markers: MarkerPlaces, starts_s: float) -> Floats:
    """Return the places of markers from a time on, NaN where there are none yet."""
    ahead = round((starts_s - markers.starts_s) * markers.rate_hz)
    if ahead >= 0:
        return markers.places_mm[ahead:]
    missing = np.full((-ahead, *markers.places_mm.shape[1:]), np.nan)
    return np.concatenate([missing, markers.places_mm])


def _named(file: SignalFile) -> list[_Named]:
    """Return the streams with names that a rig can have, each once; raises SignalFileError where they can't be recorded."""
    if not any(len(stream.samples) and stream.labels for stream in file.streams):
        raise SignalFileError(f"{file.path} holds no samples.")
    found: list[_Named] = []
    for number, stream in enumerate(file.streams, 1):
        if not len(stream.samples) or not stream.labels:
            continue
        if not 0 < stream.rate_hz <= MOST_HZ:
            raise SignalFileError(f"{file.path} gives {stream.rate_hz:g} Hz as the rate of {stream.name!r}.")
        name = re.sub(r"[^A-Za-z0-9_-]+", "-", stream.name).strip("-")
        name = name if re.match(r"[A-Za-z]", name) else f"stream-{number}" if not name else f"stream-{name}"
        while name == MARKERS or name in {each.name for each in found}:
            name = f"{name}-{number}"
        units = [unit_named(unit) for unit in stream.units]
        found.append(_Named(checked(stream), name, unique_names([label.strip() for label in stream.labels]), units))
    return found


def _with_said_units(each: _Named, mapping: ImportMap) -> _Named:
    """Return a stream with the units that the map says."""
    said = {entry.label: entry.unit for entry in mapping.emg if entry.unit and entry.stream in ("", each.name)}
    units = [said.get(name, unit) for name, unit in zip(each.channels, each.units, strict=True)]
    return replace(each, units=units)


def _stream_of_plates(streams: list[_Named], mapping: ImportMap) -> int:
    """Return which stream the plates are in: that of the map, else the one with most channels that are labelled as forces."""
    channels = {label for plate in mapping.plate for label in plate.channels}
    named = next((plate.stream for plate in mapping.plate if plate.stream), "")
    if channels:
        return next(i for i, s in enumerate(streams) if channels <= set(s.channels) and named in ("", s.name))
    counts = [sum(plate.has_vertical for plate in labelled_plates(s.channels)) for s in streams]
    return int(np.argmax(counts))


def _check_map(map_file: Path, mapping: ImportMap, file: SignalFile, streams: list[_Named]) -> None:
    """Raise RigError with every channel or stream that the map names and the file does not have."""
    check = MapCheck(map_file, file.path)
    names = [each.name for each in streams]
    for i, entry in enumerate(mapping.emg):
        own = [each for each in streams if entry.stream in ("", each.name)]
        if entry.stream:
            check.has(("emg", i, "stream"), "stream", entry.stream, names)
        check.has(("emg", i, "label"), "channel", entry.label, [name for each in own for name in each.channels])
        holders = [each.name for each in own if entry.label in each.channels]
        if len(holders) > 1:
            check.wrong(
                ("emg", i, "label"), f"the streams {', '.join(holders)} have a channel {entry.label!r} each; give its stream."
            )
    for i, plate in enumerate(mapping.plate):
        if plate.stream:
            check.has(("plate", i, "stream"), "stream", plate.stream, names)
        own = [each for each in streams if plate.stream in ("", each.name)]
        best = max(own, key=lambda each: len(set(plate.channels) & set(each.channels)), default=streams[0])
        for j, label in enumerate(plate.channels):
            check.has(("plate", i, "channels", j), "channel", label, best.channels)
    of_both = {label for plate in mapping.plate for label in plate.channels}
    if of_both and not any(of_both <= set(each.channels) for each in streams):
        check.wrong(("plate", 0, "channels"), "the channels of the plates are not all in one stream.")
    check.done()


def _channels(streams: list[_Named], of_plates: int, columns: set[int]) -> list[FileChannel]:
    return [
        FileChannel(
            each.name,
            name,
            label,
            "",
            unit,
            int((~np.isfinite(samples)).sum()),
            len(samples),
            taken=number == of_plates and column in columns,
        )
        for number, each in enumerate(streams)
        for column, (name, label, unit, samples) in enumerate(
            zip(each.channels, each.stream.labels, each.units, each.stream.samples.T, strict=True)
        )
    ]


def _title(path: str, streams: list[_Named]) -> list[str]:
    """Return the file's name, and each stream with its length, a line each; one line where there is one."""
    lines = []
    for each in streams:
        seconds = len(each.stream.samples) / each.stream.rate_hz
        parts = len(each.stream.segments)
        cut = f", in {parts} parts" if parts > 1 else ""
        lines.append((each.name, f"{seconds:.1f} s, {len(each.channels)} channels at {each.stream.rate_hz:g} Hz{cut}"))
    return [f"{path}: {lines[0][1]}"] if len(lines) == 1 else [path, *(f"  {name}: {what}" for name, what in lines)]
