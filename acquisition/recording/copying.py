"""Copying: a recording's file as it is, byte for byte, to a path where nothing is."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from acquisition.recording.recording import RecordingError
from acquisition.storage.disk import claim

if TYPE_CHECKING:
    from pathlib import Path

CHUNK = 1 << 20


def copy_recording(path: Path, to: Path) -> None:
    """Copy a recording; raises RecordingError where it is missing, where something is there already, or for want of space."""
    try:
        with path.open("rb") as old:
            claim(to, 0)
            try:
                with to.open("r+b") as new:
                    shutil.copyfileobj(old, new, CHUNK)
            except BaseException:
                to.unlink()
                raise
    except FileExistsError:
        raise RecordingError(f"{to} exists already, and nothing is ever overwritten.") from None
    except OSError as error:
        if not path.exists():
            raise RecordingError(f"The recording {path} is missing.") from None
        raise RecordingError(f"{path} can't be copied to {to}: {error.strerror}.") from error
