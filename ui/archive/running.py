"""Running sessions of this user: each leaves a note of its ring, so that a second screen finds the newest by itself."""

from __future__ import annotations

import getpass
import os
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from acquisition.ring import Ring, RingError, SessionPhase

if TYPE_CHECKING:
    from collections.abc import Iterator

ALIVE_S = 3.0
"""A session whose last sign of life is older than this runs no more, whatever its note says."""


def notes() -> Path:
    """Return the folder of the notes, which only this user may enter; made where it is missing. Raises OSError."""
    usual = os.environ.get("XDG_RUNTIME_DIR", "")
    if usual and Path(usual).is_dir():
        folder = Path(usual) / "squatscope"
    else:
        if sys.platform == "win32":
            user = getpass.getuser()
        else:
            user = str(os.getuid())
        folder = Path(tempfile.gettempdir()) / f"squatscope-{user}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if sys.platform != "win32" and folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to somebody else")
    return folder


@contextmanager
def noted(ring: Path) -> Iterator[None]:
    """Leave a note of a session's ring while the context lasts; a note that can't be left stops no session."""
    note = None
    with suppress(OSError):
        note = notes() / f"{os.getpid()}-{ring.parent.name}"
        note.write_text(str(ring.resolve()), encoding="utf-8")
    try:
        yield
    finally:
        if note is not None:
            with suppress(OSError):
                note.unlink()


def newest() -> Path | None:
    """Return the ring of the session of this user that began last and still runs, None where there is none.

    Notes of sessions that were killed are removed.
    """
    found = None
    with suppress(OSError):
        for note in sorted(notes().iterdir(), key=lambda path: path.stat().st_mtime):
            ring = Path(note.read_text(encoding="utf-8"))
            if _runs(ring):
                found = ring
            else:
                note.unlink()
    return found


def _runs(ring: Path) -> bool:
    try:
        attached = Ring.attach(ring)
    except RingError:
        return False
    try:
        return attached.phase is not SessionPhase.FINISHED and attached.heartbeat_age_s < ALIVE_S
    finally:
        attached.close()
