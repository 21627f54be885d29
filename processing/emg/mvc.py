"""Maximal voluntary contraction: tries are found in recordings, and the best counts where a second one confirms it.

A try is where the envelope, as a moving mean of 500 ms on good channels, stays above half of the channel's largest for a
second; between two tries it falls below a quarter. Its value is the largest of that moving mean. Three tries are asked for, and
the best two may differ by a tenth (*design*). The envelope is the one that %MVC is made of: causal, of the rig's filters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hardware.arrays import Floats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acquisition.rig import Electrode

WINDOW_S = 0.5
LEAST_S = 1.0
BEGINS, BETWEEN = 0.5, 0.25
"""A try rises above the first share of the channel's largest, and ends below the second."""
TRIES = 3
RISES, REST = 3.0, 0.05
"""A try rises to so many times of what the channel shows at rest, in this share of the recording (*design*)."""
AGREE = 0.10
"""The best two tries may differ by this share of the best."""


@dataclass(frozen=True, slots=True)
class Try:
    """One contraction: the recording, the second in it at which the window of the largest mean ends, and that mean in µV."""

    recording: str
    at_s: float
    uV: float


@dataclass(frozen=True, slots=True)
class MvcFound:
    """The tries of one electrode, the strongest first, and what of them can't be used, empty where the best is the MVC."""

    electrode: Electrode
    tries: list[Try]
    refused: str

    @property
    def sentence(self) -> str:
        """What was found, as a sentence."""
        name = self.electrode.name
        if self.refused:
            return f"{name}: {self.refused}"
        best, second = self.tries[:2]
        return (
            f"{name}: {best.uV:.3g} µV, the best of {len(self.tries)} tries, at {best.at_s:.1f} s of {best.recording}; the "
            f"second, {second.uV:.3g} µV, is within 10 %."
        )


@dataclass(frozen=True, slots=True)
class Efforts:
    """The tries of a channel in a recording, and the strongest effort in which it was not good, None where there is none."""

    tries: list[Try]
    spoilt: Try | None = None


def efforts_in(time_s: Floats, good_uV: Floats, envelope_uV: Floats, recording: str) -> Efforts:
    """Return the efforts of one channel; `envelope_uV` (n,), and the same as `good_uV`, NaN where the channel was not good.

    A try rises to three times what the channel shows at rest, and begins and ends with good seconds at rest: noise between bad
    contractions is none, nor what is left of one that was bad in part.
    """
    if len(time_s) < 2:
        return Efforts([])
    frame_s = float(np.median(np.diff(time_s)))
    window = max(1, round(WINDOW_S / frame_s))
    if len(good_uV) < window:
        return Efforts([])
    mean, raw = _moving_mean(good_uV, window), _moving_mean(envelope_uV, window)
    least = LEAST_S - WINDOW_S / 2
    quiet = float(np.nanquantile(raw, REST)) if np.isfinite(raw).any() else math.nan
    tries: list[Try] = []
    if np.isfinite(mean).any():
        largest = float(np.nanmax(mean))
        for part in _parts(mean, largest):
            above = np.count_nonzero(mean[part] >= BEGINS * largest)
            best = part.start + int(np.argmax(mean[part]))
            if above * frame_s >= least and mean[best] >= RISES * quiet:
                tries.append(Try(recording, float(time_s[best + window - 1]), float(mean[best])))
    beyond = max((1.0 + AGREE) * max((one.uV for one in tries), default=0.0), RISES * quiet)
    not_good = np.where(np.isfinite(mean), np.nan, raw)
    long_s = np.count_nonzero(~np.isfinite(good_uV) & (envelope_uV >= beyond)) * frame_s
    if long_s < LEAST_S or not np.isfinite(not_good).any():
        return Efforts(tries)
    best = int(np.nanargmax(not_good))
    return Efforts(tries, Try(recording, float(time_s[best + window - 1]), float(raw[best])))


def _moving_mean(values: Floats, window: int) -> Floats:
    """Return the mean over each window, NaN where a value of it is unknown."""
    sums = np.concatenate([[0.0], np.cumsum(np.nan_to_num(values))])
    gone = np.concatenate([[0], np.cumsum(~np.isfinite(values))])
    return np.where(gone[window:] > gone[:-window], np.nan, (sums[window:] - sums[:-window]) / window)


def _parts(mean: Floats, largest: float) -> list[slice]:
    """Return where efforts are, from rest to rest, and known all the while."""
    found: list[slice] = []
    start, rested = -1, True
    for i, value in enumerate([*mean.tolist(), 0.0]):
        if math.isnan(value):
            start, rested = -1, False
        elif start >= 0:
            if value < BETWEEN * largest:
                found.append(slice(start, i))
                start, rested = -1, True
        elif value < BETWEEN * largest:
            rested = True
        elif rested and value >= BEGINS * largest:
            start = i
    return found


def judge_tries(electrode: Electrode, tries: Sequence[Try], spoilt: Try | None = None, why: str = "") -> MvcFound:
    """Return what the tries of one electrode give: the best of three, of which the best two agree, or why none.

    `spoilt`: a stronger effort in which the channel was not good, for which `why` is the reason; without one, `why` is what
    kept the channel from being good most of the time.
    """
    strongest = sorted(tries, key=lambda one: -one.uV)
    refused = ""
    if spoilt is not None:
        reason = f" ({why})" if why else ""
        refused = (
            f"its strongest effort, at {spoilt.at_s:.1f} s of {spoilt.recording}, can't be used, as the channel was not good "
            f"then{reason}; mend that, and try again."
        )
    elif not strongest and why:
        refused = f"no try was found, as the channel was not good for most of the time ({why}); mend that, and try again."
    elif not strongest:
        refused = "no try was found; contract it as hard as you can for 3 to 5 s, three times, with a rest between."
    elif len(strongest) < TRIES:
        many = "tries were" if len(strongest) > 1 else "try was"
        refused = f"only {len(strongest)} {many} found, and three are asked for; record more."
    elif strongest[1].uV < (1.0 - AGREE) * strongest[0].uV:
        apart = 100.0 * (1.0 - strongest[1].uV / strongest[0].uV)
        refused = (
            f"its best two tries, {strongest[0].uV:.3g} and {strongest[1].uV:.3g} µV, differ by {apart:.0f} %; try again until "
            "the best two are within 10 %."
        )
    return MvcFound(electrode, strongest, refused)
