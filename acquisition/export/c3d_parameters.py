"""Parameters of a C3D file that is written: channels, plates, events, and whose it is."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from acquisition.caveat import Caveat
from acquisition.formats.importing import unique_names
from acquisition.rig.plate_map import axes_of_corners, surface_offset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acquisition.export.about import About, Event
    from acquisition.recording import Recording
    from acquisition.rig import Plate

MOST_ENTRIES = 255
"""Of a parameter, each of whose sizes is one byte."""
MOST_BYTES = 120
CONTEXTS = {"": "General", "left": "Left", "right": "Right"}
INTEGER = 2
"""The type of whole numbers, as a C3D file and ezc3d count types."""
FIRST = ("repetition", "bottom", "mark", "lost", "flag")
"""Which events stay where there are more than a file names."""


@dataclass(frozen=True, slots=True)
class Channel:
    """An analog channel: its label, unit and description."""

    label: str
    unit: str
    about: str


def fill_parameters(
    file: Any,  # noqa: ANN401 - ezc3d has no types
    about: About,
    recording: Recording,
    channels: Sequence[Channel],
    frames_hz: float,
    rate_hz: float,
    frames: int,
    start_s: float,
    caveats: Sequence[Caveat],
) -> None:
    """Fill in rates, channels, and whose recording it is; `start_s` is when the file begins in s of the session."""
    groups = file["parameters"]
    groups["POINT"]["RATE"]["value"] = [frames_hz]
    groups["POINT"]["UNITS"]["value"] = ["mm"]
    analog = groups["ANALOG"]
    analog["RATE"]["value"] = [rate_hz]
    analog["LABELS"]["value"] = [_text(label) for label in unique_names([channel.label for channel in channels])]
    analog["UNITS"]["value"] = [_text(channel.unit) for channel in channels]
    analog["DESCRIPTIONS"]["value"] = [_text(channel.about) for channel in channels]
    analog["SCALE"]["value"] = [1.0] * len(channels)
    analog["OFFSET"]["value"] = [0] * len(channels)
    analog["GEN_SCALE"]["value"] = [1.0]
    _whole(file, "TRIAL", "ACTUAL_START_FIELD", [1, 0])
    _whole(file, "TRIAL", "ACTUAL_END_FIELD", [frames & 0xFFFF, frames >> 16])
    _whole(file, "SUBJECTS", "USED", [1])
    file.add_parameter("SUBJECTS", "NAMES", [_text(about.lifter) or "lifter"])
    file.add_parameter("SUBJECTS", "LABEL_PREFIXES", [""])
    file.add_parameter("MANUFACTURER", "SOFTWARE", ["squatscope"])
    file.add_parameter("MANUFACTURER", "VERSION_LABEL", [version("squatscope")])
    texts = {
        "LIFTER": about.lifter,
        "SESSION": about.session,
        "TASK": about.task,
        "CONDITION": about.condition,
        "RECORDING": about.name,
        "RECORDING_UUID": recording.uuid,
        "CREATED_UTC": "" if about.anonymous else recording.created_utc,
        "SETTINGS_SHA256": about.settings_sha256,
    }
    for name, text in texts.items():
        if text:
            file.add_parameter("PROCESSING", name, [_text(text)])
    for name, number in {"BAR_KG": about.bar_kg, "BODY_WEIGHT_N": about.body_weight_N, "START_S": start_s}.items():
        if number == number:
            file.add_parameter("PROCESSING", name, [float(number)])
    if lines := [line for caveat in caveats for line in textwrap.wrap(caveat.sentence, MOST_BYTES)]:
        file.add_parameter("PROCESSING", "REMARKS", [_text(line) for line in lines[:MOST_ENTRIES]])


def plates_group(file: Any, plates: Sequence[Plate]) -> None:  # noqa: ANN401
    """Describe plates of type 2 on the first channels, with pads as a part of them."""
    group = file["parameters"]["FORCE_PLATFORM"]
    group["USED"]["value"] = [len(plates)]
    if not plates:
        return
    corners = [np.asarray(plate.corners_mm, dtype=np.float64) for plate in plates]
    raised = [c - axes_of_corners(c)[:, 2] * plate.pad_mm for c, plate in zip(corners, plates, strict=True)]
    group["TYPE"]["value"] = [2] * len(plates)
    group["ZERO"]["value"] = [0, 0]  # what an empty plate reads is taken off already
    group["CORNERS"]["value"] = np.stack([c.T for c in raised], axis=2)
    group["ORIGIN"]["value"] = np.stack([surface_offset(plate) for plate in plates], axis=1)
    group["CHANNEL"]["value"] = np.arange(1, 6 * len(plates) + 1).reshape(6, len(plates), order="F")


def events_group(file: Any, lifter: str, events: Sequence[Event], caveats: list[Caveat]) -> None:  # noqa: ANN401
    """Write events, in s of the file; of more than a file names, repetitions first."""
    if len(events) > MOST_ENTRIES:
        by_kind = sorted(events, key=lambda event: FIRST.index(event.kind) if event.kind in FIRST else len(FIRST))
        left = len(events) - MOST_ENTRIES
        events = sorted(by_kind[:MOST_ENTRIES], key=lambda event: event.at_s)
        sentence = f"A C3D file names {MOST_ENTRIES} events; {left} more were left out, flags first; csv and bids have all."
        caveats.append(Caveat("events_left_out", "events", {"left_out": float(left)}, sentence))
    _whole(file, "EVENT", "USED", [len(events)])
    if not events:
        return
    file.add_parameter("EVENT", "CONTEXTS", [CONTEXTS[event.side] for event in events])
    file.add_parameter("EVENT", "LABELS", [_text(event.label) for event in events])
    file.add_parameter("EVENT", "DESCRIPTIONS", [_text(event.about) for event in events])
    file.add_parameter("EVENT", "SUBJECTS", [_text(lifter) or "lifter"] * len(events))
    file.add_parameter("EVENT", "TIMES", np.array([divmod(event.at_s, 60.0) for event in events]).T)
    _whole(file, "EVENT", "ICON_IDS", [0] * len(events))
    _whole(file, "EVENT", "GENERIC_FLAGS", [0] * len(events))


def _whole(file: Any, group: str, name: str, numbers: Sequence[int]) -> None:  # noqa: ANN401
    """Write whole numbers as such, which ezc3d would write as fractions."""
    file.add_parameter(group, name, list(numbers))
    file["parameters"][group][name] |= {"type": INTEGER, "value": np.array(numbers)}


def _text(text: str) -> str:
    """Return a text that a parameter holds, cut to so many bytes between two letters."""
    return text.encode()[:MOST_BYTES].decode(errors="ignore")
