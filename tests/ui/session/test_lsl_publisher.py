"""A session's outlets on loopback, read with pylsl's own inlets."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
import pytest

from tests.support.command_line import COMMAND_WITHOUT_QT
from tests.support.lsl_here import NETWORK

pytest.importorskip("pylsl", reason="pylsl is not installed, or its library does not load", exc_type=ImportError)

from acquisition.rig.rig_file import RigError, example, load
from acquisition.ring import Ring
from hardware.lsl.network import load as load_lsl
from hardware.lsl.network import lsl_ahead_s
from hardware.lsl.settings import LslOutletSettings
from hardware.source import Block, Channel, Stream
from processing.flags.rules import AMBER, CHANGE, RED
from processing.pipeline import FLAGS
from ui.session.lsl_publisher import Outlets

RAW = Stream("plates", 1000.0, (Channel("Fz_L", "V"), Channel("Fz_R", "V")), "float32")
METRICS = Stream("plates.force", 100.0, (Channel("sample", "1"), Channel("load_shift_pct", "%")))
RULES = [{"name": "load_shift", "side": "right", "label": "load shifts to the right leg"}]
LOOK_S = 60.0


def settings(*publish: str) -> LslOutletSettings:
    return LslOutletSettings.model_validate({**NETWORK.model_dump(), "outlet": True, "publish": list(publish)})


@contextlib.contextmanager
def inlet(name: str) -> Iterator[object]:
    pylsl = load_lsl(NETWORK)
    found = pylsl.resolve_bypred(f"name='{name}'", 1, LOOK_S)
    assert [info.name() for info in found] == [name]
    inlet = pylsl.StreamInlet(found[0])
    inlet.open_stream(LOOK_S)
    yield inlet
    inlet.close_stream()


def names_on_lsl() -> set[str]:
    return {info.name() for info in load_lsl(NETWORK).resolve_streams(1.0) if info.name().startswith("squatscope ")}


def pull(inlet, rows: int) -> tuple[np.ndarray, np.ndarray]:
    samples, stamps = [], []
    until_s = time.perf_counter() + LOOK_S
    while len(samples) < rows and time.perf_counter() < until_s:
        more, at = inlet.pull_chunk(timeout=0.1, max_samples=rows - len(samples))
        samples += list(more)
        stamps += list(at)
    return np.array(samples), np.array(stamps)


@pytest.fixture
def ring(tmp_path) -> Ring:
    flags = Stream(FLAGS, 10.0, tuple(Channel(name, "1") for name in CHANGE))
    return Ring.create(tmp_path / "ring.h5", [RAW], 10.0, derived=[METRICS, flags], description={"rules": RULES})


def test_what_comes_into_the_ring_goes_out_as_it_is(ring: Ring) -> None:
    outlets = Outlets(ring, settings("raw", "metrics"))
    raw = np.random.default_rng(3).standard_normal((250, 2)).astype(np.float32)
    metrics = np.random.default_rng(4).standard_normal((25, 2))
    metrics[7, 1] = np.nan
    with inlet("squatscope plates") as one, inlet("squatscope plates.force") as other:
        assert one.info().get_channel_labels() == ["Fz_L", "Fz_R"]
        assert one.info().nominal_srate() == 1000.0
        assert other.info().get_channel_units() == ["1", "%"]
        now_s = time.perf_counter()
        ring.writer("plates").append(Block(raw, 0, now_s))
        ring.writer("plates.force").append(Block(metrics, 0, now_s))
        assert outlets.follow()
        assert not outlets.follow()
        samples, stamps = pull(one, 250)
        np.testing.assert_array_equal(samples, raw)
        assert stamps[-1] == pytest.approx(now_s + lsl_ahead_s(load_lsl(NETWORK)), abs=0.05)
        np.testing.assert_array_equal(pull(other, 25)[0], metrics)
        assert "squatscope flags" not in names_on_lsl()
        ring.writer("plates").append(Block(raw[:40], 250, time.perf_counter()))
        outlets.finish()
    assert names_on_lsl() == set()


def test_flags_go_out_once_for_each_thing_that_happens(ring: Ring) -> None:
    outlets = Outlets(ring, settings("flags"))
    up, red, grown, over = (
        [0, AMBER, 100, 130, np.nan, 6.0],
        [0, RED, 100, 160, np.nan, 12.0],
        [0, RED, 100, 160, np.nan, 14.0],
        [0, RED, 100, 160, 300, 14.0],
    )
    with inlet("squatscope flags") as markers:
        writer = ring.writer(FLAGS)
        for index, change in enumerate((up, red, grown, over)):
            writer.append(Block(np.array([change], dtype=np.float64), index, time.perf_counter()))
        outlets.follow()
        lines = [str(row[0]) for row in pull(markers, 3)[0]]
        assert lines == [f"{word} load_shift right: load shifts to the right leg" for word in ("AMBER", "RED", "END")]
        assert markers.pull_sample(timeout=0.2)[0] is None
    outlets.abandon()
    assert names_on_lsl() == set()


@pytest.mark.skipif(sys.platform == "win32", reason="the session is ended by a signal")
def test_a_session_is_published_only_where_its_rig_asks_for_it(tmp_path) -> None:
    assert load(example("demo")).lsl == LslOutletSettings()
    assert not LslOutletSettings().outlet
    text = example("demo").read_text(encoding="utf-8")
    rig = tmp_path / "rig.toml"
    rig.write_text(f'{text}\n[lsl]\noutlet = true\nsession_id = "{NETWORK.session_id}"\n', encoding="utf-8")
    command = [*COMMAND_WITHOUT_QT, "live", str(rig), "--headless", "--seconds", "600", "--out", str(tmp_path / "out")]
    environment = {**os.environ, "PYTHONPATH": str(example("demo").parents[3])}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    until_s = time.perf_counter() + 240
    while not (tmp_path / "out" / "recording.h5").exists() and time.perf_counter() < until_s:
        time.sleep(0.1)
    with inlet("squatscope plates.force") as metrics:
        column = metrics.info().get_channel_labels().index("fz_total_N")
        samples, _ = pull(metrics, 100)
        assert len(samples) == 100
        assert 500.0 < np.median(samples[:, column]) < 1500.0
        published = names_on_lsl()
    process.send_signal(signal.SIGINT)
    said, complained = process.communicate(timeout=240)
    assert process.returncode == 0, said + complained
    assert published == {"squatscope plates.force", "squatscope emg.emg", "squatscope flags"}
    assert names_on_lsl() == set()


@pytest.mark.parametrize(
    ("wrong", "says"), [('publish = ["all"]', "raw"), ("publish = []", "publish"), ("outlets = true", "outlet")]
)
def test_wrong_settings_are_told(tmp_path, wrong: str, says: str) -> None:
    rig = tmp_path / "rig.toml"
    rig.write_text(example("demo").read_text(encoding="utf-8") + f"\n[lsl]\n{wrong}\n", encoding="utf-8")
    with pytest.raises(RigError, match=says):
        load(rig)
