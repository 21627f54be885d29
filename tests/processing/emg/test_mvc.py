"""Tries of maximal contractions, found where they were put, and judged by the best two."""

from __future__ import annotations

import numpy as np
import pytest

from acquisition.rig import Electrode
from processing.emg.mvc import Try, judge_tries, tries_in

T = np.arange(0.0, 40.0, 0.01)
VL = Electrode(muscle="VL", side="left", stream="emg", channel="a")


def envelope(*tries: tuple[float, float, float]) -> np.ndarray:
    """A muscle at rest, and at work from one second to another with so many µV."""
    found = np.full(len(T), 5.0)
    for begin_s, end_s, uV in tries:
        found[(begin_s <= T) & (end_s > T)] = uV
    return found


def test_each_try_gives_its_strongest_half_second() -> None:
    signal = envelope((2, 6, 300), (14, 18, 280), (26, 30, 290))
    signal[(T >= 3.0) & (T < 3.1)] = 900.0  # an artefact shorter than the window counts by its share
    found = tries_in(T, signal, "r")
    assert [round(one.uV) for one in found] == [420, 280, 290]
    strongest = max(np.convolve(signal, np.ones(50) / 50, "valid"))
    assert found[0].uV == pytest.approx(strongest)
    assert 3.0 < found[0].at_s < 3.6
    assert {one.recording for one in found} == {"r"}


def test_one_effort_with_a_dip_is_one_try_and_a_twitch_is_none() -> None:
    dip = envelope((2, 4, 300), (4.2, 6, 300), (14, 14.2, 310), (20, 24, 300))
    assert [round(one.uV) for one in tries_in(T, dip, "r")] == [300, 300]


def test_bad_seconds_count_for_nothing() -> None:
    signal = envelope((2, 6, 300), (14, 18, 280))
    signal[(T > 1.0) & (T < 7.0)] = np.nan
    assert [round(one.uV) for one in tries_in(T, signal, "r")] == [280]
    assert tries_in(T, np.full(len(T), np.nan), "r") == []
    assert tries_in(T[:20], signal[:20], "r") == []
    assert tries_in(T[:0], signal[:0], "r") == []


@pytest.mark.parametrize(
    ("microvolts", "says"),
    [
        ([], "no try was found"),
        ([300.0, 298.0], "only 2 tries were found, and three are asked for"),
        ([300.0], "only 1 try was found"),
        ([300.0, 250.0, 200.0], "its best two tries, 300 and 250 µV, differ by 17 %"),
        ([250.0, 300.0, 272.0], ""),
        ([100.0, 300.0, 299.0, 120.0], ""),
    ],
)
def test_the_best_of_three_counts_where_the_second_confirms_it(microvolts: list[float], says: str) -> None:
    found = judge_tries(VL, [Try("r", 2.0, uV) for uV in microvolts])
    assert found.refused.startswith(says)
    assert bool(found.refused) == bool(says)
    if not says:
        assert found.tries[0].uV == 300.0
        assert found.sentence.startswith("VL left: 300 µV, the best of ")
