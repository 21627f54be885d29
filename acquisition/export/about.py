"""What is known beside the samples of a recording that is handed on: whose it is, and what happened in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hardware.errors import SquatscopeError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from acquisition.rig import Side


class ExportError(SquatscopeError):
    """A recording can't be handed on in this format; the text is a full sentence."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: when in s of the session, for how long (0: an instant), what, on which side (empty: both).

    `kind` is one word for all events of its kind; `label` tells this one apart; `about` has what else is known, in words.
    """

    at_s: float
    seconds: float
    kind: str
    label: str
    side: Side | Literal[""] = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """Whose recording it is and how it was judged; texts are empty and numbers NaN where that is not known.

    `task`: what was done, such as squat or mvc; `number`: its number in the session, 0 of none; `mains_hz`: of the hum that is
    taken out; `anonymous`: its date is not the true one.
    """

    name: str
    lifter: str = ""
    session: str = ""
    task: str = "squat"
    condition: str = ""
    number: int = 0
    bar_kg: float = float("nan")
    body_weight_N: float = float("nan")
    settings_sha256: str = ""
    software_version: str = ""
    mains_hz: float = float("nan")
    anonymous: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """A table of metrics, (n, columns): a time for each row; a name, a unit and a formula id for each column."""

    columns: tuple[str, ...]
    units: tuple[str, ...]
    formula_ids: tuple[str, ...]
    time_s: NDArray[np.float64]
    frames: NDArray[np.float64]
