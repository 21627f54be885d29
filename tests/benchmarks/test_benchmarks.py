"""Each benchmark runs to its table, for a moment; what it measures is not asserted."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import QT_LOADS

FOLDER = Path(__file__).parent
BRIEF = {
    "alignment": {"SECONDS": 40.0},
    "dashboard": {"FRAMES": 3, "POINTS": 500, "BLOCKS": 5, "MEMORY_S": 0.5},
    "delay": {"SECONDS": 5.0},
    "emg": {"LENGTHS": (("1 s", 1.0, 1, "-"), ("a block of 20 ms", 0.02, 2, "-"))},
    "force": {"SAMPLES": 2000, "REPEATS": 1},
    "repetitions": {"SECONDS": 8.0, "REPEATS": 1},
    "study": {
        "RECORDINGS": 2,
        "JOBS": 1,
        "SECONDS": 6.0,
        "DIFFERENT": 1,
        "KEPT": 2,
        "MINUTES": (1, 2),
        "MORE_MUSCLES": (2,),
        "TASKS": 5,
    },
    "ring": {"BLOCKS": 200, "TURN": 20},
}


def test_they_run_as_their_page_says(tmp_path):
    """From anywhere, by the path of their folder."""
    done = subprocess.run([sys.executable, FOLDER, "force"], cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "of a copy" in done.stdout
    wrong = subprocess.run([sys.executable, FOLDER, "rang"], cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("There is no benchmark 'rang'; there are alignment, ")


def test_every_benchmark_is_tried():
    assert {path.stem.removeprefix("bench_") for path in FOLDER.glob("bench_*.py")} == set(BRIEF)


@pytest.mark.parametrize("name", BRIEF)
def test_a_benchmark_prints_its_table(name, monkeypatch, capsys):
    if name == "dashboard" and not QT_LOADS:
        pytest.skip("Qt can't be loaded here")
    module = importlib.import_module(f"tests.benchmarks.bench_{name}")
    for constant, value in BRIEF[name].items():
        assert hasattr(module, constant)
        monkeypatch.setattr(module, constant, value)
    module.main()
    assert capsys.readouterr().out.count("│") > 3
