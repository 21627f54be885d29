"""Ticks are split where samples are missing or the device's clock began anew, and streams describe themselves."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquisition.stretches import TICK, read_stream, split_at_gaps, write_stream
from hardware.source import Channel, Stream
from tests.support.fakes import a_stream

blocks = st.lists(st.tuples(st.integers(1, 50), st.integers(0, 2), st.booleans()), max_size=30)


@given(blocks)
def test_a_run_is_what_follows_on(blocks):
    ticks, expected, row, index, segment = np.zeros(len(blocks), TICK), [], 0, 0, 0
    for i, (count, lost, anew) in enumerate(blocks):
        if i == 0 or lost or anew:
            expected.append([])
        row, index, segment = row + count, index + lost + count, segment + anew
        ticks[i] = (row, index, segment, 0.5 * i)
        expected[-1].append(i)
    parts = split_at_gaps(ticks)
    assert [(part["host_s"] * 2).tolist() for part in parts if len(part)] == expected


@pytest.mark.parametrize(
    "stream",
    [
        a_stream(),
        Stream("emg-2", 1111.111, (Channel("Gluteus médius", "µV"), Channel("", "")), "float32", 1),
    ],
)
def test_a_stream_is_read_back_as_it_was_described(tmp_path, stream):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        group = file.create_group(f"streams/{stream.name}")
        write_stream(group, stream)
        assert read_stream(group) == stream


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("rate_hz", 0.0), ("rate_hz", np.nan), ("block_samples", 0), ("dtype", b"int8"), ("units", [b"V"]), ("channels", 3)],
)
def test_a_wrong_description_is_refused(tmp_path, attribute, value):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        write_stream(file, a_stream())
        file.attrs[attribute] = value
        with pytest.raises((ValueError, TypeError)):
            read_stream(file)
