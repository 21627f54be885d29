"""The command line as it is run in this process."""

from __future__ import annotations

import signal
import sys

import pytest

from tests.support.command_line import Told
from ui.cli import app as cli
from ui.cli.console import console


@pytest.fixture
def squatscope(monkeypatch, capsys, tmp_path):
    """Run a command in this process, as the installed script does, within an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(console, "_width", 80)

    def run(*arguments: object) -> Told:
        monkeypatch.setattr(sys, "argv", ["squatscope", *map(str, arguments)])
        capsys.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = capsys.readouterr()
        return Told(code, said.out, said.err)

    return run
