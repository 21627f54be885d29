"""Ordeals: what is done to a session, at moments that a seed gives, and what must be left of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.torture.account import Account, account_of
from tests.torture.session import OVER, READY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
END_S = 60.0
"""A session that was told to end must have ended by then."""
SMALLEST_MB = {"tmpfs": 1, "ext4": 1, "btrfs": 120}
STARTS_S = 1.0
"""About how long it takes from READY to the first sample."""


@dataclass(frozen=True, slots=True)
class Ordeal:
    """One kind of torture; `run` gets a folder that is not there yet, and a seed."""

    name: str
    run: Callable[[Path, int], Account]


class Session:
    """A session in a process of its own."""

    def __init__(self, folder: Path, seconds: float, seed: int, *faults: str) -> None:
        self.folder = folder
        self._said = folder.with_name(f"{folder.name}.said")
        with self._said.open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.torture.session", str(folder), str(seconds), str(seed), *faults],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )
        assert self.process.stdout is not None
        assert self.process.stdout.readline().strip() == READY, self._said.read_text()

    def wait_until_it_records(self) -> None:
        """Wait until its recording is there, however long its kernels take to be compiled."""
        deadline_s = time.perf_counter() + END_S
        while not (self.folder / "recording.h5").exists() and self.process.poll() is None and time.perf_counter() < deadline_s:
            time.sleep(0.05)

    def send(self, number: int) -> None:
        """Send a signal, if it still runs."""
        if self.process.poll() is None:
            self.process.send_signal(number)

    def end(self, *, codes: tuple[int, ...]) -> tuple[str, list[str]]:
        """Wait for its end; return what it told of faults, and what was wrong with how it ended."""
        try:
            out, _ = self.process.communicate(timeout=END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            out, _ = self.process.communicate()
            return out, [f"It did not end within {END_S:g} s."]
        err = self._said.read_text()
        wrong = [f"It ended with a traceback: {err[-600:]}"] if "Traceback" in err else []
        if self.process.returncode not in codes:
            wrong.append(f"It ended with code {self.process.returncode}: {out[-300:]} {err[-300:]}")
        return out, wrong


def killed(folder: Path, seed: int) -> Account:
    """Kill it at any moment: all that was published can be recovered."""
    rng = Random(f"killed {seed}")
    session = Session(folder, 60.0, seed, *rng.choice([(), ("faults",)]))
    time.sleep(rng.uniform(0.0, STARTS_S + 12.0))
    session.send(signal.SIGKILL)
    _, wrong = session.end(codes=(-signal.SIGKILL,))
    return _account(folder, wrong)


def told_to_end(folder: Path, seed: int) -> Account:
    """Send a signal or two at any moment, start-up included: it leaves a whole session, or nothing."""
    rng = Random(f"told {seed}")
    session = Session(folder, 60.0, seed)
    time.sleep(rng.choice([rng.uniform(0.0, STARTS_S), rng.uniform(0.0, STARTS_S + 5.0)]))
    sent = []
    for _ in range(rng.choice([1, 1, 2])):
        sent.append(rng.choice([signal.SIGINT, signal.SIGTERM, signal.SIGHUP]))
        session.send(sent[-1])
        time.sleep(rng.choice([0.0, 0.05, 0.5]))
    out, wrong = session.end(codes=(0, 1, 130, -sent[-1]))
    if session.process.returncode < 0 and OVER not in out:  # the last may come when all is done and the interpreter ends
        wrong.append(f"It was ended by a signal before it was over: {out[-300:]}")
    account = _account(folder, wrong)
    if folder.exists() and not account.had:
        account.wrong.append(f"It left {sorted(path.name for path in folder.iterdir())} and no samples.")
    return account


def frozen(folder: Path, seed: int) -> Account:
    """Stop the process and let it go on: its devices' clients held what came, and nothing is lost."""
    rng = Random(f"frozen {seed}")
    session = Session(folder, 10.0, seed)
    session.wait_until_it_records()
    time.sleep(rng.uniform(0.5, 2.0))
    for _ in range(2):
        session.send(signal.SIGSTOP)
        time.sleep(rng.choice([0.1, 0.6, 2.0, 3.0]))
        session.send(signal.SIGCONT)
        time.sleep(rng.uniform(0.1, 0.8))
    out, wrong = session.end(codes=(0,))
    account = _account(folder, wrong)
    if "fault:" in out:
        account.wrong.append(out)
    return account


def failing(folder: Path, seed: int) -> Account:
    """Have its devices lose, hold, restart and come back: each gap is recorded to the sample."""
    session = Session(folder, 8.0, seed, "faults")
    _, wrong = session.end(codes=(0, 1))
    return _account(folder, wrong)


def starved(folder: Path, seed: int) -> Account:
    """Fill its disk and free it again, or not: nothing is lost, or it ends in order and all can be recovered."""
    rng = Random(f"starved {seed}")
    with small_disk(folder.with_name(f"{folder.name}.disk"), rng.choice(["tmpfs", "ext4"])) as disk:
        inside = disk / folder.name
        session = Session(inside, 12.0, seed)
        session.wait_until_it_records()
        time.sleep(rng.uniform(1.0, 3.0))
        _fill(disk / "fill")
        if comes_back := rng.random() < 0.6:
            time.sleep(rng.choice([rng.uniform(0.5, 2.0), 3.0]))
            (disk / "fill").unlink()
        _, wrong = session.end(codes=(0,) if comes_back else (0, 1))
        (disk / "fill").unlink(missing_ok=True)
        return _account(inside, wrong)


def crowded(folder: Path, seed: int) -> Account:
    """Have a disk that copies on write fill little by little: before it is full the session ends in order, with all samples."""
    rng = Random(f"crowded {seed}")
    with small_disk(folder.with_name(f"{folder.name}.disk"), "btrfs", 320) as disk:
        inside = disk / folder.name
        session = Session(inside, 60.0, seed)
        session.wait_until_it_records()
        time.sleep(rng.uniform(1.0, 3.0))
        step = rng.choice([4, 8, 12])
        with suppress(OSError), (disk / "fill").open("wb", buffering=0) as file:
            while session.process.poll() is None:
                file.write(os.urandom(1 << 20) * step)
                time.sleep(0.4)
        out, wrong = session.end(codes=(1,))
        (disk / "fill").unlink(missing_ok=True)
        account = _account(inside, wrong)
        if "ended before samples are lost" not in out:
            account.wrong.append(f"It did not say why it ended: {out}")
        return account


@contextmanager
def small_disk(at: Path, kind: str, size_mb: int = 40) -> Iterator[Path]:
    """Mount a small disk; needs root."""
    at.mkdir()
    image = at.with_name(f"{at.name}.image")
    if kind == "tmpfs":
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_mb}M", "tmpfs", at], check=True, capture_output=True)
    else:
        with image.open("wb") as file:
            file.truncate(size_mb << 20)
        subprocess.run([f"mkfs.{kind}", "-q", image], check=True, capture_output=True)
        subprocess.run(["mount", "-o", "loop", image, at], check=True, capture_output=True)
    try:
        yield at
    finally:
        subprocess.run(["umount", "-l", at], check=True)
        image.unlink(missing_ok=True)


@cache
def can_mount(kind: str) -> bool:
    """Return whether a small disk of that kind can be mounted here, which needs root, its tools and the system's leave."""
    try:
        with TemporaryDirectory() as folder, small_disk(Path(folder) / "disk", kind, SMALLEST_MB[kind]):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


def possible(ordeal: Ordeal) -> bool:
    """Return whether it can be done here."""
    return all(can_mount(kind) for kind in {starved: ("tmpfs", "ext4"), crowded: ("btrfs",)}.get(ordeal.run, ()))


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


def _account(folder: Path, wrong: list[str]) -> Account:
    account = account_of(folder)
    account.wrong[:0] = wrong
    if account.lost:
        account.wrong.append(f"{account.lost} of {account.published} published samples can't be had.")
    return account


ORDEALS = (
    Ordeal("killed (SIGKILL)", killed),
    Ordeal("told to end (SIGINT, SIGTERM, SIGHUP)", told_to_end),
    Ordeal("frozen (SIGSTOP, SIGCONT)", frozen),
    Ordeal("failing devices", failing),
    Ordeal("starved of disk", starved),
    Ordeal("crowded on btrfs", crowded),
)
