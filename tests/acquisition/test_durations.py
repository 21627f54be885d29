"""Durations are told in the largest unit of which there are two."""

from __future__ import annotations

import pytest

from acquisition.durations import in_words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (90, "90 s"), (119.4, "119 s"), (120, "2 min"), (3600, "60 min"), (7200, "2 h"),
                           (100_000, "28 h"), (172_800, "2 days"), (1e9, "11574 days")]
)  # fmt: skip
def test_in_words(seconds, words):
    assert in_words(seconds) == words
