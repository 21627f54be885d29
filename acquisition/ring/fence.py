"""The memory fence: what was written before it is seen, by whoever maps the same file, before what is written after it.

x86-64 keeps the order of stores and of loads by itself; ARM64 (Macs, the Raspberry Pi) does not, and a compiler need not
either. So the ring's counters are parted from its samples by this on every processor.
"""

from __future__ import annotations

from typing import Any

from numba import njit, types
from numba.extending import intrinsic


@intrinsic
def _fence(_context: Any) -> Any:  # noqa: ANN401 - as numba calls it
    def generate(context: Any, builder: Any, _signature: Any, _arguments: Any) -> Any:  # noqa: ANN401
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.void(), generate


@njit(nogil=True, cache=True)
def fence() -> None:
    """Let nothing be reordered across this point, neither by the compiler nor by the processor; about 0.1 µs."""
    _fence()
