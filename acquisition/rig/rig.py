"""The rig: a lab's streams, plates and electrodes, and how their signals are judged; one TOML file, checked as a whole.

Lengths are in mm in the lab axes, z up. Calibration follows the C3D standard's FORCE_PLATFORM parameters.
"""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, field_validator, model_validator

from acquisition.rig.judgement import Judgement, SyncSettings
from acquisition.rig.units import LENGTHS_MM
from hardware.brainflow.settings import BrainflowSettings
from hardware.lsl.settings import LslOutletSettings, LslSettings
from hardware.nidaq.settings import NidaqSettings
from hardware.settings import NotNegative, Positive, SecondsOrNone, Settings
from hardware.source import MOST_BLOCK_SAMPLES, MOST_HZ, Channel, Stream

Side = Literal["left", "right"]
SIDES: tuple[Side, ...] = ("left", "right")
Muscle = Literal["VL", "VM", "RF", "BF", "ST", "GMax", "GMed", "ADD", "other"]
Axis = Literal["x", "-x", "y", "-y"]
Point = Literal["hip", "asis", "knee_lateral", "knee_medial", "knee", "ankle_lateral", "ankle_medial", "ankle", "heel", "toes",
                "forefoot_inner", "forefoot_outer"]  # fmt: skip

QUADRICEPS: tuple[Muscle, ...] = ("VL", "VM", "RF")
HAMSTRINGS: tuple[Muscle, ...] = ("BF", "ST")
GLUTES: tuple[Muscle, ...] = ("GMax", "GMed")
PLATE_CHANNELS = {1: 6, 2: 6, 3: 8, 4: 6, 5: 8}
VERTICAL_ALONE, WITHOUT_FREE_MOMENT = 1, 5
"""Channels of a plate of type 1 of which only Fz is known, or whose free moment nobody measured."""
MvcFrom = Literal["contraction", "set"]
SAID_OF_A_SET = "dynamic reference:"
"""What the text of a trial says where 100 % is that of a set; files from before `mvc_from` say it there alone."""
UNITS_TO_UV = {"uV": 1.0, "mV": 1e3, "V": 1e6}
UNITS_TO_MM = {unit: LENGTHS_MM[unit] for unit in ("mm", "cm", "m")}


class SimulatedSource(Settings):
    """A device of the simulator: how far its crystal is off, and what its converter resolves."""

    kind: Literal["simulated"]
    clock_ppm: float = 0.0
    jitter_s: SecondsOrNone = 0.0
    adc_bits: Annotated[int, Field(ge=8, le=32)] = 16


class FileSource(Settings):
    """Samples that came from a file; a rig with it describes an imported recording.

    `placed_by` says what its beginning in time was taken from: the other streams of the file, with which it was recorded; a
    person; or the squats that it and the forces show, which are alike by the coefficient of correlation `alike`.
    """

    kind: Literal["file"]
    path: str
    placed_by: Literal["file", "given", "squats"] = "file"
    alike: float | None = None


SourceSettings = Annotated[
    SimulatedSource | FileSource | NidaqSettings | BrainflowSettings | LslSettings, Field(discriminator="kind")
]


class StreamSettings(Settings):
    """One device with one clock: its rate, the names of its channels, and the unit of each (or one for all).

    `sync_channel` is the one that carries a line which other devices sample too; its edges tie their clocks together.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]
    rate_hz: Annotated[float, Field(gt=0, le=MOST_HZ)]
    channels: Annotated[list[str], Field(min_length=1)]
    units: str | list[str]
    block_samples: Annotated[int, Field(gt=0, le=MOST_BLOCK_SAMPLES)] = 40
    dtype: Literal["float32", "float64"] = "float64"
    sync_channel: str | None = None
    source: SourceSettings

    @model_validator(mode="after")
    def _channels_fit(self) -> StreamSettings:
        doubled = [name for name, count in Counter(self.channels).items() if count > 1]
        if doubled:
            raise ValueError(f"the channel {doubled[0]!r} is listed {self.channels.count(doubled[0])} times; name each once")
        if isinstance(self.units, list) and len(self.units) != len(self.channels):
            raise ValueError(
                f"there are {len(self.channels)} channels and {len(self.units)} units; give one unit for all, or one each"
            )
        if self.sync_channel is not None and self.sync_channel not in self.channels:
            raise ValueError(
                f"the sync_channel {self.sync_channel!r} is none of the stream's channels, which are {', '.join(self.channels)}"
            )
        return self

    def stream(self) -> Stream:
        """Return the stream that a source with these settings hands out."""
        units = [self.units] * len(self.channels) if isinstance(self.units, str) else self.units
        channels = tuple(Channel(name, unit) for name, unit in zip(self.channels, units, strict=True))
        return Stream(self.name, self.rate_hz, channels, self.dtype, self.block_samples)


class Plate(Settings):
    """A force plate of C3D type 1 to 5, its channels in the standard's order.

    Type 1 gives Fx Fy Fz, the centre of pressure x y and the free moment, which may lack; or Fz alone, without corners; 2 and 4
    give Fx Fy Fz Mx My Mz; 3 and 5 (Kistler) give Fx12 Fx34 Fy14 Fy23 Fz1 Fz2 Fz3 Fz4. `sensitivities` (types 1, 2, 3) or a
    `calibration_matrix` (type 4: 6x6, type 5: 6 rows of 8) bring the raw channels to N, mm and N·mm. `corners_mm` are its
    corners in the lab axes in the order of the standard (quadrants 1 to 4 of its own axes). `origin_mm` is the vector from its
    true origin to the centre of its top surface, in its own axes, z < 0 as z points down; of type 3, x and y are the distances
    of the sensors from the middle. `zero` is what the unloaded plate reads, in raw units (none: 0); it is taken off before
    anything else.
    """

    name: str
    model: str = ""
    side: Side
    stream: str
    channels: Annotated[list[str], Field(min_length=1, max_length=8)]
    c3d_type: Literal[1, 2, 3, 4, 5]
    corners_mm: list[list[float]] | None
    origin_mm: Annotated[list[float], Field(min_length=3, max_length=3)]
    sensitivities: list[float] | None = None
    calibration_matrix: list[list[float]] | None = None
    zero: list[float] = []
    pad_mm: NotNegative = 0.0

    @model_validator(mode="before")
    @classmethod
    def _zero_of_each_channel(cls, given: object) -> object:
        """Write an unloaded plate that reads nothing as such."""
        if isinstance(given, dict) and not given.get("zero") and isinstance(given.get("channels"), list):
            return given | {"zero": [0.0] * len(given["channels"])}
        return given

    @property
    def channel_count(self) -> int:
        """How many channels a plate of its type has; of type 1 some may lack."""
        count = len(self.channels)
        lacks = self.c3d_type == 1 and count in (VERTICAL_ALONE, WITHOUT_FREE_MOMENT)
        return count if lacks else PLATE_CHANNELS[self.c3d_type]

    @field_validator("corners_mm")
    @classmethod
    def _corners_span_a_plate(cls, corners: list[list[float]] | None) -> list[list[float]] | None:
        if corners is None:
            return None
        if len(corners) != 4 or any(len(corner) != 3 for corner in corners):
            raise ValueError("four corners are needed, each with x, y and z in mm")
        c = np.asarray(corners)
        if not np.isfinite(c).all() or np.linalg.norm(np.cross(c[0] - c[2], c[1] - c[3])) < 1e3:
            raise ValueError(f"the corners {corners} span no area; give the four corners of the plate's surface in mm")
        return corners

    @model_validator(mode="after")
    def _calibration_fits_type(self) -> Plate:
        count = self.channel_count
        what = f"plate {self.name!r} is of type {self.c3d_type}"
        if len(self.channels) != count:
            raise ValueError(f"{what}, which has {PLATE_CHANNELS[self.c3d_type]} channels, and {len(self.channels)} are listed")
        if (self.corners_mm is None) != (count == VERTICAL_ALONE):
            raise ValueError(
                f"{what} with {count} channels, and corners_mm is given for every plate but a vertical force alone"
            )
        if self.c3d_type in (4, 5):
            matrix = self.calibration_matrix
            if matrix is None or len(matrix) != 6 or any(len(row) != count for row in matrix):
                raise ValueError(f"{what} and needs a calibration_matrix of 6 rows of {count} numbers")
            if self.sensitivities is not None:
                raise ValueError(f"{what}, which takes a calibration_matrix and no sensitivities")
        elif self.calibration_matrix is not None:
            raise ValueError(f"{what}, which takes sensitivities; a calibration_matrix is of type 4 or 5")
        for name, values in (("sensitivities", self.sensitivities), ("zero", self.zero)):
            if values and len(values) != count:
                raise ValueError(f"{what} and takes {count} numbers in {name}, and {len(values)} are given")
        if self.c3d_type == 3 and not (self.origin_mm[0] and self.origin_mm[1]):
            raise ValueError(f"{what}: x and y of origin_mm are the distances of its sensors from the middle, and can't be 0")
        return self


def with_mvc_from(known: object, trial: str) -> object:
    """Return what a file says of a muscle's 100 %, with `mvc_from` where an older file says that in the text of a trial."""
    if isinstance(known, dict) and "mvc_from" not in known and SAID_OF_A_SET in str(known.get(trial, "")):
        return {**known, "mvc_from": "set"}
    return known


class Lead(Settings):
    """An EMG lead: the muscle and side it was on, and how its raw numbers become microvolts at the skin.

    `gain` is the amplifier's: raw volts are divided by it. `mvc_uV` is the envelope at maximal voluntary contraction;
    without it there is no %MVC and no Q:H. `mvc_from` says whether it is that, or what the muscle does in a set of the lifter's
    own (dynamic reference). `full_scale` is the raw value at which the converter saturates.
    """

    muscle: Muscle
    side: Side
    gain: Positive = 1.0
    mvc_uV: Positive | None = None
    mvc_trial: str = ""
    mvc_from: MvcFrom = "contraction"
    full_scale: Positive | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_older_files(cls, known: object) -> object:
        return with_mvc_from(known, "mvc_trial")


class Electrode(Lead):
    """A bipolar EMG channel of a stream, and the muscle that it is meant for."""

    stream: str
    channel: str

    @property
    def name(self) -> str:
        """Muscle and side: `VL left`."""
        return f"{self.muscle} {self.side}"


class Marker(Settings):
    """A marker on a leg, or a key point of a pose: the point that it is on, and the channels of its x, y and z, z up.

    `knee` and `ankle` are the middles of these joints, `toes` the middle of the forefoot; NaN where it is hidden.
    """

    point: Point
    side: Side
    stream: str
    channels: Annotated[list[str], Field(min_length=3, max_length=3)]


class Lab(Settings):
    """Where the lifter's right is: a lab axis, or an angle from the lab's x, anticlockwise seen from above.

    Without either it is the way from the middle of the left plate to that of the right one. `right_from` is what it was taken
    from: a person, or markers on the feet. `feet_apart` false: a foot stands across two plates, or both on one, so that there
    is no load share and no centre of pressure of a foot.
    """

    right_axis: Axis | None = None
    right_deg: Annotated[float, Field(ge=-360, le=360)] | None = None
    right_from: Literal["given", "markers"] = "given"
    feet_apart: bool = True

    @model_validator(mode="after")
    def _one_right(self) -> Lab:
        if self.right_axis is not None and self.right_deg is not None:
            raise ValueError(
                f"right_axis ({self.right_axis!r}) and right_deg ({self.right_deg:g}) both say where right is; give one"
            )
        return self


class Foot(Settings):
    """One foot: how far its toes point outwards of the lifter's forward direction, and how wide it is.

    `toe_out_from` is what the angle was taken from: a person, markers on the foot, or a rocking trial.
    """

    side: Side
    toe_out_deg: Annotated[float, Field(ge=-45, le=90)] | None = None
    toe_out_from: Literal["given", "markers", "rocking"] = "given"
    width_mm: Annotated[float, Field(ge=40, le=200)] | None = None


class Rig(Judgement):
    """A lab's whole description; `stream`, `plate`, `emg`, `marker` and `foot` are tables that repeat."""

    format_version: Literal[1] = 1
    name: str
    stream: Annotated[list[StreamSettings], Field(min_length=1)]
    plate: Annotated[list[Plate], Field(max_length=2)] = []
    emg: list[Electrode] = []
    marker: list[Marker] = []
    foot: Annotated[list[Foot], Field(max_length=2)] = []
    lab: Lab = Lab()
    sync: SyncSettings = SyncSettings()
    lsl: LslOutletSettings = LslOutletSettings()

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Rig:
        names = [stream.name for stream in self.stream]
        if len(set(names)) < len(names):
            raise ValueError(f"two streams share a name; the names are {', '.join(names)}")
        for plate in self.plate:
            self._check_channels(f"plate {plate.name!r}", plate.stream, plate.channels)
        for electrode in self.emg:
            what = f"the electrode {electrode.muscle} {electrode.side}"
            self._check_channels(what, electrode.stream, [electrode.channel])
            unit = self.stream_named(electrode.stream).stream().channels[self.column(electrode.stream, electrode.channel)].unit
            if unit not in UNITS_TO_UV:
                raise ValueError(
                    f"{what} reads channel {electrode.channel!r} in {unit!r}; EMG is in one of {', '.join(UNITS_TO_UV)}"
                )
        self._check_markers()
        self._check_sides()
        return self

    def _check_markers(self) -> None:
        for marker in self.marker:
            what = f"the marker {marker.point} {marker.side}"
            self._check_channels(what, marker.stream, marker.channels)
            channels = self.stream_named(marker.stream).stream().channels
            units = {channels[self.column(marker.stream, name)].unit for name in marker.channels}
            if len(units) > 1 or not units <= set(UNITS_TO_MM):
                raise ValueError(f"{what} is in {', '.join(sorted(units))}; markers are in one of {', '.join(UNITS_TO_MM)}")
        if len({marker.stream for marker in self.marker}) > 1:
            raise ValueError("the markers belong to different streams; a knee and its foot need one clock, so one stream")
        doubled = [key for key, count in Counter((m.point, m.side) for m in self.marker).items() if count > 1]
        if doubled:
            raise ValueError(f"there are two markers for {doubled[0][0]} {doubled[0][1]}; name each once")

    def _check_channels(self, what: str, stream_name: str, channels: list[str]) -> None:
        stream = next((stream for stream in self.stream if stream.name == stream_name), None)
        if stream is None:
            known = ", ".join(stream.name for stream in self.stream)
            raise ValueError(f"{what} names the stream {stream_name!r}, but the rig's streams are {known}")
        missing = [channel for channel in channels if channel not in stream.channels]
        if missing:
            raise ValueError(
                f"{what} names the channel {missing[0]!r}, but the stream {stream_name!r} has {', '.join(stream.channels)}"
            )
        if stream.sync_channel in channels:
            raise ValueError(f"{what} names the channel {stream.sync_channel!r}, which is the sync_channel of {stream_name!r}")

    def _check_sides(self) -> None:
        if len({plate.side for plate in self.plate}) < len(self.plate):
            raise ValueError(f"both plates stand on the {self.plate[0].side}; give one the other side")
        if len({foot.side for foot in self.foot}) < len(self.foot):
            raise ValueError(f"there are two {self.foot[0].side} feet; give one the other side")
        if len({plate.stream for plate in self.plate}) > 1:
            raise ValueError("the two plates belong to different streams; load shift needs both on one clock, so one stream")
        seen = Counter((e.muscle, e.side) for e in self.emg if e.muscle != "other")
        doubled = [key for key, count in seen.items() if count > 1]
        if doubled:
            raise ValueError(f"there are two electrodes for {doubled[0][0]} {doubled[0][1]}; name each muscle once per leg")
        for side in SIDES:
            streams = {e.stream for e in self.emg if e.side == side and e.muscle in QUADRICEPS + HAMSTRINGS}
            if len(streams) > 1:
                raise ValueError(
                    f"quadriceps and hamstrings of the {side} leg are spread over the streams {', '.join(sorted(streams))}; "
                    "their ratio needs one clock, so one stream"
                )

    def stream_named(self, name: str) -> StreamSettings:
        """Return the settings of one stream; raises KeyError where there is none."""
        for stream in self.stream:
            if stream.name == name:
                return stream
        raise KeyError(name)

    def column(self, stream_name: str, channel: str) -> int:
        """Return the column in which a channel stands in its stream's samples."""
        return self.stream_named(stream_name).channels.index(channel)


def microvolts_per_unit(electrode: Electrode, unit: str) -> float:
    """Return what brings an electrode's raw numbers to microvolts at the skin."""
    return UNITS_TO_UV[unit] / electrode.gain
