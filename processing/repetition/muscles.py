"""The table of muscles: a row for each muscle and repetition, with its activation in each phase and when it began."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from processing.repetition.onset import onsets_s
from processing.repetition.spans import means_and_peaks
from processing.repetition.table import BOTTOM, LOWERING, RISING, bounds_s

if TYPE_CHECKING:
    from acquisition.rig import Electrode
    from processing.repetition.table import Frames, RepetitionResult

OF_PHASES = (LOWERING, BOTTOM, RISING)


@dataclass(slots=True)
class MuscleResult:
    """One muscle in one repetition; columns as in `columns.OF_MUSCLE`. NaN: its channel was bad, or too little is known."""

    repetition: int
    set: int
    side: str
    muscle: str
    lowering_mean_pct: float
    lowering_peak_pct: float
    bottom_mean_pct: float
    bottom_peak_pct: float
    rising_mean_pct: float
    rising_peak_pct: float
    onset_s: float


def muscle_rows(
    rows: Sequence[RepetitionResult], electrodes: Sequence[Electrode], force: Frames, emg: Sequence[Frames]
) -> list[MuscleResult]:
    """Return a row for each repetition and each electrode on a named muscle; envelopes are taken as much later as they lag."""
    if not rows:
        return []
    bounds = np.array([bounds_s(row)[phase] for row in rows for phase in OF_PHASES])
    repetitions_s = [(row.start_s, row.end_s) for row in rows]
    standing = force.frames[:, force.at("standing_s")] if force.at("standing_s") >= 0 else np.zeros(len(force.time_s))
    found: list[list[MuscleResult]] = []
    for table in emg:
        here = [e for e in electrodes if table.at(f"activation_{e.side}_{e.muscle}_pct") >= 0]
        columns = [table.at(f"activation_{e.side}_{e.muscle}_pct") for e in here]
        firsts, lasts = (np.searchsorted(table.time_s, bounds[:, i] + table.lag_s, side="right") for i in (0, 1))
        told = means_and_peaks(table.frames, firsts, lasts, columns)
        stood = np.interp(table.time_s, force.time_s, standing)
        energies = [table.at(f"energy_{e.side}_{e.muscle}_uV2") for e in here]
        onsets = onsets_s(table.time_s, table.frames, energies, stood, repetitions_s)
        for k, e in enumerate(here):
            numbers = np.column_stack([told[:, k].reshape(len(rows), -1), onsets[k]]).tolist()
            found.append(
                [MuscleResult(row.number, row.set, e.side, e.muscle, *of) for row, of in zip(rows, numbers, strict=True)]
            )
    return [row for of_repetition in zip(*found, strict=True) for row in of_repetition]
