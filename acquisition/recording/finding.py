"""Finding: which files are recordings, told by their content."""

from __future__ import annotations

from typing import TYPE_CHECKING

import h5py

from acquisition.recording.recording import FORMAT
from acquisition.storage.hdf5_parts import text_in

if TYPE_CHECKING:
    from pathlib import Path


def is_recording(path: Path) -> bool:
    """Return whether a file says of itself that it is a recording; False for anything that can't be read."""
    try:
        with h5py.File(path, "r", locking=False) as file:
            return text_in(file, "format") == FORMAT
    except (OSError, ValueError):
        return False


def is_other_hdf5(path: Path) -> bool:
    """Return whether a file is a sound HDF5 file of another kind, such as results; False for one that can't be read."""
    try:
        with h5py.File(path, "r", locking=False) as file:
            return "format" not in file.attrs or text_in(file, "format") != FORMAT
    except (OSError, ValueError):
        return False


def recordings_in(folder: Path) -> list[Path]:
    """Return the recordings in a folder and below it, in the order of their names."""
    return sorted(file for file in folder.rglob("*.h5") if is_recording(file))
