"""Labelling: any recording of a set gets a lifter, a condition and a load, in a session of the archive."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from acquisition.recording import Recording
from acquisition.recording.copying import copy_recording
from acquisition.rig import FileSource
from processing.lifter import dynamic_reference
from processing.screening.condition import Condition
from processing.screening.guided.protocol import Protocol, SetStep
from processing.screening.guided.session_file import Grade, Try, new_session, read_session, write_session
from ui.archive.carried_edits import carry_edits
from ui.archive.lifters import ArchiveError, checked_id, new_session_folder

if TYPE_CHECKING:
    from pathlib import Path

    from processing.screening.guided.session_file import Session

LABELLED = "labelled"
"""The name of the protocol of sessions whose recordings were made elsewhere."""


def label_set(
    recording: Path, folder: Path | None, root: Path, *, lifter: str, condition: str, bar_kg: float, rating: str = ""
) -> Path:
    """Copy a recording into a session as its next set, and return the session's folder; a new one where none is given.

    Raises RecordingError where it is no recording, or can't be copied; ArchiveError for an unknown condition or rating, another
    lifter's session, or a set that is there already.
    """
    if condition not in list(Condition):
        raise ArchiveError(f"There is no condition {condition!r}; a set is {', '.join(Condition)}.")
    if rating not in ("", *get_args(Grade)):
        raise ArchiveError(f"There is no rating {rating!r}; a coach rates {', '.join(get_args(Grade))}.")
    with Recording(recording) as opened:
        imported = all(isinstance(stream.source, FileSource) for stream in opened.rig.stream)
        created_utc, uuid = "" if imported else opened.created_utc, opened.uuid
    step = SetStep.model_validate({"condition": condition, "bar_kg": bar_kg})
    if folder is None:
        folder = new_session_folder(root, checked_id(lifter))
        light = SetStep(condition="light")
        session = new_session(lifter, Protocol(name=LABELLED, step=[step] if condition == "light" else [light, step]))
        session = session.model_copy(update={"created_utc": created_utc or session.created_utc})
    else:
        session = read_session(folder)
        if session.lifter.lower() != lifter.lower():
            raise ArchiveError(f"{folder} is a session of {session.lifter}, not of {lifter}.")
        for one in session.counting():
            with Recording(folder / one.recording) as opened:
                if opened.uuid == uuid:
                    raise ArchiveError(f"{recording} is in {folder} already, as {one.recording}; a set counts once.")
        steps = [*session.protocol.step, step]
        session = session.model_copy(update={"protocol": session.protocol.model_copy(update={"step": steps})})
    number = 1 + len(session.tries)
    name = f"{number:02d}-{condition}.h5"
    copy_recording(recording, folder / name)
    carry_edits(recording, folder / name)
    fresh = Try.model_validate(
        {
            "step": len(session.protocol.step) - 1,
            "number": number,
            "kind": "set",
            "condition": condition,
            "bar_kg": bar_kg,
            "recording": name,
            "rating": rating,
            "created_utc": created_utc,
        }
    )
    if condition == Condition.LIGHT:
        fresh = fresh.model_copy(update={"reference": dynamic_reference(folder / name)})
    write_session(folder, _with(session, fresh))
    return folder


def _with(session: Session, fresh: Try) -> Session:
    """Return the session with one more set, numbered in the order in which they were recorded.

    Of imported recordings nobody knows when that was; with one of them it is the order in which they were labelled.
    """
    in_order = [*session.tries, fresh]
    if all(one.created_utc for one in in_order):
        in_order.sort(key=lambda one: one.created_utc)
    return session.model_copy(
        update={"tries": [one.model_copy(update={"number": number}) for number, one in enumerate(in_order, 1)]}
    )
