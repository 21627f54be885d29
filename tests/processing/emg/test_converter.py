"""What the converter gave is the same however samples are cut, and what a plain count of them says."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from processing.emg.converter import PRESENT, SATURATED, STEP, SUM, at_ends, count_samples, empty_counts, filled, spanned_codes
from processing.emg.filters import LANES

FULL_SCALE = 6.0
VALUES = [-8.0, -6.0, -5.0, -1.0, 0.0, 0.5, 1.0, 3.0, 6.0, 7.0, np.nan, np.inf, 1e12]


def counted(samples, lengths):
    """Count rows of samples in tiles of these lengths, each with a row for the sample before."""
    (counts,) = empty_counts(1)
    at, whole = 0, []
    for length in lengths:
        rows = np.full((length + 1, LANES), 1e300)
        rows[1:] = samples[at : at + length]
        whole.append(count_samples(rows, length, np.full(LANES, 2.0), np.full(LANES, FULL_SCALE), counts))
        at += length
    return counts, whole


@given(st.lists(st.sampled_from(VALUES), min_size=1, max_size=60), st.lists(st.integers(1, 20), min_size=1, max_size=9))
def test_counts_are_those_of_each_sample_however_they_are_cut(values, lengths):
    samples = np.zeros((len(values), LANES))
    samples[:, 3] = values
    samples[:, 5] = np.nan_to_num(values, nan=0.25, posinf=0.25) % 5.0  # never missing, within the range
    cut = np.minimum(np.cumsum(lengths), len(values))
    counts, whole = counted(samples, np.diff(np.concatenate([[0], cut, [len(values)]])).tolist())
    for c in (0, 3, 5):
        here = samples[:, c]
        there = np.abs(2.0 * here) < 1e9
        steps = [abs(b - a) for a, b, both in zip(here, here[1:], there[1:] & there[:-1], strict=False) if both and a != b]
        assert counts[PRESENT + c] == there.sum()
        assert counts[SATURATED + c] == (np.abs(here) >= FULL_SCALE).sum()
        total = 0.0
        for value in here[there]:
            total += 2.0 * value
        assert counts[SUM + c] == total
        assert counts[STEP + c] == min(steps, default=np.inf)
        if there.any() and steps:
            assert spanned_codes(counts, c) == 1.0 + np.ptp(here[there]) / min(steps)
    assert all(whole) == bool((np.abs(2.0 * samples) < 1e9).all())


def test_values_at_the_ends_are_counted_once_a_range_is_known():
    samples = np.zeros((400, LANES))
    samples[:, 0] = np.arange(400) % 200 - 100.0
    samples[150:160, 0] = 99.0
    counts, _ = counted(samples, [128, 128, 128, 16])
    first = np.flatnonzero(samples[:, 0] == 99.0)[0]
    assert at_ends(counts, 0) == (samples[first + 1 :, 0] == 99.0).sum()  # -100 comes again only once: by chance


@given(st.lists(st.integers(-40, 40), min_size=1, max_size=80), st.lists(st.integers(1, 20), min_size=1, max_size=9))
def test_what_fills_up_lost_samples_is_counted_however_it_is_cut(steps, lengths):
    """A value comes again 4 times or more, between steps of 8 codes or more; a window's open end counts by its beginning."""
    column = np.cumsum(np.where(np.abs(steps) < 30, steps, 0))  # many a step is none
    column = np.repeat(column, np.where(np.arange(len(column)) % 5 == 2, 6, 1)).astype(float)
    samples = np.zeros((len(column), LANES))
    samples[:, 2] = column
    cut = np.minimum(np.cumsum(lengths), len(column))
    counts, _ = counted(samples, np.diff(np.concatenate([[0], cut, [len(column)]])).tolist())
    expected, again, entry, code = 0, 0, 0.0, np.inf
    for before, value in pairwise(column):
        step = abs(value - before)
        code = min(code, step) if step else code
        expected += again if step and again >= 4 and min(entry, step) >= 8 * code else 0
        again, entry = (again + 1, entry) if not step else (0, step)
    expected += again if again >= 4 and entry >= 8 * code else 0
    assert filled(counts, 2) == expected
    assert filled(counts, 2) == expected  # asked twice, it is counted once
