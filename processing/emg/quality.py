"""EMG quality: each channel is judged once per window, from what the filters saw anyway: is there a muscle behind it?

Measured per window: samples missing, what the converter gave (`converter`), RMS within the EMG band behind the notch, mains
(`mains`) in it and taken out of it, since an open electrode is mostly mains, and whether the channel works along with its leg
(`leg`). A channel that never shows more than its noise floor is not bad, since a resting muscle looks the same; but it is told.
Levels are those of slices of about a fifth of a second, short enough to lie between the bursts of steps and quick repetitions.

A verdict holds for the window it was made of; frames wait for it. A channel that was bad is believed again once it has been
good for `good_again_s`. One quieter than ever before, or flat while its leg works, has lost its muscle, or its electrode.
"""

from __future__ import annotations

from bisect import bisect
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from acquisition.rig import SIDES, Electrode
from acquisition.rig.judgement import EmgSettings, QualitySettings
from hardware.arrays import Floats
from processing.emg.converter import (
    COARSE_UV,
    PRESENT,
    SATURATED,
    STEP,
    SUM,
    at_ends,
    begin_window,
    empty_counts,
    filled,
    is_coarse,
    spanned_codes,
)
from processing.emg.filters import LANES
from processing.emg.leg import (
    FALLEN,
    LENGTH,
    LOUDEST,
    QUIET,
    QUIETEST,
    Legs,
    follow_leg,
    has_shown,
    learn,
    legs_of,
    weigh,
)
from processing.emg.mains import (
    BEFORE_NOTCH,
    BINS,
    FAMILY_HZ,
    FOLD_HZ,
    KNOWN,
    LEFT,
    LEFT_UV,
    MAINS_MEASURES,
    MAINS_UV,
    OFF,
    OFF_TUNE,
    PERIOD,
    POWER,
    SEEN_UV,
    SETTLING,
    SHARE,
    SUMS,
    TONE_HZ,
    Tones,
    chance_pct,
    hear_mains,
    notch_for,
    tones_within,
    tune,
    unfold,
)
from processing.emg.verdicts import NOISE_FACTOR, ChannelQuality, Verdict

OPEN_UV = 100.0
"""Mains of a larger RMS are those of an open electrode; a notch, which leaves a hundredth of them, is not trusted with it."""
BEFORE_RUN = 3.0
"""Slices before its run in which an electrode may have fallen off."""
SLICE_S = 0.2
FELL_SILENT, KNOWN_WINDOWS, SILENT_WINDOWS = 0.6, 10, 4
"""A channel is silent below this share of the quietest slices of at least so many good windows. Then nothing rests on it; it is
called silent after so many windows in a row, as a muscle may rest more deeply than before."""

_IDX_MISSING, _IDX_SATURATED, _IDX_RMS, _IDX_DC, _IDX_WAIT, _IDX_RUN, _IDX_CODES, _IDX_STEP_UV, _IDX_HUMS = range(
    MAINS_MEASURES, MAINS_MEASURES + 9
)
_MEASURES = MAINS_MEASURES + 9


class Window(NamedTuple):
    """What is summed up of a running window, for each lane group: counts of the converter, powers, fold of the running slice.

    And of its slices: where each ends, RMS (groups, slices, LANES), NaN where a sample is missing, and the spectrum of each
    (groups, slices, tones, 2, LANES). `off` is by which share of its frequency each tone is looked for beside it.
    """

    counts: Floats
    sums: Floats
    folds: Floats
    ends: NDArray[np.int64]
    slices: Floats
    spectra: Floats
    before: Floats
    work: Floats
    off: Floats
    bins_per_sample: float
    tones: Tones


@njit(nogil=True, cache=True)
def _close_slice(window: Window, k: int) -> None:
    """End the slice `k` of a window."""
    samples = window.ends[k] - (window.ends[k - 1] if k else 0)
    for g in range(window.sums.shape[0]):
        counts, sums, before = window.counts[g], window.sums[g], window.before[g]
        for c in range(LANES):
            present, power = counts[PRESENT + c], sums[POWER + c]
            whole = present - before[0, c] == samples
            window.slices[g, k, c] = np.sqrt(max(0.0, power - before[1, c]) / samples) if whole else np.nan
            before[0, c], before[1, c] = present, power
        unfold(window.folds[g], window.tones, window.spectra[g, k], window.work)


@njit(nogil=True, cache=True)
def _begin(window: Window) -> None:
    """Begin a window."""
    begin_window(window.counts)
    window.sums[:] = 0.0
    for g in range(window.slices.shape[0]):
        if not window.slices[g].sum() >= 0.0:  # one was not closed, or had a sample missing
            window.folds[g] = 0.0
    window.before[:] = 0.0
    window.slices[:] = np.nan
    window.spectra[:] = 0.0


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


class _Judged(NamedTuple):
    """What is known of each electrode: its measures and verdict in the last window, and how often it got each verdict.

    `microvolts`: of each one's raw unit. `notch_hz` are the mains that are taken out, 0 for none, and `tuned_hz` the frequency
    that they really have. `lost` is since how many slices a muscle is lost that was found to be so in the last window, else 0.
    """

    microvolts: Floats
    measures: Floats
    verdicts: NDArray[np.int64]
    tally: NDArray[np.int64]
    believed: NDArray[np.bool_]
    notch_hz: Floats
    tuned_hz: Floats
    lost: Floats
    levels: Floats


@njit(nogil=True, cache=True)
def _verdict(
    m: Floats, of_leg: Floats, limits: _Limits, spans: float, is_silent: bool, was_stuck: bool, notched: bool, never_whole: bool
) -> int:
    """Return the verdict by a window's measures `m`, whose samples span so many codes; of several the first counts.

    `never_whole`: none of its slices has all of its samples, so that the filters never settle.
    """
    if m[_IDX_MISSING] > limits.missing_pct or never_whole:
        verdict = Verdict.MISSING
    elif m[_IDX_SATURATED] > limits.saturated_pct:
        verdict = Verdict.SATURATED
    elif is_coarse(m[_IDX_CODES]) and (was_stuck or of_leg[LOUDEST] >= NOISE_FACTOR * of_leg[QUIETEST]):
        verdict = Verdict.COARSE
    elif spans == 1.0:
        verdict = Verdict.COARSE if COARSE_UV <= m[_IDX_STEP_UV] < np.inf else Verdict.STUCK
    elif m[_IDX_RMS] < limits.flat_uV:
        verdict = Verdict.FLAT
    elif m[SHARE] > limits.mains_pct and not (notched and m[MAINS_UV] <= OPEN_UV):
        verdict = Verdict.MAINS
    elif m[_IDX_RMS] > limits.most_uV:
        verdict = Verdict.TOO_LARGE
    elif of_leg[FALLEN] > 0.0 or (is_silent and m[_IDX_RUN] >= SILENT_WINDOWS):
        verdict = Verdict.SILENT
    elif m[LEFT] > limits.hum_pct and m[LEFT_UV] > limits.hum_uV:
        verdict = Verdict.HUM
    else:
        verdict = Verdict.GOOD
    return verdict


@njit(nogil=True, cache=True)
def _measure(window: Window, judged: _Judged, e: int, saturated_pct: float) -> None:
    """Measure a window of one channel."""
    g, c = e // LANES, e % LANES
    n, sums, samples = window.counts[g], window.sums[g], window.tones.samples
    m = judged.measures[e]
    present = n[PRESENT + c]
    m[_IDX_STEP_UV] = n[STEP + c] * judged.microvolts[e]
    m[_IDX_SATURATED] = 100.0 * max(n[SATURATED + c], at_ends(n, c)) / samples
    # At an end of its range it is cut off, and sticks where it gives nothing else.
    repeated = filled(n, c) if m[_IDX_SATURATED] <= saturated_pct and spanned_codes(n, c) > 1.0 else 0.0
    lost = samples - present + repeated
    m[_IDX_MISSING] = min(100.0, 100.0 * lost / samples)
    m[_IDX_DC] = n[SUM + c] / present if present > 0.0 else np.nan
    power, before = sums[POWER + c], sums[BEFORE_NOTCH + c]
    m[_IDX_RMS] = np.sqrt(power / samples)
    hear_mains(m, power, before, window.spectra[g], c, window.tones, window.off[0], judged.notch_hz[e])
    for k in range(judged.levels.shape[0]):
        judged.levels[k, e] = window.slices[g, k, c]


@njit(nogil=True, cache=True)
def _judge(window: Window, judged: _Judged, legs: Legs, limits: _Limits, repeats: int) -> None:
    _, measures, verdicts, tally, believed, notch_hz, tuned_hz, lost, levels = judged
    for e in range(verdicts.shape[0]):
        _measure(window, judged, e, limits.saturated_pct)
        if measures[e, _IDX_MISSING] > 0.0:
            measures[e, SETTLING] = 1.0
        legs.counts[e] = verdicts[e] == Verdict.GOOD  # in the window before: that of this one is not known yet
        weigh(legs, e)
    stretched, weight = 0.0, 0.0
    for e in range(verdicts.shape[0]):
        m, of_leg = measures[e], legs.measures[e]
        spans = spanned_codes(window.counts[e // LANES], e % LANES)
        m[_IDX_CODES] = max(m[_IDX_CODES], spans)
        lost[e] = of_leg[LENGTH] + BEFORE_RUN if follow_leg(legs, e, levels) else 0.0
        is_silent = tally[e, Verdict.GOOD] >= KNOWN_WINDOWS and m[_IDX_RMS] < FELL_SILENT * of_leg[QUIET]
        m[_IDX_RUN] = m[_IDX_RUN] + repeats if is_silent else 0.0
        never_whole = not (levels[:, e] >= 0.0).any()
        verdict = _verdict(m, of_leg, limits, spans, is_silent, tally[e, Verdict.STUCK] > 0, notch_hz[e] > 0.0, never_whole)
        if verdict == Verdict.SILENT and verdicts[e] != Verdict.SILENT and lost[e] == 0.0 and m[_IDX_RUN] > 0.0:
            lost[e] = (m[_IDX_RUN] + 1.0) * levels.shape[0]
        notch_before_hz = notch_hz[e]
        hums = verdict == Verdict.HUM or (verdict == Verdict.MAINS and m[MAINS_UV] <= OPEN_UV)
        m[_IDX_HUMS] = m[_IDX_HUMS] + repeats if hums else 0.0
        if limits.adaptive_notch:
            notch_hz[e] = notch_for(m, m[_IDX_HUMS], notch_hz[e])
        tuned_hz[e] = tune(m, notch_hz[e], notch_before_hz, tuned_hz[e])
        believed[e] = verdict == Verdict.GOOD and not is_silent and m[_IDX_WAIT] <= 0.0
        m[_IDX_WAIT] = max(0.0, m[_IDX_WAIT] - repeats) if verdict == Verdict.GOOD else limits.good_again
        if m[SHARE] > limits.hum_pct and m[MAINS_UV] <= OPEN_UV:
            m[SEEN_UV] = m[MAINS_UV]
        if m[KNOWN] > 0.0 and m[SEEN_UV] > 0.0:
            stretched += m[SEEN_UV] ** 2 * m[OFF]
            weight += m[SEEN_UV] ** 2
        is_good = verdict == Verdict.GOOD and not is_silent
        if is_good or verdict == Verdict.MAINS or verdict == Verdict.HUM:
            learn(legs, e, levels[:, e], is_good)
        verdicts[e] = verdict
        tally[e, verdict] += repeats
    if weight > 0.0 and abs(stretched / weight - window.off[0]) > 0.5 * OFF_TUNE:
        window.off[0] = stretched / weight
    _begin(window)


class QualityJudge:
    """Sums of the running window, and the verdict of the last complete one, for the electrodes of one stream.

    The kernels `count_samples` and `add_to_fold` add to `open_sums`, with `bins_per_sample`; `close_slice` is due at the end of
    each slice, and `judge` closes the window. `good` says of each electrode whether metrics may rest on it, `tuned_hz` which
    mains are taken out of it (0: none), and `lost` since how many slices a muscle is lost that was found to be so at last.
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
        groups = -(-count // LANES)
        self._electrodes = electrodes
        self.window_samples = max(1, round(settings.window_s * rate_hz))
        self.slices = min(self.window_samples, max(2, round(settings.window_s / SLICE_S)))
        tones = tones_within(band_hz, rate_hz, self.window_samples, self.slices)
        self._window = Window(
            empty_counts(groups),
            np.zeros((groups, SUMS)),
            np.zeros((groups, 2, BINS, LANES)),
            self.window_samples * np.arange(1, self.slices + 1) // self.slices,
            np.zeros((groups, self.slices, LANES)),
            np.zeros((groups, self.slices, len(tones.looked_for), 2, LANES)),
            np.zeros((groups, 2, LANES)),
            np.zeros((3, PERIOD, LANES)),
            np.zeros(1),
            BINS * FOLD_HZ / rate_hz,
            tones,
        )
        self.good = np.zeros(count, dtype=np.bool_)
        self.lost = np.zeros(count)
        self._notch_hz = np.full(count, processing.notch_hz)
        self.tuned_hz = self._notch_hz.copy()
        self._limits = _Limits(
            settings.missing_pct,
            settings.saturated_pct,
            settings.flat_uV,
            settings.most_uV,
            settings.mains_share_pct,
            max(settings.hum_share_pct, chance_pct(tones)),
            settings.hum_uV,
            processing.adaptive_notch and processing.notch_hz == 0.0,
            np.ceil(settings.good_again_s / settings.window_s),
        )
        of_leg = np.array([SIDES.index(electrode.side) for electrode in electrodes], dtype=np.int64)
        self._legs = legs_of(of_leg, band_hz[1] - band_hz[0], self.window_samples / rate_hz, self.slices)
        self._judged = _Judged(
            np.abs(microvolts),
            np.full((count, _MEASURES), np.nan),
            np.zeros(count, dtype=np.int64),
            np.zeros((count, len(Verdict)), dtype=np.int64),
            self.good,
            self._notch_hz,
            self.tuned_hz,
            self.lost,
            np.full((self.slices, count), np.nan),
        )
        self.open_sums = self._window.counts, self._window.sums, self._window.folds
        self._ends: list[int] = self._window.ends.tolist()
        self.close_slice(0)  # these compile the kernels; what they say of no window is wiped
        self.judge(0)
        has_shown(self._legs, 0)
        self._judged.measures[:] = np.nan
        self._judged.measures[:, [_IDX_WAIT, _IDX_RUN, _IDX_CODES, _IDX_HUMS, SEEN_UV, OFF, KNOWN]] = 0.0
        self._judged.measures[:, SETTLING] = 1.0  # the filters have to, before a frequency can be told
        self._judged.verdicts[:] = int(Verdict.NOT_JUDGED)
        self.good[:] = False

    def slice_at(self, at: int) -> tuple[int, int]:
        """Return which slice of the window a sample is in, and the sample with which that ends."""
        k = bisect(self._ends, at)
        return k, self._ends[k]

    def close_slice(self, k: int) -> None:
        """Close a slice of the window."""
        _close_slice(self._window, k)

    def judge(self, windows: int = 1) -> None:
        """Close the window and begin the next; `windows` > 1 says that so many passed without a sample."""
        _judge(self._window, self._judged, self._legs, self._limits, windows)
        self.bins_per_sample = float(self._window.bins_per_sample * (1.0 + self._window.off[0]))

    def begin_anew(self) -> None:
        """Forget the running window."""
        _begin(self._window)

    @property
    def channels(self) -> tuple[ChannelQuality, ...]:
        """The state of each electrode, in the order of the rig."""
        return tuple(self._channel(e, electrode) for e, electrode in enumerate(self._electrodes))

    def _channel(self, e: int, electrode: Electrode) -> ChannelQuality:
        m, of_leg = self._judged.measures[e], self._legs.measures[e]
        tally = self._judged.tally[e]
        bad = (windows := int(tally.sum())) - int(tally[Verdict.GOOD])
        worst = Verdict(Verdict.MISSING + int(tally[Verdict.MISSING :].argmax())) if bad else Verdict.GOOD
        verdict = Verdict(int(self._judged.verdicts[e]))
        return ChannelQuality(
            name=electrode.name,
            channel=electrode.channel,
            verdict=verdict,
            missing_pct=float(m[_IDX_MISSING]),
            saturated_pct=float(m[_IDX_SATURATED]),
            mains_pct=float(m[SHARE]),
            mains_hz=float(m[FAMILY_HZ]),
            rms_uV=float(m[_IDX_RMS]),
            dc_uV=float(m[_IDX_DC]),
            noise_uV=float(of_leg[QUIET if verdict is Verdict.SILENT else QUIETEST]),
            loudest_uV=float(of_leg[LOUDEST]),
            only_noise=not has_shown(self._legs, e),
            codes=float(m[_IDX_CODES]),
            step_uV=float(m[_IDX_STEP_UV]),
            windows=windows,
            bad_windows=bad,
            worst=worst if windows else Verdict.NOT_JUDGED,
            believed=bool(self.good[e]),
            notch_hz=float(self._notch_hz[e]),
            mains_uV=float(m[SEEN_UV]),
            hum_hz=float(m[TONE_HZ]),
        )
