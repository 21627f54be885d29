"""Edits of a recording, taken along to a copy of it, or to one that holds the same samples and more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acquisition.recording import Recording
from hardware.errors import SquatscopeError
from processing.repetition.corrections import Dismiss, Edit, History, edits_of, read_history, write_history

if TYPE_CHECKING:
    from pathlib import Path

LEFT_OUT = "left out"


def carry_edits(recording: Path, to: Path, *, nameless: bool = False) -> None:
    """Write the edits of a recording beside one that was just made of it; without names, dates and words where wanted.

    Raises RecordingError, and EditError where they can't be read or written; the new recording is taken away then.
    """
    if not edits_of(recording).exists():
        return
    try:
        with Recording(recording) as one, Recording(to) as other:
            history, uuid = read_history(recording, one.uuid), other.uuid
        edits = [_nameless(edit) for edit in history.edits] if nameless else history.edits
        write_history(to, History(recording=to.name, recording_uuid=uuid, edits=edits))
    except SquatscopeError:
        to.unlink()
        raise


def _nameless(edit: Edit) -> Edit:
    reason = LEFT_OUT if isinstance(edit, Dismiss) else ""
    return edit.model_copy(update={"who": "", "reason": reason, "at_utc": ""})
