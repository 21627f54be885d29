"""Commands: given by any number of processes, taken once and in order; half a command is none."""

from __future__ import annotations

import subprocess
import sys

import pytest

from acquisition.commands import Command, CommandError, Commands, Does


def test_what_is_given_is_taken_once_and_in_order(tmp_path):
    commands, screen = Commands(tmp_path / "commands"), Commands(tmp_path / "commands")
    given = [
        Command(Does.NEXT, 1),
        Command(Does.BAR, 2, "62.5"),
        Command(Does.RATE, 3, "slight", 4),
        Command(Does.STOP, 4),
        Command(Does.MARK, 0, at_s=12.25),
    ]
    for one in given:
        screen.give(one)
    assert commands.take() == given
    assert commands.take() == []


def test_commands_of_other_processes_arrive(tmp_path):
    folder = tmp_path / "commands"
    code = (
        "import sys; from pathlib import Path; from acquisition.commands import Command, Commands, Does\n"
        "for turn in range(20): Commands(Path(sys.argv[1])).give(Command(Does.NEXT, turn))"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, str(folder)]) for _ in range(2)]
    assert [one.wait(60) for one in both] == [0, 0]
    turns = [one.turn for one in Commands(folder).take()]
    assert sorted(turns) == sorted([*range(20), *range(20)])


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"does": "dance", "turn": 1, "value": "", "repetition": 0}', b'{"does": "next"}', b"\xff" * 9000],
)
def test_what_is_no_command_is_left_out(tmp_path, content: bytes):
    commands = Commands(tmp_path / "commands")
    (tmp_path / "commands" / "1.command").write_bytes(content)
    (tmp_path / "commands" / "2").write_bytes(b'{"does": "next", "turn": 1}')  # not renamed yet
    commands.give(Command(Does.NEXT, 7))
    assert commands.take() == [Command(Does.NEXT, 7)]


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are other things there")
def test_only_its_user_may_write_into_the_folder(tmp_path):
    Commands(tmp_path / "commands")
    assert (tmp_path / "commands").stat().st_mode & 0o077 == 0


def test_a_folder_that_can_not_be_made_and_one_that_is_gone(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match="can't be made"):
        Commands(tmp_path / "file")
    commands = Commands(tmp_path / "commands")
    commands.clear()
    with pytest.raises(CommandError, match="can't be given"):
        commands.give(Command(Does.NEXT, 1))
    assert commands.take() == []
