"""The plate map: raw channels of a force plate to force and moment in the lab axes, by one matrix and one offset.

All steps before the centre of pressure are linear in the raw channels: sensitivities or calibration matrix, sums of sensors,
the shift from the true origin to the surface, the rotation into the lab. So they are one matrix per plate, and a mean over
samples may be taken before it or after it. Only a plate that gives its own centre of pressure (type 1) is brought to moments
first.

C3D's conventions hold throughout: in the plate's own axes z points down and x and y run along its sides; what is measured is
the reaction of the plate on the foot, so a standing person reads Fz < 0 in the plate's axes, and + up in the lab axes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acquisition.rig.rig import VERTICAL_ALONE, WITHOUT_FREE_MOMENT, Plate
from hardware.arrays import Floats


@dataclass(frozen=True, slots=True, eq=False)
class PlateMap:
    """The map from raw channels of one plate to its wrench (Fx Fy Fz in N, Mx My Mz in N·mm) in the lab axes.

    wrench = `matrix` (6, channels) @ (raw - `zero`), its moment about `centre_mm`: the centre of the surface that the foot
    stands on, which is the mean of the corners raised by the pad. `rotation` (3, 3) has the plate's axes as its columns, so
    that lab = rotation @ plate; its last column is the normal of the surface.

    A plate that gives its own centre of pressure (`gives_point`) is mapped from the force and the moments that
    follow from its channels, `per_unit` (channels,) times (raw - `zero`); with five of them its free moment is not known. With
    one, its vertical force, nobody knows where it lies: `centre_mm` is NaN, and so is whatever rests on it.
    """

    matrix: Floats
    zero: Floats
    rotation: Floats
    centre_mm: Floats
    per_unit: Floats
    gives_point: bool

    @property
    def gives_turn(self) -> bool:
        """Whether the plate tells its free moment."""
        return not self.gives_point or len(self.per_unit) > WITHOUT_FREE_MOMENT

    def fz_N(self, raw: Floats) -> Floats:  # noqa: N802 - units keep their capitals
        """Return the vertical force, + up, of raw samples (n, channels)."""
        count = len(self.per_unit)
        vertical = self.matrix[2, 2:3] if count == VERTICAL_ALONE else self.matrix[2, :count]
        return np.asarray((raw - self.zero) * self.per_unit @ vertical)

    def wrench(self, raw: Floats) -> Floats:
        """Return the wrench (n, 6) of raw samples (n, channels), its moment about `centre_mm`; NaN what it does not tell."""
        signals = (raw - self.zero) * self.per_unit
        if not self.gives_point:
            return np.asarray(signals @ self.matrix.T)
        count = signals.shape[1]
        told = [2] if count == VERTICAL_ALONE else list(range(count))
        every = np.zeros((len(signals), 6))
        every[:, told] = signals
        fx, fy, fz, x, y, free = every.T
        wrench = np.column_stack([fx, fy, fz, y * fz, -x * fz, free + x * fy - y * fx]) @ self.matrix.T
        untold = [i for i in range(6) if i not in told]
        wrench[:, (np.abs(self.matrix[:, untold]) > LEAST_PART).any(axis=1)] = np.nan
        return np.asarray(wrench)


def plate_map(plate: Plate) -> PlateMap:
    """Reduce a plate to its map, with the force as the reaction on the foot, + up in the lab axes."""
    rotation, centre = np.diag([1.0, -1.0, -1.0]), np.full(3, np.nan)
    if plate.corners_mm is not None:
        corners = np.asarray(plate.corners_mm, dtype=np.float64)
        rotation = axes_of_corners(corners)
        centre = np.mean(corners, axis=0) - rotation[:, 2] * plate.pad_mm
    count = plate.channel_count
    per_unit, zero = np.ones(count), np.array(plate.zero, dtype=np.float64)
    if plate.c3d_type == 1:
        # The point is told from the true origin, so what lies between it and the middle of the surface is a part of the zero.
        per_unit = np.array(plate.sensitivities or [1.0] * count, dtype=np.float64)
        zero[3:5] += np.array(plate.origin_mm[:2])[: len(zero[3:5])] / per_unit[3:5]
    surface = moment_shift(surface_offset(plate)) @ calibration(plate)
    turn = np.kron(np.eye(2), rotation)
    return PlateMap(turn @ surface, zero, rotation, centre, per_unit, plate.c3d_type == 1)


def calibration(plate: Plate) -> Floats:
    """Return the matrix (6, channels) from raw units, with `zero` taken off, to N and N·mm about the plate's true origin.

    Of type 3 the sensors' forces are summed, and their moments about the middle follow from the sensors' distances a and b:
    Mx = b (Fz1 + Fz2 - Fz3 - Fz4), My = a (-Fz1 + Fz2 + Fz3 - Fz4), Mz = b (-Fx12 + Fx34) + a (Fy14 - Fy23) (Kistler; The C3D
    File Format: A User Guide, FORCE_PLATFORM:TYPE).
    """
    if plate.calibration_matrix is not None:
        return np.asarray(plate.calibration_matrix, dtype=np.float64)
    if plate.c3d_type == 1:
        return np.eye(6)
    scale = np.asarray(plate.sensitivities or [1.0] * plate.channel_count, dtype=np.float64)
    if plate.c3d_type == 2:
        return np.diag(scale)
    a, b = np.abs(plate.origin_mm[:2])
    sums: Floats = scale * np.array(
        [
            [1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
            [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0],
            [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0],
            [0.0, 0.0, 0.0, 0.0, b, b, -b, -b],
            [0.0, 0.0, 0.0, 0.0, -a, a, a, -a],
            [-b, b, a, -a, 0.0, 0.0, 0.0, 0.0],
        ]
    )
    return sums


def axes_of_corners(corners_mm: Floats) -> Floats:
    """Return the plate's axes in the lab axes as the columns of a rotation, from its corners (4, 3).

    The corners stand in quadrants 1 to 4 of the plate's own x and y: x runs from the second to the first, y from the fourth to
    the first, made square to x where they are not (The C3D File Format: A User Guide, FORCE_PLATFORM:CORNERS).
    """
    x = corners_mm[0] - corners_mm[1]
    z = np.cross(x, corners_mm[0] - corners_mm[3])
    y = np.cross(z, x)
    return np.column_stack([axis / np.linalg.norm(axis) for axis in (x, y, z)])


LEAST_PART = 1e-9
"""Of a signal so small a part is one of rounding."""
UNPLACED_N = 20.0
"""A sample with less force than this needs no place: where a plate is all but empty, programs write none (*design*)."""
BEYOND_MM = 30.0
"""How far beyond the edge of a plate a centre of pressure may seem to lie (*design*)."""


def lies_on(points_mm: Floats, corners_mm: Floats) -> NDArray[np.bool_]:
    """Return which points (n, 2), in the plate's own x and y about its middle, lie on the plate or just beyond its edge."""
    half = np.linalg.norm([corners_mm[0] - corners_mm[1], corners_mm[0] - corners_mm[3]], axis=1) / 2
    return np.asarray((np.abs(points_mm) <= half + BEYOND_MM).all(axis=1))


def surface_offset(plate: Plate) -> Floats:
    """Return (a, b, c) in mm in the plate's axes: the vector that takes its true origin to the surface, c <= 0.

    A writer that stores c > 0 has stored the opposite vector, so the whole of it is turned for types 2, 4 and 5; of type 3, a
    and b are distances of sensors, and only c is. A plate that gives its own centre of pressure tells it on the surface. A pad
    lifts the surface further from the true origin.
    """
    a, b, c = plate.origin_mm if plate.origin_mm[2] <= 0 else [-value for value in plate.origin_mm]
    match plate.c3d_type:
        case 1:
            a, b, c = 0.0, 0.0, 0.0
        case 3:
            a, b = 0.0, 0.0
    return np.array([a, b, c - plate.pad_mm])


def moment_shift(offset_mm: Floats) -> Floats:
    """Return the (6, 6) matrix that moves the point of reference of a wrench by (a, b, c) mm: M' = M + F x (a, b, c)."""
    a, b, c = offset_mm
    shift = np.eye(6)
    shift[3:, :3] = [[0.0, c, -b], [-c, 0.0, a], [b, -a, 0.0]]
    return shift
