"""EMG quality: each channel is judged once per window, from what the filters saw anyway: is there a muscle behind it?

Measured per window: samples missing, what the converter gave (`converter`), RMS within the EMG band, and the share of its power
that lies at 50 or 60 Hz and their 2nd and 3rd harmonics (Goertzel's algorithm), since an open electrode is mostly
mains. A channel that never shows more than its noise floor is not bad, since a resting muscle looks the same; but it is told.
The quietest and the loudest RMS are those of slices of a fifth of a second, short enough to lie between the bursts of steps
and quick repetitions.

A verdict holds for the window it was made of; frames wait for it. A channel that was bad is believed again once it has been
good for `good_again_s`. One that is quieter than ever before has lost its muscle, or its electrode.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from acquisition.rig import Electrode
from acquisition.rig.judgement import EmgSettings, QualitySettings
from hardware.arrays import Floats
from processing.emg.converter import (
    PRESENT,
    SATURATED,
    STEP,
    SUM,
    at_ends,
    begin_window,
    empty_counts,
    is_coarse,
    spanned_codes,
)
from processing.emg.filters import LANES
from processing.emg.verdicts import NOISE_FACTOR, ChannelQuality, Verdict

MAINS_HZ = (50.0, 60.0)
HARMONICS = (1, 2, 3)
TONES = len(MAINS_HZ) * len(HARMONICS)
CHANCE_PCT = 1200.0
"""Twelve times the mean share of a tone is exceeded by chance in one window of 160,000."""
OPEN_UV = 100.0
"""Mains of a larger RMS are those of an open electrode; a notch, which leaves a hundredth of them, is not trusted with it."""
HUM_WINDOWS = 2
NOTCH_NEAR_HZ = 1.0
SLICE_S = 0.2
FELL_SILENT, KNOWN_WINDOWS, SILENT_WINDOWS = 0.6, 10, 4
"""A channel is silent below this share of the quietest slice of at least so many good windows. Then nothing rests on it; it is
called silent after so many windows in a row, as a muscle may rest more deeply than before."""

_POWER = 0
# Of the slices: what was present and the power before the running one, the least and the most power of a whole one (0: none).
_PRESENT_BEFORE, _POWER_BEFORE, _LEAST, _MOST = LANES, 2 * LANES, 3 * LANES, 4 * LANES
_TONE = 5 * LANES
SUMS = (5 + 2 * TONES) * LANES

_IDX_MISSING, _IDX_SATURATED, _IDX_MAINS, _IDX_MAINS_HZ, _IDX_RMS, _IDX_DC, _IDX_QUIETEST, _IDX_LOUDEST, _IDX_WAIT, _IDX_RUN = (
    range(10)
)
_IDX_CODES, _IDX_STEP, _IDX_MAINS_UV, _IDX_TAKEN, _IDX_LEFT, _IDX_LEFT_UV, _IDX_HUMS = range(10, 17)
_MEASURES = 17


@njit(nogil=True, cache=True, inline="always")
def _resonate(sums: Floats, tone: int, c: int, x: float, g: float) -> None:
    """Take one sample of one channel into the two Goertzel sums of one tone."""
    i = _TONE + 2 * tone * LANES + c
    last = sums[i]
    sums[i] = x + g * last - sums[i + LANES]
    sums[i + LANES] = last


@njit(nogil=True, cache=True)
def add_tones(band: Floats, n: int, tones: Floats, sums: Floats) -> None:
    """Add n rows of band-passed samples (n, LANES) to the window's power, and to the Goertzel sums of each tone.

    `tones` are 2 cos(2 pi f / rate) of each mains frequency and harmonic; they are spelled out, as a loop over them is slower.
    """
    g0, g1, g2, g3, g4, g5 = tones[0], tones[1], tones[2], tones[3], tones[4], tones[5]
    for t in range(n):
        for c in range(LANES):
            x = band[t, c]
            sums[_POWER + c] += x * x
            _resonate(sums, 0, c, x, g0)
            _resonate(sums, 1, c, x, g1)
            _resonate(sums, 2, c, x, g2)
            _resonate(sums, 3, c, x, g3)
            _resonate(sums, 4, c, x, g4)
            _resonate(sums, 5, c, x, g5)


@njit(nogil=True, cache=True)
def close_slice(counts: Floats, sums: Floats, samples: int) -> None:
    """End a slice of so many samples: its power may be the least or the most of its window, unless a sample is missing."""
    for c in range(LANES):
        present = counts[PRESENT + c]
        power = sums[_POWER + c]
        if present - sums[_PRESENT_BEFORE + c] == samples:
            of_slice = max(0.0, power - sums[_POWER_BEFORE + c])
            least = sums[_LEAST + c]
            sums[_LEAST + c] = of_slice if least == 0.0 else min(least, of_slice)
            sums[_MOST + c] = max(sums[_MOST + c], of_slice)
        sums[_PRESENT_BEFORE + c] = present
        sums[_POWER_BEFORE + c] = power


class _Limits(NamedTuple):
    """What a good channel stays within."""

    missing_pct: float
    saturated_pct: float
    flat_uV: float
    most_uV: float
    mains_pct: float
    hum_pct: float
    hum_uV: float
    adaptive_notch: bool
    good_again: float


class _Windows(NamedTuple):
    """How windows are cut and judged: samples of a window and of a slice, tones with their weights, and the limits."""

    samples: int
    slice_samples: int
    tones: Floats
    weights: Floats
    limits: _Limits


class _Judged(NamedTuple):
    """What is known of each electrode: its measures and verdict in the last window, and how often it got each verdict."""

    measures: Floats
    verdicts: NDArray[np.int64]
    tally: NDArray[np.int64]
    believed: NDArray[np.bool_]
    notch_hz: Floats


@njit(nogil=True, cache=True)
def _hear_mains(m: Floats, s: Floats, c: int, windows: _Windows, notch_hz: float, power: float) -> None:
    """Measure what of a window's power is mains, and what of both is left behind the channel's notch."""
    harmonics = len(HARMONICS)
    window, tones, weights = windows.samples, windows.tones, windows.weights
    m[_IDX_MAINS] = m[_IDX_LEFT] = m[_IDX_TAKEN] = m[_IDX_LEFT_UV] = 0.0
    m[_IDX_MAINS_HZ] = np.nan
    taken = 0.0
    for family in range(len(MAINS_HZ)):
        for h in range(harmonics):
            if abs(HARMONICS[h] * MAINS_HZ[family] - notch_hz) < NOTCH_NEAR_HZ:
                taken = _tone_power(s, c, family * harmonics + h, window, tones, weights)
    for family in range(len(MAINS_HZ)):
        of_family, left = 0.0, 0.0
        for h in range(harmonics):
            of_tone = _tone_power(s, c, family * harmonics + h, window, tones, weights)
            of_family += of_tone
            left += of_tone if abs(HARMONICS[h] * MAINS_HZ[family] - notch_hz) >= NOTCH_NEAR_HZ else 0.0
        share = 100.0 * of_family / power if power > 0.0 else 0.0
        if share > m[_IDX_MAINS]:
            m[_IDX_MAINS] = min(share, 100.0)
            m[_IDX_MAINS_HZ] = MAINS_HZ[family]
        if left > m[_IDX_LEFT_UV]:
            m[_IDX_LEFT_UV] = left
    rest = max(power - taken, 0.0)
    m[_IDX_LEFT] = min(100.0, 100.0 * m[_IDX_LEFT_UV] / rest) if rest > 0.0 else 0.0
    m[_IDX_LEFT_UV] = np.sqrt(m[_IDX_LEFT_UV] / window)
    m[_IDX_MAINS_UV] = np.sqrt(m[_IDX_MAINS] / 100.0 * power / window)
    m[_IDX_TAKEN] = taken / window
    m[_IDX_RMS] = np.sqrt(rest / window)


@njit(nogil=True, cache=True, inline="always")
def _tone_power(s: Floats, c: int, k: int, window: int, tones: Floats, weights: Floats) -> float:
    """Return the power of one tone in the sums of a window."""
    s1 = s[_TONE + 2 * k * LANES + c]
    s2 = s[_TONE + (2 * k + 1) * LANES + c]
    return float(weights[k] * 2.0 / window * max(0.0, s1 * s1 + s2 * s2 - tones[k] * s1 * s2))


@njit(nogil=True, cache=True)
def _notch_for(m: Floats, verdict: int, notch_hz: float, adaptive: bool, repeats: int) -> float:
    """Return the notch of a channel: one is put in once mains have been heard twice in a row, and stays."""
    hums = verdict == Verdict.HUM or (verdict == Verdict.MAINS and m[_IDX_MAINS_UV] <= OPEN_UV)
    m[_IDX_HUMS] = m[_IDX_HUMS] + repeats if hums else 0.0
    return m[_IDX_MAINS_HZ] if adaptive and notch_hz == 0.0 and m[_IDX_HUMS] >= HUM_WINDOWS else notch_hz


@njit(nogil=True, cache=True)
def _verdict(m: Floats, limits: _Limits, spans: float, is_silent: bool, was_stuck: bool, notched: bool) -> int:
    """Return the verdict by a window's measures `m`, whose samples span so many codes; of several the first counts."""
    if m[_IDX_MISSING] > limits.missing_pct:
        verdict = Verdict.MISSING
    elif m[_IDX_SATURATED] > limits.saturated_pct:
        verdict = Verdict.SATURATED
    elif is_coarse(m[_IDX_CODES]) and (was_stuck or m[_IDX_LOUDEST] >= NOISE_FACTOR * m[_IDX_QUIETEST]):
        verdict = Verdict.COARSE
    elif spans == 1.0:
        verdict = Verdict.STUCK
    elif m[_IDX_RMS] < limits.flat_uV:
        verdict = Verdict.FLAT
    elif m[_IDX_MAINS] > limits.mains_pct and not (notched and m[_IDX_MAINS_UV] <= OPEN_UV):
        verdict = Verdict.MAINS
    elif m[_IDX_RMS] > limits.most_uV:
        verdict = Verdict.TOO_LARGE
    elif is_silent and m[_IDX_RUN] >= SILENT_WINDOWS:
        verdict = Verdict.SILENT
    elif m[_IDX_LEFT] > limits.hum_pct and m[_IDX_LEFT_UV] > limits.hum_uV:
        verdict = Verdict.HUM
    else:
        verdict = Verdict.GOOD
    return verdict


@njit(nogil=True, cache=True)
def _judge(counts: Floats, sums: Floats, windows: _Windows, judged: _Judged, repeats: int) -> None:
    window, of_slice, limits = windows.samples, windows.slice_samples, windows.limits
    measures, verdicts, tally, believed, notch_hz = judged
    for e in range(verdicts.shape[0]):
        n = counts[e // LANES]
        s = sums[e // LANES]
        c = e % LANES
        present = n[PRESENT + c]
        power = s[_POWER + c]
        m = measures[e]
        m[_IDX_MISSING] = 100.0 * (window - present) / window
        spans = spanned_codes(n, c)
        m[_IDX_CODES] = max(m[_IDX_CODES], spans)
        m[_IDX_STEP] = n[STEP + c]
        m[_IDX_SATURATED] = 100.0 * max(n[SATURATED + c], at_ends(n, c)) / window
        m[_IDX_DC] = n[SUM + c] / present if present > 0.0 else np.nan
        _hear_mains(m, s, c, windows, notch_hz[e], power)
        is_silent = tally[e, Verdict.GOOD] >= KNOWN_WINDOWS and m[_IDX_RMS] < FELL_SILENT * m[_IDX_QUIETEST]
        m[_IDX_RUN] = m[_IDX_RUN] + repeats if is_silent else 0.0
        verdict = _verdict(m, limits, spans, is_silent, tally[e, Verdict.STUCK] > 0, notch_hz[e] > 0.0)
        notch_hz[e] = _notch_for(m, verdict, notch_hz[e], limits.adaptive_notch, repeats)
        believed[e] = verdict == Verdict.GOOD and not is_silent and m[_IDX_WAIT] <= 0.0
        m[_IDX_WAIT] = max(0.0, m[_IDX_WAIT] - repeats) if verdict == Verdict.GOOD else limits.good_again
        heard = verdict == Verdict.MAINS or verdict == Verdict.HUM or (verdict == Verdict.GOOD and not is_silent)
        if heard and s[_MOST + c] > 0.0:
            taken = m[_IDX_TAKEN]
            least = np.sqrt(max(0.0, s[_LEAST + c] / of_slice - taken))
            most = np.sqrt(max(0.0, s[_MOST + c] / of_slice - taken))
            m[_IDX_QUIETEST] = least if np.isnan(m[_IDX_QUIETEST]) else min(m[_IDX_QUIETEST], least)
            m[_IDX_LOUDEST] = most if np.isnan(m[_IDX_LOUDEST]) else max(m[_IDX_LOUDEST], most)
        verdicts[e] = verdict
        tally[e, verdict] += repeats
    sums[:] = 0.0
    begin_window(counts)


class QualityJudge:
    """Sums of the running window, and the verdict of the last complete one, for the electrodes of one stream.

    The kernels `count_samples` and `add_tones` add to `counts` and `sums` (a row per `LANES` electrodes); `close_slice` is due
    after every `slice_samples` of a window, and `judge` closes the window. `good` says of each electrode whether metrics may
    rest on it, and `notch_hz` which mains are taken out of it (0: none).
    """

    def __init__(
        self,
        electrodes: list[Electrode],
        microvolts: Floats,
        settings: QualitySettings,
        processing: EmgSettings,
        rate_hz: float,
        band_hz: tuple[float, float],
    ) -> None:
        """Lay out the sums; tones above the upper end of the band do not count. `microvolts`: of each electrode's raw unit."""
        count = len(electrodes)
        self._microvolts = microvolts
        self._electrodes = electrodes
        self.window_samples = max(1, round(settings.window_s * rate_hz))
        self.slice_samples = max(1, min(self.window_samples, round(SLICE_S * rate_hz)))
        tones_hz = np.outer(MAINS_HZ, HARMONICS).ravel()
        self.tones = 2.0 * np.cos(2.0 * np.pi * tones_hz / rate_hz)
        self.counts = empty_counts(-(-count // LANES))
        self.sums = np.zeros((-(-count // LANES), SUMS))
        self.good = np.zeros(count, dtype=np.bool_)
        self.notch_hz = np.full(count, processing.notch_hz)
        again = np.ceil(settings.good_again_s / settings.window_s)
        weights = (tones_hz <= band_hz[1]).astype(np.float64)
        # In a band of few tones one of them may hold so much by chance: their shares are distributed exponentially.
        by_chance_pct = CHANCE_PCT / max(1.0, (band_hz[1] - band_hz[0]) * settings.window_s)
        limits = _Limits(
            settings.missing_pct,
            settings.saturated_pct,
            settings.flat_uV,
            settings.most_uV,
            settings.mains_share_pct,
            max(settings.hum_share_pct, by_chance_pct),
            settings.hum_uV,
            processing.adaptive_notch,
            again,
        )
        self._windows = _Windows(self.window_samples, self.slice_samples, self.tones, weights, limits)
        self._judged = _Judged(
            np.full((count, _MEASURES), np.nan),
            np.zeros(count, dtype=np.int64),
            np.zeros((count, len(Verdict)), dtype=np.int64),
            self.good,
            self.notch_hz,
        )
        self.judge(0)  # compiles the kernel; what it says of no window is wiped
        self._judged.measures[:] = np.nan
        self._judged.measures[:, [_IDX_WAIT, _IDX_RUN, _IDX_CODES, _IDX_HUMS]] = 0.0
        self._judged.verdicts[:] = int(Verdict.NOT_JUDGED)
        self.good[:] = False

    def judge(self, windows: int = 1) -> None:
        """Close the window and begin the next; `windows` > 1 says that so many passed without a sample."""
        _judge(self.counts, self.sums, self._windows, self._judged, windows)

    def begin_anew(self) -> None:
        """Forget the running window."""
        begin_window(self.counts)
        self.sums[:] = 0.0

    @property
    def channels(self) -> tuple[ChannelQuality, ...]:
        """The state of each electrode, in the order of the rig."""
        return tuple(self._channel(e, electrode) for e, electrode in enumerate(self._electrodes))

    def _channel(self, e: int, electrode: Electrode) -> ChannelQuality:
        m = self._judged.measures[e]
        tally = self._judged.tally[e]
        windows = int(tally.sum())
        bad = windows - int(tally[Verdict.GOOD])
        worst = Verdict(Verdict.MISSING + int(tally[Verdict.MISSING :].argmax())) if bad else Verdict.GOOD
        return ChannelQuality(
            name=electrode.name,
            channel=electrode.channel,
            verdict=Verdict(int(self._judged.verdicts[e])),
            missing_pct=float(m[_IDX_MISSING]),
            saturated_pct=float(m[_IDX_SATURATED]),
            mains_pct=float(m[_IDX_MAINS]),
            mains_hz=float(m[_IDX_MAINS_HZ]),
            rms_uV=float(m[_IDX_RMS]),
            dc_uV=float(m[_IDX_DC]),
            noise_uV=float(m[_IDX_QUIETEST]),
            loudest_uV=float(m[_IDX_LOUDEST]),
            codes=float(m[_IDX_CODES]),
            step_uV=float(m[_IDX_STEP] * self._microvolts[e]),
            windows=windows,
            bad_windows=bad,
            worst=worst if windows else Verdict.NOT_JUDGED,
            believed=bool(self.good[e]),
            notch_hz=float(self.notch_hz[e]),
            mains_uV=float(m[_IDX_MAINS_UV]),
        )
