"""Force plates of a C3D file: which are imported, the foot on each, and which way their force points."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from acquisition.caveat import Caveat
from acquisition.formats.c3d.foot_markers import Feet, away_from_foot_mm, side_on_plate, standing_share
from acquisition.formats.c3d.parameters import C3DError
from acquisition.formats.c3d.plate_fit import CopOf, fitting
from acquisition.formats.c3d.plate_zero import TURN_ABOVE_N, Zero, pull_of, while_loaded, zero_of
from acquisition.formats.electrodes import MOST_MISSING
from acquisition.rig import SIDES, Plate
from acquisition.rig.plate_map import UNPLACED_N, plate_map
from acquisition.rig.rig import VERTICAL_ALONE
from hardware.arrays import Floats

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from acquisition.formats.c3d.plate_parameters import FilePlate
    from acquisition.rig import Side

APART_MM = 100.0
"""Plates side by side are at least this far apart along the lifter's right."""
ONE_PLACE_MM = 10.0
"""Plates whose middles are closer are described as one."""
LEFT_OUT_PCT = 5.0
"""Plates that are left out may carry so much of the whole while both others are loaded (*design*)."""
BESIDE_MM = 80.0
"""Pressure lies nearer to the line from heel to toes of its own foot (*design*); at most 35 mm off in recordings of people."""
STANDS = 0.5
"""A part of a foot stands on a plate where it is over it for more of the time in which that is loaded."""


class PlateData(Protocol):
    """What of a file tells its plates: analog samples (samples, channels), plates that can be read, why others can't be.

    `zero` has the first and last sample that the file calls unloaded; `markers` (frames, markers, 3) in mm.
    """

    @property
    def rate_hz(self) -> float: ...  # noqa: D102 - named above
    @property
    def analog(self) -> Floats: ...  # noqa: D102
    @property
    def markers(self) -> Floats: ...  # noqa: D102
    @property
    def plates(self) -> list[FilePlate]: ...  # noqa: D102
    @property
    def unread(self) -> dict[int, str]: ...  # noqa: D102
    @property
    def zero(self) -> tuple[int, int] | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True, eq=False)
class ChosenPlate:
    """A plate of the file that is imported: its side, how that was found, its vertical force (+ up, N), and its zero."""

    of_file: FilePlate
    side: Side
    how: str
    fz_N: Floats
    zero: Zero
    sign: float

    def settings(self, stream: str, names: list[str], pad_mm: float) -> Plate:
        """Return the plate as a rig describes it, on channels of these names."""
        return self.of_file.settings(self.side, stream, names, self.sign, self.zero.raw, pad_mm)


def choose_plates(
    path: Path,
    data: PlateData,
    named: Mapping[int, Side],
    feet: Feet,
    right: Floats | None,
    contact_N: float,
    labelled: Mapping[int, Side] | None = None,
) -> tuple[list[ChosenPlate], bool, list[Caveat]]:
    """Return the plates to import, two at most, whether each foot has its own, and what was chosen, taken off or assumed.

    `named` has sides by plate number, from a person; then exactly those plates are taken. Otherwise it is the two that carry
    most, with sides as they are `labelled`, by the feet on them, by their places along the lifter's `right` (2,), or assumed.
    Raises C3DError where a plate that is named can't be used, or where two plates have the same corners.
    """
    caveats: list[Caveat] = []
    judged = _judged(path, data, named, caveats)
    directed = _directed(judged, caveats)
    judged = _heaviest_two(directed, caveats)
    whole = bool(named) or _carry_all(directed, judged, caveats)
    for each in judged:
        if np.nanpercentile(np.abs(each.fz_N), 99) < contact_N:
            sentence = f"Plate {each.of_file.number} is never loaded: it stays below {contact_N:g} N."
            caveats.append(Caveat("plate_never_loaded", each.of_file.name, {"contact_N": contact_N}, sentence))
    fits = [
        fitting(one.of_file, _loaded_cop(data, one), _load_of(one.fz_N), one.zero.known, caveats)
        if one.of_file.located
        else one.of_file
        for one in judged
    ]
    judged = [replace(one, of_file=of_file) for one, of_file in zip(judged, fits, strict=True) if of_file is not None]
    _check_corners(path, judged)
    said = [(labelled or {}).get(plate.of_file.number) for plate in judged]
    if not named and len({side for side in said if side}) == len(judged):
        chosen = [_on_side(plate, side, "by its labels") for plate, side in zip(judged, said, strict=True) if side]
    else:
        chosen = _with_sides(judged, named, _found_sides(judged, data, feet), right, bool(feet.parts), data, caveats)
    return chosen, _feet_apart(chosen, data, feet, caveats) and whole, caveats


def _judged(path: Path, data: PlateData, named: Mapping[int, Side], caveats: list[Caveat]) -> list[ChosenPlate]:
    """Return the plates that can be read, each with its zero and its force with + up as the file has it."""
    unread = dict(data.unread)
    plates = []
    for plate in data.plates:
        missing = _missing(plate, data.analog[:, plate.columns])
        if missing > MOST_MISSING * len(data.analog):
            unread[plate.number] = "it has samples that are no numbers, and they are most of it, so its force can't be known"
            continue
        plates.append(plate)
        if missing and plate.number in (named or {plate.number}):
            sentence = (
                f"Plate {plate.number} has {missing} of {len(data.analog)} samples that are no numbers; it is used, and what "
                "rests on it is undefined there."
            )
            caveats.append(Caveat("plate_gaps", plate.name, {"missing_samples": float(missing)}, sentence))
    for number, why in unread.items():
        if number in named:
            raise C3DError(f"Plate {number} of {path} can't be read: {why}.")
        if not named:
            caveats.append(Caveat("plate_not_read", f"plate {number}", {}, f"Plate {number} can't be read: {why}."))
    judged = []
    for plate in plates:
        if named and plate.number not in named:
            continue
        raw = data.analog[:, plate.columns]
        nothing = np.zeros(raw.shape[1])
        zero = zero_of(plate, raw, _fz_N(plate, raw, nothing), data.zero, data.rate_hz, caveats)
        if plate.c3d_type == 1:  # a place has no zero
            zero = replace(zero, raw=np.where(np.arange(raw.shape[1]) < 3, zero.raw, 0.0))
        judged.append(ChosenPlate(plate, "left", "", _fz_N(plate, raw, zero.raw), zero, 1.0))
    return judged


def _missing(plate: FilePlate, raw: Floats) -> int:
    """Return how many of a plate's samples (n, channels) are no numbers; of type 1 the place may lack where it is unloaded."""
    finite = np.isfinite(raw)
    told = finite.all(axis=1)
    if plate.c3d_type == 1 and raw.shape[1] > VERTICAL_ALONE:
        told |= finite[:, :3].all(axis=1) & (np.abs(raw[:, 2] * plate.per_unit[2]) < UNPLACED_N)
    return int((~told).sum())


def _settings(plate: FilePlate, zero: Floats) -> Plate:
    return plate.settings("left", "", [str(column) for column in plate.columns], 1.0, zero, 0.0)


def _fz_N(plate: FilePlate, raw: Floats, zero: Floats) -> Floats:  # noqa: N802 - units keep their capitals
    """Return the vertical force of raw samples with + up, by the standard's signs."""
    its_map = plate_map(_settings(plate, zero))
    return its_map.fz_N(raw) * (1.0 if its_map.rotation[2, 2] < 0 else -1.0)


def _loaded_cop(data: PlateData, chosen: ChosenPlate) -> CopOf:
    """Return what gives a plate's centre of pressure in its own axes, about its middle, while it is loaded."""
    loaded = np.flatnonzero(while_loaded(chosen.fz_N))[:: max(1, len(chosen.fz_N) // 20000)]
    raw = data.analog[loaded][:, chosen.of_file.columns]
    raw = raw[np.isfinite(raw).all(axis=1)]

    def cop_mm(plate: FilePlate, more_N: float = 0.0) -> Floats:
        its_map = plate_map(_settings(plate, chosen.zero.raw))
        signals = (raw - its_map.zero) * its_map.per_unit
        if its_map.gives_point:
            return np.asarray(signals[np.isfinite(signals[:, 3:5]).all(axis=1), 3:5])
        inside = signals @ (np.kron(np.eye(2), its_map.rotation.T) @ its_map.matrix).T
        fz_N = inside[:, 2] + more_N * np.sign(np.median(inside[:, 2])) if len(inside) else inside[:, 2]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.column_stack([-inside[:, 4] / fz_N, inside[:, 3] / fz_N])

    return cop_mm


def _load_of(fz_N: Floats) -> float:
    """Return the median of a plate's vertical force while it is loaded, in N."""
    loaded = np.abs(fz_N[while_loaded(fz_N)])
    return float(np.median(loaded)) if loaded.size else 0.0


def _directed(plates: list[ChosenPlate], caveats: list[Caveat]) -> list[ChosenPlate]:
    """Turn plates whose file holds the force on the plate, and leave out those that may as well not be zeroed.

    A plate that pulls is turned where it is known to read nothing unloaded, or where all that are loaded pull alike.
    """
    pulls_N = [pull_of(plate.fz_N) for plate in plates]
    carry = [
        plate
        for plate, pull in zip(plates, pulls_N, strict=True)
        if not pull and np.nanpercentile(np.abs(plate.fz_N), 99) > TURN_ABOVE_N
    ]
    found = []
    for plate, pull in zip(plates, pulls_N, strict=True):
        number, name = plate.of_file.number, plate.of_file.name
        if not pull:
            found.append(plate)
        elif plate.zero.known or not carry:
            sentence = (
                f"Plate {number} pulls downwards by {pull:.0f} N; its file holds the force on the plate and not on the foot, "
                "so its signs are turned."
            )
            caveats.append(Caveat("signs_turned", name, {"pull_N": pull}, sentence))
            found.append(replace(plate, fz_N=-plate.fz_N, sign=-1.0))
        else:
            sentence = (
                f"Plate {number} pulls downwards by {pull:.0f} N while another carries; it is not zeroed, or its signs are "
                "turned, and no stretch in which it is empty tells which. It is left out, so there is no load share."
            )
            caveats.append(Caveat("plate_zero_unknown", name, {"pull_N": pull}, sentence))
    return found


def _check_corners(path: Path, plates: list[ChosenPlate]) -> None:
    if len(plates) < 2:
        return
    middles = [plate.of_file.corners_mm.mean(axis=0) for plate in plates]
    if np.linalg.norm(middles[1] - middles[0]) < ONE_PLACE_MM:
        first, second = (plate.of_file.number for plate in plates)
        raise C3DError(
            f"Plates {first} and {second} of {path} have the same corners, so where they lie can't be "
            f'known; import one of them by a map file: plate = [{{ number = {first}, side = "left" }}].'
        )


def _feet_apart(plates: list[ChosenPlate], data: PlateData, feet: Feet, caveats: list[Caveat]) -> bool:
    """Return whether each foot has a plate of its own, as far as markers tell, and tell where not."""
    if not feet.parts or not feet.rate_hz > 0:
        return True
    where: dict[tuple[Side, str], set[int]] = {}
    for plate in plates:
        loaded = while_loaded(plate.fz_N)[_samples_of_frames(data, feet)]
        for side, part in feet.parts:
            if standing_share(feet, side, plate.of_file.corners_mm, loaded, (part,)) > STANDS:
                where.setdefault((side, part), set()).add(plate.of_file.number)
    own = {side: [where[key] for key in where if key[0] == side] for side in SIDES}
    across = [side for side in SIDES if len(own[side]) > 1 and not set.intersection(*own[side])]
    both = set.intersection(*(set.union(*own[side]) for side in SIDES)) if all(own.values()) else set()
    if across:
        which = "Both feet stand" if len(across) > 1 else f"The {across[0]} foot stands"
        what = f"{which} across two plates"
    elif both:
        what = f"Both feet stand on plate {next(iter(both))}"
    else:
        return not any(_presses_elsewhere(plate, data, feet, caveats) for plate in plates)
    sentence = f"{what}, by the markers on them, so there is no load share, no load shift and no centre of pressure of a foot."
    caveats.append(Caveat("feet_not_apart", "feet", {}, sentence))
    return False


def _presses_elsewhere(plate: ChosenPlate, data: PlateData, feet: Feet, caveats: list[Caveat]) -> bool:
    """Return whether a plate's pressure is not under the foot that stands on it, and tell that."""
    its_map = plate_map(plate.settings("", [str(column) for column in plate.of_file.columns], 0.0))
    samples = _samples_of_frames(data, feet)
    loaded = while_loaded(plate.fz_N)[samples]
    wrench = its_map.wrench(data.analog[samples][:, plate.of_file.columns])
    with np.errstate(divide="ignore", invalid="ignore"):
        cop_mm = its_map.centre_mm[:2] + np.column_stack([-wrench[:, 4], wrench[:, 3]]) / wrench[:, 2:3]
    away_mm = away_from_foot_mm(feet, plate.side, plate.of_file.corners_mm, loaded, cop_mm)
    if not away_mm > BESIDE_MM:
        return False
    sentence = (
        f"The pressure on plate {plate.of_file.number} lies {away_mm:.0f} mm beside the {plate.side} foot, which stands on it "
        "by its markers: the order of the plate's corners, its origin, its channels or the labels of markers can't be right. "
        "So there is no load share, no load shift and no centre of pressure of a foot."
    )
    caveats.append(Caveat("cop_off_foot", plate.of_file.name, {"away_mm": away_mm}, sentence))
    return True


def _samples_of_frames(data: PlateData, feet: Feet) -> NDArray[np.int64]:
    samples = np.rint(np.arange(len(data.markers)) / feet.rate_hz * data.rate_hz).astype(np.int64)
    return np.minimum(samples, len(data.analog) - 1)


def _heaviest_two(plates: list[ChosenPlate], caveats: list[Caveat]) -> list[ChosenPlate]:
    if len(plates) <= 2:
        return plates
    by_load = sorted(plates, key=lambda plate: -float(np.nanmean(np.abs(plate.fz_N))))
    kept = sorted(by_load[:2], key=lambda plate: plate.of_file.number)
    loads_N = {p.of_file.number: float(np.nanmean(np.abs(p.fz_N))) for p in plates}
    loads = ", ".join(f"{number}: {load_N:.0f} N" for number, load_N in loads_N.items())
    sentence = (
        f"There are {len(plates)} plates, and two are imported: {kept[0].of_file.number} and {kept[1].of_file.number}, which "
        f"carry most on average ({loads}). Name others in a map file."
    )
    values = {f"mean_plate_{number}_N": load_N for number, load_N in loads_N.items()}
    caveats.append(Caveat("plates_left_out", "plates", values, sentence))
    return kept


def _carry_all(plates: list[ChosenPlate], kept: list[ChosenPlate], caveats: list[Caveat]) -> bool:
    """Return whether two plates carry all there is while both are loaded, and tell where others carry with them."""
    if len(kept) < 2:
        return True
    both = while_loaded(kept[0].fz_N) & while_loaded(kept[1].fz_N)
    loads_N = {p.of_file.number: float(np.nanmean(np.abs(p.fz_N[both]))) if both.any() else 0.0 for p in plates}
    used_N = sum(loads_N[plate.of_file.number] for plate in kept)
    others = {number: load_N for number, load_N in loads_N.items() if number not in {p.of_file.number for p in kept}}
    share_pct = 100.0 * sum(others.values()) / max(1e-9, used_N + sum(others.values()))
    if share_pct <= LEFT_OUT_PCT:
        return True
    sentence = (
        f"While both plates that are imported are loaded, the {'others carry' if len(others) > 1 else 'other one carries'} "
        f"{share_pct:.0f} % of the whole, so a foot stands there as well: weights lack that, and there is no load share, no "
        "load shift and no centre of pressure of a foot."
    )
    caveats.append(Caveat("load_left_out", "plates", {"left_out_pct": share_pct}, sentence))
    return False


def _found_sides(plates: list[ChosenPlate], data: PlateData, feet: Feet) -> list[Side | None]:
    """Return the foot on each plate while it is loaded, as far as markers tell."""
    if not feet.parts or not feet.rate_hz > 0:
        return [None] * len(plates)
    samples = _samples_of_frames(data, feet)
    return [side_on_plate(feet, plate.of_file.corners_mm, while_loaded(plate.fz_N)[samples]) for plate in plates]


def _with_sides(
    plates: list[ChosenPlate],
    named: Mapping[int, Side],
    found: list[Side | None],
    right: Floats | None,
    seen: bool,
    data: PlateData,
    caveats: list[Caveat],
) -> list[ChosenPlate]:
    if named or not plates:
        return [_on_side(plate, named[plate.of_file.number], "as the map file says") for plate in plates]
    markers = "by the markers on the feet"
    sides: list[Side]
    if len(plates) == 2 and found[0] == found[1] and found[0] is not None:
        heavy = int(np.nanmean(plates[1].fz_N) > np.nanmean(plates[0].fz_N))
        sentence = (
            f"The {found[0]} foot stands on both plates, one after the other; only plate {plates[heavy].of_file.number} is "
            "imported, which carries more."
        )
        caveats.append(Caveat("one_foot_on_both", f"{found[0]} foot", {}, sentence))
        return [_on_side(plates[heavy], found[0], markers)]
    if any(found):
        sides = [side or _other(found[1 - i]) for i, side in enumerate(found)]
        return [_on_side(p, s, markers) for p, s in zip(plates, sides, strict=True)]
    if len(plates) == 2 and right is not None:
        apart = plates[1].of_file.corners_mm.mean(axis=0) - plates[0].of_file.corners_mm.mean(axis=0)
        to_right = float(apart[:2] @ right)
        if abs(to_right) > APART_MM:
            sides = ["left", "right"] if to_right > 0 else ["right", "left"]
            return [_on_side(p, s, "by its place along the lifter's right") for p, s in zip(plates, sides, strict=True)]
    numbers = sorted({plate.number for plate in data.plates} | set(data.unread))
    sides = list(SIDES[: len(plates)])
    if len(plates) == 1 and len(numbers) == len(SIDES):  # the other one can't be used, and has its side all the same
        sides = [SIDES[numbers.index(plates[0].of_file.number)]]
    which = " and ".join(f"{p.of_file.number} is the {s} one" for p, s in zip(plates, sides, strict=True))
    turned = ", ".join(f'{{ number = {p.of_file.number}, side = "{_other(s)}" }}' for p, s in zip(plates, sides, strict=True))
    why = (
        "The markers on the feet do not tell which of them is on which plate"
        if seen
        else "Nothing in the file says which foot stands where"
    )
    sentence = f"{why}; it is assumed that plate {which}. If not, say so in a map file: plate = [{turned}]."
    caveats.append(Caveat("sides_assumed", "plates", {}, sentence))
    return [_on_side(plate, side, "assumed") for plate, side in zip(plates, sides, strict=True)]


def _other(side: Side | None) -> Side:
    return "right" if side == "left" else "left"


def _on_side(plate: ChosenPlate, side: Side, how: str) -> ChosenPlate:
    return replace(plate, side=side, how=how)
