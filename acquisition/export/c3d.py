"""C3D export: plates of type 2 in N and N·mm, EMG in V, markers, and events, as ezc3d writes them.

A C3D file has one analog rate. It is that of the fastest stream that has plates or EMG, whose samples go into the file as they
are; what is on other streams is told at the times of these, by a spline. A file of 65,535 frames holds about eleven minutes;
what is longer goes into several.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from acquisition.caveat import Caveat
from acquisition.export.about import About, Event, ExportError
from acquisition.export.c3d_parameters import MOST_ENTRIES, Channel, events_group, fill_parameters, plates_group
from acquisition.export.even_stream import PIECE, EvenStream, Held
from acquisition.export.new_file import new_files
from acquisition.export.signals import emg_of, others_of
from acquisition.rig import UNITS_TO_MM, UNITS_TO_UV
from acquisition.rig.plate_map import moment_shift, plate_map, surface_offset

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from acquisition.recording import Recording
    from acquisition.rig import Plate, Rig
    from hardware.arrays import Floats

MOST_FRAMES = 65535
MOST_VALUES = 1 << 25
"""Analog values of one file: ezc3d holds all of them, at about 20 bytes each."""
FRAMES_HZ = 100.0
"""About so many frames a second has a file without markers, which need them to be as many as theirs."""
LABELS: dict[str, str] = {"knee": "KJC", "ankle": "AJC", "forefoot_inner": "MT1", "forefoot_outer": "MT5"}
"""Of points whose own word as a label means another one, or is not usual."""


@dataclass(slots=True)
class _Group:
    """Analog channels that come from one stream, and what computes their values from its raw samples."""

    stream: EvenStream
    channels: list[Channel]
    of: Callable[[Floats], Floats]
    held: Held = field(init=False)


def export_c3d(recording: Recording, about: About, events: Sequence[Event], out: Path, caveats: list[Caveat]) -> list[Path]:
    """Write a recording as C3D, and return the files: `out`, or `out` with -part1 and so on in its name.

    Appends what was assumed or altered to `caveats`. Raises ExportError where there is neither force nor EMG, where a file
    exists or can't be written, or ezc3d is not installed; nothing half-written stays behind.
    """
    try:
        ezc3d: Any = import_module("ezc3d")
    except ImportError:
        raise ExportError(
            f"C3D files can't be written here: the package ezc3d is not installed (there is none for {platform.machine()}); "
            "export on another computer, or as csv, parquet or bids."
        ) from None
    content = _Content(recording, about, events)
    caveats += [*content.about_plates(), *content.about_rates()]
    spans = content.spans()
    paths = [out] if len(spans) == 1 else [out.with_name(f"{out.stem}-part{i}{out.suffix}") for i in range(1, len(spans) + 1)]
    with new_files(paths) as parts:
        for part, span in zip(parts, spans, strict=True):
            try:
                content.write(ezc3d, part, *span, caveats)
            except (RuntimeError, ValueError, IndexError, OverflowError) as error:
                raise ExportError(f"{out} can't be written as C3D: {error}.") from error
    caveats += content.about_losses()
    if len(paths) > 1:
        sentence = (
            f"A C3D file holds {spans[0][1] - spans[0][0]} of its frames, so the recording lies in {len(paths)} files; each "
            "says in PROCESSING:START_S when it begins."
        )
        caveats.append(Caveat("split_into_files", "recording", {"files": float(len(paths))}, sentence))
    return paths


class _Content:
    """A recording as a C3D file has it: frames, analog channels of one rate, plates, markers and events."""

    def __init__(self, recording: Recording, about: About, events: Sequence[Event]) -> None:
        self._recording, self._about, self._events, self._rig = recording, about, events, recording.rig
        rig = recording.rig
        there = {name for name, stream in recording.streams.items() if stream.rows}
        needed = [plate.stream for plate in rig.plate] + [electrode.stream for electrode in rig.emg]
        needed = needed or [stream.name for stream in rig.stream if stream.name not in {marker.stream for marker in rig.marker}]
        self._streams = {name: EvenStream(recording, name) for name in dict.fromkeys(needed) if name in there}
        if not self._streams:
            raise ExportError(
                f"{recording.path} holds no samples of forces, EMG or other analog channels; a C3D file needs some."
            )
        self._base = max(self._streams.values(), key=lambda stream: stream.rate_hz)  # of equal ones the plates', the first
        on_streams = [plate for plate in rig.plate if plate.stream in there]
        self._plates = [plate for plate in on_streams if plate.corners_mm is not None]
        self._groups = [_of_plate(i, plate, rig, self._streams[plate.stream]) for i, plate in enumerate(self._plates, 1)]
        self._unlocated = [plate for plate in on_streams if plate.corners_mm is None]
        self._groups += [_of_vertical(plate, rig, self._streams[plate.stream]) for plate in self._unlocated]
        self._groups += [_of_emg(rig, stream) for stream in self._streams.values()]
        with_base = [stream for stream in self._streams.values() if stream is self._base or stream.in_step(self._base)]
        self._groups += [_of_others(rig, stream) for stream in with_base]
        channels = sum(len(group.channels) for group in self._groups)
        if channels > MOST_ENTRIES:
            raise ExportError(f"{recording.path} has {channels} channels, and a C3D file names {MOST_ENTRIES}; export as csv.")
        for group in self._groups:
            group.held = Held(self._base.rate_hz)
        self._markers = EvenStream(recording, rig.marker[0].stream) if rig.marker and rig.marker[0].stream in there else None
        frames_hz = FRAMES_HZ if self._markers is None else self._markers.rate_hz
        self._per_frame = max(1, int(self._base.rate_hz / frames_hz + 1e-6))
        self._frames = -(-self._base.length // self._per_frame)

    @property
    def _frames_hz(self) -> float:
        return self._base.rate_hz / self._per_frame

    def spans(self) -> list[tuple[int, int]]:
        """Return the first frame of each file and the one after its last."""
        values = self._per_frame * max(1, sum(len(group.channels) for group in self._groups))
        most = max(1, min(MOST_FRAMES, MOST_VALUES // values))
        return [(first, min(first + most, self._frames)) for first in range(0, self._frames, most)]

    def about_plates(self) -> list[Caveat]:
        """Return what plates don't tell and a plate of the format has."""
        told = []
        for plate in self._unlocated:
            sentence = f"Nobody knows where the {plate.side} plate lies, so it is no plate in the file; its Fz is a channel."
            told.append(Caveat("plate_as_channel", plate.side, {}, sentence))
        for plate in self._plates:
            if not plate_map(plate).gives_turn:
                sentence = (
                    f"The {plate.side} plate tells no free moment, and a plate of the file has one: it is written as none, and "
                    "says nothing."
                )
                told.append(Caveat("free_moment_as_none", plate.side, {}, sentence))
        return told

    def about_rates(self) -> list[Caveat]:
        """Return what is not in the file as it was sampled."""
        rig, base, told = self._rig, self._base, []
        for stream in self._streams.values():
            if stream is not base and not stream.in_step(base):
                sentence = (
                    f"A C3D file has one analog rate; it is that of {base.name}, {base.rate_hz:.9g} Hz. What {stream.name} "
                    f"has, at {stream.rate_hz:.9g} Hz, is told at the times of these samples, by a spline of degree 5; csv and "
                    "parquet keep its own."
                )
                told.append(Caveat("resampled", stream.name, {"rate_hz": base.rate_hz}, sentence))
        if self._markers is not None and not self._markers.in_step(base, self._per_frame):
            sentence = (
                f"The markers' frames do not lie on analog samples, as those of a C3D file do; they are told "
                f"{self._frames_hz:.9g} times a second, by a spline of degree 5."
            )
            told.append(Caveat("resampled", self._markers.name, {"rate_hz": self._frames_hz}, sentence))
        marker_streams = {marker.stream for marker in rig.marker}
        left = [stream.name for stream in rig.stream if stream.name not in marker_streams | self._streams.keys()]
        left += [
            f"other channels of {name}"
            for name, stream in self._streams.items()
            if stream is not base and not stream.in_step(base) and others_of(rig, name).columns
        ]
        if left:
            sentence = f"Left out, as neither force nor EMG and of another rate: {', '.join(left)}; csv and parquet have them."
            told.append(Caveat("streams_left_out", ", ".join(left), {}, sentence))
        if padded := self._frames * self._per_frame - base.length:
            sentence = f"The last frame is filled up: its last {padded} samples repeat the one before, and an event marks them."
            told.append(Caveat("frame_filled", "recording", {"samples": float(padded)}, sentence))
        return told

    def about_losses(self) -> list[Caveat]:
        """Return where values stand that were not recorded, but for what fills up the last frame."""
        told = []
        for name in self._streams:
            held = max((group.held for group in self._groups if group.stream.name == name), key=lambda held: held.samples)
            samples = held.samples - (self._frames * self._per_frame - self._base.length if name == self._base.name else 0)
            if samples > 0:
                seconds = samples / self._base.rate_hz
                sentence = (
                    f"{name} has no samples for {seconds:.4g} s in all: they were lost, or it began later or ended earlier. "
                    "The value before stands there, and events mark from when to when."
                )
                told.append(Caveat("held", name, {"samples": float(samples), "spans": float(len(held.lost_s))}, sentence))
        return told

    def write(self, ezc3d: Any, path: Path, first: int, end: int, caveats: list[Caveat]) -> None:  # noqa: ANN401
        """Write the frames from `first` to `end` as a file."""
        analogs = self._analogs(first * self._per_frame, end * self._per_frame)
        points = self._points(first, end)
        begin_s, end_s = first / self._frames_hz, end / self._frames_hz
        file = ezc3d.c3d()
        channels = [channel for group in self._groups for channel in group.channels]
        start_s = begin_s + self._base.first_s - self._recording.start_s
        fill_parameters(
            file, self._about, self._recording, channels, self._frames_hz, self._base.rate_hz, end - first, start_s, caveats
        )
        markers = self._rig.marker if self._markers is not None else []
        file["parameters"]["POINT"]["LABELS"]["value"] = [
            f"{marker.side[0].upper()}_{LABELS.get(marker.point, marker.point)}" for marker in markers
        ]
        file["parameters"]["POINT"]["DESCRIPTIONS"]["value"] = [f"{marker.point} {marker.side}" for marker in markers]
        plates_group(file, self._plates)
        events_group(file, self._about.lifter, self._file_events(begin_s, end_s), caveats)
        file["data"]["points"] = points
        hidden = np.isnan(points[0])
        file["data"]["meta_points"]["residuals"] = np.where(hidden, -1.0, 0.0)[None]
        file["data"]["meta_points"]["camera_masks"] = np.zeros((7, *hidden.shape), dtype=bool)
        file["data"]["analogs"] = analogs[None]
        file.write(str(path))

    def _file_events(self, begin_s: float, end_s: float) -> list[Event]:
        """Return the events of a file in its own time: instants, beginnings, ends, and where values are held."""
        found = []
        for event in self._events:
            at_s = self._base.seconds_of(event.at_s + self._recording.start_s)
            until_s = self._base.seconds_of(event.at_s + event.seconds + self._recording.start_s)
            if not event.seconds:
                found.append(Event(at_s, 0.0, event.kind, event.label, event.side, event.about))
                continue
            found.append(Event(at_s, 0.0, event.kind, f"{event.label} start", event.side, event.about))
            if until_s == until_s:
                found.append(Event(until_s, 0.0, event.kind, f"{event.label} end", event.side, event.about))
        spans = dict.fromkeys((group.stream.name, span) for group in self._groups for span in group.held.lost_s)
        for name, span in spans:
            for at_s, label in zip(span, ("samples lost start", "samples lost end"), strict=True):
                found.append(Event(at_s, 0.0, "lost", label, "", f"{name}: the value before is held"))
        within = [e for e in found if begin_s <= e.at_s < end_s or (e.at_s == end_s and e.kind == "lost")]
        return [Event(e.at_s - begin_s, 0.0, e.kind, e.label, e.side, e.about) for e in sorted(within, key=lambda e: e.at_s)]

    def _analogs(self, first: int, end: int) -> Floats:
        """Return the values (channels, samples) of all analog channels, without NaN."""
        analogs = np.empty((sum(len(group.channels) for group in self._groups), end - first))
        for at in range(first, end, PIECE):
            count = min(PIECE, end - at)
            host_s = self._base.host_s(np.arange(at, at + count))
            raw = {
                name: stream.read(at, count) if stream is self._base else stream.at(host_s)
                for name, stream in self._streams.items()
            }
            row = 0
            for group in self._groups:
                values = group.held.take(at, group.of(raw[group.stream.name]))
                analogs[row : row + len(group.channels), at - first : at - first + count] = values.T
                row += len(group.channels)
        return analogs

    def _points(self, first: int, end: int) -> Floats:
        """Return the markers (4, markers, frames) in mm, NaN where hidden."""
        if self._markers is None:
            return np.ones((4, 0, end - first))
        rig, name = self._rig, self._markers.name
        at = [rig.column(name, channel) for marker in rig.marker for channel in marker.channels]
        channels = rig.stream_named(name).stream().channels
        raw = self._markers.at(self._base.host_s(np.arange(first, end) * self._per_frame))[:, at]
        points_mm = (raw * np.array([UNITS_TO_MM[channels[c].unit] for c in at])).reshape(end - first, len(rig.marker), 3)
        points_mm[~np.isfinite(points_mm).all(axis=2)] = np.nan
        return np.concatenate([points_mm.transpose(2, 1, 0), np.ones((1, len(rig.marker), end - first))])


def _of_plate(number: int, plate: Plate, rig: Rig, stream: EvenStream) -> _Group:
    """Return a plate as one of type 2: forces and moments about its true origin, in its own axes."""
    its_map, at = plate_map(plate), [rig.column(stream.name, channel) for channel in plate.channels]
    if not its_map.gives_turn:  # a sixth channel of nothing
        its_map = replace(its_map, zero=np.append(its_map.zero, 0.0), per_unit=np.append(its_map.per_unit, 0.0))
        at.append(at[-1])
    to_origin = np.linalg.inv(moment_shift(surface_offset(plate))) @ np.kron(np.eye(2), its_map.rotation.T)
    channels = [
        Channel(f"{what}{axis}{number}", unit, f"{plate.side} plate {plate.name}")
        for what, unit in (("F", "N"), ("M", "Nmm"))
        for axis in "xyz"
    ]
    return _Group(stream, channels, lambda raw: its_map.wrench(raw[:, at]) @ to_origin.T)


def _of_vertical(plate: Plate, rig: Rig, stream: EvenStream) -> _Group:
    """Return the vertical force of a plate that tells nothing else, + up."""
    its_map, at = plate_map(plate), [rig.column(stream.name, channel) for channel in plate.channels]
    channel = Channel(f"Fz {plate.side}", "N", f"vertical force on the {plate.side} foot, + up")
    return _Group(stream, [channel], lambda raw: its_map.fz_N(raw[:, at])[:, None])


def _of_emg(rig: Rig, stream: EvenStream) -> _Group:
    emg = emg_of(rig, stream.name)
    own = [electrode for electrode in rig.emg if electrode.stream == stream.name]
    channels = [
        Channel(e.channel, "V", e.name + (f", divided by the gain of {e.gain:g}" if e.gain != 1.0 else "")) for e in own
    ]
    return _Group(stream, channels, lambda raw: emg.of(raw) / UNITS_TO_UV["V"])


def _of_others(rig: Rig, stream: EvenStream) -> _Group:
    others = others_of(rig, stream.name)
    return _Group(stream, [Channel(column.channel, column.unit, "") for column in others.columns], others.of)
