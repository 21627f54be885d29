"""What an earlier version of the program left can still be read: rig, import map, ring, recordings and results.

Each folder of `stored/` was written by the version it is named after, in a short session of the rig in it; one session ended by
itself, another was killed. `expected.json` holds what that version read out of its own files.
"""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from shutil import copy

import numpy as np
import pytest

from acquisition.formats.import_map import ImportMap
from acquisition.recording import Recording
from acquisition.recording.recovery import recover
from acquisition.rig.judgement import limits
from acquisition.rig.rig_file import load, read_toml
from processing.batch import reprocess
from processing.results import Results

VERSIONS = sorted(path for path in (Path(__file__).parent / "stored").iterdir() if path.is_dir())


@pytest.fixture(params=VERSIONS, ids=lambda path: path.name)
def stored(request) -> Path:
    """The folder of one version."""
    return request.param


@pytest.fixture
def expected(stored):
    """What that version read itself."""
    return json.loads((stored / "expected.json").read_text(encoding="utf-8"))


def as_it_was(rig):
    """Return a rig with the defaults of version 0.1, which its recordings keep."""
    return rig.model_copy(update={"quality": rig.quality.model_copy(update={"window_s": 1.0})})


@pytest.mark.parametrize("name", ["recording", "killed-recording"])
def test_recordings(stored, expected, name):
    told = expected[name.replace("-", "_")]
    with Recording(stored / f"{name}.h5") as recording:
        assert recording.rig == as_it_was(load(stored / "rig.toml"))
        assert recording.complete == told["complete"]
        assert recording.seconds == pytest.approx(told["seconds"], abs=1e-6)
        assert recording.start_s == pytest.approx(told["start_s"], abs=1e-6)
        assert set(recording.streams) == set(told["streams"])
        for stream, was in told["streams"].items():
            now = recording.streams[stream]
            assert (now.rows, int(now.gaps["missing"].sum())) == (was["rows"], was["missing"])
            assert now.clock.rate_hz == pytest.approx(was["rate_hz"], rel=1e-9)
            assert str(now.clock.level) == was["sync_level"]
            samples = np.ascontiguousarray(recording.samples(stream))
            assert hashlib.sha256(samples.tobytes()).hexdigest() == was["sha256"]


def test_the_ring_of_a_killed_session(stored, expected, tmp_path):
    copy(stored / "killed-ring.h5", tmp_path / "ring.h5")
    recovered = recover(tmp_path / "ring.h5", tmp_path / "recovered.h5")
    assert recovered.rows == expected["killed_ring"]["rows"]
    overwritten = {caveat.about: caveat.values["samples"] for caveat in recovered.caveats if caveat.id == "overwritten"}
    assert overwritten == {name: rows for name, rows in expected["killed_ring"]["lost"].items() if rows}
    with Recording(tmp_path / "recovered.h5") as recording:
        assert recording.rig == as_it_was(load(stored / "rig.toml"))


def test_results(stored, expected):
    told = expected["results"]
    results = Results.read(stored / "metrics.h5")
    assert results.seconds == pytest.approx(told["seconds"])
    assert results.body_weight_N == pytest.approx(told["body_weight_N"])
    assert [[f.rule, f.side, f.severity.word, f.start_s, f.peak] for f in results.flags] == told["flags"]
    assert [channel.name for channel in results.channels] == told["channels"]
    sums = {c: float(np.nansum(table.column(c))) for table in results.tables.values() for c in table.columns}
    assert sums == pytest.approx(told["column_sums"])


def test_a_recording_is_reprocessed(stored, expected):
    results = reprocess(stored / "recording.h5")
    assert results.seconds == pytest.approx(expected["results"]["seconds"], abs=1e-6)
    # Of the whole stance now, where that version had its first second.
    assert results.body_weight_N == pytest.approx(expected["results"]["body_weight_N"], rel=1e-3)
    assert limits(results.rig.rules.foot_cop_medial) == (8.0, math.inf), "which was red from 15 mm on then"


def test_an_import_map(stored):
    read = read_toml(stored / "map.toml", ImportMap)
    assert [(plate.number, plate.side, plate.pad_mm) for plate in read.plate] == [(1, "left", 0.0), (2, "right", 3.0)]
    assert [(e.label, e.muscle, e.side, e.gain, e.mvc_uV) for e in read.emg] == [("EMG1", "VL", "left", 500.0, 310.0)]
    assert (read.lab.right_axis, read.rules.load_shift.amber_pct, read.rules.load_shift.red_pct) == ("-y", 6.0, 12.0)
