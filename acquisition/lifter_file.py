"""Lifter files: what belongs to a person and not to a lab, in TOML: maximal contractions, a reference set, and the feet."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from pydantic import model_validator

from acquisition.rig.judgement import ReferenceSettings
from acquisition.rig.rig import Foot, Muscle, MvcFrom, Rig, Side, with_mvc_from
from acquisition.rig.rig_file import RigError, read_toml
from acquisition.storage.disk import write_whole
from hardware.settings import Positive, Settings

if TYPE_CHECKING:
    from pathlib import Path


class Mvc(Settings):
    """The envelope of one muscle at maximal voluntary contraction, and the try that it was taken from.

    `mvc_from` "set": it is that in a set of the lifter's own instead of a contraction (dynamic reference).
    """

    muscle: Muscle
    side: Side
    mvc_uV: Positive
    trial: str = ""
    mvc_from: MvcFrom = "contraction"

    @model_validator(mode="before")
    @classmethod
    def _of_older_files(cls, known: object) -> object:
        return with_mvc_from(known, "trial")


class LifterFile(Settings):
    """What is known of a lifter; `mvc` and `foot` are tables that repeat."""

    format_version: Literal[1] = 1
    lifter: str
    mvc: list[Mvc] = []
    reference: ReferenceSettings = ReferenceSettings()
    foot: list[Foot] = []

    @model_validator(mode="after")
    def _each_once(self) -> LifterFile:
        muscles = [(entry.muscle, entry.side) for entry in self.mvc]
        doubled = [muscle for muscle in muscles if muscles.count(muscle) > 1]
        if doubled:
            raise ValueError(f"there are two MVCs of {doubled[0][0]} {doubled[0][1]}; give one")
        if len({foot.side for foot in self.foot}) < len(self.foot):
            raise ValueError(f"there are two {self.foot[0].side} feet; give one the other side")
        return self


def load_lifter(path: Path) -> LifterFile:
    """Read a lifter file; raises RigError with a sentence per mistake."""
    return read_toml(path, LifterFile)


def with_lifter(rig: Rig, lifter: LifterFile) -> Rig:
    """Return the rig with a lifter's MVCs on its electrodes, the reference set if the file has one, and the feet.

    What a foot's angle was taken from ranks: markers, a person, a rocking trial; a lower one does not replace a higher one.
    """
    mvcs = {(entry.muscle, entry.side): entry for entry in lifter.mvc}
    emg = [
        electrode.model_copy(
            update={"mvc_uV": known.mvc_uV, "mvc_trial": f"{lifter.lifter}: {known.trial}", "mvc_from": known.mvc_from}
        )
        if (known := mvcs.get((electrode.muscle, electrode.side))) is not None
        else electrode
        for electrode in rig.emg
    ]
    reference = lifter.reference if lifter.reference != ReferenceSettings() else rig.reference
    feet = {foot.side: foot for foot in rig.foot}
    for foot in lifter.foot:
        known_foot = feet.get(foot.side)
        if foot.toe_out_deg is None and known_foot is not None:
            feet[foot.side] = known_foot.model_copy(update={"width_mm": foot.width_mm or known_foot.width_mm})
        elif known_foot is None or known_foot.toe_out_deg is None or _RANK[foot.toe_out_from] <= _RANK[known_foot.toe_out_from]:
            width_mm = foot.width_mm or (known_foot.width_mm if known_foot is not None else None)
            feet[foot.side] = foot.model_copy(update={"width_mm": width_mm})
    return rig.model_copy(update={"emg": emg, "reference": reference, "foot": list(feet.values())})


_RANK = {"markers": 0, "given": 1, "rocking": 2}


def write_lifter(path: Path, lifter: LifterFile) -> None:
    """Write a lifter file; raises RigError where it exists or can't be written."""
    lines = [f"# Made by squatscope on {datetime.now(UTC):%Y-%m-%d}; for --lifter.", f"lifter = {_text(lifter.lifter)}"]
    for entry in lifter.mvc:
        lines += ["", "[[mvc]]", f"muscle = {_text(entry.muscle)}", f"side = {_text(entry.side)}"]
        lines += [f"mvc_uV = {entry.mvc_uV:.2f}", f"trial = {_text(entry.trial)}", f"mvc_from = {_text(entry.mvc_from)}"]
    for foot in lifter.foot:
        lines += ["", "[[foot]]", f"side = {_text(foot.side)}"]
        lines += [f"toe_out_deg = {foot.toe_out_deg:.1f}"] if foot.toe_out_deg is not None else []
        lines += [f"toe_out_from = {_text(foot.toe_out_from)}"]
        lines += [f"width_mm = {foot.width_mm:.1f}"] if foot.width_mm is not None else []
    known = lifter.reference.model_dump(exclude_defaults=True)
    if known:
        lines += ["", "[reference]"]
        lines += [f"{key} = {_text(value) if isinstance(value, str) else f'{value:.4f}'}" for key, value in known.items()]
    try:
        write_whole(path, ("\n".join(lines) + "\n").encode())
    except FileExistsError:
        raise RigError(f"{path} exists already, and nothing is ever overwritten; give another name with --out.") from None
    except OSError as error:
        raise RigError(f"{path} can't be written: {error.strerror}; give another one with --out.") from error


def _text(value: str) -> str:
    plain = "".join(letter if letter.isprintable() else " " for letter in value)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
