"""Tables of samples as CSV or Parquet: a file for each stream and each table of metrics, events, and a JSON file of all else.

A wide table has a row for each sample that there is, with its time, and a column for each signal; a long one has a row for each
sample and signal. Times are seconds of the session by the recording's clock, so that lost samples leave a step.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from acquisition.export.about import About, Event, ExportError, Frames
from acquisition.export.new_file import new_files
from acquisition.export.signals import signals_of
from acquisition.export.table_files import CsvFile, Heading, ParquetFile, TableFile, as_json, load_arrow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from acquisition.recording import Recording
    from acquisition.rig import Rig
    from hardware.arrays import Floats

Kind = Literal["csv", "parquet"]
TIME = Heading("time_s", "s")
LONG = (TIME, Heading("signal", text=True), Heading("side", text=True), Heading("unit", text=True), Heading("value"))
EVENTS = (
    Heading("at_s", "s"),
    Heading("seconds", "s"),
    *(Heading(name, text=True) for name in ("kind", "label", "side", "about")),
)
PIECE = 1 << 15


class TableExport:
    """Writes recordings as tables of one kind into a folder; raises ExportError where Parquet has no package to write it."""

    def __init__(self, folder: Path, kind: Kind, *, long: bool) -> None:
        self._folder, self._kind, self._long = folder, kind, long
        if kind == "parquet":
            load_arrow()

    def add(
        self, recording: Recording, about: About, events: Sequence[Event], frames: Mapping[str, Frames], judged_by: Rig
    ) -> list[Path]:
        """Write a recording's files, all of them or none, and return them; `judged_by` is the rig with all settings used.

        Raises ExportError where there are no samples, or a file exists or can't be written.
        """
        streams = [name for name, stream in recording.streams.items() if stream.rows]
        if not streams:
            raise ExportError(f"{recording.path} holds no samples.")
        tables = {name: _of_stream(recording, name) for name in streams} | {name: _of_frames(f) for name, f in frames.items()}
        paths = {name: self._folder / f"{about.name}.{name}.{self._kind}" for name in [*tables, "events"]}
        of_all = _about(recording, about, {paths[name].name: table for name, table in tables.items()}, judged_by)
        described = self._folder / f"{about.name}.{self._kind}.json"
        with new_files([*paths.values(), described]) as parts:
            for name, part in zip(tables, parts, strict=False):
                pieces = _samples(recording, name) if name in streams else _pieces(frames[name])
                self._write(part, tables[name], pieces, of_all | {"files": {paths[name].name: tables[name]}})
            self._write_events(parts[-2], events, of_all | {"files": {}})
            parts[-1].write_text(f"{as_json(of_all)}\n", encoding="utf-8")
        return [*paths.values(), described]

    def _open(self, path: Path, headings: Sequence[Heading], about: Mapping[str, Any]) -> TableFile:
        return CsvFile(path, headings) if self._kind == "csv" else ParquetFile(path, headings, about)

    def _write(
        self, path: Path, table: Mapping[str, Any], pieces: Iterator[tuple[Floats, Floats]], about: Mapping[str, Any]
    ) -> None:
        columns = table["columns"]
        headings = LONG if self._long else (TIME, *(Heading(column["name"], column["unit"]) for column in columns))
        texts = [[column[name] for column in columns] for name in ("signal", "side", "unit")]
        with closing(self._open(path, headings, about)) as file:
            for time_s, values in pieces:
                if self._long:
                    repeated: list[Floats | list[str]] = [text * len(values) for text in texts]
                    file.write([np.repeat(time_s, len(columns)), *repeated, values.ravel()])
                else:
                    file.write([time_s, *values.T])

    def _write_events(self, path: Path, events: Sequence[Event], about: Mapping[str, Any]) -> None:
        with closing(self._open(path, EVENTS, about)) as file:
            numbers = [np.array([getattr(event, heading.name) for event in events], np.float64) for heading in EVENTS[:2]]
            file.write([*numbers, *([str(getattr(event, heading.name)) for event in events] for heading in EVENTS[2:])])


def _samples(recording: Recording, name: str) -> Iterator[tuple[Floats, Floats]]:
    """Yield times (n,) and signals (n, columns) of the samples of a stream that there are."""
    signals, clock, start_s = signals_of(recording.rig, name), recording.streams[name].clock, recording.start_s
    for stretch in recording.stretches(name, PIECE):
        time_s = clock.host_s(stretch.first_index + np.arange(len(stretch.samples))) - start_s
        yield time_s, signals.of(stretch.samples.astype(np.float64))


def _pieces(frames: Frames) -> Iterator[tuple[Floats, Floats]]:
    for first in range(0, len(frames.time_s), PIECE):
        yield np.asarray(frames.time_s[first : first + PIECE]), np.asarray(frames.frames[first : first + PIECE])


def _of_stream(recording: Recording, name: str) -> dict[str, Any]:
    """Return what is to be known of a stream's table."""
    recorded = recording.streams[name]
    before = recorded.gaps["index"] - recorded.gaps["missing"]
    return {
        "what": f"raw samples of the stream {name}, in physical units",
        "nominal_rate_hz": recorded.stream.rate_hz,
        "measured_rate_hz": recorded.clock.rate_hz,
        "sync": str(recorded.clock.level),
        "rows": recorded.rows,
        "gaps": [
            {"row": int(gap["row"]), "at_s": float(at_s), "missing": int(gap["missing"])}
            for gap, at_s in zip(recorded.gaps, recorded.clock.host_s(before) - recording.start_s, strict=True)
        ],
        "columns": [
            {"name": c.name, "signal": c.signal, "unit": c.unit, "side": c.side, "channel": c.channel, "about": c.about}
            for c in signals_of(recording.rig, name).columns
        ],
    }


def _of_frames(frames: Frames) -> dict[str, Any]:
    """Return what is to be known of a table of metrics."""
    each = zip(frames.columns, frames.units, frames.formula_ids, strict=True)
    return {
        "what": "metrics, one row for about 10 ms; time_s is that of the last sample",
        "rows": len(frames.time_s),
        "columns": [
            {"name": name, "signal": name, "unit": unit, "side": "", "formula_id": formula} for name, unit, formula in each
        ],
    }


def _about(recording: Recording, about: About, files: Mapping[str, Any], judged_by: Rig) -> dict[str, Any]:
    """Return whose recording it is, how it was made and judged, and the whole rig."""
    return {
        "recording": about.name,
        "recording_uuid": recording.uuid,
        "created_utc": None if about.anonymous else recording.created_utc,
        "complete": recording.complete,
        "seconds": recording.seconds,
        "software_version": about.software_version,
        "settings_sha256": about.settings_sha256,
        "lifter": about.lifter,
        "session": about.session,
        "task": about.task,
        "condition": about.condition,
        "number": about.number,
        "bar_kg": about.bar_kg,
        "body_weight_N": about.body_weight_N,
        "files": files,
        "rig": judged_by.model_dump(mode="json"),
    }
