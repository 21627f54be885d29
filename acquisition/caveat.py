"""Caveats: what bounds the numbers of a recording, as data first and a sentence last; nobody takes the sentence apart."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caveat:
    """One thing that bounds numbers: something missing, assumed, converted, or that can't be right.

    `id` is a short word for its kind, `about` what it concerns (a stream, plate, channel, leg or muscles; `recording` for all
    of it); `values` are its numbers, with their units in their names.
    """

    id: str
    about: str
    values: dict[str, float]
    sentence: str
