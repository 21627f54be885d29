"""Disk space, taken before it is needed: HDF5 does not survive a write that fails, so it must never meet a full disk."""

from __future__ import annotations

import errno
import os
import shutil
import struct
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acquisition.storage.file_system import COPY_ON_WRITE, file_system_of
from acquisition.storage.shared_folder import about_sharing

if sys.platform == "linux":
    from fcntl import ioctl

if TYPE_CHECKING:
    from io import FileIO
    from pathlib import Path

NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
PROBE_BYTES = 16 * 2**20
ZEROS = 2**20
BUSY_TRIES, BUSY_S = 10, 0.05
"""How often, and after how long, a file that somebody reads is tried again to be replaced."""
LEAST_RESERVE_BYTES = 64 * 2**20
RESERVE_S = 60.0
FS_IOC_GETFLAGS, FS_IOC_SETFLAGS, FS_NOCOW_FL = 0x80086601, 0x40086602, 0x00800000
"""Of linux/fs.h."""


def _for_its_owner(path: str, flags: int) -> int:
    """Open a file of people's data: other accounts of this machine can't read it."""
    return os.open(path, flags, 0o600)


def claim(path: Path, size: int) -> None:
    """Make a new file of `size` bytes; raises FileExistsError, or OSError where there is no room, and then leaves nothing."""
    file = open(path, "xb", buffering=0, opener=_for_its_owner)  # noqa: SIM115 - Path.open takes no opener
    try:
        with file:
            keep_on_overwriting(file)
            allocate(file, 0, size)
    except OSError:
        path.unlink()
        raise


def keep_on_overwriting(file: FileIO) -> None:
    """Have an empty file overwritten where it lies, as btrfs can; otherwise that would take new room for each write.

    Where the file system knows no such thing, nothing happens.
    """
    if sys.platform == "linux":
        with suppress(OSError):
            flags = bytearray(8)
            ioctl(file, FS_IOC_GETFLAGS, flags)
            ioctl(file, FS_IOC_SETFLAGS, struct.pack("@l", struct.unpack("@l", flags)[0] | FS_NOCOW_FL))


def write_whole(path: Path, content: bytes | memoryview) -> None:
    """Make a new file with this content; raises FileExistsError, or OSError where it can't be, and then leaves nothing."""
    file = open(path, "xb", opener=_for_its_owner)  # noqa: SIM115 - Path.open takes no opener
    try:
        with file:
            file.write(content)
    except BaseException:
        path.unlink()
        raise


def write_anew(path: Path, content: bytes | memoryview) -> None:
    """Write a file anew, in one step: who reads meanwhile sees the old one or the new. Raises OSError."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)  # left by whoever was killed while writing it
    write_whole(fresh, content)
    put_over(fresh, path)


def put_over(fresh: Path, path: Path) -> None:
    """Put a file over another; Windows refuses that for as long as somebody reads the other one."""
    for _ in range(BUSY_TRIES):
        try:
            fresh.replace(path)
        except PermissionError:
            time.sleep(BUSY_S)
        else:
            return
    fresh.replace(path)


def allocate(file: FileIO, begin: int, end: int) -> None:
    """Take space on the disk for the bytes from `begin` to `end` of a file; raises OSError where there is none.

    What the file holds stays. Where the system can't be asked for space (macOS), zeros are written into the holes.
    """
    if end <= begin:
        return
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), begin, end - begin)
        return
    if os.fstat(file.fileno()).st_size < end:
        file.truncate(end)
    if sys.platform != "win32":  # NTFS takes the space when a file is made longer
        _fill_holes(file.fileno(), begin, end)


if sys.platform != "win32":

    def _fill_holes(descriptor: int, begin: int, end: int) -> None:
        zeros = bytes(ZEROS)
        while (hole := os.lseek(descriptor, begin, os.SEEK_HOLE)) < end:
            try:
                begin = min(end, os.lseek(descriptor, hole, os.SEEK_DATA))
            except OSError as error:
                if error.errno != errno.ENXIO:  # no data behind the hole
                    raise
                begin = end
            while hole < begin:
                hole += os.pwrite(descriptor, zeros[: begin - hole], hole)
            if begin >= end:
                return


def reserve_bytes(file_system: str, bytes_per_s: float) -> float:
    """Return what must stay free of a disk onto which a session writes: something where overwriting takes new room."""
    return max(LEAST_RESERVE_BYTES, RESERVE_S * bytes_per_s) if file_system in COPY_ON_WRITE else 0.0


def about_overwriting(file_system: str, bytes_per_s: float) -> str:
    """Return the sentence, after a blank, on a disk where overwriting takes new room; empty on any other."""
    reserve = reserve_bytes(file_system, bytes_per_s)
    if not reserve:
        return ""
    return (
        f" The disk is {file_system}, which takes new room for what is overwritten: a session ends once it has only "
        f"{reserve / 1e6:.0f} MB left."
    )


@dataclass(frozen=True, slots=True)
class Disk:
    """A folder's free space, how fast 16 MiB went onto its disk, the type of its file system, and what else bounds it.

    `file_system` is empty where it is unknown; `shared`: a sentence where the folder is not this computer's alone.
    """

    free_bytes: float
    write_bytes_per_s: float
    file_system: str = ""
    shared: str = ""


def disk_of(folder: Path) -> Disk:
    """Measure the disk of a folder by writing a file, which is removed again; raises OSError where nothing can be written."""
    probe = folder / "probe.disk.bin"
    content = os.urandom(2**20)
    began_s = time.monotonic()
    file = probe.open("xb")
    try:
        with file:
            for _ in range(PROBE_BYTES // len(content)):
                file.write(content)
            file.flush()
            os.fsync(file.fileno())
        taken_s = time.monotonic() - began_s
    finally:
        probe.unlink()
    kind = file_system_of(folder)
    return Disk(float(shutil.disk_usage(folder).free), PROBE_BYTES / taken_s, kind, about_sharing(folder, kind))
