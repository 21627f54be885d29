"""Simulated EMG: its level, its spectrum, its lead over the force, and what spoils it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt, welch

from acquisition.rig import Electrode
from sim.lifter.emg import EmgNoise, SimulatedEmg, shaping_kernel
from sim.lifter.lifter import Lifter
from sim.lifter.motion import Tempo

CLEAN = EmgNoise(crosstalk=0.0, mains_uV=0.0, artefact_uV=0.0, sensor_uV=0.0, offset_uV=0.0)
PAUSED = Lifter(tempo=Tempo(quiet_s=2.0, lowering_s=1.5, bottom_s=10.0, rising_s=1.5, top_s=1.0), depth_sd=0.0)


def electrode(muscle: str, side: str = "left", **changes: object) -> Electrode:
    given = {"muscle": muscle, "side": side, "stream": "emg", "channel": f"{muscle} {side}", "mvc_uV": 250.0, **changes}
    return Electrode.model_validate(given)


def record(
    electrodes: list[Electrode], seconds: float, noise: EmgNoise = CLEAN, rate_hz: float = 2000.0, unit: str = "uV"
) -> tuple[np.ndarray, np.ndarray]:
    emg = SimulatedEmg(electrodes, [unit] * len(electrodes), rate_hz, PAUSED, noise)
    samples = round(0.5 * rate_hz)
    t_s = np.arange(round(seconds / 0.5) * samples).reshape(-1, samples) / rate_hz
    return t_s.ravel(), np.concatenate([emg.chunk(number, times) for number, times in enumerate(t_s)])


@pytest.mark.parametrize("rate_hz", [200.0, 250.0, 1000.0, 2000.0, 4000.0])
def test_mean_rectified_value_in_the_held_bottom_is_the_activation(rate_hz: float) -> None:
    electrodes = [electrode("VL"), electrode("BF"), electrode("GMax", "right")]
    t_s, uV = record(electrodes, 13.0, rate_hz=rate_hz)
    held = (t_s > 4.0) & (t_s < 13.0)
    movement = PAUSED.motion.at(t_s[held])
    for column, one in enumerate(electrodes):
        truth = PAUSED.activation(one.muscle, one.side, movement).mean()
        assert 100.0 * np.abs(uV[held, column]).mean() / 250.0 == pytest.approx(100.0 * truth, rel=0.06)


def test_usual_filter_and_envelope_recover_the_activation_despite_all_noise() -> None:
    electrodes = [electrode(muscle) for muscle in ("VL", "VM", "RF", "BF", "ST", "GMax", "GMed")]
    t_s, uV = record(electrodes, 13.0, EmgNoise())
    band = butter(4, [20.0, 450.0], "bandpass", fs=2000.0, output="sos")
    envelope = np.abs(sosfiltfilt(band, uV, axis=0))
    held = (t_s > 4.0) & (t_s < 13.0)
    movement = PAUSED.motion.at(t_s[held])
    for column, one in enumerate(electrodes):
        truth = PAUSED.activation(one.muscle, one.side, movement).mean()
        assert envelope[held, column].mean() / 250.0 == pytest.approx(truth, rel=0.08)


@pytest.mark.parametrize(("rate_hz", "highest_hz"), [(2000.0, 460.0), (1000.0, 460.0), (250.0, 123.0)])
def test_power_lies_in_the_band_of_emg(rate_hz: float, highest_hz: float) -> None:
    t_s, uV = record([electrode("VL")], 13.0, rate_hz=rate_hz)
    hz, power = welch(uV[(t_s > 4.0) & (t_s < 13.0), 0], rate_hz, nperseg=int(rate_hz / 2))
    assert power[(hz > 16.0) & (hz < highest_hz)].sum() > 0.98 * power.sum()
    if rate_hz >= 1000.0:
        median_hz = hz[np.searchsorted(np.cumsum(power), power.sum() / 2)]
        assert 60.0 < median_hz < 140.0
        assert 50.0 < hz[np.argmax(power)] < 120.0


def test_kernel_keeps_the_variance_of_white_noise() -> None:
    for rate_hz in (50.0, 125.0, 250.0, 1000.0, 2148.0):
        assert np.sum(shaping_kernel(rate_hz) ** 2) == pytest.approx(1.0)


def test_emg_comes_before_the_force_by_the_electromechanical_delay() -> None:
    lead_s = 0.08
    emg = SimulatedEmg([electrode("VL")], ["uV"], 1000.0, PAUSED, EmgNoise(lead_s=lead_s))
    t_s = np.arange(2.0, 6.0, 1e-3)
    told = emg.activation(t_s)[:, 0]
    force = PAUSED.activation("VL", "left", PAUSED.motion.at(t_s))
    half = (told.max() + told.min()) / 2
    assert t_s[np.argmax(force > half)] - t_s[np.argmax(told > half)] == pytest.approx(lead_s, abs=2e-3)


def test_the_signals_own_onset_leads_as_well() -> None:
    level = []
    for lead_s in (0.0, 0.1):
        t_s, uV = record([electrode("VL")], 6.0, CLEAN.model_copy(update={"lead_s": lead_s}))
        early = (t_s > 2.0) & (t_s < 2.6)
        level.append(np.abs(uV[early]).mean())
    assert level[1] > 1.2 * level[0]


def test_crosstalk_reaches_neighbours_of_the_same_leg_alone() -> None:
    electrodes = [electrode("VL"), electrode("RF"), electrode("GMax"), electrode("RF", "right")]
    _, clean = record(electrodes, 6.0)
    _, mixed = record(electrodes, 6.0, CLEAN.model_copy(update={"crosstalk": 0.1}))
    np.testing.assert_allclose(mixed[:, 1], clean[:, 1] + 0.1 * clean[:, 0], atol=1e-9)
    np.testing.assert_array_equal(mixed[:, 2:], clean[:, 2:])


def test_mains_hum_and_slow_artefacts_stand_where_they_should() -> None:
    _, hum = record([electrode("other")], 2.0, CLEAN.model_copy(update={"mains_uV": 200.0, "mains_hz": 60.0}))
    hz, power = welch(hum[:, 0], 2000.0, nperseg=2000)
    assert hz[np.argmax(power)] == pytest.approx(60.0)
    lively = [electrode(muscle) for muscle in ("VL", "VM", "RF", "BF", "ST", "GMax", "GMed")]
    _, clean = record(lively, 6.0)
    _, jolted = record(lively, 6.0, CLEAN.model_copy(update={"artefact_uV": 500.0}))
    hz, power = welch((jolted - clean).T, 2000.0, nperseg=4000)
    total = power.sum(axis=0)
    assert total.sum() > 0
    assert total[hz < 12.0].sum() > 0.99 * total.sum()


@pytest.mark.parametrize(("unit", "gain", "raw_per_uV"), [("uV", 1.0, 1.0), ("mV", 1.0, 1e-3), ("V", 500.0, 5e-4)])
def test_gain_and_unit_bring_microvolts_to_raw_numbers(unit: str, gain: float, raw_per_uV: float) -> None:
    _, uV = record([electrode("VL")], 3.0)
    _, raw = record([electrode("VL", gain=gain)], 3.0, unit=unit)
    np.testing.assert_allclose(raw, uV * raw_per_uV, rtol=1e-12)


def test_a_chunk_is_the_same_whichever_chunk_was_made_before() -> None:
    make = [SimulatedEmg([electrode("VL"), electrode("BF")], ["uV"] * 2, 2000.0, PAUSED, EmgNoise()) for _ in range(2)]
    t_s = np.arange(10_000).reshape(10, 1000) / 2000.0
    in_turn = [make[0].chunk(number, times) for number, times in enumerate(t_s)]
    for number in (7, 2, 3):
        np.testing.assert_array_equal(make[1].chunk(number, t_s[number]), in_turn[number])


def test_chunks_join_without_a_step() -> None:
    _, uV = record([electrode("VL")], 13.0)
    step = np.abs(np.diff(uV[8000:26_000, 0]))
    seams = step[999::1000]
    assert seams.mean() < 1.8 * step.mean()
