"""Mains hum of a channel: how much of it is left behind the channel's notch, and at which frequency it really is.

Mains are all harmonics of 50 and of 60 Hz within the band. A window is cut into slices. Each slice is folded onto a tenth of
a second, in which all harmonics have whole periods, and the few sums that this leaves are transformed; so all of them cost one
addition a sample. By how much a tone turns from one slice to the next tells how far its frequency is off: that of grids is by
up to 0.2 Hz, that of generators by 0.5, which is more than a narrow notch takes out.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hardware.arrays import Floats
from processing.emg.filters import LANES

MAINS_HZ = (50.0, 60.0)
FOLD_HZ = 10.0  # of which all mains and their harmonics are multiples
BINS = 300
PERIOD = 60  # bins of the longest period
CLEAR = 12.0
"""A tone of so many times the mean share of its width is none by chance; it is exceeded in one window of 160,000."""
MOST_OFF = 0.012
"""Mains whose frequency is off by more than this share of it are none."""
FORGET, SURE = 0.9, 1e5
"""What is known of a frequency counts so much less with each window, as grids wander; no window tells more than a tone of so
many times the noise."""

OFF_TUNE = 4e-4
"""A notch is tuned again where the mains' frequency is off by more than this share of it, at which it leaves 2 %."""

POWER, BEFORE_NOTCH = 0, LANES
SUMS = 2 * LANES

# Of each electrode: share of mains in the power before its notch, their frequency, RMS; behind its notch their share and RMS,
# the strongest tone and its RMS; RMS taken out; RMS of all when last seen clearly. Then by which share of it the frequency is
# off, how well that is known, and for how many windows the notch still settles.
SHARE, FAMILY_HZ, MAINS_UV, LEFT, LEFT_UV, TONE_HZ, TONE_UV, TAKEN_UV, SEEN_UV, OFF, KNOWN, SETTLING = range(12)
HUM_WINDOWS, STRONGER = 2, 1.5
MAINS_MEASURES = 12


class Tones(NamedTuple):
    """The harmonics within the band: their frequencies, mains they are of, cosines and sines, (tones, bins of half a period).

    `looked_for` are numbers of tones: all of them behind the notch, and then the fundamentals before it. Windows have so many
    `samples`, and slices that are `slice_s` apart; of noise in the band, `noise_share` falls on one tone.
    """

    hz: Floats
    family: Floats
    cosines: Floats
    sines: Floats
    looked_for: NDArray[np.int64]
    samples: int
    slice_s: float
    noise_share: float


def tones_within(band_hz: tuple[float, float], rate_hz: float, samples: int, slices: int) -> Tones:
    """Return the harmonics of all mains up to the end of a band, for windows of so many samples and slices."""
    pairs = [(n * mains_hz, mains_hz) for mains_hz in MAINS_HZ for n in range(1, int(band_hz[1] / mains_hz) + 1)]
    hz, family = np.array(pairs, dtype=np.float64).reshape(-1, 2).T
    angles = 2.0 * np.pi * np.outer(hz / FOLD_HZ, np.arange(PERIOD // 2 + 1)) / BINS
    window_s = samples / rate_hz
    noise_share = 1.0 / max(1.0, (band_hz[1] - band_hz[0]) * window_s)
    looked_for = np.concatenate([np.arange(len(hz)), np.flatnonzero(hz == family)])
    return Tones(hz.copy(), family.copy(), np.cos(angles), np.sin(angles), looked_for, samples, window_s / slices, noise_share)


def chance_pct(tones: Tones) -> float:
    """Return the share of power that noise has on the harmonics of either mains, beside its mean, in one window of 160,000."""
    from scipy import special

    most = max((int(np.count_nonzero(tones.family == mains_hz)) for mains_hz in MAINS_HZ), default=0)
    count = max(1, most)
    return float(100.0 * tones.noise_share * (special.gammainccinv(count, math.exp(-CLEAR)) - (count - 1)))


@njit(nogil=True, cache=True)
def add_to_fold(band: Floats, notched: Floats, n: int, at: int, bins_per_sample: float, sums: Floats, fold: Floats) -> None:
    """Add n rows before and behind the notch (n, LANES) to the powers of a window and to its folds, behind first.

    `at` is the position of the first of them within the window.
    """
    periods = int(at * bins_per_sample + 0.5) // BINS * BINS
    for t in range(n):
        b = int((at + t) * bins_per_sample + 0.5) - periods
        if b >= BINS:
            b -= BINS
            periods += BINS
        behind, before = fold[0, b], fold[1, b]
        for c in range(LANES):
            x, y = band[t, c], notched[t, c]
            sums[BEFORE_NOTCH + c] += x * x
            sums[POWER + c] += y * y
            behind[c] += y
            before[c] += x


@njit(nogil=True, cache=True)
def unfold(fold: Floats, tones: Tones, spectrum: Floats, work: Floats) -> None:
    """Transform folds (2, BINS, LANES) into real and imaginary parts, (tones looked for, 2, LANES), and clear them."""
    even, odd = work[0], work[1]
    period, all_tones = 0, tones.hz.shape[0]
    for i in range(tones.looked_for.shape[0]):
        k = tones.looked_for[i]
        if BINS // round(tones.family[k] / FOLD_HZ) != period or i == all_tones:
            period = BINS // round(tones.family[k] / FOLD_HZ)
            _fold_again(fold[0 if i < all_tones else 1], period, work)
        real, imaginary = spectrum[i, 0], spectrum[i, 1]
        real[:] = 0.0
        imaginary[:] = 0.0
        for b in range(period // 2 + 1):
            cosine, sine = tones.cosines[k, b], tones.sines[k, b]
            for c in range(LANES):
                real[c] += even[b, c] * cosine
                imaginary[c] -= odd[b, c] * sine
    fold[:] = 0.0


@njit(nogil=True, cache=True)
def _fold_again(fold: Floats, period: int, work: Floats) -> None:
    """Fold onto the period of one of the mains, and part that into what is even in time and what is odd."""
    even, odd, once = work[0], work[1], work[2]
    for b in range(period):
        for c in range(LANES):
            once[b, c] = fold[b, c]
        for again in range(b + period, BINS, period):
            for c in range(LANES):
                once[b, c] += fold[again, c]
    for b in range(period // 2 + 1):
        for c in range(LANES):
            x, y = once[b, c], once[(period - b) % period, c]
            even[b, c] = x + y if 0 < b < period // 2 else x
            odd[b, c] = x - y


@njit(nogil=True, cache=True)
def hear_mains(
    m: Floats, power: float, before: float, spectra: Floats, c: int, tones: Tones, off: float, notch_hz: float
) -> None:
    """Measure the mains of a channel in a window: `power` behind its notch, `before` that, and tones (slices, tones, 2, LANES).

    `off`: by which share of its frequency each tone was looked for beside it.
    """
    samples = tones.samples
    share_before, hz_before = m[SHARE], m[FAMILY_HZ]
    m[SHARE] = m[LEFT] = m[LEFT_UV] = m[TONE_UV] = 0.0
    m[FAMILY_HZ] = m[TONE_HZ] = np.nan
    left, strongest, beside, tone = 0.0, 0.0, power * tones.noise_share, 0
    for mains_hz in MAINS_HZ:
        of_family, count, at_most, at = 0.0, 0, 0.0, 0
        for k in range(tones.hz.shape[0]):
            if tones.family[k] == mains_hz:
                of_tone = _power(spectra, k, c, samples)
                of_family += of_tone
                count += 1
                if of_tone > at_most:
                    at_most, at = of_tone, k
        noise = max(0.0, power - of_family) * tones.noise_share
        of_family = max(0.0, of_family - count * noise)
        if of_family > left:
            left, strongest, beside, tone = of_family, at_most, noise, at
            m[FAMILY_HZ], m[TONE_HZ] = mains_hz, tones.hz[at]
    taken = max(0.0, before - power) if notch_hz > 0.0 else 0.0
    if taken > left:
        m[FAMILY_HZ] = MAINS_HZ[1] if notch_hz % MAINS_HZ[1] == 0.0 else MAINS_HZ[0]
    m[LEFT] = 100.0 * left / power if power > 0.0 else 0.0
    m[SHARE] = min(100.0, 100.0 * (left + taken) / max(power, before)) if before > 0.0 else 0.0
    m[LEFT_UV] = math.sqrt(left / samples)
    m[TONE_UV] = math.sqrt(strongest / samples)
    m[TAKEN_UV] = math.sqrt(taken / samples)
    m[MAINS_UV] = math.sqrt((left + taken) / samples)
    if m[SETTLING] > 0.0:
        m[SETTLING] -= 1.0
        if share_before > m[SHARE]:  # a notch that settles has taken a part of them out
            m[SHARE], m[FAMILY_HZ] = share_before, hz_before
    elif spectra.shape[0] > 1:
        i = tone
        for before_notch in range(tones.hz.shape[0], tones.looked_for.shape[0]):
            if notch_hz > 0.0 and tones.hz[tones.looked_for[before_notch]] == notch_hz:
                i = before_notch  # where all of it is to be seen
                strongest = _power(spectra, i, c, samples)
        if strongest > CLEAR * beside:
            _follow(m, spectra, c, i, tones, off, strongest / max(beside, strongest / SURE))


@njit(nogil=True, cache=True, inline="always")
def _power(spectra: Floats, k: int, c: int, samples: int) -> float:
    """Return the power of one tone over a window's slices."""
    real, imaginary = 0.0, 0.0
    for s in range(spectra.shape[0]):
        real += spectra[s, k, 0, c]
        imaginary += spectra[s, k, 1, c]
    return float(2.0 / samples * (real * real + imaginary * imaginary))


@njit(nogil=True, cache=True)
def _follow(m: Floats, spectra: Floats, c: int, i: int, tones: Tones, off: float, above_noise: float) -> None:
    """Take by how much a tone turns from slice to slice into what is known of the mains' frequency."""
    hz = tones.hz[tones.looked_for[i]]
    along, across = 0.0, 0.0
    for s in range(1, spectra.shape[0]):
        real, imaginary = spectra[s, i, 0, c], spectra[s, i, 1, c]
        real_before, imaginary_before = spectra[s - 1, i, 0, c], spectra[s - 1, i, 1, c]
        along += real * real_before + imaginary * imaginary_before
        across += imaginary * real_before - real * imaginary_before
    found = off + math.atan2(across, along) / (2.0 * math.pi * tones.slice_s * hz)
    if abs(found) <= MOST_OFF:
        tells = above_noise * hz**2
        m[KNOWN] = FORGET * m[KNOWN] + tells
        m[OFF] += tells / m[KNOWN] * (found - m[OFF])


@njit(nogil=True, cache=True)
def notch_for(m: Floats, hums: float, notch_hz: float) -> float:
    """Return the notch of a channel: one is put on the strongest mains once they have been heard in so many windows in a row.

    It stays there, unless another of them is clearly stronger than what it takes out.
    """
    if hums < HUM_WINDOWS or not m[TONE_UV] > STRONGER * m[TAKEN_UV]:
        return notch_hz
    return float(m[TONE_HZ])


@njit(nogil=True, cache=True)
def tune(m: Floats, notch_hz: float, before_hz: float, tuned_hz: float) -> float:
    """Return the frequency to which a channel's notch is tuned: the mains' own, where that is known."""
    wanted_hz = notch_hz * (1.0 + m[OFF]) if m[KNOWN] > 0.0 else notch_hz
    if notch_hz != before_hz or abs(wanted_hz - tuned_hz) > OFF_TUNE * notch_hz:
        m[SETTLING] = 2.0 if notch_hz != before_hz else 1.0
        return wanted_hz
    return tuned_hz
