"""Resuming: a session that was stopped or killed is taken up again, with nothing lost of what was recorded."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from acquisition.recording import is_recording
from acquisition.recording.recovery import recover
from hardware.errors import SquatscopeError
from processing.screening.guided.session_file import Try, write_session
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
    shutil.rmtree(folder / "commands", ignore_errors=True)
    if ring.exists():
        rescued = folder / f"{len(session.tries) + 1:02d}-before-the-end.h5"
        try:
            recover(ring, rescued)
            ring.unlink()
            said.append(f"The session was killed: what its ring held of the last minutes is kept in {rescued.name}.")
        except SquatscopeError as error:
            kept = ring.with_name("ring.killed.h5")
            ring.rename(kept)
            said.append(f"The session was killed, and its ring is kept as {kept.name}: {error}")
    known = {one.recording for one in session.tries}
    steps = {one.step for one in session.tries if one.accepted}
    step = next((i for i in range(len(session.protocol.step)) if i not in steps), 0)
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
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    notes = session.notes
    if not session.created_utc.startswith(day):
        notes = f"{notes} Went on on {day}.".strip()
        said.append(
            f"The session was begun on {session.created_utc[:10]}: weigh the lifter again, and place electrodes as before."
        )
    fresh = session.model_copy(update={"tries": tries, "notes": notes})
    write_session(folder, fresh)
    return fresh, said
