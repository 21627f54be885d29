"""The envelope kernel: raw samples of sixteen channels through hold, filters and energy, and to what their quality is told by.

The signal stands time-major with 16 channels side by side, and the state of every filter flat, `z[row * LANES + channel]`,
so that the compiler runs the channels in SIMD lanes; three short passes over a tile that stays in the cache are faster than one
long one. No fast-math: the results are those of `scipy.signal.sosfilt` to the bit.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hardware.arrays import Floats, Samples
from processing.emg.converter import LARGEST_UV, count_samples
from processing.emg.filters import LANES, SECTIONS
from processing.emg.mains import add_to_fold

TILE = 128

# Rows of the state after two per section: the value held, the offset taken off, samples until settled; and of the energy the
# sample before, the one before that, and the sum over the open frame.
_HELD = 2 * SECTIONS * LANES
_OFFSET = _HELD + LANES
LEFT = _OFFSET + LANES
_BEFORE = LEFT + LANES
_BEFORE_THAT = _BEFORE + LANES
_SUM = _BEFORE_THAT + LANES
STATE = _SUM + LANES


@njit(nogil=True, cache=True)
def _section(
    x: float, s1: float, s2: float, b0: float, b1: float, b2: float, a1: float, a2: float
) -> tuple[float, float, float]:
    """One second-order section, direct form II transposed, in SciPy's order of operations."""
    y = b0 * x + s1
    return y, b1 * x - a1 * y + s2, b2 * x - a2 * y


@njit(nogil=True, cache=True)
def _hold(
    tile: Floats,
    n: int,
    factor: Floats,
    z: Floats,
    settle: float,
    left: Floats,
) -> None:
    """Bring raw samples to µV, take the offset off and hold the last value where there is none.

    A channel begins at zero, and one that returns goes on from the value held: its offset is what it shows then. So neither
    a DC offset nor a jump within a dropout reaches the filters, which is the steady state at any offset.
    """
    for t in range(n):
        for c in range(LANES):
            value = tile[t, c] * factor[c]
            held = z[_HELD + c]
            before = z[LEFT + c]
            present = abs(value) < LARGEST_UV
            offset = value - held if present and before == settle else z[_OFFSET + c]
            x = value - offset if present else held
            now = before - 1.0 if present else settle
            z[_OFFSET + c] = offset
            z[_HELD + c] = x
            z[LEFT + c] = now
            tile[t, c] = x
            left[t, c] = now


@njit(nogil=True, cache=True)
def take_offset_off(tile: Floats, n: int, factor: Floats, z: Floats, left: Floats) -> None:
    """Do what `_hold` does where all samples are there and no offset is still to be found: less than half the work."""
    for t in range(n):
        for c in range(LANES):
            tile[t, c] = tile[t, c] * factor[c] - z[_OFFSET + c]
            left[t, c] = z[LEFT + c] - (t + 1.0)
    for c in range(LANES):
        z[_HELD + c], z[LEFT + c] = tile[n - 1, c], left[n - 1, c]


@njit(nogil=True, cache=True)
def band_pass_tile(tile: Floats, n: int, b: Floats, notch: Floats, z: Floats, band: Floats) -> None:
    """Band-pass into `band`, then notch in place; sections are spelled out, as a loop over them is half as fast."""
    p0, p1, p2, p3, p4 = b[0], b[1], b[2], b[3], b[4]
    q0, q1, q2, q3, q4 = b[5], b[6], b[7], b[8], b[9]
    r0, r1, r2, r3, r4 = b[10], b[11], b[12], b[13], b[14]
    s0, s1, s2, s3, s4 = b[15], b[16], b[17], b[18], b[19]
    for t in range(n):
        for c in range(LANES):
            i = c
            y, z[i], z[i + LANES] = _section(tile[t, c], z[i], z[i + LANES], p0, p1, p2, p3, p4)
            i = 2 * LANES + c
            y, z[i], z[i + LANES] = _section(y, z[i], z[i + LANES], q0, q1, q2, q3, q4)
            i = 4 * LANES + c
            y, z[i], z[i + LANES] = _section(y, z[i], z[i + LANES], r0, r1, r2, r3, r4)
            i = 6 * LANES + c
            y, z[i], z[i + LANES] = _section(y, z[i], z[i + LANES], s0, s1, s2, s3, s4)
            band[t, c] = y
            i = 8 * LANES + c
            n0, n1, n2, n3, n4 = notch[0, c], notch[1, c], notch[2, c], notch[3, c], notch[4, c]
            y, z[i], z[i + LANES] = _section(y, z[i], z[i + LANES], n0, n1, n2, n3, n4)
            tile[t, c] = y


@njit(nogil=True, cache=True)
def low_pass_tile(
    tile: Floats,
    n: int,
    b: Floats,
    z: Floats,
    left: Floats,
    phase: int,
    frame_samples: int,
    envelope: Floats,
) -> None:
    """Rectify and smooth; each frame's last sample goes to `envelope` (frames, LANES), as NaN until settled."""
    u0, u1, u2, u3, u4 = b[20], b[21], b[22], b[23], b[24]
    v0, v1, v2, v3, v4 = b[25], b[26], b[27], b[28], b[29]
    for t in range(n):
        for c in range(LANES):
            i = 10 * LANES + c
            y, z[i], z[i + LANES] = _section(abs(tile[t, c]), z[i], z[i + LANES], u0, u1, u2, u3, u4)
            i = 12 * LANES + c
            y, z[i], z[i + LANES] = _section(y, z[i], z[i + LANES], v0, v1, v2, v3, v4)
            tile[t, c] = y
    f = phase // frame_samples
    for t in range((f + 1) * frame_samples - 1 - phase, n, frame_samples):
        for c in range(LANES):
            envelope[f, c] = tile[t, c] if left[t, c] <= 0.0 else np.nan
        f += 1


@njit(nogil=True, cache=True)
def _energy(rows: Floats, n: int, z: Floats, left: Floats, phase: int, frame_samples: int, energy: Floats) -> None:
    """Write the mean Teager-Kaiser energy of each frame into `energy` (frames, LANES), NaN until settled.

    psi(n) = x(n)^2 - x(n + 1) x(n - 1) stands with the sample n + 1, by which it is known. `rows` (n + 2, LANES), behind the
    notch, begin with two for the samples before, which are filled in here.
    """
    f, k = phase // frame_samples, phase % frame_samples
    for c in range(LANES):
        rows[0, c], rows[1, c] = z[_BEFORE_THAT + c], z[_BEFORE + c]
    for t in range(n):
        for c in range(LANES):
            z[_SUM + c] += rows[t + 1, c] * rows[t + 1, c] - rows[t + 2, c] * rows[t, c]
        k += 1
        if k == frame_samples:
            for c in range(LANES):
                energy[f, c] = z[_SUM + c] / frame_samples if left[t, c] <= 0.0 else np.nan
                z[_SUM + c] = 0.0
            f += 1
            k = 0
    for c in range(LANES):
        z[_BEFORE_THAT + c], z[_BEFORE + c] = rows[n, c], rows[n + 1, c]


@njit(nogil=True, cache=True)
def envelopes_of_block(
    raw: Samples,
    columns: NDArray[np.int64],
    factor: Floats,
    full_scale: Floats,
    sections: Floats,
    notches: Floats,
    z: Floats,
    settle: float,
    phase: int,
    frame_samples: int,
    counts: Floats,
    sums: Floats,
    folds: Floats,
    at: int,
    bins_per_sample: float,
    work: Floats,
    envelopes: Floats,
    energies: Floats,
) -> None:
    """Take the columns of raw (n, all channels) through the filters, 16 at a go; `work` is (3, 2 + TILE, LANES).

    `at` is how far into its window of quality the first of them lies. A tile has room for two samples before it.
    """
    tile, band, left = work[0, 2:], work[1], work[2]
    start = 0
    while start < raw.shape[0]:
        n = min(TILE, raw.shape[0] - start)
        for g in range(z.shape[0]):
            for t in range(n):
                for c in range(LANES):
                    tile[t, c] = raw[start + t, columns[g, c]]
            all_there = count_samples(work[0, 1:], n, factor[g], full_scale[g], counts[g])
            if all_there and z[g, LEFT:_BEFORE].max() < settle:
                take_offset_off(tile, n, factor[g], z[g], left)
            else:
                _hold(tile, n, factor[g], z[g], settle, left)
            band_pass_tile(tile, n, sections, notches[g], z[g], band)
            add_to_fold(band, tile, n, at + start, bins_per_sample, sums[g], folds[g])
            _energy(work[0], n, z[g], left, phase + start, frame_samples, energies[g])
            low_pass_tile(tile, n, sections, z[g], left, phase + start, frame_samples, envelopes[g])
        start += n
