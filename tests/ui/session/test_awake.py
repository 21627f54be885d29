"""Keeping a computer awake: a command of the system runs as long as the session, and its absence stops no session."""

from __future__ import annotations

import stat
import sys

import pytest

from ui.session import awake
from ui.session.awake import keeper, kept_awake, running

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows is asked through its own call")


@pytest.fixture
def inhibitor(tmp_path, monkeypatch):
    """Put a stand-in for systemd-inhibit on the path, which runs what it is given."""
    script = tmp_path / "systemd-inhibit"
    script.write_text('#!/bin/sh\nwhile [ "$1" != cat ]; do shift; done\nexec "$@"\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return script


def test_the_system_is_asked_for_as_long_as_a_session_lasts(inhibitor):
    command = keeper("linux")
    assert command[0] == str(inhibitor)
    assert "--who=squatscope" in command
    process = []
    popen = awake.subprocess.Popen
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(awake.subprocess, "Popen", lambda *given, **more: process.append(popen(*given, **more)) or process[0])
        with running(command):
            assert process[0].poll() is None
    assert process[0].returncode is not None


def test_an_error_within_lets_the_computer_sleep_again(inhibitor):
    with pytest.raises(ValueError, match="full"), running(keeper("linux")):
        raise ValueError("full")


@pytest.mark.parametrize("command", [[], ["/nowhere/systemd-inhibit", "cat"], ["/bin/false"]])
def test_a_system_that_can_not_be_asked_holds_up_nobody(command):
    done = []
    with running(command):
        done.append("recorded")
    assert done == ["recorded"]


def test_macs_are_asked_to_stay_awake_for_this_process():
    assert keeper("darwin")[0] == "/usr/bin/caffeinate"
    assert keeper("darwin")[-2:] == ["-w", str(awake.os.getpid())]


def test_a_session_can_be_kept_awake_here():
    with kept_awake():
        pass
