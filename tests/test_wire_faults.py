"""A session with all three vendors' clients, in which devices die and come back: the others never notice."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.support.lsl_here import NETWORK
from tests.support.rigs import a_rig
from tests.support.threads import native_threads

pytest.importorskip("pty", reason="a board can only be played on a pseudo-terminal, which this system lacks")
pytest.importorskip("pylsl", reason="pylsl is not installed, or its library does not load", exc_type=ImportError)

from acquisition.engine import Engine
from acquisition.recording import Recording
from acquisition.recording.recorder import Recorder
from acquisition.ring import PUBLISHED, Ring
from acquisition.timebase.time_base import TimeBase
from hardware import polling as polling
from hardware.brainflow.settings import BrainflowSettings
from hardware.brainflow.source import BrainflowSource
from hardware.lsl.settings import LslSettings
from hardware.lsl.source import LslSource
from hardware.nidaq.settings import NidaqSettings
from hardware.nidaq.source import NidaqSource
from hardware.source import SourceState
from sim.wire.cyton import CytonStandIn
from sim.wire.lsl_stand_in import LslStandIn, OutletFacts
from sim.wire.nidaq_card import Rack
from sim.wire.nidaq_server import StandInServer

RATES_HZ = {"card": 1000.0, "board": 250.0, "outlet": 500.0}
LIMIT_S = 30.0
STEP_UV = 0.03  # the Cyton's converter resolves 0.022 µV at a gain of 24
# What a busy machine may take for the start of a device, in seconds of samples that are numbered by time.
START_S = 1.0


def numbers(first: int, n: int, columns: int) -> np.ndarray:
    """Every column carries the number that the device itself gives a sample."""
    return np.repeat(np.arange(first, first + n, dtype=np.float64)[:, None], columns, axis=1)


def open_sockets() -> int:
    descriptors = [] if sys.platform != "linux" else list(Path("/proc/self/fd").iterdir())
    return sum(str(fd.readlink()).startswith("socket:") for fd in descriptors if fd.is_symlink())


class Lab:
    """Three devices, and one session with them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        port = folder / "cyton"
        self.card = StandInServer(Rack(lambda first, n: numbers(first, n, 32)))
        self.board = CytonStandIn(lambda first, n: numbers(first, n, 8), port)
        self.outlet = LslStandIn(OutletFacts("wire faults", "EMG", 2, RATES_HZ["outlet"]), NETWORK)
        sources = {
            "card": NidaqSettings(
                physical_channels=["Dev1/ai0", "Dev1/ai1"], server=self.card.address, answer_s=2.0, retry_s=0.2
            ),
            "board": BrainflowSettings(board="CYTON_BOARD", serial_port=str(port)),
            "outlet": LslSettings(stream_name="wire faults", **NETWORK.model_dump()),
        }
        units = {"card": "V", "board": "uV", "outlet": "uV"}
        self.rig = a_rig(
            *[
                {
                    "name": name,
                    "rate_hz": rate_hz,
                    "channels": ["a", "b"],
                    "units": units[name],
                    "block_samples": int(rate_hz / 40),
                    "source": sources[name].model_dump(),
                }
                for name, rate_hz in RATES_HZ.items()
            ],
            name="faults",
        )
        kinds = (NidaqSource, BrainflowSource, LslSource)
        self._sources = [
            kind(stream.stream(), source)  # type: ignore[arg-type]
            for kind, stream, source in zip(kinds, self.rig.stream, sources.values(), strict=True)
        ]

    def begin(self) -> None:
        """Begin a session, and let it run until all three record."""
        self.board.plug_in()
        self.outlet.start()
        self.ring = Ring.create(self.folder / "ring.h5", [stream.stream() for stream in self.rig.stream], 120.0)
        recorder = Recorder(self.ring, self.folder / "recording.h5", self.rig, TimeBase(self.ring, self.rig))
        self.engine = Engine(self.ring, self._sources, {"recorder": recorder})
        self.engine.arm()
        self.engine.start()
        self.go_on(list(RATES_HZ), 0.5)

    def end(self) -> None:
        self.engine.stop()
        self.card.gate.set()
        self.card.kill()
        self.board.unplug()
        self.outlet.kill()

    def rows(self, name: str) -> int:
        return self.ring.counter(name, PUBLISHED)

    def go_on(self, names: list[str], seconds: float) -> None:
        """Wait until each of these streams has so much more."""
        wanted = {name: self.rows(name) + seconds * RATES_HZ[name] for name in names}
        self.wait_for(lambda: all(self.rows(name) >= rows for name, rows in wanted.items()), f"more of {names}")

    def wait_for(self, happened: Callable[[], bool], what: str) -> None:
        until_s = time.perf_counter() + LIMIT_S
        while not happened():
            assert time.perf_counter() < until_s, (what, [(self.ring.state(n), self.ring.note(n)) for n in RATES_HZ])
            time.sleep(0.005)

    def wait_for_state(self, name: str, state: SourceState) -> None:
        self.wait_for(lambda: self.ring.state(name) is state, f"{name} {state}")


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    before = set(threading.enumerate())
    lab = Lab(tmp_path)
    try:
        yield lab
    finally:
        lab.end()
    lab.wait_for(lambda: set(threading.enumerate()) <= before, "all threads ended")


def check_untouched(recording: Recording, name: str) -> None:
    """Not a sample lost, doubled or in the wrong row."""
    stream = recording.streams[name]
    assert len(stream.gaps) == 0
    samples = recording.samples(name)[:, 0]
    np.testing.assert_allclose(np.diff(samples), 1.0, atol=STEP_UV)


def segments(recording: Recording, name: str) -> list[tuple[int, int, float]]:
    """First index, last index and the device's first number of each segment, every row of which is checked."""
    found: dict[int, list[tuple[int, int, float]]] = {}
    for stretch in recording.stretches(name):
        count = len(stretch.samples)
        np.testing.assert_allclose(stretch.samples[:, 0] - stretch.samples[0, 0], np.arange(count), atol=STEP_UV)
        segment = int(stretch.ticks["segment"][0])
        last = stretch.first_index + count - 1
        found.setdefault(segment, []).append((stretch.first_index, last, float(stretch.samples[0, 0])))
    return [(runs[0][0], runs[-1][1], runs[0][2]) for _, runs in sorted(found.items())]


def test_ni_server_dies_and_returns(lab: Lab) -> None:
    lab.begin()
    lab.card.kill()
    lab.wait_for_state("card", SourceState.LOST)
    assert "can't be reached" in lab.ring.note("card")
    lab.go_on(["board", "outlet"], 1.0)
    lab.card.revive()
    lab.wait_for_state("card", SourceState.RUNNING)
    assert "runs again" in lab.ring.note("card")
    lab.go_on(list(RATES_HZ), 0.5)
    lab.engine.stop()
    assert lab.engine.faults == []
    with Recording(lab.folder / "recording.h5") as recording:
        check_untouched(recording, "board")
        check_untouched(recording, "outlet")
        before, after = segments(recording, "card")
        assert after[0] - before[1] > RATES_HZ["card"]
        # The card has counted on meanwhile, so it knows how long the gap is that was measured by time.
        assert after[2] - after[0] == pytest.approx(before[2] - before[0], abs=START_S * RATES_HZ["card"])


def test_cyton_is_unplugged_and_plugged_in_again(lab: Lab) -> None:
    lab.begin()
    lab.board.drop(7)
    lab.go_on(["board"], 0.5)
    lab.board.unplug()
    lab.wait_for_state("board", SourceState.SILENT)
    assert "has sent nothing" in lab.ring.note("board")
    lab.wait_for_state("board", SourceState.LOST)
    lab.go_on(["card", "outlet"], 1.0)
    lab.board.plug_in()
    lab.wait_for_state("board", SourceState.RUNNING)
    assert "was away for" in lab.ring.note("board")
    lab.go_on(list(RATES_HZ), 0.5)
    lab.engine.stop()
    assert lab.engine.faults == []
    with Recording(lab.folder / "recording.h5") as recording:
        check_untouched(recording, "card")
        check_untouched(recording, "outlet")
        before, after = segments(recording, "board")
        lost_on_the_air, away = recording.streams["board"].gaps["missing"]
        assert lost_on_the_air == 7
        assert away == after[0] - before[1] - 1
        stretches = list(recording.stretches("board"))
        gone_s = stretches[-1].ticks["host_s"][0] - stretches[1].ticks["host_s"][-1]
        assert away == pytest.approx(gone_s * RATES_HZ["board"], abs=START_S * RATES_HZ["board"])


def test_lsl_outlet_is_killed_and_started_anew(lab: Lab) -> None:
    lab.begin()
    lab.outlet.kill()
    lab.wait_for_state("outlet", SourceState.LOST)
    assert "start it again" in lab.ring.note("outlet")
    lab.go_on(["card", "board"], 1.0)
    lab.outlet.start()
    lab.wait_for_state("outlet", SourceState.RUNNING)
    lab.go_on(list(RATES_HZ), 0.5)
    lab.engine.stop()
    assert lab.engine.faults == []
    with Recording(lab.folder / "recording.h5") as recording:
        check_untouched(recording, "card")
        check_untouched(recording, "board")
        before, after = segments(recording, "outlet")
        assert after[0] - before[1] > RATES_HZ["outlet"]
        stretches = list(recording.stretches("outlet"))
        gone_s = stretches[-1].ticks["host_s"][0] - stretches[0].ticks["host_s"][-1]
        missing = recording.streams["outlet"].gaps["missing"][-1]
        assert missing == pytest.approx(gone_s * RATES_HZ["outlet"], abs=START_S * RATES_HZ["outlet"])


def test_all_devices_lost_at_once_still_end_in_good_order(lab: Lab) -> None:
    lab.begin()
    threads, sockets = native_threads(), open_sockets()
    lab.card.kill()
    lab.outlet.kill()
    lab.board.unplug()
    for name in RATES_HZ:
        lab.wait_for_state(name, SourceState.LOST)
    lab.engine.stop()
    assert sorted(fault.split()[2] for fault in lab.engine.faults if "did not come back: about " in fault) == sorted(RATES_HZ)
    assert len(lab.engine.faults) == 3
    lab.wait_for(lambda: native_threads() < threads and open_sockets() < sockets, "threads and sockets released")
    with Recording(lab.folder / "recording.h5") as recording:
        for name in RATES_HZ:
            check_untouched(recording, name)


def test_a_server_that_falls_silent_holds_up_nobody(lab: Lab) -> None:
    lab.begin()
    lab.card.hold()
    lab.go_on(["board", "outlet"], 1.0)
    lab.wait_for_state("card", SourceState.LOST)
    assert "did not answer in time" in lab.ring.note("card")
    lab.go_on(["board", "outlet"], 1.0)
    lab.card.release()
    lab.wait_for_state("card", SourceState.RUNNING)
    lab.engine.stop()
    assert lab.engine.faults == []
    with Recording(lab.folder / "recording.h5") as recording:
        check_untouched(recording, "board")
        check_untouched(recording, "outlet")
        assert len(segments(recording, "card")) == 2
