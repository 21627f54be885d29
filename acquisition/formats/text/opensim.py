"""OpenSim's files: .mot and .sto, and tables with the same header, whose labels follow a line `endheader`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from acquisition.caveat import Caveat
from acquisition.formats.importing import STREAM
from acquisition.formats.signal_file import SignalFile, SignalFileError, SignalStream
from acquisition.formats.text.header import header_of
from acquisition.formats.text.layout import layout_of
from acquisition.formats.text.lines import read_head
from acquisition.formats.text.numbers import read_numbers
from acquisition.formats.text.time_column import row_times

if TYPE_CHECKING:
    from pathlib import Path

    from acquisition.formats.import_map import MapTable

END = "endheader"
SETTING = re.compile(r"^\s*([A-Za-z]+)\s*[= \t]\s*(.*?)[\s,;]*$")


def ends_header(lines: list[str]) -> int | None:
    """Return the line, from 0, that ends OpenSim's header; None where there is none."""
    return next((i for i, line in enumerate(lines) if line.strip(" \t,;").lower() == END), None)


def read_opensim(path: Path, said: MapTable) -> SignalFile:
    """Read a .mot or .sto file; raises SignalFileError where it is none, is truncated, or holds no time."""
    caveats: list[Caveat] = []
    head = read_head(path)
    end = ends_header(head.lines)
    if end is None:
        raise SignalFileError(f"{path} is no file of OpenSim: no line of its header is {END!r}.")
    settings = {match[1].lower(): match[2] for line in head.lines[:end] if (match := SETTING.match(line))}
    if len(head.lines) < end + 3:
        raise SignalFileError(f"{path} holds no samples.")
    layout = layout_of(head, said)
    header = header_of(head.lines, layout)
    values = read_numbers(path, layout, head.encoding, caveats)
    if header.labels[0].lower() != "time":
        raise SignalFileError(f"The first column of {path} is {header.labels[0]!r}, and OpenSim's files begin with the time.")
    rows = settings.get("nrows", settings.get("datarows", ""))
    if rows.isdigit() and int(rows) > len(values):
        raise SignalFileError(f"{path} is truncated: it holds {len(values)} of {rows} rows.")
    if rows.isdigit() and int(rows) < len(values):
        sentence = f"Its header counts {rows} rows, and there are {len(values)}, which are read."
        caveats.append(Caveat("rows_miscounted", "recording", {"said": float(rows), "rows": float(len(values))}, sentence))
    times = row_times(path, values[:, 0], layout.first + 1, caveats)
    if not np.isfinite(values[:, 1:]).any():
        raise SignalFileError(f"{path} has a time column and nothing beside it.")
    units = header.units[1:]
    stream = SignalStream(STREAM, times.rate_hz, header.labels[1:], units, values[: times.rows, 1:], times.segments)
    return SignalFile(path, (stream,), tuple(caveats))
