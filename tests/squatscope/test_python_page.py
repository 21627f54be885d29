"""The page about Python: every example on it runs, in order, where a newcomer would run it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from acquisition.rig.rig_file import example
from tests.support.rigs import example_with
from tests.support.screenings import CUE, LIGHT, a_screening
from tests.support.sessions import recorded, simulated

pytest.importorskip("pandas")
pytest.importorskip("mne")
PAGE = Path(__file__).parents[2] / "docs" / "python.md"


def test_every_example_runs(tmp_path, monkeypatch):
    rig = example_with("demo")
    recorded(tmp_path / "recording.h5", rig, simulated(rig))
    (tmp_path / "strict.toml").write_text(example("demo").read_text(encoding="utf-8"), encoding="utf-8")
    a_screening(tmp_path / "lifters" / "A1" / "2026-11-27-1", "technique", (LIGHT, CUE))
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(blocks) == 4
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
    assert len(names["study"]) == 12
