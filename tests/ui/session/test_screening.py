"""Guided sessions from beginning to end: alone, led by keys and what the screen says, killed and resumed."""

from __future__ import annotations

import codecs
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from acquisition.recording import Recording, RecordingError
from processing.screening.guided.session_file import read_session
from tests.support.command_line import COMMAND

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
PROTOCOL = """
name = "of a test"
step = [
  {{ kind = "zero", seconds = 2.0 }},
  {{ kind = "weigh", seconds = 2.0 }},
  {steps}
]
"""
LIGHT, CUE = (f'{{ kind = "set", condition = "{how}", repetitions = 4, bar_kg = 20.0 }},' for how in ("light", "cue"))
MVC, LOADED = '{ kind = "mvc", group = "glutes" },', '{ kind = "set", condition = "loaded", repetitions = 4 },'


def screening(folder: Path, *steps: str, kind: str = "technique", speed: float = 20.0) -> list[object]:
    (folder / "protocol.toml").write_text(PROTOCOL.format(steps="\n  ".join(steps)))
    given = ("--sim", kind, "--speed", speed, "--protocol", folder / "protocol.toml", "--root", folder / "lifters")
    return ["screen", *given, "--seed", 2, "--headless"]


def test_a_session_goes_from_empty_plates_to_an_answer(squatscope, tmp_path):
    told = squatscope(*screening(tmp_path, LIGHT, CUE, LIGHT, CUE, MVC))
    assert told.code == 0, told.err
    assert "What to try first: technique, right." in told.out
    folder = tmp_path / "lifters" / "simulated"
    (folder,) = folder.iterdir()
    session = read_session(folder)
    assert [(one.kind, one.condition, one.accepted) for one in session.tries] == [
        ("zero", "", True), ("weigh", "", True), ("set", "light", True), ("set", "cue", True), ("set", "light", True),
        ("set", "cue", True), ("mvc", "", True)]  # fmt: skip
    assert session.tries[-1].why == ["It was skipped."]
    for one in session.tries[:-1]:
        with Recording(folder / one.recording) as recording:
            assert recording.complete
            assert not any(len(stream.gaps) for stream in recording.streams.values())
    assert sorted(path.name for path in folder.iterdir()) == [
        "01-zero.h5", "02-weigh.h5", "03-light.h5", "04-cue.h5", "05-light.h5", "06-cue.h5", "screening.html",
        "session.json"]  # fmt: skip
    again = squatscope("triage", folder).out
    assert (
        again.splitlines()[1:]
        == told.out[told.out.index("What to try") : told.out.index("\nThe answer as a page")].splitlines()
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((), "give either a rig's TOML file, or --sim"),
        (("--sim", "strong"), "there is no kind 'strong'"),
        (("--sim", "hip", "--speed", 0), "no speed"),
        (("--sim", "hip", "--lifter", "a/b"), "can't be a lifter's id"),
        (("--sim", "hip", "--protocol", "long"), "Protocols that are shipped"),
        (("--sim", "hip", "--resume", "nowhere"), "is no folder of a session"),
    ],
)
def test_what_can_not_be_is_said_before_anything_is_made(squatscope, tmp_path, given, said):
    told = squatscope("screen", "--headless", *given)
    assert told.code in (1, 2)
    assert said in re.sub(r"[\s│]+", " ", told.err)
    assert not (tmp_path / "lifters").exists()


class Screen:
    """A terminal of its own: what stands on it, without colours, and a keyboard."""

    def __init__(self, command: list[str], folder: Path) -> None:
        import fcntl
        import pty
        import struct
        import termios

        self._number, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        environment = {**ENVIRONMENT, "TERM": "xterm-256color"}
        self.process = subprocess.Popen(command, stdin=child, stdout=child, stderr=child, cwd=folder, env=environment)
        os.close(child)
        os.set_blocking(self._number, False)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._unread = ""
        self.words = ""

    def look(self) -> None:
        """Read what was written since the last look."""
        try:
            while fresh := os.read(self._number, 1 << 16):
                self._unread += self._decoder.decode(fresh)
        except OSError:  # nothing more by now, or nobody has the terminal open any more
            pass
        cut = re.search(r"\x1b(\[[0-9;?]*)?$", self._unread)  # a control sequence whose end is still to come
        whole, self._unread = (self._unread, "") if cut is None else (self._unread[: cut.start()], cut[0])
        self.words += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", whole)

    def card(self) -> str:
        """Return the card that was drawn last, from its upper left corner to its lower right one."""
        end = self.words.rfind("╯")
        return self.words[self.words.rfind("╭", 0, max(0, end)) : end]

    def type(self, keys: str) -> None:
        os.write(self._number, keys.encode())

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._number)


@pytest.mark.skipif(sys.platform == "win32", reason="its terminals are other things")
def test_keys_lead_from_zero_to_an_answer_by_what_the_screen_says(tmp_path):
    command = [*COMMAND, *map(str, screening(tmp_path, MVC, LIGHT, CUE, LIGHT, CUE, LOADED, speed=15.0))]
    screen = Screen(command, tmp_path)
    answered: set[tuple[str, str]] = set()
    answers = {"How heavy is the bar?": "60\r", "press next to begin": "n", "3 x 4 s, each side": "s"}
    try:
        until_s = time.perf_counter() + 300.0
        while screen.process.poll() is None and time.perf_counter() < until_s:
            time.sleep(0.1)
            screen.look()
            card = screen.card()
            step = re.search(r"step (\d+) of 8", card)
            for words, keys in answers.items():
                if step is not None and words in card and (step[1], words) not in answered:
                    answered.add((step[1], words))
                    screen.type(keys)
        screen.look()
        code = screen.process.poll()
    finally:
        screen.close()
    assert code == 0, screen.words[-3000:]
    # What the session waits with; of what passes by itself, at so many times life, a busy machine may show nothing.
    for words in ("3 x 4 s, each side", "press next to begin", "How heavy is the bar?", "Set, cue, 20 kg", "Set, light, 20 kg"):
        assert words in screen.words, words
    assert "What to try first: technique, right." in screen.words
    (folder,) = (tmp_path / "lifters" / "simulated").iterdir()
    assert [one.bar_kg for one in read_session(folder).counting()] == [20.0, 20.0, 20.0, 20.0, 60.0]


def interrupted(arguments: list[str], root: Path, name: str, how: signal.Signals) -> str:
    """Run a session until a try is being recorded, send it a signal, and return what it said."""
    with subprocess.Popen(
        [*COMMAND, *arguments], cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as process:
        try:
            until_s = time.perf_counter() + 300.0
            while not recorded_rows(root, name) and time.perf_counter() < until_s:
                time.sleep(0.05)
            process.send_signal(how)
            return process.communicate(timeout=180)[0]
        finally:
            process.kill()


def recorded_rows(root: Path, name: str) -> int:
    """Return how much of a try is in its recording by now."""
    for path in root.glob(f"lifters/*/*/{name}"):
        try:
            with Recording(path) as recording:
                return recording.streams["plates"].rows
        except RecordingError:
            return 0
    return 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals are other things there")
def test_a_killed_session_is_resumed_and_nothing_that_was_recorded_is_lost(tmp_path):
    arguments = list(map(str, screening(tmp_path, LIGHT, CUE, speed=8.0)))
    interrupted(arguments, tmp_path, "04-cue.h5", signal.SIGKILL)
    (folder,) = (tmp_path / "lifters" / "simulated").iterdir()
    cut = folder / "04-cue.h5"
    with Recording(cut) as recording:
        assert not recording.complete
        rows = recording.streams["plates"].rows
        before = recording.samples("plates")
    assert rows > 0
    assert (folder / "ring.h5").exists()
    told = subprocess.run(
        [*COMMAND, *arguments, "--resume", str(folder)],
        cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=400, env=ENVIRONMENT,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert "Step 4 of 4" in told.stdout
    assert "Step 3 of 4" not in told.stdout
    session = read_session(folder)
    assert not any(one.accepted for one in session.tries if one.recording == "04-cue.h5")
    assert [one.condition for one in session.counting()] == ["light", "cue"]
    with Recording(cut) as recording:
        assert (recording.samples("plates") == before).all()
    (rescued,) = folder.glob("*-before-the-end.h5")  # what was in the ring and not yet in the recording is there, too
    with Recording(rescued) as recording:
        held = recording.samples("plates")
        assert len(held) >= rows
        first = int((held == before[0]).all(axis=1).argmax())
        assert (held[first : first + rows] == before).all()


@pytest.mark.skipif(sys.platform == "win32", reason="signals are other things there")
def test_a_session_that_is_ended_completes_the_recording_of_its_try(tmp_path):
    told = interrupted(list(map(str, screening(tmp_path, LIGHT, speed=2.0))), tmp_path, "01-zero.h5", signal.SIGTERM)
    (folder,) = (tmp_path / "lifters" / "simulated").iterdir()
    assert "Step 1 of 3 is not done" in told
    assert [(one.recording, one.accepted, one.why) for one in read_session(folder).tries] == [
        ("01-zero.h5", False, ["The session was stopped."])
    ]
    assert sorted(path.name for path in folder.iterdir()) == ["01-zero.h5", "session.json"]
    with Recording(folder / "01-zero.h5") as recording:
        assert recording.complete
