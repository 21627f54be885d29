"""The C3D child process: ezc3d reads a file in it, so that damage which crashes ezc3d, or holds it for ever, does no harm.

As a script it writes what it has read to its standard output, pickled: the parameters as {group: {name: values}}, the points
and the analogs, or the text of ezc3d's exception.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

LEAST_S = 20.0
S_PER_MB = 2.0
KILLED = -9
NO_MEMORY = "no memory"


def read_apart(path: Path) -> tuple[dict[str, dict[str, Any]], Any, Any]:
    """Return parameters, points and analogs of a C3D file; raises ValueError with what ezc3d said or did, or MemoryError."""
    seconds = LEAST_S + S_PER_MB * path.stat().st_size / 1e6
    try:
        child = subprocess.run([sys.executable, "-P", __file__, str(path)], capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise ValueError(f"reading it came to no end within {seconds:.0f} s") from None
    if child.returncode == KILLED:  # as a system does that has no memory left
        raise MemoryError
    if child.returncode:
        raise ValueError("its parts contradict each other")
    answer = pickle.loads(child.stdout)
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


if __name__ == "__main__":
    answer = os.dup(1)
    os.dup2(2, 1)  # what C++ prints is no part of the answer
    with os.fdopen(answer, "wb") as pipe:
        pickle.dump(_read(sys.argv[1]), pipe)
