"""Sections of a C3D file, byte by byte: header, parameters and data stand where it says, and hold as many frames as they do.

ezc3d reads what is usual. What real files leave out or write otherwise is mended here, in a copy that only ezc3d sees: the byte
order of SGI, counts of frames and channels that stand elsewhere, scales and offsets that are missing. Each is told.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from acquisition.caveat import Caveat
from acquisition.formats.c3d.parameters import C3DError

if TYPE_CHECKING:
    from pathlib import Path

BLOCK = 512
LATEST_DATA = 0xFFFF * BLOCK
"""Where the data begin at the latest; all that says what they are stands before."""
INTEL, DEC, SGI = 84, 85, 86
BYTE_ORDERS = {INTEL: "<", DEC: "<", SGI: ">"}
TEXT, INTEGER, FLOAT = -1, 2, 4
WRAP = 65536
"""Counts of frames in the header have 16 bits."""

ROTATION = "ROTATION"


@dataclass(slots=True)
class _Parameter:
    """One parameter: its type, sizes, and its values as the file has them."""

    kind: int
    sizes: tuple[int, ...]
    content: bytes


@dataclass(slots=True)
class Sections:
    """A C3D file taken apart: the header's words, parameters by group and name, and where how many frames of data stand.

    `offsets` are those of ANALOG:OFFSET where they are no integers, which ezc3d can't read; the copy then has zeros.
    """

    path: Path
    processor: int
    header: bytes
    groups: dict[int, str]
    parameters: dict[tuple[str, str], _Parameter]
    data_at: int
    frames: int
    offsets: list[float] = field(default_factory=list)
    mended: bool = False

    @property
    def _order(self) -> str:
        return BYTE_ORDERS[self.processor]

    def word(self, number: int) -> int:
        """Return a 16-bit word of the header, from 1."""
        return int(struct.unpack_from(f"{self._order}H", self.header, 2 * (number - 1))[0])

    def number(self, at: int) -> float:
        """Return the floating-point number that stands at a byte of the header."""
        return _float(self.header[at : at + 4], self.processor)

    @property
    def stores_floats(self) -> bool:
        """Whether points and analog samples are floating-point numbers: then the header's scale is negative."""
        return self.number(12) < 0

    @property
    def frame_bytes(self) -> int:
        """How many bytes one frame of points and analog samples takes."""
        return (4 * self.word(2) + self.word(3)) * (4 if self.stores_floats else 2)

    def values(self, group: str, name: str) -> list[float]:
        """Return the numbers of a parameter; none where it is missing or text."""
        parameter = self.parameters.get((group, name))
        if parameter is None or parameter.kind not in (1, INTEGER, FLOAT):
            return []
        size = parameter.kind
        words = [parameter.content[i : i + size] for i in range(0, len(parameter.content), size)]
        if size == FLOAT:
            return [_float(word, self.processor) for word in words]
        return [float(int.from_bytes(word, "big" if self._order == ">" else "little")) for word in words]

    def put(self, group: str, name: str, kind: int, values: list[float]) -> None:
        """Set a parameter of the copy to numbers."""
        if kind == FLOAT:
            content = b"".join(_word(value, self.processor) for value in values)
        else:
            content = struct.pack(f"{self._order}{len(values)}H", *(int(value) for value in values))
        self.parameters[group, name] = _Parameter(kind, (len(values),) if len(values) != 1 else (), content)
        if group not in self.groups.values():
            self.groups[max(self.groups, default=0) + 1] = group
        self.mended = True

    def copy_to(self, path: Path) -> None:
        """Write the mended copy; numbers of SGI become those of Intel.

        The group ROTATION is left out: with it ezc3d does not go by TRIAL, and reads no frame beyond the 65,535th.
        """
        processor = INTEL if self.processor == SGI else self.processor
        section = bytearray([1, 0x50, 0, processor])
        numbers = {name: number for number, name in self.groups.items()}
        for number, name in self.groups.items():
            if name == ROTATION:
                continue
            section += struct.pack("<bb", len(name), -number) + name.encode("latin-1") + struct.pack("<HB", 3, 0)
        for (group, name), parameter in self.parameters.items():
            if group == ROTATION:
                continue
            body = struct.pack("<bB", parameter.kind, len(parameter.sizes)) + bytes(parameter.sizes)
            body += self._in_order(parameter.content, parameter.kind) + b"\0"
            section += struct.pack("<bb", len(name), numbers[group]) + name.encode("latin-1")
            section += struct.pack("<H", 2 + len(body)) + body
        section += bytes(2)
        blocks = -(-len(section) // BLOCK)
        section[2] = blocks % 256
        section += bytes(blocks * BLOCK - len(section))
        header = bytearray(BLOCK)
        header[:20] = self._in_order(self.header[:20], INTEGER)
        header[0:2] = bytes([2, 0x50])
        header[12:16] = self._in_order(self.header[12:16], FLOAT)
        header[20:24] = self._in_order(self.header[20:24], FLOAT)
        struct.pack_into("<HH", header, 6, 1, min(self.frames, WRAP - 1))
        struct.pack_into("<H", header, 16, 2 + blocks)
        size = FLOAT if self.stores_floats else INTEGER
        with self.path.open("rb") as source, path.open("wb") as out:
            out.write(header + section)
            source.seek(self.data_at)
            left = self.frames * self.frame_bytes
            while left > 0 and (piece := source.read(min(left, 1 << 24))):
                out.write(self._in_order(piece, size))
                left -= len(piece)

    def _in_order(self, content: bytes, size: int) -> bytes:
        """Return numbers of so many bytes in Intel's order."""
        if self.processor != SGI or size not in (INTEGER, FLOAT):
            return content
        return np.frombuffer(content[: len(content) // size * size], f">u{size}").astype(f"<u{size}").tobytes()


def _float(word: bytes, processor: int) -> float:
    if processor == DEC:  # the halves are exchanged, and the exponent is larger by 2
        return float(struct.unpack("<f", word[2:] + word[:2])[0]) / 4
    return float(struct.unpack(f"{BYTE_ORDERS[processor]}f", word)[0])


def _word(value: float, processor: int) -> bytes:
    if processor == DEC:
        word = struct.pack("<f", 4.0 * value)
        return word[2:] + word[:2]
    return struct.pack(f"{BYTE_ORDERS[processor]}f", value)


def read_sections(path: Path, caveats: list[Caveat]) -> Sections:
    """Return the sections of a C3D file, mended where needed; raises C3DError where they don't stand where it says."""
    try:
        with path.open("rb") as file:
            content = file.read(LATEST_DATA)
            size = os.fstat(file.fileno()).st_size
    except FileNotFoundError:
        raise C3DError(f"There is no file {path}.") from None
    except IsADirectoryError:
        raise C3DError(f"{path} is a folder; name a C3D file in it.") from None
    except (OSError, ValueError) as error:
        raise C3DError(f"{path} can't be read: {error}.") from None
    if not content:
        raise C3DError(f"{path} is empty.")
    if len(content) < 2 * BLOCK or content[1] != 0x50 or content[0] < 2:
        raise C3DError(f"{path} is not a C3D file, or only the beginning of one.")
    at = (content[0] - 1) * BLOCK
    if len(content) < at + BLOCK:
        raise C3DError(f"{path} is truncated: it ends before its parameters.")
    processor = content[at + 3]
    order = BYTE_ORDERS.get(processor)
    if order is None:
        raise C3DError(f"{path} is damaged: its parameters name no processor (byte {processor}).")
    (data_block,) = struct.unpack_from(f"{order}H", content, 16)
    data = (data_block - 1) * BLOCK
    end = data if data > at else len(content)
    if len(content) < min(data, LATEST_DATA):
        raise C3DError(f"{path} is truncated: it ends before its data.")
    groups, parameters, ended = _walk(path, content, at + 4, min(end, len(content)), order)
    sections = Sections(path, processor, content[:BLOCK], groups, parameters, data, 0, mended=processor == SGI or not ended)
    sections.frames = _frames(sections, size, caveats) if data > at else 0
    _fill(sections, caveats)
    return sections


def _walk(
    path: Path, content: bytes, at: int, end: int, order: str
) -> tuple[dict[int, str], dict[tuple[str, str], _Parameter], bool]:
    """Follow the chain of groups and parameters to its end; raises C3DError where it leaves its section.

    Returns groups, parameters, and whether a mark ends them: without one ezc3d reads on into the data.
    """
    damaged = C3DError(f"{path} is truncated or damaged: its parameters don't hang together.")
    groups: dict[int, str] = {}
    found: list[tuple[int, str, _Parameter]] = []
    ended = False
    while at < end:
        length = struct.unpack_from("b", content, at)[0]
        if length == 0:
            ended = True
            break
        if at + 2 > end:
            raise damaged
        group = struct.unpack_from("b", content, at + 1)[0]
        link = at + 2 + abs(length)
        if group == 0 or link + 2 > end:
            raise damaged
        name = content[at + 2 : link].decode("latin-1").upper()
        (step,) = struct.unpack_from(f"{order}H", content, link)
        if group < 0:
            groups[-group] = name
        else:
            if link + 4 > end:
                raise damaged
            (kind,) = struct.unpack_from("b", content, link + 2)
            sizes = tuple(content[link + 4 : link + 4 + content[link + 3]])
            values = link + 4 + content[link + 3]
            count = int(np.prod([*sizes, 1], dtype=object))
            if kind not in (TEXT, 1, INTEGER, FLOAT) or content[link + 3] > 7 or values + abs(kind) * count > end:
                raise damaged
            found.append((group, name, _Parameter(kind, sizes, content[values : values + abs(kind) * count])))
        if step == 0:
            break
        at = link + step
    else:
        if at > end:
            raise damaged
    return groups, {(groups[group], name): parameter for group, name, parameter in found if group in groups}, ended


def _frames(sections: Sections, size: int, caveats: list[Caveat]) -> int:
    """Return how many frames there are, by the file's own counts and by its bytes; raises C3DError where it is cut short.

    Counts: the header's and POINT:FRAMES, which wrap or stop at 65,535, and TRIAL:ACTUAL_START_FIELD and ACTUAL_END_FIELD.
    """
    said = sections.word(5) - sections.word(4) + 1
    if sections.frame_bytes == 0:
        return max(0, said)
    there = max(0, size - sections.data_at) // sections.frame_bytes
    slack = BLOCK // sections.frame_bytes + 1  # data end with their block
    start, end = (sections.values("TRIAL", f"ACTUAL_{which}_FIELD") for which in ("START", "END"))
    long = int(end[0] + WRAP * end[1] - start[0] - WRAP * start[1]) + 1 if len(start) > 1 and len(end) > 1 else 0
    points = int((sections.values("POINT", "FRAMES") or [0])[0])
    counts = {"the header": said, "TRIAL:ACTUAL_END_FIELD": long, "POINT:FRAMES": points}
    wrapped = said + max(0, there - said) // WRAP * WRAP
    fitting = {by: count for by, count in {**counts, "its bytes": wrapped}.items() if 0 <= there - count <= slack}
    if fitting:
        by, frames = next(iter(fitting.items()))
    elif sections.word(5) == WRAP - 1 and max(counts.values()) <= WRAP - 1 <= there:
        by, frames = "its bytes", there
    else:
        by, frames = max(counts.items(), key=lambda item: item[1])
    if frames > there:
        raise C3DError(f"{sections.path} is truncated: it holds {there} of {frames} frames.")
    if frames != said:
        sentence = (
            f"The header counts {said} frames, and can't count beyond 65,535; by {by} there are {frames}, which are read."
        )
        caveats.append(Caveat("frames_miscounted", "recording", {"said": float(said), "frames": float(frames)}, sentence))
    if there - frames > slack:
        sentence = (
            f"It says that it has {frames} frames, and holds bytes for {there}; what the rest is is not said, so it is left "
            "aside: was the file cut or joined by another program?"
        )
        caveats.append(Caveat("frames_left_over", "recording", {"said": float(frames), "there": float(there)}, sentence))
    sections.mended |= any(count not in (0, frames) for count in (said, long, points))
    return max(0, frames)


def _fill(sections: Sections, caveats: list[Caveat]) -> None:
    """Fill in what the file leaves out, or writes otherwise than ezc3d reads it."""
    per_frame = sections.word(10)
    channels = sections.word(3) // per_frame if per_frame else 0
    filled: list[str] = []

    def missing(group: str, name: str, least: int = 1) -> bool:
        return len(sections.values(group, name)) < least

    for name, kind, value in (
        ("USED", INTEGER, float(sections.word(2))),
        ("RATE", FLOAT, sections.number(20)),
        ("SCALE", FLOAT, sections.number(12)),
    ):
        if missing("POINT", name) and np.isfinite(value):
            sections.put("POINT", name, kind, [value])
    if missing("POINT", "FRAMES") or sections.mended:
        sections.put("POINT", "FRAMES", INTEGER, [min(sections.frames, WRAP - 1)])
        sections.put("TRIAL", "ACTUAL_START_FIELD", INTEGER, [1, 0])
        sections.put("TRIAL", "ACTUAL_END_FIELD", INTEGER, [sections.frames % WRAP, sections.frames // WRAP])
    if not channels:
        return
    types = sections.values("FORCE_PLATFORM", "TYPE")
    described = types and all(
        len(sections.values("FORCE_PLATFORM", name)) >= each * len(types) for name, each in (("CORNERS", 12), ("CHANNEL", 6))
    )
    if described and missing("FORCE_PLATFORM", "USED"):
        filled.append(f"there are {len(types)} force plates, by their types (FORCE_PLATFORM:USED)")
        sections.put("FORCE_PLATFORM", "USED", INTEGER, [float(len(types))])
    used = (sections.values("ANALOG", "USED") or [0.0])[0]
    if used != channels:
        filled.append(f"the number of analog channels is the header's, {channels} (ANALOG:USED: {used:.0f})")
        sections.put("ANALOG", "USED", INTEGER, [float(channels)])
    if not any(value > 0 for value in sections.values("ANALOG", "RATE")[:1]):
        rate_hz = per_frame * sections.number(20)
        filled.append(f"the analog rate is {per_frame} times that of the points, {rate_hz:g} Hz")
        sections.put("ANALOG", "RATE", FLOAT, [rate_hz])
    if missing("ANALOG", "GEN_SCALE"):
        sections.put("ANALOG", "GEN_SCALE", FLOAT, [1.0])
    if missing("ANALOG", "SCALE", channels):
        if not sections.stores_floats:
            raise C3DError(
                f"{sections.path} holds integers, and does not say for all of its {channels} analog channels what one count is "
                "(ANALOG:SCALE), so nothing in it has a unit; have it exported again."
            )
        filled.append("what a channel's numbers are multiplied by is taken as 1 where it is missing (ANALOG:SCALE)")
        scales = sections.values("ANALOG", "SCALE")
        sections.put("ANALOG", "SCALE", FLOAT, scales + [1.0] * (channels - len(scales)))
    offsets = sections.values("ANALOG", "OFFSET")
    if len(offsets) < channels:
        filled.append("the offset of a channel is taken as 0 where it is missing (ANALOG:OFFSET)")
    parameter = sections.parameters.get(("ANALOG", "OFFSET"))
    if len(offsets) < channels or (parameter is not None and parameter.kind == FLOAT):
        if parameter is not None and parameter.kind == FLOAT:
            sections.offsets = offsets + [0.0] * (channels - len(offsets))
            offsets = []
        sections.put("ANALOG", "OFFSET", INTEGER, offsets + [0.0] * (channels - len(offsets)))
    if filled:
        sentence = f"The file leaves out what is needed to read it: {'; '.join(filled)}."
        caveats.append(Caveat("parameters_filled", "recording", {"parameters": float(len(filled))}, sentence))
