"""Raw text of the OpenBCI GUI: lines of a header that begin with %, then a row of numbers for each sample.

The first column counts samples and comes round, EXG channels follow in uV, then those of the accelerometer and others, and the
time at which the row came to the computer. Newer programs name the columns, older ones do not. Rows come in clumps, so the
counter and not their times tell what was lost, but for whole rounds of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, TextIO

import numpy as np

from acquisition.caveat import Caveat
from acquisition.formats.loggers.stream_caveats import rate_differs
from acquisition.formats.loggers.text_rows import RowForm, is_number, lines_not_read, row_chunks
from acquisition.formats.signal_file import Segment, SignalFile, SignalFileError, SignalStream
from acquisition.timebase.row_counters import CounterError, RowNumbers, by_times, row_numbers
from acquisition.timebase.row_times import agrees, first_period, fitted_period
from hardware.source import MOST_HZ

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from hardware.arrays import Floats

NAME = "openbci"
ROUNDS = (101, 128, 201, 256)
"""Where sample indices come round: a Ganglion's by its firmware, a Cyton's at 256, with a Daisy in steps of two."""
BOARD_HZ = {"Ganglion": 200.0, "Daisy": 125.0, "Cyton": 250.0}
CHANNELS_OF_COLUMNS = {7: 4, 11: 8, 19: 16}
"""EXG channels by the columns between index and time, three of which are the accelerometer's."""
NOT_USED = re.compile(r"other|not used|timestamp|sample index", re.IGNORECASE)
DAY_S = 86400.0
SET_BACK_S = 0.5
STRAY_S = 1.0
MILLISECONDS = 1e11
"""Times since 1970 that are larger than this are in ms."""


@dataclass(slots=True)
class _Layout:
    """Which column is what, from 0; `used` are those of channels. `comma`: numbers have a decimal comma."""

    columns: int
    used: list[int]
    labels: list[str]
    units: list[str]
    stamp: int | None
    clock: int | None
    comma: bool


def read_openbci(path: Path) -> SignalFile:
    """Read a raw text file of the OpenBCI GUI, EXG in uV, the first row at 0 s; raises SignalFileError."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            header, names, first, number = _header(path, file)
            layout = _layout(path, header, names, first)
            index, samples, times, caveats = _rows(path, chain([first], file), layout, number)
    except FileNotFoundError:
        raise SignalFileError(f"There is no file {path}.") from None
    except OSError as error:
        raise SignalFileError(f"{path} can't be read: {error.strerror or error}.") from error
    except MemoryError:
        raise SignalFileError(f"{path} needs more memory than there is here; import it on a larger computer.") from None
    if len(index) < 2:
        raise SignalFileError(f"{path} holds {len(index)} rows, and two are needed.")
    if not np.isfinite(index).all():
        raise SignalFileError(f"{path} has rows without a sample index.")
    try:
        counted = row_numbers(np.rint(index).astype(np.int64), ROUNDS)
    except CounterError as error:
        raise SignalFileError(f"{path} has a sample index that can't be used: {error}.") from error
    counted, rate_hz = _timed(path, header, counted, times, caveats)
    segments = tuple(Segment(row, float(counted.numbers[row]) / rate_hz) for row in counted.first_rows())
    stream = SignalStream(NAME, rate_hz, layout.labels, layout.units, samples, segments)
    return SignalFile(path, (stream,), tuple(caveats))


def _header(path: Path, file: TextIO) -> tuple[dict[str, str], list[str], str, int]:
    """Return what the header says, the names of columns if it has some, and the first row with the number of its line."""
    first = file.readline(1 << 16)
    if not first.startswith("%OpenBCI"):
        raise SignalFileError(f"{path} is no raw text of the OpenBCI GUI: its first line does not begin with %OpenBCI.")
    header, names, number = {}, [], 1
    for number, line in enumerate(file, 2):
        if line.startswith("%"):
            key, _, value = line[1:].partition("=")
            header[key.strip().lower()] = value.strip()
        elif line.strip() and line.lstrip()[:1].isalpha():
            names = [cell.strip() for cell in line.split(",")]
        elif line.strip():
            return header, names, line, number
    raise SignalFileError(f"{path} holds no rows: it ends after {number} lines of header.")


def _number(text: str) -> float | None:
    """Return the first number of a text, with a decimal point or comma."""
    found = re.match(r"\s*([0-9]+(?:[.,][0-9]+)?)", text)
    return float(found[1].replace(",", ".")) if found else None


def _layout(path: Path, header: dict[str, str], names: list[str], first: str) -> _Layout:
    """Return which column is what, by the names, or by the header and the first row."""
    cells = [cell.strip() for cell in re.split(r",\s+", first.strip())]
    comma = len(cells) > 1 and any(re.fullmatch(r"-?\d+,\d+(e-?\d+)?", cell, re.IGNORECASE) for cell in cells)
    if not comma:
        cells = [cell.strip() for cell in first.strip().split(",")]
    if names and len(names) != len(cells):
        raise SignalFileError(f"{path} names {len(names)} columns, and its first row has {len(cells)}; export it once more.")
    clock = next((at for at, cell in enumerate(cells) if re.search(r"\d:\d\d:\d\d", cell)), None)
    stamps = [at for at, cell in enumerate(cells) if at and (_number(cell) or 0.0) > 1e9]
    if names:
        stamps = [at for at, name in enumerate(names) if name.lower() == "timestamp"]
        used = [
            at
            for at, name in enumerate(names)
            if not NOT_USED.match(name) and is_number(cells[at].replace(",", ".") if comma else cells[at])
        ]
        labels = [names[at] for at in used]
    else:
        ends = [at for at in (clock, *stamps) if at is not None]
        used = list(range(1, min(ends, default=len(cells))))
        said = _number(header.get("number of channels", ""))
        channels = int(said) if said else CHANNELS_OF_COLUMNS.get(len(used), 0)
        if not 1 <= channels <= len(used):
            raise SignalFileError(
                f"{path} has {len(used)} columns between index and time, and its header does not say how many of them are "
                "channels: add a line '%Number of channels = 8' to it."
            )
        labels = [f"EXG Channel {at}" for at in range(channels)]
        others = len(used) - channels
        labels += [f"Accel Channel {at}" for at in range(3 if others >= 3 else 0)]
        labels += [f"Aux Channel {at}" for at in range(len(used) - len(labels))]
    if not used:
        raise SignalFileError(f"{path} has no column of a channel.")
    units = ["uV" if "EXG" in label.upper() else "g" if label.lower().startswith("accel") else "" for label in labels]
    return _Layout(len(cells), used, labels, units, stamps[0] if stamps else None, clock, comma)


def _rows(path: Path, lines: Iterable[str], layout: _Layout, number: int) -> tuple[Floats, Floats, Floats, list[Caveat]]:
    """Read all rows: their sample index, their channels, when they came, and which lines hold none."""
    read = (0, *layout.used, *([layout.stamp] if layout.stamp is not None else []))
    index, samples, times, bad, count = [], [], [], [], 0
    for chunk in row_chunks(lines, RowForm(layout.columns, read, decimal_comma=layout.comma), number):
        index.append(chunk.table[:, 0])
        samples.append(chunk.table[:, 1 : 1 + len(layout.used)])
        times.append(_times(chunk.table, chunk.lines, layout))
        bad += chunk.bad
        count += chunk.count
    caveats = lines_not_read(path, NAME, bad, count, layout.columns)
    return np.concatenate(index), np.concatenate(samples), np.concatenate(times), caveats


def _times(table: Floats, lines: list[str], layout: _Layout) -> Floats:
    """Return when rows came, in s; NaN where a row does not tell."""
    if layout.stamp is not None:
        stamps = table[:, -1]
        return np.where(stamps > MILLISECONDS, stamps / 1000.0, stamps)
    if layout.clock is None:
        return np.full(len(table), np.nan)
    found = [line.split(",")[layout.clock].split() for line in lines]
    return np.array([_seconds(cell[-1]) if cell else np.nan for cell in found])


def _seconds(clock: str) -> float:
    try:
        hours, minutes, seconds = clock.split(":")
        return 3600.0 * int(hours) + 60.0 * int(minutes) + float(seconds)
    except ValueError:
        return float("nan")


def _since_first(times: Floats) -> tuple[Floats, list[float]]:
    """Return times since the first row, going on at midnight and where the clock was set back; and by how much it was.

    A single time that is far from those of the rows around it is that of the row before.
    """
    times = times.copy()
    around, into = abs(times[2:] - times[:-2]), abs(times[1:-1] - times[:-2])
    stray = np.flatnonzero((into > STRAY_S) & (around < STRAY_S)) + 1
    times[stray] = times[stray - 1]
    steps = np.diff(times, prepend=times[:1])
    steps[steps < -DAY_S / 2] += DAY_S
    back = np.flatnonzero(steps < -SET_BACK_S)
    jumps_s = steps[back].tolist()
    steps[back] = 0.0
    return np.cumsum(steps), jumps_s


def _timed(
    path: Path, header: dict[str, str], counted: RowNumbers, times: Floats, caveats: list[Caveat]
) -> tuple[RowNumbers, float]:
    """Return the numbers of the rows as counter and times tell them, and the rate."""
    board = header.get("board", "")
    said_hz = _number(header.get("sample rate", "")) or next((hz for name, hz in BOARD_HZ.items() if name in board), 0.0)
    times, jumps_s = _since_first(times)
    span_s = float(times[-1]) if np.isfinite(times).all() else 0.0
    if span_s <= 0.0:
        if not said_hz:
            raise SignalFileError(
                f"{path} says no sample rate, and its rows have no times: add a line '%Sample Rate = 250 Hz' to it."
            )
        sentence = "The rows have no times that can be read: losses of whole rounds of the sample index can't be told."
        caveats.append(Caveat("losses_unknown", NAME, {"round_rows": float(counted.round_rows)}, sentence))
        return counted, said_hz
    period_s, doubt, timed = first_period(counted.numbers.astype(np.float64), times, said_hz), 1.0, counted
    if not period_s > 1.0 / MOST_HZ:
        raise SignalFileError(f"The times of the rows in {path} do not go forwards as those of a device do.")
    for _ in range(2):
        timed = by_times(counted, times, 1.0 / period_s)
        firsts = sorted({0, *timed.restarts, *(row for row, _ in timed.jumps)})
        period_s, doubt = fitted_period(timed.numbers.astype(np.float64), times, period_s, firsts)
    rate_hz = 1.0 / period_s
    if said_hz and agrees(rate_hz, said_hz, doubt, len(times)):
        rate_hz = said_hz
    caveats += rate_differs(NAME, said_hz, rate_hz, doubt)
    if timed.restarts:
        sentence = f"The sample index began anew {len(timed.restarts)} times; what follows is numbered by the computer's times."
        caveats.append(Caveat("clock_reset", NAME, {"resets": float(len(timed.restarts))}, sentence))
    if jumps_s := [*jumps_s, *(by_s for _, by_s in timed.jumps)]:
        most_s = max(jumps_s, key=abs)
        sentence = (
            f"The computer's clock was set {len(jumps_s)} times, by {most_s:+.1f} s at most, while the sample index went on; "
            "the index was followed."
        )
        caveats.append(Caveat("clock_set", NAME, {"most_s": most_s}, sentence))
    return timed, rate_hz
