"""Empty stretches of a plate, against windows judged one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquisition.rig import empty_plate
from acquisition.rig.empty_plate import EMPTY_SD_N, empty_stretches, is_unloaded


def plainly(fz_N: np.ndarray, window: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start in range(len(fz_N) - window + 1):
        if np.std(fz_N[start : start + window]) < EMPTY_SD_N:
            begin = found.pop()[0] if found and start < found[-1][1] else start
            found.append((begin, start + window))
    return [(a, b) for a, b in found if is_unloaded(float(fz_N[a:b].mean()), fz_N)]


@settings(max_examples=60, deadline=None)
@given(
    pieces=st.lists(st.tuples(st.integers(20, 260), st.sampled_from([0.0, 30.0, 400.0, 700.0])), min_size=1, max_size=6),
    seed=st.integers(0, 1000),
    lost=st.lists(st.integers(0, 1500), max_size=3),
    piece=st.sampled_from([50, 137, 60_000]),
)
def test_they_are_those_of_windows_judged_one_by_one(pieces, seed, lost, piece):
    rng = np.random.default_rng(seed)
    fz_N = np.concatenate([level + rng.normal(0.0, 0.3 if level < 100 else 4.0, n) for n, level in pieces])
    fz_N[[at for at in lost if at < len(fz_N)]] = np.nan
    if np.isnan(fz_N).all():
        return
    whole = empty_plate.PIECE_FRAMES
    empty_plate.PIECE_FRAMES = piece
    try:
        assert empty_stretches(fz_N, 100.0) == plainly(fz_N, 100)
    finally:
        empty_plate.PIECE_FRAMES = whole


def test_somebody_who_stands_still_is_not_an_empty_plate():
    t = np.arange(2000) / 100.0
    standing = 350.0 + 2.5 * np.sin(2 * np.pi * 0.4 * t)
    assert empty_stretches(standing, 100.0) == []


def test_a_model_without_sway_is_not_an_empty_plate():
    """A rigid body stands as still as an empty plate; but it is not at the unloaded end, or weighs too much."""
    assert empty_stretches(np.full(500, 390.0), 100.0) == []
    squats = np.concatenate([np.full(300, 390.0), 390.0 - 90.0 * np.sin(np.linspace(0, 2 * np.pi, 300)), np.full(300, 390.0)])
    assert empty_stretches(squats, 100.0) == []


@pytest.mark.parametrize("rate_hz", [200.0, 1000.0, 2000.0])
def test_samples_are_judged_by_means_of_ten_milliseconds(rate_hz):
    """The noise of a real plate at its full rate is larger than one foot's sway."""
    rng = np.random.default_rng(0)
    n = round(3 * rate_hz)
    fz_N = np.concatenate([rng.normal(12.0, 0.06 * rate_hz**0.5, n), 400.0 + 10.0 * np.sin(np.arange(n) / rate_hz * 9.0)])
    ((start, end),) = empty_stretches(fz_N, rate_hz)
    assert start == 0
    assert end == pytest.approx(n, abs=0.02 * rate_hz)


@pytest.mark.parametrize("wrong", [1e200, -1e300, np.inf, np.nan])
def test_what_is_no_force_breaks_a_stretch_and_no_more(wrong: float) -> None:
    fz_N = np.r_[np.zeros(300), 700.0 + 5.0 * np.sin(np.arange(300))]
    fz_N[100] = wrong
    assert empty_stretches(fz_N, 100.0) == [(0, 100), (101, 300)]


def test_hours_with_many_stances_are_looked_through_once(monkeypatch):
    """The range is that of the whole recording: to ask for it anew at each stretch took nine minutes of twelve hours."""
    asked = []
    percentile = np.nanpercentile
    monkeypatch.setattr(np, "nanpercentile", lambda *given: asked.append(1) or percentile(*given))
    pieces = [np.zeros(200), 500.0 + 50.0 * np.random.default_rng(1).standard_normal(200)] * 20
    assert len(empty_stretches(np.concatenate(pieces), 100.0)) == 20
    assert len(asked) == 1
