"""The electrode watch: what has been bad for a second is told, once, and that it is good again; a loose contact three times."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hardware.severity import Severity
from processing.emg.chain import EmgChain
from processing.emg.verdicts import Verdict
from processing.live.electrode_watch import MOST_TELLS, ElectrodeWatch
from tests.support.rigs import a_rig


class Faults:
    def __init__(self):
        self.told = []

    def tell(self, severity, about, sentence):
        self.told.append((severity, about, sentence))


class Chain:
    """Stands in for a chain whose verdicts are set."""

    def __init__(self):
        rig = a_rig(
            {"name": "emg", "rate_hz": 1000.0, "channels": ["a"], "units": "uV"},
            emg=[{"muscle": "BF", "side": "right", "stream": "emg", "channel": "a"}],
        )
        self.real = EmgChain(rig, "emg")
        self.window_end = 0
        self.quality = self.real.quality

    def window(self, good, believed=None):
        self.window_end += 500
        (q,) = self.quality
        verdict = Verdict.GOOD if good else Verdict.SILENT
        self.quality = (
            replace(q, verdict=verdict, windows=q.windows + 1, believed=good if believed is None else believed, rms_uV=0.7),
        )


@pytest.fixture
def session():
    chain, faults = Chain(), Faults()
    return chain, faults, ElectrodeWatch({"emg": chain}, 0.5, faults)


def test_a_second_of_bad_windows_is_told_once_and_that_it_is_good_again(session):
    chain, faults, watch = session
    for good in [True] * 4 + [False]:
        chain.window(good)
        watch.look()
    assert faults.told == []
    for _ in range(6):
        chain.window(good=False)
        watch.look()
        watch.look()
    ((severity, about, sentence),) = faults.told
    assert (severity, about) == (Severity.AMBER, "EMG BF right")
    assert "Quieter than it ever was" in sentence
    assert sentence.endswith("is the electrode still on? No number rests on it meanwhile.")
    chain.window(good=True, believed=False)
    watch.look()
    assert len(faults.told) == 1
    chain.window(good=True)
    watch.look()
    assert faults.told[1:] == [(Severity.FINE, "EMG BF right", "It is good again.")]


def test_a_bad_window_here_and_there_is_not_told(session):
    chain, faults, watch = session
    for good in [True, False] * 20:
        chain.window(good)
        watch.look()
    assert faults.told == []


def test_a_loose_contact_is_told_three_times(session):
    chain, faults, watch = session
    for good in ([False] * 4 + [True] * 4) * 10:
        chain.window(good)
        watch.look()
    assert [severity for severity, _, _ in faults.told].count(Severity.AMBER) == MOST_TELLS


def test_an_electrode_that_falls_off_is_told_within_seconds():
    rig = a_rig(
        {"name": "emg", "rate_hz": 1000.0, "channels": ["a"], "units": "uV"},
        emg=[{"muscle": "BF", "side": "right", "stream": "emg", "channel": "a"}],
    )
    chain, faults = EmgChain(rig, "emg"), Faults()
    watch = ElectrodeWatch({"emg": chain}, rig.quality.window_s, faults)
    t_s = np.arange(20_000) / 1000.0
    rng = np.random.default_rng(1)
    raw = rng.normal(0.0, np.where(t_s < 15.0, np.where(t_s % 3.0 < 1.0, 40.0, 5.0), 1.0))
    told_s = None
    for start in range(0, len(raw), 20):
        chain.process(raw[start : start + 20, None], start)
        watch.look()
        if faults.told and told_s is None:
            told_s = (start + 20) / 1000.0
    assert told_s is not None
    assert 15.0 < told_s <= 18.5


def test_a_notch_is_told_when_it_comes(session):
    chain, faults, watch = session
    chain.window(good=True)
    watch.look()
    (q,) = chain.quality
    chain.quality = (replace(q, notch_hz=50.0, mains_uV=14.2),)
    for _ in range(3):
        chain.window(good=True)
        watch.look()
    assert [(severity, about) for severity, about, _ in faults.told] == [(Severity.AMBER, "EMG BF right")]
    assert faults.told[0][2].startswith("50 Hz hum of 14 µV RMS is taken out of EMG BF right by a notch from now on")
