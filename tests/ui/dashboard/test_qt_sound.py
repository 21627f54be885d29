"""Sounds: off until asked for, the worst of what is new, and silence where nothing can play them."""

from __future__ import annotations

import io
import sys
import wave

import numpy as np
import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QApplication

from acquisition.ring import Ring
from tests.support.squat_ring import SquatRing, rig_data
from ui.dashboard import sound as sound_module
from ui.dashboard.feed.feed import Feed
from ui.dashboard.sound import Player, Sound, Sounds, wav
from ui.dashboard.views.lifter import LifterView
from ui.dashboard.views.on_screen import OnScreen

STEP = '{"turn": %d, "part": "ready", "step": 1, "steps": 4, "kind": "set", "title": "light", "do": "squat"}'


@pytest.fixture
def squat(tmp_path):
    squat = SquatRing(tmp_path / "ring.h5", rig_data())
    squat.advance(8.0)
    squat.flag(1, 2, 5.0)
    squat.repetition(7.0, 0.4)
    return squat


@pytest.mark.parametrize("sound", Sound)
def test_a_sound_is_its_tones(sound):
    with wave.open(io.BytesIO(wav(sound))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 44_100)
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2") / 32767
    assert len(samples) == sum(round(44_100 * seconds) for _, seconds in sound.value)
    assert 0.3 < np.abs(samples).max() <= 0.4
    hz, seconds = sound.value[0]
    spectrum = np.abs(np.fft.rfft(samples[: round(44_100 * seconds)]))
    assert spectrum.argmax() / seconds == pytest.approx(hz, abs=1.0 / seconds)
    assert not samples[0]
    assert not samples[-1]


def test_what_is_new_is_heard_and_the_worst_of_it_alone(squat, qapp):
    feed, heard = Feed(Ring.attach(squat.ring.path)), []
    feed.poll()
    sounds = Sounds(feed, heard.append)

    def hears() -> list[Sound]:
        heard.clear()
        feed.poll()
        sounds.look()
        return list(heard)

    assert hears() == []
    squat.advance(2.0)
    squat.repetition(9.5, 0.4)
    assert hears() == [Sound.REPETITION]
    squat.flag(3, 1, 9.0)
    assert hears() == []
    squat.flag(3, 2, 9.0)
    assert hears() == [Sound.RED]
    squat.advance(2.0)
    squat.repetition(11.5, 0.4)
    squat.flag(0, 2, 11.0)
    assert hears() == [Sound.RED]
    squat.ring.step.write(STEP % 3)
    assert hears() == [Sound.STEP]
    assert hears() == []
    squat.ring.step.write(STEP % 4)
    assert hears() == [Sound.STEP]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows plays sounds itself")
def test_the_systems_player_gets_a_file_and_one_sound_is_heard_at_a_time(tmp_path, monkeypatch, qapp, qtbot):
    program = tmp_path / "aplay"
    program.write_text(f'#!/bin/sh\ncp "$1" {tmp_path}/heard.part\nmv {tmp_path}/heard.part {tmp_path}/heard\nread forever\n')
    program.chmod(0o700)
    monkeypatch.setattr(sound_module.shutil, "which", lambda name: str(program) if name == "aplay" else None)
    player = Player()
    player.play(Sound.RED)
    qtbot.waitUntil((tmp_path / "heard").exists, timeout=60_000)
    assert (tmp_path / "heard").read_bytes() == wav(Sound.RED)
    (tmp_path / "heard").unlink()
    player.play(Sound.STEP)  # the program still runs
    player._playing.kill()
    player._playing.waitForFinished(60_000)
    assert not (tmp_path / "heard").exists()
    player.play(Sound.STEP)
    qtbot.waitUntil((tmp_path / "heard").exists, timeout=60_000)
    assert (tmp_path / "heard").read_bytes() == wav(Sound.STEP)
    player._playing.kill()
    player._playing.waitForFinished(60_000)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows plays sounds itself")
def test_without_a_player_the_bell_is_rung_and_one_that_fails_is_silence(tmp_path, monkeypatch, qapp):
    rung = []
    monkeypatch.setattr(QApplication, "beep", lambda: rung.append(1))
    monkeypatch.setattr(sound_module.shutil, "which", lambda _: None)
    Player().play(Sound.STEP)
    assert rung == [1]
    monkeypatch.setattr(sound_module.shutil, "which", lambda _: str(tmp_path / "gone"))
    Player().play(Sound.STEP)
    assert rung == [1]


def test_f8_turns_sounds_on_and_off_and_is_kept(squat, tmp_path, monkeypatch, qtbot):
    heard = []
    monkeypatch.setattr(Player, "play", lambda _, sound: heard.append(sound))
    kept = QSettings(str(tmp_path / "screens.ini"), QSettings.Format.IniFormat)
    shown = OnScreen(Ring.attach(squat.ring.path), LifterView, kept)
    qtbot.addWidget(shown.window)
    squat.repetition(8.0, 0.4)
    shown.window.frame()
    qtbot.wait(150)
    assert heard == []
    qtbot.keyClick(shown.window, Qt.Key.Key_F8)
    assert heard == [Sound.STEP]  # so that it is heard that there are any
    squat.repetition(8.5, 0.4)
    shown.window.frame()
    qtbot.waitUntil(lambda: heard == [Sound.STEP, Sound.REPETITION])
    again = OnScreen(Ring.attach(squat.ring.path), LifterView, kept)
    qtbot.addWidget(again.window)
    squat.repetition(8.8, 0.4)
    again.window.frame()
    qtbot.waitUntil(lambda: len(heard) > 2)
    qtbot.keyClick(again.window, Qt.Key.Key_F8)
    assert kept.value("sound", True, bool) is False
