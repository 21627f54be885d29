"""Whether a plate's centre of pressure fits the plate: the unit of its moments is tried, and what fits no unit is a doubt."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from acquisition.caveat import Caveat
from acquisition.rig.plate_map import lies_on

if TYPE_CHECKING:
    from acquisition.formats.c3d.plate_parameters import FilePlate
    from hardware.arrays import Floats

LEAST_ARM_MM = 0.5
"""The moments of a loaded plate over its force are longer than this, if only by shear above its true origin."""
FITS = 0.9
"""A centre of pressure fits a plate if it lies on it for this share of the time."""
UNITS_NMM = (1.0, 1000.0, 10.0)
"""N mm, N m and N cm: what the moments may be in, the likelier first."""
MOST_N, STEP_N = 2000.0, 10.0
"""No foot loads a plate by more in the median; what the plate lacks of it is tried in such steps."""


class CopOf(Protocol):
    """Gives the centre of pressure (n, 2) of a plate's loaded samples, in its own axes, about its middle."""

    def __call__(self, plate: FilePlate, more_N: float = 0.0) -> Floats:
        """Return it for a vertical force that is larger by `more_N` than what was read."""


def fitting(plate: FilePlate, cop_mm: CopOf, loaded_N: float, zero_known: bool, caveats: list[Caveat]) -> FilePlate | None:
    """Return a plate with the unit of moments by which its centre of pressure lies on it, and tell where that was another.

    `loaded_N`: the median of its vertical force while it is loaded. Where it is not known what the plate reads empty
    (`zero_known`), a force that is off explains a place off the plate as well: then both are told, and the plate is None.
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
    off_pct = 100 * (1 - share)
    units = UNITS_NMM if share < FITS else (1000.0 * plate.moments_to_Nmm,)
    factors = [unit / plate.moments_to_Nmm for unit in units if unit != plate.moments_to_Nmm] if moments_are_free else []
    more_N = 0.0 if zero_known or share >= FITS else _lacking_N(plate, cop_mm, loaded_N)
    for factor in factors:
        other = plate.with_moments(factor)
        if _share_on(cop_mm(other), plate.corners_mm) >= FITS and not arm_mm * factor < LEAST_ARM_MM:
            if more_N:
                caveats.append(_not_zeroed(plate, off_pct, more_N, f", or with moments {factor:g} times as large"))
                return None
            how = (
                f"lies beyond it for {off_pct:.0f} % of the time"
                if share < FITS
                else f"would never be more than {arm_mm:.2f} mm away from its true origin"
            )
            sentence = (
                f"The unit of the moments of plate {plate.number} can't be right: its centre of pressure {how}; with moments "
                f"{factor:g} times as large it lies on the plate, so that is taken."
            )
            caveats.append(Caveat("moments_unit_wrong", plate.name, {"factor": factor}, sentence))
            return other
    if more_N:
        caveats.append(_not_zeroed(plate, off_pct, more_N, ""))
        return None
    if share < FITS:
        sentence = (
            f"The centre of pressure of plate {plate.number} lies beyond the plate for {off_pct:.0f} % of the time "
            "in which it is loaded; its calibration, origin, corners or zero can't be right, so no centre of pressure of it is."
        )
        caveats.append(Caveat("cop_off_plate", plate.name, {"off_pct": off_pct}, sentence))
    return plate


def _lacking_N(plate: FilePlate, cop_mm: CopOf, loaded_N: float) -> float:  # noqa: N802 - units keep their capitals
    """Return the least force which, if the plate lacked it, would bring its pressure onto it; 0 where none does."""
    for more_N in np.arange(STEP_N, MOST_N - loaded_N, STEP_N):
        if _share_on(cop_mm(plate, float(more_N)), plate.corners_mm) >= FITS:
            return float(more_N)
    return 0.0


def _not_zeroed(plate: FilePlate, off_pct: float, more_N: float, unit: str) -> Caveat:
    sentence = (
        f"The centre of pressure of plate {plate.number} lies beyond the plate for {off_pct:.0f} % of the time in which it is "
        f"loaded; with {more_N:.0f} N more on it{unit}, it would lie on it. The plate is not zeroed, or its moments or corners "
        "are wrong, and no stretch in which it is empty tells which. It is left out, so there is no load share."
    )
    return Caveat("plate_zero_unknown", plate.name, {"off_pct": off_pct, "more_N": more_N}, sentence)


def _share_on(cop_mm: Floats, corners_mm: Floats) -> float:
    """Return the share of points, in the plate's axes about its middle, that lie on it."""
    return float(np.mean(lies_on(cop_mm, corners_mm)))
