"""The plate map: raw channels of a force plate to force and moment in the lab axes, by one matrix and one offset.

All steps before the centre of pressure are linear in the raw channels: sensitivities or calibration matrix, the shift from the
true origin to the surface, the rotation into the lab. So they are one matrix per plate, and a mean over samples may be taken
before it or after it.

C3D's conventions hold throughout: in the plate's own axes z points down and x and y run along its sides; what is measured is
the reaction of the plate on the foot, so a standing person reads Fz < 0 in the plate's axes, and + up in the lab axes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from acquisition.rig.rig import Plate
from hardware.arrays import Floats


@dataclass(frozen=True, slots=True, eq=False)
class PlateMap:
    """The map from raw channels of one plate to its wrench (Fx Fy Fz in N, Mx My Mz in N·mm) in the lab axes.

    wrench = `matrix` (6, channels) @ (raw - `zero`), its moment about `centre_mm`: the centre of the surface that the foot
    stands on, which is the mean of the corners raised by the pad. `rotation` (3, 3) has the plate's axes as its columns, so
    that lab = rotation @ plate; its last column is the normal of the surface.
    """

    matrix: Floats
    zero: Floats
    rotation: Floats
    centre_mm: Floats


def plate_map(plate: Plate) -> PlateMap:
    """Reduce a plate of C3D type 2 or 4 to its map, with the force as the reaction on the foot, + up in the lab axes."""
    rotation = axes_of_corners(np.asarray(plate.corners_mm, dtype=np.float64))
    centre = np.mean(np.asarray(plate.corners_mm, dtype=np.float64), axis=0) - rotation[:, 2] * plate.pad_mm
    surface = moment_shift(surface_offset(plate)) @ calibration(plate)
    turn = np.kron(np.eye(2), rotation)
    return PlateMap(turn @ surface, np.asarray(plate.zero, dtype=np.float64), rotation, centre)


def calibration(plate: Plate) -> Floats:
    """Return the (6, 6) matrix from raw units, with `zero` taken off, to N and N·mm about the plate's true origin."""
    if plate.calibration_matrix is not None:
        return np.asarray(plate.calibration_matrix, dtype=np.float64)
    return np.diag(np.asarray(plate.sensitivities or [1.0] * 6, dtype=np.float64))


def axes_of_corners(corners_mm: Floats) -> Floats:
    """Return the plate's axes in the lab axes as the columns of a rotation, from its corners (4, 3).

    The corners stand in quadrants 1 to 4 of the plate's own x and y: x runs from the second to the first, y from the fourth to
    the first, made square to x where they are not (The C3D File Format: A User Guide, FORCE_PLATFORM:CORNERS).
    """
    x = corners_mm[0] - corners_mm[1]
    z = np.cross(x, corners_mm[0] - corners_mm[3])
    y = np.cross(z, x)
    return np.column_stack([axis / np.linalg.norm(axis) for axis in (x, y, z)])


def surface_offset(plate: Plate) -> Floats:
    """Return (a, b, c) in mm in the plate's axes: the vector that takes its true origin to the surface, c <= 0.

    A writer that stores c > 0 has stored the opposite vector, so the whole of it is turned for types 2 and 4. A pad lifts the
    surface further from the true origin.
    """
    a, b, c = plate.origin_mm if plate.origin_mm[2] <= 0 else [-value for value in plate.origin_mm]
    return np.array([a, b, c - plate.pad_mm])


def moment_shift(offset_mm: Floats) -> Floats:
    """Return the (6, 6) matrix that moves the point of reference of a wrench by (a, b, c) mm: M' = M + F x (a, b, c)."""
    a, b, c = offset_mm
    shift = np.eye(6)
    shift[3:, :3] = [[0.0, c, -b], [-c, 0.0, a], [b, -a, 0.0]]
    return shift
