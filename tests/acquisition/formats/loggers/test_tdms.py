"""TDMS files: channels sampled together are a stream, at the time that their properties or a channel of times give."""

from __future__ import annotations

import struct
import tracemalloc
from collections.abc import Sequence
from contextlib import suppress
from importlib import util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nptdms import ChannelObject, GroupObject, RootObject, TdmsWriter

from acquisition.formats.loggers.tdms import read_tdms
from acquisition.formats.signal_file import SignalFileError
from acquisition.rig.units import TIMES_S
from tests.support.signals import ids

BEGAN = np.datetime64("2024-05-06T10:28:51.250000")


def waveform(
    rate_hz: float = 1000.0, start: Any = BEGAN, offset_s: float = 0.0, unit: str | None = "V", **more: Any
) -> dict[str, Any]:
    said = {"wf_increment": 1.0 / rate_hz, "wf_start_offset": offset_s, "wf_start_time": start, "unit_string": unit} | more
    return {key: value for key, value in said.items() if value is not None}


def write(path: Path, *parts: Sequence[ChannelObject]) -> Path:
    with TdmsWriter(path) as writer:
        for part in parts:
            writer.write_segment([RootObject(), *part])
    return path


def noise(rows: int = 500, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, 1.0, rows)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(
    dtype=st.sampled_from(["f8", "f4", "i2", "i4", "u1", "i8"]),
    rows=st.integers(1, 60),
    channels=st.integers(1, 5),
    parts=st.integers(1, 4),
)
def test_values_come_back_to_the_bit(tmp_path: Path, dtype: str, rows: int, channels: int, parts: int) -> None:
    values = np.random.default_rng(rows).integers(0, 100, (parts * rows, channels)).astype(dtype)
    written = [
        [ChannelObject("g", f"c{n}", values[part * rows : (part + 1) * rows, n], waveform()) for n in range(channels)]
        for part in range(parts)
    ]
    (stream,) = read_tdms(write(tmp_path / "a.tdms", *written)).streams
    np.testing.assert_array_equal(stream.samples, values.astype(float))
    assert (stream.name, stream.rate_hz, stream.units) == ("g", 1000.0, ["V"] * channels)
    assert stream.labels == [f"c{n}" for n in range(channels)]
    assert [(s.first_row, s.start_s) for s in stream.segments] == [(0, 0.0)]


def test_bytes_that_no_library_wrote_are_read(tmp_path: Path) -> None:
    def text(one: str) -> bytes:
        return struct.pack("<I", len(one)) + one.encode()

    values = noise(7)
    properties = struct.pack("<I", 2) + text("wf_increment") + struct.pack("<Id", 10, 0.002)
    properties += text("unit_string") + struct.pack("<I", 0x20) + text("mV")
    meta = struct.pack("<I", 1) + text("/'force'/'Fz'") + struct.pack("<IIIQ", 20, 10, 1, 7) + properties
    lead = b"TDSm" + struct.pack("<IIQQ", 0x0E, 4713, len(meta) + 56, len(meta))
    (tmp_path / "a.tdms").write_bytes(lead + meta + values.tobytes())
    (stream,) = read_tdms(tmp_path / "a.tdms").streams
    np.testing.assert_array_equal(stream.samples[:, 0], values)
    assert (stream.name, stream.rate_hz, stream.labels, stream.units) == ("force", 500.0, ["Fz"], ["mV"])


def test_scaled_data_is_scaled(tmp_path: Path) -> None:
    linear = {
        "NI_Number_Of_Scales": 1,
        "NI_Scale[0]_Scale_Type": "Linear",
        "NI_Scale[0]_Linear_Slope": 0.25,
        "NI_Scale[0]_Linear_Y_Intercept": -3.0,
        "NI_Scaling_Status": "unscaled",
    }
    strange = linear | {"NI_Scale[0]_Scale_Type": "Wobble"}
    codes = np.arange(100, dtype="i2")
    parts = [
        ChannelObject("g", "Fz", codes, waveform(unit="N", **linear)),
        ChannelObject("g", "done", codes, waveform(unit="N", **(linear | {"NI_Scaling_Status": "scaled"}))),
        ChannelObject("g", "strange", codes, waveform(unit="N", **strange)),
        ChannelObject("g", "described", codes, waveform(unit=None, NI_UnitDescription="Volts")),
    ]
    read = read_tdms(write(tmp_path / "a.tdms", parts))
    (stream,) = read.streams
    np.testing.assert_allclose(stream.samples[:, 0], codes * 0.25 - 3.0)
    np.testing.assert_array_equal(stream.samples[:, 1:], np.repeat(codes[:, None], 3, axis=1))
    assert stream.units == ["N", "N", "", "Volts"]
    assert [(c.id, c.about) for c in read.caveats] == [("codes_kept", "strange")]


def test_other_rates_lengths_and_beginnings_are_other_streams(tmp_path: Path) -> None:
    parts = [
        ChannelObject("lab", "Fz1", noise(500), waveform(500.0)),
        ChannelObject("lab", "VL", noise(2000), waveform(2000.0, BEGAN + np.timedelta64(1500, "ms"), unit="mV")),
        ChannelObject("lab", "Fz2", noise(500, 2), waveform(500.0)),
        ChannelObject("lab", "short", noise(400), waveform(500.0, offset_s=0.25)),
        ChannelObject("late", "x", noise(10), waveform(10.0, None)),
    ]
    read = read_tdms(write(tmp_path / "a.tdms", parts))
    told = {s.name: (s.labels, s.rate_hz, len(s.samples), s.segments[0].start_s) for s in read.streams}
    assert told == {
        "lab (Fz1)": (["Fz1", "Fz2"], pytest.approx(500.0), 500, 0.0),
        "lab (VL)": (["VL"], pytest.approx(2000.0), 2000, 1.5),
        "lab (short)": (["short"], pytest.approx(500.0), 400, 0.25),
        "late": (["x"], 10.0, 10, 0.0),
    }
    assert ids(read) == ["start_unknown"]


@pytest.mark.parametrize(
    ("name", "unit", "per_s"), [("Time", "s", 1.0), ("Zeit", "ms", 1000.0), ("time (s)", None, 1.0), ("t", "", 1.0)]
)
def test_a_channel_of_times_tells_rate_and_losses(tmp_path: Path, name: str, unit: str | None, per_s: float) -> None:
    seconds = 5.0 + np.arange(1000) / 200.0
    seconds[600:] += 0.4
    time = ChannelObject("g", name, seconds * per_s, {} if unit is None else {"unit_string": unit})
    (stream,) = read_tdms(write(tmp_path / "a.tdms", [time, ChannelObject("g", "EMG", noise(1000))])).streams
    assert (stream.labels, stream.units) == (["EMG"], [""])
    assert stream.rate_hz == pytest.approx(200.0)
    assert [s.first_row for s in stream.segments] == [0, 600]
    np.testing.assert_allclose([s.start_s for s in stream.segments], [5.0, 8.4])


@pytest.mark.parametrize("unit", sorted(TIMES_S))
def test_a_channel_of_times_in_every_unit(tmp_path: Path, unit: str) -> None:
    time = ChannelObject("g", "Time", np.arange(500) / 200.0 / TIMES_S[unit], {"unit_string": unit})
    (stream,) = read_tdms(write(tmp_path / "a.tdms", [time, ChannelObject("g", "EMG", noise(500))])).streams
    assert stream.rate_hz == pytest.approx(200.0)
    assert (stream.labels, len(stream.segments)) == (["EMG"], 1)


def test_a_channel_of_dates_is_one_of_times(tmp_path: Path) -> None:
    dates = BEGAN + (np.arange(300) * 4000).astype("m8[us]")
    parts = [
        ChannelObject("g", "when", dates),
        ChannelObject("g", "EMG", noise(300)),
        ChannelObject("h", "Fz", noise(9), waveform()),
    ]
    read = read_tdms(write(tmp_path / "a.tdms", parts))
    assert [(s.name, pytest.approx(s.rate_hz), s.segments[0].start_s) for s in read.streams] == [
        ("g", 250.0, pytest.approx(0.0, abs=1e-6)),
        ("h", 1000.0, 0.0),
    ]
    assert ids(read) == ["channel_left_out"]


def test_a_file_that_was_written_to_again_has_its_pause(tmp_path: Path) -> None:
    parts = [
        [ChannelObject("g", "Fz", noise(500, n), waveform(start=BEGAN + np.timedelta64(at, "ms")))]
        for n, at in enumerate([0, 500, 7000])
    ]
    (stream,) = read_tdms(write(tmp_path / "a.tdms", *parts)).streams
    assert [(s.first_row, s.start_s) for s in stream.segments] == [(0, 0.0), (1000, 7.0)]
    np.testing.assert_array_equal(stream.samples[:, 0], np.concatenate([noise(500, n) for n in range(3)]))
    back = [*parts, [ChannelObject("g", "Fz", noise(5), waveform(start=BEGAN))]]
    with pytest.raises(SignalFileError, match="begins before the part until then ends"):
        read_tdms(write(tmp_path / "b.tdms", *back))


def test_too_many_beginnings_are_one_stretch_and_said(tmp_path: Path) -> None:
    parts = [[ChannelObject("g", "Fz", noise(5), waveform(start=BEGAN + np.timedelta64(n, "s")))] for n in range(150)]
    read = read_tdms(write(tmp_path / "a.tdms", *parts))
    assert ids(read) == ["losses_unknown"]
    assert (len(read.streams[0].segments), len(read.streams[0].samples)) == (1, 750)


def test_what_is_no_signal_is_left_out_and_said(tmp_path: Path) -> None:
    parts = [
        GroupObject("g"),
        ChannelObject("g", "notes", np.array(["a", "b"])),
        ChannelObject("g", "complex", np.ones(4, dtype="c16"), waveform()),
        ChannelObject("g", "none", np.zeros(0), waveform()),
        ChannelObject("g", "untimed", noise(8)),
        ChannelObject("g", "Fz", np.array([1.0, np.nan, 3.0]), waveform(unit=None)),
    ]
    read = read_tdms(write(tmp_path / "a.tdms", parts))
    (stream,) = read.streams
    np.testing.assert_array_equal(stream.samples[:, 0], [1.0, np.nan, 3.0])
    assert stream.units == [""]
    left = {caveat.about: caveat.sentence for caveat in read.caveats if caveat.id == "channel_left_out"}
    assert sorted(left) == ["g/complex", "g/none", "g/notes", "g/untimed"]
    assert "does not say when its rows were" in left["g/untimed"]


def test_64_channels_in_many_pieces_and_memory_as_their_size(tmp_path: Path) -> None:
    values = np.random.default_rng(1).normal(0.0, 1.0, (4000, 64))
    parts = [
        [ChannelObject("g", f"c{n}", values[at : at + 400, n], waveform()) for n in range(64)] for at in range(0, 4000, 400)
    ]
    path = write(tmp_path / "a.tdms", *parts)
    read_tdms(path)
    tracemalloc.start()
    (stream,) = read_tdms(path).streams
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    np.testing.assert_array_equal(stream.samples, values)
    assert peak < 2.0 * values.nbytes


def test_without_times_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SignalFileError, match=r"no channel of times of the same length. Write it as waveforms"):
        read_tdms(write(tmp_path / "a.tdms", [ChannelObject("g", "x", noise(8)), ChannelObject("g", "Time", noise(7))]))
    with pytest.raises(SignalFileError, match=r"can't be timed by the times of 'Time': some of its times are no numbers"):
        read_tdms(
            write(tmp_path / "b.tdms", [ChannelObject("g", "x", noise(8)), ChannelObject("g", "Time", np.full(8, np.nan))])
        )
    without, lost = ChannelObject("h", "can't be timed", noise(8)), ChannelObject("g", "Time", np.full(8, np.nan))
    with pytest.raises(SignalFileError, match=r"does not say when its rows were: h/can't be timed has no wf_increment"):
        read_tdms(write(tmp_path / "d.tdms", [without]))
    with pytest.raises(SignalFileError, match=r"can be timed\. The channel 'g/x' can't be timed by the times of 'Time'"):
        read_tdms(write(tmp_path / "e.tdms", [ChannelObject("g", "x", noise(8)), lost, without]))
    timed = ChannelObject("i", "EMG", noise(8), waveform())
    read = read_tdms(write(tmp_path / "f.tdms", [ChannelObject("g", "x", noise(8)), lost, timed]))
    assert [(caveat.id, caveat.about) for caveat in read.caveats][:1] == [("channel_not_placed", "g/x")]
    assert [stream.labels for stream in read.streams] == [["EMG"]]
    with pytest.raises(SignalFileError, match="holds no channel of numbers"):
        read_tdms(write(tmp_path / "c.tdms", [ChannelObject("g", "x", np.array(["a"]))]))


def test_a_stale_index_beside_it_is_not_believed(tmp_path: Path) -> None:
    write(tmp_path / "b.tdms", [ChannelObject("g", "x", noise(8), waveform())])
    with TdmsWriter(str(tmp_path / "a.tdms"), index_file=True) as writer:
        writer.write_segment([ChannelObject("other", "y", noise(500), waveform(10.0))])
    (tmp_path / "a.tdms").write_bytes((tmp_path / "b.tdms").read_bytes())
    assert read_tdms(tmp_path / "a.tdms").streams[0].labels == ["x"]
    with pytest.raises(SignalFileError, match=r"is the index of a TDMS file"):
        read_tdms(tmp_path / "a.tdms_index")


def test_a_file_that_is_cut_short_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    values = np.random.default_rng(1).normal(0.0, 1.0, (300, 2))
    part = [[ChannelObject("g", f"c{n}", values[at : at + 100, n], waveform()) for n in range(2)] for at in (0, 100, 200)]
    whole = write(tmp_path / "a.tdms", *part).read_bytes()
    for less in (1, 8, 700, 801, 1500):
        (tmp_path / "b.tdms").write_bytes(whole[:-less])
        read = read_tdms(tmp_path / "b.tdms")
        rows = len(read.streams[0].samples)
        np.testing.assert_array_equal(read.streams[0].samples, values[:rows])
        assert ids(read) == ["incomplete"]
        assert 200 <= rows < 300


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (b"hello, world", "does not begin with TDSm"),
        (b"TDSm", "no channel of numbers"),
        (b"TDSm" + b"\xff" * 24, "TDMS|no channel"),
    ],
)
def test_what_is_none_is_said(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "a.tdms").write_bytes(content)
    with pytest.raises(SignalFileError, match=why):
        read_tdms(tmp_path / "a.tdms")


def test_files_that_are_not_there_and_libraries_that_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SignalFileError, match="There is no file"):
        read_tdms(tmp_path / "none.tdms")
    with pytest.raises(SignalFileError, match="can't be read"):
        read_tdms(tmp_path)
    found = util.find_spec
    monkeypatch.setattr("acquisition.formats.loggers.tdms.find_spec", lambda name: None if name == "nptdms" else found(name))
    with pytest.raises(SignalFileError, match=r"install it with 'pip install squatscope\[formats\]'"):
        read_tdms(tmp_path / "a.tdms")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(at=st.integers(0, 5000), byte=st.integers(0, 255))
def test_a_damaged_byte_ends_in_a_result_or_a_sentence(tmp_path: Path, at: int, byte: int) -> None:
    path = tmp_path / "a.tdms"
    if not path.exists():
        write(path, *[[ChannelObject("g", "x", noise(20), waveform()), ChannelObject("g", "y", noise(20), waveform())]] * 2)
    whole = bytearray(path.read_bytes())
    whole[at % len(whole)] = byte
    (tmp_path / "b.tdms").write_bytes(whole)
    with suppress(SignalFileError):
        read = read_tdms(tmp_path / "b.tdms")
        assert all(len(s.labels) == len(s.units) == s.samples.shape[1] for s in read.streams)
