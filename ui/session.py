"""A session from beginning to end: the parts put together, watched, and everything it leaves written into one folder."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from acquisition.engine import Engine
from acquisition.recorder import Recorder, require_room
from acquisition.ring import Ring
from hardware.source import SquatscopeError
from processing.live import LivePipeline
from processing.pipeline import Pipeline, warm
from ui import report
from ui.dashboard import qt_missing
from ui.terminal import TerminalView

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from acquisition.rig import Rig
    from hardware.source import Source
    from processing.results import Results

PICTURE_S = 60.0
MOST_RING_S = 900.0


class SessionError(SquatscopeError):
    """A session can't begin, or can't leave what it should; the text is a full sentence."""


@dataclass(frozen=True, slots=True)
class Folder:
    """The files that a session leaves in its folder; the ring stays only where something went wrong."""

    path: Path

    @property
    def ring(self) -> Path:
        """The ring, while the session lasts."""
        return self.path / "ring.h5"

    @property
    def recording(self) -> Path:
        """Raw samples."""
        return self.path / "recording.h5"

    @property
    def metrics(self) -> Path:
        """Metrics and flags."""
        return self.path / "metrics.h5"

    @property
    def picture(self) -> Path:
        """The dashboard as it stood at the end."""
        return self.path / "dashboard.png"

    @property
    def report(self) -> Path:
        """The page to read."""
        return self.path / "report.html"

    def left(self) -> list[tuple[str, Path]]:
        """Return what the session left, by name."""
        files = {"recording": self.recording, "metrics": self.metrics, "picture": self.picture, "report": self.report}
        return [(name, path) for name, path in files.items() if path.exists()]

    def make(self) -> None:
        """Make the folder; raises SessionError where one of the files is there already, or it can't be made."""
        for file in (self.ring, self.recording, self.metrics, self.picture, self.report):
            if file.exists():
                raise SessionError(f"{file} exists already, and nothing is ever overwritten; give another folder with --out.")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SessionError(
                f"The folder {self.path} can't be made: {error.strerror}; give another one with --out."
            ) from error


@dataclass(slots=True)
class Outcome:
    """What a session came to: its results, what went wrong, and what else is worth a sentence."""

    results: Results
    folder: Folder
    faults: list[str]
    remarks: list[str] = field(default_factory=list)


def new_folder(what: str) -> Path:
    """Return a folder's name that is not taken yet, from what it is for and the time."""
    stem = f"squatscope-{what}-{datetime.now().astimezone():%Y%m%d-%H%M%S}"
    path = Path(stem)
    number = 2
    while path.exists():
        path = Path(f"{stem}-{number}")
        number += 1
    return path


def run(
    rig: Rig,
    sources: Sequence[Source],
    folder: Folder,
    console: Console,
    *,
    seconds: float | None,
    length_s: float,
    headless: bool,
) -> Outcome:
    """Run a session until its sources end, `seconds` have passed or somebody interrupts it, and write what it leaves.

    `length_s` is how much will be recorded, infinite where nobody knows; the ring holds all of it, up to a quarter of an hour.
    Raises the errors of the parts (SourceError, RingError, RecordingError, SessionError) where it can't begin.
    """
    folder.make()
    if math.isfinite(length_s):
        require_room(folder.path, length_s * _bytes_per_s(rig))
    with console.status("Warming up the kernels ..."):
        warm(rig)
    ring = _make_ring(rig, folder, min(length_s + 10.0, MOST_RING_S))
    try:
        recorder = Recorder(ring, folder.recording, rig)
    except BaseException:
        ring.close()
        folder.ring.unlink()
        raise
    live = LivePipeline(ring, rig)
    engine = Engine(ring, sources, {"recorder": recorder, "live pipeline": live})
    remarks: list[str] = []
    try:
        engine.arm()
        with _dashboard(folder.ring, headless, remarks):
            engine.start()
            try:
                _watch(engine, ring, console, seconds)
            finally:
                engine.stop()
            remarks += _save_picture(folder)
    except BaseException:
        if not engine.started:
            recorder.abandon()
            ring.close()
            for file in (folder.ring, folder.recording):
                file.unlink()
        raise
    results = live.results(folder.recording.name, recorder.uuid, recorder.created_utc)
    results.write(folder.metrics)
    report.write(results, folder.report)
    ring.close()
    faults = engine.faults + [f"The recorder missed {n} samples of {name}." for name, n in recorder.missed.items() if n]
    if faults:
        remarks.append(f"The ring is kept: 'squatscope recover {folder.ring} NEW.h5' makes a recording from it.")
    else:
        _remove(folder.ring, remarks)
    return Outcome(results, folder, faults, remarks)


def _bytes_per_s(rig: Rig) -> float:
    """Return what ring and recording together take on the disk for each second."""
    return 2.5 * sum(s.rate_hz * (len(s.channels) * (4 if s.dtype == "float32" else 8) + 16) for s in rig.stream)


def _make_ring(rig: Rig, folder: Folder, seconds: float) -> Ring:
    pipeline = Pipeline(rig)
    return Ring.create(
        folder.ring,
        [settings.stream() for settings in rig.stream],
        seconds,
        derived=pipeline.derived_streams(),
        description={
            "rig": rig.model_dump(mode="json"),
            "rules": [rule.as_data() for rule in pipeline.rules],
            "software_version": version("squatscope"),
        },
    )


def _watch(engine: Engine, ring: Ring, console: Console, seconds: float | None) -> None:
    """Show the session on the terminal until it ends."""
    view = TerminalView(ring, console)
    until_s = None if seconds is None else time.monotonic() + seconds
    try:
        while not engine.wait(0.1):
            view.update()
            if until_s is not None and time.monotonic() >= until_s:
                break
    except KeyboardInterrupt:
        console.print("Interrupted: the session is brought to its end.")
    finally:
        view.close()
    engine.stop()
    view.update()


@contextmanager
def _dashboard(ring: Path, headless: bool, remarks: list[str]) -> Iterator[None]:
    """Have a dashboard open as a process of its own, where there is a display for it."""
    if headless:
        yield
        return
    if not _has_display():
        remarks.append("There is no display, so no dashboard was opened.")
        yield
        return
    if missing := qt_missing():
        remarks.append(missing)
        yield
        return
    command = [sys.executable, "-m", "ui.cli", "dashboard", str(ring), "--close-at-end"]
    process = subprocess.Popen(command)
    try:
        yield
    finally:
        try:
            process.wait(10.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _has_display() -> bool:
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _save_picture(folder: Folder) -> list[str]:
    """Draw the dashboard as it stands into a file, in a process of its own; return what there is to say about it."""
    if missing := qt_missing():
        return [f"No picture of the dashboard was made. {missing}"]
    command = [sys.executable, "-m", "ui.cli", "dashboard", str(folder.ring), "--picture", str(folder.picture)]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PICTURE_S, check=False)
    except subprocess.TimeoutExpired:
        return [f"No picture of the dashboard was made: drawing it took longer than {PICTURE_S:g} s."]
    if done.returncode:
        return [
            f"No picture of the dashboard was made: {done.stderr.strip().splitlines()[-1:] or ['it failed without a word']}"
        ]
    return []


def _remove(ring: Path, remarks: list[str]) -> None:
    try:
        ring.unlink()
    except PermissionError:  # Windows keeps a file that a dashboard still maps
        remarks.append(f"{ring} can be deleted once the dashboard is closed.")
