"""The told number: one that a session tells all screens, in a slot of its ring; NaN until it was told."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST = 1e9
PER = 100.0
"""It is kept in hundredths."""


class ToldNumber:
    """A number of 0 or more in one slot of `session`; 0 there says that it was never told."""

    def __init__(self, session: NDArray[Any], slot: int) -> None:
        self._session = session
        self._slot = slot

    def tell(self, number: float) -> None:
        """Tell it; what is below 0 is 0."""
        self._session[self._slot] = 1 + int(min(max(number, 0.0), MOST) * PER)

    @property
    def value(self) -> float:
        """What was told last."""
        told = int(self._session[self._slot])
        return (told - 1) / PER if told else math.nan

    def let_go(self) -> None:
        """Let go of the ring's mapping; what is told after that goes nowhere."""
        self._session = self._session.copy()
