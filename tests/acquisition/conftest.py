"""Children: Python processes that a test starts, and may kill."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PRELUDE = """
import signal, sys, time
from pathlib import Path
import numpy as np
sys.path.insert(0, {root!r})
from tests.support.fakes import *
from tests.support.rigs import *
from acquisition.ring import *
from acquisition.recording import *
from acquisition.recording.recorder import *
from acquisition.engine import *
from acquisition.timebase.time_base import TimeBase
path = Path(sys.argv[1])
"""
LIMIT_FILE_SIZE = """
import resource
def limit_file_size(size):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
"""


@pytest.fixture
def child(tmp_path):
    """Start Python code that finds its `path` in argv; whatever still runs afterwards is killed."""
    running = []

    def start(code: str, path: Path) -> subprocess.Popen:
        prelude = PRELUDE.format(root=str(Path(__file__).parents[2]))
        process = subprocess.Popen(
            [sys.executable, "-c", prelude + LIMIT_FILE_SIZE * ("limit_file_size" in code) + code, str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()
