"""The empty watch: what plates read with nobody on them is found while a session runs, and taken off from then on.

A plate whose vertical force hardly varies for a second has nobody on it. A foot that rests lightly may vary as little, so a
reading is taken off only where that holds of both plates in the same second; and only what is too little for a person, since a
model that stands varies by nothing at all. All is judged frame by frame, so that a recording gives what it gave live.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from acquisition.rig.empty_plate import EMPTY_S, EMPTY_SD_N, LIGHT_N, READS_N, READS_NMM
from hardware.arrays import Floats
from processing.force.wrench import FZ, MOMENTS

PLATES, WRENCH = 2, 6
AT, SINCE_GAP = range(2)
"""Slots of the watch's `position`."""


class Empty(NamedTuple):
    """State of the watch: wrenches as read (frames, plates, 6) in a ring, what is taken off (plates, 6), and where it stands.

    `position`: row in the ring, and frames since the last gap; `there` (plates,): 1 for a plate that is there.
    """

    wrenches: Floats
    taken_off: Floats
    position: NDArray[np.int64]
    there: NDArray[np.int64]


class TakenOff(NamedTuple):
    """What is taken off of a plate after a raw sample: what it read in the second before, vertical, across, and of moments."""

    plate: int
    last_sample: int
    reads_N: float
    shear_N: float
    moment_Nmm: float


_PLATE, _LAST_SAMPLE, _READS, _SHEAR, _MOMENT = range(len(TakenOff._fields))


def nothing_taken_off(there: list[bool], frame_s: float) -> Empty:
    """Return the state in which nothing is known of plates that are there, or are not."""
    frames = max(2, round(EMPTY_S / frame_s))
    state = np.zeros((frames, PLATES, WRENCH)), np.zeros((PLATES, WRENCH)), np.zeros(2, dtype=np.int64)
    return Empty(*state, np.array(there, dtype=np.int64))


@njit(nogil=True, cache=True, error_model="numpy")
def look_for_empty(empty: Empty, sample: int, found: Floats, count: int) -> int:
    """Judge the ring, which ends with this raw sample; fill rows of `found` (`TakenOff`) from `count` on; return it."""
    frames = empty.wrenches.shape[0]
    light = False
    for p in range(PLATES):  # a mean lies near each of the values, where they hardly vary
        light = light or (empty.there[p] == 1 and abs(empty.wrenches[0, p, FZ]) < 2.0 * LIGHT_N)
    if not light:
        return count
    for p in range(PLATES):
        if empty.there[p] == 0:
            continue
        mean_N = empty.wrenches[:, p, FZ].mean()
        squares = 0.0
        for i in range(frames):
            squares += (empty.wrenches[i, p, FZ] - mean_N) ** 2
        if not squares < frames * EMPTY_SD_N**2:  # what is no number is not known to be empty
            return count
    for p in range(PLATES):
        mean_N = empty.wrenches[:, p, FZ].mean()
        if empty.there[p] == 0 or not abs(mean_N) < LIGHT_N:
            continue
        is_off, shear, moment = False, 0.0, 0.0
        for i in range(WRENCH):
            mean = empty.wrenches[:, p, i].mean()
            is_off = is_off or abs(mean - empty.taken_off[p, i]) > (READS_N if i < MOMENTS else READS_NMM)
            if i >= MOMENTS:
                moment = max(moment, abs(mean))
            elif i != FZ:
                shear = max(shear, abs(mean))
        if is_off:
            for i in range(WRENCH):
                empty.taken_off[p, i] = empty.wrenches[:, p, i].mean()
            found[count, _PLATE], found[count, _LAST_SAMPLE], found[count, _READS] = p, sample, mean_N
            found[count, _SHEAR], found[count, _MOMENT] = shear, moment
            count += 1
    return count
