"""Plain tables: CSV and other text with a line of numbers a sample, whatever separates them, as any program writes them.

The header's labels, units and rate are taken as far as it says them; a map says the rest. A time column gives rate and gaps.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from acquisition.caveat import Caveat
from acquisition.formats.importing import STREAM
from acquisition.formats.signal_file import Segment, SignalFile, SignalFileError, SignalStream
from acquisition.formats.text.header import Header, header_of
from acquisition.formats.text.layout import layout_of
from acquisition.formats.text.lines import read_head
from acquisition.formats.text.numbers import read_numbers
from acquisition.formats.text.time_column import RowTimes, row_times
from acquisition.rig.units import seconds

if TYPE_CHECKING:
    from pathlib import Path

    from acquisition.formats.import_map import MapTable
    from hardware.arrays import Floats

TIME = re.compile(
    r"^(?:abs(?:olute)?[ _]?)?(?:time|times|t|zeit|temps|tempo|tiempo|timestamps?|seconds?|secs?)(?![A-Za-z0-9])", re.IGNORECASE
)
COUNTER = re.compile(r"^(?:frames?|samples?|index|nr|no|number|#)(?![A-Za-z])", re.IGNORECASE)
SLOWEST_HZ = 10.0
"""Slower than this no force plate or EMG is sampled; a time without a unit that says so is in ms (*design*)."""


def read_plain(path: Path, said: MapTable) -> SignalFile:
    """Read a table of numbers; raises SignalFileError where it is none, is damaged, or nothing tells its rate."""
    caveats: list[Caveat] = []
    head = read_head(path)
    layout = layout_of(head, said)
    header = header_of(head.lines, layout)
    values = read_numbers(path, layout, head.encoding, caveats)
    if said.labels:
        if len(said.labels) != values.shape[1]:
            raise SignalFileError(
                f"The map names {len(said.labels)} labels, and {path} has {values.shape[1]} columns of numbers; name each."
            )
        header = Header(said.labels, header.units, header.rate_hz)
    column = _time_column(path, header, values, said)
    times = _times(path, column, header, values, said, layout.first + 1, caveats)
    left = [c for c in range(values.shape[1]) if c != column and not (np.isnan(values[:, c]).all() and not header.labels[c])]
    labels = [header.labels[c] or f"column {c + 1}" for c in left]
    if not left:
        raise SignalFileError(f"{path} has a time column and nothing beside it.")
    text = layout.columns - len(layout.numeric)
    if text:
        sentence = f"{text} columns of text were left out."
        caveats.append(Caveat("columns_left_out", "recording", {"columns": float(text)}, sentence))
    stream = SignalStream(
        STREAM, times.rate_hz, labels, [header.units[c] for c in left], values[: times.rows, left], times.segments
    )
    return SignalFile(path, (stream,), tuple(caveats))


def _time_column(path: Path, header: Header, values: Floats, said: MapTable) -> int | None:
    """Return which column is the time: that which a person says, else the first by its label, or one without that counts up."""
    if said.time == "":
        return None
    if said.time is not None:
        if said.time not in header.labels:
            known = ", ".join(label for label in header.labels if label) or "none"
            raise SignalFileError(f"There is no column {said.time!r} in {path} to be its time; it has {known}.")
        return header.labels.index(said.time)
    labelled = next((c for c, label in enumerate(header.labels) if TIME.match(label)), None)
    if labelled is not None or header.labels[0] or values.shape[1] < 2 or len(values) < 3:
        return labelled
    steps = np.diff(values[:, 0])
    alike = np.abs(steps - np.median(steps)) <= 1e-3 * abs(np.median(steps))
    return 0 if 0 < np.median(steps) <= 1.0 / SLOWEST_HZ and alike.mean() > 0.9 else None


def _times(
    path: Path, column: int | None, header: Header, values: Floats, said: MapTable, line: int, caveats: list[Caveat]
) -> RowTimes:
    """Return rate and segments, by the map, the time column, or the header."""
    if column is not None:
        time_s = values[:, column] * _seconds(header, values[:, column], column, said, caveats)
        times = row_times(path, time_s, line, caveats)
        told = said.rate_hz or header.rate_hz
        if told is not None and abs(times.rate_hz / told - 1.0) > 1e-3:
            sentence = f"Its rate is said to be {told:g} Hz, and by its time column it is {times.rate_hz:g} Hz, which is taken."
            caveats.append(Caveat("rate_contradicts", "recording", {"said_hz": told, "rate_hz": times.rate_hz}, sentence))
        return times
    rate_hz = said.rate_hz or header.rate_hz
    if rate_hz is None:
        raise SignalFileError(
            f"{path} has no time column and names no rate; say it in a map file: table = {{ rate_hz = 1000.0 }}; "
            "squatscope propose-map begins one."
        )
    if said.rate_hz is None:
        sentence = f"It has no time column; its header says {rate_hz:g} samples per second."
        caveats.append(Caveat("rate_from_header", "recording", {"rate_hz": rate_hz}, sentence))
    counted = next((values[:, c] for c, label in enumerate(header.labels) if COUNTER.match(label)), None)
    if counted is not None and len(counted) > 1:
        steps = np.diff(counted)
        if np.median(steps) == 1.0 and (steps >= 1.0).all():
            return row_times(path, counted / rate_hz, line, caveats)
    return RowTimes(len(values), float(rate_hz), (Segment(0, 0.0),))


def _seconds(header: Header, time: Floats, column: int, said: MapTable, caveats: list[Caveat]) -> float:
    """Return what brings the time column to s."""
    words = re.findall(r"[a-zµμ]+", header.labels[column].lower())
    for word in (said.time_unit or header.units[column], *words[1:], *words[:1]):
        if (named := seconds(word)) is not None:
            return named
    step = float(np.nanmedian(np.diff(time))) if len(time) > 1 else 0.0
    in_ms = step > 1.0 / SLOWEST_HZ
    if not header.labels[column] or in_ms:
        what = (
            "The first column has no label and counts up evenly, so it"
            if not header.labels[column]
            else "Its time names no unit; it"
        )
        sentence = f"{what} is taken to be the time in {'ms' if in_ms else 's'}."
        caveats.append(Caveat("time_guessed", "recording", {"factor": 1e-3 if in_ms else 1.0}, sentence))
    return 1e-3 if in_ms else 1.0
