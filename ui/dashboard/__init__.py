"""The dashboard: a process of its own that maps a ring read-only and draws what comes; it never holds up acquisition.

Nothing outside this package imports Qt, and this module doesn't either until it is asked.
"""

from __future__ import annotations

import importlib
import re
import signal
import subprocess
import sys

from hardware.errors import SquatscopeError

DEBIAN_PACKAGES = (
    "libegl1",
    "libgl1",
    "libglib2.0-0",
    "libxkbcommon-x11-0",
    "libfontconfig1",
    "libdbus-1-3",
    "libxcb-cursor0",
    "libxcb-icccm4",
    "libxcb-keysyms1",
    "libxcb-shape0",
    "fonts-dejavu-core",
)
"""What a window needs on a bare Debian or Ubuntu; README and CI name the same."""
WINDOW_S = 20.0
OPEN_A_WINDOW = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget
app = QApplication(["squatscope"])
window = QWidget()
window.show()
QTimer.singleShot(100, app.quit)
sys.exit(app.exec())
"""


class DashboardError(SquatscopeError):
    """The dashboard or its picture can't be made; the text is a full sentence."""


def qt_missing() -> str | None:
    """Say in a sentence what has to be installed before Qt can be loaded, or return None if it loads."""
    try:
        importlib.import_module("PySide6.QtWidgets")
    except ModuleNotFoundError:
        return "The dashboard needs PySide6, which is not installed; try: pip install PySide6-Essentials"
    except ImportError as error:
        library = re.search(r"\S+\.so[.\d]*", str(error))
        found = f"{library[0].rstrip(':')} is missing" if library else str(error)
        return f"Qt can't be loaded ({found}){_install()}"
    return None


def window_trouble() -> str | None:
    """Open a window in a child process, and say in a sentence why there is none; None where one opened.

    A child, since Qt ends its process where it finds no display or no platform plugin.
    """
    if missing := qt_missing():
        return missing
    command = [sys.executable, "-P", "-c", OPEN_A_WINDOW]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=WINDOW_S, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return f"A window did not open within {WINDOW_S:g} s; is the display reachable?"
    return None if done.returncode == 0 else why_it_ended(done.returncode, done.stderr)


def why_it_ended(code: int, said: str) -> str:
    """Return in a sentence why a process with a window ended with `code`, from what it wrote; signals have negative codes."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if code < 0:
        try:
            how = f"was ended by {signal.Signals(-code).name}"
        except ValueError:
            how = f"was ended by signal {-code}"
    else:
        how = f"ended with code {code}"
    library = re.search(r"(\S+\.so[.\d]*|xcb-cursor0|libxcb-cursor0)", said)
    if "could not connect to display" in said or "no display" in said.lower():
        return f"No window could be opened: the display can't be reached ({how}); check DISPLAY or WAYLAND_DISPLAY."
    if library or "platform plugin" in said:
        found = f"{library[0].rstrip(',:')} is missing" if library else "Qt's platform plugin can't be loaded"
        return f"No window could be opened: {found} ({how}){_install()}"
    return f"The dashboard's process {how}{': ' + lines[-1].rstrip('.') if lines else ' and said nothing'}."


def _install() -> str:
    return f"; on Debian or Ubuntu: apt-get install {' '.join(DEBIAN_PACKAGES)}" if sys.platform == "linux" else "."
