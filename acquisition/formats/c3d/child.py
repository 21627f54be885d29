"""The C3D child process: ezc3d reads a file in it, so that damage which crashes ezc3d, or holds it for ever, does no harm.

As a script it answers, pickled, with what it has read: the parameters as {group: {name: values}}, the points and the analogs,
or the text of ezc3d's exception. On Linux it stays for further files, and reads each in a fork of its own: ezc3d is loaded
once, and what a damaged file does to it is gone with the fork. Elsewhere there is one child for each file.
"""

from __future__ import annotations

import atexit
import os
import pickle
import signal
import socket
import struct
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

LEAST_S = 20.0
S_PER_MB = 2.0
KILLED = -9
NO_MEMORY = "no memory"
ORDER, CODE = struct.Struct("=d"), struct.Struct("=i")
"""Seconds that a fork may take, before the path; and how it ended, as subprocess says it."""
LONGEST_PATH = 65_536


def read_apart(path: Path) -> tuple[dict[str, dict[str, Any]], Any, Any]:
    """Return parameters, points and analogs of a C3D file; raises ValueError with what ezc3d said or did, or MemoryError."""
    seconds = LEAST_S + S_PER_MB * path.stat().st_size / 1e6
    try:
        code, said = _answer(path, seconds)
    except subprocess.TimeoutExpired:
        raise ValueError(f"reading it came to no end within {seconds:.0f} s") from None
    if code == KILLED:  # as a system does that has no memory left
        raise MemoryError
    if code:
        raise ValueError("its parts contradict each other")
    answer = pickle.loads(said)
    if answer == NO_MEMORY:
        raise MemoryError
    if isinstance(answer, str):
        raise ValueError(answer)
    return answer  # type: ignore[no-any-return]


def _read(path: str) -> tuple[dict[str, dict[str, Any]], Any, Any] | str:
    import ezc3d

    try:
        file = ezc3d.c3d(path)
    except MemoryError:
        return NO_MEMORY
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        return str(error).removesuffix(": iostream error").rstrip(".") or type(error).__name__
    parameters = {
        group: {name: entry["value"] for name, entry in content.items() if name != "__METADATA__"}
        for group, content in file["parameters"].items()
    }
    return parameters, file["data"]["points"], file["data"]["analogs"]


def _tell(path: str, pipe: BinaryIO) -> None:
    with pipe:
        pickle.dump(_read(path), pipe)


if sys.platform == "linux":

    class _Reader:
        """A child that stays for further files, one at a time."""

        def __init__(self) -> None:
            self._line, its_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with its_end:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", __file__, str(its_end.fileno())],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    pass_fds=[its_end.fileno()],
                    start_new_session=True,  # Ctrl-C is for the program
                    env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # a process of several threads should not fork
                )

        def read(self, path: Path, seconds: float) -> tuple[int | None, bytes]:
            """Return how the fork ended, None where the child itself has, and its answer."""
            answer, its_end = os.pipe()
            with os.fdopen(answer, "rb") as pipe:
                try:
                    socket.send_fds(self._line, [ORDER.pack(seconds) + os.fsencode(path.absolute())], [its_end])
                finally:
                    os.close(its_end)
                said = pipe.read()
            code = self._line.recv(CODE.size)
            return (CODE.unpack(code)[0] if code else None), said

        def end(self) -> int:
            """End the child, with a fork that still reads, and return how it ended."""
            self._line.close()
            if self._process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
            return self._process.wait()

    _idle: dict[int, list[_Reader]] = {}
    """Children that wait for a file, by the process whose they are: its own forks have others."""

    def _answer(path: Path, seconds: float) -> tuple[int, bytes]:
        """Return how a fork ended and what it said; raises TimeoutExpired."""
        idle = _idle.setdefault(os.getpid(), [])
        kept, reader = (True, idle.pop()) if idle else (False, _Reader())
        code, said = None, b""
        try:
            with suppress(ConnectionError):
                code, said = reader.read(path, seconds)
        finally:
            if code is None:
                ended = reader.end()
            else:
                idle.append(reader)
        if code is None and kept:  # it was ended meanwhile, perhaps long ago
            return _answer(path, seconds)
        if code == -signal.SIGALRM:
            raise subprocess.TimeoutExpired([], seconds)
        return (ended or 1 if code is None else code), said

    @atexit.register
    def _end_all() -> None:
        for reader in _idle.pop(os.getpid(), []):
            reader.end()

    def _serve(line: socket.socket) -> None:
        import ezc3d as _loaded  # noqa: F401 - before any fork

        while True:
            order, descriptors, _, _ = socket.recv_fds(line, LONGEST_PATH, 1)
            if not order:
                return
            fork = os.fork()
            if fork == 0:
                try:
                    signal.setitimer(signal.ITIMER_REAL, *ORDER.unpack_from(order))
                    _tell(os.fsdecode(order[ORDER.size :]), os.fdopen(descriptors[0], "wb"))
                    os._exit(0)
                finally:
                    os._exit(1)
            os.close(descriptors[0])
            line.send(CODE.pack(os.waitstatus_to_exitcode(os.waitpid(fork, 0)[1])))

else:

    def _answer(path: Path, seconds: float) -> tuple[int, bytes]:
        """Return how the child ended and what it said; raises TimeoutExpired."""
        child = subprocess.run([sys.executable, "-P", __file__, str(path)], capture_output=True, timeout=seconds, check=False)
        return child.returncode, child.stdout


if __name__ == "__main__":
    if sys.platform == "linux":
        _serve(socket.socket(fileno=int(sys.argv[1])))
    else:
        pipe = os.dup(1)
        os.dup2(2, 1)  # what C++ prints is no part of the answer
        _tell(sys.argv[1], os.fdopen(pipe, "wb"))
