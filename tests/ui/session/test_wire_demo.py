"""The demonstration through the vendors' clients, as a user runs it: what it leaves, and that nothing of it stays behind."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from hardware.severity import Severity
from tests.support.command_line import COMMAND_WITHOUT_QT
from tests.support.lsl_here import NETWORK

pytest.importorskip("pylsl", reason="pylsl is not installed, or its library does not load", exc_type=ImportError)

from acquisition.recording import Recording, RecordingError
from acquisition.rig import Rig
from acquisition.rig.rig_file import example, load
from hardware.lsl.settings import LslSettings
from hardware.nidaq.settings import NidaqSettings
from hardware.source import SourceError
from processing.results import Results
from sim.lifter.lifter import demo_lifter
from sim.wire.lab import WireLab

SECONDS = 12
START_S = 120.0


def demo(folder, seconds: int) -> subprocess.Popen[str]:
    command = [*COMMAND_WITHOUT_QT, "demo", "--wire", "--headless", "--seconds", str(seconds), "--out", str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def stand_ins() -> dict[int, int]:
    """The processes that play devices now, whoever's they are, and who started each."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it may have ended meanwhile
            if b"sim.wire.devices" in (process / "cmdline").read_bytes():
                found[int(process.name)] = int((process / "stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[1])
    return found


def sync_edges_s(recording: Recording, stream: str) -> np.ndarray:
    """When the sync line rose, by the host's clock."""
    column = recording.rig.column(stream, "sync")
    level = np.concatenate([stretch.samples[:, column] for stretch in recording.stretches(stream)])
    rising = np.flatnonzero(np.diff((level > level.max() / 2).astype(int)) == 1) + 1
    return recording.streams[stream].clock.host_s(rising)


def test_the_three_clients_show_one_lifter_and_lose_nothing(tmp_path) -> None:
    process = demo(tmp_path / "out", SECONDS)
    said, complained = process.communicate(timeout=START_S)
    assert process.returncode == 0, said + complained
    assert complained == ""
    results = Results.read(tmp_path / "out" / "metrics.h5")
    red = {(flag.rule, flag.side) for flag in results.flags if flag.severity is Severity.RED}
    assert ("load_shift", "right") in red
    assert red <= {("load_shift", "right"), ("foot_cop_medial", "right"), ("qh_change", "right")}
    assert {flag.side for flag in results.flags} == {"right"}
    for stream in results.streams:
        assert (stream.gaps, stream.missing) == (0, 0)
        assert stream.rows == pytest.approx(SECONDS * stream.nominal_hz, rel=0.15)
    assert not [channel for channel in results.channels if channel.found]
    with Recording(tmp_path / "out" / "recording.h5") as recording:
        kinds = [stream.source.kind for stream in recording.rig.stream]
        assert kinds == ["nidaqmx", "lsl", "brainflow" if find_spec("pty") else "simulated"]
        plates, *others = (sync_edges_s(recording, stream.name) for stream in recording.rig.stream)
        assert len(plates) >= SECONDS - 3
        for edges in others:
            nearest = np.abs(edges[:, None] - plates).min(axis=1)
            assert np.median(nearest) < 0.1
    assert not (tmp_path / "out" / "ring.h5").exists()


def recording_begun(path: Path) -> bool:
    """Return whether every stream has samples, which takes until the sync line has been seen by all."""
    try:
        with Recording(path) as recording:
            return all(stream.rows for stream in recording.streams.values())
    except RecordingError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="the stand-ins' process is looked for in /proc, and sent Ctrl-C alone")
def test_ctrl_c_ends_it_in_good_order(tmp_path) -> None:
    process = demo(tmp_path / "out", 600)
    until = time.perf_counter() + START_S
    while not recording_begun(tmp_path / "out" / "recording.h5") and time.perf_counter() < until:
        time.sleep(0.1)
    played = {child for child, parent in stand_ins().items() if parent == process.pid}
    assert len(played) == 1
    process.send_signal(signal.SIGINT)
    said, complained = process.communicate(timeout=START_S)
    assert process.returncode == 0, said + complained
    assert not played & set(stand_ins())
    assert all(stream.rows > 0 and stream.gaps == 0 for stream in Results.read(tmp_path / "out" / "metrics.h5").streams)


def test_a_device_that_can_not_be_played_is_told(tmp_path) -> None:
    rig = load(example("wire"))
    for wrong, sentence in (
        (NidaqSettings(physical_channels=[f"Dev1/ai{i}" for i in range(12)] + ["Dev2/ai0"]), "One NI card"),
        (NidaqSettings(physical_channels=[f"Dev1/ai{i}" for i in range(30, 43)]), "has no input 'Dev1/ai32'"),
    ):
        plates = rig.stream[0].model_copy(update={"source": wrong})
        with pytest.raises(SourceError, match=sentence):
            WireLab(
                Rig.model_validate({**rig.model_dump(), "stream": [plates.model_dump(), *rig.model_dump()["stream"][1:]]}),
                demo_lifter(),
                NETWORK,
            ).__enter__()


def test_a_missing_client_is_told_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pylsl", None)
    rig = load(example("wire"))
    assert any(isinstance(stream.source, LslSettings) for stream in rig.stream)
    with pytest.raises(SourceError, match=r"install squatscope\[lsl\]"):
        WireLab(rig, demo_lifter(), NETWORK)
