"""Force labels: which plate and which part of its force, place or moment a channel's label says.

Those of OpenSim (`1_ground_force_vx`, `ground_torque2_y`, `f1_1`), of Nexus and BioWare (`Plate 1 Fx`, `Cx`, `Ax`), and the
usual `Fz1`, `FP2 Mx`, `Left Fz`, `COPx_R`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from acquisition.formats.muscle_labels import SIDE_WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acquisition.rig import Side

Part = Literal["force", "place", "moment", "torque"]
"""`moment` is about an origin, `torque` about the place where the force acts."""
OF_OPENSIM = re.compile(r"^(.*?)_?ground_(force|torque|moment)_?(.*?)_?([vpm]?)([xyz])$", re.IGNORECASE)
OF_C3D_ADAPTER = re.compile(r"^([fpm])(\d+)_([123])$", re.IGNORECASE)
PLAIN = re.compile(r"(?:^|[^A-Za-z])(COP|CoP|cop|[FMTCApPfmtc])[ _.-]?([xyzXYZ])(?=$|[^A-Za-z]|\d)")
KISTLER_PLACE = re.compile(r"(?:^|[^A-Za-z])A[ _.-]?[XYxy](?=$|[^A-Za-z]|\d)")
PARTS: dict[str, Part] = {"f": "force", "m": "moment", "t": "torque"}
KISTLER = ("Fx12", "Fx34", "Fy14", "Fy23", "Fz1", "Fz2", "Fz3", "Fz4")
"""The sensors of a plate of type 3, in the order of its channels."""
NOT_A_NAME = re.compile(r"forces?|moments?|torques?|cop|grf|reaction|center|centre|pressure|[^a-z0-9]", re.IGNORECASE)


@dataclass(slots=True)
class LabelledPlate:
    """The columns of a plate by its labels, from 0; `x y z` as the file has them, None where it has none."""

    key: str
    opensim: bool
    force: list[int | None] = field(default_factory=lambda: [None] * 3)
    place: list[int | None] = field(default_factory=lambda: [None] * 3)
    moment: list[int | None] = field(default_factory=lambda: [None] * 3)
    about_place: bool = False
    own_axes: bool = False
    """Its place is told in its own axes, as Kistler's Ax and Ay are."""

    @property
    def side(self) -> Side | None:
        """The foot that the labels say."""
        words = re.findall(r"[a-z]+", self.key)
        sides = {SIDE_WORDS[word] for word in words if word in SIDE_WORDS}
        return sides.pop() if len(sides) == 1 else None

    @property
    def has_vertical(self) -> bool:
        """Whether it has all of its force, or at least what is the vertical part by the custom of its labels."""
        return None not in self.force or self.force[1 if self.opensim else 2] is not None

    @property
    def columns_of_force(self) -> list[int]:
        """The columns of its force, as far as there are any."""
        return [column for column in self.force if column is not None]


def labelled_plates(labels: Sequence[str]) -> list[LabelledPlate]:
    """Return the plates that labels tell, in the order in which they come; what has no force is none."""
    found: dict[str, LabelledPlate] = {}
    for column, label in enumerate(labels):
        said = _said(label)
        if said is None:
            continue
        key, part, axis, opensim = said
        plate = found.setdefault(key, LabelledPlate(key, opensim))
        columns = {"force": plate.force, "place": plate.place}.get(part, plate.moment)
        if columns[axis] is None:
            columns[axis] = column
            plate.about_place |= part == "torque"
            plate.own_axes |= part == "place" and KISTLER_PLACE.search(label) is not None
    return [plate for plate in found.values() if any(column is not None for column in plate.force)]


def is_of_force(label: str) -> bool:
    """Return whether a label says a part of a force, or of its place or moment."""
    return _said(label) is not None


def _said(label: str) -> tuple[str, Part, int, bool] | None:
    """Return plate, part, axis and whether the label is one of OpenSim's."""
    label = re.sub(r"[(\[].*?[)\]]", "", label).strip()
    if match := OF_OPENSIM.match(label):
        before, what, between, kind, axis = match.groups()
        part: Part = "torque" if what.lower() != "force" else "place" if kind.lower() == "p" else "force"
        return _key(f"{before} {between}"), part, "xyz".index(axis.lower()), True
    if match := OF_C3D_ADAPTER.match(label):
        what, number, axis = match.groups()
        part = "place" if what.lower() == "p" else PARTS[what.lower()]
        return number, part, int(axis) - 1, True
    if match := PLAIN.search(label):
        what, axis = match.groups()
        letter = what[0].lower()
        part = PARTS.get(letter, "place")
        rest = f"{label[: match.start(1)]} {label[match.end(2) :]}"
        return _key(rest), part, "xyz".index(axis.lower()), False
    return None


def _key(text: str) -> str:
    """Return what names the plate, without words for what is measured, with single spaces."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])", " ", text)
    return " ".join(word for word in (NOT_A_NAME.sub(" ", text.lower())).split())
