"""TDMS files of LabVIEW and other programs of National Instruments: groups of channels, read by npTDMS.

Channels of a group that share rate, length and beginning are one stream. When rows were is told by a channel's waveform
properties (wf_increment, wf_start_time, wf_start_offset), or by a channel of times in its group. A file that was written to
several times keeps the latest beginning alone where properties are read; so earlier ones are looked for as well.
"""

from __future__ import annotations

import logging
import re
import struct
from dataclasses import dataclass
from importlib.util import find_spec
from io import SEEK_CUR, SEEK_END, SEEK_SET, BufferedReader, RawIOBase
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from acquisition.caveat import Caveat
from acquisition.formats.loggers.stream_caveats import times_uneven
from acquisition.formats.signal_file import Segment, SignalFile, SignalFileError, SignalStream
from acquisition.rig.units import seconds
from acquisition.timebase.row_times import NotEvenError, even_times, goes_back
from hardware.source import MOST_HZ

if TYPE_CHECKING:
    from pathlib import Path

    from hardware.arrays import Floats

MAGIC, INDEX_MAGIC = b"TDSm", b"TDSh"
LEAD_IN = struct.Struct("<4slLQQ")
BIG_ENDIAN = 1 << 6
UNFINISHED = (1 << 64) - 1
MOST_METADATA = 1 << 24
START = re.compile(rb"wf_start_time(?:\x44\0\0\0|\0\0\0\x44)(.{16})", re.DOTALL)
MOST_BEGINNINGS = 100
SCALES = {
    *("Polynomial", "Linear", "RTD", "Strain", "Table", "Thermistor", "Thermocouple", "Add", "Subtract", "AdvancedAPI"),
}
"""Kinds of scales that npTDMS knows; values of others it leaves as they are."""
SCALE_KIND = re.compile(r"NI_Scale\[\d+\]_Scale_Type")
TIME_NAME = re.compile(r"(time|zeit|temps|tiempo|tempo|tijd|t)\b", re.IGNORECASE)
NOT_TIMED = "channel_not_placed"
YEAR_1971_S = 365 * 86400.0
"""Beginnings before it are those of clocks that were never set."""


@dataclass(frozen=True, slots=True)
class _Timing:
    """When the rows of a channel were: `starts` are first rows and their times in s, of the calendar where they are `dated`."""

    rate_hz: float
    starts: tuple[tuple[int, float], ...]
    dated: bool


def read_tdms(path: Path) -> SignalFile:
    """Read the channels of numbers of a TDMS file, scaled, from the first of them on, at 0 s; raises SignalFileError."""
    if find_spec("nptdms") is None:
        raise SignalFileError(f"{path} needs the package npTDMS: install it with 'pip install squatscope[formats]'.")
    from nptdms.log import log_manager

    level = log_manager.log_level
    log_manager.set_level(logging.CRITICAL + 1)  # what it would say is said by caveats
    try:
        with path.open("rb") as file:
            return _read(path, file)
    except FileNotFoundError:
        raise SignalFileError(f"There is no file {path}.") from None
    except OSError as error:
        raise SignalFileError(f"{path} can't be read: {error.strerror or error}.") from error
    except MemoryError:
        raise SignalFileError(f"{path} needs more memory than there is here; import it on a larger computer.") from None
    except SignalFileError:
        raise
    except Exception as error:  # whatever npTDMS says, the file is not what it should be
        raise SignalFileError(
            f"{path} is a damaged TDMS file: npTDMS can't read it ({error or type(error).__name__})."
        ) from error
    finally:
        log_manager.set_level(level)


def _read(path: Path, file: BinaryIO) -> SignalFile:
    from nptdms import TdmsFile

    magic = file.read(4)
    if magic == INDEX_MAGIC:
        raise SignalFileError(f"{path} is the index of a TDMS file, without data: give the .tdms file beside it.")
    if magic != MAGIC:
        raise SignalFileError(f"{path} is no TDMS file: {'it does not begin with TDSm' if magic else 'it is empty'}.")
    caveats: list[Caveat] = []
    beginnings = _beginnings(file, caveats)
    file.seek(0)
    with TdmsFile.open(file) as tdms:
        size = file.seek(0, SEEK_END)
        channels = [channel for group in tdms.groups() for channel in group.channels()]
        if (values := sum(map(len, channels))) > size:
            raise SignalFileError(
                f"{path} is damaged: it says that it has {values} values, and the whole file has {size} bytes."
            )
        cut = bool(tdms.file_status.incomplete_final_segment)
        if cut:
            sentence = "The file was not finished, or is cut short: its last part is read as far as it goes."
            caveats.append(Caveat("incomplete", "recording", {}, sentence))
        signals = [channel for channel in channels if _is_signal(channel, caveats)]
        times = {channel.path: channel for channel in channels if _unit_s(channel) is not None}
        timings = {channel.path: _timing(channel, times, channels, beginnings, caveats) for channel in signals}
        kept = [channel for channel in signals if timings[channel.path] is not None]
        if not kept:
            raise SignalFileError(_without_times(path, signals, caveats))
        streams = _streams(tdms, kept, timings, cut)
    _say_undated(timings, caveats)
    for channel in kept:
        if not _scale_is_known(channel):
            sentence = f"The channel {channel.name!r} stays as it was acquired, without a unit: npTDMS does not know its scale."
            caveats.append(Caveat("codes_kept", channel.name, {}, sentence))
    return SignalFile(path, tuple(streams), tuple(caveats))


def _is_signal(channel: Any, caveats: list[Caveat]) -> bool:  # noqa: ANN401
    """Return whether a channel holds numbers, and say why where it does not; times are used as such."""
    if not len(channel):
        why = "holds no value"
    elif channel.dtype.kind in "biuf":
        return True
    else:
        why = {"M": "holds times", "c": "holds complex numbers"}.get(channel.dtype.kind, "holds texts")
    caveats.append(_left_out(channel, why))
    return False


def _unit_s(channel: Any) -> float | None:  # noqa: ANN401
    """Return how many s the unit of a channel of times is, None where a channel is none."""
    if not len(channel) or channel.dtype.kind == "M":
        return 1.0 if len(channel) else None
    if channel.dtype.kind not in "iuf" or not TIME_NAME.match(channel.name):
        return None
    return seconds(_unit(channel) or "s")


def _unit(channel: Any) -> str:  # noqa: ANN401
    properties = channel.properties
    return str(properties.get("unit_string") or properties.get("NI_UnitDescription") or "").strip()


def _timing(
    channel: Any,  # noqa: ANN401
    times: dict[str, Any],
    channels: list[Any],
    beginnings: list[dict[str, tuple[int, float]]],
    caveats: list[Caveat],
) -> _Timing | None:
    """Return when the rows of a channel were, by its waveform properties, or by the channel of times before it."""
    increment = channel.properties.get("wf_increment")
    if isinstance(increment, int | float) and 1.0 / MOST_HZ <= increment < float("inf"):
        offset = channel.properties.get("wf_start_offset", 0.0)
        offset_s = float(offset) if isinstance(offset, int | float) and np.isfinite(offset) else 0.0
        timing = _by_beginnings(channel, 1.0 / float(increment), offset_s, beginnings)
    elif channel.path in times:
        return None
    else:
        before = None
        for other in channels:
            if other.group_name == channel.group_name and other.path in times and len(other) == len(channel):
                before = other if before is None or channels.index(other) < channels.index(channel) else before
        if before is None:
            caveats.append(_left_out(channel, "does not say when its rows were"))
            return None
        try:
            even = even_times(_seconds(before))
        except NotEvenError as error:
            caveats.append(_left_out(channel, f"can't be timed by the times of {before.name!r}: {error}", NOT_TIMED))
            return None
        said = times_uneven(f"{before.group_name}/{before.name}", even)
        caveats += [caveat for caveat in said if caveat not in caveats]
        timing = _Timing(even.rate_hz, tuple(zip(even.first_rows, even.starts_s, strict=True)), before.dtype.kind == "M")
    if goes_back([row for row, _ in timing.starts], [start_s for _, start_s in timing.starts], timing.rate_hz):
        caveats.append(_left_out(channel, "can't be timed: a part of it begins before the part until then ends", NOT_TIMED))
        return None
    return timing


def _left_out(channel: Any, why: str, kind: str = "channel_left_out") -> Caveat:  # noqa: ANN401
    name = f"{channel.group_name}/{channel.name}"
    return Caveat(kind, name, {"rows": float(len(channel))}, f"The channel {name!r} {why}; it is left out.")


def _seconds(channel: Any) -> Floats:  # noqa: ANN401
    values = channel[:]
    if channel.dtype.kind != "M":
        return np.asarray(values, dtype=np.float64) * (_unit_s(channel) or 1.0)
    return np.where(np.isnat(values), np.nan, values.astype("M8[us]").astype(np.float64) / 1e6)


def _by_beginnings(
    channel: Any,  # noqa: ANN401
    rate_hz: float,
    offset_s: float,
    beginnings: list[dict[str, tuple[int, float]]],
) -> _Timing:
    """Return the timing of a channel from the beginnings that the file had in turn: (rows so far, start in s) of each."""
    starts: list[tuple[int, float]] = []
    first = 0
    for state in beginnings:
        rows, start_s = state.get(channel.path, (0, float("nan")))
        if rows <= first:
            continue
        due = starts[-1][1] + (first - starts[-1][0]) / rate_hz if starts else float("nan")
        if not starts or (np.isfinite(start_s) and not abs(start_s + offset_s - due) < 0.5 / rate_hz):
            starts.append((first, start_s + offset_s))
        first = rows
    dated = bool(starts) and bool(np.isfinite(starts[0][1]))
    return _Timing(rate_hz, tuple(starts) if dated else ((0, offset_s),), dated)


def _beginnings(file: BinaryIO, caveats: list[Caveat]) -> list[dict[str, tuple[int, float]]]:
    """Return rows and beginning of each channel, before each part that has another wf_start_time, and at the end."""
    ends: list[int] = []
    seen: set[bytes] = set()
    position = 0
    size = file.seek(0, SEEK_END)
    while position + LEAD_IN.size <= size:
        file.seek(position)
        lead = file.read(LEAD_IN.size)
        tag, toc, _, following, raw = LEAD_IN.unpack(lead)
        if toc & BIG_ENDIAN:
            following, raw = struct.unpack(">QQ", lead[12:])
        if tag != MAGIC:
            break
        found = set(START.findall(file.read(min(raw, MOST_METADATA))))
        if position and found - seen:
            ends.append(position)
        seen |= found
        if following == UNFINISHED:
            break
        position += LEAD_IN.size + following
    if len(ends) > MOST_BEGINNINGS:
        sentence = (
            f"The file names {len(ends) + 1} beginnings, which are too many to follow: its rows are taken as one stretch."
        )
        caveats.append(Caveat("losses_unknown", "recording", {"beginnings": float(len(ends) + 1)}, sentence))
        return [_state(file, ends[0])]
    return [_state(file, end) for end in [*ends, size]]


def _state(file: BinaryIO, end: int) -> dict[str, tuple[int, float]]:
    """Return rows and beginning of each channel, by the file up to a byte."""
    from nptdms import TdmsFile

    tdms = TdmsFile.read_metadata(BufferedReader(_Until(file, end)))
    state = {}
    for group in tdms.groups():
        for channel in group.channels():
            start = channel.properties.get("wf_start_time")
            start_s = start.astype("M8[us]").astype(np.float64) / 1e6 if isinstance(start, np.datetime64) else float("nan")
            state[channel.path] = (len(channel), start_s if start_s > YEAR_1971_S else float("nan"))
    return state


class _Until(RawIOBase):
    """A file up to a byte of it, as if it ended there."""

    def __init__(self, file: BinaryIO, end: int) -> None:
        super().__init__()
        self._file, self._end, self._at = file, end, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = SEEK_SET, /) -> int:
        self._at = offset + {SEEK_SET: 0, SEEK_CUR: self._at, SEEK_END: self._end}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401
        view = memoryview(buffer).cast("B")
        self._file.seek(self._at)
        content = self._file.read(max(0, min(len(view), self._end - self._at)))
        view[: len(content)] = content
        self._at += len(content)
        return len(content)


def _streams(tdms: Any, channels: list[Any], timings: dict[str, _Timing | None], cut: bool) -> list[SignalStream]:  # noqa: ANN401
    """Return a stream for the channels of each group that were sampled together; of a cut file, as far as all of them go."""
    together: dict[tuple[str, _Timing | None, int], list[Any]] = {}
    for channel in channels:
        key = (channel.group_name, timings[channel.path], 0 if cut else len(channel))
        together.setdefault(key, []).append(channel)
    columns, arrays = {}, []
    for members in together.values():
        arrays.append(np.full((min(map(len, members)), len(members)), np.nan))
        columns.update({channel.path: (arrays[-1], at) for at, channel in enumerate(members)})
    _fill(tdms, channels, columns)
    names = [group for group, _, _ in together]
    first_s = min((timing.starts[0][1] for timing in timings.values() if timing and timing.dated), default=0.0)
    streams = []
    for (group, timing, _), members, samples in zip(together, together.values(), arrays, strict=True):
        if timing is None or not len(samples):
            continue
        name = group if names.count(group) == 1 else f"{group} ({members[0].name})"
        zero_s = first_s if timing.dated else 0.0
        segments = tuple(Segment(row, start_s - zero_s) for row, start_s in timing.starts if row < len(samples))
        labels = [channel.name for channel in members]
        units = [_unit(channel) if _scale_is_known(channel) else "" for channel in members]
        streams.append(SignalStream(name, timing.rate_hz, labels, units, samples, segments))
    return streams


def _fill(tdms: Any, channels: list[Any], columns: dict[str, tuple[Floats, int]]) -> None:  # noqa: ANN401
    """Read the file once, piece by piece, into the columns of its channels."""
    for piece in tdms.data_chunks():
        for channel in channels:
            values = piece[channel.group_name][channel.name]
            samples, at = columns[channel.path]
            rows = min(len(values), len(samples) - values.offset)
            if rows > 0:
                samples[values.offset : values.offset + rows, at] = values[:rows]


def _scale_is_known(channel: Any) -> bool:  # noqa: ANN401
    kinds = [kind for key, kind in channel.properties.items() if SCALE_KIND.fullmatch(key)]
    return channel.properties.get("NI_Scaling_Status") == "scaled" or all(kind in SCALES for kind in kinds)


def _say_undated(timings: dict[str, _Timing | None], caveats: list[Caveat]) -> None:
    known = [timing for timing in timings.values() if timing is not None]
    undated = sum(not timing.dated for timing in known)
    if undated and undated < len(known):
        sentence = f"{undated} channels do not say when they began; they are timed as if they had begun with the first of all."
        caveats.append(Caveat("start_unknown", "recording", {"channels": float(undated)}, sentence))


def _without_times(path: Path, signals: list[Any], caveats: list[Caveat]) -> str:
    if not signals:
        return f"{path} holds no channel of numbers."
    untimed = [caveat.sentence for caveat in caveats if caveat.id == NOT_TIMED]
    if untimed:
        return f"{path} holds no channel that can be timed. {untimed[-1]}"
    first = signals[0]
    return (
        f"{path} does not say when its rows were: {first.group_name}/{first.name} has no wf_increment, and its group no "
        "channel of times of the same length. Write it as waveforms, or with a channel named Time in s."
    )
