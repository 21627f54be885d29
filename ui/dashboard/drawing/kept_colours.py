"""Kept colours: dark or light, as the user left the last window."""

from __future__ import annotations

from PySide6.QtCore import QSettings

from ui.dashboard.drawing import colours
from ui.palette import LIGHT, SCREEN


def kept_settings() -> QSettings:
    """Return where the user's windows keep what they were left with."""
    return QSettings("squatscope", "screens")


def use_kept_colours(kept: QSettings) -> None:
    """Have what is drawn from now on in the colours that are kept, dark ones where none are."""
    colours.use(LIGHT if kept.value("light", False, bool) else SCREEN)


def turn_kept_colours(kept: QSettings) -> None:
    """Turn dark into light, or light into dark, and keep that."""
    kept.setValue("light", not kept.value("light", False, bool))
    use_kept_colours(kept)
