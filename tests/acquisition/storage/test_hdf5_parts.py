"""Parts of an HDF5 file are used only where they lie in it, are of their type, and fit into it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest

from acquisition.recording import Recording, RecordingError
from acquisition.rig.rig_file import example, load
from acquisition.storage.hdf5_parts import (
    PartError,
    dataset_in,
    group_in,
    groups_in,
    number_in,
    require_sound_heaps,
    text_in,
    texts_in,
    words_of,
)
from acquisition.storage.hdf5_text import fixed
from tests.support.sessions import recorded, simulated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Iterator[h5py.File]:
    """A file with parts that are sound, and parts that lie."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("sound", data=np.arange(6.0).reshape(3, 2))
        file.create_group("group")
        file["soft"] = h5py.SoftLink("/sound")
        file["itself"] = h5py.SoftLink("/itself")
        file["external"] = h5py.ExternalLink("other.h5", "/x")
        layout = h5py.VirtualLayout((10,), np.float64)
        layout[:] = h5py.VirtualSource(".", "virtual", (10,))
        file.create_virtual_dataset("virtual", layout)
        file.create_dataset("apart", (100,), np.float64, external=[(str(tmp_path / "apart.bin"), 0, 800)])
        file.create_dataset("packed", (300_000_000,), np.float64, chunks=(1000,), compression="gzip")
        file.create_dataset("pieces", (1,), np.float64, chunks=(1 << 25,), maxshape=(None,))
        file.create_dataset("objects", data=["a", "b"])
        file.create_dataset("nothing", data=h5py.Empty("f"))
        file.create_dataset("growing", (0, 28), np.float64, chunks=(2000, 28), maxshape=(None, 28))
        file.attrs["text"], file.attrs["texts"], file.attrs["number"] = fixed("hé"), fixed(["a", "bc"]), 7
        file.attrs["long"], file.attrs["variable"], file.attrs["numbers"] = fixed("x" * 5000), "str", np.arange(3.0)
        file.flush()
        yield file


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("soft", "its soft is a link to elsewhere, which is not followed"),
        ("itself", "its itself is a link to elsewhere, which is not followed"),
        ("external", "its external is a link to elsewhere, which is not followed"),
        ("virtual", "its dataset virtual lies in other files, which are not read"),
        ("apart", "its dataset apart lies in other files, which are not read"),
        ("packed", "its dataset packed says that it has 2400000000 bytes, and the whole file has"),
        ("pieces", "its dataset pieces comes in pieces of 268435456 bytes"),
        ("objects", "its dataset objects is of type object"),
        ("nothing", "its nothing is no dataset"),
        ("group", "its group is no dataset"),
        ("absent", "it has no absent"),
        ("group/../sound", "it has no group/../sound"),
    ],
)
def test_a_dataset_that_lies_is_refused(file, name, sentence):
    with pytest.raises(PartError) as refused:
        dataset_in(file, name)
    assert str(refused.value).startswith(sentence)
    assert words_of(refused.value) == str(refused.value)


def test_sound_parts_are_given(file):
    assert dataset_in(file, "sound", np.float64)[2, 1] == 5.0
    assert dataset_in(file, "growing").shape == (0, 28)  # its first chunk is larger than the file
    assert group_in(file, "group").name == "/group"
    assert groups_in(file, "group") == {}
    assert groups_in(file, "absent") == {}
    assert (text_in(file, "text"), texts_in(file, "texts"), number_in(file, "number")) == ("hé", ["a", "bc"], 7.0)
    assert text_in(file, "variable") == "str"
    with pytest.raises(PartError, match="is of type float64"):
        dataset_in(file, "sound", np.float32)
    with pytest.raises(PartError, match="is no group"):
        group_in(file, "sound")


def test_attributes_that_lie_are_refused(file):
    for name in ("long", "number", "texts", "absent"):
        with pytest.raises(PartError):
            text_in(file, name)
    for name in ("numbers", "text", "absent"):
        with pytest.raises(PartError):
            number_in(file, name)
    with pytest.raises(PartError):
        texts_in(file, "numbers")


def test_what_else_goes_wrong_has_words():
    cut = OSError(
        "Unable to synchronously open file (truncated file: eof = 731219, sblock->base_addr = 0, stored_eof = 2281932)"
    )
    assert words_of(cut) == "it is cut short, 731219 of its 2281932 bytes are there; copy it once more"
    tree = OSError("Can't synchronously read data (wrong B-tree signature)")
    assert words_of(tree) == "HDF5 can't read a part of it (wrong B-tree signature)"
    assert words_of(MemoryError()) == "it asks for more memory than there is"
    assert words_of(KeyError("x")) == "a part of it is not what it should be (KeyError)"


def test_an_error_that_is_kept_keeps_no_other_thread_from_its_files(tmp_path: Path):
    """The views of h5py would: they hold the lock of all threads, and an error keeps the comprehension that they stand in."""
    rig = load(example("demo"))
    path = recorded(tmp_path / "session.h5", rig, simulated(rig, seconds=5.0))
    with h5py.File(path, "r+") as file:
        del file["streams/emg"].attrs["rate_hz"]
    with pytest.raises(RecordingError) as kept:
        Recording(path)
    read = threading.Thread(target=lambda: h5py.File(path, "r").close(), daemon=True)
    read.start()
    read.join(60.0)
    assert not read.is_alive()
    assert "does not say its rate_hz" in str(kept.value)


def test_a_table_whose_columns_overlap_or_leave_room_is_refused(tmp_path):
    """Read as it says it is, it would take HDF5 beyond its own buffers."""
    packed = np.dtype([("name", "S4"), ("value", "<f8")])
    apart = np.dtype({"names": ["name", "value"], "formats": ["S4", "<f8"], "offsets": [0, 8], "itemsize": 16})
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["packed"], file["apart"] = np.zeros(3, packed), np.zeros(3, apart)
        assert dataset_in(file, "packed").shape == (3,)
        with pytest.raises(PartError, match="its dataset apart is of type"):
            dataset_in(file, "apart")


def test_heaps_of_texts_are_sound_as_h5py_writes_them_and_not_where_they_end_nowhere(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        for number in range(300):
            file.attrs[f"text {number}"] = "x" * number
    require_sound_heaps(tmp_path / "x.h5")
    content = bytearray((tmp_path / "x.h5").read_bytes())
    heap = content.rindex(b"GCOL")
    for length in (0, 1 << 40):
        content[heap + 16 : heap + 32] = (0 if not length else 1).to_bytes(8, "little") + length.to_bytes(8, "little")
        (tmp_path / "y.h5").write_bytes(content)
        with pytest.raises(PartError, match="heap of texts is damaged"):
            require_sound_heaps(tmp_path / "y.h5")
