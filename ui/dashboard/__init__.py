"""The dashboard: a process of its own that maps a ring read-only and draws what comes; it never holds up acquisition.

Nothing outside this package imports Qt, and this module doesn't either until it is asked.
"""

from __future__ import annotations

import importlib
import re
import sys

from hardware.errors import SquatscopeError


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
        advice = (
            "; on Debian or Ubuntu: apt-get install libegl1 libgl1 libxkbcommon0 libfontconfig1 libdbus-1-3 fonts-dejavu-core"
            if sys.platform == "linux"
            else ""
        )
        return f"Qt can't be loaded ({found}){advice}"
    return None
