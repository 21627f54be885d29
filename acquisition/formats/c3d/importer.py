"""C3D import: a file with force plates and EMG becomes a recording, which everything else can read."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np
from pydantic import ValidationError

from acquisition.caveat import Caveat
from acquisition.formats.c3d.file import C3DData, read_c3d
from acquisition.formats.c3d.foot_markers import FootAngles, feet_of, foot_angles
from acquisition.formats.c3d.parameters import C3DError
from acquisition.formats.c3d.plates import MOST_MISSING, ChosenPlate, choose_plates
from acquisition.formats.importing import (
    STREAM,
    TICK_S,
    VOLTS,
    ImportMap,
    ImportResult,
    electrode_on,
    not_volts,
    unique_names,
    write_recording,
)
from acquisition.formats.leg_markers import leg_markers, markers_in_words
from acquisition.formats.muscle_labels import Reading, like_a_muscle, muscle_and_side
from acquisition.rig import SIDES, UNITS_TO_UV, Electrode, FileSource, Foot, Lab, Rig, StreamSettings
from acquisition.rig.judgement import Judgement
from acquisition.rig.lifter_axes import APART_DEG, axes_in_words, degrees_apart, lifter_axes, right_said, unit_vector
from acquisition.rig.rig_file import RigError, read_toml
from acquisition.rig.toml_lines import lines_of
from acquisition.storage.hdf5_text import name_of

if TYPE_CHECKING:
    from pathlib import Path


def import_c3d(c3d: Path, out: Path, map_file: Path | None = None) -> ImportResult:
    """Turn a C3D file into a recording with one raw stream of all its analog channels, as the file scales them.

    Raises C3DError where the C3D file can't be used, RigError where the map file has mistakes, and RecordingError where the
    recording exists or can't be written; no half-written recording stays behind.
    """
    mapping = read_toml(map_file, ImportMap) if map_file else ImportMap()
    data = read_c3d(c3d)
    names = unique_names(data.labels)
    units = [VOLTS.get(unit.lower(), unit) for unit in data.units]
    if map_file:
        _check_map(map_file, mapping, c3d, data, names)

    feet = feet_of(data.marker_labels, data.markers, data.marker_rate_hz)
    angles = foot_angles(feet, [plate.corners_mm.mean(axis=0) for plate in data.plates])
    lab, on_foot = _lab(mapping.lab, angles), _feet(mapping.foot, angles)
    sides = {plate.number: plate.side for plate in mapping.plate}
    pads = {plate.number: plate.pad_mm for plate in mapping.plate}
    chosen, apart, about_plates = choose_plates(c3d, data, sides, feet, right_said(lab), mapping.plates.contact_N)
    electrodes, unmapped, about_emg = _electrodes(data, names, units, mapping)
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
    try:
        rig = Rig(
            name=c3d.stem,
            stream=[stream] if legs is None else [stream, legs.stream],
            plate=[
                plate.settings(STREAM, [names[c] for c in plate.of_file.columns], pads.get(plate.of_file.number, 0.0))
                for plate in chosen
            ],
            emg=electrodes,
            marker=[] if legs is None else legs.markers,
            foot=on_foot,
            lab=lab if apart else lab.model_copy(update={"feet_apart": False}),
            **{name: getattr(mapping, name) for name in Judgement.model_fields},
        )
    except ValidationError as error:
        text = "; ".join(str(detail["msg"]).removeprefix("Value error, ") for detail in error.errors())
        raise C3DError(f"{c3d} can't be imported: {text}.") from error
    write_recording(out, rig, {STREAM: data.analog} if legs is None else {STREAM: data.analog, legs.stream.name: legs.samples})
    caveats = (*data.caveats, *_about_angles(lab, on_foot, angles), *about_plates, *about_emg, *about_markers)
    return ImportResult(out, rig, caveats, _summary(c3d, data, rig, chosen, unmapped))


def _lab(said: Lab, angles: FootAngles) -> Lab:
    """Return what a person says of the lifter's right, else what markers do."""
    if right_said(said) is not None or angles.right_deg is None:
        return said
    return Lab(right_deg=angles.right_deg, right_from="markers")


def _feet(said: list[Foot], angles: FootAngles) -> list[Foot]:
    """Return each foot's angle as a person says it, else as markers do."""
    feet = {foot.side: foot for foot in said}
    for side, toe_out_deg in angles.toe_out_deg.items():
        foot = feet.get(side, Foot(side=side))
        if foot.toe_out_deg is None and -45 <= toe_out_deg <= 90:
            feet[side] = Foot(side=side, toe_out_deg=toe_out_deg, toe_out_from="markers", width_mm=foot.width_mm)
    return [feet[side] for side in SIDES if side in feet]


def _about_angles(lab: Lab, feet: list[Foot], angles: FootAngles) -> list[Caveat]:
    """Tell where markers say another direction than a person does."""
    said: list[tuple[str, str, float]] = []
    right = right_said(lab)
    if right is not None and angles.right_deg is not None:
        apart = degrees_apart(right, unit_vector(angles.right_deg))
        said.append(("lifter", "where the lifter's right is", apart))
    for foot in feet:
        if foot.toe_out_deg is not None and foot.side in angles.toe_out_deg:
            apart = abs(foot.toe_out_deg - angles.toe_out_deg[foot.side])
            said.append((f"{foot.side} foot", f"how far the {foot.side} foot is turned out", apart))
    return [
        Caveat(
            "directions_differ",
            about,
            {"apart_deg": apart},
            f"The map file and the markers on the feet differ by {apart:.0f} degrees on {what}; the map file is believed: "
            "check which of them is right.",
        )
        for about, what, apart in said
        if apart > APART_DEG
    ]


def _check_map(map_file: Path, mapping: ImportMap, c3d: Path, data: C3DData, names: list[str]) -> None:
    lines = lines_of(map_file.read_text(encoding="utf-8-sig"))
    numbers = sorted([plate.number for plate in data.plates] + list(data.unread))
    mistakes = []
    for i, plate in enumerate(mapping.plate):
        if plate.number not in numbers:
            known = ", ".join(map(str, numbers))
            mistakes.append((lines["plate", i, "number"], f"there is no plate {plate.number} in {c3d}; it has {known}."))
    for i, entry in enumerate(mapping.emg):
        if entry.label not in names:
            close = get_close_matches(entry.label, names, 1, 0.3)
            meant = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(names)}."
            mistakes.append((lines["emg", i, "label"], f"there is no channel {entry.label!r} in {c3d}; {meant}"))
    markers = unique_names(data.marker_labels)
    for i, marker in enumerate(mapping.marker):
        if marker.label not in markers:
            close = get_close_matches(marker.label, markers, 1, 0.3)
            meant = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(markers) or 'none'}."
            mistakes.append((lines["marker", i, "label"], f"there is no marker {marker.label!r} in {c3d}; {meant}"))
    if mistakes:
        raise RigError("\n".join(f"{map_file}, line {line}: {text}" for line, text in sorted(mistakes)))


def _electrodes(
    data: C3DData, names: list[str], units: list[str], mapping: ImportMap
) -> tuple[list[Electrode], list[str], list[Caveat]]:
    """Return the electrodes, the voltages that are none, and what could not be mapped or is assumed.

    The map file comes first; then labels, and descriptions where the label says less.
    """
    caveats: list[Caveat] = []
    electrodes: list[Electrode] = []
    for entry in mapping.emg:
        unit = units[names.index(entry.label)]
        if unit not in UNITS_TO_UV:
            caveats.append(not_volts(entry.label, unit))
            continue
        electrodes.append(Electrode(stream=STREAM, channel=entry.label, **entry.model_dump(exclude={"label"})))
    on_plates = {column for plate in data.plates for column in plate.columns}
    left_over = [c for c in range(len(names)) if c not in on_plates and names[c] not in {entry.label for entry in mapping.emg}]
    says = {column: _says(data.labels[column], data.descriptions[column]) for column in left_over}
    nearest: list[str] = []
    no_side, unmapped = [], []
    for column in sorted(left_over, key=lambda column: says[column].nearest):
        name, (muscle, side, is_nearest) = names[column], says[column]
        if muscle is None:
            unmapped.append(name)
        elif units[column] not in UNITS_TO_UV:
            caveats.append(not_volts(name, units[column]))
        elif side is None:
            no_side.append(name)
        elif (missing := int((~np.isfinite(data.analog[:, column])).sum())) > MOST_MISSING * len(data.analog):
            sentence = f"Most samples of the channel {name!r} are no numbers; it is recorded and not used as EMG."
            caveats.append(Caveat("emg_no_numbers", name, {"missing_samples": float(missing)}, sentence))
        elif (other := electrode_on(electrodes, muscle, side)) is not None:
            sentence = f"The channels {other.channel!r} and {name!r} are both {muscle} {side}; the first is used."
            caveats.append(Caveat("muscle_twice", f"{muscle} {side}", {}, sentence))
        else:
            electrodes.append(Electrode(muscle=muscle, side=side, stream=STREAM, channel=name))
            if missing:
                sentence = (
                    f"The channel {name!r} has {missing} of {len(data.analog)} samples that are no numbers; it is used as EMG, "
                    "and undefined there."
                )
                caveats.append(Caveat("emg_gaps", name, {"missing_samples": float(missing)}, sentence))
            nearest += [f"{name} as {muscle} {side}"] if is_nearest else []
    if nearest:
        sentence = (
            f"Some labels name a group of muscles, or one beside, and are taken as the nearest: {', '.join(nearest)}; if one "
            "of them is another muscle, name it in a map file."
        )
        caveats.append(Caveat("emg_nearest_muscle", "EMG", {"channels": float(len(nearest))}, sentence))
    if len(electrodes) > len(mapping.emg):
        sentence = "Where the map file says nothing, EMG is taken to be at the skin, with a gain of 1 and no MVC."
        caveats.append(Caveat("emg_gain_assumed", "EMG", {"gain": 1.0}, sentence))
    if no_side:
        muscle = _says(data.labels[names.index(no_side[0])], "").muscle
        sentence = (
            f"No side is said of the channels {', '.join(no_side)}, so they are not used as EMG; name it in a map file: "
            f'emg = [{{ label = "{no_side[0]}", muscle = "{muscle or "VL"}", side = "left" }}, ...].'
        )
        caveats.append(Caveat("emg_without_side", ", ".join(no_side), {}, sentence))
    unclear = [
        names[c] for c in left_over if names[c] in unmapped and like_a_muscle(f"{data.labels[c]} {data.descriptions[c]}")
    ]
    if unclear:
        sentence = (
            f"The labels {', '.join(unclear)} look like EMG, and were not understood; they are recorded, and not used. To "
            f'use one, name it in a map file: emg = [{{ label = "{unclear[0]}", muscle = "other", side = "left" }}, ...]; '
            "the muscle is VL, VM, RF, BF, ST, GMax, GMed, ADD or other."
        )
        caveats.append(Caveat("emg_not_understood", ", ".join(unclear), {"channels": float(len(unclear))}, sentence))
    return electrodes, no_side + unmapped, caveats


def _says(label: str, description: str) -> Reading:
    said = muscle_and_side(label)
    if said.side is not None:
        return said
    described = muscle_and_side(description)
    return described if said.muscle in (None, described.muscle) else said


def _summary(c3d: Path, data: C3DData, rig: Rig, chosen: list[ChosenPlate], unmapped: list[str]) -> str:
    seconds = len(data.analog) / data.rate_hz
    lines = [f"{name_of(c3d)}: {seconds:.1f} s, {data.analog.shape[1]} channels at {data.rate_hz:g} Hz"]
    lines += [f"  plate {p.of_file.number} is the {p.side} one, {p.how}; {np.mean(p.fz_N):.0f} N on average" for p in chosen]
    if chosen:
        lines += [f"  {line}" for line in axes_in_words(lifter_axes(rig), rig)]
    else:
        lines.append("  no force plate")
    for side in SIDES:
        own = [f"{e.muscle} ({e.channel})" for e in rig.emg if e.side == side]
        lines.append(f"  EMG {side}: {', '.join(own) or 'none'}")
    lines += [f"  {line}" for line in markers_in_words(rig.marker)]
    if unmapped:
        lines.append(f"  recorded as they are: {', '.join(unmapped)}")
    return "\n".join(lines)
