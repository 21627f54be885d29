"""A recording of every format there has been can still be read; `write_recording` made the one of the present format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from acquisition.recording import FORMAT_VERSION, Recording, RecordingWriter
from acquisition.stretches import TICK, Stretch
from processing.batch import reprocess
from tests.support.recordings import complete
from tests.support.rigs import a_rig

FOLDER = Path(__file__).parents[2] / "stored"
RIG = a_rig(
    {
        "name": "board",
        "rate_hz": 200.0,
        "channels": ["VL", "BF", "sync"],
        "units": "mV",
        "dtype": "float32",
        "sync_channel": "sync",
    },
    name="small",
    quality={"window_s": 1.0},  # what was usual when the first was written
    emg=[
        {"muscle": "VL", "side": "left", "stream": "board", "channel": "VL", "mvc_uV": 300.0},
        {"muscle": "BF", "side": "left", "stream": "board", "channel": "BF", "mvc_uV": 300.0},
    ],
)
GAP_AT, MISSING, ROWS, BLOCK = 320, 40, 640, 20


def samples() -> np.ndarray:
    """Two bursts and a sync line, in numbers that are exact in float32."""
    t = np.arange(ROWS)
    vl = np.where(t % 160 < 80, ((t * 37) % 64 - 32) / 64, 0.0)
    return np.column_stack([vl, vl / 4, np.where(t % 200 < 40, 5.0, 0.0)]).astype(np.float32)


def write_recording(path: Path) -> None:
    """Write a recording of the present format, with a gap, and with its device started anew behind it."""
    writer = RecordingWriter(path, RIG, [settings.stream() for settings in RIG.stream])
    for begin, end, lost in ((0, GAP_AT, 0), (GAP_AT, ROWS, MISSING)):
        rows = np.arange(begin + BLOCK, end + 1, BLOCK)
        ticks = np.zeros(len(rows), TICK)
        ticks["row"], ticks["index"], ticks["segment"] = rows, rows + lost, int(lost > 0)
        ticks["host_s"] = 100.0 + (rows + lost - 1) / 200.0
        writer.append("board", Stretch(samples()[begin:end], ticks, begin, begin + lost))
    complete(writer)


def test_every_format_has_its_recording():
    assert {path.stem for path in FOLDER.glob("recording-*.h5")} == {f"recording-{n}" for n in range(1, FORMAT_VERSION + 1)}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("recording-*.h5")), ids=lambda path: path.stem)
def test_a_recording_of_an_earlier_format_is_read(path):
    with Recording(path) as recording:
        assert recording.complete
        assert recording.rig == RIG
        stream = recording.streams["board"]
        assert [(gap["row"], gap["missing"]) for gap in stream.gaps] == [(GAP_AT, MISSING)]
        np.testing.assert_array_equal(recording.samples("board"), samples())
        assert stream.clock.host_s(np.array([0.0])) == pytest.approx(100.0)
    results = reprocess(path)
    assert results.streams[0].missing == MISSING
    assert results.seconds == pytest.approx((ROWS + MISSING) / 200.0)


def test_the_present_format_is_still_written_so(tmp_path):
    write_recording(tmp_path / "now.h5")
    with Recording(tmp_path / "now.h5") as now, Recording(FOLDER / f"recording-{FORMAT_VERSION}.h5") as stored:
        assert now.rig == stored.rig
        np.testing.assert_array_equal(now.streams["board"].ticks, stored.streams["board"].ticks)
        np.testing.assert_array_equal(now.samples("board"), stored.samples("board"))
