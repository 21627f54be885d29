"""The fence is one, in the code that the processor runs, and the ring has it between its steps."""

from __future__ import annotations

import re

import numpy as np
from numba import njit

from acquisition.ring import PUBLISHED, RESERVED, Ring
from acquisition.ring import ring as ring_module
from acquisition.ring.fence import fence
from tests.support.fakes import a_stream, numbered


def test_the_compiled_code_holds_a_fence():
    @njit
    def two_stores(values):
        values[0] = 1
        fence()
        values[1] = 2

    values = np.zeros(2, np.int64)
    two_stores(values)
    assert values.tolist() == [1, 2]
    (llvm,) = two_stores.inspect_llvm().values()
    assert re.search(r"fence seq_cst", llvm) or "fence" in str(fence.inspect_llvm().values())


def test_the_writer_fences_between_announcing_writing_and_publishing(tmp_path, monkeypatch):
    stream = a_stream()
    ring = Ring.create(tmp_path / "ring.h5", [stream], 1)
    seen = []

    def look():
        samples = ring._arrays["streams/plates/samples"]
        seen.append((ring.counter("plates", RESERVED), float(samples[39, 0]), ring.counter("plates", PUBLISHED)))

    monkeypatch.setattr(ring_module, "fence", look)
    ring.writer("plates").append(numbered(stream, 0, 40))
    assert seen == [(40, 0.0, 0), (40, 39.0, 0)], "announced; written; and only then published"
    seen.clear()
    assert ring.reader("plates").read() is not None
    assert len(seen) == 2, "before what is copied, and before it is looked at again whether that was overwritten"
