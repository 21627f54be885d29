"""Frames come back as they went in, whatever their portions, and whether or not their disk had room for them."""

from __future__ import annotations

import errno
import io
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processing.results import frame_file
from processing.results.frame_file import FrameFile, pieces

if TYPE_CHECKING:
    from pathlib import Path


@given(st.lists(st.integers(0, 300), max_size=30), st.integers(1, 5))
def test_rows_come_back_in_order(portions, width):
    rows = np.random.default_rng(1).normal(size=(sum(portions), width))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frame_file, "HELD_BYTES", 4096)
        frames, begin = FrameFile(width), 0
        for count in portions:
            frames.append(rows[begin : begin + count])
            begin += count
        assert frames.rows().tobytes() == rows.tobytes()
        assert frames.rows().shape == rows.shape  # asked for once more, and after more came
        frames.append(rows[:1])
        assert len(frames.rows()) == len(rows) + len(rows[:1])


def test_what_is_held_stays_small_and_the_file_has_no_name(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(frame_file, "HELD_BYTES", 1 << 16)
    frames = FrameFile(8, tmp_path)
    for value in range(2000):
        frames.append(np.full((100, 8), float(value)))
        assert sum(part.nbytes for part in frames._held) < 1 << 16
    assert sys.platform == "win32" or not list(tmp_path.iterdir())
    assert frames.rows()[::100, 3].tolist() == list(range(2000))


class _FullAtTimes(io.FileIO):
    """A file whose disk is full in every second try, after a part was written."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "w+")
        self.tries = 0

    def write(self, content: Any) -> int:
        self.tries += 1
        if self.tries % 3 == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(content[: max(1, len(content) // 2)]) if self.tries % 3 == 1 else super().write(content)


def test_a_disk_that_is_full_for_a_while_costs_nothing(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(frame_file, "HELD_BYTES", 4096)
    made = []

    def make(**_: Any) -> _FullAtTimes:
        made.append(_FullAtTimes(tmp_path / "frames"))
        return made[0]

    monkeypatch.setattr(frame_file, "TemporaryFile", make)
    rows = np.random.default_rng(2).normal(size=(5000, 4))
    frames = FrameFile(4)
    for piece in np.array_split(rows, 250):
        frames.append(piece)
    assert made[0].tries > 20
    assert frames.rows().tobytes() == rows.tobytes()


def test_without_a_disk_frames_stay_in_memory(monkeypatch):
    def fail(**_: Any) -> io.FileIO:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(frame_file, "TemporaryFile", fail)
    monkeypatch.setattr(frame_file, "HELD_BYTES", 1024)
    frames = FrameFile(4)
    for value in range(100):
        frames.append(np.full((10, 4), float(value)))
    assert frames.rows()[::10, 0].tolist() == list(range(100))


def test_pieces_are_all_rows():
    rows = np.arange(200_000.0)[:, None]
    assert np.concatenate(list(pieces(rows))).tobytes() == rows.tobytes()
    assert max(map(len, pieces(rows))) == frame_file.PIECE_ROWS


@pytest.mark.parametrize("held_bytes", [1 << 10, 1 << 20])
def test_what_is_withdrawn_is_nan_wherever_it_lies(monkeypatch, held_bytes):
    monkeypatch.setattr(frame_file, "HELD_BYTES", held_bytes)
    frames, rows = FrameFile(3), np.arange(900.0).reshape(300, 3)
    for first in range(0, 300, 7):
        frames.append(rows[first : first + 7].copy())
    frames.withdraw([2], 30.0, 600.0)
    expected = rows.copy()
    expected[10:200, 2] = np.nan
    np.testing.assert_array_equal(frames.rows(), expected)
