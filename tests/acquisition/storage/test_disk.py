"""Space on the disk is really taken, with and without a call of the system for it, and what a file holds stays."""

from __future__ import annotations

import os
import stat
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acquisition.ring import Ring
from acquisition.storage.disk import allocate, claim, write_whole
from tests.support.fakes import a_stream
from ui.archive.folder import Folder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="what a file takes is not told there")


@pytest.fixture(params=["asked", "written"])
def way(request, monkeypatch):
    """With the system's call, and without it, as on macOS."""
    if request.param == "written":
        monkeypatch.delattr(os, "posix_fallocate", raising=False)
    elif not hasattr(os, "posix_fallocate"):
        pytest.skip("this system has no such call")


def taken(path) -> int:
    return path.stat().st_blocks * 512


def test_a_claimed_file_has_its_space(way, tmp_path):
    claim(tmp_path / "file", 5_000_000)
    assert (tmp_path / "file").stat().st_size == 5_000_000
    assert taken(tmp_path / "file") >= 5_000_000


def test_a_ring_has_its_space(way, tmp_path):
    Ring.create(tmp_path / "ring.h5", [a_stream(channels=28)], 10.0).close()
    assert taken(tmp_path / "ring.h5") >= (tmp_path / "ring.h5").stat().st_size


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(st.tuples(st.integers(0, 900_000), st.integers(1, 5000)), max_size=6), more=st.integers(0, 300_000))
def test_what_a_file_holds_stays(way, tmp_path_factory, pieces, more):
    path = tmp_path_factory.mktemp("disk") / "file"
    expected = np.zeros(1_000_000 + more, np.uint8)
    with path.open("xb", buffering=0) as file:
        file.truncate(1_000_000)
        for at, length in pieces:
            os.pwrite(file.fileno(), b"\x07" * length, at)
            expected[at : at + length] = 7
        allocate(file, 0, len(expected))
    assert np.array_equal(np.frombuffer(path.read_bytes(), np.uint8), expected)
    assert taken(path) >= len(expected)


def test_a_full_disk_is_met_when_space_is_taken(way, tmp_path):
    import resource
    import signal

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
    try:
        with pytest.raises(OSError, match="large"):
            claim(tmp_path / "file", 1_000_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert not (tmp_path / "file").exists()


@pytest.mark.skipif(os.name == "nt", reason="there the user's own folder protects what is in it")
def test_files_of_people_are_for_their_owner_alone(tmp_path):
    before = os.umask(0)
    try:
        claim(tmp_path / "ring.h5", 4096)
        write_whole(tmp_path / "report.html", b"somebody's")
        Folder(tmp_path / "session").make()
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"ring.h5": 0o600, "report.html": 0o600, "session": 0o700}
