"""The dashboard as a process of its own: open beside a session, and drawn once at its end."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ui.dashboard import qt_missing, why_it_ended

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PICTURE_S = 60.0
CLOSE_S = 10.0
# The Ctrl-C that ends a session must not end its dashboard as well: a group of its own on Windows, a session elsewhere.
NEW_GROUP: int = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
# -P, since a folder named ui where the user happens to be is not this program.
COMMAND = [sys.executable, "-P", "-m", "ui.cli.app", "dashboard"]


class OpenWindow:
    """The dashboard's process beside a session; `news` says what became of it, once."""

    def __init__(self, ring: Path) -> None:
        self._ring = ring
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process
        self._told = False
        self._process = subprocess.Popen(
            [*COMMAND, str(ring), "--close-at-end"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._said,
            creationflags=NEW_GROUP,
            start_new_session=True,
        )

    def news(self) -> str | None:
        """Return in a sentence why the window is gone while the session runs, the first time it is asked after that."""
        code = self._process.poll()
        if code is None or self._told:
            return None
        self._told = True
        again = f"'squatscope dashboard {self._ring}' in another terminal opens it while the session runs."
        if code == 0:
            return f"The dashboard was closed; the session goes on, and {again}"
        self._said.seek(0)
        return f"{why_it_ended(code, self._said.read().decode(errors='replace'))}\nThe session goes on; {again}"

    def close(self) -> str | None:
        """Wait until the window has closed by itself at the end, or end it; return what there is to say about that."""
        try:
            self._process.wait(CLOSE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return "The dashboard did not close at the end, and was ended."
        finally:
            self._said.close()
        return None


@contextmanager
def opened(ring: Path, headless: bool, remarks: list[str]) -> Iterator[OpenWindow | None]:
    """Have a dashboard open as a process of its own, where there is a display for it."""
    trouble = None if headless else "There is no display, so no dashboard was opened." if not has_display() else qt_missing()
    if headless or trouble:
        if trouble:
            remarks.append(trouble)
        yield None
        return
    window = OpenWindow(ring)
    try:
        yield window
    finally:
        if said := window.close():
            remarks.append(said)


def has_display() -> bool:
    """Return whether this process could show a window."""
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
