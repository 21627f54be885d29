"""The kernel cache: where numba keeps compiled kernels, in the user's own cache folder, apart for every state of the program.

Numba looks only at the file in which a kernel stands, and not at those whose functions and constants it has compiled into it;
so after an update it may run what no source says any more. Here each state of all files with kernels has its own folder.
"""

from __future__ import annotations

import atexit
import errno
import hashlib
import os
import platform
import shutil
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

VARIABLE = "NUMBA_CACHE_DIR"
ROOT = Path(__file__).parents[1]
PACKAGES = ("acquisition", "hardware", "processing", "sim", "ui")
LEAST_BYTES = 64_000_000
"""All kernels take less than that."""
KEPT_S = 30 * 86400.0
"""A folder of kernels that was not used for so long is removed when a new one is made."""


def choose_kernel_cache() -> None:
    """Have numba keep its kernels there, unless the environment names a folder; in a temporary one where they find no room."""
    if VARIABLE in os.environ:
        return
    folder = _user_cache() / "squatscope" / f"kernels-{_state_of_the_program()}"
    try:
        new = not folder.exists()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.utime(folder)
        if new:
            _remove_unused(folder)
            _require_space(folder)
    except (OSError, RuntimeError):
        folder = Path(tempfile.mkdtemp(prefix="squatscope-kernels-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ[VARIABLE] = str(folder)
    if "numba" in sys.modules:  # which has read its environment already
        sys.modules["numba"].config.CACHE_DIR = str(folder)


def _user_cache() -> Path:
    """Return the system's folder for what a user's programs can make again; raises RuntimeError where there is no home."""
    system = platform.system()
    if system == "Windows":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if system == "Darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _state_of_the_program() -> str:
    """Return a digest of all files that have kernels, and of where they are."""
    digest = hashlib.sha256(str(ROOT).encode())
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            content = path.read_bytes()
            if b"njit" in content:
                digest.update(content)
    return digest.hexdigest()[:16]


def _require_space(folder: Path) -> None:
    """Raise OSError where there is no room for kernels: numba would fail in the middle of the first one."""
    if shutil.disk_usage(folder).free < LEAST_BYTES:
        folder.rmdir()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _remove_unused(folder: Path) -> None:
    for other in folder.parent.glob("kernels-*"):
        with suppress(OSError):
            if time.time() - other.stat().st_mtime > KEPT_S:
                shutil.rmtree(other, ignore_errors=True)
