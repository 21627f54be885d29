"""XDF files: streams come on one time by their clock offsets, losses and resets begin segments, and damage is told."""

from __future__ import annotations

import logging
import struct
import tracemalloc
from contextlib import suppress
from importlib import util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acquisition.formats.loggers.xdf import read_xdf
from acquisition.formats.signal_file import SignalFileError
from tests.support.signals import ids
from tests.support.xdf import FORMATS, XdfStream, chunk, write_xdf


def offsets(first_s: float, last_s: float, offset_s: float, drift: float = 0.0) -> list[tuple[float, float]]:
    return [(at, offset_s + drift * (at - first_s)) for at in np.arange(first_s, last_s + 5.0, 5.0)]


def stream(rows: int = 1000, rate_hz: float = 100.0, begins_s: float = 50.0, **said: object) -> XdfStream:
    values = np.random.default_rng(rows).normal(0.0, 1.0, (rows, 2))
    return XdfStream("emg", begins_s + np.arange(rows) / rate_hz, values, rate_hz, **{"labels": ["VL", "BF"], **said})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(form=st.sampled_from(sorted(FORMATS)), rows=st.integers(2, 90), a_chunk=st.integers(1, 40), data=st.data())
def test_values_come_back_to_the_bit(tmp_path: Path, form: str, rows: int, a_chunk: int, data: st.DataObject) -> None:
    low, high = (-1e30, 1e30) if form in ("float32", "double64") else (-120, 120)
    kinds = (
        st.floats(low, high).map(lambda value: float(np.float32(value))) if isinstance(low, float) else st.integers(low, high)
    )
    values = np.array(data.draw(st.lists(st.tuples(kinds, kinds, kinds), min_size=rows, max_size=rows)))
    made = XdfStream("a", np.arange(rows) / 50.0, values, 50.0, form, rows_a_chunk=a_chunk, implied=bool(a_chunk % 2))
    (read,) = read_xdf(write_xdf(tmp_path / "a.xdf", [made])).streams
    np.testing.assert_array_equal(read.samples, np.asarray(values, dtype=np.float64))
    assert read.rate_hz == pytest.approx(50.0)


def test_streams_come_on_the_recorders_time(tmp_path: Path) -> None:
    plates = stream(4000, 200.0, 10.0, offsets=offsets(10.0, 30.0, 0.0))
    emg = stream(20_000, 1000.0, 7010.5, offsets=offsets(7010.0, 7031.0, -7000.0), units=["uV", ""])
    drifts = stream(2000, 100.0, 310.0, offsets=offsets(310.0, 330.0, -300.0, 2e-3), kind="other")
    plates.name = "plates"
    drifts.name = "drifts"
    read = read_xdf(write_xdf(tmp_path / "a.xdf", [plates, emg, drifts]))
    first, second, third = read.streams
    assert first.segments[0].start_s == pytest.approx(10.0, abs=1e-4)
    assert second.segments[0].start_s == pytest.approx(10.5, abs=1e-4)
    assert third.segments[0].start_s == pytest.approx(10.0, abs=1e-3)
    assert third.rate_hz == pytest.approx(100.0 / 1.002, rel=1e-5)
    assert (second.labels, second.units) == (["VL", "BF"], ["uV", ""])
    assert ids(read) == ["rate_contradicts"]
    assert read.caveats[0].about == "drifts"


def test_losses_begin_segments_that_smoothing_would_hide(tmp_path: Path) -> None:
    made = stream(3000, 100.0)
    made.stamps_s[1000:] += 0.03
    made.stamps_s[2000:] += 4.0
    made.stamps_s += np.random.default_rng(1).uniform(0.0, 0.002, 3000)
    (read,) = read_xdf(write_xdf(tmp_path / "a.xdf", [made])).streams
    assert [segment.first_row for segment in read.segments] == [0, 1000, 2000]
    starts = [segment.start_s for segment in read.segments]
    np.testing.assert_allclose(starts, [50.001, 60.031, 74.031], atol=1e-3)


def test_a_clock_that_begins_anew_begins_a_segment(tmp_path: Path) -> None:
    made = stream(4000, 100.0, 5000.0, offsets=[*offsets(5000.0, 5020.0, -4990.0), *offsets(3.0, 23.0, 60.0)])
    made.stamps_s[2000:] = 3.0 + np.arange(2000) / 100.0
    read = read_xdf(write_xdf(tmp_path / "a.xdf", [made]))
    assert [segment.first_row for segment in read.streams[0].segments] == [0, 2000]
    np.testing.assert_allclose([s.start_s for s in read.streams[0].segments], [10.0, 63.0], atol=1e-3)
    assert "clock_reset" in ids(read)
    made.offsets = ()
    with pytest.raises(SignalFileError, match="its clock was set back, with no offset to mend it"):
        read_xdf(write_xdf(tmp_path / "b.xdf", [made]))


def test_the_recording_with_a_reset_clock(shared_data: Path) -> None:
    read = read_xdf(shared_data / "xdf" / "clock_resets.xdf")
    (eeg,) = read.streams
    assert eeg.samples.shape == (27815, 8)
    reset = next(segment for segment in eeg.segments if segment.first_row == 12876)
    assert reset.start_s == pytest.approx(1221.78, abs=0.5)
    assert eeg.segments[0].start_s == pytest.approx(810.09, abs=0.5)
    assert {"clock_reset", "rate_contradicts", "times_uneven", "stream_left_out"} == set(ids(read))
    said = {caveat.id: caveat.values for caveat in read.caveats}
    assert said["rate_contradicts"]["rate_hz"] == pytest.approx(92.93, abs=0.5)  # as pyxdf measures it
    minimal = read_xdf(shared_data / "xdf" / "minimal.xdf")
    assert [(s.name, s.samples.shape, s.rate_hz) for s in minimal.streams] == [("SendDataC", (9, 3), 10.0)]
    assert minimal.streams[0].segments[0].start_s == pytest.approx(5.0, abs=0.05)
    np.testing.assert_array_equal(minimal.streams[0].samples[1], [12.0, 22.0, 32.0])


def test_what_is_no_signal_is_left_out_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    texts = XdfStream("markers", np.array([51.0, 52.0]), [["begin"], ["énd"]], 0.0, "string")
    events = XdfStream("buttons", np.array([51.0, 52.7]), np.ones((2, 1)), 0.0)
    empty = XdfStream("none", np.zeros(0), np.zeros((0, 1)), 100.0)
    uneven = XdfStream("events", np.cumsum(np.random.default_rng(1).exponential(0.3, 1000)), np.ones((1000, 1)), 3.0)
    with caplog.at_level(logging.DEBUG, "pyxdf"):
        read = read_xdf(write_xdf(tmp_path / "a.xdf", [texts, events, stream(), empty, uneven]))
    assert [s.name for s in read.streams] == ["emg"]
    left = {caveat.about: caveat.sentence for caveat in read.caveats if caveat.id == "stream_left_out"}
    assert list(left) == ["markers", "buttons", "none", "events"]
    assert "holds texts" in left["markers"]
    assert "no sampling rate" in left["buttons"]
    assert "holds 0 samples" in left["none"]
    assert "not even in time" in left["events"]
    assert not caplog.records
    with pytest.raises(SignalFileError, match=r"holds no stream of evenly sampled numbers. The stream 'markers'"):
        read_xdf(write_xdf(tmp_path / "b.xdf", [texts]))


def test_doubled_names_are_told_apart(tmp_path: Path) -> None:
    read = read_xdf(write_xdf(tmp_path / "a.xdf", [stream(source="left"), stream(source="right")]))
    assert [s.name for s in read.streams] == ["emg (left)", "emg (right)"]
    assert "streams_renamed" in ids(read)
    read = read_xdf(write_xdf(tmp_path / "b.xdf", [stream(), stream()]))
    assert [s.name for s in read.streams] == ["emg (1)", "emg (2)"]
    with pytest.raises(SignalFileError, match="has a stream without a name"):
        read_xdf(write_xdf(tmp_path / "c.xdf", [stream(header={"name": ""})]))


def test_labels_stay_as_they_are_unless_they_fit_no_channel(tmp_path: Path) -> None:
    made = [stream(labels=["M. quadrizeps", "M. quadrizeps"], units=["", "µV"]), stream(kind="b", labels=["one"])]
    read = read_xdf(write_xdf(tmp_path / "a.xdf", made))
    assert read.streams[0].labels == ["M. quadrizeps"] * 2
    assert read.streams[0].units == ["", "µV"]
    assert read.streams[1].labels == ["", ""]
    assert "labels_unmatched" in ids(read)


def test_one_stream_without_offsets_among_others_is_said(tmp_path: Path) -> None:
    read = read_xdf(write_xdf(tmp_path / "a.xdf", [stream(offsets=offsets(50.0, 60.0, 0.0)), stream(kind="b")]))
    assert [(c.id, c.about) for c in read.caveats if c.id == "no_clock_offsets"] == [("no_clock_offsets", "emg (b)")]


def test_not_a_number_stays_so_and_64_channels_are_as_good_as_two(tmp_path: Path) -> None:
    values = np.random.default_rng(1).normal(0.0, 1.0, (300, 64))
    values[40:50, 3] = np.nan
    made = XdfStream("a", np.arange(300) / 100.0, values, labels=[f"c{n}" for n in range(64)])
    np.testing.assert_array_equal(read_xdf(write_xdf(tmp_path / "a.xdf", [made])).streams[0].samples, values)


def test_a_file_that_is_cut_short_is_read_as_far_as_it_is_whole(tmp_path: Path) -> None:
    whole = write_xdf(tmp_path / "a.xdf", [stream(1000, form="float32")]).read_bytes()
    full = read_xdf(tmp_path / "a.xdf").streams[0].samples
    cut = tmp_path / "cut.xdf"
    seen = set()
    for length in range(len(whole) - 200, len(whole) - 7000, -71):
        cut.write_bytes(whole[:length])
        read = read_xdf(cut)
        rows = len(read.streams[0].samples)
        np.testing.assert_array_equal(read.streams[0].samples, full[:rows])
        assert ids(read) == ["incomplete"]
        seen.add(rows)
    assert min(seen) < 800 < max(seen)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (b"hello, world", "does not begin with XDF:"),
        (b"\x1f\x8b\x08\0", "packed with gzip"),
        (b"XDF:", "holds no stream"),
        (b"XDF:" + chunk(1, b"<info/>"), "holds no stream"),
        (b"XDF:\x08" + struct.pack("<Q", 1 << 62) + b"\x02\0", "can be read after its first 4 bytes"),
        (b"XDF:" + chunk(2, struct.pack("<I", 1) + b"<info>"), "can be read after its first 4 bytes"),
        (b"XDF:" + chunk(3, struct.pack("<IBQ", 1, 8, 1 << 60)), "can be read after its first 4 bytes"),
    ],
)
def test_what_is_none_is_said(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "a.xdf"
    path.write_bytes(content)
    with pytest.raises(SignalFileError, match=why):
        read_xdf(path)


def test_a_count_of_rows_that_lies_allocates_nothing(tmp_path: Path) -> None:
    lies = chunk(3, struct.pack("<IBQ", 1, 8, 1 << 40) + bytes(64))
    path = write_xdf(tmp_path / "a.xdf", [stream()], tail=lies)
    read_xdf(path)
    tracemalloc.start()
    read = read_xdf(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert ids(read) == ["incomplete"]
    assert len(read.streams[0].samples) == 1000
    assert peak < 2e7


def test_memory_grows_with_the_samples_alone(tmp_path: Path) -> None:
    path = write_xdf(tmp_path / "a.xdf", [XdfStream("a", np.arange(40_000) / 1000.0, np.ones((40_000, 8)), 1000.0)])
    read_xdf(path)
    tracemalloc.start()
    samples = read_xdf(path).streams[0].samples
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4.5 * samples.nbytes


def test_files_that_are_not_there_and_libraries_that_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SignalFileError, match="There is no file"):
        read_xdf(tmp_path / "none.xdf")
    with pytest.raises(SignalFileError, match="can't be read"):
        read_xdf(tmp_path)
    found = util.find_spec
    monkeypatch.setattr("acquisition.formats.loggers.xdf.find_spec", lambda name: None if name == "pyxdf" else found(name))
    with pytest.raises(SignalFileError, match=r"install it with 'pip install squatscope\[formats\]'"):
        read_xdf(tmp_path / "a.xdf")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(at=st.integers(0, 5000), byte=st.integers(0, 255))
def test_a_damaged_byte_ends_in_a_result_or_a_sentence(tmp_path: Path, at: int, byte: int) -> None:
    whole = bytearray(write_xdf(tmp_path / "a.xdf", [stream(150, offsets=offsets(50.0, 60.0, 0.0))]).read_bytes())
    whole[at % len(whole)] = byte
    (tmp_path / "b.xdf").write_bytes(whole)
    with suppress(SignalFileError):
        read = read_xdf(tmp_path / "b.xdf")
        assert all(len(s.labels) == len(s.units) == s.samples.shape[1] for s in read.streams)
