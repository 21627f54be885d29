"""Resuming: a session that was stopped or killed is taken up again, with nothing lost of what was recorded."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

from acquisition.commands import FOLDER
from acquisition.recording import is_recording
from acquisition.recording.recovery import ALIVE_S, recover
from acquisition.ring import Ring, RingError, SessionPhase
from hardware.errors import SquatscopeError
from processing.screening.guided.session_file import SessionFileError, Try, now_utc, write_session
from ui.archive.folder import Folder

if TYPE_CHECKING:
    from pathlib import Path

    from processing.screening.guided.session_file import Session


def taken_up(folder: Path, session: Session) -> tuple[Session, list[str]]:
    """Return a session to go on with, and what was found of its end, as sentences.

    A recording that no try names was cut short, and is kept as one that does not count; the ring of a killed session becomes a
    recording of its own. Raises SessionFileError.
    """
    said = []
    ring = Folder(folder).ring
    if _is_led(ring):
        raise SessionFileError(
            f"{folder} is being led by another process right now; end it there, or choose another session to go on with."
        )
    shutil.rmtree(folder / FOLDER, ignore_errors=True)
    if ring.exists():
        rescued = folder / f"{len(session.tries) + 1:02d}-before-the-end.h5"
        if refused := _recovered(ring, rescued):
            free = (ring.with_name(f"ring.killed-{number}.h5") for number in range(1, 1000))
            kept = next(path for path in free if not path.exists())
            ring.rename(kept)
            said.append(f"The session was killed, and its ring is kept as {kept.name}: {refused}")
        else:
            ring.unlink()
            said.append(f"The session was killed: what its ring held of the last minutes is kept in {rescued.name}.")
    known = {one.recording for one in session.tries}
    known |= {name.replace("-markers.h5", ".h5") for name in known}  # what they were made from stays beside them
    done = session.done(now_utc())
    step = next((i for i in range(len(session.protocol.step)) if i not in done), 0)
    tries = list(session.tries)
    for path in sorted(folder.glob("[0-9][0-9]-*.h5")):
        if path.name not in known and is_recording(path):
            why = "It was cut short." if "before-the-end" not in path.name else "What a killed session held in its ring."
            tries.append(
                Try(
                    step=step,
                    number=len(tries) + 1,
                    kind=session.protocol.step[step].kind,
                    recording=path.name,
                    accepted=False,
                    why=[why],
                )
            )
            said.append(f"{path.name} is kept, and does not count: {why}")
    now, notes = now_utc(), session.notes
    current = session.placement(now)
    if session.tries and all(session.placement(one.created_utc) < current for one in session.tries):
        notes = f"{notes} Went on on {now[:10]}.".strip()
        said.append(
            f"The session was begun on {session.created_utc[:10]}: plates, lifter and contractions are taken anew, and what "
            "muscles do is compared among the sets of one day only, as electrodes never lie as they lay before."
        )
    fresh = session.model_copy(update={"tries": tries, "notes": notes})
    write_session(folder, fresh)
    return fresh, said


def _recovered(ring: Path, rescued: Path) -> str:
    """Make a recording of a ring, and return why that could not be, empty where it could."""
    try:
        recover(ring, rescued)
    except SquatscopeError as error:
        return str(error)
    return ""


def _is_led(path: Path) -> bool:
    """Return whether a process still gives signs of life in a ring; one that was killed just now gets time to show that."""
    try:
        ring = Ring.attach(path)
    except RingError:
        return False
    try:
        if ring.phase is SessionPhase.FINISHED or ring.heartbeat_age_s >= ALIVE_S:
            return False
        time.sleep(ALIVE_S)
        return ring.heartbeat_age_s < ALIVE_S
    finally:
        ring.close()
