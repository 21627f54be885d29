"""Every metric by its formula: one registry, from which column names, stored ids and the table of the docs are made.

Asymmetry indices are not interchangeable (the same 55/45 split is 10 %, 18 %, 20 % or 82 % by four formulas in use), so each
number shown or stored carries the id of the one that made it. An id never changes its meaning: another formula, another id.
"""

from __future__ import annotations

from processing.formulas.emg import EMG
from processing.formulas.force import FORCE
from processing.formulas.formula import FRAMES_PER_S, Formula, Metric, frame_samples
from processing.formulas.knees import KNEES

__all__ = ["FORMULAS", "FRAMES_PER_S", "Formula", "Metric", "frame_samples", "metric"]

FORMULAS: dict[str, Formula] = {formula.id: formula for formula in (*FORCE, *EMG, *KNEES)}


def metric(formula_id: str, **parts: str) -> Metric:
    """Return the column that a formula fills, with the parts of its name that vary: `metric("fz.frame_mean", side="left")`.

    Raises KeyError for an unknown formula or a part that is missing.
    """
    formula = FORMULAS[formula_id]
    return Metric(formula.column.format(**parts), formula)
