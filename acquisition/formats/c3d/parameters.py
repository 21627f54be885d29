"""Parameters of a C3D file, as ezc3d hands them out: numbers and texts by group and name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hardware.errors import SquatscopeError

if TYPE_CHECKING:
    from numpy.typing import NDArray


class C3DError(SquatscopeError):
    """A C3D file can't be imported; the text is a full sentence."""


class Parameters:
    """Looks up a file's parameters; what is not there is empty."""

    def __init__(self, groups: dict[str, dict[str, Any]]) -> None:
        self._groups = groups

    def values(self, group: str, name: str) -> NDArray[Any]:
        """Return the values of a parameter."""
        value = self._groups.get(group, {}).get(name)
        return np.asarray([] if value is None else value)

    def number(self, group: str, name: str) -> float | None:
        """Return the first value of a parameter, None where it has none."""
        values = self.values(group, name).ravel(order="F")
        return float(values[0]) if values.size else None

    def texts(self, group: str, name: str, count: int) -> list[str]:
        """Return texts of a list that goes on in `LABELS2`, `LABELS3` ... beyond 255, "" where there are too few."""
        texts: list[str] = []
        for number in ("", *range(2, 10)):
            texts += [_decoded(str(text)) for text in self.values(group, f"{name}{number}").ravel(order="F")]
        return (texts + [""] * count)[:count]


def _decoded(text: str) -> str:
    """Return a text as Latin-1 where it is not the UTF-8 that ezc3d takes it for."""
    content = text.encode("utf-8", "surrogateescape")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return text.strip(" \t\r\n\0")
