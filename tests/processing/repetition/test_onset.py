"""When a muscle begins, against bursts whose beginning is known, and against the amplitude alone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from acquisition.rig import Rig
from processing.emg.chain import EmgChain
from processing.repetition.onset import K, onsets_s
from tests.support.rigs import a_rig

RATE_HZ, FRAME_S = 1000.0, 0.01
BAND = signal.butter(4, (20.0, 450.0), btype="bandpass", fs=RATE_HZ, output="sos")


def rig() -> Rig:
    electrode = {"muscle": "VL", "side": "left", "stream": "emg", "channel": "VL", "mvc_uV": 300.0}
    return a_rig({"name": "emg", "channels": ["VL"], "units": "uV", "rate_hz": RATE_HZ}, emg=[electrode])


def bursts(at_s: np.ndarray, seed: int, noise_uV: float, burst_uV: float, sway_uV: float = 0.0) -> np.ndarray:
    """EMG that is noise, slow sway of the skin, and above them for 1.5 s a muscle that begins at known times."""
    rng = np.random.default_rng(seed)
    t = np.arange(0.0, at_s[-1] + 4.0, 1.0 / RATE_HZ)
    active = ((t[:, None] >= at_s) & (t[:, None] < at_s + 1.5)).any(axis=1)
    muscle = signal.sosfilt(
        signal.butter(2, (50.0, 150.0), btype="bandpass", fs=RATE_HZ, output="sos"), rng.normal(0, 1, len(t))
    )
    muscle *= burst_uV / np.std(muscle)
    slow = signal.sosfilt(signal.butter(2, (18.0, 28.0), btype="bandpass", fs=RATE_HZ, output="sos"), rng.normal(0, 1, len(t)))
    slow *= sway_uV / np.std(slow)
    return (noise_uV * rng.normal(0.0, 1.0, len(t)) + slow + np.where(active, muscle, 0.0)).reshape(-1, 1)


def energy_of(raw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    chain = EmgChain(rig(), "emg")
    frames = np.vstack([chain.process(raw, 0).copy(), chain.finish()])
    at = [m.name for m in chain.metrics].index("energy_left_VL_uV2")
    return (frames[:, 0] + 1) / RATE_HZ, frames[:, at]


def test_the_energy_is_that_of_the_operator_by_plain_numpy():
    raw = bursts(np.array([2.0]), 1, 3.0, 40.0)
    _, energy = energy_of(raw)
    x = signal.sosfilt(BAND, raw[:, 0])
    psi = np.zeros(len(x))
    psi[2:] = x[1:-1] ** 2 - x[2:] * x[:-2]
    psi[1] = x[0] ** 2
    expected = psi.reshape(-1, 10).mean(axis=1)
    np.testing.assert_allclose(energy[60:200], expected[60:200], rtol=1e-9)


@pytest.mark.parametrize("burst_uV", [15.0, 60.0])
def test_a_muscle_begins_where_it_does(burst_uV):
    at_s = 4.0 + 4.0 * np.arange(20)
    raw = bursts(at_s, 3, 3.0, burst_uV)
    time_s, energy = energy_of(raw)
    standing = np.where(((time_s[:, None] > at_s - 2.0) & (time_s[:, None] < at_s - 0.2)).any(axis=1), 1.0, 0.0)
    starts_s = at_s - 0.1
    found = onsets_s(time_s, energy.reshape(-1, 1), [0], standing, [(s, s + 1.5) for s in starts_s])[0] - 0.1
    assert np.isfinite(found).all()
    assert np.median(np.abs(found)) < 0.03
    assert np.max(np.abs(found)) < 0.1


def test_slow_sway_of_the_skin_hides_it_from_the_amplitude_and_not_from_the_operator():
    at_s = 4.0 + 4.0 * np.arange(20)
    raw = bursts(at_s, 3, 2.0, 20.0, sway_uV=15.0)
    time_s, energy = energy_of(raw)
    standing = np.where(((time_s[:, None] > at_s - 2.0) & (time_s[:, None] < at_s - 0.2)).any(axis=1), 1.0, 0.0)
    spans_s = [(s, s + 1.5) for s in at_s]
    by_energy = onsets_s(time_s, energy.reshape(-1, 1), [0], standing, spans_s)[0]
    amplitude = np.abs(signal.sosfilt(BAND, raw[:, 0])).reshape(-1, 10).mean(axis=1)[: len(energy)]
    by_amplitude = onsets_s(time_s, amplitude.reshape(-1, 1), [0], standing, spans_s)[0]
    assert np.isfinite(by_energy).all()
    assert np.median(np.abs(by_energy)) < 0.04
    assert np.isnan(by_amplitude).mean() > 0.3 or np.nanmedian(np.abs(by_amplitude)) > 2.0 * np.median(np.abs(by_energy))


def test_a_muscle_that_never_begins_or_never_rests_has_no_onset():
    time_s = np.arange(0.0, 10.0, FRAME_S)
    standing = np.where(time_s < 4.0, 1.0, 0.0)
    quiet = 1.0 + 0.1 * np.random.default_rng(1).normal(0, 1, len(time_s))
    assert np.isnan(onsets_s(time_s, quiet.reshape(-1, 1), [0], standing, [(5.0, 7.0)])[0, 0])
    active = np.where(time_s > 4.2, 50.0, quiet)
    assert np.isnan(onsets_s(time_s, active.reshape(-1, 1), [0], standing, [(5.0, 7.0)])[0, 0])
    assert np.isnan(onsets_s(time_s, active.reshape(-1, 1), [0], np.zeros(len(time_s)), [(5.0, 7.0)])[0, 0])


def test_unknown_energy_gives_no_onset_and_a_spike_is_none():
    time_s = np.arange(0.0, 10.0, FRAME_S)
    standing = np.where(time_s < 4.0, 1.0, 0.0)
    energy = 1.0 + 0.1 * np.random.default_rng(1).normal(0, 1, len(time_s))
    energy[time_s > 5.5] += 20.0
    assert onsets_s(time_s, energy.reshape(-1, 1), [0], standing, [(5.0, 7.0)])[0, 0] == pytest.approx(0.5, abs=0.03)
    holed = energy.copy()
    holed[520] = np.nan
    assert np.isnan(onsets_s(time_s, holed.reshape(-1, 1), [0], standing, [(5.0, 7.0)])[0, 0])
    spiked = np.where(np.arange(len(time_s)) == 520, 1.0 + 3.0 * K * 0.1, energy)
    assert onsets_s(time_s, spiked.reshape(-1, 1), [0], standing, [(5.0, 7.0)])[0, 0] == pytest.approx(0.5, abs=0.03)


def test_a_stance_of_long_ago_is_used_where_there_is_none_near():
    time_s = np.arange(0.0, 60.0, FRAME_S)
    energy = 1.0 + 0.1 * np.random.default_rng(1).normal(0, 1, len(time_s))
    energy[time_s > 50.3] += 20.0
    standing = np.where(time_s < 3.0, 1.0, 0.0)
    assert onsets_s(time_s, energy.reshape(-1, 1), [0], standing, [(50.0, 52.0)])[0, 0] == pytest.approx(0.3, abs=0.03)
    assert onsets_s(time_s[:1], energy[:1].reshape(-1, 1), [0], standing[:1], [(0.0, 1.0)]).shape == (1, 1)
