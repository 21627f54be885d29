"""Verdicts on EMG channels: what was found of one in a window, why nothing may rest on it, and what to do about that."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np

NOISE_FACTOR = 5.0  # a muscle has shown itself once its loudest slice is so many times its quietest


LOUDEST_NOISE_UV = 30.0
"""What never rests below this is a muscle that was held, and no electrode's noise (*design*)."""


class Verdict(IntEnum):
    """The verdict on a channel for one window; of several faults the first of this list counts."""

    NOT_JUDGED = 0
    GOOD = 1
    MISSING = 2
    SATURATED = 3
    COARSE = 4
    STUCK = 5
    FLAT = 6
    MAINS = 7
    TOO_LARGE = 8
    SILENT = 9
    HUM = 10


class Withdrawal(NamedTuple):
    """Nothing rests on an electrode, by its number, from a sample on and before another, though it was believed then."""

    electrode: int
    first: float
    last: float


@dataclass(frozen=True, slots=True)
class ChannelQuality:
    """One channel's last window, and what was seen since the beginning.

    `verdict`, `missing_pct` (with samples that only fill up what was lost), `saturated_pct`, `mains_pct` (of the power within
    the band, at `mains_hz` and its harmonics), `rms_uV` (within the band) and `dc_uV` belong to the last complete window; NaN
    before the first. `noise_uV` is the RMS of the quietest slice so far (about a fifth of a second), `loudest_uV` that of the
    loudest; windows with no signal don't count.
    `only_noise`: none rose above the quietest by more than chance: a muscle at rest so far, or no muscle at all.
    `codes`: how many values `step_uV` apart its largest window spans, so how finely it is converted.
    `windows` were judged, `bad_windows` of them were not good, most often for the reason `worst`. `believed`: good for long
    enough since it was last bad, so that metrics may rest on it. `notch_hz`: which mains are taken out of it, 0 for none.
    `mains_uV` (RMS, before that): when they were last seen clearly; `hum_hz`: the strongest of them that is left.
    """

    name: str
    channel: str
    verdict: Verdict
    missing_pct: float
    saturated_pct: float
    mains_pct: float
    mains_hz: float
    rms_uV: float
    dc_uV: float
    noise_uV: float
    loudest_uV: float
    only_noise: bool
    codes: float
    step_uV: float
    windows: int
    bad_windows: int
    worst: Verdict
    believed: bool
    notch_hz: float
    mains_uV: float
    hum_hz: float

    @property
    def good(self) -> bool:
        """Whether nothing was wrong with its last window."""
        return self.verdict is Verdict.GOOD

    @property
    def bad_pct(self) -> float:
        """Share of all windows that were bad, NaN before the first."""
        return 100.0 * self.bad_windows / self.windows if self.windows else np.nan

    @property
    def is_unused(self) -> bool:
        """Whether it is so quiet, and nothing else, that no ratio is to rest on it."""
        return self.only_noise and not self.noise_uV >= LOUDEST_NOISE_UV

    @property
    def found(self) -> str:
        """What was found, without the channel's name and without an end: `flat (0.01 µV RMS within the band)`."""
        match self.verdict:
            case Verdict.NOT_JUDGED:
                return "not judged yet, its first window is not complete"
            case Verdict.MISSING:
                return f"{self.missing_pct:.2g} % of its samples are missing, or repeat the one before while it moves"
            case Verdict.SATURATED:
                return f"{self.saturated_pct:.0f} % of its samples are at full scale"
            case Verdict.COARSE:
                return f"no more than {self.codes:.0f} different values, {self.step_uV:.3g} µV apart, too coarse for a muscle"
            case Verdict.STUCK:
                return f"stuck at one value ({self.dc_uV:.4g} µV)"
            case Verdict.TOO_LARGE:
                return f"{self.rms_uV:.0f} µV RMS within the band, more than a muscle gives at the skin"
            case Verdict.FLAT:
                return f"flat ({self.rms_uV:.2g} µV RMS within the band)"
            case Verdict.MAINS:
                return f"{self.mains_pct:.0f} % of its power is mains hum ({self.mains_hz:.0f} Hz)"
            case Verdict.SILENT if self.rms_uV >= self.noise_uV:
                return f"does not work along with its leg any more ({self.rms_uV:.2g} µV RMS throughout)"
            case Verdict.SILENT:
                return f"quieter than it ever was ({self.rms_uV:.2g} µV RMS, and {self.noise_uV:.2g} µV at its quietest before)"
            case Verdict.HUM:
                return f"{self.mains_pct:.0f} % of its power is mains hum ({self.hum_hz:.0f} Hz), too much to measure a muscle"
            case Verdict.GOOD if self.only_noise:
                return f"nothing has risen above its noise floor of {self.noise_uV:.3g} µV RMS yet"
            case _:
                return f"good, with {self.noise_uV:.3g} µV RMS at its quietest"

    @property
    def advice(self) -> str:
        """What to do about it, empty where there is nothing to do."""
        if self.verdict is Verdict.HUM:
            if not self.notch_hz:
                return f"move cables and power supplies, or set notch_hz = {self.hum_hz:.0f} in [emg_processing]"
            if self.notch_hz % self.mains_hz:
                return (
                    f"move cables and power supplies, or set notch_hz = {self.hum_hz:.0f} in [emg_processing] instead of "
                    f"{self.notch_hz:.0f}"
                )
            if self.hum_hz != self.notch_hz:
                return "move cables and power supplies: a notch does not take out its harmonics"
            return "move cables and power supplies: it changes faster than a notch can follow"
        return "contract this muscle to check" if self.good and self.only_noise else _ADVICE.get(self.verdict, "")

    @property
    def sentence(self) -> str:
        """What was found and what to do about it, as a sentence."""
        return sentence_of(self.name, self.found, self.advice)


_ADVICE = {
    Verdict.MISSING: "is the device in range and its cable in place?",
    Verdict.SATURATED: "lower the gain or renew the electrode",
    Verdict.COARSE: "raise the gain of the amplifier, or narrow the range of the converter",
    Verdict.STUCK: "is the channel connected, and the device running?",
    Verdict.FLAT: "is the channel connected?",
    Verdict.TOO_LARGE: "is the unit of its channel right, and the gain in the rig?",
    Verdict.MAINS: "is the electrode attached?",
    Verdict.SILENT: "is the electrode still on?",
}


def sentence_of(name: str, found: str, advice: str) -> str:
    """Return what was found of a channel, and what to do about it, as one sentence."""
    return ended(f"EMG {name}: {found}" + (f"; {advice}" if advice else ""))


def ended(text: str) -> str:
    """Return a text with its full stop, unless it is a question."""
    return text if text.endswith("?") else f"{text}."
