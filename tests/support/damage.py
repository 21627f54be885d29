"""Damaged copies of a file, used in a child process, since HDF5 itself might fall over them."""

from __future__ import annotations

import os
import random
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def survive_damage(content: bytes, folder: Path, use: Callable[[Path], str], copies: int = 300) -> int:
    """Use copies with some bytes changed, under an alarm of 20 s each; return how many were refused with a sentence."""
    written = [i for i in range(len(content)) if content[i]]
    rng = random.Random(11)
    report, path = folder / "report", folder / "damaged.h5"
    report.write_text("not begun")
    child = os.fork()
    if child == 0:
        code = 1
        try:
            refused = 0
            for copy in range(copies):
                damaged = bytearray(content)
                for _ in range(rng.choice([1, 1, 1, 4, 50])):
                    damaged[rng.choice(written)] = rng.randrange(256)
                path.write_bytes(damaged)
                report.write_text(f"copy {copy}")
                signal.alarm(20)
                refused += bool(use(path))
            report.write_text(str(refused))
            code = 0
        except BaseException as error:  # noqa: BLE001 - told to the parent
            report.write_text(f"{report.read_text()}: {error!r}")
        finally:
            os._exit(code)
    status = os.waitpid(child, 0)[1]
    assert status == 0, f"status {status}, {report.read_text()}"
    return int(report.read_text())
