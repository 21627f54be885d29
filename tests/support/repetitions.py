"""Results with repetitions made for the tests: as many as wanted, with what was judged in each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from acquisition.rig.rig_file import example, load
from processing.repetition.table import PHASES, PhaseResult, RepetitionResult
from processing.results import Results, Table

NAN = float("nan")


def a_repetition(number: int, of_set: int = 1, **changes: Any) -> RepetitionResult:
    """Return a repetition of 3 s, one every 4 s, from 5 s on."""
    start_s = 5.0 + 4.0 * (number - 1)
    instants = start_s, start_s + 0.9, start_s + 1.5, start_s + 1.5, start_s + 1.5, start_s + 3.0
    base = RepetitionResult(number, of_set, *instants, 0.4, 0.005, 1.5, 0.0, 1.5, 1.0, 0.27, 0.5, 0.27, 0.5, 800.0, "")
    return replace(base, **changes)


def a_phase(number: int, phase: str = "rising", side: str = "both", of_set: int = 1, **values: float) -> PhaseResult:
    """Return a phase of which only these values are known."""
    row = PhaseResult(number, of_set, phase, side, 1.5, NAN, NAN, NAN, NAN, NAN, NAN, NAN)
    for name, value in values.items():
        setattr(row, name, value)
    return row


def squatted(shifts_pct: list[float], standing_pct: float = 0.0, phases: tuple[str, ...] = PHASES, **changes: Any) -> Results:
    """Return results of repetitions with these shifts of load in each phase, and one in the stance before them."""
    time_s = np.arange(0.0, 5.0 + 4.0 * len(shifts_pct), 0.01)
    standing_s = np.where(time_s < 4.0, np.minimum(time_s, 2.0), 0.0)
    frames = np.column_stack([np.full(len(time_s), standing_pct), standing_s])
    table = Table(
        ("load_shift_pct", "standing_s"), ("%", "s"), ("load_shift.total_referenced", "standing.quiet_stance"), time_s, frames
    )
    rows = [a_repetition(number) for number in range(1, len(shifts_pct) + 1)]
    of_phases = [
        a_phase(row.number, phase, load_shift_mean_pct=shift)
        for row, shift in zip(rows, shifts_pct, strict=True)
        for phase in phases
    ]
    base = Results("r.h5", "0f", "2026", float(time_s[-1]), 930.0, load(example("demo")), {"plates.force": table}, [], [], [])
    return replace(base, repetitions=rows, phases=of_phases, **changes)
