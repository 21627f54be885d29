"""Screen commands: marks stand at the second that was on the screen, whatever was lost before it; a target is a number."""

from __future__ import annotations

import math

import pytest

from acquisition import screen_commands
from acquisition.commands import Command, Commands, Does
from acquisition.ring import Ring
from acquisition.screen_commands import ScreenCommands
from tests.support.fakes import a_stream, numbered


@pytest.fixture
def ring(tmp_path):
    ring = Ring.create(tmp_path / "ring.h5", [a_stream(), a_stream("emg", 1000.0, 5)], 2.0, derived=[a_stream("frames", 100.0)])
    ring.writer("plates").append(numbered(a_stream(), 0, 1000))
    ring.writer("plates").append(numbered(a_stream(), 3000, 1000))
    return ring


def test_a_mark_stands_at_its_second_and_not_behind_now(ring, tmp_path, monkeypatch):
    monkeypatch.setattr(screen_commands, "LOOK_S", 0.0)
    commands = Commands(tmp_path / "commands")
    marks = ScreenCommands(ring, commands)
    assert not marks.follow()
    for at_s in (1.75, 0.1, 99.0, -1.0, math.nan, math.inf):
        commands.give(Command(Does.MARK, 0, at_s=at_s))
    commands.give(Command(Does.NEXT, 0))
    assert marks.follow()
    assert [mark.sample for mark in ring.marks.read()] == [3500, 200, 3999, 0, 3999, 3999]
    assert not marks.follow()
    commands.give(Command(Does.MARK, 0, at_s=1.6))
    marks.finish()
    assert ring.marks.read()[-1].sample == 3200


def test_before_the_first_sample_a_mark_is_at_the_beginning(tmp_path):
    ring = Ring.create(tmp_path / "ring.h5", [a_stream()], 2.0)
    commands = Commands(tmp_path / "commands")
    commands.give(Command(Does.MARK, 0, at_s=3.0))
    ScreenCommands(ring, commands).finish()
    assert [mark.sample for mark in ring.marks.read()] == [0]


@pytest.mark.parametrize(
    ("values", "told"), [([], math.nan), (["7.5"], 7.5), (["7.5", "0"], 0.0), (["x", "nan", "-1", "101"], math.nan)]
)
def test_the_target_zone_is_told_to_every_screen(ring, tmp_path, values, told):
    commands = Commands(tmp_path / "commands")
    for value in values:
        commands.give(Command(Does.TARGET, 0, value))
    ScreenCommands(ring, commands).finish()
    assert Ring.attach(ring.path).target_pct.value == pytest.approx(told, nan_ok=True)
    assert ring.marks.read() == []
