"""Who is logged in: whose name stands with what is changed by hand."""

from __future__ import annotations

import getpass


def logged_in() -> str:
    """Return who is logged in, empty where the system does not say."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""
