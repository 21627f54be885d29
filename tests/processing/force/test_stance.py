from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquisition.rig.judgement import StillSettings
from processing.force.stance import QuietStance, StanceColumns

FRAME_SAMPLES = 20
# In another order than in the frames of the chain: only names count.
COLUMNS = StanceColumns(sample=4, fz_left=5, fz_right=6, fz_total=7, net=0, left=1, right=2, body_weight=3)
STILL = StillSettings(window_s=0.1, sd_pct=1.0, least_N=200.0)


def watch(total_N, left_mm=None, right_mm=None, still=STILL, samples=None) -> QuietStance:
    """Give all frames to a new search, 10 to a window; the feet stand at -150 and 150 mm unless said otherwise."""
    return refer(total_N, left_mm, right_mm, still, samples)[0]


def refer(total_N, left_mm=None, right_mm=None, still=STILL, samples=None, left_N=None):
    """Return the search and what it made of the places; the left foot bears `left_N`, or half of the total."""
    stance = QuietStance(still, 20.0, 2000.0, FRAME_SAMPLES, COLUMNS)
    total_N = np.asarray(total_N)
    left_N = total_N / 2 if left_N is None else left_N
    n = len(total_N)
    left_mm = np.full(n, -150.0) if left_mm is None else left_mm
    right_mm = np.full(n, 150.0) if right_mm is None else right_mm
    samples = np.arange(1, n + 1) * FRAME_SAMPLES - 1 if samples is None else samples
    rows = np.column_stack([np.zeros(n), left_mm, right_mm, np.zeros(n), samples, left_N, total_N - left_N, total_N])
    stance.refer(rows)
    return stance, rows[:, :4]


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


def test_a_foot_is_looked_for_anew_once_it_has_left_its_plate():
    """10 frames of stance, 12 on the right foot alone, then the left one is back 20 mm further in, under a heavier bar."""
    total = np.concatenate([np.full(22, 700.0), np.full(30, 900.0)])
    left_N = np.where((np.arange(52) >= 10) & (np.arange(52) < 22), 0.0, total / 2)
    left_mm = np.where(np.arange(52) < 10, -150.0, np.where(left_N > 20.0, -130.0, np.nan))
    stance, places = refer(total, left_mm, np.full(52, 150.0) + (np.arange(52) > 35), left_N=left_N)
    assert places[9, 1:].tolist() == [0.0, 0.0, 700.0]
    assert places[18, 2] == 0.0, "not off for long enough yet"
    assert np.isnan(places[19:31, :2]).all()
    assert (places[31:, 1] == 0.0).all()
    assert (places[:36, 2][9:] == 0.0).all()
    assert (places[36:, 2] == -1.0).all(), "the foot that stayed keeps its place"
    assert (places[31:, 3] == 700.0).all(), "body weight stays that of the first stance"
    assert stance.found is not None
    assert stance.found.last_sample == 32 * FRAME_SAMPLES - 1


@pytest.mark.parametrize("left_N", [25.0, np.nan])
def test_a_light_foot_and_a_lost_signal_do_not_end_the_stance(left_N):
    lost = np.arange(40) >= 10
    force = np.where(lost, left_N, 350.0)
    _, places = refer(350.0 + force, left_N=force)
    assert (places[:, 3] == 700.0)[9:].all()
    assert (places[9:, 1:3] == 0.0).all()
