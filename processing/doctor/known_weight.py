"""The known-weight check, for setting up a plate: a known weight on a known point must come back, as force and as place.

Makers differ in signs, in the order of corners and in which way the origin points, and a mistake there looks like a result.
Where the place doesn't come back, the usual mistakes are tried, and the one that explains it is named.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from acquisition.rig.plate_map import plate_map
from acquisition.rig.units import GRAVITY_M_S2
from hardware.arrays import Floats
from hardware.severity import Severity
from processing.doctor.check import Check
from processing.force.wrench import plate_wrench

if TYPE_CHECKING:
    from acquisition.probe import Probe
    from acquisition.rig import Plate, Rig

FORCE_SHARE = 0.02
POINT_MM = 10.0
_FORM = re.compile(r"(left|right):([0-9.]+):(-?[0-9.]+),(-?[0-9.]+)")


@dataclass(frozen=True, slots=True)
class KnownWeight:
    """A mass in kg that lies still on the plate of one side, at a point of the lab in mm."""

    side: str
    mass_kg: float
    x_mm: float
    y_mm: float

    @classmethod
    def parse(cls, text: str) -> KnownWeight:
        """Read `left:20.0:150,400`: side, kg, and x and y in mm; raises ValueError with a sentence."""
        found = _FORM.fullmatch(text.replace(" ", ""))
        try:
            weight = cls(found[1], *(float(found[i]) for i in (2, 3, 4))) if found else None
        except ValueError:
            weight = None
        if weight is None or not weight.mass_kg > 0:
            raise ValueError(
                f"{text!r} is no known weight; give side, kilograms and the place in mm in the lab, like left:20.0:150,400"
            )
        return weight


def check_known_weight(rig: Rig, plate: Plate, weight: KnownWeight, probe: Probe) -> list[Check]:
    """Compare what a plate reads with the weight that lies on it: force within 2 %, place within 10 mm."""
    what = f"known weight on plate {plate.name}"
    raw = [stretch.samples for stretch in probe.stretches]
    if not raw:
        return []
    samples = np.concatenate(raw).astype(np.float64)
    plates = plate_map(plate)
    columns = [rig.column(plate.stream, name) for name in plate.channels]
    mean = samples[np.isfinite(samples[:, columns]).all(axis=1)].mean(axis=0, keepdims=True)
    wrench = plate_wrench(mean, columns, plates, 0.0)
    force_N, wanted_N = float(wrench.force_N[0, 2]), weight.mass_kg * GRAVITY_M_S2
    wanted = np.array([weight.x_mm, weight.y_mm])
    said = f"{weight.mass_kg:g} kg are {wanted_N:.1f} N, and {force_N:.1f} N come back."
    if abs(force_N - wanted_N) > FORCE_SHARE * wanted_N:
        mean[:, columns] = 2.0 * plates.zero - mean[:, columns]  # a wrench turned as a whole acts at the same place
        turned = plate_wrench(mean, columns, plates, 0.0).cop_mm[0, :2]
        place_fits = bool(np.linalg.norm(turned - wanted) <= POINT_MM)
        return [Check(Severity.RED, what, said, _why_force(force_N, wanted_N, place_fits))]
    checks = [Check(Severity.FINE, f"{what}, force", said)]
    found = wrench.cop_mm[0, :2]
    off_mm = float(np.linalg.norm(found - wanted))
    said = f"It lies at {_point(wanted)} and comes back at {_point(found)}, {off_mm:.0f} mm off."
    if off_mm <= POINT_MM:
        return [*checks, Check(Severity.FINE, f"{what}, place", said)]
    return [*checks, Check(Severity.RED, f"{what}, place", said, _why_point(plates.centre_mm, plates.rotation, wanted, found))]


def _why_force(force_N: float, wanted_N: float, place_fits: bool) -> str:
    if abs(force_N + wanted_N) <= FORCE_SHARE * wanted_N:
        what = "of all six rows" if place_fits else "of the row Fz"
        return f"The sign is wrong: turn that {what} of the calibration_matrix, or of the sensitivities, and measure again."
    return "Check sensitivity or calibration matrix, the amplifier's gain and range, and that the plate was at zero before."


def _why_point(centre_mm: Floats, rotation: Floats, wanted: Floats, found: Floats) -> str:
    """Return what explains the place, if one of the usual mistakes does."""
    x, y = rotation.T[:2, :2] @ (wanted - centre_mm[:2])
    seen = rotation.T[:2, :2] @ (found - centre_mm[:2])
    mistakes = {
        "mirrored along the plate's x; check the sign of My, and that the corners are in the order of the standard": (-x, y),
        "mirrored along the plate's y; check the sign of Mx, and that the corners are in the order of the standard": (x, -y),
        "turned by half a turn; check that the corners begin with the plate's first quadrant": (-x, -y),
        "with x and y exchanged; check the order of the channels Mx and My, and the corners": (y, x),
        "turned by a quarter; check that the corners begin with the plate's first quadrant": (-y, x),
        "turned by a quarter the other way; check that the corners begin with the plate's first quadrant": (y, -x),
    }
    for mistake, point_mm in mistakes.items():
        if np.linalg.norm(seen - np.array(point_mm)) <= POINT_MM:
            return f"It is {mistake}."
    return (
        "Check origin_mm (its z is negative), pad_mm, the moments' rows of the calibration, and the measured point; a weight "
        "near the edge that comes back too near the middle or too far out points to the moments' scale."
    )


def _point(point: Floats) -> str:
    return f"({point[0]:.0f}, {point[1]:.0f}) mm"
