"""The host's clock: one for every process of a machine, and fine where `time.monotonic` is coarse."""

from __future__ import annotations

import subprocess
import sys
import time

from hardware import host_clock
from hardware.host_clock import host_now_s


def test_it_is_the_clock_of_other_processes_too():
    before_s = host_now_s()
    code = "from hardware.host_clock import host_now_s; print(host_now_s())"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=240).stdout
    assert before_s < float(said) < host_now_s()


def test_where_it_would_be_coarse_the_fine_one_is_taken(monkeypatch):
    monkeypatch.setattr(host_clock, "COARSE", True)
    before_s = time.perf_counter()
    assert before_s <= host_now_s() <= time.perf_counter()
