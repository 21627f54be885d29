"""Maximal voluntary contraction: tries are found in recordings, and the best counts where a second one confirms it.

A try is where the envelope, as a moving mean of 500 ms on good channels, stays above half of the channel's largest for a
second; between two tries it falls below a quarter. Its value is the largest of that moving mean. Three tries are asked for, and
the best two may differ by a tenth (*design*). The envelope is the one that %MVC is made of: causal, of the rig's filters.
"""

from __future__ import annotations

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


def tries_in(time_s: Floats, envelope_uV: Floats, recording: str) -> list[Try]:
    """Return the tries of one channel; `envelope_uV` (n,) is NaN where the channel was not good."""
    if len(time_s) < 2:
        return []
    frame_s = float(np.median(np.diff(time_s)))
    window = max(1, round(WINDOW_S / frame_s))
    if len(envelope_uV) < window:
        return []
    sums = np.concatenate([[0.0], np.cumsum(np.nan_to_num(envelope_uV))])
    gone = np.concatenate([[0], np.cumsum(~np.isfinite(envelope_uV))])
    mean = np.where(gone[window:] > gone[:-window], np.nan, (sums[window:] - sums[:-window]) / window)
    if not np.isfinite(mean).any():
        return []
    largest = float(np.nanmax(mean))
    found: list[Try] = []
    start = -1
    for i, value in enumerate(np.append(np.nan_to_num(mean), 0.0)):
        if start < 0 and value >= BEGINS * largest:
            start = i
        elif start >= 0 and value < BETWEEN * largest:
            part = mean[start:i]
            if np.count_nonzero(part >= BEGINS * largest) * frame_s >= LEAST_S - WINDOW_S / 2:
                best = start + int(np.nanargmax(part))
                found.append(Try(recording, float(time_s[best + window - 1]), float(mean[best])))
            start = -1
    return found


def judge_tries(electrode: Electrode, tries: Sequence[Try]) -> MvcFound:
    """Return what the tries of one electrode give: the best of three, of which the best two agree, or why none."""
    strongest = sorted(tries, key=lambda one: -one.uV)
    refused = ""
    if not strongest:
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
