"""Inputs of a card are named one by one or in ranges, as NI-DAQmx itself names them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from hardware.nidaq.settings import NidaqSettings


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (["Dev1/ai0:3"], ["Dev1/ai0", "Dev1/ai1", "Dev1/ai2", "Dev1/ai3"]),
        (["Dev1/ai3:2", "Dev2/ai0"], ["Dev1/ai3", "Dev1/ai2", "Dev2/ai0"]),
        (["cDAQ1Mod1/ai0:ai1"], ["cDAQ1Mod1/ai0", "cDAQ1Mod1/ai1"]),
        (["Dev1/ai0:Dev1/ai1"], ["Dev1/ai0", "Dev1/ai1"]),
        (["Dev1/ai5"], ["Dev1/ai5"]),
    ],
)
def test_a_range_stands_for_its_inputs_in_order(given, meant):
    assert NidaqSettings.model_validate({"physical_channels": given}).physical_channels == meant


@pytest.mark.parametrize(
    "given", [["Dev1/ai0:Dev2/ai3"], ["Dev1/ai0:"], ["Dev1/ai0,Dev1/ai1"], ["Dev1/ai0:1", "Dev1/ai1"], [3]]
)
def test_what_is_no_range_is_refused(given):
    with pytest.raises(ValidationError):
        NidaqSettings.model_validate({"physical_channels": given})
