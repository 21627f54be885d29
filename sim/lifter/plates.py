"""Simulated force plates: the raw channels for a known force at a known point, by the plate equations inverted.

The axes of a plate follow from its corners as in the C3D standard: x from corner 2 to corner 1, y from corner 4 to corner 1, z
from both, which points down into the floor for most makers. Forces are the plate's reaction, as in most C3D files: a loaded
plate whose z points down reads a negative raw Fz. The algebra is written here a second time on purpose: what the program
computes from raw channels is held against it in the tests.
"""

from __future__ import annotations

import numpy as np

from acquisition.rig import Plate
from hardware.arrays import Floats

# Standard deviation of a good plate's own noise: Fx Fy Fz in N, Mx My Mz in N·mm.
NOISE = np.array([0.2, 0.2, 0.4, 80.0, 80.0, 40.0])


class SimulatedPlate:
    """A plate as the rig describes it, of any type."""

    def __init__(self, plate: Plate) -> None:
        corners = np.asarray(plate.corners_mm, dtype=np.float64)
        x = corners[0] - corners[1]
        z = np.cross(x, corners[0] - corners[3])
        y = np.cross(z, x)
        self.axes = np.stack([axis / np.linalg.norm(axis) for axis in (x, y, z)])
        self.centre_mm = corners.mean(axis=0)
        # The origin's vector leads from the true origin to the middle of the surface; a pad raises the surface, against z.
        origin = np.asarray(plate.origin_mm, dtype=np.float64)
        self._type = plate.c3d_type
        self._sensors = origin[:2] if plate.c3d_type == 3 else np.zeros(2)
        self._to_origin_mm = origin[:2] if plate.c3d_type == 1 else np.zeros(2)
        below = {1: [0.0, 0.0, 0.0], 3: [0.0, 0.0, origin[2]]}.get(plate.c3d_type, origin)
        self._surface_mm = np.asarray(below) - np.array([0.0, 0.0, plate.pad_mm])
        count = len(plate.channels)
        self._zero = np.asarray(plate.zero, dtype=np.float64)
        if plate.calibration_matrix is not None:
            self._raw_per_signal = np.linalg.pinv(np.asarray(plate.calibration_matrix, dtype=np.float64))
        else:
            self._raw_per_signal = np.diag(1.0 / np.asarray(plate.sensitivities or [1.0] * count, dtype=np.float64))

    def load(self, force_N: Floats, cop_mm: Floats, free_moment_Nmm: Floats) -> Floats:
        """Return Fx Fy Fz Mx My Mz in the plate's axes about its true origin, (n, 6) in N and N·mm.

        `force_N` (n, 3) and `cop_mm` (n, 2) are in the lab axes, the centre of pressure on the plate's surface;
        `free_moment_Nmm` (n,) acts about the lab's vertical through it.
        """
        normal = self.axes[2]
        offset = np.zeros((len(cop_mm), 3))
        offset[:, :2] = cop_mm - self.centre_mm[:2]
        offset[:, 2] = -(offset[:, :2] @ normal[:2]) / normal[2]
        load = np.empty((len(cop_mm), 6))
        load[:, :3] = force_N @ self.axes.T
        arm = offset @ self.axes.T + self._surface_mm
        load[:, 3:] = np.cross(arm, load[:, :3]) + np.outer(free_moment_Nmm, self.axes[:, 2])
        return load

    def raw(self, load: Floats) -> Floats:
        """Return the raw channels, (n, 5, 6 or 8) in the plate's raw unit, for loads as from `load`."""
        return self._signals(load)[:, : len(self._zero)] @ self._raw_per_signal.T + self._zero

    def _signals(self, load: Floats) -> Floats:
        """Return what the plate's sensors feel: for types 1 and 3 not the load itself."""
        fx, fy, fz, mx, my, mz = load.T
        if self._type == 3:  # forces shared evenly, and moments by pairs that push against each other
            a, b = self._sensors
            tilt_x, tilt_y, twist_x, twist_y = mx / (4 * b), my / (4 * a), mz / (4 * b), mz / (4 * a)
            quarters = (tilt_x - tilt_y, tilt_x + tilt_y, tilt_y - tilt_x, -tilt_x - tilt_y)
            sides = (fx / 2 - twist_x, fx / 2 + twist_x, fy / 2 + twist_y, fy / 2 - twist_y)
            return np.stack([*sides, *(fz / 4 + quarter for quarter in quarters)], axis=1)
        if self._type == 1:  # where the force meets its own surface, which lies below the pad
            loaded = np.where(np.abs(fz) > 1.0, fz, np.inf)
            x, y = -my / loaded, mx / loaded
            point = np.stack([x, y], axis=1) + self._to_origin_mm
            return np.stack([fx, fy, fz, *point.T, mz - x * fy + y * fx], axis=1)
        return load
