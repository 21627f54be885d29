"""Anonymizing: a copy of a session without what could name a person; samples, conditions and loads stay as they are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import h5py
import numpy as np

from acquisition.lifter_file import load_lifter, write_lifter
from acquisition.recording.copying import copy_recording
from acquisition.rig import FileSource, Rig
from acquisition.storage.hdf5_parts import texts_in
from acquisition.storage.hdf5_text import fixed, text_of
from processing.screening.guided.session_file import read_session, time_of, write_session
from processing.screening.recorded_sets import LIFTER
from ui.archive.carried_edits import carry_edits
from ui.archive.lifters import ArchiveError, checked_id

if TYPE_CHECKING:
    from pathlib import Path

    from processing.screening.guided.session_file import Session, Try


def anonymize(folder: Path, out: Path, lifter: str) -> list[str]:
    """Copy a session into a new folder, and return what was taken out, as sentences.

    The lifter's id becomes `lifter`, notes are left out, of dates the year stays and how long after the first each try was, and
    the rig keeps no name of a trial or a reference set. Raises SessionFileError, RecordingError and ArchiveError.
    """
    session = read_session(folder)
    checked_id(lifter)
    try:
        out.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise ArchiveError(f"{out} exists already, and nothing is ever overwritten; give another folder.") from None
    except OSError as error:
        raise ArchiveError(f"The folder {out} can't be made: {error.strerror}.") from error
    counting = {one.recording for one in session.counting()}
    tries = [
        _copied(folder, out, one, _shifted(one.created_utc, session), needed=one.recording in counting) for one in session.tries
    ]
    if (folder / LIFTER).exists():
        known = load_lifter(folder / LIFTER)
        mvc = [entry.model_copy(update={"trial": ""}) for entry in known.mvc]
        reference = known.reference.model_copy(update={"name": ""})
        write_lifter(out / LIFTER, known.model_copy(update={"lifter": lifter, "mvc": mvc, "reference": reference}))
    steps = [step.model_copy(update={"text": ""}) for step in session.protocol.step]
    protocol = session.protocol.model_copy(update={"name": "anonymous", "step": steps})
    changed = {
        "lifter": lifter,
        "notes": "",
        "created_utc": _shifted(session.created_utc, session),
        "protocol": protocol,
        "tries": tries,
    }
    write_session(out, session.model_copy(update=changed))
    noted = sum(bool(one.notes) for one in session.tries) + bool(session.notes)
    return [
        f"The lifter's id {session.lifter!r} is {lifter!r} now.",
        f"Notes left out: {noted}. Of dates the year stays, and how long each try was after the first.",
        f"Recordings copied: {sum(bool(one.recording) for one in tries)}; names of trials and of the lab's rig are taken out.",
    ]


def _copied(folder: Path, out: Path, one: Try, created_utc: str, *, needed: bool) -> Try:
    """Copy a try's recording; one that is missing is no loss where it does not count. Sentences may name folders."""
    there = bool(one.recording) and (needed or (folder / one.recording).exists())
    if there:
        _copy_recording(folder / one.recording, out / one.recording)
        carry_edits(folder / one.recording, out / one.recording, nameless=True)
    left = {"notes": "", "why": [], "created_utc": created_utc, "recording": one.recording if there else ""}
    return one.model_copy(update=left)


def _copy_recording(path: Path, to: Path) -> None:
    """Copy a recording; only texts about the lab and the lifter are altered, in the copy."""
    copy_recording(path, to)
    try:
        with h5py.File(to, "r+", locking=False) as file:
            text = text_of(file["rig"][()])
            subjects = _subjects(Rig.model_validate_json(text))
            for subject in subjects:
                text = text.replace(subject, "")
            _written_over(file["rig"], _nameless(Rig.model_validate_json(text)).model_dump_json(exclude_unset=True))
            for stream in file["streams"].values() if subjects else ():
                names = [name.rpartition(":")[2].encode() for name in texts_in(stream, "channels")]
                stream.attrs.modify("channels", np.array(names, stream.attrs.get_id("channels").dtype))
            file.attrs.modify("created_utc", fixed(_year(text_of(file.attrs["created_utc"]))))
    except (OSError, KeyError, ValueError, TypeError) as error:
        to.unlink(missing_ok=True)
        raise ArchiveError(f"{path} can't be copied without names: {error}.") from error


def _subjects(rig: Rig) -> set[str]:
    """Return what stands before the names of channels, as motion capture writes them: the subject, and a colon."""
    return {name.rpartition(":")[0] + ":" for stream in rig.stream for name in stream.channels if ":" in name}


def _written_over(dataset: h5py.Dataset, text: str) -> None:
    """Write a text where a longer one was: what is deleted from an HDF5 file stays in its bytes."""
    content = text.encode()
    if len(content) > dataset.dtype.itemsize:
        raise ValueError("the rig's text would be longer than before")
    dataset[()] = np.array(content, dataset.dtype)


def _nameless(rig: Rig) -> Rig:
    """Return a rig without names; it says no more than before, so that its text is no longer."""
    emg = [electrode.model_copy(update={"mvc_trial": ""}) if electrode.mvc_trial else electrode for electrode in rig.emg]
    reference = rig.reference.model_copy(update={"name": ""}) if rig.reference.name else rig.reference
    streams = [
        stream.model_copy(update={"source": stream.source.model_copy(update={"path": ""})})
        if isinstance(stream.source, FileSource)
        else stream
        for stream in rig.stream
    ]
    changed = {"name": "", "stream": streams, "emg": emg, "reference": reference}
    return rig.model_copy(update={name: value for name, value in changed.items() if name in rig.model_fields_set})


def _shifted(created_utc: str, session: Session) -> str:
    """Return a time as long after the first of January as it was after the session's first: which try came when stays."""
    times = [session.created_utc, *(one.created_utc for one in session.tries)]
    known = [at for text in times if (at := time_of(text)) is not None]
    at = time_of(created_utc)
    if at is None:
        return ""
    return (datetime(min(known).year, 1, 1, tzinfo=UTC) + (at - min(known))).isoformat(timespec="seconds")


def _year(created_utc: str) -> str:
    return f"{created_utc[:4]}-01-01T00:00:00+00:00" if created_utc else ""
