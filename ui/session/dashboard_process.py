"""The dashboard as a process of its own: open beside a session, and drawn once at its end."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ui.dashboard import qt_missing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PICTURE_S = 60.0
# The Ctrl-C that ends a session must not end its dashboard as well: a group of its own on Windows, a session elsewhere.
NEW_GROUP: int = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
# -P, since a folder named ui where the user happens to be is not this program.
COMMAND = [sys.executable, "-P", "-m", "ui.cli.app", "dashboard"]


@contextmanager
def opened(ring: Path, headless: bool, remarks: list[str]) -> Iterator[None]:
    """Have a dashboard open as a process of its own, where there is a display for it."""
    if headless:
        yield
        return
    if not _has_display():
        remarks.append("There is no display, so no dashboard was opened.")
        yield
        return
    if missing := qt_missing():
        remarks.append(missing)
        yield
        return
    process = subprocess.Popen(
        [*COMMAND, str(ring), "--close-at-end"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        creationflags=NEW_GROUP,
        start_new_session=True,
    )
    try:
        yield
    finally:
        try:
            process.wait(10.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.returncode > 0:
            remarks.append(f"The dashboard could not be shown; 'squatscope dashboard {ring}' in a running session says why.")


def _has_display() -> bool:
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def save_picture(ring: Path, png: Path) -> list[str]:
    """Draw the dashboard as it stands into the file `png`, in a process of its own; return what there is to say about it."""
    if missing := qt_missing():
        return [f"No picture of the dashboard was made. {missing}"]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    try:
        done = subprocess.run(
            [*COMMAND, str(ring), "--picture", str(png)],
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PICTURE_S,
            check=False,
            creationflags=NEW_GROUP,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        return [f"No picture of the dashboard was made: drawing it took longer than {PICTURE_S:g} s."]
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"drawing it ended with code {done.returncode} and without a word."]
        return [f"No picture of the dashboard was made: {said[-1]}"]
    return []
