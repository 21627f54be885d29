"""A map proposed for a file: what its labels say as a guess, and what a person must fill in as such.

It is what an import of the file finds; so the map as it is printed imports the file alike.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from acquisition.formats.importing import MARKERS
from acquisition.formats.kinds import KINDS, import_file, kind_of
from acquisition.formats.muscle_labels import muscle_and_side
from acquisition.formats.signal_file import SignalFileError
from acquisition.formats.signals.force_labels import KISTLER, is_of_force
from acquisition.rig import UNITS_TO_UV
from acquisition.storage.hdf5_text import name_of

if TYPE_CHECKING:
    from acquisition.formats.importing import ImportResult
    from acquisition.rig import Rig, StreamSettings

GUESSED_HZ = 1000.0
CORNERS = [[400, 0, 0], [0, 0, 0], [0, 600, 0], [400, 600, 0]]
FILL_IN = "FILL IN"


def propose_map(path: Path) -> str:
    """Return the text of a map for a file, which imports it as it is or says what to fill in; raises a SquatscopeError."""
    rate_missing = False
    with tempfile.TemporaryDirectory(prefix="squatscope-") as folder:
        try:
            found = import_file(path, Path(folder) / "a.h5")
        except SignalFileError:
            if kind_of(path) is not KINDS[-1]:
                raise
            guessed = Path(folder) / "rate.toml"
            guessed.write_text(f"table = {{ rate_hz = {GUESSED_HZ} }}\n", encoding="utf-8")
            found = import_file(path, Path(folder) / "b.h5", guessed)
            rate_missing = True
    lines = [
        f"# Map for {name_of(path)}: what labels say is a guess, to be corrected; what says {FILL_IN} is to be filled in.",
        "",
    ]
    if rate_missing:
        lines += [f"# table = {{ rate_hz = {GUESSED_HZ} }}  # {FILL_IN}: samples per second, which the file does not say", ""]
    streams = [stream for stream in found.rig.stream if stream.name != MARKERS]
    plates = _plates(found)
    lines += ["plate = [", *plates, "]", ""] if plates else []
    electrodes = [line for stream in streams for line in _electrodes(found.rig, stream, several=len(streams) > 1)]
    lines += ["emg = [", *electrodes, "]", ""] if electrodes else ["# No channel of EMG is seen in it.", ""]
    lines += _directions(found.rig)
    if not plates:
        lines += [line for stream in streams for line in _kistler(stream, several=len(streams) > 1)] or [
            "# No force plate is seen in its labels."
        ]
    return "\n".join(lines).rstrip() + "\n"


def _plates(found: ImportResult) -> list[str]:
    """Return the plates that were found, and those of which nobody knows where they lie, as comments."""
    assumed = any(caveat.id == "sides_assumed" for caveat in found.caveats)
    why = f"{FILL_IN} which foot stood on it; this is assumed" if assumed else "the file says which foot stood on it"
    begin = "  # {" if assumed else "  {"
    unlocated = {
        caveat.about.split()[-1]
        for caveat in found.caveats
        if caveat.id == "vertical_force_alone" and caveat.values["places_and_moments"]
    }
    lines = []
    for k, plate in enumerate(found.rig.plate):
        number = plate.model.split()[1]
        if number in unlocated:
            what = f"{FILL_IN} where plate {number} lies, and which foot stood on it; without, its vertical force alone is used"
            corners = [[x + 450 * k, y, z] for x, y, z in CORNERS]
            lines += [f"  # {what}:", f'  # {{ number = {number}, side = "{plate.side}", corners_mm = {corners} }},']
        else:
            lines.append(f'{begin} number = {number}, side = "{plate.side}" }},  # {plate.channels[0]} and others: {why}')
    return lines + [f"  # {caveat.sentence}" for caveat in found.caveats if caveat.id == "plate_not_read"]


def _kistler(stream: StreamSettings, *, several: bool) -> list[str]:
    """Return the plate that eight channels may be, which labels name or which stand alone, as comments."""
    by_label = {label: name for name in stream.channels for label in KISTLER if label.lower() in name.lower()}
    channels = [by_label[label] for label in KISTLER] if len(by_label) == len(KISTLER) else stream.channels
    if len(channels) != len(KISTLER):
        return []
    return [
        f"# {FILL_IN} if these are the eight sensors of a Kistler plate, in the order {' '.join(KISTLER)}:",
        "# [[plate]]",
        '# side = "left"',
        *([f"# stream = {_quoted(stream.name)}"] if several else []),
        "# c3d_type = 3",
        f"# channels = [{', '.join(map(_quoted, channels))}]",
        "# sensitivities = [-12.9, -12.9, -12.7, -12.7, -38.1, -38.1, -38.1, -38.1]  # N for one of the file's units",
        "# # by its sheet, less than 0 where the file has what is pushed downwards as positive",
        "# origin_mm = [120, 200, -48]  # a, b and the depth of its sensors, by its sheet",
        f"# corners_mm = {CORNERS}  # in the lab, those of quadrants 1 to 4 of its own axes",
    ]


def _electrodes(rig: Rig, stream: StreamSettings, *, several: bool) -> list[str]:
    """Return the electrodes that labels say, and as comments the channels that may be some."""
    used = {channel for plate in rig.plate if plate.stream == stream.name for channel in plate.channels}
    labelled = {e.channel: e for e in rig.emg if e.stream == stream.name}
    own = f", stream = {_quoted(stream.name)}" if several else ""
    lines = []
    for channel in stream.stream().channels:
        label = f"label = {_quoted(channel.name)}"
        if (electrode := labelled.get(channel.name)) is not None:
            lines.append(f'  {{ {label}, muscle = "{electrode.muscle}", side = "{electrode.side}"{own} }},  # a guess')
            continue
        muscle, side, _ = muscle_and_side(channel.name)
        if channel.name in used or is_of_force(channel.name) or (channel.unit and channel.unit not in UNITS_TO_UV):
            continue
        unit = "" if channel.unit else ', unit = "mV"'
        lacks = {"the muscle": muscle is None, "the side": side is None, "the unit": bool(unit)}
        missing = ", ".join(what for what, is_missing in lacks.items() if is_missing) or "whether it is EMG"
        said = f'muscle = "{muscle or "other"}", side = "{side or "left"}"{unit}{own}'
        lines.append(f"  # {{ {label}, {said} }},  # {FILL_IN} {missing}")
    return lines


def _directions(rig: Rig) -> list[str]:
    if rig.lab.right_deg is not None or not rig.plate:
        return []
    return [f'# lab = {{ right_axis = "x" }}  # {FILL_IN} the lifter\'s right, if the plates do not lie side by side', ""]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
