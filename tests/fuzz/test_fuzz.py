"""A mutated file of any format is read or refused with a sentence: no traceback, crash, hang or filled memory."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.fuzz.targets import TARGETS, Target

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the child's memory is limited as Linux does it")
FILES = {"C3D, bytes": 8}
USUAL_FILES = 14


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_what_lies_is_read_or_refused(target: Target, tmp_path: Path):
    from tests.fuzz.runner import run

    tally = run(target, tmp_path, 0, files := FILES.get(target.name, USUAL_FILES))
    assert not tally.wrong
    assert tally.read + tally.refused == files
    assert tally.refused > files / 20
