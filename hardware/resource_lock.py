"""Resource locks: a port that one session holds is no other's, and who holds it can be said.

The operating system gives a lock back when its holder ends, however it ends.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_session = {"folder": ""}


def used_by(folder: Path) -> None:
    """Say in which folder this process's session is, for whoever finds its locks."""
    _session["folder"] = str(folder.resolve())


class Holder(NamedTuple):
    """Who has a lock: the folder of its session, empty where it has none; since when, `08:27`; and its process.

    Where nobody can know, as on Windows, all of it is empty, and the process 0.
    """

    folder: str = ""
    since: str = ""
    pid: int = 0

    @property
    def in_words(self) -> str:
        """Who it is: "the session in FOLDER, since 08:27"."""
        if not self.pid:
            return "another session"
        where = f"the session in {self.folder}" if self.folder else f"another program of squatscope (process {self.pid})"
        return f"{where}, since {self.since}"


class ResourceLock:
    """A lock on one resource by its name, such as the real path of a serial port; free until `take`."""

    def __init__(self, resource: str) -> None:
        digest = hashlib.sha256(resource.encode()).hexdigest()[:16]
        self._name = f"{digest}.lock"
        self._descriptor: int | None = None

    def take(self) -> Holder | None:
        """Take the lock and return None, or return who has it.

        Where no lock can be made, as on a machine without a folder for temporary files, nothing is locked.
        """
        if self._descriptor is not None:
            return None
        try:
            descriptor = os.open(_folder() / self._name, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            return None
        try:
            _lock(descriptor)
        except OSError:
            held = os.pread(descriptor, 4096, 1) if hasattr(os, "pread") else b""
            os.close(descriptor)
            return _holder(held)
        os.ftruncate(descriptor, 0)
        told = Holder(_session["folder"], time.strftime("%H:%M"), os.getpid())
        os.write(descriptor, b" " + json.dumps(told._asdict()).encode())
        self._descriptor = descriptor
        return None

    def free(self) -> None:
        """Give the lock back, if it was taken."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __del__(self) -> None:
        """Give back the lock of a source that was dropped and never closed."""
        self.free()


def _folder() -> Path:
    user = os.getuid() if hasattr(os, "getuid") else getpass.getuser()
    folder = Path(tempfile.gettempdir()) / f"squatscope-locks-{user}"
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    return folder


def _holder(told: bytes) -> Holder:
    try:
        found = json.loads(told)
        return Holder(str(found["folder"]), str(found["since"]), int(found["pid"]))
    except (ValueError, KeyError, TypeError):
        return Holder()


def _lock(descriptor: int) -> None:
    """Lock the first byte of a file, or raise OSError at once."""
    if sys.platform == "win32":
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
