"""Room on the disk, taken before it is needed: HDF5 does not survive a write that fails, so it must never meet a full disk."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from io import FileIO
    from pathlib import Path

NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def claim(path: Path, size: int) -> None:
    """Make a new file of `size` bytes; raises FileExistsError, or OSError where there is no room, and then leaves nothing."""
    with path.open("xb", buffering=0) as file:
        try:
            allocate(file, 0, size)
        except OSError:
            path.unlink()
            raise


def write_whole(path: Path, content: bytes | memoryview) -> None:
    """Make a new file with this content; raises FileExistsError, or OSError where it can't be, and then leaves nothing."""
    file = path.open("xb")
    try:
        with file:
            file.write(content)
    except BaseException:
        path.unlink()
        raise


def allocate(file: FileIO, begin: int, end: int) -> None:
    """Give the bytes from `begin` to `end` of a file their place on the disk; raises OSError where there is no room."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), begin, end - begin)
    elif os.fstat(file.fileno()).st_size < end:  # NTFS gives a file its place when it is made longer
        file.truncate(end)
