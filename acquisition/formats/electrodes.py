"""Electrodes of a file: which of its channels is which muscle, by a map first and by labels else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acquisition.caveat import Caveat
from acquisition.formats.muscle_labels import Reading, like_a_muscle, muscle_and_side
from acquisition.rig import UNITS_TO_UV, Electrode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acquisition.formats.import_map import MapElectrode
    from acquisition.rig import Muscle, Side

MOST_MISSING = 0.5
"""A plate or an electrode of which more samples are no numbers is not used."""
VOLTS = {
    "v": "V",
    "volt": "V",
    "volts": "V",
    "mv": "mV",
    "millivolt": "mV",
    "millivolts": "mV",
    "uv": "uV",
    "µv": "uV",
    "μv": "uV",
    "microvolt": "uV",
    "microvolts": "uV",
}


@dataclass(frozen=True, slots=True)
class FileChannel:
    """A channel of a file: the stream it is in, its name there, what the file calls it, and its unit.

    `missing`: how many of its `samples` are no numbers. `taken`: it is of a plate or a marker, so it is no electrode unless the
    map says so.
    """

    stream: str
    name: str
    label: str
    description: str
    unit: str
    missing: int
    samples: int
    taken: bool


def unit_named(unit: str) -> str:
    """Return a unit as rigs write it where it is one of voltage, else as it is."""
    return VOLTS.get(unit.strip().lower(), unit.strip())


def electrodes_of(
    channels: Sequence[FileChannel], said: Sequence[MapElectrode], caveats: list[Caveat]
) -> tuple[list[Electrode], list[str]]:
    """Return the electrodes, and the names of the voltages that are none; adds what is left out or assumed to `caveats`.

    The map comes first, whose entries name channels that are there; then labels, and descriptions where the label says less.
    """
    electrodes: list[Electrode] = []
    mapped: set[tuple[str, str]] = set()
    for entry in said:
        channel = next(c for c in channels if c.name == entry.label and entry.stream in ("", c.stream))
        mapped.add((channel.stream, channel.name))
        if (entry.unit or channel.unit) not in UNITS_TO_UV:
            caveats.append(_not_volts(channel))
            continue
        lead = entry.model_dump(exclude={"label", "stream", "unit"})
        electrodes.append(Electrode(stream=channel.stream, channel=channel.name, **lead))
    left_over = [c for c in channels if not c.taken and (c.stream, c.name) not in mapped]
    says = [_says(c.label, c.description) for c in left_over]
    nearest: list[str] = []
    no_side: list[str] = []
    unmapped: list[str] = []
    unclear: list[str] = []
    muscle_of_first: Muscle = "VL"
    for channel, (muscle, side, is_nearest) in sorted(zip(left_over, says, strict=True), key=lambda each: each[1].nearest):
        name = channel.name
        if muscle is None:
            unmapped.append(name)
            unclear += [name] if like_a_muscle(f"{channel.label} {channel.description}") else []
        elif channel.unit not in UNITS_TO_UV:
            caveats.append(_not_volts(channel))
        elif side is None:
            muscle_of_first = muscle if not no_side else muscle_of_first
            no_side.append(name)
        elif channel.missing > MOST_MISSING * channel.samples:
            sentence = f"Most samples of the channel {name!r} are no numbers; it is recorded and not used as EMG."
            caveats.append(Caveat("emg_no_numbers", name, {"missing_samples": float(channel.missing)}, sentence))
        elif (other := _electrode_on(electrodes, muscle, side)) is not None:
            sentence = f"The channels {other.channel!r} and {name!r} are both {muscle} {side}; the first is used."
            caveats.append(Caveat("muscle_twice", f"{muscle} {side}", {}, sentence))
        else:
            electrodes.append(Electrode(muscle=muscle, side=side, stream=channel.stream, channel=name))
            if channel.missing:
                sentence = (
                    f"The channel {name!r} has {channel.missing} of {channel.samples} samples that are no numbers; it is used "
                    "as EMG, and undefined there."
                )
                caveats.append(Caveat("emg_gaps", name, {"missing_samples": float(channel.missing)}, sentence))
            nearest += [f"{name} as {muscle} {side}"] if is_nearest else []
    if nearest:
        sentence = (
            f"Some labels name a group of muscles, or one beside, and are taken as the nearest: {', '.join(nearest)}; if one "
            "of them is another muscle, name it in a map file."
        )
        caveats.append(Caveat("emg_nearest_muscle", "EMG", {"channels": float(len(nearest))}, sentence))
    if len(electrodes) > len(said):
        sentence = "Where the map file says nothing, EMG is taken to be at the skin, with a gain of 1 and no MVC."
        caveats.append(Caveat("emg_gain_assumed", "EMG", {"gain": 1.0}, sentence))
    if no_side:
        sentence = (
            f"No side is said of the channels {', '.join(no_side)}, so they are not used as EMG; name it in a map file: "
            f'emg = [{{ label = "{no_side[0]}", muscle = "{muscle_of_first}", side = "left" }}, ...].'
        )
        caveats.append(Caveat("emg_without_side", ", ".join(no_side), {}, sentence))
    if unclear:
        sentence = (
            f"The labels {', '.join(unclear)} look like EMG, and were not understood; they are recorded, and not used. To "
            f'use one, name it in a map file: emg = [{{ label = "{unclear[0]}", muscle = "other", side = "left" }}, ...]; '
            "the muscle is VL, VM, RF, BF, ST, GMax, GMed, ADD or other."
        )
        caveats.append(Caveat("emg_not_understood", ", ".join(unclear), {"channels": float(len(unclear))}, sentence))
    return electrodes, no_side + unmapped


def _not_volts(channel: FileChannel) -> Caveat:
    """Return that a channel, for its unit, can't be EMG."""
    what = f"in {channel.unit!r}" if channel.unit else "without a unit"
    sentence = (
        f"The channel {channel.name!r} is {what}, and EMG is in V, mV or uV; it is recorded and not used as EMG. If it is, "
        f'give its unit in a map file: emg = [{{ label = "{channel.name}", muscle = "VL", side = "left", unit = "mV" }}, ...].'
    )
    return Caveat("emg_unit", channel.name, {}, sentence)


def _electrode_on(electrodes: list[Electrode], muscle: Muscle, side: Side) -> Electrode | None:
    """Return the electrode that is on a muscle already, or None."""
    return next((e for e in electrodes if (e.muscle, e.side) == (muscle, side)), None)


def _says(label: str, description: str) -> Reading:
    said = muscle_and_side(label)
    if said.side is not None:
        return said
    described = muscle_and_side(description)
    return described if said.muscle in (None, described.muscle) else said
