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
    """A plate of type 2 or 4 as the rig describes it."""

    def __init__(self, plate: Plate) -> None:
        corners = np.asarray(plate.corners_mm, dtype=np.float64)
        x = corners[0] - corners[1]
        z = np.cross(x, corners[0] - corners[3])
        y = np.cross(z, x)
        self.axes = np.stack([axis / np.linalg.norm(axis) for axis in (x, y, z)])
        self.centre_mm = corners.mean(axis=0)
        # The origin's vector leads from the true origin to the middle of the surface; a pad raises the surface, against z.
        self._surface_mm = np.asarray(plate.origin_mm, dtype=np.float64) - np.array([0.0, 0.0, plate.pad_mm])
        self._zero = np.asarray(plate.zero, dtype=np.float64)
        if plate.c3d_type == 4:
            self._raw_per_load = np.linalg.inv(np.asarray(plate.calibration_matrix, dtype=np.float64))
        else:
            self._raw_per_load = np.diag(1.0 / np.asarray(plate.sensitivities or [1.0] * 6, dtype=np.float64))

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
        """Return the six raw channels, (n, 6) in the plate's raw unit, for loads as from `load`."""
        return load @ self._raw_per_load.T + self._zero
