from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquisition.settings import StillSettings
from processing.stance import QuietStance

FRAME_SAMPLES = 20
STILL = StillSettings(window_s=0.1, sd_pct=1.0, least_N=200.0)


def watch(total_N, left_mm=None, right_mm=None, still=STILL, samples=None) -> QuietStance:
    """Give all frames to a new search, 10 to a window; the feet stand at -150 and 150 mm unless said otherwise."""
    stance = QuietStance(still, 2000.0, FRAME_SAMPLES)
    n = len(total_N)
    left_mm = np.full(n, -150.0) if left_mm is None else left_mm
    right_mm = np.full(n, 150.0) if right_mm is None else right_mm
    samples = np.arange(1, n + 1) * FRAME_SAMPLES - 1 if samples is None else samples
    places = np.column_stack([np.zeros(n), left_mm, right_mm, np.zeros(n)])
    stance.refer(samples.astype(float), np.asarray(total_N), places)
    return stance


@settings(max_examples=60)
@given(seed=st.integers(0, 10_000), noise_N=st.floats(0.0, 20.0), lost=st.lists(st.integers(0, 59), max_size=4))
def test_finds_the_first_window_that_numpy_finds(seed, noise_N, lost):
    rng = np.random.default_rng(seed)
    total = 700.0 + 100.0 * np.sin(np.arange(60) / 7.0) * (np.arange(60) < 30) + rng.normal(0, noise_N, 60)
    total[lost] = np.nan
    left, right = rng.normal(-150, 2, 60), rng.normal(150, 2, 60)
    windows = ((i, total[i - 9 : i + 1]) for i in range(9, 60))
    quiet = [i for i, window in windows if window.mean() > 200.0 and window.std() < 0.01 * window.mean()]
    found = watch(total, left, right).found
    if not quiet:
        assert found is None
        return
    i = quiet[0]
    assert found is not None
    assert found.last_sample == (i + 1) * FRAME_SAMPLES - 1
    assert found.body_weight_N == pytest.approx(total[i - 9 : i + 1].mean(), rel=1e-12)
    assert found.left_mm == pytest.approx(left[i - 9 : i + 1].mean(), rel=1e-12)
    assert found.right_mm == pytest.approx(right[i - 9 : i + 1].mean(), rel=1e-12)
    assert found.middle_mm == pytest.approx(0.5 * (found.left_mm + found.right_mm), rel=1e-12)


def test_the_first_stance_is_kept():
    first = watch(np.full(10, 700.0)).found
    assert watch(np.concatenate([np.full(10, 700.0), np.full(50, 900.0)])).found == first


def test_a_gap_begins_the_window_anew():
    samples = (np.arange(1, 16) + np.where(np.arange(15) < 5, 0, 1)) * FRAME_SAMPLES - 1
    total = np.full(15, 700.0)
    assert watch(total[:14], samples=samples[:14]).found is None
    found = watch(total, samples=samples).found
    assert found is not None
    assert found.last_sample == samples[-1]


@pytest.mark.parametrize("foot", ["left_mm", "right_mm"])
def test_both_feet_must_stand(foot):
    place = np.full(12, 100.0)
    assert watch(np.full(12, 700.0), **{foot: place}).found is not None
    place[5] = np.nan
    assert watch(np.full(12, 700.0), **{foot: place}).found is None


def test_empty_plates_are_no_stance_however_quiet():
    assert watch(np.full(30, 199.0)).found is None
    assert watch(np.full(30, 201.0)).found is not None
