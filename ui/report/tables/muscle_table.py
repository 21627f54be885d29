"""The table of muscles as the report shows it: a line for each muscle and side in each set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processing.results import Results

LEAST = 3
"""A CV or a median onset takes so many repetitions."""
NOTHING = "–"


@dataclass(frozen=True, slots=True)
class MuscleLine:
    """A muscle on one side in one set: mean activation in lowering and in rising, its CV, when it began and in how many."""

    set: int
    muscle: str
    side: str
    lowering: str
    rising: str
    onset: str
    onsets: str


def muscle_table(results: Results) -> list[MuscleLine]:
    """Return the lines of the table, doubtful repetitions left out."""
    doubtful = {row.number for row in results.repetitions if row.doubt}
    rows = [row for row in results.muscles if row.repetition not in doubtful]
    lines = []
    muscles = list(dict.fromkeys(row.muscle for row in results.muscles))
    keys = {(row.set, row.muscle, row.side) for row in rows}
    for key in sorted(keys, key=lambda key: (key[0], muscles.index(key[1]), key[2])):
        of = [row for row in rows if (row.set, row.muscle, row.side) == key]
        onsets = np.array([row.onset_s for row in of])
        known = onsets[np.isfinite(onsets)]
        onset = f"{np.median(known):+.2f} s" if len(known) >= LEAST else NOTHING
        lines.append(
            MuscleLine(
                *key,
                _mean_and_cv([row.lowering_mean_pct for row in of]),
                _mean_and_cv([row.rising_mean_pct for row in of]),
                onset,
                f"{len(known)} of {len(of)}",
            )
        )
    return lines


def _mean_and_cv(values: Sequence[float]) -> str:
    known = np.array([value for value in values if np.isfinite(value)])
    if not len(known):
        return NOTHING
    told = f"{known.mean():.0f} %MVC"
    if len(known) >= LEAST and known.mean() > 0:
        told += f" (CV {100.0 * known.std(ddof=1) / known.mean():.0f} %)"
    return told
