"""What the dashboard knows of a ring: values, flags, streams, and whether it is alive."""

from __future__ import annotations

import math
import subprocess
import sys
import time

import numpy as np
import pytest

from acquisition.ring import Ring
from hardware.source import Block, Channel, SourceState, Stream
from tests.support.squat_ring import SquatRing, rig_data
from ui import dashboard
from ui.dashboard.feed.feed import DEAD_S, TRAIL_ROWS, Feed
from ui.dashboard.feed.stream_health import StreamHealth


@pytest.fixture
def squat(tmp_path):
    made = SquatRing(tmp_path / "ring.h5", rig_data())
    made.started_s = time.perf_counter() - 14.0
    made.advance(14.0)
    return made


def test_values_are_those_of_the_newest_frame(squat):
    feed = Feed(Ring.attach(squat.ring.path))
    feed.poll()
    written = squat.ring.reader("plates.force", rows_back=2).read()
    assert feed.value("fz_right_N") == written.samples[-1, 2]
    assert list(feed.trail("cop_left_x_mm")[-2:]) == list(written.samples[:, 7])
    assert len(feed.trail("cop_left_x_mm")) == TRAIL_ROWS
    assert math.isnan(feed.value("no such column"))
    feed.health["plates"].poll()
    assert feed.session_s == 14.0


def test_old_values_are_not_shown_as_live(tmp_path):
    made = SquatRing(tmp_path / "ring.h5", rig_data())
    made.started_s = time.perf_counter() - 60.0
    made.advance(14.0)
    live, frozen = Feed(made.ring), Feed(made.ring, frozen=True)
    for feed in (live, frozen):
        feed.poll()
    assert math.isnan(live.value("fz_left_N"))
    assert np.isnan(live.trail("cop_left_x_mm")).all()
    assert frozen.value("fz_left_N") > 100
    made.finish()
    live.poll()
    assert live.value("fz_left_N") > 100


def test_flags_are_folded_and_ordered(squat):
    feed = Feed(squat.ring)
    squat.flag(0, 1, 3.0)
    squat.flag(1, 1, 5.0)
    feed.poll()
    squat.flag(0, 1, 3.0, 4.0)
    squat.flag(1, 2, 5.0)
    squat.flag(7, 1, 6.0)
    squat.flag(6, 1, 7.0)
    squat.flag(200, 1, 7.0)  # a rule that the ring doesn't describe
    feed.poll()
    assert [(f.flag.rule, f.flag.severity, f.up) for f in feed.flags] == [
        (1, 2, True), (6, 1, True), (7, 1, True), (0, 1, False),
    ]  # fmt: skip
    assert feed.flags[1].start_s == 7.0  # of a stream at 2 kHz
    assert feed.flags[3].end_s == 4.0
    assert feed.severity("load_shift_pct") == 2
    assert feed.severity("load_shift_pct", "left") == 0
    assert feed.limits("load_shift_pct") == (5.0, 10.0)
    assert feed.limits("fz_left_N") is None


def test_a_stream_s_health_is_measured(squat):
    health = Feed(squat.ring).health["emg"]
    health.poll()
    assert health.rate_hz == pytest.approx(2000.0, rel=1e-3)
    assert health.lost_samples == 0
    squat.started_s -= 1.0
    squat.advance(0.5, lose=("emg",))
    squat.advance(0.5)
    squat.writers["emg"].report(SourceState.LOST, 600, "The board is gone.")
    health.poll()
    assert (health.lost_samples, health.state, health.note) == (1000, SourceState.LOST, "The board is gone.")
    assert health.stopped
    assert health.delay_s >= 600 / 2000  # what waits in the device is late as well


def test_the_measured_rate_is_not_misled_by_late_blocks(tmp_path):
    ring = Ring.create(tmp_path / "ring.h5", [Stream("x", 1000.0, (Channel("a", "V"),))], 30.0)
    writer, health = ring.writer("x"), StreamHealth(ring, "x")
    true_hz = 1000.1
    for block in range(300):
        end = 40 * (block + 1)
        late_s = 0.2 if block % 10 in (0, 9) else 0.0
        writer.append(Block(np.zeros((40, 1)), end - 40, 100.0 + end / true_hz + late_s))
    health.poll()
    assert health.rate_hz == pytest.approx(true_hz, abs=1e-6)


def test_an_engine_without_a_sign_of_life_is_dead(squat):
    feed = Feed(squat.ring)
    assert not feed.dead
    squat.ring._session[1] -= int((DEAD_S + 1) * 1e9)
    assert feed.dead
    assert not Feed(squat.ring, frozen=True).dead
    squat.finish()
    squat.ring._session[1] -= int((DEAD_S + 1) * 1e9)
    assert not feed.dead


@pytest.mark.parametrize("description", [{}, {"rig": 3, "rules": "no"}, {"rig": {"name": "x"}, "rules": [1, {}]}])
def test_a_ring_that_says_nothing_of_itself_is_read_all_the_same(tmp_path, description):
    ring = Ring.create(
        tmp_path / "ring.h5",
        [Stream("x", 100.0, (Channel("a", "V"),))],
        10.0,
        derived=[Stream("flags", 10.0, (Channel("a", "1"),))],
        description=description,
    )
    feed = Feed(ring)
    feed.poll()
    assert feed.rig is None
    assert feed.flags == []
    assert math.isnan(feed.session_s)


def test_what_qt_misses_is_named(monkeypatch):
    def missing_library(_name):
        raise ImportError("libEGL.so.1: cannot open shared object file: No such file or directory")

    def missing_package(_name):
        raise ModuleNotFoundError("No module named 'PySide6'")

    monkeypatch.setattr(dashboard.importlib, "import_module", missing_library)
    assert "(libEGL.so.1 is missing)" in (dashboard.qt_missing() or "")
    monkeypatch.setattr(dashboard.importlib, "import_module", missing_package)
    assert "pip install PySide6-Essentials" in (dashboard.qt_missing() or "")
    monkeypatch.setattr(dashboard.importlib, "import_module", lambda _name: None)
    assert dashboard.qt_missing() is None


def test_qt_is_not_imported_before_it_is_asked_for():
    code = "import sys, ui.dashboard, ui.dashboard.feed.feed, ui.dashboard.drawing.sweep; sys.exit('PySide6' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_newest_repetition_is_told_in_the_top_line(tmp_path, qtbot):
    from ui.dashboard.panels.header import Header

    squat = SquatRing(tmp_path / "ring.h5", rig_data())
    squat.advance(3.0)
    feed = Feed(squat.ring)
    feed.poll()
    header = Header(feed)
    qtbot.addWidget(header)
    assert header.newest() == ""
    squat.repetition(2.5, 0.37)
    feed.poll()
    assert header.newest() == "repetition 1: 0.37 m deep"
