"""Edges are found where they are, whatever the levels, the noise and the blocks, and nowhere else."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from acquisition.stretches import TICK, Stretch
from acquisition.timebase.sync_edges import LEAST_PULSE_S, finders
from tests.support.rigs import a_rig
from tests.support.sync_lines import finder, found, level, pulses, stretch_of


def sampled(edges_s, rate_hz, ramp_s=0.0):
    return level(edges_s, np.arange(int((edges_s[-1] + 0.3) * rate_hz)) / rate_hz, ramp_s)


@given(
    edges_s=pulses(),
    rate_hz=st.sampled_from([250.0, 1000.0, 2000.0]),
    scale=st.sampled_from([5.0, -3.3, 1e-3, 1e5]),
    offset=st.sampled_from([0.0, -2.0, 1e4]),
    noise=st.floats(0, 0.03),
    dtype=st.sampled_from(["float32", "float64"]),
    seed=st.integers(0, 99),
)
@example(edges_s=np.arange(0.9, 4.5, 0.5), rate_hz=250.0, scale=5.0, offset=10000.0, noise=0.0002, dtype="float32", seed=0)
@example(edges_s=np.arange(0.9, 4.5, 0.5), rate_hz=250.0, scale=5.0, offset=0.0, noise=5e-324, dtype="float64", seed=10)
@settings(max_examples=60)
def test_edges_are_found_to_a_sample_and_none_else(edges_s, rate_hz, scale, offset, noise, dtype, seed):
    """The first is not among them: nobody knows the line's levels yet."""
    line = sampled(edges_s, rate_hz) + noise * np.random.default_rng(seed).standard_normal(int((edges_s[-1] + 0.3) * rate_hz))
    edges = found((scale * line + offset * abs(scale)).astype(dtype), rate_hz)
    assert edges["rising"].tolist() == [(k % 2 == 0) == (scale > 0) for k in range(1, len(edges_s))]
    np.testing.assert_allclose(edges["index"], edges_s[1:] * rate_hz, atol=1.0)


@given(edges_s=pulses(), ramp_samples=st.floats(2, 12), threshold_pct=st.sampled_from([30.0, 50.0, 70.0]))
@example(
    edges_s=np.array([0.9, 1.4, 2.02046132, 2.32308869, 2.65642203, 3.37921679, 3.87921679, 4.37921679]),
    ramp_samples=4.472814904704291,
    threshold_pct=30.0,
)
@settings(max_examples=40)
def test_edges_of_a_line_that_rises_slowly_are_found_between_the_samples(edges_s, ramp_samples, threshold_pct):
    rate_hz = 1000.0
    edges = found(sampled(edges_s, rate_hz, ramp_samples / rate_hz), rate_hz, threshold_pct)
    later = (threshold_pct / 100 - 0.5) * ramp_samples * np.where(edges["rising"], 1, -1)
    # The threshold follows the levels slowly, by a few percent of their distance in a second.
    np.testing.assert_allclose(edges["index"], edges_s[1:] * rate_hz + later, atol=0.06 * ramp_samples)


@given(edges_s=pulses(), cuts=st.lists(st.integers(0, 20_000), max_size=12), lost=st.integers(0, 3), seed=st.integers(0, 99))
@settings(max_examples=40)
def test_however_the_samples_are_cut_the_edges_are_the_same_bit_for_bit(edges_s, cuts, lost, seed):
    rng = np.random.default_rng(seed)
    line = sampled(edges_s, 1000.0, 0.003) + 0.02 * rng.standard_normal(int((edges_s[-1] + 0.3) * 1000))
    line[rng.random(len(line)) < 0.001] = np.nan
    samples = np.stack([rng.standard_normal(len(line)), line], axis=1)
    gaps = np.sort(rng.integers(0, len(line), lost))
    whole, pieces = finder(1000.0, 1), finder(1000.0, 1)
    one, other = [], []
    for begin, end in zip([0, *gaps], [*gaps, len(line)], strict=True):
        if begin == end:
            continue
        jump = 1000 * int(np.searchsorted(gaps, begin, side="right"))
        one.append(whole.take(stretch_of(samples[begin:end], begin + jump)))
        inside = sorted({begin, end, *(cut for cut in cuts if begin < cut < end)})
        other += [pieces.take(stretch_of(samples[a:b], a + jump)) for a, b in pairwise(inside)]
    assert np.concatenate(one).tobytes() == np.concatenate(other).tobytes()
    assert len(np.concatenate(one)) > 0


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("rate_hz", [250.0, 2000.0])
def test_a_channel_without_a_line_has_no_edges(rate_hz, seed):
    rng = np.random.default_rng(seed)
    t_s = np.arange(int(120 * rate_hz)) / rate_hz
    white = rng.standard_normal(len(t_s))
    hum = 5 * np.sin(2 * np.pi * 50 * t_s) + 0.1 * white
    for quiet in (np.zeros(len(t_s)), white, np.rint(white), hum, np.full(len(t_s), np.nan)):
        assert len(found(quiet, rate_hz)) == 0


def test_bounce_and_glitches_are_no_edges():
    rate_hz = 2000.0
    edges_s = np.arange(1, 21) * 0.5
    line = sampled(edges_s, rate_hz)
    clean = found(line, rate_hz)
    short = int(0.8 * LEAST_PULSE_S * rate_hz)
    for at in (1500, 4700, 9211):
        line[at : at + short] = 1 - line[at : at + short]
    for at in (3000, 5000):  # right behind an edge
        line[at + 3 : at + 9] = 1 - line[at + 3 : at + 9]
    edges = found(line, rate_hz)
    assert edges["rising"].tolist() == clean["rising"].tolist()
    assert np.abs(edges["index"] - clean["index"]).max() < 10


def test_a_change_that_nobody_saw_is_no_edge():
    """An edge behind samples that are no number, in a gap, or while the device was started anew."""
    rate_hz = 1000.0
    edges_s = np.arange(1, 13) * 0.5
    line = sampled(edges_s, rate_hz)
    hidden = line.copy()
    hidden[1990:2005] = np.nan
    expected = [e for e in found(line, rate_hz)["index"] if not 1990 <= e < 2005]
    assert found(hidden, rate_hz)["index"] == pytest.approx(expected, abs=1e-4)

    for first_index, segment in ((2005, 0), (1990, 1)):
        behind = finder(rate_hz)
        before = behind.take(stretch_of(line[:1990]))
        after = behind.take(stretch_of(line[2005:], first_index, 1990, segment))
        assert [*before["index"], *after["index"] - first_index + 2005] == pytest.approx(expected, abs=1e-4)


def test_a_spike_is_forgotten():
    edges_s = np.arange(1, 401) * 0.5
    line = sampled(edges_s, 1000.0)
    line[20_250] = 20.0
    edges = found(line, 1000.0)
    late = edges["index"] > 110_000
    np.testing.assert_allclose(edges["index"][late], 1000.0 * edges_s[edges_s > 110], atol=1.0)
    assert (np.isin(np.round(edges["index"] + 0.5), 1000.0 * edges_s)).all()


def test_runs_of_any_shape_are_taken():
    line = finder(1000.0, 2, "float32")
    ticks = np.array([(1, 1, 0, 0.0)], TICK)
    assert len(line.take(Stretch(np.zeros((1, 5), np.float32), ticks, 0, 0))) == 0


def test_a_rig_names_the_channels():
    streams = [
        {"name": name, "rate_hz": 1000.0, "channels": ["a", "line"], "units": "V", "source": {"kind": "simulated"}, **more}
        for name, more in (("x", {}), ("y", {"sync_channel": "line"}), ("z", {"sync_channel": "a", "dtype": "float32"}))
    ]
    assert list(finders(a_rig(*streams))) == ["y", "z"]
    with pytest.raises(ValueError, match="the sync_channel 'b' is none of the stream's channels, which are a, line"):
        a_rig({**streams[0], "sync_channel": "b"})
    electrode = {"muscle": "VL", "side": "left", "stream": "y", "channel": "line"}
    with pytest.raises(ValueError, match="names the channel 'line', which is the sync_channel of 'y'"):
        a_rig(*streams, emg=[electrode])
