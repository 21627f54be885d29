"""Files and folders that are there whole, or not at all."""

from __future__ import annotations

import os
import stat
import sys

import pytest

from acquisition.export.about import ExportError
from acquisition.export.new_file import made_folder, new_files, new_folder


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("links", [True, False])
def test_files_appear_together_and_are_their_owners_alone(tmp_path, monkeypatch, links):
    if not links:

        def no_link(*_):
            raise OSError(95, "Operation not supported")

        monkeypatch.setattr(os, "link", no_link)
    wanted = [tmp_path / "a.c3d", tmp_path / "b.c3d"]
    with new_files(wanted) as parts:
        for part in parts:
            assert part.suffix == ".c3d"
            part.write_text(part.name)
        assert not any(path.exists() for path in wanted)
    assert names(tmp_path) == ["a.c3d", "b.c3d"]
    if sys.platform != "win32":
        assert stat.S_IMODE(wanted[0].stat().st_mode) == 0o600


@pytest.mark.parametrize("error", [KeyboardInterrupt, ExportError("no"), OSError(28, "No space left on device")])
def test_where_something_goes_wrong_nothing_is_left(tmp_path, error):
    def fail(path):
        path.write_text("half")
        raise error

    with pytest.raises((KeyboardInterrupt, ExportError)), new_files([tmp_path / "a", tmp_path / "b"]) as parts:
        fail(parts[0])
    assert names(tmp_path) == []
    with pytest.raises((KeyboardInterrupt, ExportError)), new_folder(tmp_path / "ds") as folder:
        fail(folder / "half")
    assert names(tmp_path) == []


@pytest.mark.parametrize("links", [True, False])
def test_what_appears_meanwhile_is_not_overwritten(tmp_path, monkeypatch, links):
    if not links:

        def no_link(*_):
            raise OSError(95, "Operation not supported")

        monkeypatch.setattr(os, "link", no_link)
    with pytest.raises(ExportError, match="b exists already"), new_files([tmp_path / "a", tmp_path / "b"]):
        (tmp_path / "b").write_text("another's")
    assert names(tmp_path) == ["b"]
    assert (tmp_path / "b").read_text() == "another's"


def test_a_folder_that_holds_something_is_refused_and_an_empty_one_is_filled(tmp_path):
    (tmp_path / "ds").mkdir()
    with new_folder(tmp_path / "ds") as folder:
        (folder / "one").write_text("1")
    assert names(tmp_path / "ds") == ["one"]
    with pytest.raises(ExportError, match="exists already"), new_folder(tmp_path / "ds"):
        pass
    assert names(tmp_path) == ["ds"]


def test_what_can_be_no_folder_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match="can't be made"):
        made_folder(tmp_path / "file" / "below")
    with pytest.raises(ExportError, match="can't be made"), new_folder(tmp_path / "file" / "below"):
        pass
    with pytest.raises(ExportError, match="can't be written"), new_files([tmp_path / "nowhere" / "a"]):
        pass
