"""C3D import: a file with force plates and EMG becomes a recording, which everything else can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from acquisition.caveat import Caveat
from acquisition.formats.c3d.file import C3DData, read_c3d
from acquisition.formats.c3d.foot_axes import about_angles, feet_said, lab_of
from acquisition.formats.c3d.foot_markers import feet_of, foot_angles
from acquisition.formats.c3d.parameters import C3DError
from acquisition.formats.c3d.plates import choose_plates
from acquisition.formats.electrodes import FileChannel, electrodes_of, unit_named
from acquisition.formats.import_map import ImportMap, MapCheck, read_map
from acquisition.formats.imported_rig import imported_rig
from acquisition.formats.importing import STREAM, TICK_S, ImportResult, even_stretch, unique_names, write_recording
from acquisition.formats.markers.leg_markers import leg_markers
from acquisition.formats.summary import rig_in_words
from acquisition.rig import FileSource, StreamSettings
from acquisition.rig.lifter_axes import right_said
from acquisition.storage.hdf5_text import name_of

if TYPE_CHECKING:
    from pathlib import Path


def import_c3d(c3d: Path, out: Path, map_file: Path | None = None) -> ImportResult:
    """Turn a C3D file into a recording with one raw stream of all its analog channels, as the file scales them.

    Raises C3DError where the C3D file can't be used, RigError where the map file has mistakes, and RecordingError where the
    recording exists or can't be written; no half-written recording stays behind.
    """
    mapping = read_map(map_file)
    data = read_c3d(c3d, mapping.table.lengths)
    names = unique_names(data.labels)
    said = {entry.label: entry.unit for entry in mapping.emg if entry.unit}
    units = [said.get(name, unit_named(unit)) for name, unit in zip(names, data.units, strict=True)]
    if map_file:
        _check_map(map_file, mapping, c3d, data, names)

    feet = feet_of(data.marker_labels, data.markers, data.marker_rate_hz)
    angles = foot_angles(feet, [plate.corners_mm.mean(axis=0) for plate in data.plates])
    lab, on_foot = lab_of(mapping.lab, angles), feet_said(mapping.foot, angles)
    sides = {plate.number: plate.side for plate in mapping.plate if plate.number is not None}
    pads = {plate.number: plate.pad_mm for plate in mapping.plate}
    chosen, apart, about_plates = choose_plates(c3d, data, sides, feet, right_said(lab), mapping.plates.contact_N)
    about_emg: list[Caveat] = []
    electrodes, unmapped = electrodes_of(_channels(data, names, units), mapping.emg, about_emg)
    about_markers: list[Caveat] = []
    legs = leg_markers(data.marker_labels, data.markers, data.marker_rate_hz, name_of(c3d), mapping.marker, about_markers)
    stream = StreamSettings(
        name=STREAM,
        rate_hz=data.rate_hz,
        channels=names,
        units=units,
        block_samples=max(1, round(data.rate_hz * TICK_S)),
        source=FileSource(kind="file", path=name_of(c3d)),
    )
    plates = [
        plate.settings(STREAM, [names[c] for c in plate.of_file.columns], pads.get(plate.of_file.number, 0.0))
        for plate in chosen
    ]
    stands = lab if apart else lab.model_copy(update={"feet_apart": False})
    rig = imported_rig(c3d, C3DError, mapping, [stream], plates, electrodes, legs, on_foot, stands)
    stretches = {STREAM: [even_stretch(data.analog, stream)]}
    if legs is not None:
        stretches[legs.stream.name] = [even_stretch(legs.samples, legs.stream)]
    write_recording(out, rig, stretches)
    caveats = (*data.caveats, *about_angles(lab, on_foot, angles), *about_plates, *about_emg, *about_markers)
    seconds = len(data.analog) / data.rate_hz
    title = f"{name_of(c3d)}: {seconds:.1f} s, {data.analog.shape[1]} channels at {data.rate_hz:g} Hz"
    return ImportResult(out, rig, caveats, "\n".join([title, *rig_in_words(rig, chosen, unmapped)]))


def _check_map(map_file: Path, mapping: ImportMap, c3d: Path, data: C3DData, names: list[str]) -> None:
    """Raise RigError where the map names what the file does not have, or says what a C3D file says itself."""
    check = MapCheck(map_file, c3d)
    numbers = sorted([plate.number for plate in data.plates] + list(data.unread))
    for i, plate in enumerate(mapping.plate):
        if plate.number is None:
            check.wrong(("plate", i), "the plates of a C3D file are named by their number, from 1.")
            continue
        check.has(("plate", i, "number"), "plate", plate.number, numbers)
        if plate.described:
            check.wrong(("plate", i), f"where plate {plate.number} lies and how it is read is said by the C3D file itself.")
    for i, entry in enumerate(mapping.emg):
        check.has(("emg", i, "label"), "channel", entry.label, names)
        check.has(("emg", i, "stream"), "stream", entry.stream or STREAM, [STREAM])
    for i, marker in enumerate(mapping.marker):
        check.has(("marker", i, "label"), "marker", marker.label, unique_names(data.marker_labels))
    check.done()


def _channels(data: C3DData, names: list[str], units: list[str]) -> list[FileChannel]:
    on_plates = {column for plate in data.plates for column in plate.columns}
    return [
        FileChannel(
            STREAM,
            names[c],
            data.labels[c],
            data.descriptions[c],
            units[c],
            int((~np.isfinite(data.analog[:, c])).sum()),
            len(data.analog),
            c in on_plates,
        )
        for c in range(len(names))
    ]
