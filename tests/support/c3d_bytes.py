"""C3D files taken apart to their bytes and put together again, with what ezc3d neither writes nor lets be wrong."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

INTEL, DEC, SGI = 84, 85, 86
ORDERS = {INTEL: "<", DEC: "<", SGI: ">"}


def dec(floats: NDArray[Any]) -> bytes:
    """Return numbers as DEC's F_floating: four times as large, the halves exchanged."""
    return (
        (np.asarray(floats, "<f4") * np.float32(4.0) + np.float32(0.0))
        .astype("<f4")
        .view("<u2")
        .reshape(-1, 2)[:, ::-1]
        .tobytes()
    )


@dataclass(slots=True)
class Parameter:
    """One parameter: its type (-1 text, 1 bytes, 2 integers, 4 floats), sizes, and values as little-endian bytes."""

    kind: int
    sizes: tuple[int, ...]
    content: bytes

    def numbers(self) -> NDArray[Any]:
        return np.frombuffer(self.content, {1: "u1", 2: "<i2", 4: "<f4"}[self.kind])


@dataclass(slots=True)
class C3DBytes:
    """A C3D file that came from Intel: header words, parameters by (group, name), and the data section."""

    header: bytearray
    groups: dict[str, int]
    parameters: dict[tuple[str, str], Parameter]
    data: bytes
    processor: int = INTEL
    ends_with_section: bool = field(default=False)

    @classmethod
    def read(cls, path: Path) -> C3DBytes:
        content = path.read_bytes()
        at = (content[0] - 1) * 512
        assert content[at + 3] == INTEL
        at += 4
        groups: dict[str, int] = {}
        found = []
        while content[at]:
            length, group = struct.unpack_from("bb", content, at)
            name = content[at + 2 : at + 2 + abs(length)].decode("latin-1").upper()
            link = at + 2 + abs(length)
            (step,) = struct.unpack_from("<H", content, link)
            if group < 0:
                groups[name] = -group
            else:
                kind, dimensions = struct.unpack_from("bB", content, link + 2)
                sizes = tuple(content[link + 4 : link + 4 + dimensions])
                start = link + 4 + dimensions
                count = int(np.prod([*sizes, 1]))
                found.append((group, name, Parameter(kind, sizes, content[start : start + abs(kind) * count])))
            if step == 0:
                break
            at = link + step
        names = {number: name for name, number in groups.items()}
        (data_block,) = struct.unpack_from("<H", content, 16)
        return cls(
            bytearray(content[:512]),
            groups,
            {(names[group], name): parameter for group, name, parameter in found},
            content[(data_block - 1) * 512 :],
        )

    def numbers(self, group: str, name: str, kind: int, values: object, sizes: tuple[int, ...] | None = None) -> None:
        """Set a parameter to numbers."""
        array = np.asarray(values, {1: "u1", 2: "<i2", 4: "<f4"}[kind])
        self.parameters[group, name] = Parameter(kind, array.shape if sizes is None else sizes, array.tobytes())

    def header_word(self, word: int, value: int) -> None:
        """Set the header's 16-bit word of this number, from 1."""
        struct.pack_into("<H", self.header, 2 * (word - 1), value)

    @property
    def stores_floats(self) -> bool:
        (scale,) = struct.unpack_from("<f", self.header, 12)
        return bool(scale < 0)

    def write(self, path: Path) -> Path:
        order = ORDERS[self.processor]
        section = bytearray([1, 0x50, 0, self.processor])
        for name, number in self.groups.items():
            section += struct.pack("bb", len(name), -number) + name.encode() + struct.pack(f"{order}H", 3) + b"\0"
        for (group, name), p in self.parameters.items():
            values = p.content
            if self.processor == SGI and p.kind in (2, 4):
                values = p.numbers().astype(f">{'i2' if p.kind == 2 else 'f4'}").tobytes()
            if self.processor == DEC and p.kind == 4:
                values = dec(p.numbers())
            body = struct.pack("bB", p.kind, len(p.sizes)) + bytes(p.sizes) + values + b"\0"
            last = self.ends_with_section and (group, name) == list(self.parameters)[-1]
            if last:  # fill the section to its last byte with the description, and point to nothing after it
                have = len(section) + 2 + len(name) + 2 + len(body)
                fill = -have % 512
                assert fill < 256, "give the file one more parameter to fill its section"
                body = body[:-1] + bytes([fill]) + b" " * fill
            section += struct.pack("bb", len(name), self.groups[group]) + name.encode()
            section += struct.pack(f"{order}H", 0 if last else 2 + len(body)) + body
        if not self.ends_with_section:
            section += b"\0\0"
        blocks = -(-len(section) // 512)
        section[2] = blocks
        section += bytes(blocks * 512 - len(section))
        self.header[0] = 2
        struct.pack_into("<H", self.header, 16, 2 + blocks)
        header, data = bytes(self.header), self.data
        if self.processor == SGI:
            words = np.frombuffer(header, "<u2").astype(">u2").tobytes()
            header = header[:2] + words[2:12] + np.frombuffer(header[12:16], "<f4").astype(">f4").tobytes() + words[16:20]
            header += np.frombuffer(self.header[20:24], "<f4").astype(">f4").tobytes() + words[24:]
            kind = "f4" if self.stores_floats else "i2"
            size = int(kind[1])
            data = np.frombuffer(data[: len(data) // size * size], f"<{kind}").astype(f">{kind}").tobytes()
        if self.processor == DEC:
            assert self.stores_floats
            for at in (12, 20):
                header = header[:at] + dec(np.frombuffer(header[at : at + 4], "<f4")) + header[at + 4 :]
            data = dec(np.frombuffer(data[: len(data) // 4 * 4], "<f4"))
        path.write_bytes(header + section + data)
        return path
