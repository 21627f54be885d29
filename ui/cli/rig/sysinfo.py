"""System information for bug reports: versions of the program, its libraries and this machine."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version

from ui.dashboard import qt_missing, window_trouble
from ui.session.dashboard_process import has_display

PACKAGES = (
    "squatscope",
    "numpy",
    "numba",
    "scipy",
    "h5py",
    "ezc3d",
    "pydantic",
    "PySide6-Essentials",
    "pyqtgraph",
    "nidaqmx",
    "brainflow",
    "pylsl",
    "edfio",
)


def lines() -> list[str]:
    """Return system, processors and versions, a line each, and what keeps the dashboard from opening, if anything does."""
    found = [
        f"system              {platform.platform()}",
        f"python              {platform.python_version()}",
        f"processors          {os.cpu_count()}",
    ]
    for package in PACKAGES:
        try:
            number = version(package)
        except PackageNotFoundError:
            number = "not installed"
        found.append(f"{package:<20}{number}")
    return [*found, f"dashboard           {_dashboard()}"]


def _dashboard() -> str:
    if missing := qt_missing():
        return missing
    if not has_display():
        return "there is no display here; pictures of it can be made"
    return window_trouble() or "can be opened"
