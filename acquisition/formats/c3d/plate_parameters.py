"""Force plates as a C3D file describes them: types, channels, corners, origins and units, each brought to N, mm and N·mm."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from acquisition.caveat import Caveat
from acquisition.formats.c3d.parameters import C3DError, Parameters
from acquisition.rig.rig import PLATE_CHANNELS, Plate
from acquisition.rig.units import LENGTHS_MM, millimetres, newton_millimetres, newtons

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acquisition.formats.import_map import Length
    from acquisition.rig import Side
    from hardware.arrays import Floats

DIAGONAL_MM = (50.0, 10000.0)
"""How long the diagonal of a plate may be."""
LABEL = re.compile(r"(?:^|[^A-Za-z])([FMfm])(\d*)([XYZxyz])(\d*)")
DIRECTIONS = {2: ("FX", "FY", "FZ", "MX", "MY", "MZ"), 3: ("FX", "FX", "FY", "FY", "FZ", "FZ", "FZ", "FZ")}
DIRECTIONS[4] = DIRECTIONS[2]


@dataclass(frozen=True, slots=True, eq=False)
class FilePlate:
    """One force plate as the file describes it.

    `number` counts from 1, `columns` are its analog channels from 0. `corners_mm` (4, 3) and `origin_mm` (3,) are in mm, the
    corners NaN where nobody knows them; `per_unit` (channels,) or, of types 4 and 5, `matrix` (6, channels) bring the channels
    to N, mm and N·mm; `moments_to_Nmm` is what the unit of its moments, as the file says it, has in it.
    """

    number: int
    c3d_type: int
    columns: tuple[int, ...]
    corners_mm: Floats
    origin_mm: Floats
    per_unit: Floats
    matrix: Floats | None
    moments_to_Nmm: float = 1.0

    @property
    def located(self) -> bool:
        """Whether it is known where it lies."""
        return bool(np.isfinite(self.corners_mm).all())

    @property
    def name(self) -> str:
        """`plate 1`."""
        return f"plate {self.number}"

    def settings(self, side: Side, stream: str, names: Sequence[str], sign: float, zero: Floats, pad_mm: float) -> Plate:
        """Return the plate as a rig describes it, on channels of these names; `sign` -1 turns its force and moments."""
        signs = np.ones(len(self.columns)) * sign
        if self.c3d_type == 1:
            signs[3:5] = 1.0  # a place has no direction
        return Plate(
            name=side,
            model=f"plate {self.number} of the file",
            side=side,
            stream=stream,
            channels=list(names),
            c3d_type=cast("Any", self.c3d_type),
            corners_mm=self.corners_mm.tolist() if self.located else None,
            origin_mm=self.origin_mm.tolist(),
            sensitivities=(self.per_unit * signs).tolist() if self.matrix is None else None,
            calibration_matrix=None if self.matrix is None else (sign * self.matrix).tolist(),
            zero=zero.tolist(),
            pad_mm=pad_mm,
        )

    def with_moments(self, factor: float) -> FilePlate:
        """Return the plate with its moments so many times as large."""
        if self.matrix is not None:
            return replace(self, matrix=np.diag([1.0] * 3 + [factor] * 3) @ self.matrix)
        return replace(self, per_unit=self.per_unit * np.array([1.0] * 3 + [factor] * 3))


@dataclass(frozen=True, slots=True, eq=False)
class PlatesOfFile:
    """The plates that can be read, why the others can't, by number, and what brings the file's lengths to mm, if known."""

    plates: list[FilePlate]
    unread: dict[int, str]
    to_mm: float | None


def read_plates(
    path: object, parameters: Parameters, channels: int, said: Length | None, caveats: list[Caveat]
) -> PlatesOfFile:
    """Return the plates of a file with so many analog channels; raises C3DError where the file describes them only in part.

    `said`: the unit of its lengths by a person, where the file's own is not known.
    """
    unit = unit_of_lengths(parameters)
    used = int(parameters.number("FORCE_PLATFORM", "USED") or 0)
    if used < 1:
        described = parameters.values("FORCE_PLATFORM", "TYPE").size
        if described and parameters.values("FORCE_PLATFORM", "CORNERS").size >= 12 * described:
            sentence = (
                f"The file describes {described} force plates, and says that none of them is used (FORCE_PLATFORM:USED), so "
                "none is imported; if there are forces, have it exported again."
            )
            caveats.append(Caveat("plates_unused", "plates", {"described": float(described)}, sentence))
        return PlatesOfFile([], {}, _to_mm(unit, None, said, caveats))
    types = [int(value) for value in parameters.values("FORCE_PLATFORM", "TYPE").ravel(order="F")]
    columns = parameters.values("FORCE_PLATFORM", "CHANNEL")
    columns = columns[:, None] if columns.ndim == 1 else columns
    if len(types) < used or columns.ndim != 2 or columns.shape[1] < used or columns.shape[0] < 6:
        raise C3DError(f"{path} says it has {used} force plates, but FORCE_PLATFORM:TYPE or CHANNEL does not have all.")
    corners = _per_plate(path, parameters, "CORNERS", (3, 4), used)
    origins = _per_plate(path, parameters, "ORIGIN", (3,), used)
    diagonal = _diagonal(corners)
    to_mm = _to_mm(unit, diagonal, said, caveats)
    if to_mm is None:
        raise C3DError(
            f"{path} has plates with a diagonal of {diagonal:g} {unit or 'without unit'} (FORCE_PLATFORM:CORNERS), which no "
            "plate has."
        )
    plates: list[FilePlate] = []
    unread: dict[int, str] = {}
    for i in range(used):
        try:
            own = _columns(types[i], columns[:, i], channels)
            matrix = _matrix(parameters, i, types[:used])
            plate = FilePlate(
                i + 1, types[i], own, corners[:, :, i].T * to_mm, origins[:, i] * to_mm, np.ones(len(own)), matrix
            )
            _check_numbers(plate)
        except ValueError as error:
            unread[i + 1] = str(error)
            continue
        plates.append(_in_nmm(parameters, _in_newtons(parameters, plate, caveats), millimetres(unit) or to_mm, caveats))
    _doubt_labels(plates, parameters.texts("ANALOG", "LABELS", channels), caveats)
    return PlatesOfFile(plates, unread, to_mm)


def _doubt_labels(plates: list[FilePlate], labels: list[str], caveats: list[Caveat]) -> None:
    """Tell plates whose channels, by FORCE_PLATFORM:CHANNEL, bear labels of another plate or of another direction."""
    before = 0
    for plate in plates:
        own = [labels[column] for column in plate.columns]
        found = [LABEL.search(label.replace(" ", "").replace("_", "")) for label in own]
        expected = DIRECTIONS.get(plate.c3d_type, ())
        astray = [
            label
            for label, match, direction in zip(own, found, expected, strict=False)
            if match and f"{match[1]}{match[3]}".upper() != direction
        ]
        of_sensors = plate.c3d_type in (3, 5)  # their labels may number sensors
        numbers = {match[2] or ("" if of_sensors else match[4]) for match in found if match} - {""}
        number = int(next(iter(numbers))) if len(numbers) == 1 else 0
        if astray or len(numbers) > 1 or (number and number <= before):
            why = (
                "name other directions"
                if astray
                else "name more than one plate"
                if len(numbers) > 1
                else f"name plate {number}"
            )
            sentence = (
                f"Plate {plate.number} is said to be on the channels {', '.join(own)} (FORCE_PLATFORM:CHANNEL), whose labels "
                f"{why}; CHANNEL is believed, so check that the forces of each plate are its own."
            )
            caveats.append(Caveat("labels_contradict", plate.name, {}, sentence))
        before = max(before, number)


def _per_plate(path: object, parameters: Parameters, name: str, shape: tuple[int, ...], used: int) -> Floats:
    values = parameters.values("FORCE_PLATFORM", name).astype(np.float64)
    if values.size < used * int(np.prod(shape)):
        raise C3DError(f"{path} says it has {used} force plates, but FORCE_PLATFORM:{name} does not have all of them.")
    return np.asarray(values.ravel(order="F")[: used * int(np.prod(shape))].reshape((*shape, used), order="F"))


def _columns(c3d_type: int, numbers: Floats, channels: int) -> tuple[int, ...]:
    """Return the columns of a plate's channels; raises ValueError with what is wrong."""
    count = PLATE_CHANNELS.get(c3d_type)
    if count is None:
        raise ValueError(f"it is of type {c3d_type}, and plates of type 1 to 5 are read")
    if len(numbers) < count:
        raise ValueError(f"it is of type {c3d_type} and needs {count} channels, and FORCE_PLATFORM:CHANNEL has {len(numbers)}")
    own = tuple(int(number) - 1 for number in numbers[:count])
    if len(set(own)) < count:
        raise ValueError("it names a channel twice in FORCE_PLATFORM:CHANNEL")
    if min(own) < 0 or max(own) >= channels:
        named = ", ".join(str(column + 1) for column in own)
        raise ValueError(f"it is said to be on the analog channels {named} (FORCE_PLATFORM:CHANNEL), but there are {channels}")
    return own


def unit_of_lengths(parameters: Parameters) -> str:
    """Return the unit of lengths that a file names, "" where it names none."""
    return "".join(parameters.texts("POINT", "UNITS", 1))


def lengths_to_mm(parameters: Parameters, said: Length | None, caveats: list[Caveat]) -> float | None:
    """Return what brings a file's lengths to mm, as `read_plates` does, whatever else is wrong with its plates."""
    used = int(parameters.number("FORCE_PLATFORM", "USED") or 0)
    corners = parameters.values("FORCE_PLATFORM", "CORNERS").astype(np.float64).ravel(order="F")
    whole = used > 0 and corners.size >= 12 * used
    diagonal = _diagonal(corners[: 12 * used].reshape((3, 4, used), order="F")) if whole else 0.0
    return _to_mm(unit_of_lengths(parameters), diagonal or None, said, caveats)


def _diagonal(corners: Floats) -> float:
    """Return the diagonal of the middle one of the plates by its size, as it is written; 0 where there is none."""
    diagonals = np.linalg.norm(corners[:, 0] - corners[:, 2], axis=0)
    whole = diagonals[np.isfinite(diagonals) & (diagonals > 0)]
    return float(np.median(whole)) if len(whole) else 0.0


def _to_mm(unit: str, diagonal: float | None, said: Length | None, caveats: list[Caveat]) -> float | None:
    """Return what brings lengths to mm: what POINT:UNITS says, or else a person, unless plates of that size don't exist.

    `diagonal` is that of the plates as it is written, None without plates. Where neither fits, the plates tell the unit.
    """
    named = millimetres(unit)
    if named is not None and _is_of_a_plate(diagonal, named):
        if named != 1.0:
            sentence = f"Its lengths are in {unit} and were converted to mm."
            caveats.append(Caveat("lengths_converted", "recording", {"factor": named}, sentence))
        return named
    if said is not None and _is_of_a_plate(diagonal, LENGTHS_MM[said]):
        return LENGTHS_MM[said]
    for name in ("mm", "m", "cm") if diagonal is not None else ():
        if _is_of_a_plate(diagonal, LENGTHS_MM[name]):
            what = f"are said to be in {unit!r}" if unit else "have no unit (POINT:UNITS)"
            sentence = f"Its lengths {what}; by the size of the plates they are in {name}."
            caveats.append(Caveat("lengths_guessed", "recording", {"factor": LENGTHS_MM[name]}, sentence))
            return LENGTHS_MM[name]
    return None


def _is_of_a_plate(diagonal: float | None, to_mm: float) -> bool:
    return diagonal is None or DIAGONAL_MM[0] <= diagonal * to_mm <= DIAGONAL_MM[1]


def _matrix(parameters: Parameters, plate: int, types: list[int]) -> Floats | None:
    """Return the calibration matrix of a plate of type 4 or 5; the file has one for every plate, or for these types only.

    Raises ValueError with what is wrong.
    """
    if types[plate] not in (4, 5):
        return None
    columns = PLATE_CHANNELS[types[plate]]
    values = parameters.values("FORCE_PLATFORM", "CAL_MATRIX").astype(np.float64)
    whole = values.size and values.size % (6 * columns) == 0
    matrices = values.ravel(order="F").reshape((6, columns, -1), order="F") if whole else np.zeros((6, columns, 0))
    column = plate if matrices.shape[2] >= len(types) else sum(kind in (4, 5) for kind in types[:plate])
    if column >= matrices.shape[2]:
        raise ValueError(f"it is of type {types[plate]} and has no 6x{columns} matrix in FORCE_PLATFORM:CAL_MATRIX")
    matrix: Floats = matrices[:, :, column]
    largest = np.maximum(abs(matrix).max(1, keepdims=True), 1e-300)
    if np.isfinite(matrix).all() and np.linalg.matrix_rank(matrix / largest) < 6:
        raise ValueError("its matrix (FORCE_PLATFORM:CAL_MATRIX) can't be right: it is singular")
    return matrix


def _check_numbers(plate: FilePlate) -> None:
    """Raise ValueError with what of a plate can't be right."""
    for what, value in (("CORNERS", plate.corners_mm), ("ORIGIN", plate.origin_mm), ("CAL_MATRIX", plate.matrix)):
        if value is not None and not np.isfinite(value).all():
            raise ValueError(f"it has values in FORCE_PLATFORM:{what} that are no numbers")
    c = plate.corners_mm
    if np.linalg.norm(np.cross(c[0] - c[2], c[1] - c[3])) < 1e3 or np.abs(c).max() > 1e6:
        raise ValueError("its corners (FORCE_PLATFORM:CORNERS) span no plate")
    if plate.c3d_type == 3 and not plate.origin_mm[:2].all():
        raise ValueError("it is of type 3, and the distances of its sensors (FORCE_PLATFORM:ORIGIN) are 0")


def _in_newtons(parameters: Parameters, plate: FilePlate, caveats: list[Caveat]) -> FilePlate:
    """Return a plate whose forces are in N, by their channels' units; a matrix tells its own unit."""
    if plate.matrix is not None:
        return plate
    units = parameters.texts("ANALOG", "UNITS", max(plate.columns) + 1)
    count = len(plate.columns) if plate.c3d_type == 3 else 3
    said = [units[column].strip() for column in plate.columns[:count]]
    scales = [newtons(unit) for unit in said]
    unknown = [unit for unit, scale in zip(said, scales, strict=True) if scale is None]
    if unknown:
        what = f"are in {unknown[0]!r}, which is no unit of force known here" if unknown[0] else "name no unit"
        sentence = f"The forces of plate {plate.number} {what}; they are taken to be in N, so check the body weight."
        caveats.append(Caveat("forces_guessed", plate.name, {}, sentence))
    per_N = np.array([1.0 if scale is None else scale for scale in scales])
    if (per_N == 1.0).all():
        return plate
    other = ", ".join(dict.fromkeys(unit for unit, scale in zip(said, per_N, strict=True) if scale != 1.0))
    sentence = f"The forces of plate {plate.number} are in {other} and are converted to N."
    caveats.append(Caveat("forces_converted", plate.name, {"factor": float(per_N[-1])}, sentence))
    return replace(plate, per_unit=plate.per_unit * np.concatenate([per_N, np.ones(len(plate.columns) - count)]))


def _in_nmm(parameters: Parameters, plate: FilePlate, of_lengths: float, caveats: list[Caveat]) -> FilePlate:
    """Return a plate whose moments are in N·mm, by their channels' unit, or else by that of lengths, of so many mm.

    Of type 3 they are computed from distances in mm, and of type 1 the place is in the unit of lengths.
    """
    if plate.c3d_type == 3:
        return plate
    units = parameters.texts("ANALOG", "UNITS", max(plate.columns) + 1)
    if plate.c3d_type == 1:
        plate = replace(plate, per_unit=plate.per_unit * np.array([1.0, 1.0, 1.0, of_lengths, of_lengths, 1.0]))
        own = plate.columns[5:]
    else:
        own = plate.columns[3:]
    said = {newton_millimetres(units[column]) for column in own}
    scale = said.pop() if len(said) == 1 else None
    known, scale = scale is not None, of_lengths if scale is None else scale
    plate = replace(plate, moments_to_Nmm=scale)
    if not known:
        named = ", ".join(dict.fromkeys(repr(units[column]) for column in own if units[column]))
        what = f"are in {named}, which is no one unit of moments known here" if named else "name no unit of moments"
        unit = next(word for word, mm in LENGTHS_MM.items() if mm == scale)
        sentence = f"The moments of plate {plate.number} {what}; by the unit of lengths they are taken as N·{unit}."
        caveats.append(Caveat("moments_guessed", plate.name, {"factor": scale}, sentence))
    elif scale != 1.0:
        sentence = f"The moments of plate {plate.number} are in {units[own[0]]} and are converted to N·mm."
        caveats.append(Caveat("moments_converted", plate.name, {"factor": scale}, sentence))
    if scale == 1.0:
        return plate
    if plate.c3d_type == 1:
        return replace(plate, per_unit=plate.per_unit * np.array([1.0] * 5 + [scale]))
    return plate.with_moments(scale)
