"""OpenSignals files: EMG in mV by PLUX's transfer function, codes where none is known, losses by the counter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acquisition.formats.loggers.opensignals import read_opensignals
from acquisition.formats.signal_file import SignalFileError
from acquisition.rig.units import TIMES_S
from tests.support.opensignals import MAC, device, write_h5, write_txt
from tests.support.signals import ids


def test_the_real_file_is_read_in_millivolts(shared_data: Path) -> None:
    path = shared_data / "biosignalsnotebooks" / "emg_bursts.h5"
    read = read_opensignals(path)
    (stream,) = read.streams
    with h5py.File(path) as file:
        codes = file[f"{MAC}/raw/channel_3"][:, 0].astype(float)
    np.testing.assert_allclose(stream.samples[:, 0] * 65536 / 3.0, codes - 32768, rtol=0, atol=1e-9)
    assert (stream.labels, stream.units) == (["PORT3_CHN1", "digital_1"], ["mV", ""])
    assert (stream.rate_hz, len(stream.samples), len(stream.segments)) == (1000.0, 28519, 1)
    assert read.caveats == ()
    envelope = np.abs(stream.samples[:28500, 0]).reshape(-1, 100).mean(axis=1)
    assert np.percentile(envelope, 90) > 8 * np.percentile(envelope, 10)  # bursts over rest


@pytest.mark.parametrize("write", [write_h5, write_txt])
@pytest.mark.parametrize(
    ("kind", "bits", "span"),
    [("biosignalsplux", 16, 3.0), ("channeller", 12, 3.0), ("bitalino", 10, 3.3 / 1.008), ("bitalino_rev", 6, 3.3 / 1.009)],
)
def test_codes_become_millivolts(tmp_path: Path, write: Any, kind: str, bits: int, span: float) -> None:
    codes = np.random.default_rng(1).integers(0, 1 << bits, (3000, 2))
    codes[0] = 1 << bits - 1
    read = read_opensignals(write(tmp_path / "a", {MAC: device(device=kind, resolution=[bits, bits], codes=codes)}))
    (stream,) = read.streams
    at = [stream.labels.index("CH1"), stream.labels.index("CH3")]
    assert stream.samples[0, at].tolist() == [0.0, 0.0]
    np.testing.assert_allclose(stream.samples[:, at], (codes * 1.0 / 2**bits - 0.5) * span, rtol=0, atol=1e-12)
    assert [stream.units[one] for one in at] == ["mV", "mV"]
    assert (read.caveats, stream.name, stream.rate_hz) == ((), MAC, 1000.0)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"sensor": ["XYZ", "EMG"]}, "sensor XYZ into a unit is not known here"),
        ({"sensor": ["", "EMG"]}, "that is not named into a unit"),
        ({"device": "muscleban"}, "EMG sensors of a device 'muscleban' is not known here"),
        ({"resolution": []}, "nothing says how many bits"),
        ({"resolution": [12, 12]}, "they are no codes of 12 bits"),
    ],
)
@pytest.mark.parametrize("write", [write_h5, write_txt])
def test_codes_stay_where_no_function_is_known(tmp_path: Path, write: Any, said: dict[str, Any], why: str) -> None:
    made = device(**said)
    read = read_opensignals(write(tmp_path / "a", {MAC: made}))
    kept = next(caveat for caveat in read.caveats if caveat.id == "codes_kept" and caveat.about == "CH1")
    assert why in kept.sentence
    at = read.streams[0].labels.index("CH1")
    np.testing.assert_array_equal(read.streams[0].samples[:, at], made["codes"][:, 0])
    assert read.streams[0].units[at] == ""


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
@given(losses=st.dictionaries(st.integers(1, 2990), st.integers(1, 900), max_size=3), begins=st.sampled_from([0, 65_000]))
def test_losses_are_counted_by_the_counter(tmp_path: Path, losses: dict[int, int], begins: int) -> None:
    number = np.arange(3000)
    for row, lost in losses.items():
        number[row:] += lost
    made = device(nSeq=begins + number, duration=f"{(number[-1] + 1) // 1000}s")
    read = read_opensignals(write_h5(tmp_path / "a.h5", {MAC: made}))
    assert [segment.first_row for segment in read.streams[0].segments] == [0, *sorted(losses)]
    starts = [segment.start_s for segment in read.streams[0].segments]
    np.testing.assert_allclose(starts, number[[0, *sorted(losses)]] / 1000.0)
    assert ids(read) == []


def test_a_bitalino_names_its_inputs_and_its_small_counter_is_said(tmp_path: Path) -> None:
    labels = [f"A{n}" for n in range(1, 7)]
    codes = np.random.default_rng(1).integers(0, 64, (900, 6))
    made = device(
        900,
        device="bitalino_rev",
        channels=list(range(1, 7)),
        label=labels,
        sensor=["EMG", "RAW", "RAW", "RAW", "RAW", "EMGBITREV"],
        resolution=[4, 1, 1, 1, 1, 10, 10, 10, 10, 6, 6],
        nSeq=np.arange(900) % 16,
        codes=codes,
    )
    read = read_opensignals(write_txt(tmp_path / "a.txt", {MAC: made}, {MAC: ["nSeq", "I1", "I2", "O1", "O2"]}))
    (stream,) = read.streams
    assert stream.labels == ["I1", "I2", "O1", "O2", *labels]
    assert stream.units == [""] * 4 + ["mV", "", "", "", "", "mV"]
    np.testing.assert_allclose(stream.samples[:, 4], (codes[:, 0] / 1024 - 0.5) * 3.3 / 1.009)
    np.testing.assert_allclose(stream.samples[:, 9], (codes[:, 5] / 64 - 0.5) * 3.3 / 1.009)
    assert sorted(ids(read)) == ["codes_kept"] * 4 + ["losses_unknown"]


@pytest.mark.parametrize("write", [write_h5, write_txt])
def test_several_devices_are_timed_by_their_beginnings(tmp_path: Path, write: Any) -> None:
    second = device(device="channeller", time="10:28:52.94", **{"sampling rate": 500}, duration="6s")
    read = read_opensignals(write(tmp_path / "a", {"AA": device(), "BB": second}))
    assert [(s.name, s.rate_hz) for s in read.streams] == [("AA", 1000.0), ("BB", 500.0)]
    assert [s.segments[0].start_s for s in read.streams] == pytest.approx([0.0, 1.25])
    assert ids(read) == ["devices_untied"]


def test_a_duration_that_is_not_that_of_the_rows_is_said(tmp_path: Path) -> None:
    read = read_opensignals(write_h5(tmp_path / "a.h5", {MAC: device(duration="1m 5s")}))
    (caveat,) = read.caveats
    assert (caveat.id, caveat.about) == ("rate_contradicts", MAC)
    assert "said to have run for 65 s, and its 3000 samples at 1000 Hz are 3.0 s" in caveat.sentence


@pytest.mark.parametrize("unit", sorted(TIMES_S))
def test_a_duration_in_every_unit(tmp_path: Path, unit: str) -> None:
    read = read_opensignals(write_h5(tmp_path / "a.h5", {MAC: device(duration=f"{3.0 / TIMES_S[unit]:.12f} {unit}")}))
    assert ids(read) == []
    read = read_opensignals(write_h5(tmp_path / "b.h5", {MAC: device(duration=f"{65.0 / TIMES_S[unit]:.12f}{unit}")}))
    assert "said to have run for 65 s" in read.caveats[0].sentence


def test_a_duration_in_no_unit_says_nothing(tmp_path: Path) -> None:
    assert ids(read_opensignals(write_h5(tmp_path / "a.h5", {MAC: device(duration="65 laps")}))) == []


def test_no_counter_and_one_of_zeros_are_said(tmp_path: Path) -> None:
    for number, counter in enumerate((None, np.zeros(3000, int))):
        read = read_opensignals(write_h5(tmp_path / f"{number}.h5", {MAC: device(nSeq=counter)}))
        assert ids(read) == ["losses_unknown"]
        assert len(read.streams[0].segments) == 1


def test_64_channels_doubled_and_empty_labels(tmp_path: Path) -> None:
    codes = np.random.default_rng(1).integers(0, 1 << 16, (100, 64))
    made = device(
        100,
        channels=list(range(1, 65)),
        resolution=[16] * 64,
        sensor=["EMG"] * 64,
        label=["", "x", "x", *["y"] * 61],
        codes=codes,
    )
    (stream,) = read_opensignals(write_h5(tmp_path / "a.h5", {MAC: made})).streams
    assert stream.labels[:4] == ["", "x", "x", "y"]
    np.testing.assert_allclose(stream.samples, (codes / 65536 - 0.5) * 3.0)


def test_a_line_that_is_no_row_counts_as_lost_and_an_unfinished_one_is_left(tmp_path: Path) -> None:
    path = write_txt(tmp_path / "a.txt", {MAC: device()})
    lines = path.read_text().splitlines(keepends=True)
    lines[1003] = "x\t0\t1\t2\t\n"
    lines[1500] = lines[1500].replace("\t0\t", "\t0\tNaN\t", 1).rsplit("\t", 2)[0] + "\t\n"
    path.write_text("".join(lines)[:-3])
    read = read_opensignals(path)
    assert [segment.first_row for segment in read.streams[0].segments] == [0, 1000]
    assert ids(read) == ["lines_not_read"]
    assert read.caveats[0].values == {"lines": 2.0, "first_line": 1004.0}
    assert read.streams[0].units == ["", "mV", "mV"]
    assert np.isnan(read.streams[0].samples[1496, 1])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "neither HDF5 nor begins with"),
        ("hello\n", "neither HDF5 nor begins with"),
        ("# OpenSignals Text File Format\n1\t2\n", "line 2: the header has no end"),
        ("# OpenSignals Text File Format\n# {}\n# EndOfHeader\n", "holds no device"),
        ("# OpenSignals Text File Format\n# {]\n# EndOfHeader\n", "no header in JSON"),
        ('# OpenSignals Text File Format\n# {"a": {}}\n# EndOfHeader\n', "no header in JSON"),
        (
            '# OpenSignals Text File Format\n# {"a": {"column": ["nSeq", "A1"]}}\n# EndOfHeader\n',
            "holds 0 rows of the device a",
        ),
        ('# OpenSignals Text File Format\n# {"a": {"column": ["nSeq"]}}\n# EndOfHeader\n0\n1\n2\n', "of the device a at 0 Hz"),
    ],
)
def test_what_can_not_be_read_is_said(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(SignalFileError, match=why):
        read_opensignals(tmp_path / "a.txt")


def test_files_that_are_none_or_lead_elsewhere_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SignalFileError, match="There is no file"):
        read_opensignals(tmp_path / "none.h5")
    with pytest.raises(SignalFileError, match="can't be read"):
        read_opensignals(tmp_path)
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file.create_group("x")
    with pytest.raises(SignalFileError, match="no group of it holds raw data"):
        read_opensignals(tmp_path / "other.h5")
    whole = write_h5(tmp_path / "a.h5", {MAC: device()})
    with h5py.File(whole, "r+") as file:
        raw = file[MAC]["raw"]
        del raw["channel_1"]
        raw["channel_1"] = h5py.ExternalLink("elsewhere.h5", "/x")
    with pytest.raises(SignalFileError, match="link to elsewhere"):
        read_opensignals(whole)
    with h5py.File(whole, "r+") as file:
        raw = file[MAC]["raw"]
        del raw["channel_1"]
        raw.create_dataset("channel_1", (1 << 40, 1), "u2", chunks=(1024, 1))
    with pytest.raises(SignalFileError, match="says that it has"):
        read_opensignals(whole)


def test_a_heap_of_texts_that_would_be_read_without_end_is_refused(tmp_path: Path) -> None:
    content = bytearray(write_h5(tmp_path / "a.h5", {MAC: device()}).read_bytes())
    heap = content.index(b"GCOL")
    content[heap + 16 : heap + 32] = bytes(16)  # free space of no size
    (tmp_path / "b.h5").write_bytes(content)
    with pytest.raises(SignalFileError, match="its heap of texts is damaged"):
        read_opensignals(tmp_path / "b.h5")


def test_a_file_that_is_cut_short_is_said(tmp_path: Path) -> None:
    content = write_h5(tmp_path / "a.h5", {MAC: device()}).read_bytes()
    for length in (20, 900, len(content) // 2, len(content) - 1):
        (tmp_path / "b.h5").write_bytes(content[:length])
        with pytest.raises(SignalFileError, match=r"b.h5 (is no OpenSignals file|can't be read).*\.$"):
            read_opensignals(tmp_path / "b.h5")
