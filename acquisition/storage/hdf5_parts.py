"""Parts of an HDF5 file that anybody may have written: none is used before its kind, its type and its size are known.

Links and virtual or external data lead elsewhere, and are not followed. Nothing is believed to be larger than the file that
holds it. Everything here raises PartError where a part is not what it should be, with what it is.
"""

from __future__ import annotations

import math
import mmap
import re
import struct
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
from pydantic import ValidationError

from acquisition.storage.hdf5_text import text_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import DTypeLike

NUMBERS_AND_TEXTS = "biufS"
MOST_CHUNK_BYTES = 1 << 26
MOST_TEXT_BYTES = 1 << 10
HEAP = b"GCOL\x01\0\0\0"
HEAP_HEAD_BYTES = 16
HEAP_OBJECT = struct.Struct("<H6xQ")
"""The number of a text in a heap, 0 for the space that is free, and its length."""
CUT_SHORT = re.compile(r"truncated file: eof = (\d+), .*stored_eof = (\d+)")
HDF5_SAYS = re.compile(r"synchronously [a-z ]+ \((.+)\)$", re.DOTALL)
"""How h5py words what HDF5 says."""


class PartError(ValueError):
    """A part of a file is not what it should be; the text goes on after a colon."""


def words_of(error: Exception) -> str:
    """Return what is wrong with a file whose reading failed, in one line to go on with after a colon, without a full stop."""
    match error:
        case PartError():
            return str(error)
        case UnicodeDecodeError():
            return "a text in it is not UTF-8"
        case ValidationError():
            return f"{error.error_count()} of its settings don't fit"
        case MemoryError():
            return "it asks for more memory than there is"
    if found := CUT_SHORT.search(str(error)):
        return f"it is cut short, {found[1]} of its {found[2]} bytes are there; copy it once more"
    if found := HDF5_SAYS.search(str(error)):
        return f"HDF5 can't read a part of it ({found[1]})"
    return f"a part of it is not what it should be ({type(error).__name__})"


def require_sound_heaps(path: Path) -> None:
    """Raise PartError where a heap of texts would be read without end: for files that have texts of no fixed length."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        at = content.find(HEAP)
        while at >= 0:
            begin, (size,) = (
                at + HEAP_HEAD_BYTES,
                struct.unpack_from("<Q", content[at + 8 : at + HEAP_HEAD_BYTES].ljust(8, b"\0")),
            )
            end = at + size
            while begin + HEAP_OBJECT.size <= end <= len(content):
                number, length = HEAP_OBJECT.unpack_from(content, begin)
                step = HEAP_OBJECT.size + (length + 7) // 8 * 8 if number else length
                if not step or begin + step > end:
                    raise PartError("its heap of texts is damaged")
                begin += step
            at = content.find(HEAP, at + 1)


def group_in(parent: h5py.Group, name: str) -> h5py.Group:
    """Return a group that lies in a file or group itself."""
    part = _part_in(parent, name)
    if not isinstance(part, h5py.Group):
        raise PartError(f"its {name} is no group")
    return part


def groups_in(parent: h5py.Group, name: str) -> dict[str, h5py.Group]:
    """Return the groups that a group holds, by name; empty where it is not there.

    Use it instead of h5py's `items` and `values`: these hold the lock of all threads until their last item is taken, and an
    error in the middle of a comprehension puts that off for as long as somebody keeps the error.
    """
    if name not in parent:
        return {}
    group = group_in(parent, name)
    return {child: group_in(group, child) for child in group}


def dataset_in(parent: h5py.Group, name: str, dtype: DTypeLike | None = None) -> h5py.Dataset:
    """Return a dataset of numbers or texts that lies in a file or group itself, of that type where one is given."""
    part = _part_in(parent, name)
    if not isinstance(part, h5py.Dataset) or part.shape is None:
        raise PartError(f"its {name} is no dataset")
    if part.is_virtual or part.external:
        raise PartError(f"its dataset {name} lies in other files, which are not read")
    if not _plain(part.dtype) or (dtype is not None and part.dtype != np.dtype(dtype)):
        raise PartError(f"its dataset {name} is of type {part.dtype}")
    _require_size(part, name, parent.file.id.get_filesize())
    return part


def text_in(part: h5py.File | h5py.Group | h5py.Dataset, name: str, most_bytes: int = MOST_TEXT_BYTES) -> str:
    """Return an attribute that is one text."""
    found = _attribute(part, name)
    if h5py.check_string_dtype(found.dtype) is None or found.shape or len(text := text_of(part.attrs[name])) > most_bytes:
        raise PartError(f"its {name} is no text of up to {most_bytes} bytes")
    return text


def texts_in(part: h5py.Group, name: str) -> list[str]:
    """Return an attribute that lists texts."""
    if h5py.check_string_dtype(_attribute(part, name).dtype) is None:
        raise PartError(f"its {name} is no list of texts")
    return [text_of(value) for value in np.asarray(part.attrs[name]).ravel().tolist()]


def number_in(part: h5py.File | h5py.Group | h5py.Dataset, name: str) -> float:
    """Return an attribute that is one number; NaN and infinity are some."""
    found = _attribute(part, name)
    if found.dtype.kind not in "biuf" or found.shape:
        raise PartError(f"its {name} is not one number")
    return float(part.attrs[name])


def _part_in(parent: h5py.Group, name: str) -> h5py.HLObject:
    link = parent.get(name, getlink=True) if "/" not in name else None
    if link is None:
        raise PartError(f"it has no {name}")
    if not isinstance(link, h5py.HardLink):
        raise PartError(f"its {name} is a link to elsewhere, which is not followed")
    return parent[name]


def _attribute(part: h5py.File | h5py.Group | h5py.Dataset, name: str) -> h5py.h5a.AttrID:
    if name not in part.attrs:
        raise PartError(f"it does not say its {name}")
    return part.attrs.get_id(name)


def _plain(dtype: np.dtype[Any]) -> bool:
    """Return whether a type is of numbers and texts, one directly after the other: HDF5 does not survive others that lie."""
    if dtype.fields is not None:
        end = 0
        for part, offset, *_ in sorted(dtype.fields.values(), key=lambda field: field[1]):
            if offset != end or not _plain(part):
                return False
            end = offset + part.itemsize
        return end == dtype.itemsize
    return dtype.kind in NUMBERS_AND_TEXTS


def _require_size(dataset: h5py.Dataset, name: str, file_bytes: int) -> None:
    """Raise PartError where a dataset is larger than its file; a writer that was killed may have lost its newest chunks."""
    chunk_bytes = math.prod(dataset.chunks or ()) * dataset.dtype.itemsize if dataset.chunks else 0
    if chunk_bytes > MOST_CHUNK_BYTES:
        raise PartError(f"its dataset {name} comes in pieces of {chunk_bytes} bytes")
    if (size := math.prod(dataset.shape) * dataset.dtype.itemsize) > file_bytes + 2 * chunk_bytes:
        raise PartError(f"its dataset {name} says that it has {size} bytes, and the whole file has {file_bytes}")
