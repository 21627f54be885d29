"""Raw text of the OpenBCI GUI, old and new: channels, rate and losses, by the sample index and the computer's times."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acquisition.formats.loggers import text_rows
from acquisition.formats.loggers.openbci import read_openbci
from acquisition.formats.signal_file import SignalFile, SignalFileError
from tests.support.openbci import CHANNELS, RATE, ROUND
from tests.support.openbci import write_openbci as write
from tests.support.signals import ids


def numbers(read: SignalFile) -> np.ndarray:
    """Return the number of each row by the segments."""
    stream = read.streams[0]
    at = np.arange(len(stream.samples), dtype=float)
    for segment in stream.segments:
        at[segment.first_row :] = segment.start_s * stream.rate_hz + np.arange(len(at) - segment.first_row)
    return at


def test_the_real_file_has_its_rate_rows_and_no_loss(shared_data: Path) -> None:
    path = shared_data / "openbci" / "OpenBCI-RAW-S02_S1R0.txt"
    read = read_openbci(path)
    (stream,) = read.streams
    plain = np.genfromtxt(path, delimiter=",", skip_header=6, usecols=range(8))
    np.testing.assert_array_equal(stream.samples, plain[:, 1:8])
    assert stream.samples.shape == (26207, 7)
    assert len(stream.segments) == 1
    assert np.isin(np.diff(plain[:, 0]), (1, -200)).all()
    assert stream.rate_hz == pytest.approx(26206 / 131.022, rel=2e-4)  # by the first and the last time in it
    assert stream.labels[:5] == ["EXG Channel 0", "EXG Channel 1", "EXG Channel 2", "EXG Channel 3", "Accel Channel 0"]
    assert stream.units == ["uV"] * 4 + ["g"] * 3
    assert read.caveats == ()


@pytest.mark.parametrize("board", ["ganglion", "cyton", "daisy"])
@pytest.mark.parametrize("new", [True, False], ids=["new", "old"])
def test_every_board_is_read(tmp_path: Path, board: str, new: bool) -> None:
    values, _ = write(tmp_path / "a.txt", board, new=new)
    read = read_openbci(tmp_path / "a.txt")
    (stream,) = read.streams
    channels = CHANNELS[board]
    assert stream.labels[: channels + 3] == [
        *(f"EXG Channel {n}" for n in range(channels)),
        *(f"Accel Channel {n}" for n in range(3)),
    ]
    assert stream.labels[channels + 3 :] == (["Digital Channel 0 (D11)", "Marker Channel"] if new else [])
    assert stream.units[: channels + 3] == ["uV"] * channels + ["g"] * 3
    np.testing.assert_array_equal(stream.samples[:, : channels + 3], values)
    assert stream.rate_hz == pytest.approx(RATE[board], rel=3e-4)
    assert len(stream.segments) == 1
    assert read.caveats == ()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=12)
@given(
    board=st.sampled_from(["ganglion", "cyton", "daisy"]),
    lost=st.dictionaries(st.sampled_from([300, 700, 1100, 1500]), st.integers(1, 120), max_size=4),
    late_s=st.sampled_from([0.005, 0.02, 0.06]),
)
def test_losses_are_counted_by_the_index(tmp_path: Path, board: str, lost: dict[int, int], late_s: float) -> None:
    _, number = write(tmp_path / "a.txt", board, 16.0, lost, late_s=late_s)
    read = read_openbci(tmp_path / "a.txt")
    np.testing.assert_allclose(numbers(read), number, atol=1e-6)
    assert [segment.first_row for segment in read.streams[0].segments] == [0, *sorted(lost)]


@pytest.mark.parametrize("more", [0, 17, 100])
@pytest.mark.parametrize("rounds", [1, 3, 40])
@pytest.mark.parametrize("board", ["ganglion", "daisy"])
def test_losses_of_whole_rounds_are_told_by_times(tmp_path: Path, board: str, rounds: int, more: int) -> None:
    lost = {1000: rounds * ROUND[board] // (2 if board == "daisy" else 1) + more}
    _, number = write(tmp_path / "a.txt", board, 20.0, lost, new=False)
    np.testing.assert_allclose(numbers(read_openbci(tmp_path / "a.txt")), number, atol=1e-6)


def edited(path: Path, line: int, text: str | None = None, **cells: str) -> None:
    """Replace a line of rows (from 0), or cells of it by their column."""
    lines = path.read_bytes().decode().split("\r\n")
    at = next(n for n, one in enumerate(lines) if one[:1].isdigit()) + line
    old = lines[at].split(", ")
    for column, cell in cells.items():
        old[int(column[1:])] = cell
    lines[at] = ", ".join(old) if text is None else text
    path.write_bytes("\r\n".join(lines).encode())


def test_one_stray_index_or_time_loses_nothing(tmp_path: Path) -> None:
    write(tmp_path / "a.txt")
    edited(tmp_path / "a.txt", 1000, c14="1700040000.5")
    edited(tmp_path / "a.txt", 2000, c0="17.0")
    assert len(read_openbci(tmp_path / "a.txt").streams[0].segments) == 1


def test_an_index_that_begins_anew_is_numbered_by_time(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write(path, "cyton", 20.0)
    lines = path.read_bytes().decode().split("\r\n")
    kept = [*lines[:2505], *lines[5:][4000:]]  # six seconds are lost, and the index goes on from 0
    for index, at in enumerate(range(2505, len(kept) - 1)):
        kept[at] = f"{index % 256:.1f}, " + kept[at].split(", ", 1)[1]
    path.write_bytes("\r\n".join(kept).encode())
    read = read_openbci(path)
    assert [segment.first_row for segment in read.streams[0].segments] == [0, 2500]
    assert read.streams[0].segments[1].start_s == pytest.approx(16.0, abs=0.1)


def test_midnight_and_a_clock_that_is_set_change_nothing(tmp_path: Path) -> None:
    _, number = write(tmp_path / "a.txt", begins_s=86_395.0, new=False)
    read = read_openbci(tmp_path / "a.txt")
    assert (ids(read), len(read.streams[0].segments)) == ([], 1)
    for by_s in (-3600.0, 3600.0):
        write(tmp_path / "b.txt", new=False)
        lines = (tmp_path / "b.txt").read_bytes().decode().split("\r\n")
        for at in range(2000, len(lines) - 1):
            hours, rest = lines[at].rsplit(", ", 1)[1].split(":", 1)
            lines[at] = lines[at].rsplit(", ", 1)[0] + f", {int(hours) + int(by_s / 3600):02d}:{rest}"
        (tmp_path / "b.txt").write_bytes("\r\n".join(lines).encode())
        read = read_openbci(tmp_path / "b.txt")
        np.testing.assert_allclose(numbers(read), number, atol=1e-6)
        assert ids(read) == ["clock_set"]
        assert read.caveats[0].values["most_s"] == pytest.approx(by_s, abs=0.1)
        assert read.streams[0].rate_hz == pytest.approx(250.0, rel=1e-3)


def test_a_rate_that_the_times_contradict_is_said(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", rate_hz=1000.0)
    read = read_openbci(tmp_path / "a.txt")
    assert ids(read) == ["rate_contradicts"]
    assert read.streams[0].rate_hz == pytest.approx(1000.0, rel=3e-3)


def test_a_decimal_comma_is_a_point(tmp_path: Path) -> None:
    values, _ = write(tmp_path / "a.txt", "ganglion", new=False, comma=True)
    (stream,) = read_openbci(tmp_path / "a.txt").streams
    np.testing.assert_array_equal(stream.samples, values)
    assert stream.rate_hz == pytest.approx(200.0, rel=3e-4)


def test_lines_that_are_no_rows_count_as_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_rows, "CHUNK_ROWS", 700)
    write(tmp_path / "a.txt")
    edited(tmp_path / "a.txt", 1000, "hello")
    edited(tmp_path / "a.txt", 3000, c2="1.2.3")
    edited(tmp_path / "a.txt", 3100, c2="NaN")
    read = read_openbci(tmp_path / "a.txt")
    assert [segment.first_row for segment in read.streams[0].segments] == [0, 1000, 2999]
    assert [(c.id, c.values) for c in read.caveats] == [("lines_not_read", {"lines": 2.0, "first_line": 1006.0})]
    assert np.isnan(read.streams[0].samples[3098, 1])
    whole = (tmp_path / "a.txt").read_bytes()
    (tmp_path / "cut.txt").write_bytes(whole[: len(whole) - 70])
    assert len(read_openbci(tmp_path / "cut.txt").streams[0].samples) == 4997


def test_without_times_the_index_alone_counts_and_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write(path, "cyton", 8.0, {500: 20})
    lines = path.read_bytes().decode().split("\r\n")
    short = [", ".join(one.split(", ")[:-3]) if not one.startswith("%") else one for one in lines]
    path.write_bytes("\r\n".join(short).encode())
    read = read_openbci(path)
    assert ids(read) == ["losses_unknown"]
    assert (read.streams[0].rate_hz, len(read.streams[0].segments)) == (250.0, 2)


HEAD = "%OpenBCI Raw EXG Data\n%Sample Rate = 250 Hz\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "does not begin with %OpenBCI"),
        ("hello\n", "does not begin with %OpenBCI"),
        ("%OpenBCI Raw EXG Data\n%Sample Rate = 250 Hz\n", "holds no rows: it ends after 2 lines"),
        (HEAD + "0, 1, 2, 3, 10:00:00.000\n" * 9, "does not say how many of them are channels"),
        (HEAD + "Sample Index, EXG Channel 0\n0, 1, 2\n", "names 2 columns, and its first row has 3"),
        (HEAD + "Sample Index, EXG Channel 0\n0, 1\n", "holds 1 rows"),
        (HEAD + "Sample Index, Other\n0, 1\n", "no column of a channel"),
        (HEAD + "Sample Index, EXG Channel 0\n" + "3, 1.5\n" * 50, "do not rise evenly"),
        (HEAD + "Sample Index, EXG Channel 0\n0, 1.5\n" + "x\n" * 50, "has 50 lines that are no rows"),
        ("%OpenBCI Raw EXG Data\nSample Index, EXG Channel 0\n0, 1.5\n1, 1.5\n", "says no sample rate"),
    ],
)
def test_what_can_not_be_read_is_said(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(SignalFileError, match=why):
        read_openbci(tmp_path / "a.txt")


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(SignalFileError, match="There is no file"):
        read_openbci(tmp_path / "none.txt")
    with pytest.raises(SignalFileError, match="can't be read"):
        read_openbci(tmp_path)


def test_memory_grows_with_the_samples_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_rows, "CHUNK_ROWS", 1000)
    write(tmp_path / "a.txt", "daisy", 160.0)
    read_openbci(tmp_path / "a.txt")
    tracemalloc.start()
    samples = read_openbci(tmp_path / "a.txt").streams[0].samples
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3.0 * samples.nbytes + 5e6
