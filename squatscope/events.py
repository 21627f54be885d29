"""Events: what began and ended in a recording, repetitions with their phases, flags and marks, as rows of one table."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from processing.repetition.table import BOTH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from processing.results import Results

REPETITION, LOWERING, PAUSE, RISING, FLAG, MARK = "repetition", "lowering", "pause", "rising", "flag", "mark"


@dataclass(frozen=True, slots=True)
class Event:
    """What lasted from `start_s` to `end_s`, in seconds of the session; `number` is that of its kind, from 1.

    `label`: what a mark was called; `rule` and `severity` are a flag's.
    """

    start_s: float
    end_s: float
    event: str
    number: int
    side: str
    rule: str = ""
    severity: str = ""
    label: str = ""


def events_of(results: Results) -> Iterator[Event]:
    """Yield repetitions, each with its phases (a pause where there is one), marks, and flags that were not dismissed."""
    for one in results.repetitions:
        yield Event(one.start_s, one.end_s, REPETITION, one.number, BOTH)
        if math.isnan(one.pause_start_s):  # as after a split within which no way down and up was seen
            continue
        yield Event(one.start_s, one.pause_start_s, LOWERING, one.number, BOTH)
        if one.rise_s > one.pause_start_s:
            yield Event(one.pause_start_s, one.rise_s, PAUSE, one.number, BOTH)
        yield Event(one.rise_s, one.end_s, RISING, one.number, BOTH)
    for number, mark in enumerate(results.marks, 1):
        yield Event(mark.at_s, mark.at_s, MARK, number, BOTH, label=mark.label)
    for number, flag in enumerate(results.flags, 1):
        if flag.dismissed:
            continue
        yield Event(flag.start_s, flag.end_s, FLAG, number, flag.side, flag.rule, flag.severity.word)
