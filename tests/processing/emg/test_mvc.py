"""Tries of maximal contractions, found where they were put, and judged by the best two."""

from __future__ import annotations

import numpy as np
import pytest

from acquisition.rig import Electrode
from processing.emg.mvc import Try, efforts_in, judge_tries

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
    found = efforts_in(T, signal, signal, "r").tries
    assert [round(one.uV) for one in found] == [420, 280, 290]
    strongest = max(np.convolve(signal, np.ones(50) / 50, "valid"))
    assert found[0].uV == pytest.approx(strongest)
    assert 3.0 < found[0].at_s < 3.6
    assert {one.recording for one in found} == {"r"}


def test_one_effort_with_a_dip_is_one_try_and_a_twitch_is_none() -> None:
    dip = envelope((2, 4, 300), (4.2, 6, 300), (14, 14.2, 310), (20, 24, 300))
    assert [round(one.uV) for one in efforts_in(T, dip, dip, "r").tries] == [300, 300]


def test_bad_seconds_count_for_nothing() -> None:
    signal = envelope((2, 6, 300), (14, 18, 280))
    signal[(T > 1.0) & (T < 7.0)] = np.nan
    assert [round(one.uV) for one in efforts_in(T, signal, signal, "r").tries] == [280]
    assert efforts_in(T, np.full(len(T), np.nan), signal, "r").tries == []
    assert efforts_in(T[:20], signal[:20], signal[:20], "r").tries == []
    assert efforts_in(T[:0], signal[:0], signal[:0], "r").tries == []


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


def test_noise_between_bad_contractions_is_no_try() -> None:
    raw = envelope((2, 6, 300), (14, 18, 310), (26, 30, 305))
    good = np.where(raw > 100.0, np.nan, raw * (1.0 + 0.1 * np.sin(T)))
    found = efforts_in(T, good, raw, "r")
    assert found.tries == []
    assert found.spoilt is not None
    assert round(found.spoilt.uV) == 310
    judged = judge_tries(VL, found.tries, found.spoilt, "at full scale for 12 % of the time")
    assert "its strongest effort, at " in judged.sentence
    assert "at full scale" in judged.sentence


def test_a_contraction_that_was_bad_in_part_is_none_and_rest_must_follow() -> None:
    raw = envelope((2, 6, 300), (14, 18, 280), (26, 30, 290))
    good = raw.copy()
    good[(T > 15.0) & (T < 15.5)] = np.nan
    assert [round(one.uV) for one in efforts_in(T, good, raw, "r").tries] == [300, 290]


def test_a_short_artefact_spoils_nothing() -> None:
    raw = envelope((2, 6, 300), (10, 10.4, 5000), (14, 18, 280), (26, 30, 290))
    good = np.where(raw > 1000.0, np.nan, raw)
    found = efforts_in(T, good, raw, "r")
    assert [round(one.uV) for one in found.tries] == [300, 280, 290]
    assert found.spoilt is None
