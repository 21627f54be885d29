"""A resource has one holder, who can be named, and is free again however its holder ends."""

from __future__ import annotations

import gc
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from hardware import resource_lock
from hardware.resource_lock import ResourceLock, used_by

HOLD = """
import sys, time
from pathlib import Path
from hardware.resource_lock import ResourceLock, used_by
used_by(Path("/lab/session-7"))
lock = ResourceLock(sys.argv[1])
print(repr(lock.take()), flush=True)
time.sleep(60)
"""


@pytest.fixture
def resource(monkeypatch):
    monkeypatch.setitem(resource_lock._session, "folder", "")
    return f"port {uuid.uuid4().hex}"


def test_a_lock_is_taken_once_and_given_back(resource, tmp_path):
    used_by(tmp_path)
    one, other = ResourceLock(resource), ResourceLock(resource)
    assert one.take() == ""
    assert ResourceLock(resource + " another").take() == ""
    told = other.take()
    if sys.platform != "win32":
        assert told.startswith(f"the session in {tmp_path}, since ")
    one.free()
    one.free()
    assert other.take() == ""
    other.free()


def test_a_lock_that_was_dropped_is_given_back(resource):
    lock = ResourceLock(resource)
    assert lock.take() == ""
    del lock
    gc.collect()
    next_one = ResourceLock(resource)
    assert next_one.take() == ""
    next_one.free()


def test_without_a_place_for_locks_nothing_is_locked(resource, monkeypatch, tmp_path):
    monkeypatch.setattr(resource_lock.tempfile, "gettempdir", lambda: str(tmp_path / "absent"))
    one, other = ResourceLock(resource), ResourceLock(resource)
    assert (one.take(), other.take()) == ("", "")
    one.free()


@pytest.mark.skipif(sys.platform == "win32", reason="the folder is written as POSIX has it")
def test_a_lock_of_another_process_is_named_and_ends_with_it(resource):
    command = [sys.executable, "-c", HOLD, resource]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    assert holder.stdout.readline() == "''\n"
    mine = ResourceLock(resource)
    assert mine.take().startswith("the session in /lab/session-7, since ")
    holder.kill()
    holder.communicate()
    assert mine.take() == ""
    mine.free()
