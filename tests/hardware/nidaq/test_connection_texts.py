"""What the driver itself says is passed on whole."""

from __future__ import annotations

from nidaqmx.errors import DaqError

from hardware.nidaq.connection import MEANINGS, Connection

TEXT = """Requested value is not a supported value for this property.

Property: DAQmx_AI_Max
Requested Value:  20.0
You Can Select:  10.0, 5.0, 1.0

Task Name: squatscope_plates_1

Status Code: -200077"""


def test_what_was_asked_for_and_what_can_be_had_are_told():
    told = str(Connection().explain(DaqError(TEXT, -299999), "The stream 'plates' can't be opened"))
    assert "Property: DAQmx_AI_Max; Requested Value:  20.0; You Can Select:  10.0, 5.0, 1.0 (NI-DAQmx error -299999)." in told
    assert "Status Code" not in told
    known = str(Connection().explain(DaqError(TEXT, min(MEANINGS)), "The stream 'plates' can't be opened"))
    assert known.endswith(" NI-DAQmx says: Property: DAQmx_AI_Max; Requested Value:  20.0; You Can Select:  10.0, 5.0, 1.0.")
    assert "Task Name" not in told
