"""A recording's copy is the same to the byte, and is made only where nothing is."""

from __future__ import annotations

import pytest

from acquisition.recording import RecordingError
from acquisition.recording.copying import copy_recording


def test_a_copy_is_the_same_to_the_byte(tmp_path):
    content = bytes(range(256)) * 5000
    (tmp_path / "a.h5").write_bytes(content)
    copy_recording(tmp_path / "a.h5", tmp_path / "b.h5")
    assert (tmp_path / "b.h5").read_bytes() == content


def test_nothing_is_overwritten_and_what_is_missing_leaves_nothing(tmp_path):
    (tmp_path / "a.h5").write_bytes(b"a")
    (tmp_path / "b.h5").write_bytes(b"b")
    with pytest.raises(RecordingError, match=r"b\.h5 exists already, and nothing is ever overwritten"):
        copy_recording(tmp_path / "a.h5", tmp_path / "b.h5")
    assert (tmp_path / "b.h5").read_bytes() == b"b"
    with pytest.raises(RecordingError, match=r"gone\.h5 is missing"):
        copy_recording(tmp_path / "gone.h5", tmp_path / "c.h5")
    with pytest.raises(RecordingError, match="can't be copied"):
        copy_recording(tmp_path / "a.h5", tmp_path / "none" / "c.h5")
    assert not (tmp_path / "c.h5").exists()
