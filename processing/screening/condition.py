"""The condition, how a set is done: what was varied in it."""

from __future__ import annotations

from enum import StrEnum


class Condition(StrEnum):
    """How a set is done: the conditions of a screening."""

    LIGHT = "light"
    CUE = "cue"
    SLOW = "slow"
    HEELS = "heels"
    DEPTH = "depth"
    LOADED = "loaded"
