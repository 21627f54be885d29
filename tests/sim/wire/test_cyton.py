"""A simulated lifter's EMG goes over a Cyton's wire and comes out of the unmodified client as it went in."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pty", reason="the stand-in needs pseudo-terminals, which this system lacks")

from acquisition.rig import Rig
from hardware.brainflow.settings import BrainflowSettings
from hardware.brainflow.source import BrainflowSource
from sim.device import SimulatedDevice
from sim.lifter.lifter import demo_lifter
from sim.wire import cyton
from sim.wire.cyton import CytonStandIn
from tests.support.rigs import a_rig

MUSCLES = ("VL", "VM", "RF", "BF")
LSB_UV = 4.5e6 / (2**23 - 1) / 24.0


def emg_rig() -> Rig:
    channels = [f"{muscle}_{side}" for side in ("left", "right") for muscle in MUSCLES]
    return a_rig(
        {"name": "emg", "rate_hz": 250.0, "channels": channels, "units": "uV"},
        name="a Cyton",
        emg=[
            {"muscle": muscle, "side": side, "stream": "emg", "channel": f"{muscle}_{side}"}
            for side in ("left", "right")
            for muscle in MUSCLES
        ],
    )


@pytest.mark.parametrize("port_takes_bytes", [4096, 20])
def test_a_lifters_emg_survives_the_wire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port_takes_bytes: int) -> None:
    """A port whose reader is slow takes a part of what is written; the rest comes later, and nothing is lost or torn."""
    whole = os.write
    monkeypatch.setattr(cyton, "write", lambda fd, wire: whole(fd, wire[:port_takes_bytes]))
    rig = emg_rig()
    port = tmp_path / "cyton"
    behind, alone = (SimulatedDevice(rig.stream[0], rig, demo_lifter(30.0, 7)) for _ in range(2))
    with CytonStandIn(lambda first, n: behind.samples(first, first + n), port):
        source = BrainflowSource(rig.stream[0].stream(), BrainflowSettings(board="CYTON_BOARD", serial_port=str(port)))
        source.open()
        source.start()
        blocks = []
        until_s = time.perf_counter() + 60.0
        while sum(len(block.samples) for block in blocks) < 200 and time.perf_counter() < until_s:
            blocks += [block for block in [source.read(0.1)] if block is not None]
        source.close()
    received = np.concatenate([block.samples for block in blocks])
    indices = np.concatenate([block.first_index + np.arange(len(block.samples)) for block in blocks])
    sent = alone.samples(0, int(indices[-1]) + 1)
    assert len(received) >= 200
    np.testing.assert_array_equal(indices, np.arange(len(indices)))
    assert np.ptp(sent, axis=0).min() > 10 * LSB_UV
    np.testing.assert_allclose(received, sent[indices], atol=0.5001 * LSB_UV)
