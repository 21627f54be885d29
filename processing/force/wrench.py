"""The wrench of one plate: force and moment by its map, centre of pressure, free moment, for kernels and whole arrays."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from acquisition.rig.plate_map import PlateMap
from hardware.arrays import Floats, Samples
from processing.force.signals import PlateSignals


class PlateWrench(NamedTuple):
    """What one plate measured, sample by sample, in the lab axes.

    `force_N` (T, 3): reaction on the foot, + up. `moment_Nmm` (T, 3): about the origin of the lab. `cop_mm` (T, 3): on the
    surface. `free_moment_Nmm` (T,): about the vertical through the centre of pressure, + = anticlockwise seen from above.
    """

    force_N: Floats
    moment_Nmm: Floats
    cop_mm: Floats
    free_moment_Nmm: Floats


class Plates(NamedTuple):
    """The maps of the left and the right plate, one row each; all numbers of a plate that isn't there are NaN.

    `turns` is 1 of a plate that tells its free moment, else NaN.
    """

    columns: NDArray[np.int64]
    matrix: Floats
    zero: Floats
    normal: Floats
    centre_mm: Floats
    turns: Floats


def plate_wrench(samples: Samples, columns: list[int], plate: PlateMap, cop_N: float) -> PlateWrench:
    """Return the wrench of one plate for each raw sample (T, C); its channels stand in `columns`, in the plate's own order.

    Centre of pressure and free moment are NaN where the vertical force is not above `cop_N`; a plate that tells no free moment
    has none, and no moment about the vertical. Formulas: The C3D File Format:
    A User Guide, FORCE_PLATFORM; with the surface's normal n, its centre P and the moment M about P they read
    COP = P + n x M / (n . F) and T = n (M . F) / (n . F), in any frame.
    """
    n = len(samples)
    wrench = PlateWrench(np.empty((n, 3)), np.empty((n, 3)), np.empty((n, 3)), np.empty(n))
    signals = PlateSignals([(columns, plate)])
    _wrench_of_samples(signals.of(samples), stacked(signals.plates), cop_N, *wrench)
    return wrench


def stacked(plates: list[tuple[list[int], PlateMap]]) -> Plates:
    """Return the maps of plates as one, with the columns of their channels."""
    return Plates(
        np.array([columns for columns, _ in plates], dtype=np.int64),
        np.stack([plate.matrix for _, plate in plates]),
        np.stack([plate.zero for _, plate in plates]),
        np.stack([plate.rotation[:, 2] for _, plate in plates]),
        np.stack([plate.centre_mm for _, plate in plates]),
        np.array([1.0 if plate.gives_turn else np.nan for _, plate in plates]),
    )


# Numbers travel between the kernels as tuples, as a slice of an array would cost a reference count; and they are inlined by
# numba, before it counts the references of what is passed on, which more than halves the time of a frame.
Six = tuple[float, float, float, float, float, float]
FZ, MOMENTS = 2, 3
"""Where the vertical force stands in a wrench, and from where on the moments do."""
inlined = njit(nogil=True, error_model="numpy", inline="always")


@inlined
def _times(plates: Plates, p: int, i: int, raw: Six, scale: float) -> float:
    value = 0.0
    for j in range(6):
        value += plates.matrix[p, i, j] * (raw[j] * scale - plates.zero[p, j])
    return value if math.isfinite(value) else np.nan


@inlined
def wrench_of(plates: Plates, p: int, raw: Six, scale: float) -> Six:
    """Return Fx Fy Fz Mx My Mz about the centre of the surface of plate `p`, NaN if one of its channels isn't finite.

    `scale` times `raw` are its channels: a frame's sums come with one over their number.
    Zeros in the matrix don't hide a bad channel, since NaN and infinity times zero are NaN.
    """
    return (
        _times(plates, p, 0, raw, scale),
        _times(plates, p, 1, raw, scale),
        _times(plates, p, 2, raw, scale),
        _times(plates, p, 3, raw, scale),
        _times(plates, p, 4, raw, scale),
        _times(plates, p, 5, raw, scale),
    )


@inlined
def cop_of(plates: Plates, p: int, wrench: Six, cop_N: float) -> tuple[float, float, float, float]:
    """Return the centre of pressure in the lab axes and the free moment, NaN where Fz is not above `cop_N`."""
    nx, ny, nz = plates.normal[p, 0], plates.normal[p, 1], plates.normal[p, 2]
    fx, fy, fz, mx, my, mz = wrench
    per_force = 1.0 / (nx * fx + ny * fy + nz * fz) if fz > cop_N else np.nan
    return (
        plates.centre_mm[p, 0] + (ny * mz - nz * my) * per_force,
        plates.centre_mm[p, 1] + (nz * mx - nx * mz) * per_force,
        plates.centre_mm[p, 2] + (nx * my - ny * mx) * per_force,
        nz * (mx * fx + my * fy + mz * fz) * per_force,
    )


@njit(nogil=True, cache=True, error_model="numpy")
def _wrench_of_samples(
    samples: Samples,
    plates: Plates,
    cop_N: float,
    force: Floats,
    moment: Floats,
    cop: Floats,
    free_moment: Floats,
) -> None:
    px, py, pz = plates.centre_mm[0, 0], plates.centre_mm[0, 1], plates.centre_mm[0, 2]
    a, b, c, d, e, f = columns_of(plates, 0)
    for t in range(len(samples)):
        raw = (samples[t, a], samples[t, b], samples[t, c], samples[t, d], samples[t, e], samples[t, f])
        wrench = wrench_of(plates, 0, raw, 1.0)
        fx, fy, fz, mx, my, mz = wrench
        force[t, 0], force[t, 1], force[t, 2] = fx + 0.0 * px, fy + 0.0 * py, fz  # NaN where nobody knows how the plate lies
        moment[t, 0] = mx + py * fz - pz * fy
        moment[t, 1] = my + pz * fx - px * fz
        moment[t, 2] = (mz + px * fy - py * fx) * plates.turns[0]
        cop[t, 0], cop[t, 1], cop[t, 2], free_moment[t] = cop_of(plates, 0, wrench, cop_N)
        free_moment[t] *= plates.turns[0]


@inlined
def columns_of(plates: Plates, p: int) -> tuple[int, int, int, int, int, int]:
    """Return where the six channels of plate `p` stand."""
    c = plates.columns
    return c[p, 0], c[p, 1], c[p, 2], c[p, 3], c[p, 4], c[p, 5]
