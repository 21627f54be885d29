"""The child that reads C3D files: what befalls it, or the reading of one file, is told, and does the next file no harm."""

from __future__ import annotations

import os
import pickle
import signal
import socket
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import ezc3d
import numpy as np
import pytest

from acquisition.formats.c3d import child
from acquisition.formats.c3d.child import read_apart
from tests.support.made_c3d import make

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is a child for each file")


@pytest.fixture(autouse=True)
def _no_child_yet() -> None:
    child._end_all()


@pytest.fixture
def made(tmp_path):
    return make(tmp_path / "made.c3d")


def agrees(path: Path) -> bool:
    """Return whether what is read is what ezc3d reads in this process."""
    parameters, points, analogs = read_apart(path)
    file = ezc3d.c3d(str(path))
    np.testing.assert_array_equal(analogs, file["data"]["analogs"])
    np.testing.assert_array_equal(points, file["data"]["points"])
    return parameters["ANALOG"]["LABELS"] == file["parameters"]["ANALOG"]["LABELS"]["value"]


def kept() -> list:
    return child._idle[os.getpid()]


def test_one_child_reads_file_after_file(made):
    assert agrees(made)
    (reader,) = kept()
    assert agrees(made)
    assert kept() == [reader]


def test_a_relative_path_is_that_of_the_program_wherever_it_is_by_then(made, monkeypatch):
    read_apart(made)
    monkeypatch.chdir(made.parent)
    assert agrees(Path(made.name))


def test_a_child_that_was_ended_is_replaced(made):
    read_apart(made)
    (reader,) = kept()
    os.kill(reader._process.pid, signal.SIGKILL)
    reader._process.wait()
    assert agrees(made)
    assert reader not in kept()


@pytest.mark.parametrize(
    ("ending", "error", "said"), [(signal.SIGSEGV, ValueError, "contradict each other"), (signal.SIGKILL, MemoryError, None)]
)
def test_a_fork_that_is_ended_by_its_file_is_told_and_the_child_goes_on(made, tmp_path, ending, error, said):
    """The file is a pipe, so that the fork waits in ezc3d until it is ended."""
    read_apart(made)
    (reader,) = kept()
    os.mkfifo(tmp_path / "hangs.c3d")
    children = Path(f"/proc/{reader._process.pid}/task/{reader._process.pid}/children")
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read_apart, tmp_path / "hangs.c3d")
        while not (forks := children.read_text().split()):
            assert not reading.done()
        os.kill(int(forks[0]), ending)
        with pytest.raises(error, match=said):
            reading.result()
    assert agrees(made)
    assert kept() == [reader]


def test_a_reading_without_end_is_ended(made, tmp_path, monkeypatch):
    monkeypatch.setattr(child, "LEAST_S", 0.05)
    os.mkfifo(tmp_path / "hangs.c3d")
    with pytest.raises(ValueError, match="came to no end within 0 s"):
        read_apart(tmp_path / "hangs.c3d")
    monkeypatch.undo()
    assert agrees(made)


def test_a_reading_that_is_interrupted_is_ended_with_its_fork(made, tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "hangs.c3d")
    read_apart(made)
    (reader,) = kept()
    children = Path(f"/proc/{reader._process.pid}/task/{reader._process.pid}/children")
    forks = []

    def interrupted(*args):
        socket.send_fds(*args)
        while not (found := children.read_text().split()):
            pass
        forks.append(Path(f"/proc/{found[0]}"))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(child, "socket", SimpleNamespace(send_fds=interrupted))
        with pytest.raises(KeyboardInterrupt):
            read_apart(tmp_path / "hangs.c3d")
    while forks[0].exists() and "Z (zombie)" not in (forks[0] / "status").read_text():
        pass
    assert kept() == []
    assert agrees(made)


def test_files_are_read_side_by_side(made):
    with ThreadPoolExecutor(3) as pool:
        assert all(pool.map(agrees, [made] * 6))
    assert agrees(made)


def test_no_child_outlives_its_program(made):
    code = (
        "import sys, pathlib; from acquisition.formats.c3d import child; child.read_apart(pathlib.Path(sys.argv[1]))\n"
        "(readers,) = child._idle.values(); print(readers[0]._process.pid)"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code, made], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert not Path(f"/proc/{int(done.stdout)}").exists()


def test_the_child_is_a_script_whose_line_says_how_a_fork_ended(tmp_path):
    """Told from outside: an order is seconds and a path with a pipe for the answer, and its end is the child's."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    answer, its_end = os.pipe()
    with ours, subprocess.Popen([sys.executable, "-P", child.__file__, str(its.fileno())], pass_fds=[its.fileno()]) as process:
        its.close()
        socket.send_fds(ours, [struct.pack("=d", 5.0) + os.fsencode(tmp_path / "none.c3d")], [its_end])
        os.close(its_end)
        with os.fdopen(answer, "rb") as pipe:
            assert "could not be opened" in pickle.load(pipe)
        assert ours.recv(4) == bytes(4)
        ours.close()
        assert process.wait() == 0
