"""The filters do what their settings say, at every rate in use."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal

from acquisition.rig.judgement import EmgSettings
from processing.emg.filters import band_pass, cutoffs_hz, emg_sections, envelope_delay_s, envelope_low_pass, notch


def gain(sos, hz, rate_hz):
    return np.abs(signal.sosfreqz(sos, worN=np.atleast_1d(hz), fs=rate_hz)[1])


@pytest.mark.parametrize(
    ("rate_hz", "high_hz"), [(2000.0, 450.0), (1000.0, 450.0), (250.0, 112.5), (200.0, 90.0), (125.0, 56.25)]
)
def test_band_edges_follow_the_rate(rate_hz, high_hz):
    settings = EmgSettings()
    assert cutoffs_hz(settings, rate_hz) == (20.0, high_hz)
    at_edges = gain(band_pass(settings, rate_hz), [20.0, high_hz], rate_hz)
    np.testing.assert_allclose(at_edges, np.sqrt(0.5), rtol=1e-6)


def test_no_band_left_is_refused():
    with pytest.raises(ValueError, match="at 40 Hz the EMG band would end at 18 Hz"):
        cutoffs_hz(EmgSettings(), 40.0)


def test_notch_takes_out_the_mains_alone():
    sos = notch(60.0, 1000.0)
    at_mains, below, above = gain(sos, [60.0, 50.0, 70.0], 1000.0)
    assert at_mains < 1e-9
    assert below > 0.98
    assert above > 0.98


def test_notch_beyond_nyquist_is_refused():
    with pytest.raises(ValueError, match="0 switches the notch off"):
        notch(63.0, 125.0)


def test_envelope_beyond_nyquist_is_refused():
    with pytest.raises(ValueError, match="envelope_hz"):
        envelope_low_pass(EmgSettings(envelope_hz=100.0), 125.0)


@given(order=st.integers(1, 4), rate_hz=st.sampled_from([125.0, 1000.0, 2000.0]))
def test_flat_sections_are_the_filters(order, rate_hz):
    settings = EmgSettings(band_order=order)
    sos = np.insert(emg_sections(settings, rate_hz).reshape(-1, 5), 3, 1.0, axis=1)
    x = np.random.default_rng(0).normal(size=300)
    expected = x
    for stage in (band_pass(settings, rate_hz), envelope_low_pass(settings, rate_hz)):
        expected = signal.sosfilt(stage, expected)
    np.testing.assert_array_equal(signal.sosfilt(sos, x), expected)


def test_without_a_frequency_the_notch_passes_all():
    x = np.random.default_rng(0).normal(size=300)
    np.testing.assert_array_equal(signal.sosfilt(notch(0.0, 1000.0), x), x)


@given(st.floats(125.0, 10_000.0), st.floats(1.0, 30.0))
def test_the_lag_of_an_envelope_is_the_group_delay_of_its_filter(rate_hz, envelope_hz):
    settings = EmgSettings(envelope_hz=envelope_hz)
    slow_hz = envelope_hz / 100.0
    _, response = signal.sosfreqz(envelope_low_pass(settings, rate_hz), worN=[slow_hz], fs=rate_hz)
    lag_s = -np.angle(response[0]) / (2.0 * np.pi * slow_hz)
    assert envelope_delay_s(settings, rate_hz) == pytest.approx(lag_s, rel=1e-3)


def test_the_usual_envelope_lags_69_ms():
    assert envelope_delay_s(EmgSettings(), 2000.0) == pytest.approx(0.0693, abs=0.0001)
