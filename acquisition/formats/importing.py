"""Import, the part all formats share: the map of what a file leaves out, channel names, and the recording that is made."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field, model_validator

from acquisition.caveat import Caveat
from acquisition.recording import RecordingError, RecordingWriter
from acquisition.rig import Electrode, Foot, Lab, Lead, Muscle, Point, Rig, Side, StreamSettings
from acquisition.rig.judgement import Judgement
from acquisition.stretches import TICK, Stretch
from acquisition.timebase import clock
from acquisition.timebase.arrivals import Arrivals
from hardware.settings import NotNegative, Settings

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
STREAM, MARKERS = "analog", "markers"
TICK_S = 0.02
VOLTS = {
    "v": "V",
    "volt": "V",
    "volts": "V",
    "mv": "mV",
    "millivolts": "mV",
    "uv": "uV",
    "µv": "uV",
    "μv": "uV",
    "microvolts": "uV",
}


class MapPlate(Settings):
    """A plate of the file by its number, from 1, and the foot that stands on it."""

    number: Annotated[int, Field(ge=1)]
    side: Side
    pad_mm: NotNegative = 0.0


class MapElectrode(Lead):
    """An EMG channel of the file by its label, and the muscle that it was on."""

    label: str


class MapMarker(Settings):
    """A marker of the file by its label, and the point of a leg that it was on."""

    label: str
    point: Point
    side: Side


class ImportMap(Judgement):
    """What a person knows about a C3D file and the file does not say, with a rig's own settings where they differ."""

    plate: Annotated[list[MapPlate], Field(max_length=2)] = []
    emg: list[MapElectrode] = []
    marker: list[MapMarker] = []
    foot: Annotated[list[Foot], Field(max_length=2)] = []
    lab: Lab = Lab()

    @model_validator(mode="after")
    def _each_once(self) -> ImportMap:
        if len(self.plate) == 2 and self.plate[0].number == self.plate[1].number:
            raise ValueError(f"plate {self.plate[0].number} is named twice; name each once")
        if len(self.plate) == 2 and self.plate[0].side == self.plate[1].side:
            raise ValueError(f"both plates stand on the {self.plate[0].side}; give one the other side")
        labels = [label for label, count in Counter(entry.label for entry in self.emg).items() if count > 1]
        if labels:
            raise ValueError(f"the channel {labels[0]!r} is named twice; name each once")
        doubled = [muscle for muscle, count in Counter((e.muscle, e.side) for e in self.emg).items() if count > 1]
        if doubled and doubled[0][0] != "other":
            raise ValueError(f"there are two electrodes for {doubled[0][0]} {doubled[0][1]}; name each muscle once per leg")
        twice = [point for point, count in Counter((m.point, m.side) for m in self.marker).items() if count > 1]
        if twice:
            raise ValueError(f"there are two markers for {twice[0][0]} {twice[0][1]}; name each once")
        return self


@dataclass(frozen=True, slots=True)
class ImportResult:
    """An imported recording: its path, its rig, all that was converted, chosen or assumed, and a summary for the screen."""

    path: Path
    rig: Rig
    caveats: tuple[Caveat, ...]
    summary: str


def unique_names(labels: list[str]) -> list[str]:
    """Return a name for each channel: its label, with its number from 1 where that is empty or was there before."""
    names: list[str] = []
    for number, label in enumerate(labels, 1):
        name = label or f"analog {number}"
        while name in names:
            name = f"{name} ({number})"
        names.append(name)
    return names


def not_volts(name: str, unit: str) -> Caveat:
    """Return that a channel, for its unit, can't be EMG."""
    what = f"in {unit!r}" if unit else "without a unit"
    sentence = f"The channel {name!r} is {what}, and EMG is in V, mV or uV; it is recorded and not used as EMG."
    return Caveat("emg_unit", name, {}, sentence)


def electrode_on(electrodes: list[Electrode], muscle: Muscle, side: Side) -> Electrode | None:
    """Return the electrode that is on a muscle already, or None."""
    return next((e for e in electrodes if (e.muscle, e.side) == (muscle, side)), None)


def even_ticks(rows: int, settings: StreamSettings, starts_s: float = 0.0) -> NDArray[np.void]:
    """Return the ticks (TICK) of samples that came evenly and without delay, the first at `starts_s`."""
    ends = np.append(np.arange(settings.block_samples, rows, settings.block_samples), rows)
    ticks = np.zeros(len(ends), TICK)
    ticks["row"] = ticks["index"] = ends
    ticks["host_s"] = starts_s + (ends - 1) / settings.rate_hz
    return ticks


def write_recording(out: Path, rig: Rig, samples: dict[str, NDArray[np.float64]]) -> None:
    """Write the recording of streams that began together, (samples, channels) each, whole or not at all (RecordingError)."""
    writer = RecordingWriter(out, rig, [settings.stream() for settings in rig.stream])
    try:
        clocks = {}
        for settings in rig.stream:
            rows = samples[settings.name]
            ticks = even_ticks(len(rows), settings)
            writer.append(settings.name, Stretch(rows, ticks, 0, 0))
            clocks[settings.name] = clock.fit(Arrivals.of(ticks, settings.rate_hz))
        writer.finish(clocks)
    except BaseException as error:
        with suppress(RecordingError):
            writer.abandon()
        out.unlink(missing_ok=True)
        if isinstance(error, RecordingError):
            raise RecordingError(f"Writing {out} failed, and nothing of it was kept: {error.__cause__ or error}.") from error
        raise
