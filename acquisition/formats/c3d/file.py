"""C3D files: their analog channels, force plates and markers, in mm with z up, or a sentence on why not.

ezc3d does the reading. It was written for whole files: it reads zeros beyond the end of a truncated one, and can crash on
damaged parameters or run through them without end. So the file's skeleton is walked here first, and ezc3d works apart.
"""

from __future__ import annotations

import os
import platform
import struct
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from acquisition.caveat import Caveat
from acquisition.formats.c3d.child import read_apart
from acquisition.formats.c3d.parameters import C3DError, Parameters
from acquisition.formats.c3d.plate_parameters import FilePlate, read_plates

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

BLOCK = 512
LATEST_DATA = 0xFFFF * BLOCK
"""Where the data begin at the latest; all that says what they are stands before."""
RATES_DIFFER = 1e-4
BYTE_ORDERS = {84: "<", 85: "<", 86: ">"}


@dataclass(frozen=True, slots=True, eq=False)
class C3DData:
    """The contents of a C3D file.

    `analog` (samples, channels) is scaled as the file says; `labels`, `units` and `descriptions` have one text per channel.
    `markers` (frames, markers, 3) in mm, NaN where hidden. `plates` can be read, `unread` says why others can't, by number.
    `zero` has the first and last sample (from 0, inclusive) that the file calls unloaded. `caveats` say what was converted.
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
    unread: dict[int, str]
    zero: tuple[int, int] | None
    caveats: list[Caveat]


def read_c3d(path: Path) -> C3DData:
    """Read a C3D file; raises C3DError where it is none, is damaged, or lacks what is needed."""
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
        self._parameters = Parameters(parameters)
        self._points = np.asarray(points, dtype=np.float64)
        self._analogs = np.asarray(analogs, dtype=np.float64)
        self._caveats: list[Caveat] = []

    def read(self) -> C3DData:
        analog = self._analogs[0].T
        if not analog.size and not self._parameters.values("ANALOG", "LABELS").size:  # without a rate, ezc3d counts 0 channels
            raise C3DError(f"{self._path} has no analog channels, so neither forces nor EMG.")
        rate = self._parameters.number("ANALOG", "RATE")
        if rate is None or not 0 < rate < float("inf"):
            raise C3DError(f"{self._path} gives {rate or 'no'} Hz as the rate of its analog channels (ANALOG:RATE).")
        if not analog.size:
            raise C3DError(f"{self._path} has analog channels without a single sample.")
        count = analog.shape[1]
        analog = np.ascontiguousarray(self._unsigned(analog))
        found = read_plates(self._path, self._parameters, count, self._caveats)
        plates = found.plates
        rate = self._rate_by_frames(rate, len(analog))
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
            labels=self._parameters.texts("ANALOG", "LABELS", count),
            units=self._parameters.texts("ANALOG", "UNITS", count),
            descriptions=self._parameters.texts("ANALOG", "DESCRIPTIONS", count),
            marker_rate_hz=self._parameters.number("POINT", "RATE") or float("nan"),
            markers=_turned(markers * found.to_mm, up),
            marker_labels=self._parameters.texts("POINT", "LABELS", markers.shape[1]),
            plates=turned,
            unread=found.unread,
            zero=self._zero(len(analog), markers.shape[0]),
            caveats=self._caveats,
        )

    def _rate_by_frames(self, rate_hz: float, samples: int) -> float:
        """Return the rate of the analog channels by the frames of the points, where the file's own contradicts them."""
        point_hz, frames = self._parameters.number("POINT", "RATE") or 0.0, int(self._points.shape[-1])
        if not 0 < point_hz < float("inf") or frames < 1 or samples % frames:
            return rate_hz
        by_frames = samples // frames * point_hz
        if abs(rate_hz / by_frames - 1.0) < RATES_DIFFER:
            return rate_hz
        sentence = (
            f"Its analog rate is said to be {rate_hz:g} Hz (ANALOG:RATE), but each frame at {point_hz:g} Hz has "
            f"{samples // frames} samples, which is {by_frames:g} Hz; that is taken."
        )
        self._caveats.append(Caveat("rate_contradicts", "recording", {"said_hz": rate_hz, "rate_hz": by_frames}, sentence))
        return by_frames

    def _zero(self, samples: int, frames: int) -> tuple[int, int] | None:
        """Return the first and last sample that FORCE_PLATFORM:ZERO names, which counts frames of points from 1."""
        values = self._parameters.values("FORCE_PLATFORM", "ZERO").ravel(order="F")
        if values.size < 2 or values[1] < 1 or values[1] < values[0]:
            return None
        per_frame = samples // frames if frames and samples % frames == 0 else 1
        first, last = max(1, int(values[0])), int(values[1])
        if last * per_frame > samples:
            there = samples // per_frame
            sentence = f"FORCE_PLATFORM:ZERO names frames up to {last}, and there are {there}; it was left aside."
            self._caveats.append(
                Caveat("zero_beyond_end", "recording", {"last": float(last), "frames": float(there)}, sentence)
            )
            return None
        return (first - 1) * per_frame, last * per_frame - 1

    def _unsigned(self, analog: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mend unsigned integers, which ezc3d reads as signed: those of the upper half come out too low by 65536 counts."""
        count = analog.shape[1]
        scale = self._parameters.values("ANALOG", "SCALE").ravel()[:count] * (
            self._parameters.number("ANALOG", "GEN_SCALE") or 1.0
        )
        unsigned = "".join(map(str, self._parameters.values("ANALOG", "FORMAT").ravel())).strip().upper() == "UNSIGNED"
        if not unsigned or (self._parameters.number("POINT", "SCALE") or 0) <= 0 or len(scale) < count or not scale.all():
            return analog
        counts = analog / scale + self._parameters.values("ANALOG", "OFFSET").ravel()[:count] % 65536
        return np.asarray(analog + np.where(np.rint(counts) < 0, 65536.0 * scale, 0.0))


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
    return replace(plate, corners_mm=_turned(plate.corners_mm, up))
