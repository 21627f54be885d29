"""The pages with Python: every example on them runs, in order, where a newcomer would run it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from acquisition.rig.rig_file import example
from processing.lifter import dynamic_reference
from processing.screening.guided.session_file import read_session, write_session
from tests.support.rigs import example_with
from tests.support.screenings import CUE, LIGHT, LOADED, a_screening
from tests.support.sessions import recorded, simulated

pytest.importorskip("pandas")
pytest.importorskip("mne")
DOCS = Path(__file__).parents[2] / "docs"


def run(page: Path) -> tuple[int, dict[str, object]]:
    """Run the examples of a page, and return how many they were and what they made."""
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(page), "exec"), names)
    return len(blocks), names


def test_every_example_runs(tmp_path, monkeypatch):
    rig = example_with("demo")
    recorded(tmp_path / "recording.h5", rig, simulated(rig))
    (tmp_path / "strict.toml").write_text(example("demo").read_text(encoding="utf-8"), encoding="utf-8")
    a_screening(tmp_path / "lifters" / "A1" / "2026-11-27-1", "technique", (LIGHT, CUE))
    monkeypatch.chdir(tmp_path)
    count, names = run(DOCS / "python.md")
    assert count == 4
    assert len(names["study"]) == 12


def test_the_first_study_runs_and_shows_what_its_page_says(tmp_path, monkeypatch, capsys):
    for lifter, kind in (("A1", "technique"), ("A2", "imbalance")):
        folder = tmp_path / "lifters" / lifter / "2026-11-27-1"
        a_screening(folder, kind, (LIGHT, CUE, LOADED), lifter=lifter, seed=1, emg=True)
        session, reference = read_session(folder), dynamic_reference(folder / "01-light.h5")
        tries = [one.model_copy(update={"reference": reference}) for one in session.tries]
        write_session(folder, session.model_copy(update={"tries": tries}))
    monkeypatch.chdir(tmp_path)
    count, names = run(DOCS / "tutorials" / "first-study.md")
    assert count == 4
    assert set(names["sound"]["number"]) == {2, 3, 4, 5, 6}
    assert (tmp_path / "study.png").stat().st_size > 10_000
    assert "whole_left_knee_margin_min_mm" in capsys.readouterr().out
    margin, ratio = (names["middle"][name] for name in names["outcomes"])
    assert margin["A1", "cue"] > margin["A1", "light"] + 10.0
    assert margin["A2", "loaded"] < margin["A2", "light"] - 10.0
    assert ratio["A2", "loaded"] > 1.2 * ratio["A2", "light"]
