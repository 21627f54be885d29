"""Whether a plate's centre of pressure fits the plate: the unit of its moments is tried, and what fits no unit is a doubt."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from acquisition.caveat import Caveat
from acquisition.rig.plate_map import lies_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from acquisition.formats.c3d.plate_parameters import FilePlate
    from hardware.arrays import Floats

LEAST_ARM_MM = 0.5
"""The moments of a loaded plate over its force are longer than this, if only by shear above its true origin."""
FITS = 0.9
"""A centre of pressure fits a plate if it lies on it for this share of the time."""
FACTORS = (0.1, 10.0, 0.01, 100.0, 1e-3, 1e3)


def fitting(plate: FilePlate, cop_mm: Callable[[FilePlate], Floats], caveats: list[Caveat]) -> FilePlate:
    """Return a plate with the unit of moments by which its centre of pressure lies on it, and tell where that was another.

    `cop_mm` gives the centre of pressure (n, 2) in the plate's own axes, about its middle, of the loaded samples.
    """
    found = cop_mm(plate)
    if not len(found):
        return plate
    share = _share_on(found, plate.corners_mm)
    moments_are_free = plate.c3d_type in (2, 4, 5)
    arm_mm = math.inf
    if moments_are_free:
        about_origin = cop_mm(replace(plate, origin_mm=np.zeros(3)))
        arm_mm = float(np.median(np.hypot(*about_origin.T)))
    if share >= FITS and arm_mm >= LEAST_ARM_MM:
        return plate
    factors = FACTORS if share < FITS else (1000.0,)
    for factor in factors if moments_are_free else ():
        other = plate.with_moments(factor)
        if _share_on(cop_mm(other), plate.corners_mm) >= FITS and not arm_mm * factor < LEAST_ARM_MM:
            how = (
                f"lies beyond it for {100 * (1 - share):.0f} % of the time"
                if share < FITS
                else f"would never be more than {arm_mm:.2f} mm away from its true origin"
            )
            sentence = (
                f"The unit of the moments of plate {plate.number} can't be right: its centre of pressure {how}; with moments "
                f"{factor:g} times as large it lies on the plate, so that is taken."
            )
            caveats.append(Caveat("moments_unit_wrong", plate.name, {"factor": factor}, sentence))
            return other
    if share < FITS:
        sentence = (
            f"The centre of pressure of plate {plate.number} lies beyond the plate for {100 * (1 - share):.0f} % of the time "
            "in which it is loaded; its calibration, origin, corners or zero can't be right, so no centre of pressure of it is."
        )
        caveats.append(Caveat("cop_off_plate", plate.name, {"off_pct": 100 * (1 - share)}, sentence))
    return plate


def _share_on(cop_mm: Floats, corners_mm: Floats) -> float:
    """Return the share of points, in the plate's axes about its middle, that lie on it."""
    return float(np.mean(lies_on(cop_mm, corners_mm)))
