"""Variability: how far repetitions of a set differ, and the smallest change between two such sets that is clear."""

from __future__ import annotations

import math
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np

from hardware.arrays import Floats
from processing.repetition.table import NUMBERS, RepetitionResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processing.repetition.table import PhaseResult

LEAST_REPETITIONS = 3
OF_REPETITIONS = ("depth_m", "lowering_s", "pause_s", "rising_s", "tempo_ratio", "lowering_mean_m_s", "lowering_peak_m_s",
                  "rising_mean_m_s", "rising_peak_m_s")  # fmt: skip
WHOLE_REPETITION = "repetition"


@dataclass(slots=True)
class VariabilityResult:
    """One column over the repetitions of a set: mean, standard deviation (divisor n - 1), CV, smallest change.

    `smallest_change`, in the column's unit: what the mean of another set of as many repetitions must differ by, for the
    difference to be clear at 95 %: t sqrt(2 / n) SD, with 2 n - 2 degrees of freedom (Student's t test of two means).
    """

    set: int
    phase: str
    side: str
    column: str
    repetitions: int
    mean: float
    sd: float
    cv_pct: float
    smallest_change: float


def variability(rows: Sequence[RepetitionResult], phases: Sequence[PhaseResult]) -> list[VariabilityResult]:
    """Return the variability of every column in every set of three repetitions or more; doubtful repetitions are left out."""
    doubtful = {row.number for row in rows if row.doubt}
    found = []
    for number in dict.fromkeys(row.set for row in rows):
        of_set = [row for row in rows if row.set == number and row.number not in doubtful]
        told = [phase for phase in phases if phase.set == number and phase.repetition not in doubtful]
        if len(of_set) < LEAST_REPETITIONS:
            continue
        whole = [(WHOLE_REPETITION, "both", column) for column in OF_REPETITIONS]
        found += _of_series(number, whole, np.array([_of_repetition(row) for row in of_set]))
        per_repetition = len(told) // len(of_set)
        names = [(phase.phase, phase.side, column) for phase in told[:per_repetition] for column in NUMBERS]
        found += _of_series(number, names, np.array([_of_phase(phase) for phase in told]).reshape(len(of_set), -1))
    return found


_of_repetition = attrgetter(*OF_REPETITIONS)
_of_phase = attrgetter(*NUMBERS)


def _of_series(number: int, names: Sequence[tuple[str, str, str]], values: Floats) -> list[VariabilityResult]:
    """Return the variability of each series, a column of `values` (repetitions, series), where enough of it is known."""
    from scipy import special

    known = np.isfinite(values)
    counts = known.sum(axis=0)
    enough = np.flatnonzero(counts >= LEAST_REPETITIONS)
    n = counts[enough].astype(np.float64)
    of = np.where(known[:, enough], values[:, enough], 0.0)
    means = of.sum(axis=0) / n
    sds = np.sqrt((np.where(known[:, enough], of - means, 0.0) ** 2).sum(axis=0) / (n - 1.0))
    changes = special.stdtrit(2.0 * n - 2.0, 0.975) * np.sqrt(2.0 / n) * sds
    cvs_pct = np.divide(100.0 * sds, np.abs(means), out=np.full(len(n), math.nan), where=means != 0.0)
    columns = zip(*(a.tolist() for a in (enough, n.astype(int), means, sds, cvs_pct, changes)), strict=True)
    return [VariabilityResult(number, *names[i], *told) for i, *told in columns]
