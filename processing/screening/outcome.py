"""The outcome, what is compared between conditions: what is measured, of which muscle, on which side; and what each means."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from acquisition.rig import GLUTES, SIDES
from processing.repetition.table import BOTH


class Measure(StrEnum):
    """What is measured of a repetition; `rating` is a coach's, of a set or of a repetition."""

    KNEE = "knee"
    KNEE_AXIS = "knee_axis"
    FALL = "fall"
    LOAD = "load"
    BEYOND = "beyond"
    QH = "qh"
    QH_DYNAMIC = "qh_dynamic"
    GLUTES = "glutes"
    LATE = "late"
    MOMENT = "moment"
    PUSH = "push"
    DEPTH = "depth"
    RATING = "rating"


class Meaning(NamedTuple):
    """What an outcome is: in words, in short, its unit, and the standard deviation between repetitions known beforehand.

    `is_log`: its numbers are natural logarithms of a ratio, which the words name.
    """

    words: str
    short: str
    unit: str
    spread: float
    is_log: bool = False

    @property
    def in_full(self) -> str:
        """What its numbers are: `ln of Q:H (1)`."""
        return f"{'ln of ' if self.is_log else ''}{self.words} ({self.unit})"

    @property
    def digits(self) -> int:
        """How many decimals its numbers are shown with."""
        return 2 if self.unit == "s" else 1


class Outcome(NamedTuple):
    """What is compared; `muscle`: of one glute alone; `side`: left, right or both, empty where it is of none.

    In files it stands as a text, `late_GMax_left`, which `outcome_of` reads.
    """

    measure: Measure
    muscle: str = ""
    side: str = ""

    def __str__(self) -> str:
        """Return it as files have it."""
        return f"{self.name}_{self.side}" if self.side else self.name

    @property
    def name(self) -> str:
        """Its text without the side: `knee`, `late_GMax`, and `GMax` for quadriceps and hamstrings over that glute."""
        if not self.muscle:
            return self.measure.value
        return self.muscle if self.measure is Measure.GLUTES else f"{self.measure}_{self.muscle}"

    def on(self, side: str) -> Outcome:
        """Return the same of a side."""
        return self._replace(side=side)

    @property
    def meaning(self) -> Meaning:
        """What it is; of those that are compared as numbers."""
        return OUTCOMES[self.on("")]


DEPTH, RATING = Outcome(Measure.DEPTH), Outcome(Measure.RATING)
"""Of no side; neither is compared as a number."""
OUTCOMES: dict[Outcome, Meaning] = {
    Outcome(Measure.KNEE): Meaning("way of the knee towards the foot's inner edge", "knee inwards", "mm", 4.0),
    Outcome(Measure.KNEE_AXIS): Meaning("way of the knee inwards of the foot's axis", "knee inwards", "mm", 4.0),
    Outcome(Measure.FALL): Meaning("way that the knee comes in within a repetition", "knee coming in", "mm", 3.0),
    Outcome(Measure.LOAD): Meaning("load shift", "load shift", "%", 1.75),
    Outcome(Measure.BEYOND): Meaning("load shift beyond that of quiet stance", "load shift beyond quiet stance", "%", 1.75),
    Outcome(Measure.QH): Meaning("Q:H", "Q:H", "1", 0.13, is_log=True),
    Outcome(Measure.QH_DYNAMIC): Meaning(
        "Q:H, each muscle in % of the first light set", "Q:H by the first light set", "1", 0.13, is_log=True
    ),
    Outcome(Measure.GLUTES): Meaning(
        "quadriceps and hamstrings over glutes", "quadriceps and hamstrings beside the glutes", "1", 0.15, is_log=True
    ),
    **{
        Outcome(Measure.GLUTES, muscle): Meaning(
            f"quadriceps and hamstrings over {muscle}", f"quadriceps and hamstrings beside {muscle}", "1", 0.15, is_log=True
        )
        for muscle in sorted(GLUTES)
    },
    **{
        Outcome(Measure.LATE, muscle): Meaning(f"onset of {muscle} after the start", f"onset of {muscle}", "s", 0.10)
        for muscle in sorted(GLUTES)
    },
    Outcome(Measure.MOMENT): Meaning("free moment outwards at the bottom", "free moment outwards", "N m", 1.5),
    Outcome(Measure.PUSH): Meaning("push outwards", "push outwards", "%", 1.5),
}
"""By outcome without its side. Spreads: `docs/screening.md` says from where."""
_BY_NAME = {one.name: one for one in (*OUTCOMES, DEPTH, RATING)}


def outcome_of(text: str) -> Outcome:
    """Return the outcome that a file has as a text; raises ValueError where it is none."""
    name, _, side = text.rpartition("_")
    if side not in (*SIDES, BOTH):
        name, side = text, ""
    if name not in _BY_NAME:
        raise ValueError(f"there is no outcome {text!r}")
    return _BY_NAME[name].on(side)
