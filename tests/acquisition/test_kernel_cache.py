"""The kernel cache: one folder for each state of the program, in the user's cache, and somewhere else where that can't be."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numba
import pytest

from acquisition import kernel_cache
from acquisition.kernel_cache import VARIABLE, choose_kernel_cache


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.delenv(VARIABLE, raising=False)
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(numba.config, "CACHE_DIR", numba.config.CACHE_DIR)
    return tmp_path


def test_a_folder_that_the_environment_names_stays(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "somewhere")
    choose_kernel_cache()
    assert os.environ[VARIABLE] == "somewhere"
    assert not list(cache.rglob("kernels-*"))


def test_every_state_of_the_program_has_its_folder(cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    choose_kernel_cache()
    first = Path(os.environ[VARIABLE])
    assert first.is_dir()
    assert first.is_relative_to(cache)
    assert str(first) == numba.config.CACHE_DIR
    changed = tmp_path / "program"
    (changed / "processing").mkdir(parents=True)
    (changed / "processing" / "kernel.py").write_text("@njit\ndef a(): return 1\n", encoding="utf-8")
    monkeypatch.setattr(kernel_cache, "ROOT", changed)
    folders = []
    for text in ("@njit\ndef a(): return 1\n", "@njit\ndef a(): return 2\n", "@njit\ndef a(): return 1\n"):
        (changed / "processing" / "kernel.py").write_text(text, encoding="utf-8")
        monkeypatch.delenv(VARIABLE)
        choose_kernel_cache()
        folders.append(os.environ[VARIABLE])
    assert folders[0] == folders[2]
    assert len({*folders, str(first)}) == 3


def test_what_was_not_used_for_long_is_removed(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choose_kernel_cache()
    parent = Path(os.environ[VARIABLE]).parent
    old, recent = parent / "kernels-old", parent / "kernels-recent"
    for folder in (old, recent):
        folder.mkdir()
        (folder / "a.nbc").write_bytes(b"1")
    long_ago = time.time() - 2 * kernel_cache.KEPT_S
    os.utime(old, (long_ago, long_ago))
    Path(os.environ[VARIABLE]).rmdir()
    monkeypatch.delenv(VARIABLE)
    choose_kernel_cache()
    assert not old.exists()
    assert recent.exists()


def test_a_service_that_can_write_nowhere_gets_a_folder_that_is_gone_with_it(tmp_path: Path) -> None:
    taken = tmp_path / "a file"
    taken.write_bytes(b"")
    nowhere = {name: str(taken) for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", "HOME")}
    environment = {key: value for key, value in os.environ.items() if key != VARIABLE} | nowhere
    script = "import acquisition, os; print(os.environ['NUMBA_CACHE_DIR'])"
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    folder = Path(done.stdout.strip())
    assert folder.name.startswith("squatscope-kernels-")
    assert not folder.exists()


def test_a_full_disk_of_the_user_s_has_kernels_elsewhere(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_cache.shutil, "disk_usage", lambda _folder: SimpleNamespace(free=1_000_000))
    choose_kernel_cache()
    assert not Path(os.environ[VARIABLE]).is_relative_to(cache)
    assert not list(cache.rglob("kernels-*"))
