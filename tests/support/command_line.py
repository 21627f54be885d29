"""What a command said and how it ended, for the tests of the command line."""

from __future__ import annotations


class Told:
    """What a command said on each of its outputs, and its exit code."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err
