"""Plates of a stream: the channels that a map or labels say, as the choice among plates takes them.

A plate that the map names by channels is what the map says. Others are found by their labels; what they hold decides what they
are, in `measured`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from acquisition.caveat import Caveat
from acquisition.formats.c3d.plate_parameters import FilePlate
from acquisition.formats.signals.force_labels import LabelledPlate, labelled_plates
from acquisition.formats.signals.measured import Measured
from acquisition.rig.units import LENGTHS_MM, millimetres, newton_millimetres, newtons

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acquisition.formats.import_map import Length, MapPlate
    from acquisition.rig import Side
    from hardware.arrays import Floats

CLEARLY_UP = 1.5
"""How much larger the force along one axis must be, on average, than along any other, to be the vertical one."""
FEET_APART_MM = (100.0, 2000.0)
"""How far apart two feet stand, by which the unit of a place that names none is told."""
MIDDLE_MM = 5.0
"""Moments of all plates about points so close to nothing are about their own middles."""
MOST_AWAY_MM = 20_000.0
BODY_N = (50.0, 30_000.0)
"""Forces that name no unit are newtons where their largest lie between these."""


@dataclass(slots=True, eq=False)
class StreamPlates:
    """The plates of one stream, why others can't be used, by number, the feet that labels say, and how the lab is turned."""

    rate_hz: float
    analog: Floats
    markers: Floats
    plates: list[FilePlate] = field(default_factory=list)
    unread: dict[int, str] = field(default_factory=dict)
    labelled: dict[int, Side] = field(default_factory=dict)
    zero: tuple[int, int] | None = None


def fill_in(
    found: StreamPlates,
    labels: Sequence[str],
    units: Sequence[str],
    said: Sequence[MapPlate],
    lengths: Length | None,
    caveats: list[Caveat],
) -> None:
    """Fill in the plates of a stream: those that the map names by channels, numbered as they stand there, else by labels."""
    if any(plate.channels for plate in said):
        found.plates = [_mapped(number, plate, labels, units) for number, plate in enumerate(said, 1)]
        return
    candidates = _whole(found.analog, labelled_plates(labels), labels, units, caveats)
    found.labelled = {number: plate.side for number, plate in enumerate(candidates, 1) if plate.side is not None}
    if not candidates:
        return
    up = _up(found.analog, candidates, units)
    if up is None:
        why = "no axis of its force carries clearly more than the others, so which one points up can't be told"
        found.unread = dict.fromkeys(range(1, len(candidates) + 1), why)
        return
    axes = ((up + 1) % 3, (up + 2) % 3, up)  # a cyclic change of axes, which mirrors nothing
    lacking = [number for number, plate in enumerate(candidates, 1) if plate.force[up] is None]
    found.unread = dict.fromkeys(lacking, "its file has no vertical force of it")
    if up != 2:
        sentence = "Its lab axes do not have z up; they were turned so that z is."
        caveats.append(Caveat("axes_turned", "recording", {}, sentence))
    measured = [
        Measured(number, plate, axes, found.analog, units)
        for number, plate in enumerate(candidates, 1)
        if number not in lacking
    ]
    to_mm = _to_mm(measured, units, lengths, caveats)
    apart_mm = _apart([m.places(to_mm or 1.0) for m in measured]) if to_mm else np.inf
    points = [point for plate in measured if to_mm and (point := plate.point_mm(to_mm)) is not None]
    about_middles = bool(points) and all(float(np.linalg.norm(point)) < MIDDLE_MM for point in points)
    for plate in measured:
        plate.own_axes |= about_middles
    corners = {plate.number: plate.corners_mm for plate in said}
    for plate in measured:
        own = corners.get(plate.number)
        try:
            if own is None and plate.has_place and (plate.own_axes or apart_mm < FEET_APART_MM[0]):
                raise ValueError(
                    "its places are told from its own middle, and where that lies is not said; for a centre of pressure give "
                    "its corners in a map file: "
                    f'plate = [{{ number = {plate.number}, side = "left", corners_mm = [...] }}, ...]'
                )
            found.plates.append(plate.as_plate(to_mm, own, caveats))
        except ValueError as error:
            found.plates.append(plate.vertical_alone(str(error), caveats))


def _mapped(number: int, said: MapPlate, labels: Sequence[str], units: Sequence[str]) -> FilePlate:
    columns = tuple(labels.index(label) for label in said.channels)
    own = [units[column] for column in columns]
    scales = [newtons(unit) or newton_millimetres(unit) or millimetres(unit) or 1.0 for unit in own]
    per_unit = said.sensitivities or (scales if said.c3d_type in (1, 2) else [1.0] * len(columns))
    return FilePlate(
        number,
        said.c3d_type or 2,
        columns,
        np.array(said.corners_mm, dtype=np.float64),
        np.array(said.origin_mm or [0.0, 0.0, 0.0]),
        np.array(per_unit),
        None if said.calibration_matrix is None else np.array(said.calibration_matrix, dtype=np.float64),
    )


def _whole(
    raw: Floats, plates: list[LabelledPlate], labels: Sequence[str], units: Sequence[str], caveats: list[Caveat]
) -> list[LabelledPlate]:
    """Return the plates whose force is known, or the vertical part of it, in N as far as that can be told; tell the others.

    What is labelled as a place or a moment and has another unit is none.
    """
    for plate in plates:
        if any(units[c] and millimetres(units[c]) is None for c in plate.place if c is not None):
            plate.place = [None] * 3
        if any(units[c] and newton_millimetres(units[c]) is None for c in plate.moment if c is not None):
            plate.moment = [None] * 3
    whole = [p for p in plates if p.has_vertical and all(_may_be_force(units[c]) for c in p.columns_of_force)]
    parts = [labels[c] for p in plates if p not in whole for c in p.columns_of_force if _may_be_force(units[c])]
    if parts:
        sentence = (
            f"The channels {', '.join(parts)} are labelled as forces, and none is the vertical one of a plate; they are "
            "recorded, and not used. If they are those of a plate, name its channels in a map file."
        )
        caveats.append(Caveat("force_not_used", ", ".join(parts), {"channels": float(len(parts))}, sentence))
    bare = [p for p in whole if "" in {units[c] for c in p.columns_of_force}]
    if not bare:
        return whole
    largest = max(float(np.nanmax(np.abs(raw[:, p.columns_of_force]), initial=0.0)) for p in bare)
    if BODY_N[0] <= largest <= BODY_N[1]:
        if not all(plate.opensim for plate in bare):
            sentence = f"Its forces name no unit; by their size, up to {largest:.0f}, they are taken to be in N."
            caveats.append(Caveat("forces_guessed", "plates", {"largest_N": largest}, sentence))
        return whole
    names = ", ".join(labels[c] for plate in bare for c in plate.columns_of_force)
    sentence = (
        f"The channels {names} are labelled as forces, name no unit, and go up to {largest:g}, as no force of a lifter in N "
        "does; they are recorded, and not used. Name the plate's channels and sensitivities in a map file."
    )
    caveats.append(Caveat("force_not_used", names, {"largest": largest}, sentence))
    return [plate for plate in whole if plate not in bare]


def _may_be_force(unit: str) -> bool:
    """Return whether a channel of this unit may be a force: it is in one, or names none."""
    return not unit or newtons(unit) is not None


def _up(raw: Floats, plates: list[LabelledPlate], units: Sequence[str]) -> int | None:
    """Return the axis along which the load is: by far the largest on average."""
    loads = np.zeros(3)
    entire = [plate for plate in plates if None not in plate.force]
    if not entire:
        return 1 if plates[0].opensim else 2
    for plate in entire:
        columns = plate.columns_of_force
        scale = np.array([newtons(units[column]) or 1.0 for column in columns])
        finite = raw[:, columns][np.isfinite(raw[:, columns]).all(axis=1)]
        loads += np.abs(finite).sum(axis=0) * scale
    order = np.argsort(loads)
    return int(order[2]) if loads[order[2]] > CLEARLY_UP * loads[order[1]] else None


def _to_mm(plates: list[Measured], units: Sequence[str], lengths: Length | None, caveats: list[Caveat]) -> float | None:
    """Return what brings places to mm: by their unit, else by how far apart the feet are; None where nothing tells."""
    said = {millimetres(units[column]) for plate in plates for column in plate.columns_of_place}
    if len(said) == 1 and (to_mm := next(iter(said))) is not None:
        return to_mm
    if lengths is not None:
        return LENGTHS_MM[lengths]
    if not said:
        return 1.0
    places = [plate.places(1.0) for plate in plates]
    away = max((float(np.abs(place).max()) for place in places if len(place)), default=0.0)
    apart = _apart(places)
    opensim = all(plate.opensim for plate in plates)
    for unit in ("m", "mm", "cm"):
        stands = FEET_APART_MM[0] <= apart * LENGTHS_MM[unit] <= FEET_APART_MM[1]
        alone = unit == "m" and opensim and not np.isfinite(apart)
        if away * LENGTHS_MM[unit] <= MOST_AWAY_MM and (stands or alone):
            if unit != "m" or not opensim:
                sentence = f"Its lengths name no unit; by how far apart the feet are they are in {unit}."
                caveats.append(Caveat("lengths_guessed", "recording", {"factor": LENGTHS_MM[unit]}, sentence))
            return LENGTHS_MM[unit]
    return None


def _apart(places: list[Floats]) -> float:
    """Return how far apart the middles of clouds of places are at most; infinite where there are not two."""
    middles = [np.median(place, axis=0) for place in places if len(place)]
    if len(middles) < 2:
        return float("inf")
    return max(float(np.linalg.norm(a - b)) for a in middles for b in middles)
