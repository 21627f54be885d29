"""Streams laid out evenly: each sample in its slot, nothing invented without being marked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import resample

from acquisition.export.about import ExportError
from acquisition.export.even_stream import EvenStream, Held
from acquisition.recording import Recording, RecordingWriter
from acquisition.stretches import TICK, Stretch
from tests.support.exported import written
from tests.support.recordings import complete
from tests.support.rigs import a_rig


def one_stream(tmp_path, *parts, rate_hz=1000.0):
    rig = a_rig({"name": "emg", "rate_hz": rate_hz, "channels": ["a", "b"]})
    return written(tmp_path / "r.h5", rig, {"emg": parts})


def ramp(begin, end):
    return np.column_stack([np.arange(begin, end, dtype=float), -np.arange(begin, end, dtype=float)])


def test_lost_samples_are_slots_without_a_number(tmp_path):
    with Recording(one_stream(tmp_path, (0, ramp(0, 100)), (130, ramp(130, 200)), (1000, ramp(1000, 1010)))) as recording:
        stream = EvenStream(recording, "emg")
        assert (stream.length, stream.rate_hz) == (1010, 1000.0)
        values = stream.read(-5, 1020)
        expected = np.full(1020, np.nan)
        for begin, end in ((0, 100), (130, 200), (1000, 1010)):
            expected[5 + begin : 5 + end] = np.arange(begin, end)
        np.testing.assert_array_equal(values[:, 0], expected)
        pieces = [stream.read(at, 7)[:, 1] for at in range(0, 1010, 7)]
        np.testing.assert_array_equal(np.concatenate(pieces)[:1010], -expected[5:1015])


def test_a_stream_that_begins_late_in_its_own_count_begins_with_its_first_sample(tmp_path):
    with Recording(one_stream(tmp_path, (500, ramp(500, 600)))) as recording:
        stream = EvenStream(recording, "emg")
        assert stream.length == 100
        assert stream.read(0, 1)[0, 0] == 500.0
        assert stream.seconds_of(stream.host_s(np.array([50]))[0]) == pytest.approx(0.05)


def test_a_device_that_was_started_anew_goes_on_where_its_clock_says(tmp_path):
    """Its count goes on by one, and 2.5 s have passed; then it counts on, and its clock says that it is before its own end."""
    rig = a_rig({"name": "emg", "rate_hz": 1000.0, "channels": ["a", "b"]})
    writer = RecordingWriter(tmp_path / "r.h5", rig, [settings.stream() for settings in rig.stream])
    ends = np.arange(50, 451, 50)
    ticks = np.zeros(len(ends), TICK)
    ticks["row"] = ticks["index"] = ends
    ticks["segment"] = np.repeat([0, 1, 2], 3)
    ticks["host_s"] = ends / 1000.0 + np.repeat([0.0, 2.5, 2.45], 3)
    for first in range(0, 9, 3):
        own = ticks[first : first + 3]
        writer.append("emg", Stretch(ramp(first * 50, first * 50 + 150), own, first * 50, first * 50))
    complete(writer)
    with Recording(tmp_path / "r.h5") as recording:
        stream = EvenStream(recording, "emg")
        values = stream.read(0, stream.length)[:, 0]
    assert np.flatnonzero(np.isnan(values)).tolist() == list(range(150, 2650))
    np.testing.assert_array_equal(values[2650:], np.arange(150, 450))  # none is written over


def test_a_stream_without_samples_is_refused(tmp_path):
    with Recording(one_stream(tmp_path)) as recording, pytest.raises(ExportError, match="holds no samples"):
        EvenStream(recording, "emg")


def test_weeks_that_were_lost_are_refused_and_not_written(tmp_path):
    path = one_stream(tmp_path, (0, ramp(0, 10)), (10**10, ramp(0, 10)))
    with Recording(path) as recording, pytest.raises(ExportError, match="has lost 2778 hours"):
        EvenStream(recording, "emg")


def test_a_rate_that_no_crystal_has_is_told_as_it_was(tmp_path):
    """A device that really ran at 1100 Hz: its blocks came so."""
    rig = a_rig({"name": "emg", "rate_hz": 1000.0, "channels": ["a", "b"]})
    writer = RecordingWriter(tmp_path / "r.h5", rig, [settings.stream() for settings in rig.stream])
    ends = np.arange(50, 44001, 50)
    ticks = np.zeros(len(ends), TICK)
    ticks["row"] = ticks["index"] = ends
    ticks["host_s"] = 7.0 + ends / 1100.0
    writer.append("emg", Stretch(ramp(0, 44000), ticks, 0, 0))
    complete(writer)
    with Recording(tmp_path / "r.h5") as recording:
        assert EvenStream(recording, "emg").rate_hz == pytest.approx(1100.0, rel=1e-6)


def test_between_samples_lies_what_fourier_says(tmp_path):
    """A signal below half the rate, which repeats: scipy's Fourier interpolation is exact."""
    n = np.arange(4000)
    wave = np.sin(2 * np.pi * 50 * n / 1000.0) + 0.5 * np.cos(2 * np.pi * 120 * n / 1000.0 + 1.0)
    samples = np.column_stack([wave, -wave])
    with Recording(one_stream(tmp_path, (0, samples))) as recording:
        stream = EvenStream(recording, "emg")
        twice = stream.at(stream.host_s(np.arange(7998) / 2))
        np.testing.assert_array_equal(twice[::2], samples[:3999])  # as they are
        found = twice[200:7800, 0]
        assert np.abs(found - resample(wave, 8000)[200:7800]).max() < 2e-5
        begun = stream.at(stream.host_s(np.arange(1001, 3001) / 2))
        assert np.abs(begun - twice[1001:3001]).max() < 1e-12  # however it is cut


def test_beside_a_gap_there_is_nothing_between_samples(tmp_path):
    with Recording(one_stream(tmp_path, (0, ramp(0, 500)), (510, ramp(510, 1000)))) as recording:
        stream = EvenStream(recording, "emg")
        found = stream.at(stream.host_s(np.arange(0, 2000) / 2))[:, 0]
        lost = np.isnan(found)
        assert lost[999:1020].all()
        assert not lost[:999].any()
        assert not lost[1020:1999].any()
        np.testing.assert_allclose(found[~lost], (np.arange(2000) / 2)[~lost].clip(max=999), atol=1e-9)


@given(
    st.lists(st.sampled_from([1.0, 2.0, float("nan"), float("inf")]), min_size=1, max_size=40),
    st.integers(1, 12),
)
def test_held_values_are_those_that_pandas_fills_forward(values, cut):
    both = np.column_stack([values, np.arange(len(values), dtype=float)])
    held = Held(10.0)
    out = np.concatenate([held.take(at, both[at : at + cut]) for at in range(0, len(both), cut)])
    finite = pd.Series(values).replace(np.inf, np.nan)
    np.testing.assert_array_equal(out[:, 0], finite.ffill().fillna(0.0))
    np.testing.assert_array_equal(out[:, 1], both[:, 1])
    marked = np.zeros(len(values), bool)
    for begin_s, end_s in held.lost_s:
        assert not marked[max(0, round(begin_s * 10) - 1)]  # spans that touch are one
        marked[round(begin_s * 10) : round(end_s * 10)] = True
    np.testing.assert_array_equal(marked, finite.isna())
    assert held.samples == int(finite.isna().sum())
