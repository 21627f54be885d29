"""The electrode watch: tells, while a session runs, of electrodes on which nothing can rest any more, and when that is over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hardware.severity import Severity
from processing.emg.verdicts import ended

if TYPE_CHECKING:
    from acquisition.ring.fault_log import TellsFaults
    from processing.emg.chain import EmgChain
    from processing.emg.verdicts import ChannelQuality

BAD_S = 1.0
"""An electrode that has been bad for so long is told."""
MOST_TELLS = 3
"""A loose contact is told so often; after that it is in the report."""


@dataclass(slots=True)
class _Electrode:
    windows: int = 0
    bad_s: float = 0.0
    told: bool = False
    times: int = 0
    notch_hz: float = 0.0


class ElectrodeWatch:
    """Looks at the verdicts of the chains of a session whenever a window has ended."""

    def __init__(self, chains: dict[str, EmgChain], window_s: float, faults: TellsFaults) -> None:
        self._chains = chains
        self._window_s = window_s
        self._faults = faults
        self._seen = dict.fromkeys(chains, -1)
        self._electrodes = {
            name: [_Electrode(notch_hz=quality.notch_hz) for quality in chain.quality] for name, chain in chains.items()
        }

    def look(self) -> None:
        """Tell what has changed for long enough since the last look."""
        for name, chain in self._chains.items():
            if chain.window_end == self._seen[name]:
                continue
            self._seen[name] = chain.window_end
            for electrode, quality in zip(self._electrodes[name], chain.quality, strict=True):
                self._judge(electrode, quality)
                if quality.notch_hz != electrode.notch_hz:
                    electrode.notch_hz = quality.notch_hz
                    self._faults.tell(Severity.AMBER, f"EMG {quality.name}", _of_notch(quality))

    def _judge(self, electrode: _Electrode, quality: ChannelQuality) -> None:
        passed = quality.windows - electrode.windows
        electrode.windows = quality.windows
        if quality.windows and not quality.good:
            electrode.bad_s += passed * self._window_s
        else:
            electrode.bad_s = 0.0
        about = f"EMG {quality.name}"
        if not electrode.told and electrode.bad_s >= BAD_S and electrode.times < MOST_TELLS:
            electrode.told = True
            electrode.times += 1
            found = quality.found[:1].upper() + quality.found[1:]
            sentence = ended(f"{found}; {quality.advice}" if quality.advice else found)
            self._faults.tell(Severity.AMBER, about, f"{sentence} No number rests on it meanwhile.")
        elif electrode.told and quality.believed:
            electrode.told = False
            self._faults.tell(Severity.FINE, about, "It is good again.")


def _of_notch(quality: ChannelQuality) -> str:
    return (
        f"{quality.notch_hz:.0f} Hz hum of {quality.mains_uV:.0f} µV RMS is taken out of EMG {quality.name} by a notch from "
        "now on; move cables and power supplies away."
    )
