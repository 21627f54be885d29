"""The EMG chain on real recordings, and what was seen in them."""

from __future__ import annotations

import ezc3d
import numpy as np
import pytest
from scipy import signal

from acquisition.rig.judgement import EmgSettings
from processing.emg.chain import EmgChain
from processing.emg.filters import band_pass, envelope_low_pass
from processing.emg.verdicts import Verdict
from tests.support.rigs import a_rig


def chain_for(channels, units, rate_hz, **parts):
    return EmgChain(
        a_rig(
            {"name": "emg", "rate_hz": rate_hz, "channels": channels, "units": units},
            name="real",
            emg=[{"muscle": "other", "side": "left", "stream": "emg", "channel": c} for c in channels],
            **parts,
        ),
        "emg",
    )


def c3d_channels(path, wanted):
    c3d = ezc3d.c3d(str(path))
    labels = c3d["parameters"]["ANALOG"]["LABELS"]["value"]
    rate_hz = c3d["parameters"]["ANALOG"]["RATE"]["value"][0]
    kept = [(label, row) for label, row in zip(labels, c3d["data"]["analogs"][0], strict=True) if wanted(label)]
    return [label for label, _ in kept], np.array([row for _, row in kept]).T.copy(), rate_hz


def uci(shared_data):
    return np.genfromtxt(shared_data / "uci_lower_limb" / "5Nsen.txt", skip_header=7)[:, :4]


def test_uci_envelopes_are_those_known(shared_data):
    """The published peaks are zero-phase; the causal envelope comes later and peaks up to 15 % higher."""
    raw_mV = uci(shared_data)
    chain = chain_for(["RF", "BF", "VM", "ST"], "mV", 1000.0)
    known_mV = [0.081, 0.080, 0.111, 0.017]
    settings = EmgSettings()
    band = signal.sosfiltfilt(band_pass(settings, 1000.0), raw_mV, axis=0)
    zero_phase = signal.sosfiltfilt(envelope_low_pass(settings, 1000.0), np.abs(band), axis=0)
    np.testing.assert_allclose(zero_phase.max(axis=0), known_mV, atol=6e-4)
    causal = chain.process(raw_mV, 0)[:, 1:5] / 1e3
    peaks = np.nanmax(causal, axis=0)
    np.testing.assert_allclose(peaks, known_mV, rtol=0.15)
    assert (peaks > known_mV).all()
    np.testing.assert_allclose(np.nanpercentile(causal, 10, axis=0), [0.003, 0.001, 0.001, 0.002], atol=6e-4)


def test_uci_bursts_stand_where_they_are_listed(shared_data):
    raw_mV = uci(shared_data)
    frames = chain_for(["RF", "BF", "VM", "ST"], "mV", 1000.0).process(raw_mV, 0)
    seconds, quads = frames[:, 0] / 1000.0, frames[:, 1] / 1e3
    for begin_s, end_s in ((1.3, 2.3), (4.0, 5.4), (7.4, 8.4), (10.2, 11.0)):
        assert quads[(seconds > begin_s) & (seconds < end_s)].max() > 0.03
    for rest_s in (3.5, 6.5, 12.0):
        assert quads[np.searchsorted(seconds, rest_s)] < 0.02


def test_return11_has_mains_on_four_channels_and_amplified_noise_on_the_others(shared_data):
    path = shared_data / "nimblephysics" / "Return11_static_c3dfile1.c3d"
    channels, raw, rate_hz = c3d_channels(path, lambda label: label.startswith("Voltage.EMG"))
    chain = chain_for(channels, "V", rate_hz)
    chain.process(raw, 0)
    for number, q in enumerate(chain.quality, start=1):
        if 11 <= number <= 14:
            assert q.verdict is Verdict.MAINS
            assert q.mains_hz == 50.0
            assert q.mains_pct > 85.0
            assert q.bad_windows == q.windows == 10
            assert "mains hum (50 Hz); is the electrode attached?" in q.sentence
        else:
            assert q.verdict is Verdict.TOO_LARGE
            assert q.mains_pct < 10.0
            assert 7_000.0 < q.rms_uV < 25_000.0


def test_welk007_offsets_leave_no_transient(shared_data):
    wanted = {"RF": -49.5, "VL": -17.7, "VM": -21.1, "GMAX": -36.9, "GMED": -3.8, "BF": -40.5, "ST": -21.0, "SOL": -53.6}
    channels, raw, rate_hz = c3d_channels(shared_data / "nimblephysics" / "welk007_static1.c3d", wanted.__contains__)
    chain = chain_for(channels, "V", rate_hz, emg_processing={"settle_s": 0.0})
    envelopes = chain.process(raw, 0)[:, 1:]
    for q in chain.quality:
        assert q.dc_uV == pytest.approx(wanted[q.channel] * 1e3, abs=700.0)
    later = np.median(envelopes[100:], axis=0)
    assert (np.max(envelopes[:50], axis=0) < 2.0 * later).all()
    settings = EmgSettings()
    with_offset = signal.sosfilt(band_pass(settings, rate_hz), raw * 1e6, axis=0)
    from_zero = signal.sosfilt(envelope_low_pass(settings, rate_hz), np.abs(with_offset), axis=0)
    assert np.max(from_zero[:1000, channels.index("RF")]) > 2.0 * later[channels.index("RF")]


def test_ganglion_is_undersampled_and_its_empty_inputs_are_stuck(shared_data):
    path = shared_data / "openbci" / "OpenBCI-RAW-S02_S1R0.txt"
    raw = np.genfromtxt(path, delimiter=",", comments="%", usecols=(1, 2, 3, 4))
    chain = chain_for(["a", "b", "c", "d"], "uV", 200.0)
    frames = chain.process(raw, 0)
    assert chain.undersampled
    assert [q.verdict for q in chain.quality] == [Verdict.GOOD, Verdict.GOOD, Verdict.STUCK, Verdict.STUCK]
    assert [q.only_noise for q in chain.quality[:2]] == [False, False]
    assert np.nanmax(frames[:, 1]) > 20.0 * np.nanmedian(frames[:, 1])
