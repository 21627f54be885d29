"""Adding markers: a new recording with all that another one has and the markers of a file; the other one stays as it is."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import ValidationError

from acquisition.formats.c3d.file import read_c3d_markers
from acquisition.formats.import_map import read_map
from acquisition.formats.importing import MARKERS, ImportResult, even_stretch, even_ticks, write_recording
from acquisition.formats.markers.leg_markers import LegMarkers, leg_markers, markers_in_words
from acquisition.formats.markers.marker_places import MarkerFileError
from acquisition.formats.markers.trc import read_trc
from acquisition.recording import Recording, RecordingError, RecordingWriter
from acquisition.rig import Rig
from acquisition.storage.hdf5_text import name_of
from acquisition.stretches import Stretch
from acquisition.timebase import clock
from acquisition.timebase.arrivals import Arrivals

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from acquisition.caveat import Caveat
    from acquisition.formats.import_map import Length
    from acquisition.formats.markers.marker_places import MarkerPlaces
    from hardware.arrays import Floats

READERS: dict[str, Callable[[Path, Length | None], MarkerPlaces]] = {".trc": read_trc, ".c3d": read_c3d_markers}


@dataclass(frozen=True, slots=True)
class MarkerStart:
    """When a file's first frame was, in s of the session, and what says so; `alike` as in a `FileSource`."""

    starts_s: float
    by: Literal["given", "squats"]
    alike: float | None = None


def read_leg_markers(path: Path, map_file: Path | None, caveats: list[Caveat]) -> LegMarkers:
    """Read the markers of the legs from a TRC or C3D file, z up; raises MarkerFileError or C3DError where there are none."""
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise MarkerFileError(f"{path} is no file of markers that can be read here: these end in {' or '.join(READERS)}.")
    mapping = read_map(map_file)
    found = reader(path, mapping.table.lengths)
    unknown = [entry.label for entry in mapping.marker if entry.label not in found.labels]
    if unknown:
        raise MarkerFileError(f"There is no marker {unknown[0]!r} in {path}; it has {', '.join(found.labels)}.")
    caveats += found.caveats
    found = found.upright()
    legs = leg_markers(found.labels, found.places_mm, found.rate_hz, name_of(path), mapping.marker, caveats)
    if legs is None:
        raise MarkerFileError(f"{path} can't be added. {caveats.pop().sentence}")
    return legs


def import_markers(path: Path, out: Path, map_file: Path | None = None) -> ImportResult:
    """Write a recording of the markers of the legs in a TRC or C3D file alone; raises MarkerFileError or RecordingError."""
    caveats: list[Caveat] = []
    legs = read_leg_markers(path, map_file, caveats)
    rig = Rig(name=path.stem or MARKERS, stream=[legs.stream], marker=legs.markers)
    write_recording(out, rig, {MARKERS: [even_stretch(legs.samples, legs.stream)]})
    seconds = len(legs.samples) / legs.stream.rate_hz
    lines = [f"{name_of(path)}: {seconds:.1f} s, {len(legs.markers)} markers at {legs.stream.rate_hz:g} Hz"]
    lines += [f"  {line}" for line in markers_in_words(legs.markers)]
    return ImportResult(out, rig, tuple(caveats), "\n".join(lines))


def add_markers(recording: Path, legs: LegMarkers, start: MarkerStart, out: Path) -> Rig:
    """Write `out`, a recording with all streams of another and the markers; return its rig. Raises RecordingError."""
    with Recording(recording) as old:
        if old.rig.marker:
            raise RecordingError(f"{recording} has markers already.")
        if not old.complete:
            raise RecordingError(f"{recording} is not complete; close its session, or make it whole with squatscope recover.")
        source = legs.stream.source.model_copy(update={"placed_by": start.by, "alike": start.alike})
        settings = legs.stream.model_copy(update={"source": source})
        try:
            rig = type(old.rig).model_validate(
                {
                    **old.rig.model_dump(),
                    "stream": [*(stream.model_dump() for stream in old.rig.stream), settings.model_dump()],
                    "marker": [marker.model_dump() for marker in legs.markers],
                }
            )
        except ValidationError as error:
            text = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
            raise RecordingError(f"The markers can't be added to {recording}: {text}.") from error
        samples, starts_s = _within(old.seconds, legs, start.starts_s)
        writer = RecordingWriter(out, rig, [stream.stream() for stream in rig.stream])
        try:
            _copy(old, writer)
            ticks = even_ticks(len(samples), settings, old.start_s + starts_s)
            writer.append(MARKERS, Stretch(samples, ticks, 0, 0))
            writer.finish({**old.clocks, MARKERS: clock.fit(Arrivals.of(ticks, settings.rate_hz))})
        except BaseException:
            with suppress(RecordingError):
                writer.abandon()
            out.unlink(missing_ok=True)
            raise
    return rig


def _within(seconds: float, legs: LegMarkers, starts_s: float) -> tuple[Floats, float]:
    """Return the frames that lie within the session, and when the first of them was; raises RecordingError where none does."""
    rate_hz = legs.stream.rate_hz
    first = max(0, math.ceil(-starts_s * rate_hz))
    last = min(len(legs.samples), math.floor((seconds - starts_s) * rate_hz))
    if first >= last:
        ends_s = starts_s + len(legs.samples) / rate_hz
        raise RecordingError(
            f"The markers would be from {starts_s:.1f} to {ends_s:.1f} s, and the session is from 0 to {seconds:.1f} s: give "
            "another --starts-s."
        )
    return legs.samples[first:last], starts_s + first / rate_hz


def _copy(old: Recording, writer: RecordingWriter) -> None:
    for settings in old.rig.stream:
        for stretch in old.stretches(settings.name):
            writer.append(settings.name, stretch)
        if settings.sync_channel is not None:
            writer.append_edges(settings.name, old.edges(settings.name))
