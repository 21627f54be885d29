"""What has rested on an electrode that had no muscle behind it is taken back: ratios, flags and findings."""

from __future__ import annotations

import numpy as np
import pytest

from acquisition.ring import Ring
from acquisition.stretches import Stretch
from hardware.source import Block
from processing.analysis import Analysis
from processing.findings.caveats import caveats
from processing.findings.findings import findings
from processing.flags.rules import flags_of
from processing.live import LivePipeline
from processing.pipeline import FLAGS, Pipeline
from sim.lifter.lifter import Lifter, QuadsTakeOver
from tests.support.rigs import example_with
from tests.support.sessions import a_stretch, analysed, lifted, results_of

RIG = example_with()
EMG_HZ = 2000.0


def channels(*muscles: str, side: str = "right") -> list[int]:
    columns = RIG.stream_named("emg").channels
    return [columns.index(e.channel) for e in RIG.emg if e.muscle in muscles and e.side == side]


def without(samples: dict[str, np.ndarray], columns: list[int], from_s: float, sensor_uV: float) -> dict[str, np.ndarray]:
    """Return a session in which these electrodes, in mV, read their own noise alone from a time on."""
    emg = samples["emg"].copy()
    off = np.arange(len(emg)) / EMG_HZ >= from_s
    noise = np.random.default_rng(1).normal(0.0, sensor_uV / 1000.0, (int(off.sum()), len(columns)))
    emg[np.ix_(off, columns)] = noise
    return samples | {"emg": emg}


@pytest.fixture(scope="module")
def sound() -> dict[str, np.ndarray]:
    return lifted(RIG, Lifter(seed=3), 24.0)


@pytest.mark.parametrize(
    ("muscles", "sensor_uV", "columns"),
    [
        (("BF", "ST"), 1.0, ("qh_right", "qh_change_right", "qh_between_legs_log2", "hams_right_pct")),
        (("BF",), 3.0, ("qh_right", "h_share_right", "co_contraction_right_pct")),
        (("GMax", "GMed"), 1.0, ("glute_drop_right", "glute_deficit_log2", "glutes_right_pct")),
    ],
)
def test_nothing_rests_on_an_electrode_that_never_had_a_signal(sound, muscles, sensor_uV, columns):
    results = analysed(RIG, without(sound, channels(*muscles), 0.0, sensor_uV))
    table = results.table_with(*columns)
    assert table is not None
    for name in columns:
        assert np.isnan(table.column(name)).all()
    assert np.isfinite(table.column("qh_left")).any()
    about = ("qh", "glute")
    assert [flag.rule for flag in results.flags if flag.rule.startswith(about)] == []
    assert [finding.rule for finding in findings(results) if finding.rule.startswith(about)] == []
    rows = [row for row in results.muscles if row.side == "right" and row.muscle in muscles]
    assert rows
    assert np.isnan([row.rising_mean_pct for row in rows]).all()
    (said,) = [caveat.sentence for caveat in caveats(results) if caveat.id == "noise_floor_only"]
    assert f"No ratio rests on {', '.join(f'{muscle} right' for muscle in muscles)}." in said


@pytest.mark.parametrize("factor", [0.5, 0.25])
def test_a_muscle_that_is_rightly_quiet_keeps_its_ratio(factor):
    """Hamstrings of 2 to 5 %MVC beside quadriceps as strong as ever: the ratio is large, and true."""
    quiet = QuadsTakeOver(onset_s=0.0, ramp_s=0.01, side="right", quadriceps_factor=1.0, hamstrings_factor=factor)
    lifter = Lifter(seed=3, imbalances=(quiet,))
    results = analysed(RIG, lifted(RIG, lifter, 24.0))
    assert [channel.name for channel in results.channels if channel.only_noise or channel.found] == []
    hams = results.table_with("hams_right_pct")
    assert hams is not None
    assert np.nanpercentile(hams.column("hams_right_pct"), 99) < 6.0
    table = results.table_with("qh_right")
    assert table is not None
    expected = 5.05 / factor
    assert np.nanmedian(table.column("qh_right")) == pytest.approx(expected, rel=0.15)


def test_what_is_told_while_a_session_runs_bears_the_time_of_its_samples(sound, tmp_path):
    """As in a replay, whose samples arrived long ago by another computer's clock."""
    pipeline = Pipeline(RIG)
    streams = [settings.stream() for settings in RIG.stream]
    ring = Ring.create(tmp_path / "ring.h5", streams, 30.0, derived=pipeline.derived_streams(), description={})
    live, writer = LivePipeline(ring, pipeline), ring.writer("emg")
    samples = without(sound, channels("BF"), 12.1, 1.0)["emg"]
    for first in range(0, len(samples), 500):
        writer.append(Block(samples[first : first + 500], first, 5000.0 + (first + 500) / EMG_HZ))
        live.follow()
    (fell,) = ring.faults.read()
    assert fell.about == "EMG BF right"
    assert 5012.1 < fell.host_s < 5020.0


def in_pieces(samples: dict[str, np.ndarray]) -> dict[str, list[Stretch]]:
    """Return a session in pieces of 0.35 s, as they come live."""
    pieces = {}
    for name, rows in samples.items():
        rate_hz = RIG.stream_named(name).rate_hz
        size = round(0.35 * rate_hz)
        pieces[name] = [a_stretch(rows[at : at + size], rate_hz, at, at) for at in range(0, len(rows), size)]
    return pieces


@pytest.mark.parametrize("fell_s", [0.0, 12.1])
def test_live_as_offline_what_is_taken_back_is_the_same(sound, fell_s):
    samples = without(sound, channels("BF", "ST"), fell_s, 1.0)
    whole, pieces = analysed(RIG, samples), in_pieces(samples)
    followed = results_of(RIG, pieces)
    assert followed.flags == whole.flags
    for name, table in whole.tables.items():
        np.testing.assert_array_equal(followed.tables[name].frames, table.frames)


def test_screens_that_followed_are_told_which_flags_are_withdrawn(sound):
    pipeline = Pipeline(RIG)
    analysis = Analysis(pipeline)
    changes = []
    for stretch in in_pieces(without(sound, channels("BF", "ST"), 0.0, 1.0))["emg"]:
        changes += [rows for name, rows in analysis.take("emg", stretch) if name == FLAGS]
    up = {pipeline.rules[flag.rule].name for flag in flags_of(np.concatenate(changes))}
    assert "qh_between_legs" in up
    changes += [rows for name, rows in analysis.finish() if name == FLAGS]
    assert flags_of(np.concatenate(changes)) == []
