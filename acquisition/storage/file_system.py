"""File systems: what a folder lies on, where that matters to a session.

One that copies on write takes new room for what is overwritten, so room that was taken ahead does not hold, and a full disk is
met in the middle of a session. It is named before a session, which then ends while there still is room.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

COPY_ON_WRITE = ("apfs", "bcachefs", "btrfs", "nilfs2", "refs", "zfs")
LINUX_MOUNT = re.compile(r"^\S+ \S+ \S+ \S+ (?P<at>\S+) .* - (?P<kind>\S+) ")
"""A line of /proc/self/mountinfo, where blanks in names are octal."""
MACOS_MOUNT = re.compile(r"^.+ on (?P<at>/.*) \((?P<kind>\w+)[,)]")
"""A line of macOS's mount."""
REMOTE = 4
"""What Windows' GetDriveTypeW calls a drive of another computer."""
OCTAL = re.compile(r"\\([0-7]{3})")


def file_system_of(folder: Path) -> str:
    """Return the type of the file system that an existing folder lies on, in small letters; empty where that can't be told."""
    try:
        return _kind_of(folder.resolve())
    except (OSError, subprocess.SubprocessError):
        return ""


def nearest(lines: Iterable[str], mount: re.Pattern[str], folder: PurePosixPath) -> str:
    """Return the type of the mount, one a line, that a folder lies on: of the nearest, and of those at one path the last."""
    kind, depth = "", -1
    for found in filter(None, map(mount.match, lines)):
        at = PurePosixPath(OCTAL.sub(lambda octal: chr(int(octal[1], 8)), found["at"]))
        if folder.is_relative_to(at) and len(at.parts) >= depth:
            kind, depth = found["kind"].lower(), len(at.parts)
    return kind


if sys.platform == "win32":

    def _kind_of(folder: Path) -> str:
        import ctypes

        kind = ctypes.create_unicode_buffer(64)
        root = ctypes.c_wchar_p(folder.anchor)
        if ctypes.windll.kernel32.GetDriveTypeW(root) == REMOTE:
            return "network"
        known = ctypes.windll.kernel32.GetVolumeInformationW(root, None, 0, None, None, None, kind, len(kind))
        return kind.value.lower() if known else ""

elif sys.platform == "darwin":

    def _kind_of(folder: Path) -> str:
        said = subprocess.run(["/sbin/mount"], capture_output=True, text=True, check=True, timeout=5).stdout
        return nearest(said.splitlines(), MACOS_MOUNT, PurePosixPath(folder))

else:

    def _kind_of(folder: Path) -> str:
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
        return nearest(mounts.splitlines(), LINUX_MOUNT, PurePosixPath(folder))
