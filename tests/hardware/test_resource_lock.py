"""A resource has one holder, who can be named, and is free again however its holder ends."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from hardware import resource_lock
from hardware.resource_lock import Holder, ResourceLock, used_by

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
    assert one.take() is None
    assert ResourceLock(resource + " another").take() is None
    told = other.take()
    if sys.platform == "win32":
        assert told == Holder()
    else:
        assert (told.folder, told.pid) == (str(tmp_path), os.getpid())
    one.free()
    one.free()
    assert other.take() is None
    other.free()


def test_a_lock_that_was_dropped_is_given_back(resource):
    lock = ResourceLock(resource)
    assert lock.take() is None
    del lock
    gc.collect()
    next_one = ResourceLock(resource)
    assert next_one.take() is None
    next_one.free()


def test_without_a_folder_for_locks_nothing_is_locked(resource, monkeypatch, tmp_path):
    monkeypatch.setattr(resource_lock.tempfile, "gettempdir", lambda: str(tmp_path / "absent"))
    one, other = ResourceLock(resource), ResourceLock(resource)
    assert (one.take(), other.take()) == (None, None)
    one.free()


@pytest.mark.skipif(sys.platform == "win32", reason="the folder is written as POSIX has it")
def test_a_lock_of_another_process_is_named_and_ends_with_it(resource):
    command = [sys.executable, "-c", HOLD, resource]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    assert holder.stdout.readline() == "None\n"
    mine = ResourceLock(resource)
    told = mine.take()
    assert (told.folder, told.pid) == ("/lab/session-7", holder.pid)
    assert told.in_words.startswith("the session in /lab/session-7, since ")
    holder.kill()
    holder.communicate()
    assert mine.take() is None
    mine.free()


def test_a_holder_is_told_in_words_as_far_as_it_is_known():
    assert Holder("/lab/7", "08:27", 12).in_words == "the session in /lab/7, since 08:27"
    assert Holder("", "08:27", 12).in_words == "another program of squatscope (process 12), since 08:27"
    assert Holder().in_words == "another session"


@pytest.mark.parametrize("told", [b"", b"{", b"[1]", b"{}", b'{"folder": "/lab", "since": "08:27", "pid": "x"}'])
def test_what_a_holder_left_and_nobody_can_read_tells_nothing(told):
    assert resource_lock._holder(told) == Holder()
