"""Lifter files: what belongs to a person and not to a lab, in TOML: maximal voluntary contractions, and a reference set."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from pydantic import model_validator

from acquisition.disk import write_whole
from acquisition.rig.judgement import ReferenceSettings
from acquisition.rig.rig import Muscle, Rig, Side
from acquisition.rig.rig_file import RigError, read_toml
from hardware.settings import Positive, Settings

if TYPE_CHECKING:
    from pathlib import Path


class Mvc(Settings):
    """The envelope of one muscle at maximal voluntary contraction, and the try that it was taken from."""

    muscle: Muscle
    side: Side
    mvc_uV: Positive
    trial: str = ""


class Lifter(Settings):
    """What is known of a lifter; `mvc` is a table that repeats."""

    format_version: Literal[1] = 1
    lifter: str
    mvc: list[Mvc] = []
    reference: ReferenceSettings = ReferenceSettings()

    @model_validator(mode="after")
    def _each_once(self) -> Lifter:
        muscles = [(entry.muscle, entry.side) for entry in self.mvc]
        doubled = [muscle for muscle in muscles if muscles.count(muscle) > 1]
        if doubled:
            raise ValueError(f"there are two MVCs of {doubled[0][0]} {doubled[0][1]}; give one")
        return self


def load_lifter(path: Path) -> Lifter:
    """Read a lifter file; raises RigError with a sentence per mistake."""
    return read_toml(path, Lifter)


def with_lifter(rig: Rig, lifter: Lifter) -> Rig:
    """Return the rig with a lifter's MVCs on its electrodes, and with the reference set if the file has one."""
    mvcs = {(entry.muscle, entry.side): entry for entry in lifter.mvc}
    emg = [
        electrode.model_copy(update={"mvc_uV": known.mvc_uV, "mvc_trial": f"{lifter.lifter}: {known.trial}"})
        if (known := mvcs.get((electrode.muscle, electrode.side))) is not None
        else electrode
        for electrode in rig.emg
    ]
    reference = lifter.reference if lifter.reference != ReferenceSettings() else rig.reference
    return rig.model_copy(update={"emg": emg, "reference": reference})


def write_lifter(path: Path, lifter: Lifter) -> None:
    """Write a lifter file; raises RigError where it exists or can't be written."""
    lines = [f"# Made by squatscope on {datetime.now(UTC):%Y-%m-%d}; for --lifter.", f"lifter = {_text(lifter.lifter)}"]
    for entry in lifter.mvc:
        lines += ["", "[[mvc]]", f"muscle = {_text(entry.muscle)}", f"side = {_text(entry.side)}"]
        lines += [f"mvc_uV = {entry.mvc_uV:.2f}", f"trial = {_text(entry.trial)}"]
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
