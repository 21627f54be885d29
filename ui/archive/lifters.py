"""The archive of lifters: a plain tree of folders, lifters/ID/2026-11-27-1, that works wherever it is copied to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from hardware.errors import SquatscopeError
from processing.screening.guided.session_file import NAME, SessionFileError, read_session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from processing.screening.guided.session_file import Session

ROOT = Path("lifters")
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
"""Names that Windows keeps for devices."""


class ArchiveError(SquatscopeError):
    """A lifter or a session can't be found or made; the text is a full sentence."""


def checked_id(lifter: str) -> str:
    """Return an id that is a folder's name everywhere; raises ArchiveError for any other."""
    if not ID.fullmatch(lifter) or lifter.lower() in RESERVED:
        raise ArchiveError(
            f"{lifter!r} can't be a lifter's id: give up to 64 letters, digits, - and _, beginning with a letter or digit. A "
            "code will do; no name is needed."
        )
    return lifter


def new_session_folder(root: Path, lifter: str) -> Path:
    """Make the folder of a session of today, and those above it; raises ArchiveError."""
    known = {path.name.lower(): path.name for path in root.iterdir() if path.is_dir()} if root.is_dir() else {}
    name = known.get(checked_id(lifter).lower(), lifter)  # some file systems take A1 and a1 for one
    day = f"{datetime.now().astimezone():%Y-%m-%d}"
    for number in range(1, 1000):
        path = root / name / f"{day}-{number}"
        try:
            path.mkdir(mode=0o700, parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise ArchiveError(f"The folder {path} can't be made: {error.strerror}.") from error
        return path
    raise ArchiveError(f"{root / name} has a thousand sessions of {day}; choose another id.")


@dataclass(frozen=True, slots=True)
class Found:
    """A session in the archive; `fault` says why its file can't be read, and then `session` is None."""

    folder: Path
    session: Session | None
    fault: str = ""


def sessions(root: Path, lifter: str = "") -> Iterator[Found]:
    """Yield the sessions in a tree, those of one lifter if one is named, the oldest first."""
    folders = sorted({path.parent for path in root.rglob(NAME)}, key=lambda path: (path.parent.name, _order(path.name)))
    for folder in folders:
        try:
            session = read_session(folder)
        except SessionFileError as error:
            yield Found(folder, None, str(error))
            continue
        if not lifter or session.lifter.lower() == lifter.lower():
            yield Found(folder, session)


def _order(name: str) -> tuple[str, int]:
    day, _, number = name.rpartition("-")
    return day, int(number) if number.isdigit() else 0
