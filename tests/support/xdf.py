"""A small XDF writer after the XDF 1.0 specification, which shares no code with the reader."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np

FORMATS = {"float32": "f", "double64": "d", "int8": "b", "int16": "h", "int32": "i", "int64": "q"}


def chunk(tag: int, content: bytes) -> bytes:
    length = len(content) + 2
    head = struct.pack("<BB", 1, length) if length < 256 else struct.pack("<BI", 4, length)
    return head + struct.pack("<H", tag) + content


def numbered(count: int) -> bytes:
    return struct.pack("<BB", 1, count) if count < 256 else struct.pack("<BI", 4, count)


@dataclass
class XdfStream:
    """A stream to write: `stamps_s` by its own clock, `offsets` as (time by its own clock, offset to the recorder's)."""

    name: str
    stamps_s: np.ndarray
    values: np.ndarray | list[list[str]]
    rate_hz: float = 100.0
    form: str = "double64"
    kind: str = "EMG"
    source: str = ""
    offsets: Sequence[tuple[float, float]] = ()
    labels: Sequence[str] | None = None
    units: Sequence[str] | None = None
    rows_a_chunk: int = 32
    implied: bool = False
    """Stamp only the first row of each chunk, as liblsl does; the others follow by the nominal rate."""
    header: dict[str, str] = field(default_factory=dict)

    def head(self, number: int) -> bytes:
        channels = len(self.values[0]) if len(self.values) else len(self.labels or [1])
        said = {
            "name": self.name,
            "type": self.kind,
            "channel_count": str(channels),
            "nominal_srate": repr(self.rate_hz),
            "channel_format": self.form,
            "source_id": self.source,
        } | self.header
        desc = ""
        if self.labels is not None:
            units = self.units or [""] * len(self.labels)
            rows = (
                f"<channel><label>{escape(label)}</label><unit>{escape(unit)}</unit></channel>"
                for label, unit in zip(self.labels, units, strict=True)
            )
            desc = f"<channels>{''.join(rows)}</channels>"
        xml = "".join(f"<{key}>{escape(value)}</{key}>" for key, value in said.items())
        text = f'<?xml version="1.0"?><info>{xml}<desc>{desc}</desc></info>'
        return chunk(2, struct.pack("<I", number) + text.encode())

    def body(self, number: int) -> list[bytes]:
        chunks = []
        for first in range(0, len(self.stamps_s), self.rows_a_chunk):
            rows = range(first, min(first + self.rows_a_chunk, len(self.stamps_s)))
            content = struct.pack("<I", number) + numbered(len(rows))
            for row in rows:
                stamped = not self.implied or row == first
                content += struct.pack("<Bd", 8, self.stamps_s[row]) if stamped else b"\0"
                for value in self.values[row]:
                    if self.form == "string":
                        content += numbered(len(str(value).encode())) + str(value).encode()
                    else:
                        content += struct.pack("<" + FORMATS[self.form], value)
            chunks.append(chunk(3, content))
        return chunks

    def foot(self, number: int) -> bytes:
        return chunk(6, struct.pack("<I", number) + f"<info><sample_count>{len(self.stamps_s)}</sample_count></info>".encode())


def write_xdf(path: Path, streams: Sequence[XdfStream], tail: bytes = b"") -> Path:
    """Write streams, numbered from 1; their chunks take turns, as they do where several are recorded."""
    parts = [b"XDF:", chunk(1, b'<?xml version="1.0"?><info><version>1.0</version></info>')]
    parts += [stream.head(number) for number, stream in enumerate(streams, 1)]
    bodies = [stream.body(number) for number, stream in enumerate(streams, 1)]
    for turn in range(max(map(len, bodies), default=0)):
        parts += [body[turn] for body in bodies if turn < len(body)]
    for number, stream in enumerate(streams, 1):
        parts += [chunk(4, struct.pack("<Idd", number, at, offset)) for at, offset in stream.offsets]
    parts += [stream.foot(number) for number, stream in enumerate(streams, 1)]
    path.write_bytes(b"".join(parts) + tail)
    return path
