"""Settings have limits: what no lab means is refused in a sentence, before anything is made of that size."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tests.support.rigs import a_rig

STREAM = {"name": "daq", "channels": ["a"]}


@pytest.mark.parametrize(
    ("stream", "parts"),
    [
        ({"rate_hz": 1e308}, {}),
        ({"rate_hz": float("inf")}, {}),
        ({"block_samples": 2**63}, {}),
        ({"source": {"kind": "simulated", "jitter_s": 1e12}}, {}),
        ({"source": {"kind": "lsl", "stream_name": "x", "rejoin_s": 1e9}}, {}),
        ({}, {"emg_processing": {"baseline_s": 1e15}}),
        ({}, {"emg_processing": {"envelope_hz": 1e300}}),
        ({}, {"still": {"window_s": 1e9}}),
        ({}, {"quality": {"window_s": float("nan")}}),
        ({}, {"rules": {"load_shift": {"amber_pct": 5, "red_pct": 10, "hold_s": 1e9}}}),
    ],
)
def test_what_no_lab_means_is_refused(stream, parts):
    a_rig(STREAM)
    with pytest.raises(ValidationError, match=r"less than or equal to|finite number|greater than"):
        a_rig({**STREAM, **stream}, **parts)
