"""Sounds of a screen, for whoever looks at the lifter: a red flag, a repetition, a step; off unless they are asked for.

They are played by what the system has for that. Without a player or a device nothing is heard, and nothing else changes.
"""

from __future__ import annotations

import atexit
import io
import shutil
import sys
import tempfile
import wave
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QProcess
from PySide6.QtWidgets import QApplication

from hardware.severity import Severity
from ui.steps import shown_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from ui.dashboard.feed.feed import Feed

RATE_HZ = 44_100
LOUD, FADE_S = 0.4, 0.01
PLAYERS = ("pw-play", "paplay", "aplay", "afplay")
"""Programs that play a file, on Linux and macOS; the first that is there is used."""


class Sound(Enum):
    """What is heard: tones one after the other, each as its frequency in Hz and its length in s, 0 Hz for silence."""

    RED = ((440.0, 0.14), (0.0, 0.06), (440.0, 0.14), (0.0, 0.06), (330.0, 0.28))
    STEP = ((523.0, 0.12), (659.0, 0.12), (784.0, 0.2))
    REPETITION = ((880.0, 0.09),)


def wav(sound: Sound) -> bytes:
    """Return a sound as a WAV file, 16 bit, one channel."""
    parts = []
    for hz, seconds in sound.value:
        time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
        fade = np.minimum(1.0, np.minimum(time_s, time_s[::-1]) / FADE_S)
        parts.append(LOUD * fade * np.sin(2.0 * np.pi * hz * time_s))
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes((32767 * np.concatenate(parts)).astype("<i2").tobytes())
    return file.getvalue()


class Player:
    """Plays sounds with what the system has, without waiting; where it has nothing, with the desktop's own bell."""

    def __init__(self) -> None:
        self._program = next(filter(None, map(shutil.which, PLAYERS)), None)
        self._folder: Path | None = None
        self._playing = QProcess()
        self._playing.setStandardOutputFile(QProcess.nullDevice())
        self._playing.setStandardErrorFile(QProcess.nullDevice())

    def play(self, sound: Sound) -> None:
        """Play a sound, unless another one is still heard."""
        with suppress(OSError, RuntimeError):  # no folder for a file, no device: silence
            if sys.platform == "win32":
                import winsound

                winsound.PlaySound(str(self._file(sound)), winsound.SND_FILENAME | winsound.SND_ASYNC | winsound.SND_NODEFAULT)
            elif self._program is None:
                QApplication.beep()
            elif self._playing.state() is QProcess.ProcessState.NotRunning:
                self._playing.start(self._program, [str(self._file(sound))])

    def _file(self, sound: Sound) -> Path:
        """Return the file of a sound, made when it is first wanted."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="squatscope-sounds-"))
            atexit.register(shutil.rmtree, self._folder, ignore_errors=True)
        path = self._folder / f"{sound.name}.wav"
        if not path.exists():
            path.write_bytes(wav(sound))
        return path


class Sounds:
    """Hears what is new in a feed: the worst of it is played. What was there before it began is not."""

    def __init__(self, feed: Feed, play: Callable[[Sound], None]) -> None:
        self._feed = feed
        self._play = play
        self._known = self._counts()

    def _counts(self) -> dict[Sound, int]:
        """Return how much there is of each by now; a step counts by its turn."""
        step = shown_on(self._feed.ring)
        return {
            Sound.RED: sum(shown.flag.severity is Severity.RED for shown in self._feed.flags),
            Sound.STEP: -1 if step is None else step.turn,
            Sound.REPETITION: len(self._feed.repetitions.rows),
        }

    def look(self) -> None:
        """Play what is new."""
        counts = self._counts()
        new = [sound for sound in Sound if counts[sound] > self._known[sound]]
        self._known = counts
        if new:
            self._play(new[0])
