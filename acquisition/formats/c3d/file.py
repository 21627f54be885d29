"""C3D files: their analog channels, force plates and markers, in mm with z up, or a sentence on why not.

ezc3d does the reading. It was written for whole files: it reads zeros beyond the end of a truncated one, and can crash on
damaged parameters or run through them without end. So the file's skeleton is walked here first, and ezc3d works apart.
"""

from __future__ import annotations

import os
import platform
import struct
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from acquisition.caveat import Caveat
from acquisition.formats.c3d.child import read_apart
from hardware.errors import SquatscopeError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

BLOCK = 512
LATEST_DATA = 0xFFFF * BLOCK
"""Where the data begin at the latest; all that says what they are stands before."""
BYTE_ORDERS = {84: "<", 85: "<", 86: ">"}
MM = {"mm": 1.0, "cm": 10.0, "dm": 100.0, "m": 1000.0, "millimeters": 1.0, "meters": 1000.0, "metres": 1000.0}
DIAGONAL_MM = (50.0, 10000.0)
"""How long the diagonal of a plate may be."""
NMM = {"nmm": 1.0, "ncm": 10.0, "ndm": 100.0, "nm": 1000.0}


class C3DError(SquatscopeError):
    """A C3D file can't be imported; the text is a full sentence."""


@dataclass(frozen=True, slots=True, eq=False)
class FilePlate:
    """One force plate as the file describes it, in N and N·mm.

    `number` counts from 1, `columns` are its analog channels from 0. `corners_mm` (4, 3) and `origin_mm` (3,) are in mm;
    `matrix` (6, 6) brings the channels to N and N·mm: the file's for type 4, a diagonal of units for type 2.
    """

    number: int
    c3d_type: int
    columns: tuple[int, ...]
    corners_mm: NDArray[np.float64]
    origin_mm: NDArray[np.float64]
    matrix: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class C3DData:
    """The contents of a C3D file.

    `analog` (samples, channels) is scaled as the file says; `labels`, `units` and `descriptions` have one text per channel.
    `markers` (frames, markers, 3) in mm, NaN where hidden. `plates` holds types 2 and 4; `other_types` the types of the
    rest, by number. `zero` has the first and last sample (from 0, inclusive) that the file calls unloaded. `caveats`
    say what was converted.
    """

    rate_hz: float
    analog: NDArray[np.float64]
    labels: list[str]
    units: list[str]
    descriptions: list[str]
    marker_rate_hz: float
    markers: NDArray[np.float64]
    marker_labels: list[str]
    plates: list[FilePlate]
    other_types: dict[int, int]
    zero: tuple[int, int] | None
    caveats: list[Caveat]


def read_c3d(path: Path) -> C3DData:
    """Read a C3D file with force plates; raises C3DError where it is none, is damaged, or lacks what is needed."""
    check_skeleton(path)
    if find_spec("ezc3d") is None:
        raise C3DError(
            f"{path} can't be read here: the package ezc3d, which reads C3D files, is not installed (there is none for "
            f"{platform.machine()}); import it on another computer, and copy the recording."
        )
    try:
        parameters, points, analogs = read_apart(path)
    except ValueError as error:
        raise C3DError(f"{path} is a damaged C3D file: {error}.") from error
    return _Contents(path, parameters, points, analogs).read()


def check_skeleton(path: Path) -> None:
    """Raise C3DError unless header, parameters and data of a C3D file stand where it says, to the last byte."""
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
    parameters = (content[0] - 1) * BLOCK
    if len(content) < parameters + BLOCK:
        raise C3DError(f"{path} is truncated: it ends before its parameters.")
    order = BYTE_ORDERS.get(content[parameters + 3])
    if order is None:
        raise C3DError(f"{path} is damaged: its parameters name no processor (byte {content[parameters + 3]}).")
    points, analogs, first, last = struct.unpack_from(f"{order}4H", content, 2)
    (data_block,) = struct.unpack_from(f"{order}H", content, 16)
    data = (data_block - 1) * BLOCK
    _walk_parameters(path, content, parameters + 4, data if data > parameters else len(content), order)
    # Integers are stored where the scale of the points is positive, floating-point numbers where it is negative.
    scale = _float(content[12:16], content[parameters + 3])
    frame_bytes = (4 * points + analogs) * (4 if scale < 0 else 2)
    frames = last - first + 1
    if frames > 0 and data > parameters and size < data + frames * frame_bytes:
        there = max(0, (size - data) // frame_bytes)
        raise C3DError(f"{path} is truncated: it holds {there} of {frames} frames.")


def _float(word: bytes, processor: int) -> float:
    if processor == 85:  # DEC: the halves are exchanged, and the exponent is larger by 2
        return float(struct.unpack("<f", word[2:] + word[:2])[0]) / 4
    return float(struct.unpack(f"{BYTE_ORDERS[processor]}f", word)[0])


def _walk_parameters(path: Path, content: bytes, at: int, end: int, order: str) -> None:
    """Follow the chain of groups and parameters to its end; raises C3DError where it leaves its section."""
    damaged = C3DError(f"{path} is truncated or damaged: its parameters don't hang together.")
    end = min(end, len(content))
    while True:
        if at + 2 > end:
            raise damaged
        length, group = struct.unpack_from("bb", content, at)
        if length == 0:
            return
        link = at + 2 + abs(length)
        if group == 0 or link + 3 > end:
            raise damaged
        (step,) = struct.unpack_from(f"{order}H", content, link)
        if group > 0:
            (kind,) = struct.unpack_from("b", content, link + 2)
            dimensions = content[link + 3]
            values = link + 4 + dimensions
            count = int(np.prod([*content[link + 4 : values], 1], dtype=object))
            if kind not in (-1, 1, 2, 4) or dimensions > 7 or values + abs(kind) * count > end:
                raise damaged
        if step == 0:
            return
        at = link + step


class _Contents:
    """Takes apart what ezc3d has read."""

    def __init__(self, path: Path, parameters: dict[str, dict[str, Any]], points: Any, analogs: Any) -> None:  # noqa: ANN401
        self._path = path
        self._parameters = parameters
        self._points = np.asarray(points, dtype=np.float64)
        self._analogs = np.asarray(analogs, dtype=np.float64)
        self._caveats: list[Caveat] = []

    def read(self) -> C3DData:
        analog = self._analogs[0].T
        if not analog.size and not self._values("ANALOG", "LABELS").size:  # without a rate, ezc3d counts 0 channels
            raise C3DError(f"{self._path} has no analog channels, so neither forces nor EMG.")
        rate = self._number("ANALOG", "RATE")
        if rate is None or not 0 < rate < float("inf"):
            raise C3DError(f"{self._path} gives {rate or 'no'} Hz as the rate of its analog channels (ANALOG:RATE).")
        if not analog.size:
            raise C3DError(f"{self._path} has analog channels without a single sample.")
        count = analog.shape[1]
        analog = np.ascontiguousarray(self._unsigned(analog))
        plates, others = self._plates(count, self._unit_mm())
        markers = np.moveaxis(self._points[:3], 0, -1).swapaxes(0, 1)
        up = _up(plates)
        turned = [_turned_plate(plate, up) for plate in plates]
        if up is not None:
            self._caveats.append(
                Caveat("axes_turned", "recording", {}, "Its lab axes do not have z up; they were turned so that z is.")
            )
        return C3DData(
            rate_hz=rate,
            analog=analog,
            labels=self._texts("ANALOG", "LABELS", count),
            units=self._texts("ANALOG", "UNITS", count),
            descriptions=self._texts("ANALOG", "DESCRIPTIONS", count),
            marker_rate_hz=self._number("POINT", "RATE") or float("nan"),
            markers=_turned(markers * self._scale, up),
            marker_labels=self._texts("POINT", "LABELS", markers.shape[1]),
            plates=turned,
            other_types=others,
            zero=self._zero(len(analog)),
            caveats=self._caveats,
        )

    def _values(self, group: str, name: str) -> NDArray[Any]:
        value = self._parameters.get(group, {}).get(name)
        return np.asarray([] if value is None else value)

    def _number(self, group: str, name: str) -> float | None:
        values = self._values(group, name).ravel(order="F")
        return float(values[0]) if values.size else None

    def _texts(self, group: str, name: str, count: int) -> list[str]:
        """Return texts of a list that goes on in `LABELS2`, `LABELS3` ... beyond 255, "" where there are too few."""
        texts: list[str] = []
        for number in ("", *range(2, 10)):
            texts += [_decoded(str(text)) for text in self._values(group, f"{name}{number}").ravel(order="F")]
        return (texts + [""] * count)[:count]

    def _unsigned(self, analog: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mend unsigned integers, which ezc3d reads as signed: those of the upper half come out too low by 65536 counts."""
        count = analog.shape[1]
        scale = self._values("ANALOG", "SCALE").ravel()[:count] * (self._number("ANALOG", "GEN_SCALE") or 1.0)
        unsigned = "".join(map(str, self._values("ANALOG", "FORMAT").ravel())).strip().upper() == "UNSIGNED"
        if not unsigned or (self._number("POINT", "SCALE") or 0) <= 0 or len(scale) < count or not scale.all():
            return analog
        counts = analog / scale + self._values("ANALOG", "OFFSET").ravel()[:count] % 65536
        return np.asarray(analog + np.where(np.rint(counts) < 0, 65536.0 * scale, 0.0))

    def _unit_mm(self) -> str:
        return "".join(self._texts("POINT", "UNITS", 1)).lower()

    def _plates(self, channels: int, unit: str) -> tuple[list[FilePlate], dict[int, int]]:
        used = int(self._number("FORCE_PLATFORM", "USED") or 0)
        if used < 1:
            raise C3DError(
                f"{self._path} describes no force plate (FORCE_PLATFORM), and there is nothing to weigh without one."
            )
        types = [int(value) for value in self._values("FORCE_PLATFORM", "TYPE").ravel(order="F")]
        corners = self._per_plate("CORNERS", (3, 4), used)
        origins = self._per_plate("ORIGIN", (3,), used)
        columns = self._values("FORCE_PLATFORM", "CHANNEL")
        columns = columns[:, None] if columns.ndim == 1 else columns
        if len(types) < used or columns.ndim != 2 or columns.shape[1] < used or columns.shape[0] < 6:
            raise C3DError(
                f"{self._path} says it has {used} force plates, but FORCE_PLATFORM:TYPE or CHANNEL does not have all."
            )
        self._scale = self._to_mm(unit, corners)
        plates = []
        for i in range(used):
            if types[i] not in (2, 4):
                continue
            own = tuple(int(column) - 1 for column in columns[:6, i])
            if min(own) < 0 or max(own) >= channels or len(set(own)) < 6:
                raise C3DError(
                    f"Plate {i + 1} of {self._path} is said to be on the analog channels {', '.join(str(c + 1) for c in own)} "
                    f"(FORCE_PLATFORM:CHANNEL), but there are {channels}."
                    if len(set(own)) == 6
                    else f"Plate {i + 1} of {self._path} names a channel twice in FORCE_PLATFORM:CHANNEL."
                )
            matrix = self._matrix(i, types[:used])
            scale = self._moment_nmm(i + 1, own, unit)
            matrix = np.diag([1.0] * 3 + [scale] * 3) @ matrix
            plate = FilePlate(i + 1, types[i], own, corners[:, :, i].T * self._scale, origins[:, i] * self._scale, matrix)
            for what, value in (("CORNERS", plate.corners_mm), ("ORIGIN", plate.origin_mm), ("CAL_MATRIX", matrix)):
                if not np.isfinite(value).all():
                    raise C3DError(f"Plate {i + 1} of {self._path} has values in FORCE_PLATFORM:{what} that are no numbers.")
            plates.append(plate)
        return plates, {i + 1: types[i] for i in range(used) if types[i] not in (2, 4)}

    def _per_plate(self, name: str, shape: tuple[int, ...], used: int) -> NDArray[np.float64]:
        values = self._values("FORCE_PLATFORM", name).astype(np.float64)
        if values.size < used * int(np.prod(shape)):
            raise C3DError(
                f"{self._path} says it has {used} force plates, but FORCE_PLATFORM:{name} does not have all of them."
            )
        return values.ravel(order="F")[: used * int(np.prod(shape))].reshape((*shape, used), order="F")

    def _to_mm(self, unit: str, corners: NDArray[np.float64]) -> float:
        """Return what brings lengths to mm: what POINT:UNITS says, unless plates of that size don't exist."""
        diagonal = float(np.median(np.linalg.norm(corners[:, 0] - corners[:, 2], axis=0)))
        said = MM.get(unit)
        if said is not None and DIAGONAL_MM[0] <= diagonal * said <= DIAGONAL_MM[1]:
            if said != 1.0:
                sentence = f"Its lengths are in {unit} and were converted to mm."
                self._caveats.append(Caveat("lengths_converted", "recording", {"factor": said}, sentence))
            return said
        for name in ("mm", "m", "cm"):
            if DIAGONAL_MM[0] <= diagonal * MM[name] <= DIAGONAL_MM[1]:
                what = f"are said to be in {unit!r}" if unit else "have no unit (POINT:UNITS)"
                sentence = f"Its lengths {what}; by the size of the plates they are in {name}."
                self._caveats.append(Caveat("lengths_guessed", "recording", {"factor": MM[name]}, sentence))
                return MM[name]
        raise C3DError(
            f"{self._path} has plates with a diagonal of {diagonal:g} {unit or 'without unit'} (FORCE_PLATFORM:CORNERS), "
            "which no plate has."
        )

    def _matrix(self, plate: int, types: list[int]) -> NDArray[np.float64]:
        """Return the calibration matrix of a plate of type 4; the file has one for every plate, or for type 4 only."""
        if types[plate] == 2:
            return np.eye(6)
        values = self._values("FORCE_PLATFORM", "CAL_MATRIX").astype(np.float64)
        matrices = values.ravel(order="F").reshape((6, 6, -1), order="F") if values.size % 36 == 0 else np.zeros((6, 6, 0))
        column = plate if matrices.shape[2] >= len(types) else types[:plate].count(4)
        if column >= matrices.shape[2]:
            raise C3DError(
                f"Plate {plate + 1} of {self._path} is of type 4 and has no 6x6 matrix in FORCE_PLATFORM:CAL_MATRIX."
            )
        matrix: NDArray[np.float64] = matrices[:, :, column]
        if (
            np.isfinite(matrix).all()
            and np.linalg.matrix_rank(matrix / np.maximum(abs(matrix).max(1, keepdims=True), 1e-300)) < 6
        ):
            raise C3DError(
                f"The matrix of plate {plate + 1} in {self._path} (FORCE_PLATFORM:CAL_MATRIX) can't be right: it is singular."
            )
        return matrix

    def _moment_nmm(self, number: int, columns: tuple[int, ...], unit: str) -> float:
        """Return what brings a plate's moments to N·mm, by their channels' unit, or else by the unit of lengths."""
        units = self._texts("ANALOG", "UNITS", max(columns) + 1)
        moments = {"".join(c for c in units[column].lower() if c.isalpha()) for column in columns[3:]}
        said = {NMM[word] for word in moments if word in NMM}
        if len(said) == 1:
            scale = said.pop()
            if scale != 1.0:
                sentence = f"The moments of plate {number} are in {units[columns[3]]} and are converted to N·mm."
                self._caveats.append(Caveat("moments_converted", f"plate {number}", {"factor": scale}, sentence))
            return scale
        scale = MM.get(unit, 1.0)
        if scale != 1.0:
            sentence = (
                f"The moments of plate {number} name no unit of moments; by the unit of lengths they are taken as N·{unit}."
            )
            self._caveats.append(Caveat("moments_guessed", f"plate {number}", {"factor": scale}, sentence))
        return scale

    def _zero(self, samples: int) -> tuple[int, int] | None:
        values = self._values("FORCE_PLATFORM", "ZERO").ravel(order="F")
        if values.size < 2 or values[0] < 1 or values[1] < values[0]:
            return None
        first, last = int(values[0]) - 1, int(values[1]) - 1
        if last >= samples:
            sentence = f"FORCE_PLATFORM:ZERO names samples up to {last + 1}, and there are {samples}; it was left aside."
            self._caveats.append(Caveat("zero_beyond_end", "recording", {"last": last + 1.0, "samples": samples}, sentence))
            return None
        return first, last


def _decoded(text: str) -> str:
    """Return a text as Latin-1 where it is not the UTF-8 that ezc3d takes it for."""
    content = text.encode("utf-8", "surrogateescape")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return text.strip(" \t\r\n\0")


def _up(plates: list[FilePlate]) -> NDArray[np.float64] | None:
    """Return the rotation that turns the lab so that z is up, None where z is vertical already.

    Plates lie flat, so their normal is the vertical; the corners of the C3D standard go round such that it points down.
    """
    if not plates:
        return None
    corners = plates[0].corners_mm
    down = np.cross(corners[0] - corners[2], corners[1] - corners[3])
    axis = int(np.argmax(abs(down)))
    if axis == 2 or not down.any():
        return None
    onto_z = np.roll(np.eye(3), 2 - axis, axis=0)
    return onto_z if down[axis] < 0 else np.diag([1.0, -1.0, -1.0]) @ onto_z


def _turned(points: NDArray[np.float64], up: NDArray[np.float64] | None) -> NDArray[np.float64]:
    return points if up is None else points @ up.T


def _turned_plate(plate: FilePlate, up: NDArray[np.float64] | None) -> FilePlate:
    corners = _turned(plate.corners_mm, up)
    return FilePlate(plate.number, plate.c3d_type, plate.columns, corners, plate.origin_mm, plate.matrix)
