"""Texts in HDF5 files: what any file may be called can be stored and read again."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import h5py
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquisition.storage.hdf5_text import fixed, name_of, text_of


def test_a_name_that_can_be_read_stays_as_it_is():
    assert name_of(Path("folder") / "Kniebeuge für Zoë.h5") == "Kniebeuge für Zoë.h5"


@pytest.mark.skipif(sys.platform == "win32", reason="names on Windows are texts, not bytes")
@given(st.binary(min_size=1).filter(lambda raw: not {b"\0", b"/"} & {raw[i : i + 1] for i in range(len(raw))} and raw != b"."))
def test_every_name_can_be_stored(raw):
    name = name_of(Path(os.fsdecode(raw)))
    with h5py.File.in_memory() as file:
        file.attrs["recording"] = fixed(name)
        assert text_of(file.attrs["recording"]) == name
