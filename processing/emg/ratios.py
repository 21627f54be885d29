"""Ratios of muscle groups: quadriceps against hamstrings and against glutes of each leg, and both legs against each other.

A ratio is a number only where it means something: both groups measured with an MVC on good channels, and together at least
`least_activation_pct` active. Elsewhere it is NaN, never a huge number. What a ratio is compared with, its baseline, is that of
the reference set which is named, or else the median of its first `baseline_s` of defined frames: then whatever was out of
balance from the start does not show.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from acquisition.rig import SIDES
from acquisition.rig.judgement import EmgSettings, ReferenceSettings
from hardware.arrays import Floats
from processing.formulas import Metric, metric

LARGEST_RATIO = 1000.0  # beyond this, one of the two groups is a channel without a signal

_QUADS, _HAMS, _GLUTES, _QH, _SHARE, _CHANGE, _CO_CONTRACTION, _DROP = range(8)
_QH_BETWEEN, _GLUTES_BETWEEN = range(2)
COMPARED = ("qh", "qg")
_OF_QH, _OF_QG = range(len(COMPARED))


class Ratios:
    """The columns of ratios that the groups among `metrics` allow, which it adds to them, and what fills them."""

    def __init__(
        self, metrics: list[Metric], settings: EmgSettings, reference: ReferenceSettings, frame_rate_hz: float
    ) -> None:
        names = [column.name for column in metrics]

        def column(formula_id: str, **parts: str) -> int:
            metrics.append(metric(formula_id, **parts))
            return len(metrics) - 1

        self._columns = np.full((len(SIDES), 8), -1, dtype=np.int64)
        for leg, side in enumerate(SIDES):
            for group, name in ((_QUADS, "quads"), (_HAMS, "hams"), (_GLUTES, "glutes")):
                if f"{name}_{side}_pct" in names:
                    self._columns[leg, group] = names.index(f"{name}_{side}_pct")
        has = self._columns >= 0
        for leg, side in enumerate(SIDES):
            if has[leg, _QUADS] and has[leg, _HAMS]:
                self._columns[leg, _QH] = column("qh.mvc_ratio", side=side)
                self._columns[leg, _SHARE] = column("h_share.bounded", side=side)
                self._columns[leg, _CHANGE] = column("qh_change.baseline_ratio", side=side)
                self._columns[leg, _CO_CONTRACTION] = column("co_contraction.rudolph", side=side)
            if has[leg, _QUADS] and has[leg, _GLUTES]:
                self._columns[leg, _DROP] = column("glute_drop.baseline_ratio", side=side)
        both = has[0] & has[1]
        self._between = np.full(2, -1, dtype=np.int64)
        if both[_QUADS] and both[_HAMS]:
            self._between[_QH_BETWEEN] = column("qh_between_legs.log2_ratio")
        if both[_GLUTES]:
            self._between[_GLUTES_BETWEEN] = column("glute_deficit.log2_ratio")
        self._least_pct = settings.least_activation_pct
        self._first = np.zeros((len(SIDES), len(COMPARED), max(1, round(settings.baseline_s * frame_rate_hz))))
        self._count = np.zeros((len(SIDES), len(COMPARED)), dtype=np.int64)
        self._baseline = np.full((len(SIDES), len(COMPARED)), np.nan)
        for leg, side in enumerate(SIDES):
            for i, ratio in enumerate(COMPARED):
                known = getattr(reference, f"{ratio}_{side}")
                if known is not None:
                    self._baseline[leg, i], self._count[leg, i] = known, self._first.shape[2]

    def resting_on(self, leg: int, group: int) -> list[int]:
        """Return the columns that rest on a group of a leg, its own among them."""
        of_group = {
            _QUADS: (_QUADS, _QH, _SHARE, _CHANGE, _CO_CONTRACTION, _DROP),
            _HAMS: (_HAMS, _QH, _SHARE, _CHANGE, _CO_CONTRACTION),
            _GLUTES: (_GLUTES, _DROP),
        }[group]
        between = self._between[_GLUTES_BETWEEN if group == _GLUTES else _QH_BETWEEN]
        return [int(column) for column in (*self._columns[leg, list(of_group)], between) if column >= 0]

    def fill(self, rows: Floats) -> None:
        """Fill the columns of frames (n, columns) whose groups are there."""
        _ratios(rows, self._columns, self._between, self._least_pct, self._first, self._count, self._baseline)


_inlined = njit(nogil=True, error_model="numpy", inline="always")


@_inlined
def _ratio(above: float, below: float, least_pct: float) -> float:
    """Return above / below where both together are active enough, and neither is a channel without a signal."""
    share = below / (above + below) if above + below >= least_pct else math.nan
    # NaN fails both comparisons, and so does a group at exactly zero.
    inside = share > 1.0 / (1.0 + LARGEST_RATIO) and share < LARGEST_RATIO / (1.0 + LARGEST_RATIO)
    return above / below if inside else math.nan


@_inlined
def _learn(first: Floats, count: NDArray[np.int64], baseline: Floats, leg: int, i: int, value: float) -> None:
    """Take a ratio into its baseline, until that is complete."""
    needed = first.shape[2]
    if count[leg, i] < needed and value == value:
        first[leg, i, count[leg, i]] = value
        count[leg, i] += 1
        if count[leg, i] == needed:
            first[leg, i].sort()
            baseline[leg, i] = 0.5 * (first[leg, i, (needed - 1) // 2] + first[leg, i, needed // 2])


@njit(nogil=True, cache=True, error_model="numpy")
def _ratios(
    rows: Floats,
    columns: NDArray[np.int64],
    between: NDArray[np.int64],
    least_pct: float,
    first: Floats,
    count: NDArray[np.int64],
    baseline: Floats,
) -> None:
    for f in range(rows.shape[0]):
        row = rows[f]
        for leg in range(2):
            at = columns[leg]
            quads = row[at[_QUADS]] if at[_QUADS] >= 0 else math.nan
            if at[_QH] >= 0:
                hams = row[at[_HAMS]]
                qh = _ratio(quads, hams, least_pct)
                _learn(first, count, baseline, leg, _OF_QH, qh)
                row[at[_QH]] = qh
                row[at[_SHARE]] = hams / (quads + hams) if quads + hams >= least_pct else math.nan
                row[at[_CHANGE]] = qh / baseline[leg, _OF_QH]
                low, high = min(quads, hams), max(quads, hams)
                row[at[_CO_CONTRACTION]] = low / high * (low + high) if quads + hams >= least_pct else math.nan
            if at[_DROP] >= 0:
                qg = _ratio(quads, row[at[_GLUTES]], least_pct)
                _learn(first, count, baseline, leg, _OF_QG, qg)
                row[at[_DROP]] = qg / baseline[leg, _OF_QG]
        if between[_QH_BETWEEN] >= 0:
            row[between[_QH_BETWEEN]] = math.log2(row[columns[1, _QH]] / row[columns[0, _QH]])
        if between[_GLUTES_BETWEEN] >= 0:
            left, right = row[columns[0, _GLUTES]], row[columns[1, _GLUTES]]
            row[between[_GLUTES_BETWEEN]] = math.log2(_ratio(left, right, least_pct))
