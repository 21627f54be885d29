"""The EMG chain against SciPy, against itself in other blocks, and with samples that are none."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from acquisition.rig.judgement import EmgSettings
from processing.emg.chain import EmgChain
from processing.emg.filters import band_pass, envelope_low_pass, notch
from processing.emg.verdicts import Verdict
from tests.support.rigs import a_rig

PAIRS = [
    ("VL", "left"),
    ("BF", "left"),
    ("GMax", "left"),
    ("VM", "right"),
    ("ST", "right"),
    ("other", "right"),
    ("other", "right"),
]


def make_rig(electrodes=PAIRS, rate_hz=1000.0, mvc_uV=100.0, dtype="float64", units="uV", **parts):
    """A stream with one channel ahead of the electrodes, which stand in reverse order."""
    names = [f"c{i}" for i in range(len(electrodes) + 1)]
    return a_rig(
        {
            "name": "emg",
            "rate_hz": rate_hz,
            "channels": names,
            "units": units,
            "dtype": dtype,
        },
        emg=[
            {"muscle": m, "side": s, "stream": "emg", "channel": names[-1 - i], "mvc_uV": mvc_uV}
            for i, (m, s) in enumerate(electrodes)
        ],
        **parts,
    )


def names(chain):
    return [m.name for m in chain.metrics]


def column(chain, frames, name):
    return frames[:, names(chain).index(name)]


def reference(x_uV, settings, rate_hz):
    """SciPy, one stage after the other, from rest at the first sample."""
    y = signal.sosfilt(band_pass(settings, rate_hz), x_uV - x_uV[0], axis=0)
    if settings.notch_hz:
        y = signal.sosfilt(notch(settings.notch_hz, rate_hz), y, axis=0)
    return signal.sosfilt(envelope_low_pass(settings, rate_hz), np.abs(y), axis=0)


def noise(seconds, channels, rate_hz=1000.0, seed=0):
    return np.random.default_rng(seed).normal(0.0, 50.0, (round(seconds * rate_hz), channels))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("rate_hz", "count", "order", "notch_hz"), [(2000.0, 16, 4, 50.0), (1000.0, 19, 2, 0.0), (250.0, 3, 1, 60.0)]
)
def test_envelope_is_scipys_to_the_bit(dtype, rate_hz, count, order, notch_hz):
    emg = EmgSettings(band_order=order, notch_hz=notch_hz)
    rig = make_rig([("other", "left")] * count, rate_hz, dtype=dtype, units="mV", emg_processing=emg.model_dump())
    chain = EmgChain(rig, "emg")
    raw = (noise(2.0, count + 1, rate_hz) / 1000.0 - 54.0).astype(dtype)
    frames = chain.process(raw, 0)
    k = chain.frame_samples
    expected = reference(raw[:, :0:-1].astype(float) * 1000.0, emg, rate_hz)[k - 1 :: k]
    settled = round(0.5 * rate_hz) // k + 1
    assert len(frames) == len(raw) // k
    np.testing.assert_array_equal(frames[:, 0], np.arange(len(frames)) * k + k - 1)
    np.testing.assert_array_equal(frames[settled:, 1 : 1 + count], expected[settled:])
    assert np.isnan(frames[: settled - 2, 1:]).all()


def test_gain_and_unit_bring_microvolts():
    rig = make_rig([("VL", "left")], units="V")
    rig = rig.model_copy(update={"emg": [rig.emg[0].model_copy(update={"gain": 500.0})]})
    chain = EmgChain(rig, "emg")
    raw = noise(2.0, 2)
    frames = chain.process(raw * 500.0 / 1e6, 0)
    np.testing.assert_allclose(frames[60:, 1], reference(raw[:, 1], EmgSettings(), 1000.0)[9::10][60:], rtol=1e-9)


def test_dc_offset_leaves_no_transient():
    chain = EmgChain(make_rig([("VL", "left")], emg_processing={"settle_s": 0.0}), "emg")
    frames = chain.process(np.full((1000, 2), -54_000.0), 0)
    np.testing.assert_array_equal(frames[:, 1], 0.0)


def test_a_sine_has_the_envelope_of_theory():
    """The mean of a rectified sine of amplitude A is 2 A / pi."""
    chain = EmgChain(make_rig([("VL", "left")], 2000.0), "emg")
    t = np.arange(8000) / 2000.0
    frames = chain.process(np.column_stack((t, 300.0 * np.sin(2 * np.pi * 110.0 * t))), 0)
    np.testing.assert_allclose(frames[200:, 1], 300.0 * 2 / np.pi, rtol=5e-3)
    np.testing.assert_allclose(column(chain, frames, "activation_left_VL_pct")[200:], 300.0 * 2 / np.pi, rtol=5e-3)


@st.composite
def recordings(draw):
    """Samples with dropouts, the index at which each run of them begins (gaps included), and where to cut them."""
    raw = noise(4.0, len(PAIRS) + 1, seed=draw(st.integers(0, 99)))
    for _ in range(draw(st.integers(0, 6))):
        start, length = draw(st.integers(0, 3999)), draw(st.integers(1, 400))
        raw[start : start + length, draw(st.integers(0, len(PAIRS)))] = draw(st.sampled_from([np.nan, np.inf, -np.inf, 1e300]))
    index = np.arange(len(raw)) + draw(st.sampled_from([0, 7]))
    for _ in range(draw(st.integers(0, 3))):
        index[draw(st.integers(1, 3999)) :] += draw(st.sampled_from([1, 3, 10, 25, 999, 2600]))
    cuts = draw(st.lists(st.integers(1, 3999), max_size=30))
    return raw, index, cuts


def in_blocks(chain, raw, index, cuts):
    edges = np.unique(np.concatenate(([0, len(raw)], cuts, np.flatnonzero(np.diff(index) > 1) + 1))).astype(int)
    found = [chain.process(raw[a:b], int(index[a])).copy() for a, b in pairwise(edges)]
    return np.vstack([*found, chain.finish()])


RIG = make_rig(emg_processing={"settle_s": 0.1, "baseline_s": 0.3}, quality={"window_s": 0.37, "missing_pct": 3.0})


@settings(max_examples=40)
@given(recordings())
def test_blocks_change_nothing(recording):
    raw, index, cuts = recording
    whole, cut = EmgChain(RIG, "emg"), EmgChain(RIG, "emg")
    np.testing.assert_array_equal(in_blocks(cut, raw, index, cuts), in_blocks(whole, raw, index, []))
    assert repr(cut.quality) == repr(whole.quality)


@settings(max_examples=40)
@given(recordings())
def test_bounds_hold_whatever_is_lost(recording):
    raw, index, cuts = recording
    chain = EmgChain(RIG, "emg")
    frames = in_blocks(chain, raw, index, cuts)
    for name in names(chain):
        values = column(chain, frames, name)
        values = values[~np.isnan(values)]
        if name.startswith("h_share"):
            assert ((values >= 0.0) & (values <= 1.0)).all()
        elif name.startswith("qh_between"):
            assert (np.abs(values) < 20.0).all()
        elif name.startswith("qh"):
            assert ((values > 0.0) & (values < 1e6)).all()
        elif name.endswith("_pct"):
            assert (values >= 0.0).all()
        assert np.isfinite(values).all()
    ends = frames[:, 0].astype(int)
    present = set(index.tolist())
    assert all(set(range(end - 9, end + 1)) <= present for end in ends)
    complete = sum(all(10 * f + i in present for i in range(10)) for f in range(int(index[-1]) // 10 + 1))
    assert len(ends) == complete


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_one_bad_sample_stays_in_its_channel_and_passes(bad):
    raw = noise(4.0, len(PAIRS) + 1)
    clean = EmgChain(make_rig(), "emg").process(raw, 0).copy()
    raw[1500, 7] = bad
    chain = EmgChain(make_rig(), "emg")
    frames = chain.process(raw, 0)
    hit = names(chain).index("envelope_left_VL_uV")
    others = [i for i, name in enumerate(names(chain)) if name.startswith("envelope") and i != hit]
    np.testing.assert_array_equal(frames[:, others], clean[:, others])
    lost = np.flatnonzero(np.isnan(frames[:, hit]) & (frames[:, 0] > 1000))
    np.testing.assert_array_equal(lost, np.arange(150, 200))
    np.testing.assert_allclose(frames[200:, hit], clean[200:, hit], rtol=0.02)
    np.testing.assert_array_equal(frames[:150], clean[:150])


def test_a_jump_within_a_dropout_does_not_reach_the_envelope():
    raw = np.zeros((3000, 2))
    raw[1200:1300] = np.nan
    raw[1300:] = 50_000.0
    frames = EmgChain(make_rig([("VL", "left")]), "emg").process(raw, 0)
    np.testing.assert_array_equal(frames[180:, 1], 0.0)


def test_a_channel_that_starts_late_has_no_transient():
    raw = noise(3.0, 2) - 54_000.0
    raw[:1000] = np.nan
    frames = EmgChain(make_rig([("VL", "left")]), "emg").process(raw, 0)
    expected = reference(raw[1000:, 1], EmgSettings(), 1000.0)[9::10]
    np.testing.assert_array_equal(frames[150:, 1], expected[50:])
    assert np.isnan(frames[:149, 1]).all()


def test_after_a_gap_the_filters_begin_anew():
    raw = noise(3.0, 2)
    chain = EmgChain(make_rig([("VL", "left")]), "emg")
    chain.process(raw[:1004], 0)
    frames = np.vstack([chain.process(raw[1004:], 2000).copy(), chain.finish()])
    frames = frames[frames[:, 0] >= 2000]
    expected = reference(raw[1004:, 1], EmgSettings(), 1000.0)[9::10]
    np.testing.assert_array_equal(frames[:, 0], np.arange(2009, 3996, 10))
    np.testing.assert_array_equal(frames[51:, 1], expected[51 : len(frames)])
    assert np.isnan(frames[:48, 1]).all()


def test_columns_are_those_the_electrodes_can_give():
    left = EmgChain(make_rig([("VL", "left"), ("BF", "left"), ("ADD", "left"), ("GMed", "right"), ("other", "left")]), "emg")
    assert names(left) == [
        "sample",
        "envelope_left_VL_uV",
        "envelope_left_BF_uV",
        "envelope_left_ADD_uV",
        "envelope_right_GMed_uV",
        "envelope_left_other_uV",
        "activation_left_VL_pct",
        "energy_left_VL_uV2",
        "activation_left_BF_pct",
        "energy_left_BF_uV2",
        "activation_left_ADD_pct",
        "energy_left_ADD_uV2",
        "activation_right_GMed_pct",
        "energy_right_GMed_uV2",
        "quads_left_pct",
        "hams_left_pct",
        "glutes_right_pct",
        "qh_left",
        "h_share_left",
        "qh_change_left",
        "co_contraction_left_pct",
    ]
    both = EmgChain(make_rig(), "emg")
    assert "qh_between_legs_log2" in names(both)
    assert len(set(names(both))) == len(names(both))


def test_refusals_are_sentences():
    with pytest.raises(ValueError, match="no electrode of the rig 'test' is on the stream 'emg'"):
        EmgChain(make_rig([]), "emg")
    chain = EmgChain(make_rig([("VL", "left")]), "emg")
    with pytest.raises(ValueError, match="a block has 5 channels, but its stream in the rig has 2"):
        chain.process(np.zeros((10, 5)), 0)


def test_slow_boards_are_marked():
    assert EmgChain(make_rig([("VL", "left")], 250.0), "emg").undersampled
    assert not EmgChain(make_rig([("VL", "left")], 1000.0), "emg").undersampled


def test_a_device_that_counts_from_zero_again_begins_anew():
    raw = noise(2.0, 2)
    chain = EmgChain(make_rig([("VL", "left")]), "emg")
    first = np.vstack([chain.process(raw, 0).copy(), chain.finish()])
    again = np.vstack([chain.process(raw, 0).copy(), chain.finish()])
    np.testing.assert_array_equal(again[:, :2], first[:, :2])
    assert chain.quality[0].windows == 2 * len(raw) // 500
    assert chain.quality[0].verdict is Verdict.GOOD


def test_contractions_that_come_later_count_from_the_next_frame_on():
    raw = 50.0 * noise(4.0, 8)
    known, later = EmgChain(make_rig(mvc_uV=80.0), "emg"), EmgChain(make_rig(mvc_uV=None), "emg")
    expected = np.vstack([known.process(raw[:2000], 0).copy(), known.process(raw[2000:], 2000).copy()])
    first = later.process(raw[:2000], 0).copy()
    later.refer_to(make_rig(mvc_uV=80.0))
    second = later.process(raw[2000:], 2000).copy()
    amounts = [
        i for i, name in enumerate(names(later)) if name.startswith(("activation", "quads", "hams")) and name.endswith("pct")
    ]
    assert amounts
    assert np.isnan(first[:, amounts]).all()
    assert np.isfinite(second[:, amounts]).all()
    assert second[:, amounts].tobytes() == expected[len(first) :, amounts].tobytes()
