"""Fixtures that all tests share: the folder of real recordings, and Qt where it can be loaded."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from acquisition.kernel_cache import VARIABLE

# The first example of a kernel waits for its compiler; and no test asserts a time. Examples are the same in every run, so that
# a change is judged by what it does; `--hypothesis-profile search` draws others.
settings.register_profile("squatscope", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile("squatscope")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# Sessions leave a signal ignored that was ignored when they began, as it is below nohup or behind a shell's `&`; the tests'
# sessions shall hear theirs.
for _name in ("SIGINT", "SIGTERM", "SIGHUP"):
    if hasattr(signal, _name) and signal.getsignal(getattr(signal, _name)) is signal.SIG_IGN:
        signal.signal(getattr(signal, _name), signal.SIG_DFL if _name != "SIGINT" else signal.default_int_handler)


def _qt_loads() -> bool:
    try:
        importlib.import_module("PySide6.QtWidgets")
    except ImportError:
        return False
    return True


QT_LOADS = _qt_loads()
pytest_plugins = ["pytestqt.plugin"] if QT_LOADS else []
collect_ignore_glob = [] if QT_LOADS else ["ui/dashboard/test_qt_*.py", "ui/dashboard/*/test_qt_*.py"]


def pytest_report_header() -> str:
    """Say when the dashboard's tests are left out, and why."""
    return "" if QT_LOADS else "dashboard tests left out: Qt can't be loaded here (are libegl1 and libxkbcommon0 installed?)"


LONG = frozenset(
    [
        "test_cluster.py",
        "test_doctor.py",
        "test_end_to_end.py",
        "test_flat_memory.py",
        "test_lsl_publisher.py",
        "test_run.py",
        "test_screening.py",
        "test_studies.py",
        "test_study.py",
        "test_torture.py",
        "test_uncounted_numbering.py",
        "test_validation.py",
        "test_wire_demo.py",
        "test_wire_faults.py",
    ]
)
"""Files that take longest: begun first, so that none is left for one process alone at the end."""


WARMING = """
from tests.support.rigs import example_with
from processing.pipeline import warm
warm(example_with({without}=[]))
"""


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile all kernels once, before files are tested side by side, if none is yet: each process would compile its own."""
    kernels = Path(os.environ[VARIABLE])
    alone = hasattr(session.config, "workerinput") or not getattr(session.config.option, "tx", None)
    if alone or any(kernels.glob("**/*.nbc")):
        return
    of_parts = [
        subprocess.Popen([sys.executable, "-c", WARMING.format(without=part)], cwd=session.config.rootpath)
        for part in ("emg", "plate")
    ]
    for process in of_parts:
        process.wait()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first, in the order in which they are."""
    items.sort(key=lambda item: item.path.name not in LONG)


@pytest.fixture(scope="session", autouse=True)
def _temporary_files_of_their_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep locks, settings and temporary files of these tests, and of the programs they start, from those of other runs."""
    own = str(tmp_path_factory.mktemp("temporary"))
    with pytest.MonkeyPatch.context() as patch:
        for name in ("TMPDIR", "TEMP", "TMP", "XDG_CONFIG_HOME"):
            patch.setenv(name, own)
        patch.setattr(tempfile, "tempdir", own)
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real recordings; skip where it is absent."""
    folder = Path(os.environ.get("SQUATSCOPE_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real recordings at {folder}; set SQUATSCOPE_DATA to their folder")
    return folder
