"""Text in HDF5 files, of fixed length.

HDF5 keeps text of variable length in a heap. One damaged byte there can make it read for ever, and a file that hangs its
reader is worse than one that is refused.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import h5py
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray


def fixed(text: str | Sequence[str]) -> NDArray[np.bytes_]:
    """Return a text or a list of texts as an array that h5py stores as UTF-8 of fixed length."""
    encoded = [t.encode() for t in ([text] if isinstance(text, str) else text)]
    dtype = h5py.string_dtype("utf-8", max([1, *map(len, encoded)]))
    return np.array(encoded[0] if isinstance(text, str) else encoded, dtype)


def name_of(path: Path) -> str:
    """Return a file's name as a text that can be stored and shown, whatever its bytes are and the locale makes of them."""
    return os.fsencode(path.name).decode(errors="replace")


def text_of(value: object) -> str:
    """Return the text of an attribute or scalar dataset as h5py reads it; raises TypeError where it is none."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, str):
        return value
    raise TypeError(f"{value!r} is not a text")
