"""C3D files: their analog channels, force plates and markers, in mm with z up, or a sentence on why not.

ezc3d does the reading. It was written for whole files: it reads zeros beyond the end of a truncated one, and can crash on
damaged parameters or run through them without end. So the file's sections are walked first, and ezc3d works apart.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from acquisition.caveat import Caveat
from acquisition.formats.c3d.child import read_apart
from acquisition.formats.c3d.parameters import C3DError, Parameters
from acquisition.formats.c3d.plate_parameters import FilePlate, lengths_to_mm, read_plates, unit_of_lengths
from acquisition.formats.c3d.sections import Sections, read_sections
from acquisition.formats.markers.marker_places import MarkerPlaces, no_known_unit

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from acquisition.formats.import_map import Length

RATES_DIFFER = 1e-4
Content = TypeVar("Content")


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


def read_c3d(path: Path, said: Length | None = None) -> C3DData:
    """Read a C3D file; raises C3DError where it is none, is damaged, or lacks what is needed.

    `said`: the unit of its lengths by a person, where the file's own is not known.
    """
    return _read_as(path, lambda contents: contents.read(said))


def read_c3d_markers(path: Path, said: Length | None = None) -> MarkerPlaces:
    """Read the markers of a C3D file, in mm as it turns them; raises C3DError where it is none, is damaged, or has none."""
    return _read_as(path, lambda contents: contents.marker_places(said))


def _read_as(path: Path, what: Callable[[_Contents], Content]) -> Content:
    caveats: list[Caveat] = []
    sections = read_sections(path, caveats)
    if find_spec("ezc3d") is None:
        raise C3DError(
            f"{path} can't be read here: the package ezc3d, which reads C3D files, is not installed (there is none for "
            f"{platform.machine()}); import it on another computer, and copy the recording."
        )
    try:
        parameters, points, analogs = _read(sections)
        if (there := max(points.shape[-1], analogs.shape[-1] // max(1, sections.word(10)))) < sections.frames:
            raise C3DError(
                f"{path} holds {sections.frames} frames, and ezc3d reads {there} of them; export it in parts of 65,535 frames "
                "at most."
            )
        return what(_Contents(path, parameters, points, analogs, sections.offsets, caveats))
    except ValueError as error:
        raise C3DError(f"{path} is a damaged C3D file: {error}.") from error
    except MemoryError:
        minutes = sections.frames / max(1.0, sections.number(20)) / 60.0
        raise C3DError(
            f"{path} needs more memory than there is here: it holds {sections.frames} frames, {minutes:.0f} minutes; export it "
            "in shorter parts, or import it on a computer with more memory."
        ) from None


def _read(sections: Sections) -> tuple[dict[str, dict[str, Any]], Any, Any]:
    """Have ezc3d read a file, or its mended copy."""
    if not sections.mended:
        return read_apart(sections.path)
    with TemporaryDirectory(prefix="squatscope-") as folder:
        copy = Path(folder) / "mended.c3d"
        sections.copy_to(copy)
        return read_apart(copy)


class _Contents:
    """Takes apart what ezc3d has read."""

    def __init__(
        self,
        path: Path,
        parameters: dict[str, dict[str, Any]],
        points: Any,  # noqa: ANN401
        analogs: Any,  # noqa: ANN401
        offsets: list[float],
        caveats: list[Caveat],
    ) -> None:
        self._path = path
        self._parameters = Parameters(parameters)
        self._points = np.asarray(points, dtype=np.float64)
        self._analogs = np.asarray(analogs, dtype=np.float64)
        self._offsets = np.array(offsets)
        self._caveats = caveats

    def read(self, said: Length | None) -> C3DData:
        analog = self._analogs[0].T
        if not analog.size and not self._parameters.values("ANALOG", "LABELS").size:  # without a rate, ezc3d counts 0 channels
            raise C3DError(f"{self._path} has no analog channels, so neither forces nor EMG.")
        rate = self._parameters.number("ANALOG", "RATE")
        if rate is None or not 0 < rate < float("inf"):
            raise C3DError(f"{self._path} gives {rate or 'no'} Hz as the rate of its analog channels (ANALOG:RATE).")
        if not analog.size:
            raise C3DError(f"{self._path} has analog channels without a single sample.")
        count = analog.shape[1]
        analog = np.ascontiguousarray(self._unsigned(analog) - self._offsets_taken_off(count))
        found = read_plates(self._path, self._parameters, count, said, self._caveats)
        plates = found.plates
        rate = self._rate_by_frames(rate, len(analog))
        markers = self._markers()
        zero = self._zero(len(analog), markers.shape[0])
        if found.to_mm is None and markers.size:
            sentence = f"Its markers are left out. {self._no_known_unit()}"
            self._caveats.append(Caveat("markers_left_out", "markers", {}, sentence))
            markers = markers[:0]
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
            markers=_turned(markers * (found.to_mm or 1.0), up),
            marker_labels=self._parameters.texts("POINT", "LABELS", markers.shape[1]),
            plates=turned,
            unread=found.unread,
            zero=zero,
            caveats=self._caveats,
        )

    def marker_places(self, said: Length | None) -> MarkerPlaces:
        """Return the markers alone, as a file of markers."""
        markers = self._markers()
        rate_hz = self._parameters.number("POINT", "RATE") or 0.0
        if not markers.size or not 0 < rate_hz < float("inf"):
            raise C3DError(f"{self._path} has no markers, or no rate of them (POINT:RATE).")
        to_mm = lengths_to_mm(self._parameters, said, self._caveats)
        if to_mm is None:
            raise C3DError(self._no_known_unit())
        labels = self._parameters.texts("POINT", "LABELS", markers.shape[1])
        return MarkerPlaces(self._path, labels, markers * to_mm, rate_hz, caveats=tuple(self._caveats))

    def _no_known_unit(self) -> str:
        return no_known_unit(self._path, unit_of_lengths(self._parameters), "POINT:UNITS")

    def _markers(self) -> NDArray[np.float64]:
        """Return the markers' places as they are, (frames, markers, 3); some write those that are hidden as zeros."""
        markers = np.moveaxis(self._points[:3], 0, -1).swapaxes(0, 1)
        return np.where((markers == 0.0).all(axis=2, keepdims=True), np.nan, markers)

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

    def _offsets_taken_off(self, count: int) -> NDArray[np.float64]:
        """Return what offsets that are no integers amount to, which ezc3d does not take off."""
        if not self._offsets.size:
            return np.zeros(count)
        scale = self._parameters.values("ANALOG", "SCALE").ravel()[:count] * (
            self._parameters.number("ANALOG", "GEN_SCALE") or 1.0
        )
        return np.asarray(self._offsets[:count] * scale)

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
