"""Plate signals: what the force kernel takes, six numbers of each plate and sample, linear in its wrench.

Plates with six channels of which all are forces and moments give theirs as they are. Those of eight channels, and those that
give a centre of pressure, are brought to six here first, so that the kernel knows one kind alone.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from acquisition.rig.plate_map import UNPLACED_N, PlateMap
from acquisition.rig.rig import VERTICAL_ALONE
from hardware.arrays import Floats, Samples

ABSENT = (
    [0] * 6,
    PlateMap(np.full((6, 6), np.nan), np.full(6, np.nan), np.full((3, 3), np.nan), np.full(3, np.nan), np.ones(6), False),
)
"""Columns and map of a plate that isn't there."""


class PlateSignals:
    """Blocks of raw samples in, blocks of signals out; `plates` has the columns and maps by which the signals are read.

    Where all plates have six channels of forces and moments, the signals are the raw samples themselves.
    """

    def __init__(self, plates: list[tuple[list[int], PlateMap]]) -> None:
        self._raw = [
            (np.array(columns, dtype=np.int64), plate) if len(columns) > VERTICAL_ALONE else _three_of_one(columns, plate)
            for columns, plate in plates
        ]
        self._as_they_are = all(len(columns) == 6 and not plate.gives_point for columns, plate in plates)
        self.plates = plates if self._as_they_are else [_of_signals(i, *each) for i, each in enumerate(plates)]
        self._signals = np.zeros((0, 6 * len(plates)))

    def of(self, samples: Samples) -> Any:  # noqa: ANN401 - float32 or float64 samples
        """Return the signals of a block (n, channels): the block itself, or a view that is valid until the next call."""
        if self._as_they_are:
            return samples
        if len(samples) > len(self._signals):
            self._signals = np.zeros((len(samples), 6 * len(self._raw)))
        for i, (at, plate) in enumerate(self._raw):
            out = self._signals[: len(samples), 6 * i : 6 * i + 6]
            if plate.gives_point:
                _of_points(samples, at, plate.zero, plate.per_unit, out)
            elif len(at) == 6:
                _as_they_are(samples, at, out)
            else:
                _of_sensors(samples, at, plate.zero, plate.matrix, out)
        return self._signals[: len(samples)]


def _three_of_one(columns: list[int], plate: PlateMap) -> tuple[NDArray[np.int64], PlateMap]:
    """Return a vertical force alone as the third of three channels, of which the others are nothing."""
    scales = np.array([0.0, 0.0, plate.per_unit[0]])
    return np.repeat(columns, 3), replace(plate, zero=np.repeat(plate.zero, 3), per_unit=scales)


def _of_signals(i: int, columns: list[int], plate: PlateMap) -> tuple[list[int], PlateMap]:
    """Return where plate `i` stands among the signals, and the map from there on."""
    at = list(range(6 * i, 6 * i + 6))
    if plate.gives_point:
        return at, replace(plate, zero=np.zeros(6))
    if len(columns) == 6:
        return at, plate
    return at, replace(plate, matrix=np.eye(6), zero=np.zeros(6))


@njit(nogil=True, cache=True, error_model="numpy")
def _as_they_are(samples: Samples, columns: NDArray[np.int64], signals: Floats) -> None:
    for t in range(len(samples)):
        for j in range(6):
            signals[t, j] = samples[t, columns[j]]


@njit(nogil=True, cache=True, error_model="numpy")
def _of_sensors(samples: Samples, columns: NDArray[np.int64], zero: Floats, matrix: Floats, signals: Floats) -> None:
    """Fill `signals` with the wrench in the lab axes, (n, 6); a channel that is no number leaves none of it."""
    for t in range(len(samples)):
        for i in range(6):
            value = 0.0
            for j in range(len(columns)):
                value += matrix[i, j] * (samples[t, columns[j]] - zero[j])
            signals[t, i] = value


@njit(nogil=True, cache=True, error_model="numpy")
def _of_points(samples: Samples, columns: NDArray[np.int64], zero: Floats, per_unit: Floats, signals: Floats) -> None:
    """Fill `signals` with the forces, and with their moments about the middle, as the place (x, y) where they act has it.

    A free moment that nobody measured counts as none here; the frames have none then.
    """
    for t in range(len(samples)):
        signals[t, 3], signals[t, 4], signals[t, 5] = 0.0, 0.0, 0.0
        for j in range(len(columns)):
            signals[t, j] = (samples[t, columns[j]] - zero[j]) * per_unit[j]
        fx, fy, fz, x, y, free = signals[t, 0], signals[t, 1], signals[t, 2], signals[t, 3], signals[t, 4], signals[t, 5]
        if math.isnan(x + y + free) and abs(fz) < UNPLACED_N:
            x, y, free = 0.0, 0.0, 0.0
        signals[t, 3] = y * fz
        signals[t, 4] = -x * fz
        signals[t, 5] = free + x * fy - y * fx
