"""Own pressure: how far the pressure under each foot lies inwards of where it was at the same depth in the first repetitions.

Quiet stance is a poor reference for a lifter who is down: a pressure that goes inwards in each squat alike is how this lifter
squats. So the lifter's own first repetitions are learnt, way down and way up, depth by depth, and later ones are told against
them; before that, and at a depth that was never reached, there is nothing to compare with. A repetition is learnt as the causal
phases show it, if all of it is judged and goes deep enough, so that no splitting into blocks changes a bit.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hardware.arrays import Floats
from processing.repetition.knee_over_foot import BASELINE_REPETITIONS

BIN_MM, BINS = 40.0, 30
"""Depths are told apart by so much; standing and what is nearly standing is the first of them, and has no baseline."""
DEEP_MM = 150.0
"""A repetition that goes less deep is not learnt."""
OTHER_LIFTER = 0.03
"""With a body weight that differs by more it is another lifter, or a bar: all is learnt anew."""
_WAYS, _SIDES = 2, 2
_STANDING, _LOWERING = 0, 1


class OwnPressureColumns(NamedTuple):
    """Where in a frame's row stands what is needed and what is filled; each field is the column's name."""

    foot_cop_medial_left_mm: int
    foot_cop_medial_right_mm: int
    repetition_phase: int
    com_height_mm: int
    body_weight_N: int
    judged: int
    foot_cop_change_left_mm: int
    foot_cop_change_right_mm: int


# Positions among these columns (a foot's right one follows its left one), in the state, and among the numbers.
_MEDIAL, _, _PHASE, _HEIGHT, _WEIGHT, _JUDGED, _CHANGE, _ = range(len(OwnPressureColumns._fields))
_WHOLE, _LEARNT = range(2)
_DEPTH, _OWN_WEIGHT = range(2)


class OwnPressure:
    """Follows frames of force with their phases and heights, and fills how far each foot's pressure lies inwards of its own."""

    def __init__(self, columns: OwnPressureColumns) -> None:
        self._columns = np.array(columns, dtype=np.int64)
        self._sums = np.zeros((2, _SIDES, _WAYS, BINS))  # of the open repetition: values, and how many
        self._learnt = np.full((BASELINE_REPETITIONS, _SIDES, _WAYS, BINS), np.nan)
        self._own = np.full((_SIDES, _WAYS, BINS), np.nan)
        # Whether a repetition is open and whole so far, how many are learnt.
        self._state = np.zeros(2, dtype=np.int64)
        self._numbers = np.array([0.0, math.nan])  # how deep the open one is, and the body weight

    def follow(self, rows: Floats) -> None:
        """Fill these frames (n, columns) in place."""
        _follow(rows, self._columns, self._sums, self._learnt, self._own, self._state, self._numbers)


@njit(nogil=True, cache=True, error_model="numpy")
def _follow(
    rows: Floats,
    columns: NDArray[np.int64],
    sums: Floats,
    learnt: Floats,
    own: Floats,
    state: NDArray[np.int64],
    numbers: Floats,
) -> None:
    for n in range(len(rows)):
        row = rows[n]
        phase, height, weight = row[columns[_PHASE]], row[columns[_HEIGHT]], row[columns[_WEIGHT]]
        for side in range(_SIDES):
            row[columns[_CHANGE + side]] = math.nan
        if not abs(weight / numbers[_OWN_WEIGHT] - 1.0) <= OTHER_LIFTER and not math.isnan(weight):
            if not math.isnan(numbers[_OWN_WEIGHT]):
                state[_WHOLE] = state[_LEARNT] = 0
                own[:] = np.nan
            numbers[_OWN_WEIGHT] = weight
        if not (math.isfinite(phase + height) and row[columns[_JUDGED]] == 1.0):
            state[_WHOLE] = 0
            continue
        if phase == _STANDING:
            if state[_WHOLE] == 1 and numbers[_DEPTH] >= DEEP_MM and state[_LEARNT] < len(learnt):
                _learn(sums, learnt, own, state)
            state[_WHOLE] = 1  # from a stance on what follows is whole
            numbers[_DEPTH] = 0.0
            sums[:] = 0.0
            continue
        numbers[_DEPTH] = max(numbers[_DEPTH], -height)
        way = 0 if phase == _LOWERING else 1
        k = min(BINS - 1, max(0, int(-height / BIN_MM)))
        if k == 0:
            continue
        for side in range(_SIDES):
            value = row[columns[_MEDIAL + side]]
            if math.isfinite(value) and state[_WHOLE] == 1:
                sums[0, side, way, k] += value
                sums[1, side, way, k] += 1.0
            at = own[side, way, k]
            row[columns[_CHANGE + side]] = value - (own[side, way, k - 1] if math.isnan(at) else at)


@njit(nogil=True, cache=True, error_model="numpy")
def _learn(sums: Floats, learnt: Floats, own: Floats, state: NDArray[np.int64]) -> None:
    """Keep the mean at each depth of the repetition that has ended, and take the median of all once there are enough."""
    i = state[_LEARNT]
    state[_LEARNT] += 1
    for side in range(_SIDES):
        for way in range(_WAYS):
            for k in range(BINS):
                count = sums[1, side, way, k]
                learnt[i, side, way, k] = sums[0, side, way, k] / count if count > 0.0 else math.nan
    if state[_LEARNT] < len(learnt):
        return
    for side in range(_SIDES):
        for way in range(_WAYS):
            for k in range(BINS):
                own[side, way, k] = _median(learnt[:, side, way, k])


@njit(nogil=True, cache=True, error_model="numpy")
def _median(values: Floats) -> float:
    """Return the median of the few values that are numbers, by their ranks, as sorting would need memory; NaN without one."""
    known = 0
    for value in values:
        known += 1 if math.isfinite(value) else 0
    low = high = math.nan
    for i in range(len(values)):
        rank = 0
        for j in range(len(values)):
            rank += 1 if values[j] < values[i] or (values[j] == values[i] and j < i) else 0
        if math.isfinite(values[i]) and rank == (known - 1) // 2:
            low = values[i]
        if math.isfinite(values[i]) and rank == known // 2:
            high = values[i]
    return (low + high) / 2.0
