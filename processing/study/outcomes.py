"""What became of each recording of a study, as it comes back from the workers: a few hundred bytes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Done:
    """A recording that is done: whose, when, how many repetitions, and the worst that was found.

    `already`: nothing was computed now, as it was done before. `severity` is empty where nothing was found, and then `finding`
    says what that means.
    """

    name: str
    recording_uuid: str
    created_utc: str
    seconds: float
    repetitions: int
    severity: str = ""
    finding: str = ""
    lifter: str = ""
    condition: str = ""
    bar_kg: float | None = None
    already: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """A recording that can't be done, and why, as a sentence."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class NoRecording:
    """An HDF5 file of another kind, such as results."""

    name: str


@dataclass(frozen=True, slots=True)
class Halt:
    """Why no recording can be done at all, such as a full disk, as a sentence."""

    why: str


Outcome = Done | Failed | NoRecording | Halt


def printable(name: str) -> str:
    """Return a name as a text that any file can hold, whatever its bytes are."""
    return name.encode("utf-8", "surrogateescape").decode(errors="replace")
