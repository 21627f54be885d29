"""An older Python is told what is needed, in its own words' syntax, before anything else is asked of it."""

from __future__ import annotations

import ast
import runpy
import sys
from pathlib import Path

import pytest

SETUP = Path(__file__).parents[1] / "setup.py"


@pytest.mark.parametrize("older", [(2, 7, 18), (3, 9, 2), (3, 10, 12)])
def test_an_older_python_is_told_what_is_needed(monkeypatch, older):
    monkeypatch.setattr(sys, "version_info", older)
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or later, and this is Python {}\.{}:".format(*older)):
        runpy.run_path(str(SETUP))


def test_older_pythons_can_read_the_file():
    ast.parse(SETUP.read_text(encoding="utf-8"), feature_version=(3, 4))
