"""Files behind an address: listed, known by their tags, fetched whole or not at all, each failure in a sentence."""

from __future__ import annotations

import errno
import os
import sys

import pytest

from acquisition.storage.remote import RemoteError, content_of, fetch, is_address, listed, remote_stamp
from tests.support.file_server import serving

pytest.importorskip("aiohttp")
NAMES = ["a b#1.h5", "größe [x] 100%.h5", "plain.h5"]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    root = tmp_path_factory.mktemp("served")
    (root / "below").mkdir()
    for number, name in enumerate(NAMES):
        (root / "below" / name).write_bytes(bytes([number]) * (3_000_000 * number + 10))
    with serving(root) as (address, handler):
        yield root, address, handler


def test_files_below_an_address_are_listed_and_fetched_whole(served, tmp_path):
    root, address, _ = served
    found = listed(f"{address}/below")
    assert len(found) == 3
    contents = set()
    for number, path in enumerate(found):
        fetch(path, tmp_path / str(number))
        contents.add((tmp_path / str(number)).read_bytes())
    assert contents == {(root / "below" / name).read_bytes() for name in NAMES}


def test_links_that_lead_out_of_the_folder_are_not_followed(served):
    root, address, handler = served
    (root / "out").mkdir()
    (root / "out" / "index.html").write_text('<a href="/">up</a> <a href="/below/plain.h5">there</a>', encoding="utf-8")
    assert listed(f"{address}/out") == []
    assert not [path for _, path, _ in handler.asked if path == "/"]


def test_a_stamp_changes_with_the_file(served):
    root, address, _ = served
    path = f"{address}/below/plain.h5"
    before = remote_stamp(path)
    assert before.startswith("6000010 ")
    assert remote_stamp(path) == before
    os.utime(root / "below" / "plain.h5", (1, 1))
    assert remote_stamp(path) != before
    assert content_of(f"{address}/below/a%20b%231.h5", 100) == bytes(10)


def test_other_file_systems_are_read_by_the_same_code(tmp_path):
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    memory.pipe_file("/lab/p1/r.h5", b"squats")
    assert listed("memory://lab") == ["memory:///lab/p1/r.h5"]
    fetch("memory:///lab/p1/r.h5", tmp_path / "r.h5")
    assert (tmp_path / "r.h5").read_bytes() == b"squats"
    memory.rm("/lab", recursive=True)


def test_what_breaks_off_is_an_error_and_no_short_file(served, tmp_path):
    _, address, handler = served
    handler.cut.add("/below/plain.h5")
    try:
        with pytest.raises(RemoteError, match=r"plain\.h5 can't be fetched"):
            fetch(f"{address}/below/plain.h5", tmp_path / "r.h5")
    finally:
        handler.cut.clear()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://127.0.0.1:1/x/", "can't be read"),
        ("memory://nowhere", "There is no folder memory://nowhere"),
        ("carrier-pigeon://x", "is no address that can be read"),
        ("gs://bucket/x", "needs a package that is not installed"),
    ],
)
def test_a_wrong_address_is_a_sentence(address, said):
    with pytest.raises(RemoteError, match=said) as caught:
        listed(address)
    assert str(caught.value).endswith(".")


def test_missing_and_large_files_are_told(served, tmp_path):
    _, address, _ = served
    for ask in (remote_stamp, lambda path: fetch(path, tmp_path / "x")):
        with pytest.raises(RemoteError, match="There is no file"):
            ask(f"{address}/none.h5")
    with pytest.raises(RemoteError, match="larger than 1 MB"):
        content_of(f"{address}/below/plain.h5", 1_000_000)


def test_a_full_disk_is_no_fault_of_the_server(served, tmp_path, monkeypatch):
    _, address, _ = served
    from fsspec.implementations.http import HTTPFileSystem

    async def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(HTTPFileSystem, "_get_file", full)
    monkeypatch.setattr(HTTPFileSystem, "_cache", {})  # file systems that were made keep their functions
    with pytest.raises(OSError, match="No space"):
        fetch(f"{address}/below/plain.h5", tmp_path / "x")


def test_paths_are_no_addresses():
    assert not any(map(is_address, ["data", "/data", r"C:\data", "../x"]))
    assert is_address("s3://bucket/prefix")


def test_without_fsspec_it_says_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(RemoteError, match=r"pip install squatscope\[remote\]"):
        listed("s3://bucket/prefix")
