"""Anonymizing: a copy of a session without what could name a person; samples, conditions and loads stay as they are."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import h5py
import numpy as np

from acquisition.disk import claim
from acquisition.hdf5_text import fixed, text_of
from acquisition.lifter_file import load_lifter, write_lifter
from acquisition.rig import Rig
from processing.screening.guided.session_file import read_session, write_session
from processing.screening.recorded_sets import LIFTER
from ui.archive.lifters import ArchiveError, checked_id

if TYPE_CHECKING:
    from pathlib import Path

    from processing.screening.guided.session_file import Try


def anonymize(folder: Path, out: Path, lifter: str) -> list[str]:
    """Copy a session into a new folder, and return what was taken out, as sentences.

    The lifter's id becomes `lifter`, notes are left out, of every date the year alone stays, and the rig keeps no name of a
    trial or a reference set. Raises SessionFileError, RecordingError and ArchiveError.
    """
    session = read_session(folder)
    checked_id(lifter)
    try:
        out.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise ArchiveError(f"{out} exists already, and nothing is ever overwritten; give another folder.") from None
    except OSError as error:
        raise ArchiveError(f"The folder {out} can't be made: {error.strerror}.") from error
    tries = [_copied(folder, out, one) for one in session.tries]
    if (folder / LIFTER).exists():
        known = load_lifter(folder / LIFTER)
        mvc = [entry.model_copy(update={"trial": ""}) for entry in known.mvc]
        reference = known.reference.model_copy(update={"name": ""})
        write_lifter(out / LIFTER, known.model_copy(update={"lifter": lifter, "mvc": mvc, "reference": reference}))
    changed = {"lifter": lifter, "notes": "", "created_utc": _year(session.created_utc), "tries": tries}
    write_session(out, session.model_copy(update=changed))
    noted = sum(bool(one.notes) for one in session.tries) + bool(session.notes)
    return [
        f"The lifter's id {session.lifter!r} is {lifter!r} now.",
        f"Notes left out: {noted}. Of dates the year stays.",
        f"Recordings copied: {sum(bool(one.recording) for one in tries)}; names of trials and of the lab's rig are taken out.",
    ]


def _copied(folder: Path, out: Path, one: Try) -> Try:
    if one.recording:
        _copy_recording(folder / one.recording, out / one.recording)
    return one.model_copy(update={"notes": "", "created_utc": _year(one.created_utc)})


def _copy_recording(path: Path, to: Path) -> None:
    """Copy a recording; only texts about the lab and the lifter are altered, in the copy."""
    try:
        claim(to, 0)
        with path.open("rb") as old, to.open("r+b") as new:
            shutil.copyfileobj(old, new, 1 << 20)
        with h5py.File(to, "r+", locking=False) as file:
            rig = Rig.model_validate_json(text_of(file["rig"][()]))
            _written_over(file["rig"], _nameless(rig).model_dump_json())
            file.attrs.modify("created_utc", fixed(_year(text_of(file.attrs["created_utc"]))))
    except FileNotFoundError:
        raise ArchiveError(f"The recording {path} is missing.") from None
    except (OSError, KeyError, ValueError) as error:
        raise ArchiveError(f"{path} can't be copied without names: {error}.") from error


def _written_over(dataset: h5py.Dataset, text: str) -> None:
    """Write a text where a longer one was: what is deleted from an HDF5 file stays in its bytes."""
    dataset[()] = np.array(text.encode(), dataset.dtype)


def _nameless(rig: Rig) -> Rig:
    emg = [electrode.model_copy(update={"mvc_trial": ""}) for electrode in rig.emg]
    return rig.model_copy(
        update={"name": "", "emg": emg, "reference": rig.reference.model_copy(update={"name": ""})}
    )  # fmt: skip


def _year(created_utc: str) -> str:
    return f"{created_utc[:4]}-01-01T00:00:00+00:00" if created_utc else ""
