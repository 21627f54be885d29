"""Force plates of a C3D file: the foot on each, what it reads unloaded, and whether its signs are the usual ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from acquisition.caveat import Caveat
from acquisition.formats.c3d.file import C3DError
from acquisition.formats.c3d.foot_markers import Feet, side_on_plate
from acquisition.rig import SIDES, Plate
from hardware.arrays import Floats

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from acquisition.formats.c3d.file import C3DData, FilePlate
    from acquisition.rig import Side


UNLOADED_PCT = 5.0
"""Samples that FORCE_PLATFORM:ZERO names count as unloaded below this share of the plate's largest force."""
LOADED_PCT = 20.0
"""A foot stands on a plate where the force is above this share of the 99th percentile."""
TURN_ABOVE_N = 100.0
"""A plate that carries less than this has no load whose sign could be judged."""
APART_MM = 100.0
"""Plates side by side are at least this far apart along the lifter's right."""


@dataclass(frozen=True, slots=True, eq=False)
class ChosenPlate:
    """A plate of the file that is imported: its side, how that was found, its vertical force (+ up, N), and its zero."""

    of_file: FilePlate
    side: Side
    how: str
    fz_N: Floats
    zero: Floats
    sign: float

    def settings(self, stream: str, names: list[str], pad_mm: float) -> Plate:
        """Return the plate as a rig describes it, on channels of these names."""
        matrix = self.sign * self.of_file.matrix
        full = self.of_file.c3d_type == 4
        return Plate(
            name=self.side,
            model=f"plate {self.of_file.number} of the file",
            side=self.side,
            stream=stream,
            channels=names,
            c3d_type=4 if full else 2,
            corners_mm=self.of_file.corners_mm.tolist(),
            origin_mm=self.of_file.origin_mm.tolist(),
            sensitivities=None if full else np.diag(matrix).tolist(),
            calibration_matrix=matrix.tolist() if full else None,
            zero=self.zero.tolist(),
            pad_mm=pad_mm,
        )


def choose_plates(
    path: Path, data: C3DData, named: Mapping[int, Side], feet: Feet, right: Floats | None, contact_N: float
) -> tuple[list[ChosenPlate], list[Caveat]]:
    """Return the one or two plates to import, and what was chosen, taken off, turned or assumed.

    `named` has sides by plate number, from a person; then exactly those plates are taken. Otherwise it is the two that carry
    most, with sides by the feet on them, by their places along the lifter's `right` (2,), or assumed.
    """
    caveats: list[Caveat] = []
    if data.other_types and not named:
        number, kind = next(iter(data.other_types.items()))
        raise C3DError(
            f"Plate {number} of {path} is of type {kind}; plates of type 2 and 4 are read. "
            "To import the others alone, name them in a map file."
        )
    for number in named:
        if number in data.other_types:
            raise C3DError(f"Plate {number} of {path} is of type {data.other_types[number]}; plates of type 2 and 4 are read.")
    plates = [plate for plate in data.plates if not named or plate.number in named]
    judged = []
    for plate in plates:
        if not np.isfinite(data.analog[:, plate.columns]).all():
            raise C3DError(f"Plate {plate.number} of {path} has samples that are no numbers; its force can't be known.")
        zero = _zero(data, plate, contact_N, caveats)
        fz_N, sign = _upwards(plate, (data.analog[:, plate.columns] - zero) @ plate.matrix[2], caveats)
        judged.append(ChosenPlate(plate, "left", "", fz_N, zero, sign))
    judged = _heaviest_two(judged, caveats)
    for each in judged:
        if np.percentile(np.abs(each.fz_N), 99) < contact_N:
            sentence = f"Plate {each.of_file.number} is never loaded: it stays below {contact_N:g} N."
            caveats.append(Caveat("plate_never_loaded", _name(each.of_file), {"contact_N": contact_N}, sentence))
    return _with_sides(judged, named, _found_sides(judged, data, feet), right, bool(feet.parts), caveats), caveats


def _name(plate: FilePlate) -> str:
    return f"plate {plate.number}"


def _zero(data: C3DData, plate: FilePlate, contact_N: float, caveats: list[Caveat]) -> Floats:
    """Return what the plate reads in the samples that the file calls unloaded, if it is; else zeros."""
    if data.zero is None:
        return np.zeros(6)
    first, last = data.zero
    raw = data.analog[:, plate.columns]
    force = np.abs(raw @ plate.matrix[2])
    there = float(force[first : last + 1].mean())
    which = f"samples {first + 1} to {last + 1}, which the file names as unloaded (FORCE_PLATFORM:ZERO)"
    if there < contact_N and there < UNLOADED_PCT / 100 * float(force.max()):
        sentence = f"Plate {plate.number} is unloaded in {which}; what it reads there, {there:.1f} N, is taken off."
        caveats.append(Caveat("zero_taken_off", _name(plate), {"zero_N": there}, sentence))
        return np.asarray(raw[first : last + 1].mean(axis=0))
    sentence = f"Plate {plate.number} carries {there:.0f} N in {which}, so nothing is taken off."
    caveats.append(Caveat("zero_while_loaded", _name(plate), {"load_N": there}, sentence))
    return np.zeros(6)


def _upwards(plate: FilePlate, fz: Floats, caveats: list[Caveat]) -> tuple[Floats, float]:
    """Return the force with + up, and -1 if the file has the force on the plate where the standard has that on the foot."""
    x = plate.corners_mm[0] - plate.corners_mm[1]
    fz = fz * np.sign(np.cross(x, plate.corners_mm[0] - plate.corners_mm[3])[2])
    loaded = fz[_loaded(fz)]
    if not loaded.size or float(np.median(loaded)) > -TURN_ABOVE_N:
        return fz, 1.0
    pull_N = -float(np.median(loaded))
    sentence = (
        f"Plate {plate.number} pulls downwards by {pull_N:.0f} N; its file holds the force on the plate and not on the foot, "
        "so the signs of its six channels are turned."
    )
    caveats.append(Caveat("signs_turned", _name(plate), {"pull_N": pull_N}, sentence))
    return -fz, -1.0


def _loaded(fz: Floats) -> NDArray[np.bool_]:
    size = np.abs(fz)
    return np.asarray(size > max(20.0, LOADED_PCT / 100 * float(np.percentile(size, 99))))


def _heaviest_two(plates: list[ChosenPlate], caveats: list[Caveat]) -> list[ChosenPlate]:
    if len(plates) <= 2:
        return plates
    by_load = sorted(plates, key=lambda plate: -float(np.mean(np.abs(plate.fz_N))))
    kept = sorted(by_load[:2], key=lambda plate: plate.of_file.number)
    loads_N = {p.of_file.number: float(np.mean(np.abs(p.fz_N))) for p in plates}
    loads = ", ".join(f"{number}: {load_N:.0f} N" for number, load_N in loads_N.items())
    sentence = (
        f"There are {len(plates)} plates, and two are imported: {kept[0].of_file.number} and {kept[1].of_file.number}, which "
        f"carry most on average ({loads}). Name others in a map file."
    )
    values = {f"mean_plate_{number}_N": load_N for number, load_N in loads_N.items()}
    caveats.append(Caveat("plates_left_out", "plates", values, sentence))
    return kept


def _found_sides(plates: list[ChosenPlate], data: C3DData, feet: Feet) -> list[Side | None]:
    """Return the foot on each plate while it is loaded, as far as markers tell."""
    if not feet.parts or not feet.rate_hz > 0:
        return [None] * len(plates)
    samples = np.rint(np.arange(len(data.markers)) / feet.rate_hz * data.rate_hz).astype(int)
    samples = np.minimum(samples, len(data.analog) - 1)
    return [side_on_plate(feet, plate.of_file.corners_mm, _loaded(plate.fz_N)[samples]) for plate in plates]


def _with_sides(
    plates: list[ChosenPlate],
    named: Mapping[int, Side],
    found: list[Side | None],
    right: Floats | None,
    seen: bool,
    caveats: list[Caveat],
) -> list[ChosenPlate]:
    if named:
        return [_placed(plate, named[plate.of_file.number], "as the map file says") for plate in plates]
    markers = "by the markers on the feet"
    sides: list[Side]
    if len(plates) == 2 and found[0] == found[1] and found[0] is not None:
        heavy = int(np.mean(plates[1].fz_N) > np.mean(plates[0].fz_N))
        sentence = (
            f"The {found[0]} foot stands on both plates, one after the other; only plate {plates[heavy].of_file.number} is "
            "imported, which carries more."
        )
        caveats.append(Caveat("one_foot_on_both", f"{found[0]} foot", {}, sentence))
        return [_placed(plates[heavy], found[0], markers)]
    if any(found):
        sides = [side or _other(found[1 - i]) for i, side in enumerate(found)]
        return [_placed(p, s, markers) for p, s in zip(plates, sides, strict=True)]
    if len(plates) == 2 and right is not None:
        apart = plates[1].of_file.corners_mm.mean(axis=0) - plates[0].of_file.corners_mm.mean(axis=0)
        to_right = float(apart[:2] @ right)
        if abs(to_right) > APART_MM:
            sides = ["left", "right"] if to_right > 0 else ["right", "left"]
            return [_placed(p, s, "by its place along the lifter's right") for p, s in zip(plates, sides, strict=True)]
    sides = list(SIDES[: len(plates)])
    which = " and ".join(f"{p.of_file.number} is the {s} one" for p, s in zip(plates, sides, strict=True))
    turned = ", ".join(f'{{ number = {p.of_file.number}, side = "{_other(s)}" }}' for p, s in zip(plates, sides, strict=True))
    why = (
        "The markers on the feet do not tell which of them is on which plate"
        if seen
        else "Nothing in the file says which foot stands where"
    )
    sentence = f"{why}; it is assumed that plate {which}. If not, say so in a map file: plate = [{turned}]."
    caveats.append(Caveat("sides_assumed", "plates", {}, sentence))
    return [_placed(plate, side, "assumed") for plate, side in zip(plates, sides, strict=True)]


def _other(side: Side | None) -> Side:
    return "right" if side == "left" else "left"


def _placed(plate: ChosenPlate, side: Side, how: str) -> ChosenPlate:
    return ChosenPlate(plate.of_file, side, how, plate.fz_N, plate.zero, plate.sign)
