"""The host's clock: one for every process of a machine, and fine where `time.monotonic` is coarse."""

from __future__ import annotations

import subprocess
import sys
import time

from hardware.host_clock import host_now_s


def test_it_is_the_clock_of_other_processes_too():
    before_s = host_now_s()
    code = "from hardware.host_clock import host_now_s; print(host_now_s())"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=240).stdout
    assert before_s < float(said) < host_now_s()


def test_it_moves_on_where_the_usual_one_stands_still(monkeypatch):
    monkeypatch.setattr(time, "monotonic", lambda: 0.0)
    first_s = host_now_s()
    while host_now_s() == first_s:
        pass
    assert host_now_s() - first_s < 60.0
