"""Screen commands: marks stand at the second that was on the screen, whatever was lost; targets and limits are sound ones."""

from __future__ import annotations

import math

import pytest

from acquisition import screen_commands
from acquisition.commands import Command, Commands, Does
from acquisition.rig.changed_limits import changed_on
from acquisition.ring import Ring
from acquisition.screen_commands import ScreenCommands
from hardware.severity import Severity
from tests.support.fakes import a_stream, numbered
from tests.support.rigs import example_with


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


@pytest.fixture
def judged(tmp_path):
    rig = example_with("demo")
    description = {"rig": rig.model_dump(mode="json")}
    return Ring.create(tmp_path / "judged.h5", [a_stream()], 2.0, description=description)


def test_limits_are_told_to_every_screen_and_the_log_says_who_from_what_to_what(judged, tmp_path, monkeypatch):
    monkeypatch.setattr(screen_commands, "logged_in", lambda: "coach")
    commands, screen = Commands(tmp_path / "commands"), Ring.attach(judged.path)
    assert (screen.limits.turn, screen.limits.read()) == (0, "")
    for value in ("load_shift 8 12", "load_shift 8 12", "foot_cop_medial 9 30", "load_shift 7.5 12"):
        commands.give(Command(Does.LIMITS, 0, value))
    ScreenCommands(judged, commands).finish()
    for one in (screen, Ring.attach(judged.path)):
        assert changed_on(one.limits) == {"load_shift": (7.5, 12.0), "foot_cop_medial": (9.0, math.inf)}
    assert [(fault.severity, fault.about, fault.sentence) for fault in screen.faults.read()] == [
        (Severity.FINE, "limits", f"The limits of {what} were changed by hand by coach from {was} to {now}.")
        for what, was, now in (
            ("load shift", "5/10 %", "8/12 %"),
            ("foot cop medial", "8 mm", "9 mm"),
            ("load shift", "8/12 %", "7.5/12 %"),
        )
    ]


@pytest.mark.parametrize("value", ["load_shift 12 8", "load_shift nan 8", "load_shift 8 inf", "load_shift 0 8", "knees 1 2"])
def test_limits_that_a_rule_can_not_have_change_nothing_and_say_why(judged, tmp_path, value):
    commands = Commands(tmp_path / "commands")
    commands.give(Command(Does.LIMITS, 0, value))
    ScreenCommands(judged, commands).finish()
    assert judged.limits.turn == 0
    (said,) = judged.faults.read()
    assert said.severity is Severity.FINE
    assert "stay 5/10 %" in said.sentence or "There is no rule 'knees'" in said.sentence


@pytest.mark.parametrize("value", ["", "load_shift", "load_shift 8", "load_shift 8 x", "load_shift 8 12 3"])
def test_what_is_no_limits_is_left_out(judged, ring, tmp_path, value):
    commands = Commands(tmp_path / "commands")
    for one in (judged, ring):  # that of a ring which does not say how it is judged as well
        commands.give(Command(Does.LIMITS, 0, value))
        commands.give(Command(Does.LIMITS, 0, "load_shift 8 12") if one is ring else Command(Does.NEXT, 0))
        ScreenCommands(one, commands).finish()
        assert (one.limits.turn, one.faults.count) == (0, 0)
