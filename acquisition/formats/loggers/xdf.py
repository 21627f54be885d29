"""XDF files: streams of the lab streaming layer, as LabRecorder writes them, on the recorder's time.

pyxdf does the reading, and brings each stream to the recorder's clock by the offsets that were measured meanwhile. It believes
lengths, reads what is cut off as if it were there, and its smoothing of times joins what was lost; so the file's chunks are
walked first, and even stretches are found here.
"""

from __future__ import annotations

import logging
import struct
from collections import Counter
from dataclasses import dataclass, field
from importlib.util import find_spec
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO
from xml.etree import ElementTree

import numpy as np

from acquisition.caveat import Caveat
from acquisition.formats.loggers.stream_caveats import rate_differs, times_uneven
from acquisition.formats.signal_file import Segment, SignalFile, SignalFileError, SignalStream
from acquisition.timebase.row_times import NotEvenError, even_times, goes_back
from hardware.source import MOST_HZ

if TYPE_CHECKING:
    from pathlib import Path

MAGIC = b"XDF:"
GZIP = b"\x1f\x8b"
HEADER, SAMPLES, OFFSET, FOOTER = 2, 3, 4, 6
VALUE_BYTES = {"float32": 4, "double64": 8, "int8": 1, "int16": 2, "int32": 4, "int64": 8}
LENGTHS = {1: "<B", 4: "<I", 8: "<Q"}
MOST_CHANNELS = 4096


@dataclass(slots=True)
class _Stream:
    """A stream by its header, how many rows and clock offsets the chunks hold, and whether its end was written."""

    info: ElementTree.Element
    name: str
    kind: str
    channels: int
    rate_hz: float
    value_bytes: int
    rows: int = 0
    offsets: int = 0
    ended: bool = False


@dataclass(slots=True)
class _Chunks:
    """What a file's chunks hold; those after `end` are damaged or cut off, where that is not the file's size."""

    end: int
    size: int
    streams: dict[int, _Stream] = field(default_factory=dict)


def read_xdf(path: Path) -> SignalFile:
    """Read the evenly sampled streams of an XDF file, in s of the recorder's clock; raises SignalFileError."""
    if find_spec("pyxdf") is None:
        raise SignalFileError(f"{path} needs the package pyxdf: install it with 'pip install squatscope[formats]'.")
    try:
        with path.open("rb") as file:
            chunks = _walked(path, file)
            caveats = _cut_short(path, chunks)
            names = _names(chunks.streams, caveats)
            wanted = [number for number, stream in chunks.streams.items() if _is_signal(stream, names[number], caveats)]
            found = _read(path, file, chunks, wanted) if wanted else []
    except FileNotFoundError:
        raise SignalFileError(f"There is no file {path}.") from None
    except OSError as error:
        raise SignalFileError(f"{path} can't be read: {error.strerror or error}.") from error
    except MemoryError:
        need = sum(stream.rows * stream.channels for stream in chunks.streams.values()) * 8 / 1e9
        raise SignalFileError(
            f"{path} needs more memory than there is here: its signals alone are {need:.1f} GB; import it on a larger computer."
        ) from None
    streams = []
    several = len(wanted) > 1
    while found:
        number, data = found.pop(0)
        stream = _signal_stream(chunks.streams[number], names[number], data, several, caveats)
        if stream is not None:
            streams.append(stream)
    if not streams:
        why = " ".join(caveat.sentence for caveat in caveats)
        raise SignalFileError(f"{path} holds no stream of evenly sampled numbers. {why}".rstrip())
    return SignalFile(path, tuple(streams), tuple(caveats))


def _walked(path: Path, file: BinaryIO) -> _Chunks:
    """Walk through all chunks, without their samples, to where the first is damaged or cut off."""
    size = file.seek(0, 2)
    file.seek(0)
    magic = file.read(4)
    if magic[:2] == GZIP:
        raise SignalFileError(f"{path} is packed with gzip: unpack it first, with 'gunzip'.")
    if magic != MAGIC:
        raise SignalFileError(f"{path} is no XDF file: {'it is empty' if not size else 'it does not begin with XDF:'}.")
    chunks = _Chunks(4, size)
    while chunks.end < size:
        try:
            length = _length(file)
            begin = file.tell()
            if length < 2 or begin + length > size:
                break
            (tag,) = struct.unpack("<H", file.read(2))
            if tag in (HEADER, SAMPLES, OFFSET, FOOTER):
                (number,) = struct.unpack("<I", file.read(4))
                if tag == HEADER:
                    chunks.streams[number] = _header(file.read(length - 6))
                elif tag == SAMPLES:
                    _count_samples(file, chunks.streams[number], begin + length)
                elif tag == OFFSET:
                    if length < 22:
                        break
                    chunks.streams[number].offsets += 1
                else:
                    chunks.streams[number].ended = True
        except (struct.error, KeyError, ValueError, TypeError, ElementTree.ParseError):
            break
        chunks.end = begin + length
        file.seek(chunks.end)
    return chunks


def _length(file: BinaryIO) -> int:
    """Read a number that is preceded by its own length in bytes."""
    form = LENGTHS[ord(file.read(1))]
    return int(struct.unpack(form, file.read(struct.calcsize(form)))[0])


def _header(content: bytes) -> _Stream:
    info = ElementTree.fromstring(content.decode("utf-8", "replace"))
    channels, rate_hz = int(info.findtext("channel_count", "")), float(info.findtext("nominal_srate", ""))
    if not 1 <= channels <= MOST_CHANNELS or not 0 <= rate_hz <= MOST_HZ:
        raise ValueError("no stream has so many channels, or such a rate")
    form = info.findtext("channel_format", "")
    if form != "string" and form not in VALUE_BYTES:
        raise ValueError("no stream has such values")
    return _Stream(
        info,
        (info.findtext("name") or "").strip(),
        (info.findtext("type") or "").strip(),
        channels,
        rate_hz,
        VALUE_BYTES.get(form, 0),
    )


def _count_samples(file: BinaryIO, stream: _Stream, end: int) -> None:
    """Count the rows of a chunk; raises ValueError where it says more of them than its bytes can hold."""
    rows = _length(file)
    least = rows * (1 + stream.channels * (stream.value_bytes or 2))
    if file.tell() + least > end or (stream.value_bytes and file.tell() + least + 8 * rows < end):
        raise ValueError("a chunk has other rows than it says")
    stream.rows += rows


def _cut_short(path: Path, chunks: _Chunks) -> list[Caveat]:
    left = chunks.size - chunks.end
    if not left:
        if all(stream.ended for stream in chunks.streams.values()):
            return []
        sentence = "The end of a stream was never written: the recorder was stopped, or the file is cut short."
        return [Caveat("incomplete", "recording", {"bytes_not_read": 0.0}, sentence)]
    if not any(stream.rows for stream in chunks.streams.values()):
        raise SignalFileError(f"{path} is damaged or cut short: nothing can be read after its first {chunks.end} bytes.")
    sentence = f"The file is damaged or cut short after {chunks.end} bytes; the {left} bytes that follow were not read."
    return [Caveat("incomplete", "recording", {"bytes_not_read": float(left)}, sentence)]


def _names(streams: dict[int, _Stream], caveats: list[Caveat]) -> dict[int, str]:
    """Return a name for each stream: its own, and what else tells it apart where several bear it."""
    names = {number: stream.name for number, stream in streams.items()}
    for name, count in Counter(names.values()).items():
        if count == 1:
            continue
        same = [number for number in streams if streams[number].name == name]
        for part in ("type", "source_id", "hostname"):
            told = [(streams[number].info.findtext(part) or "").strip() for number in same]
            if all(told) and len(set(told)) == count:
                break
        else:
            told = [str(number) for number in range(1, count + 1)]
        renamed = [f"{name} ({what})" for what in told]
        names.update(zip(same, renamed, strict=True))
        sentence = f"{count} streams bear the name {name!r}; they are told apart as {', '.join(map(repr, renamed))}."
        caveats.append(Caveat("streams_renamed", name, {"streams": float(count)}, sentence))
    return names


def _is_signal(stream: _Stream, name: str, caveats: list[Caveat]) -> bool:
    """Return whether a stream is one of evenly sampled numbers; say why where it is not."""
    if not stream.value_bytes:
        why = "holds texts (markers)"
    elif not stream.rate_hz:
        why = "has no sampling rate of its own (nominal_srate is 0)"
    elif stream.rows < 2:
        why = f"holds {stream.rows} samples"
    else:
        return True
    caveats.append(_left_out(name, stream.rows, why))
    return False


def _left_out(name: str, rows: int, why: str) -> Caveat:
    return Caveat("stream_left_out", name, {"rows": float(rows)}, f"The stream {name!r} {why}; it is left out.")


def _read(path: Path, file: BinaryIO, chunks: _Chunks, wanted: list[int]) -> list[tuple[int, dict[str, Any]]]:
    """Have pyxdf read the streams that are wanted, as far as the file is whole."""
    import pyxdf

    if not all(chunks.streams[number].name for number in wanted):
        raise SignalFileError(f"{path} has a stream without a name, which pyxdf can't read: name it in the XDF file.")
    file.seek(0)
    source = file if chunks.end == chunks.size else BytesIO(file.read(chunks.end))
    logger = logging.getLogger("pyxdf")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)  # what it would say is said by caveats
    try:
        streams, _ = pyxdf.load_xdf(source, wanted, dejitter_timestamps=False)
    except (MemoryError, OSError):
        raise
    except Exception as error:
        raise SignalFileError(
            f"{path} is a damaged XDF file: pyxdf can't read it ({error or type(error).__name__})."
        ) from error
    finally:
        logger.setLevel(level)
    return [(int(stream["info"]["stream_id"]), stream) for stream in streams]


def _signal_stream(
    stream: _Stream, name: str, data: dict[str, Any], several: bool, caveats: list[Caveat]
) -> SignalStream | None:
    """Return a stream on its even stretches; None, and why, where its times are not those of one."""
    times = np.asarray(data["time_stamps"], dtype=np.float64)
    resets = [first for first, _ in data["info"]["clock_segments"]][1:]
    try:
        even = even_times(times, stream.rate_hz, resets)
    except NotEvenError as error:
        caveats.append(_left_out(name, len(times), f"can't be timed: {error}"))
        return None
    if goes_back(even.first_rows, even.starts_s, even.rate_hz):
        caveats.append(_left_out(name, len(times), "can't be timed: its clock was set back, with no offset to mend it"))
        return None
    if resets:
        sentence = f"The clock of the stream {name!r} began anew {len(resets)} times; each time begins a segment of its own."
        caveats.append(Caveat("clock_reset", name, {"resets": float(len(resets))}, sentence))
    if not stream.offsets and several:
        sentence = f"No clock offsets of the stream {name!r} were recorded; it is timed by its own computer's clock."
        caveats.append(Caveat("no_clock_offsets", name, {}, sentence))
    caveats += rate_differs(name, stream.rate_hz, even.rate_hz, even.doubt) + times_uneven(name, even)
    labels, units = _channels(stream, name, caveats)
    segments = tuple(Segment(first, start) for first, start in zip(even.first_rows, even.starts_s, strict=True))
    samples = np.asarray(data.pop("time_series"), dtype=np.float64)
    return SignalStream(name, even.rate_hz, labels, units, samples, segments)


def _channels(stream: _Stream, name: str, caveats: list[Caveat]) -> tuple[list[str], list[str]]:
    """Return labels and units of a stream's channels, "" where its description has none."""
    described = stream.info.findall("desc/channels/channel")
    if described and len(described) != stream.channels:
        sentence = (
            f"The stream {name!r} describes {len(described)} channels and has {stream.channels}; its labels were not used, "
            "since nothing says which is whose."
        )
        values = {"described": float(len(described)), "channels": float(stream.channels)}
        caveats.append(Caveat("labels_unmatched", name, values, sentence))
        described = []
    labels = [(channel.findtext("label") or channel.findtext("name") or "").strip() for channel in described]
    units = [(channel.findtext("unit") or channel.findtext("units") or "").strip() for channel in described]
    return labels or [""] * stream.channels, units or [""] * stream.channels
