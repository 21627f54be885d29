"""The folder of a session: which files stand in it, and what it is called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hardware.errors import SquatscopeError


class SessionError(SquatscopeError):
    """A session can't begin, or can't leave what it should; the text is a full sentence."""


@dataclass(frozen=True, slots=True)
class Folder:
    """The files that a session leaves in its folder; the ring stays only where something went wrong."""

    path: Path

    @property
    def ring(self) -> Path:
        """The ring, while the session lasts."""
        return self.path / "ring.h5"

    @property
    def recording(self) -> Path:
        """Raw samples."""
        return self.path / "recording.h5"

    @property
    def metrics(self) -> Path:
        """Metrics and flags."""
        return self.path / "metrics.h5"

    @property
    def repetitions(self) -> Path:
        """A row for each phase and side of each repetition, as CSV."""
        return self.path / "repetitions.csv"

    @property
    def picture(self) -> Path:
        """The dashboard at the worst frame of the session, or at its end if no flag was up."""
        return self.path / "dashboard.png"

    @property
    def report(self) -> Path:
        """The page to read."""
        return self.path / "report.html"

    @property
    def screening(self) -> Path:
        """The page with the answer of a screening."""
        return self.path / "screening.html"

    def left(self) -> list[tuple[str, Path]]:
        """Return what the session left, by name."""
        files = {
            "recording": self.recording,
            "metrics": self.metrics,
            "repetitions": self.repetitions,
            "picture": self.picture,
            "report": self.report,
            "screening": self.screening,
            "ring": self.ring,
        }
        return [(name, path) for name, path in files.items() if path.exists()]

    def make(self) -> bool:
        """Make the folder and return whether it was not there; raises SessionError where it can't be, or has such files.

        The page of a screening is no hindrance: a guided session that is taken up again has one.
        """
        for file in (path for _, path in self.left() if path != self.screening):
            raise SessionError(f"{file} exists already, and nothing is ever overwritten; give another folder with --out.")
        new = not self.path.exists()
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise SessionError(
                f"The folder {self.path} can't be made: {error.strerror}; give another one with --out."
            ) from error
        return new


def new_folder(what: str) -> Path:
    """Return a folder's name that is not taken yet, from what it is for and the time."""
    stem = f"squatscope-{what}-{datetime.now().astimezone():%Y%m%d-%H%M%S}"
    path = Path(stem)
    number = 2
    while path.exists():
        path = Path(f"{stem}-{number}")
        number += 1
    return path
