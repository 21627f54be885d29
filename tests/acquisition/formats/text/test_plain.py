"""Tables of numbers: whatever separates them, what was written is read; what can't be sure is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acquisition.formats.import_map import MapTable
from acquisition.formats.signal_file import SignalFile, SignalFileError
from acquisition.formats.text.plain import read_plain
from acquisition.rig.units import TIMES_S
from tests.support.signals import ids

SEPARATORS = {"tab": "\t", "comma": ",", "semicolon": ";", "space": " ", "comma and space": ", "}


def read(tmp_path: Path, text: str | bytes, name: str = "a.csv", **said: object) -> SignalFile:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_plain(path, MapTable.model_validate(said))


def table(rows: int = 20, step_s: float = 0.001, header: str = "time,VL,VM\n") -> str:
    return header + "".join(f"{k * step_s:.6f},{k / 7:.4f},{-k / 3:.4f}\n" for k in range(rows))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    separator=st.sampled_from(sorted(SEPARATORS)),
    decimal=st.sampled_from([".", ","]),
    values=st.lists(st.tuples(*[st.floats(-1e6, 1e6, allow_nan=False, width=32)] * 3), min_size=3, max_size=30),
    end=st.sampled_from(["\n", "\r\n"]),
    bom=st.booleans(),
    units=st.booleans(),
    comment=st.sampled_from(["", "# made by a program\n", "Subject:;;\nDate: today\n\n"]),
    trailing=st.booleans(),
)
def test_what_was_written_is_read(
    tmp_path: Path,
    separator: str,
    decimal: str,
    values: list[tuple[float, float, float]],
    end: str,
    bom: bool,
    units: bool,
    comment: str,
    trailing: bool,
) -> None:
    mark = SEPARATORS[separator]
    if mark.strip() == "," and decimal == ",":
        separator, mark = "semicolon", ";"
    tail = mark.strip(" ") if trailing and mark != " " else ""
    lines = [mark.join(["Time", "RF", "Fz1"]) + tail]
    if units:
        lines.append(mark.join(["s", "mV", "N"]) + tail)
    for k, row in enumerate(values):
        cells = [f"{k / 500:.3f}", *(repr(float(value)) for value in row[:2])]
        lines.append(mark.join(cell.replace(".", decimal) for cell in cells) + tail)
    text = comment.replace("\n", end) + end.join(lines) + end
    file = read(tmp_path, (b"\xef\xbb\xbf" if bom else b"") + text.encode())
    (stream,) = file.streams
    assert stream.labels == ["RF", "Fz1"]
    assert stream.units == (["mV", "N"] if units else ["", ""])
    assert stream.rate_hz == pytest.approx(500.0)
    np.testing.assert_array_equal(stream.samples, np.array(values)[:, :2])


@pytest.mark.parametrize(
    ("header", "label", "unit"),
    [
        ("Time (s),RF (mV)\n", "RF", "mV"),
        ("time [s],RF [µV]\n", "RF", "µV"),
        ("# time,RF\n", "RF", ""),
        ("time,RF\n[s],[V]\n", "RF", "V"),
        ('"time","R. rectus, left (mV)"\n', "R. rectus, left", "mV"),
        ("Zeit,Kraft Fz\ns,N\n", "Kraft Fz", "N"),
    ],
)
def test_labels_and_units_of_headers(tmp_path: Path, header: str, label: str, unit: str) -> None:
    (stream,) = read(tmp_path, header + "".join(f"{k / 1000},{k}\n" for k in range(9))).streams
    assert (stream.labels, stream.units) == ([label], [unit])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1"])
def test_labels_in_other_languages(tmp_path: Path, encoding: str) -> None:
    text = "temps;Droit antérieur gauche (µV)\n" + "".join(f"{k / 1000};{k}\n".replace(".", ",") for k in range(9))
    (stream,) = read(tmp_path, text.encode(encoding)).streams
    assert (stream.labels, stream.units) == (["Droit antérieur gauche"], ["µV"])


def test_quoted_cells_may_hold_the_comma(tmp_path: Path) -> None:
    text = '"time","RF"\n' + "".join(f'"0,{k:03d}","{k},5"\n' for k in range(9))
    (stream,) = read(tmp_path, text).streams
    np.testing.assert_array_equal(stream.samples[:, 0], np.arange(9) + 0.5)
    assert stream.rate_hz == 1000.0


def test_a_comma_that_may_be_either_is_asked_for(tmp_path: Path) -> None:
    text = "".join(f"{k},{k + 1}\n" for k in range(9))
    with pytest.raises(SignalFileError, match=r"may separate two columns or be a decimal mark.*decimal = "):
        read(tmp_path, text)
    (stream,) = read(tmp_path, text, decimal="comma", rate_hz=100.0).streams
    np.testing.assert_allclose(stream.samples[:, 0], [float(f"{k}.{k + 1}") for k in range(9)])
    (stream,) = read(tmp_path, text, delimiter="comma", rate_hz=100.0).streams
    assert stream.samples.shape == (9, 2)


# Times


@pytest.mark.parametrize("rate_hz", [100.0, 1000.0, 1024.0, 1259.26, 1500.0, 2000.0, 2148.15])
@pytest.mark.parametrize("digits", [3, 4, 6, 9])
def test_rates_of_times_whose_digits_are_few(tmp_path: Path, rate_hz: float, digits: int) -> None:
    text = "t,a\n" + "".join(f"{12.0 + k / rate_hz:.{digits}f},{k}\n" for k in range(4000))
    file = read(tmp_path, text)
    assert len(file.streams[0].segments) == 1
    assert file.streams[0].rate_hz == pytest.approx(rate_hz, rel=2e-3 if digits == 3 else 1e-4)
    assert file.streams[0].segments[0].start_s == pytest.approx(12.0, abs=10.0**-digits)


@pytest.mark.parametrize("lost", [1, 2, 700])
def test_lost_samples_are_segments(tmp_path: Path, lost: int) -> None:
    rows = [*range(500), *range(500 + lost, 1500)]
    file = read(tmp_path, "t,a\n" + "".join(f"{k / 1000:.3f},{k}\n" for k in rows))
    (stream,) = file.streams
    assert [(s.first_row, round(1000 * s.start_s)) for s in stream.segments] == [(0, 0), (500, 500 + lost)]
    assert stream.rate_hz == 1000.0
    assert file.caveats[0].id == "time_jumps"
    assert file.caveats[0].values == {"jumps": 1.0, "lost_s": pytest.approx(lost / 1000)}


@pytest.mark.parametrize(
    ("header", "factor"), [("time (ms),a\n", 1.0), ("Time [ms],a\n", 1.0), ("t_ms,a\n", 1.0), ("time,a\nms,V\n", 1.0)]
)
def test_times_in_ms(tmp_path: Path, header: str, factor: float) -> None:
    file = read(tmp_path, header + "".join(f"{factor * k},{k}\n" for k in range(100)))
    assert file.streams[0].rate_hz == 1000.0
    assert ids(file) == []


@pytest.mark.parametrize("header", ["time ({})", "Time [{}]", "time_{}"])
@pytest.mark.parametrize("unit", sorted(TIMES_S))
def test_times_in_every_unit(tmp_path: Path, header: str, unit: str) -> None:
    rows = "".join(f"{k / TIMES_S[unit] / 1000.0:.12g},{k}\n" for k in range(100))
    file = read(tmp_path, f"{header.format(unit.title())},a\n{rows}")
    assert file.streams[0].rate_hz == pytest.approx(1000.0, rel=1e-6)
    assert ids(file) == []
    below = read(tmp_path, f"time,a\n{unit},V\n{rows}")
    assert (below.streams[0].labels, below.streams[0].units) == (["a"], ["V"])
    assert below.streams[0].rate_hz == pytest.approx(1000.0, rel=1e-6)


def test_times_without_a_unit_that_would_be_too_slow_are_in_ms_and_told(tmp_path: Path) -> None:
    file = read(tmp_path, "time,a\n" + "".join(f"{2 * k},{k / 9}\n" for k in range(100)))
    assert file.streams[0].rate_hz == 500.0
    assert ids(file) == ["time_guessed"]


def test_a_rate_that_the_header_or_the_map_says(tmp_path: Path) -> None:
    body = "RF\tBF\n" + "".join(f"{k / 9:.3f}\t{k / 8:.3f}\n" for k in range(50))
    with pytest.raises(SignalFileError, match=r"no time column and names no rate.*rate_hz"):
        read(tmp_path, body)
    assert read(tmp_path, body, rate_hz=2000.0).streams[0].rate_hz == 2000.0
    file = read(tmp_path, "Sampling frequency: 1,5 kHz\n" + body)
    assert (file.streams[0].rate_hz, ids(file)) == (1500.0, ["rate_from_header"])


def test_a_counter_tells_lost_samples(tmp_path: Path) -> None:
    rows = [*range(1, 30), *range(41, 60)]
    file = read(tmp_path, "Sample,RF\n" + "".join(f"{k},{k / 9:.3f}\n" for k in rows), rate_hz=200.0)
    begins = [(segment.first_row, segment.start_s) for segment in file.streams[0].segments]
    assert begins == [(0, pytest.approx(1 / 200)), (29, pytest.approx(41 / 200))]
    assert ids(file) == ["time_jumps"]
    wraps = "Sample,RF\n" + "".join(f"{k % 20},{k / 9:.3f}\n" for k in range(60))
    assert len(read(tmp_path, wraps, rate_hz=200.0).streams[0].segments) == 1


def test_a_header_that_contradicts_the_times_is_told(tmp_path: Path) -> None:
    file = read(tmp_path, "Sample rate (Hz): 2000\n" + table())
    assert (file.streams[0].rate_hz, ids(file)) == (1000.0, ["rate_contradicts"])


def test_the_text_of_bioware(tmp_path: Path) -> None:
    lines = [
        "BioWare 5.3.2.9",
        "Name:\tSquat",
        "Sampling Rate (Hz):\t1000.000000",
        "Length (sec):\t0.05",
        "",
        "abs time (s)\tFx\tFy\tFz\t|Ft|\tAx\tAy",
        "s\tN\tN\tN\tN\tm\tm",
    ]
    lines += [f"{k / 1000:.6f}\t{k}.0\t1.0\t700.0\t701.0\t0.010\t-0.020" for k in range(50)]
    file = read(tmp_path, "\r\n".join(lines) + "\r\n", "bioware.txt")
    assert file.streams[0].labels == ["Fx", "Fy", "Fz", "|Ft|", "Ax", "Ay"]
    assert file.streams[0].units == ["N", "N", "N", "N", "m", "m"]
    assert (file.streams[0].rate_hz, ids(file)) == (1000.0, [])


# What is wrong


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("just a text\nof two lines\n", "has no table of numbers"),
        ("time,a\n", "has no table of numbers"),
        ("\x00\x01\x02\x03", "is no text"),
        (table() + "0.02,x,3\n0.021,1,2\n", "line 22, has 'x' where a number should be"),
        (table() + "0.02,1,3,4\n0.021,1,2\n", "line 22, has 4 columns, and the lines before it 3"),
        (table().replace("0.005000", "0.002500"), r"line 7: the time goes back from 0\.004 s to 0\.0025 s"),
        (table().replace("0.005000", ""), "line 7, has no time"),
        (table().replace("0.005000", "0.005900"), "not even in time: line 7"),
        ("time,a\n" + "".join(f"{k * k / 1000},{k}\n" for k in range(30)), "not even in time"),
        ("time,a\n" + "0.5,1\n" * 30, "do not go forwards"),
        ("time\n" + "".join(f"{k / 1000}\n" for k in range(30)), "has a time column and nothing beside it"),
    ],
)
def test_a_sentence_says_what_is_wrong(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(SignalFileError, match=sentence) as caught:
        read(tmp_path, text)
    assert str(caught.value).endswith(".")


def test_files_that_are_not_there_or_no_files(tmp_path: Path) -> None:
    with pytest.raises(SignalFileError, match="There is no file"):
        read_plain(tmp_path / "none.csv", MapTable())
    with pytest.raises(SignalFileError, match="is a folder"):
        read_plain(tmp_path, MapTable())


def test_a_last_line_that_is_cut_off_is_left_out(tmp_path: Path) -> None:
    file = read(tmp_path, table(50) + "0.050000,7.1")
    assert (len(file.streams[0].samples), ids(file)) == (50, ["last_line_cut"])


def test_a_last_row_that_comes_too_early_is_left_out(tmp_path: Path) -> None:
    file = read(tmp_path, table(50, 0.01) + "0.4923,1,2\n")
    assert (len(file.streams[0].samples), ids(file)) == (50, ["last_row_left_out"])


def test_columns_of_text_are_left_out_and_told(tmp_path: Path) -> None:
    file = read(tmp_path, "time,phase,RF\n" + "".join(f"{k / 1000},down,{k}\n" for k in range(30)))
    assert (file.streams[0].labels, ids(file)) == (["RF"], ["columns_left_out"])


def test_cells_without_a_number_are_none(tmp_path: Path) -> None:
    text = table(30).replace("-3.0000\n", "\n").replace("-4.0000\n", "NaN\n")
    (stream,) = read(tmp_path, text).streams
    assert np.flatnonzero(np.isnan(stream.samples[:, 1])).tolist() == [9, 12]


def test_labels_that_a_person_gives(tmp_path: Path) -> None:
    body = "".join(f"{k / 1000},{k / 9:.2f}\n" for k in range(30))
    file = read(tmp_path, body, labels=["t", "VL left"], time="t", time_unit="s")
    assert (file.streams[0].labels, ids(file)) == (["VL left"], [])
    with pytest.raises(SignalFileError, match=r"names 3 labels, and .* has 2 columns"):
        read(tmp_path, body, labels=["a", "b", "c"])
    with pytest.raises(SignalFileError, match="no column 'when' in"):
        read(tmp_path, body, time="when")
