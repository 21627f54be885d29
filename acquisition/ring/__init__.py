"""The ring, a memory-mapped HDF5 file through which samples go from one process to all others."""

from acquisition.ring.ring import (
    BACKLOG,
    PUBLISHED,
    RESERVED,
    TICKS,
    Ring,
    RingError,
    SessionPhase,
    StreamReader,
    StreamWriter,
)

__all__ = [
    "BACKLOG",
    "PUBLISHED",
    "RESERVED",
    "TICKS",
    "Ring",
    "RingError",
    "SessionPhase",
    "StreamReader",
    "StreamWriter",
]
